/** Zones that were transferred are what the build makes of the same records, and are answered as if it had. */
import { beforeAll, describe, expect, test } from "vitest";
import { compileZones, type Zone } from "@phantasm/zone-format";
import { compareApart } from "./comparison.js";
import { Core } from "./core.js";
import { Dice, drawQuery, namesNear } from "./queries.js";
import { randomZone } from "./random-zones.js";
import { AXFR, IXFR, Receiver } from "./receiver.js";
import { makeQuery, readMessage } from "./wire.js";
import { testZones, zoneOf } from "./zone-files.js";

const SEED = Number(process.env["PHANTASM_DNS_SEED"] ?? 1);
const ZONES = Number(process.env["PHANTASM_DNS_ZONES"] ?? 15);
const QUERIES = Number(process.env["PHANTASM_DNS_QUERIES"] ?? 6000);
const ROUNDS = Number(process.env["PHANTASM_DNS_QUERIES"] ?? 2000);
/** Some of them below others. */
const ORIGINS = [
  "example.org",
  "a.example.org",
  "b.a.example.org",
  "c.b.example.org",
  ...Array.from({ length: 12 }, (_, n) => `z${n}.test`),
];

let receiver: Receiver;

function drawZone(dice: Dice, origin = "example.org", origins = ["example.org", "z1.test"]): Zone {
  const { zones, problems } = zoneOf(randomZone(dice, origin, origins), origin);
  expect(problems.errors).toEqual([]);
  return zones[0]!;
}

/** The messages in which a server of ours has a zone transferred. */
async function transferOf(zone: Zone): Promise<Buffer[]> {
  const messages = (await Core.of(compileZones([zone]))).transfer(makeQuery(zone.apex, AXFR));
  if (typeof messages === "number") throw new Error(`refused: ${messages}`);
  return messages;
}

beforeAll(async () => {
  receiver = new Receiver(await Core.of(compileZones(testZones())));
}, 60_000);

describe("the same bytes as the build makes", () => {
  test.each(testZones().map((zone) => [zone.apex, zone] as const))("%j", async (apex, zone) => {
    const made = receiver.run(apex, await transferOf(zone));
    expect(Buffer.isBuffer(made) && made.equals(compileZones([zone]))).toBe(true);
  });

  test(`zones drawn by PHANTASM_DNS_SEED=${SEED}`, async () => {
    const dice = new Dice(SEED);
    for (let index = 0; index < ZONES; index++) {
      const zone = drawZone(dice);
      const made = receiver.run(zone.apex, await transferOf(zone));
      expect(made, `zone ${index}`).toEqual(compileZones([zone]));
    }
  });
});

/** Answers with records one by one, in whichever order, a few in each message. */
class Records {
  readonly #head: Buffer;
  readonly records: Buffer[] = [];

  constructor(messages: readonly Buffer[], apex: string) {
    this.#head = messages[0]!.subarray(0, 12 + apex.length + 4);
    for (const message of messages) this.#split(message, apex);
  }

