/** Zones that come from a disk: what is refused, that what is not does no harm, and what replacing them leaves. */
import { CompiledError, CompiledZones, compileZones } from "@phantasm/zone-format";
import { beforeAll, expect, test } from "vitest";
import { Core } from "./core.js";
import { Dice, namesNear } from "./queries.js";
import { randomZone } from "./random-zones.js";
import { makeQuery, readMessage, type WireRecord, wireName } from "./wire.js";
import { testZones, zoneOf } from "./zone-files.js";

const SEED = Number(process.env["PHANTASM_ZONES_SEED"] ?? 1);
const ROUNDS = Number(process.env["PHANTASM_ZONES_ROUNDS"] ?? 600);
const AXFR = 252;
const QUERIES = 30;

let core: Core;
beforeAll(async () => {
  core = await Core.of(compileZones([]));
}, 180_000);

function read(bytes: Buffer): CompiledError | null {
  try {
    new CompiledZones(bytes);
    return null;
  } catch (error) {
    if (error instanceof CompiledError) return error;
    throw error;
  }
}

test("what the build makes is good", () => {
  const dice = new Dice(SEED);
  const all = [
    [],
    testZones(),
    ...["org", "a.org", "x"].map(
      (origin) => zoneOf(randomZone(dice, origin, [origin]), origin).zones,
    ),
  ];
  for (const zones of all) {
    const bytes = compileZones(zones);
    expect(core.exports.check(core.put(bytes, 16), bytes.length)).toBe(0);
    expect(read(bytes)).toBeNull();
  }
});

/** One or some words or bytes become others, mostly ones that stand elsewhere. */
function change(bytes: Buffer, dice: Dice): Buffer {
  const changed = Buffer.from(bytes);
  for (let left = 1 + dice.below(3); left > 0; left--) {
    const words = changed.length >> 2;
    if (dice.below(3) === 0) changed[dice.below(changed.length)] = dice.below(256);
    else if (dice.below(4) === 0) changed[dice.below(changed.length)]! ^= 1 << dice.below(8);
    else changed.writeUInt32LE(changed.readUInt32LE(4 * dice.below(words)), 4 * dice.below(words));
  }
  return changed;
}

test(`${ROUNDS} changed ones: PHANTASM_ZONES_SEED=${SEED}`, () => {
  const dice = new Dice(SEED);
  const zones = testZones();
  const bytes = compileZones(zones);
  const names = namesNear(zones).filter((name) => name.length < 200);
  const place = core.put(bytes, 16);
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const changed = change(bytes, dice);
    new Uint8Array(core.exports.memory.buffer).set(changed, place);
    const where = `PHANTASM_ZONES_SEED=${SEED}, round ${round}`;
    const at = core.exports.check(place, changed.length);
    const theirs = read(changed);
    expect(
      at === 0,
      `${where}: ${String(theirs?.message)}, and here byte ${at - 1}: ${core.problem}`,
    ).toBe(theirs === null);
    if (at !== 0) {
      refused++;
      continue;
    }
    core.exports.open(place, changed.length);
    for (let left = QUERIES; left > 0; left--)
      core.ask(makeQuery(dice.of(names), dice.of([1, 2, 6, 5, 15, 43, 255]), {}));
    for (const { apex } of zones) {
      const messages = core.transfer(makeQuery(apex, AXFR, {}));
      if (typeof messages !== "number") expect(messages.length, where).toBeLessThan(100);
    }
  }
  expect(refused).toBeGreaterThan(ROUNDS / 3);
});

test("an index in which looking for a name takes long is refused", () => {
  const { zones } = zoneOf(
    "$TTL 1h\n@ SOA ns a 1 2h 30m 2w 10m\n@ NS ns\nns A 192.0.2.1\n$GENERATE 1-2500 h$ A 192.0.2.2\n",
  );
  const bytes = compileZones(zones);
  const [places, index] = [bytes.readUInt32LE(12) + 1, bytes.readUInt32LE(16)];
  const entry = (place: number): number => bytes.readUInt32LE(index + 4 * (place % places));
  // A node that lies where it is looked for first, again and again behind itself.
  let first = 1;
  while (entry(first - 1) !== 0 || entry(first) === 0) first++;
  for (const count of [2048, 2049]) {
    const forged = Buffer.from(bytes);
    for (let at = 0; at < count; at++)
      forged.writeUInt32LE(entry(first), index + 4 * ((first + at) % places));
    forged.writeUInt32LE(0, index + 4 * ((first + count) % places));
    const at = core.exports.check(core.put(forged, 16), forged.length);
    const isRefused = count > 2048;
    expect([count, at !== 0, read(forged) !== null]).toEqual([count, isRefused, isRefused]);
  }
});

