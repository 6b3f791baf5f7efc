/** Commands by chance, from a seed: sensible ones most of the time, on keys that are of the wrong type now and then. */

export class Chance {
  #state: number;
  constructor(seed: number) {
    this.#state = Math.imul(seed, 2_654_435_761) | 1;
  }
  below(bound: number): number {
    // xorshift32 (Marsaglia 2003).
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % bound;
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

export type Make = (chance: Chance) => string[];

const FAR = 4_000_000_000;

export function key(chance: Chance, type = ""): string {
  const kind = type === "" || chance.below(12) === 0 ? chance.of(["s", "l", "h", "u", "z"]) : type;
  return kind + chance.below(5).toString();
}

export function integer(chance: Chance): string {
  if (chance.below(20) === 0)
    return chance.of([
      "x",
      "",
      "01",
      "-0",
      "+1",
      " 1",
      "1.5",
      "9223372036854775807",
      "9223372036854775808",
      "-9223372036854775808",
    ]);
  return (chance.below(21) - 10).toString();
}

/** Of few bits, so that any way to write it is the same. */
export function score(chance: Chance): string {
  if (chance.below(20) === 0)
    return chance.of(["x", "inf", "-inf", "+inf", "nan", "1e3", "", "0x"]);
  return ((chance.below(81) - 40) / 4).toString();
}

export function value(chance: Chance): string {
  const kind = chance.below(12);
  if (kind < 5) return integer(chance);
  if (kind === 5) return "";
  if (kind === 6) return "\0\r\n\xff";
  if (kind === 7) return "x".repeat(chance.below(300));
  return `v${chance.below(30)}`;
}

export const field: Make = (chance) => [`f${chance.below(8)}`];

export function several(chance: Chance, make: Make): string[] {
  const all: string[] = [];
  for (let left = chance.below(3); left >= 0; left--) all.push(...make(chance));
  return all;
}

function setOptions(chance: Chance): string[] {
  const all: string[] = [];
  while (chance.below(2) === 0)
    all.push(
      ...chance.of([
        ["NX"],
        ["xx"],
        ["GET"],
        ["KEEPTTL"],
        ["EX", "100000"],
        ["PX", "0"],
        ["PXAT", `${FAR}000`],
        ["EXAT", "x"],
        ["EX"],
        ["huh"],
      ]),
    );
  return all;
}

const GENERATORS: readonly Make[] = [
  (c) => ["GET", key(c, "s")],
  (c) => ["SET", key(c, "s"), value(c)],
  (c) => ["set", key(c, "s"), value(c), ...setOptions(c)],
  (c) => ["SETNX", key(c, "s"), value(c)],
  (c) => ["SETEX", key(c, "s"), c.of(["100000", "0", "x"]), value(c)],
  (c) => ["GETSET", key(c, "s"), value(c)],
  (c) => ["GETDEL", key(c, "s")],
  (c) => [
    "GETEX",
    key(c, "s"),
    ...c.of([[], ["PERSIST"], ["PXAT", `${FAR}000`], ["EX", "-1"], ["KEEPTTL"]]),
  ],
  (c) => ["MGET", ...several(c, (d) => [key(d)])],
  (c) => ["MSET", ...several(c, (d) => [key(d, "s"), value(d)])],
  (c) => ["MSETNX", ...several(c, (d) => [key(d, "s"), value(d)])],
  () => ["MSET", "s1"],
  () => ["MSET", "s1", "2", "s3"],
  (c) => ["STRLEN", key(c, "s")],
  (c) => ["APPEND", key(c, "s"), value(c)],
  (c) => ["GETRANGE", key(c, "s"), integer(c), integer(c)],
  (c) => ["SETRANGE", key(c, "s"), integer(c), value(c)],
  (c) => [c.of(["INCR", "DECR"]), key(c, "s")],
  (c) => [c.of(["INCRBY", "DECRBY"]), key(c, "s"), integer(c)],
  (c) => ["INCRBYFLOAT", `d${c.below(3)}`, score(c)],
  (c) => [c.of(["DEL", "UNLINK", "EXISTS", "TOUCH"]), ...several(c, (d) => [key(d)])],
  (c) => ["TYPE", key(c)],
  (c) => [
    "EXPIREAT",
    key(c),
    c.of([FAR.toString(), "1", integer(c)]),
    ...c.of([[], [], ["NX"], ["XX"], ["GT"], ["LT"], ["NX", "GT"], ["no"]]),
  ],
  (c) => ["PEXPIREAT", key(c), `${FAR + c.below(9)}000`, ...c.of([[], ["GT"], ["LT"]])],
  (c) => ["EXPIRE", key(c), c.of(["100000", "-1", "x", "9223372036854775807"])],
  (c) => [c.of(["EXPIRETIME", "PEXPIRETIME"]), key(c)],
  (c) => [c.of(["TTL", "PERSIST"]), key(c)],
  (c) => [c.of(["RENAME", "RENAMENX"]), key(c), key(c)],
  (c) => ["KEYS", c.of(["*", "s*", "?1", "[sl]2", "[^s]*", "h[0-3]", "\\s1", "nothing"])],
  () => ["DBSIZE"],
  (c) =>
    c.below(20) === 0
      ? [c.of(["FLUSHALL", "FLUSHDB"]), ...c.of([[], ["SYNC"], ["x"]])]
      : ["DBSIZE"],
  (c) => [
    c.of(["LPUSH", "RPUSH", "LPUSHX", "RPUSHX"]),
    key(c, "l"),
    ...several(c, (d) => [value(d)]),
  ],
  (c) => [c.of(["LPUSH", "RPUSH"]), key(c, "l"), ...several(c, (d) => [value(d)])],
  (c) => [c.of(["LPOP", "RPOP"]), key(c, "l"), ...c.of([[], [], [integer(c)]])],
  (c) => ["LLEN", key(c, "l")],
  (c) => ["LINDEX", key(c, "l"), integer(c)],
  (c) => ["LSET", key(c, "l"), integer(c), value(c)],
  (c) => ["LRANGE", key(c, "l"), integer(c), integer(c)],
  (c) => ["LTRIM", key(c, "l"), integer(c), integer(c)],
  (c) => [c.of(["HSET", "HMSET"]), key(c, "h"), ...several(c, (d) => [...field(d), value(d)])],
  (c) => ["HSET", key(c, "h"), "f1", "1", "f2"],
  (c) => ["HSETNX", key(c, "h"), ...field(c), value(c)],
  (c) => [c.of(["HGET", "HEXISTS", "HSTRLEN"]), key(c, "h"), ...field(c)],
  (c) => [c.of(["HMGET", "HDEL"]), key(c, "h"), ...several(c, field)],
  (c) => [c.of(["HGETALL", "HKEYS", "HVALS", "HLEN"]), key(c, "h")],
  (c) => ["HINCRBY", key(c, "h"), ...field(c), integer(c)],
  (c) => [
    c.of(["SADD", "SADD", "SREM", "SMISMEMBER"]),
    key(c, "u"),
    ...several(c, (d) => [value(d)]),
  ],
  (c) => [c.of(["SMEMBERS", "SCARD"]), key(c, "u")],
  (c) => ["SISMEMBER", key(c, "u"), value(c)],
  (c) => [
    "ZADD",
    key(c, "z"),
    ...c.of([
      [],
      [],
      ["NX"],
      ["XX"],
      ["GT"],
      ["LT", "CH"],
      ["CH"],
      ["NX", "XX"],
      ["INCR"],
      ["GT", "LT"],
      ["XX", "INCR"],
    ]),
    ...several(c, (d) => [score(d), ...field(d)]),
  ],
  (c) => ["ZADD", key(c, "z"), "1"],
  (c) => ["ZINCRBY", key(c, "z"), score(c), ...field(c)],
  (c) => ["ZREM", key(c, "z"), ...several(c, field)],
  (c) => [c.of(["ZSCORE", "ZRANK", "ZREVRANK"]), key(c, "z"), ...field(c)],
  (c) => ["ZMSCORE", key(c, "z"), ...several(c, field)],
  (c) => ["ZCARD", key(c, "z")],
  (c) => [
    c.of(["ZRANGE", "ZREVRANGE"]),
    key(c, "z"),
    integer(c),
    integer(c),
    ...c.of([[], ["WITHSCORES"]]),
  ],
  (c) => [
    "ZRANGE",
    key(c, "z"),
    integer(c),
    integer(c),
    "REV",
    ...c.of([[], ["WITHSCORES"], ["huh"]]),
  ],
  (c) => [c.of(["ZPOPMIN", "ZPOPMAX"]), key(c, "z"), ...c.of([[], ["2"], [integer(c)]])],
  (c) => [c.of(["MULTI", "EXEC", "DISCARD", "UNWATCH"])],
  () => ["EXEC"],
  (c) => ["WATCH", ...several(c, (d) => [key(d)])],
  (c) => ["PING", ...c.of([[], ["hello"], ["a", "b"]])],
  (c) => ["ECHO", value(c)],
  (c) => ["SELECT", c.of(["0", "x", "-1", "1000"])],
  (c) => [c.of(["nosuch", "GETT", "get\r\n", "x".repeat(200)]), ...several(c, (d) => [value(d)])],
  (c) => [
    c.of(["GET", "SET", "LPUSH", "HSET", "ZADD", "EXPIRE", "RENAME", "ECHO", "MULTI"]),
    ...c.of([[], ["a"]]),
  ],
  (c) => ["PUBLISH", "channel", value(c)],
];

export function commands(seed: number, count: number, families: readonly Make[]): string[][] {
  const chance = new Chance(seed);
  const generators = [...GENERATORS, ...families];
  const all: string[][] = [];
  while (all.length < count) all.push(chance.of(generators)(chance));
  return all;
}

/** Commands whose replies have no order that both servers share. */
export const UNORDERED = new Set([
  "KEYS",
  "HGETALL",
  "HKEYS",
  "HVALS",
  "HRANDFIELD",
  "SMEMBERS",
  "SINTER",
  "SUNION",
  "SDIFF",
  "SPOP",
  "SRANDMEMBER",
  "ZRANDMEMBER",
]);

/** Commands whose replies depend on when they were asked. */
export const TIMES = new Set(["TTL", "EXPIRETIME", "PEXPIRETIME"]);
