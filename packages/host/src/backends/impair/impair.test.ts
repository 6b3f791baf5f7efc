/** Impaired links in virtual time: no test depends on the machine. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EVERYTHING, image, step } from "../../../test/images.js";
import { VirtualHost, VirtualLink, VirtualTime } from "../../testing/index.js";
import { frame, numberOf, Station } from "../testing/frames.js";
import { receiveTcp, superFrame } from "../testing/packets.js";
import { impair, type ImpairOptions } from "./impair.js";

const MS = 1_000_000n;
const HERE = Uint8Array.of(2, 0, 0, 0, 0, 1);
const THERE = Uint8Array.of(2, 0, 0, 0, 0, 2);

interface Arrival {
  readonly number: number;
  readonly atNs: bigint;
}

/** A guest behind an impaired link, and what arrives at its other end. */
function bench(options: ImpairOptions) {
  const time = new VirtualTime();
  const wire = new VirtualLink(time);
  const sent: Arrival[] = [];
  const raw: Uint8Array[] = [];
  wire.listen((bytes) => {
    raw.push(bytes.slice());
    sent.push({ number: numberOf(bytes), atNs: time.nowNs });
  });
  const link = impair(wire, { seed: 1, clock: time.clock, scheduler: time, ...options });
  const guest = new Station(link);
  const send = (number: number, bytes?: number) => link.send(frame(THERE, HERE, number, bytes));
  return { time, wire, link, guest, send, sent, raw };
}

const numbers = (arrivals: readonly Arrival[]): number[] => arrivals.map(({ number }) => number);
const counted = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

