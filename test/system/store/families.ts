/** More commands by chance: ranges, algebra, edits, bits, and those that wait. */
import { field, integer, key, score, several, value, type Chance, type Make } from "./commands.js";

/** So many are more than there are, whatever was put in. */
const ALL = "1000000";

const pick =
  (...words: readonly string[]): Make =>
  (c) => [c.of(words)];

function options(c: Chance, ...all: readonly string[][]): string[] {
  const chosen: string[] = [];
  while (c.below(2) === 0) chosen.push(...c.of(all));
  return chosen;
}

function bound(c: Chance): string {
  return c.of(["", "", "("]) + c.of([score(c), score(c), "-inf", "+inf", "x", ""]);
}

function bytes(c: Chance): string {
  return c.of(["-", "+", "[f1", "(f3", "[f5", "(", "[", "f2", "", "-x", `[f${c.below(9)}`]);
}

/** Of members of one score, so that ranges by bytes are defined. */
const flat = (c: Chance): string => `y${c.below(3)}`;

const limit = (c: Chance): string[] => ["LIMIT", integer(c), integer(c)];

const keys = (c: Chance, type: string): string[] => {
  const some = several(c, (d) => [key(d, type)]);
  return [c.below(15) === 0 ? c.of(["0", "-1", "x", "9"]) : `${some.length}`, ...some];
};

const aggregates = (c: Chance): string[] =>
  options(
    c,
    ["AGGREGATE", c.of(["SUM", "min", "MAX", "huh"])],
    ["WEIGHTS", score(c), score(c)],
    ["WEIGHTS", "2"],
    ["WITHSCORES"],
    ["AGGREGATE"],
  );

const scored = (c: Chance): string => c.of(["z", "z", "z", "u"]);

export const SORTED: readonly Make[] = [
  (c) => ["ZADD", flat(c), ...several(c, (d) => ["0", ...field(d)])],
  (c) => [
    c.of(["ZRANGEBYSCORE", "ZREVRANGEBYSCORE"]),
    key(c, "z"),
    bound(c),
    bound(c),
    ...options(c, ["WITHSCORES"], limit(c), ["LIMIT", "1"], ["REV"]),
  ],
  (c) => [
    "ZRANGE",
    key(c, "z"),
    bound(c),
    bound(c),
    "BYSCORE",
    ...options(c, ["WITHSCORES"], limit(c), ["REV"], ["BYLEX"]),
  ],
  (c) => [
    c.of(["ZRANGEBYLEX", "ZREVRANGEBYLEX"]),
    flat(c),
    bytes(c),
    bytes(c),
    ...options(c, limit(c), ["WITHSCORES"]),
  ],
  (c) => ["ZRANGE", flat(c), bytes(c), bytes(c), "BYLEX", ...options(c, limit(c), ["REV"])],
  (c) => ["ZRANGE", key(c, "z"), integer(c), integer(c), ...options(c, limit(c), ["REV"])],
  (c) => ["ZRANGESTORE", key(c, "z"), key(c, "z"), integer(c), integer(c), ...options(c, ["REV"])],
  (c) => [
    "ZRANGESTORE",
    key(c, "z"),
    key(c, "z"),
    bound(c),
    bound(c),
    "BYSCORE",
    ...options(c, limit(c), ["REV"], ["WITHSCORES"]),
  ],
  (c) => ["ZCOUNT", key(c, "z"), bound(c), bound(c)],
  (c) => ["ZLEXCOUNT", flat(c), bytes(c), bytes(c)],
  (c) => ["ZREMRANGEBYRANK", key(c, "z"), integer(c), integer(c)],
  (c) => ["ZREMRANGEBYSCORE", key(c, "z"), bound(c), bound(c)],
  (c) => ["ZREMRANGEBYLEX", flat(c), bytes(c), bytes(c)],
  (c) => ["ZUNION", ...keys(c, scored(c)), ...aggregates(c)],
  (c) => ["ZINTER", ...keys(c, scored(c)), ...aggregates(c)],
  (c) => [
    c.of(["ZUNIONSTORE", "ZINTERSTORE"]),
    key(c, "z"),
    ...keys(c, scored(c)),
    ...aggregates(c),
  ],
  (c) => ["ZDIFF", ...keys(c, scored(c)), ...options(c, ["WITHSCORES"], ["WEIGHTS", "1"])],
  (c) => ["ZDIFFSTORE", key(c, "z"), ...keys(c, scored(c)), ...options(c, ["WITHSCORES"])],
  (c) => ["ZINTERCARD", ...keys(c, scored(c)), ...options(c, ["LIMIT", integer(c)])],
  (c) => ["ZRANDMEMBER", key(c, "z"), ALL, ...c.of([[], ["WITHSCORES"], ["x"], ["a", "b"]])],
  (c) => [
    "ZRANDMEMBER",
    key(c, "z"),
    c.of(["0", "x", "-9223372036854775808", "5000000000000000000"]),
    ...c.of([[], ["WITHSCORES"]]),
  ],
  (c) => [
    "ZMPOP",
    ...keys(c, "z"),
    c.of(["MIN", "max", "huh"]),
    ...options(c, ["COUNT", integer(c)]),
  ],
];