/** Incremental transfers are applied to the version before by a reader that knows RFC 1995, and nothing of the zones. */
const VERSIONS = Number(process.env["PHANTASM_ZONES_VERSIONS"] ?? 40);
const IXFR = 251;
const SOA = 6;
const ORIGIN = "example.org";

let text = "";

function compiled(zone: string, serial: number): Buffer {
  const { zones, problems } = zoneOf(
    zone.replace("hostmaster 1 ", `hostmaster ${serial} `),
    ORIGIN,
  );
  expect(problems.errors).toEqual([]);
  return compileZones(zones);
}

/** @param bytes of all changes together */
async function begin(zone: string, serial: number, bytes = 1 << 20, versions = 64): Promise<void> {
  core = await Core.of(compiled(zone, serial));
  core.exports.keepChanges(bytes, versions);
  text = zone;
}

/** Returns in how many steps it was compared with what there was. */
function replace(zone: string, serial: number): number {
  const bytes = compiled(zone, serial);
  text = zone;
  return core.exports.replaceBase(core.put(bytes, 16), bytes.length);
}

/** RFC 1995 §3: the SOA record of what is there stands in the authority section. */
function incremental(serial: number, origin = ORIGIN): Buffer {
  const query = makeQuery(wireName(origin), IXFR);
  query.writeUInt16BE(1, 8);
  const record = Buffer.alloc(2 + 10 + 22);
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(SOA, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt16BE(22, 10);
  record.writeUInt32BE(serial, 14);
  return Buffer.concat([query, record]);
}

function answers(query: Buffer): WireRecord[] {
  const messages = core.transfer(query);
  if (typeof messages === "number") throw new Error(`refused: ${messages}`);
  return messages.flatMap((message) => [...readMessage(message).answers]);
}

function key({ name, type, ttl, data }: WireRecord): string {
  return `${name.toLowerCase()} ${type} ${ttl} ${data}`;
}

/** All records of the zone that is served. */
function whole(): Set<string> {
  return new Set(answers(makeQuery(wireName(ORIGIN), AXFR)).map(key));
}

function serialOf({ data }: WireRecord): number {
  return Number.parseInt(data.slice(-40, -32), 16);
}

/** The version after the changes; null: the whole zone came instead. */
function apply(before: ReadonlySet<string>, serial: number): Set<string> | null {
  const records = answers(incremental(serial));
  const current = serialOf(records[0]!);
  if (records[1]?.type !== SOA) return null;
  const now = new Set(before);
  let at = 1;
  let version = serial;
  while (at < records.length - 1) {
    expect(serialOf(records[at]!)).toBe(version);
    do if (!now.delete(key(records[at]!))) throw new Error(`not there: ${key(records[at]!)}`);
    while (records[++at]!.type !== SOA);
    version = serialOf(records[at]!);
    do {
      if (now.has(key(records[at]!))) throw new Error(`there already: ${key(records[at]!)}`);
      now.add(key(records[at]!));
    } while (records[++at]!.type !== SOA);
  }
  expect([version, serialOf(records.at(-1)), at]).toEqual([current, current, records.length - 1]);
  return now;
}

const HEAD = `$TTL 1h
$ORIGIN example.org.
@ IN SOA ns hostmaster 1 2h 30m 2w 10m
@ IN NS ns
ns IN A 192.0.2.1
`;
const MANY = `${HEAD}$GENERATE 1-200 host$ A 192.0.2.7\n`;

test("one record is gone, one is new", async () => {
  await begin(`${MANY}www IN A 192.0.2.2\n`, 1);
  const before = whole();
  replace(`${MANY}www IN A 192.0.2.3\n`, 2);
  expect(answers(incremental(1)).map(({ type, data }) => (type === SOA ? "SOA" : data))).toEqual([
    "SOA",
    "SOA",
    "c0000202",
    "SOA",
    "c0000203",
    "SOA",
  ]);
  expect(apply(before, 1)).toEqual(whole());
  expect(answers(incremental(2))).toHaveLength(1);
  // What nobody knows is the whole zone.
  expect(apply(before, 77)).toBeNull();
});

test("versions that nobody keeps are the whole zone", async () => {
  await begin(MANY, 1, 1 << 20, 3);
  const before = [new Set<string>(), whole()];
  for (let serial = 2; serial <= 5; serial++) {
    replace(`${MANY}a${serial} IN A 192.0.2.2\n`, serial);
    before[serial] = whole();
  }
  expect(apply(before[1]!, 1)).toBeNull();
  for (const serial of [2, 3, 4]) expect(apply(before[serial]!, serial)).toEqual(whole());
  // Too much at once: what was known is not of use any more.
  await begin(MANY, 1, 2048);
  replace(`${HEAD}$GENERATE 1-200 host$ A 192.0.2.8\n`, 2);
  expect(apply(before[1]!, 1)).toBeNull();
});

test("another content with the same or an older serial leaves no changes behind", async () => {
  await begin(MANY, 5);
  replace(`${MANY}a IN A 192.0.2.2\n`, 6);
  const before = whole();
  replace(`${MANY}b IN A 192.0.2.2\n`, 6);
  expect(apply(before, 5)).toBeNull();
  replace(`${MANY}c IN A 192.0.2.2\n`, 7);
  replace(`${MANY}d IN A 192.0.2.2\n`, 5);
  expect(apply(before, 7)).toBeNull();
  replace(`${MANY}c IN A 192.0.2.2\n`, 7);
  expect(apply(before, 6)).toBeNull();
});

test("a serial that two contents had is where no changes begin", async () => {
  await begin(`${MANY}a IN A 192.0.2.2\n`, 5);
  const before = whole();
  replace(`${MANY}b IN A 192.0.2.2\n`, 5);
  replace(`${MANY}b IN A 192.0.2.2\nc IN A 192.0.2.2\n`, 6);
  expect(apply(before, 5)).toBeNull();
  const next = whole();
  replace(`${MANY}c IN A 192.0.2.2\n`, 7);
  expect(apply(next, 6)).toEqual(whole());
  expect(apply(before, 5)).toBeNull();
  // Also one that the zone has gone back to.
  replace(`${MANY}d IN A 192.0.2.2\n`, 6);
  replace(`${MANY}d IN A 192.0.2.2\ne IN A 192.0.2.2\n`, 7);
  expect(apply(next, 6)).toBeNull();
  // Nothing is wrong with what comes again as it was.
  const same = whole();
  replace(text, 7);
  replace(`${text}f IN A 192.0.2.2\n`, 8);
  expect(apply(same, 7)).toEqual(whole());
});

test("the largest record, with the longest names", async () => {
  const origin = [..."abc"].map((label) => label.repeat(62)).join(".");
  const head = (serial: number): string =>
    `$TTL 1h\n@ IN SOA ns hostmaster ${serial} 2h 30m 2w 10m\n@ IN NS ns\nns IN A 192.0.2.1\n`;
  const large = (byte: string): string =>
    `${"d".repeat(63)} IN TYPE65280 \\# 65188 ${byte.repeat(65_188)}\n`;
  const zones = [head(1) + large("01"), head(2) + large("02")].map((zone) =>
    compileZones(zoneOf(zone, origin).zones),
  );
  core = await Core.of(zones[0]!);
  core.exports.keepChanges(1 << 20, 64);
  const records = (type: number, query = makeQuery(wireName(origin), type, {})): number =>
    answers(query).length;
  expect(records(AXFR)).toBe(5);
  core.exports.replaceBase(core.put(zones[1]!, 16), zones[1]!.length);
  expect(records(AXFR)).toBe(5);
  expect(records(IXFR, incremental(1, origin))).toBe(5);
});

test("many records of a name are compared in many steps", async () => {
  const sets = (last: number): string =>
    Array.from(
      { length: 8 },
      (_, at) => `$GENERATE 1-1000 s${at} TXT "$"\ns${at} TXT "x${last}"\n`,
    ).join("");
  await begin(HEAD + sets(1), 1);
  const before = whole();
  expect(replace(HEAD + sets(2), 2)).toBeGreaterThan(6);
  expect(apply(before, 1)).toEqual(whole());
});

test(`${VERSIONS} versions that are drawn: PHANTASM_ZONES_SEED=${SEED}`, async () => {
  const dice = new Dice(SEED);
  const filler = '$GENERATE 1-300 filler$ TXT "filler"\n';
  const draw = (): string => randomZone(dice, ORIGIN, [ORIGIN]) + filler;
  const first = draw();
  await begin(first, 1);
  const versions = [new Set<string>(), whole()];
  for (let serial = 2; serial <= VERSIONS; serial++) {
    // Mostly a few lines are others.
    let next = draw();
    if (dice.below(4) > 0) {
      const lines = text.split("\n");
      const kept = lines.filter(
        (line, index) => index < 5 || /filler/.test(line) || dice.below(8) > 0,
      );
      next = `${kept.join("\n")}\n`;
      if (zoneOf(next, ORIGIN).problems.errors.length > 0) next = text;
    }
    replace(next, serial);
    versions[serial] = whole();
    const from = Math.max(1, serial - 1 - dice.below(4));
    const result = apply(versions[from]!, from);
    if (result !== null)
      expect(result, `PHANTASM_ZONES_SEED=${SEED}, ${from} to ${serial}`).toEqual(whole());
    else expect(serial - from, `${from} to ${serial}`).toBeGreaterThan(0);
  }
});