describe("impair", () => {
  it("changes nothing when nothing is asked for", async () => {
    const { time, wire, link, guest, send, sent } = bench({});
    for (const number of counted(100)) {
      send(number);
      wire.inject(frame(HERE, THERE, number));
    }
    time.advance(0n);
    expect(numbers(sent)).toEqual(counted(100));
    expect(guest.drain().map(numberOf)).toEqual(counted(100));
    expect(guest.wakes).toBeGreaterThan(0);
    expect([link.mtu, link.mac, link.features]).toEqual([wire.mtu, wire.mac, wire.features]);
  });

  it("delays both directions", async () => {
    const { time, wire, guest, send, sent } = bench({ delayNs: 50e6 });
    send(1);
    wire.inject(frame(HERE, THERE, 2));
    time.advance(50n * MS - 1n);
    expect(sent).toEqual([]);
    expect(guest.drain()).toEqual([]);
    time.advance(1n);
    expect(sent).toEqual([{ number: 1, atNs: 50n * MS }]);
    expect(guest.drain().map(numberOf)).toEqual([2]);
  });

  it("spreads delays within the bounds, and keeps the order", () => {
    const { time, send, sent } = bench({ delayNs: 50e6, jitterNs: 10e6 });
    const starts = counted(500).map((number) => {
      send(number);
      const atNs = time.nowNs;
      time.advance(20n * MS);
      return atNs;
    });
    time.advance(100n * MS);
    expect(numbers(sent)).toEqual(counted(500));
    const delays = sent.map(({ atNs }, number) => Number(atNs - starts[number]!) / 1e6);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(40);
    expect(Math.max(...delays)).toBeLessThanOrEqual(60);
    const mean = delays.reduce((sum, delay) => sum + delay) / delays.length;
    expect(Math.abs(mean - 50)).toBeLessThan(1);
    expect(Math.min(...delays)).toBeLessThan(41);
    expect(Math.max(...delays)).toBeGreaterThan(59);
  });

  it("sends no faster than the rate", () => {
    const { time, send, sent } = bench({ rate: 1e6 });
    // 125 bytes are a millisecond.
    for (const number of counted(10)) send(number, 111);
    time.advance(100n * MS);
    expect(sent).toEqual(counted(10).map((number) => ({ number, atNs: BigInt(number + 1) * MS })));
  });

  it.each<[keyof ImpairOptions, number]>([
    ["loss", 0.1],
    ["duplicate", 0.1],
    ["corrupt", 0.1],
    ["reorder", 0.1],
  ])("%s happens as often as was asked for", async (kind, share) => {
    const { time, link, send, raw } = bench({ [kind]: share, delayNs: 1e6 });
    const count = 10_000;
    for (const number of counted(count)) {
      send(number);
      if (number % 100 === 0) time.advance(2n * MS);
    }
    time.advance(1000n * MS);
    const { lost, duplicated, corrupted, reordered, overflowed } = link.impaired.out;
    const counts = { loss: lost, duplicate: duplicated, corrupt: corrupted, reorder: reordered };
    const happened = counts[kind as keyof typeof counts];
    // Five standard deviations.
    expect(Math.abs(happened - count * share)).toBeLessThan(5 * Math.sqrt(count * share * 0.9));
    for (const [other, value] of Object.entries(counts)) if (other !== kind) expect(value).toBe(0);
    expect(overflowed).toBe(0);
    expect(raw.length).toBe(count - lost + duplicated);
  });

  it("reorders: one to three frames overtake, all arrive, and nothing waits for ever", () => {
    const { time, send, sent, link } = bench({ reorder: 0.2 });
    for (const number of counted(1000)) send(number);
    time.advance(100n * MS);
    expect([...numbers(sent)].sort((a, b) => a - b)).toEqual(counted(1000));
    const late = numbers(sent).filter((number, at, all) =>
      all.slice(0, at).some((before) => before > number),
    );
    expect(late.length).toBeGreaterThan(link.impaired.out.reordered * 0.5);
    for (const [at, number] of numbers(sent).entries()) {
      expect(Math.abs(at - number)).toBeLessThan(20);
    }
    const alone = bench({ reorder: 1 });
    alone.send(1);
    alone.time.advance(200n * MS);
    expect(alone.sent).toEqual([{ number: 1, atNs: 100n * MS }]);
  });

  it("flips one bit, behind the header", () => {
    const { time, send, raw } = bench({ corrupt: 1 });
    for (const number of counted(200)) send(number);
    time.advance(1n);
    expect(raw).toHaveLength(200);
    const places = new Set<number>();
    for (const [number, damaged] of raw.entries()) {
      const whole = frame(THERE, HERE, number);
      const differences = [...damaged].flatMap((byte, at) => (byte === whole[at] ? [] : [at]));
      expect(differences).toHaveLength(1);
      const at = differences[0]!;
      expect(at).toBeGreaterThanOrEqual(10);
      const bits = damaged[at]! ^ whole[at]!;
      expect(bits & (bits - 1)).toBe(0);
      places.add(at);
    }
    expect(places.size).toBeGreaterThan(30);
  });

  it("damages what has a checksum by then, so that it can be found out", () => {
    const { time, link, raw } = bench({ corrupt: 1 });
    const payload = new Uint8Array(1000);
    const partial = superFrame({ version: 4, sequence: 1, flags: 16, payload }, 0);
    partial.set([0, 0, 0, 0, 0], 1);
    link.send(partial);
    link.send(superFrame({ version: 4, sequence: 1, flags: 16, payload }, 100));
    time.advance(1n);
    expect(raw).toHaveLength(1);
    expect([...raw[0]!.subarray(0, 10)]).toEqual(Array(10).fill(0));
    expect(() => receiveTcp(raw[0]!)).toThrow();
    expect(link.impaired.out).toMatchObject({ corrupted: 1, lost: 1 });
  });

  it("holds a mebibyte in each direction, and drops what finds no room", () => {
    const { time, wire, link, send } = bench({ delayNs: 1e9 });
    for (const number of counted(1000)) {
      expect(send(number, 1500)).toBe(true);
      wire.inject(frame(HERE, THERE, number, 1500));
      time.settle();
    }
    const room = Math.floor(1_048_576 / 1524);
    expect(link.impaired.out.overflowed).toBe(1000 - room);
    expect(link.impaired.in.overflowed).toBe(1000 - room);
  });

  it("waits for a guest that does not read, and for a link that has no room", async () => {
    const { time, wire, guest, link, send, sent } = bench({});
    for (const number of counted(690)) {
      wire.inject(frame(HERE, THERE, number, 1500));
      time.settle();
    }
    expect(guest.drain().map(numberOf).slice(0, 600)).toEqual(counted(600));
    time.advance(1n);
    guest.drain();
    expect(link.impaired.in.overflowed).toBe(0);
    for (const number of counted(1000)) send(number, 1500);
    time.advance(1n);
    expect(numbers(sent)).toEqual(counted(1000));
  });

  it("does the same again for the same seed, and something else for another", () => {
    const everything = { loss: 0.1, duplicate: 0.1, corrupt: 0.1, reorder: 0.1 };
    const options = { ...everything, delayNs: 5e6, jitterNs: 5e6, rate: 1e8 };
    const run = (seed: number) => {
      const { time, send, raw, sent } = bench({ ...options, seed });
      for (const number of counted(300)) {
        send(number);
        time.advance(MS);
      }
      time.advance(1000n * MS);
      return { raw, times: sent.map(({ atNs }) => atNs) };
    };
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        expect(run(seed)).toEqual(run(seed));
        expect(run(seed).raw).not.toEqual(run(seed + 1).raw);
      }),
      { numRuns: 10 },
    );
  });

  it("leaves the fate of frames alone when another one is made more likely", () => {
    const losses = (duplicate: number) => {
      const { time, send, sent } = bench({ loss: 0.3, duplicate });
      for (const number of counted(300)) send(number);
      time.advance(1n);
      return new Set(numbers(sent));
    };
    expect(losses(0.5)).toEqual(losses(0));
  });

  it("serves an image in virtual time", () => {
    const code = `(local $n i32)
      (loop $more
        (local.set $n (call $net_receive (i32.const 0) (i32.const 4096) (i32.const 2000)))
        (if (i32.gt_s (local.get $n) (i32.const 0)) (then
          (drop (call $net_send (i32.const 0) (i32.const 4096) (local.get $n)))
          (br $more))))`;
    const { time, wire, link, sent } = bench({ loss: 0.2, delayNs: 5e6 });
    const host = new VirtualHost(image(step(code), EVERYTHING), { time, net: { net0: link } });
    for (const number of counted(500)) wire.inject(frame(HERE, THERE, number));
    host.advance(5n * MS - 1n);
    expect(sent).toEqual([]);
    host.advance(100n * MS);
    const { in: inbound, out } = link.impaired;
    expect(inbound.lost).toBeGreaterThan(50);
    expect(out.lost).toBeGreaterThan(30);
    expect(sent.length).toBe(500 - inbound.lost - out.lost);
    expect(new Set(sent.map(({ atNs }) => atNs))).toEqual(new Set([10n * MS]));
  });

  it("makes up a seed, and says so", () => {
    const wire = new VirtualLink(new VirtualTime());
    const link = impair(wire, {});
    expect(link.notices).toEqual([`impaired with seed=${link.seed}, which repeats it`]);
    expect(impair(wire, { seed: 4 }).notices).toEqual([]);
  });

  it("ends with its link, after what is on its way", async () => {
    const { time, wire, link, guest } = bench({ delayNs: 10e6 });
    wire.inject(frame(HERE, THERE, 1));
    time.settle();
    wire.unplug();
    time.settle();
    expect(link.gone).toBe(false);
    time.advance(10n * MS);
    expect(guest.drain().map(numberOf)).toEqual([1]);
    expect(link.gone).toBe(true);
  });

  it("delivers what was sent before it is closed", async () => {
    const { time, wire, link, send } = bench({ delayNs: 10e6, reorder: 0.5 });
    for (const number of counted(10)) send(number);
    time.advance(10n * MS);
    for (const number of counted(10)) send(number);
    expect(wire.counters.sentFrames).toBeLessThan(11);
    await Promise.all([link.close(), link.close()]);
    expect(wire.counters.sentFrames).toBe(20);
    expect(link.gone).toBe(true);
  });
});