export const SETS: readonly Make[] = [
  (c) => [c.of(["SINTER", "SUNION", "SDIFF"]), ...several(c, (d) => [key(d, "u")])],
  (c) => [
    c.of(["SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"]),
    key(c, "u"),
    ...several(c, (d) => [key(d, "u")]),
  ],
  (c) => ["SINTERCARD", ...keys(c, "u"), ...options(c, ["LIMIT", integer(c)], ["LIMIT"])],
  (c) => ["SMOVE", key(c, "u"), key(c, "u"), value(c)],
  (c) => ["SADD", key(c, "u"), ...several(c, (d) => [`${d.below(12)}`])],
  (c) => [
    "SRANDMEMBER",
    key(c, "u"),
    c.of([ALL, ALL, "0", "x", "-9223372036854775808"]),
    ...c.of([[], [], ["x"]]),
  ],
  (c) => ["SPOP", key(c, "u"), c.of([ALL, "0", "x", "-1"]), ...c.of([[], [], ["x"]])],
];

const side = pick("LEFT", "right", "huh");

export const LISTS: readonly Make[] = [
  (c) => ["LREM", key(c, "l"), integer(c), value(c)],
  (c) => ["RPUSH", key(c, "l"), ...several(c, (d) => [`${d.below(4)}`])],
  (c) => ["LREM", key(c, "l"), integer(c), `${c.below(4)}`],
  (c) => ["LINSERT", key(c, "l"), c.of(["BEFORE", "after", "huh"]), `${c.below(4)}`, value(c)],
  (c) => ["LINSERT", key(c, "l"), c.of(["BEFORE", "after"]), `${c.below(4)}`, value(c)],
  (c) => [
    "LPOS",
    key(c, "l"),
    `${c.below(4)}`,
    ...options(c, ["RANK", integer(c)], ["COUNT", integer(c)], ["MAXLEN", integer(c)], ["RANK"]),
  ],
  (c) => ["LMOVE", key(c, "l"), key(c, "l"), ...side(c), ...side(c)],
  (c) => ["RPOPLPUSH", key(c, "l"), key(c, "l")],
  (c) => ["LMPOP", ...keys(c, "l"), ...side(c), ...options(c, ["COUNT", integer(c)], ["x"])],
];

export const STRINGS: readonly Make[] = [
  (c) => ["SETBIT", key(c, "s"), c.of([integer(c), `${c.below(200)}`]), c.of(["0", "1", "1", "2"])],
  (c) => ["GETBIT", key(c, "s"), c.of([integer(c), `${c.below(200)}`])],
  (c) => [
    "BITCOUNT",
    key(c, "s"),
    ...c.of([[], [integer(c)], [integer(c), integer(c)]]),
    ...c.of([[], [], ["BIT"], ["byte"], ["x"]]),
  ],
  (c) => [
    "BITPOS",
    key(c, "s"),
    c.of(["0", "1", "2", "x"]),
    ...c.of([[], [integer(c)], [integer(c), integer(c)]]),
    ...c.of([[], [], ["BIT"], ["byte"], ["x"]]),
  ],
  (c) => [
    "BITOP",
    c.of(["AND", "or", "XOR", "NOT", "huh"]),
    key(c, "s"),
    ...several(c, (d) => [key(d, "s")]),
  ],
  (c) => ["COPY", key(c), key(c), ...options(c, ["REPLACE"], ["DB", "0"], ["DB", "x"], ["DB"])],
  (c) => ["HINCRBYFLOAT", key(c, "h"), `d${c.below(3)}`, score(c)],
  (c) => ["HRANDFIELD", key(c, "h"), ALL, ...c.of([[], ["WITHVALUES"], ["x"], ["a", "b"]])],
  (c) => ["HRANDFIELD", key(c, "h"), c.of(["0", "x", "-9223372036854775808"])],
  (c) => [
    "OBJECT",
    c.of(["ENCODING", "REFCOUNT", "FREQ", "huh"]),
    "none",
    ...c.of([[], [], ["x"]]),
  ],
];