  /** Names in them point into their message, so each is written anew. */
  #split(message: Buffer, apex: string): void {
    let at = 12 + (message.readUInt16BE(4) > 0 ? apex.length + 4 : 0);
    for (let left = message.readUInt16BE(6); left > 0; left--) {
      const [owner, behind] = nameAt(message, at);
      const type = message.readUInt16BE(behind);
      const length = message.readUInt16BE(behind + 8);
      const start = behind + 10;
      this.records.push(
        record(
          owner,
          message.subarray(behind, behind + 8),
          plainData(message, type, start, length),
        ),
      );
      at = start + length;
    }
  }

  messages(records: readonly Buffer[], type = AXFR, each = 7): Buffer[] {
    const messages: Buffer[] = [];
    for (let at = 0; at < records.length; at += each) {
      const some = records.slice(at, at + each);
      const message = Buffer.concat([this.#head, ...some]);
      message.writeUInt16BE(some.length, 6);
      message.writeUInt16BE(type, this.#head.length - 4);
      messages.push(message);
    }
    return messages;
  }
}

function nameAt(message: Buffer, at: number): [Buffer, number] {
  const labels: Buffer[] = [];
  let behind = -1;
  for (;;) {
    const length = message.readUInt8(at);
    if (length >= 0xc0) {
      if (behind < 0) behind = at + 2;
      at = message.readUInt16BE(at) & 0x3fff;
      continue;
    }
    labels.push(message.subarray(at, at + 1 + length));
    at += 1 + length;
    if (length === 0) return [Buffer.concat(labels), behind < 0 ? at : behind];
  }
}

/** Bytes in front of names that may be compressed, and how many names. */
const COMPRESSED: Readonly<Record<number, readonly [number, number]>> = {
  2: [0, 1],
  5: [0, 1],
  6: [0, 2],
  12: [0, 1],
  15: [2, 1],
};

function plainData(message: Buffer, type: number, start: number, length: number): Buffer {
  const [front, names] = COMPRESSED[type] ?? [0, 0];
  const parts = [message.subarray(start, start + front)];
  let at = start + front;
  for (let left = names; left > 0; left--) {
    const [name, behind] = nameAt(message, at);
    parts.push(name);
    at = behind;
  }
  return Buffer.concat([...parts, message.subarray(at, start + length)]);
}

function record(owner: Buffer, fixed: Buffer, data: Buffer): Buffer {
  return Buffer.concat([owner, fixed, Buffer.of(data.length >> 8, data.length & 0xff), data]);
}

function shuffled<T>(dice: Dice, items: readonly T[]): T[] {
  const all = [...items];
  for (let at = all.length - 1; at > 0; at--) {
    const other = dice.below(at + 1);
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return all;
}

describe("whatever the order", () => {
  test(`records of a zone, PHANTASM_DNS_SEED=${SEED}`, async () => {
    const dice = new Dice(SEED);
    for (const zone of [...testZones(), drawZone(dice), drawZone(dice)]) {
      const sent = new Records(await transferOf(zone), zone.apex);
      const [soa, ...others] = sent.records;
      const last = others.pop()!;
      const built = compileZones([zone]);
      for (let round = 0; round < 5; round++) {
        const messages = sent.messages([soa!, ...shuffled(dice, others), last]);
        const made = receiver.run(zone.apex, messages);
        if (typeof made === "number") throw new Error(`refused: ${made}`);
        // Sets have the order in which their records came; there are as many bytes, and the same are transferred on.
        expect(made.length).toBe(built.length);
        const again = new Records(
          (await Core.of(made)).transfer(makeQuery(zone.apex, AXFR)) as Buffer[],
          zone.apex,
        );
        const text = (records: readonly Buffer[]): string[] =>
          records.map((one) => one.toString("latin1").toLowerCase()).sort();
        expect(text(again.records)).toEqual(text(sent.records));
      }
    }
  });

  test(`changes from any version to any other, PHANTASM_DNS_SEED=${SEED}`, async () => {
    const dice = new Dice(SEED);
    for (let round = 0; round < 20; round++) {
      const [from, to] = [drawZone(dice), drawZone(dice)];
      const old = await transferOf(from);
      const before = new Records(old, from.apex).records.slice(1, -1);
      const sent = new Records(await transferOf(to), to.apex);
      const after = sent.records.slice(1, -1);
      const keys = (records: readonly Buffer[]): Set<string> =>
        new Set(records.map((one) => one.toString("latin1")));
      const [had, has] = [keys(before), keys(after)];
      const first = sent.records[0]!;
      const newSoa = withSerial(first, 2);
      const messages = sent.messages(
        [
          newSoa,
          withSerial(first, 1),
          ...shuffled(
            dice,
            before.filter((one) => !has.has(one.toString("latin1"))),
          ),
          newSoa,
          ...shuffled(
            dice,
            after.filter((one) => !had.has(one.toString("latin1"))),
          ),
          newSoa,
        ],
        IXFR,
      );
      const made = receiver.run(to.apex, messages, { old, serial: 1 });
      if (typeof made === "number") throw new Error(`refused: ${made}`);
      const whole = receiver.run(to.apex, sent.messages([newSoa, ...after, newSoa]));
      expect(made.length, `round ${round}`).toBe((whole as Buffer).length);
    }
  });
});

function withSerial(soa: Buffer, serial: number): Buffer {
  const changed = Buffer.from(soa);
  changed.writeUInt32BE(serial, soa.length - 20);
  return changed;
}

describe("answers of zones that lie by themselves", () => {
  test(`as those of zones that the build put together, PHANTASM_DNS_SEED=${SEED}`, async () => {
    const dice = new Dice(SEED);
    const all = ORIGINS.map((origin) => drawZone(dice, origin, ORIGINS));
    const together = await Core.of(compileZones(all));
    const apart = await Core.of(compileZones(all.filter((_, index) => index % 3 === 2)));
    for (const zone of all.filter((_, index) => index % 3 !== 2)) {
      const made = receiver.run(zone.apex, await transferOf(zone));
      if (typeof made === "number") throw new Error(`refused: ${made}`);
      apart.add(zone.apex, made);
    }
    const { different, shown } = compareApart(apart, together, namesNear(all), QUERIES, dice);
    expect(shown.join("\n\n"), `${different} of ${QUERIES} differ`).toBe("");
  });

  test("DS is answered by the nearest zone above, not by one that it has replaced", async () => {
    const head = "$TTL 1h\n@ IN SOA ns.test. a.test. 1 1h 1h 1h 1h\n@ IN NS ns.test.\n";
    const below = "sub IN NS ns.test.\n";
    const base = [zoneOf(head + below, "z1.test"), zoneOf(head, "sub.z1.test")];
    const core = await Core.of(compileZones(base.flatMap(({ zones }) => zones)));
    const signed = zoneOf(`${head}${below}sub IN DS 1 8 2 ${"0a".repeat(32)}\n`, "z1.test");
    const query = makeQuery("\x03sub\x02z1\x04test\0", 43);
    expect(readMessage(core.ask(query)!).answers).toHaveLength(0);
    core.add("\x02z1\x04test\0", compileZones(signed.zones));
    expect(readMessage(core.ask(query)!).answers).toHaveLength(1);
  });

  test("a zone that is not here yet is SERVFAIL, what is above and below it is not", async () => {
    const core = await Core.of(compileZones([drawZone(new Dice(SEED), "z1.test", ["z1.test"])]));
    core.add("\x01a\x02z1\x04test\0", null);
    const rcode = (name: string): number => readMessage(core.ask(makeQuery(name, 6))!).rcode;
    expect(rcode("\x02z1\x04test\0")).toBe(0);
    expect(rcode("\x01a\x02z1\x04test\0")).toBe(2);
    expect(rcode("\x01x\x01a\x02z1\x04test\0")).toBe(2);
    expect(rcode("\x02z2\x04test\0")).toBe(5);
  });
});

describe("bytes of all kinds", () => {
  test(`changed transfers are taken well or not at all (PHANTASM_DNS_SEED=${SEED})`, async () => {
    const dice = new Dice(SEED);
    const zone = drawZone(dice);
    const sent = await transferOf(zone);
    const old = await transferOf(zone);
    const names = namesNear([zone]);
    let [taken, refused] = [0, 0];
    let target = receiver;
    for (let round = 0; round < ROUNDS; round++) {
      if (round % 1000 === 999) target = new Receiver(await Core.of(compileZones([zone])));
      const messages = sent.map((message) => change(dice, message));
      const made = target.run(zone.apex, messages, dice.below(3) === 0 ? { old, serial: 0 } : {});
      if (typeof made === "number") {
        refused++;
        continue;
      }
      taken++;
      if (taken % 16 !== 0) continue;
      const core = await Core.of(made);
      for (let id = 0; id < 50; id++) {
        const answer = core.ask(drawQuery(names, dice, id).query);
        if (answer) readMessage(answer);
      }
    }
    expect(refused).toBeGreaterThan(ROUNDS / 20);
    expect(taken).toBeGreaterThan(ROUNDS / 20);
  }, 60_000);
});

function change(dice: Dice, message: Buffer): Buffer {
  let changed = Buffer.from(message);
  for (let left = dice.below(4); left > 0; left--) {
    const at = 12 + dice.below(changed.length - 12);
    const kind = dice.below(6);
    if (kind === 0) changed[at] = dice.below(256);
    else if (kind === 1) changed[at] = (changed[at] ?? 0) ^ (1 << dice.below(8));
    else if (kind === 2 && dice.below(4) === 0) changed = Buffer.from(changed.subarray(0, at + 1));
    else if (kind === 3)
      changed = Buffer.concat([
        changed.subarray(0, at),
        Buffer.from([dice.below(256)]),
        changed.subarray(at),
      ]);
    else if (at + 1 < changed.length)
      changed.writeUInt16BE(0xc000 | dice.below(changed.length), at);
  }
  return changed;
}