const timeout = pick("0.001", "0.002", "x", "-1", "1e300", "");

/** Nobody answers them but the server itself: they give up at once. */
export const WAITING: readonly Make[] = [
  (c) => [c.of(["BLPOP", "BRPOP"]), ...several(c, (d) => [key(d, "l")]), ...timeout(c)],
  (c) => ["BLMOVE", key(c, "l"), key(c, "l"), ...side(c), ...side(c), ...timeout(c)],
  (c) => ["BRPOPLPUSH", key(c, "l"), key(c, "l"), ...timeout(c)],
  (c) => [c.of(["BZPOPMIN", "BZPOPMAX"]), ...several(c, (d) => [key(d, "z")]), ...timeout(c)],
  (c) => [
    "BLMPOP",
    ...timeout(c),
    ...keys(c, "l"),
    ...side(c),
    ...options(c, ["COUNT", integer(c)]),
  ],
  (c) => [
    "BZMPOP",
    ...timeout(c),
    ...keys(c, "z"),
    c.of(["MIN", "max", "huh"]),
    ...options(c, ["COUNT", "2"]),
  ],
];

/** About the server, where that is the same. */
export const SERVER: readonly Make[] = [
  (c) => [
    "CLIENT",
    ...c.of([["GETNAME"], ["SETNAME", `n${c.below(3)}`], ["SETNAME", "a b"], ["GETREDIR"]]),
  ],
  (c) => [
    "CLIENT",
    "KILL",
    ...c.of([
      ["1.2.3.4:5"],
      ["ID", "999999"],
      ["ID", "0"],
      ["TYPE", "x"],
      ["USER", "x"],
      ["ADDR", "1.2.3.4:5"],
      ["huh", "x"],
      ["ID"],
    ]),
  ],
  (c) => [
    "CLIENT",
    "UNBLOCK",
    ...c.of([["999999"], ["x"], ["999999", "ERROR"], ["9", "huh"], ["1", "2", "3"]]),
  ],
  (c) => ["CLIENT", "PAUSE", c.of(["x", "-1", "0"]), ...c.of([[], ["huh"], ["WRITE"]])],
  (c) => [
    "CLIENT",
    "LIST",
    ...c.of([["TYPE", "x"], ["TYPE", "master"], ["ID", "x"], ["huh"], ["ID", "999999"]]),
  ],
  (c) => [c.of(["CLIENT", "CONFIG", "COMMAND", "PUBSUB", "OBJECT"]), "huh", value(c)],
  (c) => [c.of(["CLIENT", "CONFIG", "PUBSUB", "OBJECT", "MEMORY"])],
  (c) => ["CLIENT", "NO-EVICT", c.of(["ON", "off", "huh"])],
  (c) => [
    "CONFIG",
    ...c.of([
      ["SET", "huh", "1"],
      ["SET", "maxmemory", "x"],
      ["SET", "databases", "9"],
      ["SET", "maxclients", "x"],
      ["SET", "a"],
      ["GET"],
      ["GET", "nosuch"],

      ["REWRITE"],
      ["RESETSTAT", "x"],
    ]),
  ],
  (c) => [
    "COMMAND",
    "GETKEYS",
    ...c.of([
      ["huh"],
      ["PING"],
      ["GET"],
      ["GET", "a"],
      ["MSET", "a", "1", "b", "2"],
      ["ZUNION", "2", "a", "b"],
      ["ZUNION", "3", "a"],
      ["BLPOP", "a", "b", "0"],
      ["LMOVE", "a", "b", "LEFT", "LEFT"],
      ["OBJECT", "ENCODING", "a"],
    ]),
  ],
  (c) => ["COMMAND", "INFO", c.of(["nosuch", "huh"])],
  (c) => ["WAIT", c.of(["0", "x"]), c.of(["1", "x", "-1"])],
  () => ["ROLE"],
];
