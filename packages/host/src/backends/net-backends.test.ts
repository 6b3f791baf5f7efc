/** What every link promises, checked against every link. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Limit, NetFeature } from "@phantasm/abi";
import { loopback, loopbackPair } from "./loopback.js";
import { isUnicastMac } from "./mac.js";
import { capture } from "./pcap.js";
import { openSwitch } from "./switch/client.js";
import { frame, numberOf, Station, turn, until } from "./testing/frames.js";
import type { NetBackend } from "./types.js";

const ALL_OFFLOADS =
  NetFeature.CHECKSUM_RECEIVE |
  NetFeature.CHECKSUM_SEND |
  NetFeature.SEGMENT_RECEIVE |
  NetFeature.SEGMENT_SEND;

interface Kind {
  readonly name: string;
  /** True: nothing is ever lost, a full queue answers "no room". */
  readonly lossless: boolean;
  connect(directory: string): Promise<[NetBackend, NetBackend]>;
}

const KINDS: readonly Kind[] = [
  { name: "loopback pair", lossless: true, connect: async () => loopbackPair() },
  {
    name: "loopback pair with offloads",
    lossless: true,
    connect: async () => loopbackPair({ features: ALL_OFFLOADS }),
  },
  {
    name: "loopback plug",
    lossless: true,
    connect: async () => {
      const plug = loopback();
      return [plug, plug];
    },
  },
  {
    name: "switch",
    lossless: false,
    connect: async (directory) => {
      const path = join(directory, "lan");
      return [await openSwitch(path), await openSwitch(path)];
    },
  },
  {
    name: "captured loopback pair",
    lossless: true,
    connect: async (directory) => {
      const [a, b] = loopbackPair();
      return [await capture(a, join(directory, "a")), await capture(b, join(directory, "b"))];
    },
  },
];

describe.each(KINDS)("$name", ({ lossless, connect }) => {
  let directory: string;
  let a: Station;
  let b: Station;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "phantasm-net-"));
    const [first, second] = await connect(directory);
    a = new Station(first);
    b = first === second ? a : new Station(second);
  });

  afterEach(async () => {
    await a.link.close();
    await b.link.close();
    rmSync(directory, { recursive: true });
  });

  const send = (number: number, payloadBytes?: number): boolean =>
    a.link.send(frame(b.link.mac, a.link.mac, number, payloadBytes));

  it("has an address, an MTU and no frames", () => {
    expect(isUnicastMac(a.link.mac)).toBe(true);
    expect(a.link.mtu).toBe(1500);
    expect(a.take()).toBeNull();
    expect(a.link.gone).toBe(false);
    expect(a.link.counters).toEqual({
      sentFrames: 0,
      sentBytes: 0,
      receivedFrames: 0,
      receivedBytes: 0,
      droppedFrames: 0,
    });
  });

  it("carries the smallest and the largest frame unchanged, with an empty header", async () => {
    for (const payloadBytes of [0, 1, 46, 1499, 1500]) {
      const sent = frame(b.link.mac, a.link.mac, 7, payloadBytes);
      expect(a.link.send(sent)).toBe(true);
      expect(await b.expect(1)).toEqual([sent]);
    }
  });

  it("keeps nothing of the caller's buffers", async () => {
    const sent = frame(b.link.mac, a.link.mac, 1);
    const copy = sent.slice();
    a.link.send(sent);
    sent.fill(0xee);
    expect(await b.expect(1)).toEqual([copy]);
  });

  it("delivers in order, and never while the sender is still in its step", async () => {
    for (let number = 0; number < 64; number++) expect(send(number)).toBe(true);
    expect(b.take()).toBeNull();
    expect((await b.expect(64)).map(numberOf)).toEqual(Array.from({ length: 64 }, (_, i) => i));
  });

  it("wakes the receiver from the event loop, and not without a frame", async () => {
    await turn();
    const before = b.wakes;
    send(1);
    expect(b.wakes).toBe(before);
    await until("a wake-up", () => b.wakes > before);
    expect(b.drain()).toHaveLength(1);
  });

  it("wakes a receiver that attaches after the frame came", async () => {
    send(1);
    await until("the frame", () => b.wakes > 0);
    let woken = false;
    b.link.attach(() => (woken = true));
    await until("a wake-up", () => woken);
  });

  it("counts frames and Ethernet bytes", async () => {
    for (let number = 0; number < 10; number++) send(number, 100);
    await b.expect(10);
    expect(a.link.counters).toMatchObject({ sentFrames: 10, sentBytes: 1140, droppedFrames: 0 });
    expect(b.link.counters).toMatchObject({ receivedFrames: 10, receivedBytes: 1140 });
  });

  it("never queues more than the bound, and recovers", async () => {
    // Twice the frames that fit all queues between the two.
    const total = Math.ceil((4 * 2 * Limit.QUEUE_BYTES_MAX) / 1524);
    let accepted = 0;
    let refused = 0;
    for (let number = 0; number < total; number++) {
      if (send(number, 1500)) accepted++;
      else refused++;
      if (number % 64 === 63) await turn();
    }
    if (lossless) expect(refused).toBeGreaterThan(0);
    const before = a.wakes;
    const got: number[] = [];
    let quietTurns = 0;
    while (quietTurns < 50) {
      const frames = b.drain();
      got.push(...frames.map(numberOf));
      quietTurns = frames.length === 0 ? quietTurns + 1 : 0;
      await turn();
    }
    expect(got).toEqual(got.toSorted((x, y) => x - y));
    expect(got.length).toBeLessThanOrEqual(accepted);
    expect(got.length * 1524).toBeGreaterThan(Limit.QUEUE_BYTES_MAX / 2);
    if (lossless) {
      expect(got).toHaveLength(accepted);
      expect(a.wakes).toBeGreaterThan(before);
    }
    expect(send(0xffff)).toBe(true);
    expect((await b.expect(1)).map(numberOf)).toEqual([0xffff]);
  });

  it("answers no room within the bound when one step sends without end", () => {
    let bytes = 0;
    while (bytes <= 2 * Limit.QUEUE_BYTES_MAX && send(0, 1500)) bytes += 1514;
    expect(bytes).toBeGreaterThan(Limit.QUEUE_BYTES_MAX * 0.9);
    expect(bytes).toBeLessThanOrEqual(Limit.QUEUE_BYTES_MAX);
  });

  it("is gone after close, which may be called twice, and wakes nobody", async () => {
    send(1);
    await Promise.all([a.link.close(), a.link.close()]);
    const { wakes } = a;
    expect(a.link.gone).toBe(true);
    expect(a.take()).toBeNull();
    expect(send(2)).toBe(true);
    await turn();
    expect(a.wakes).toBe(wakes);
  });
});

describe.each(KINDS.filter(({ name }) => name !== "loopback plug"))("$name", ({ connect }) => {
  it("delivers what was accepted before close", async () => {
    const directory = mkdtempSync(join(tmpdir(), "phantasm-net-"));
    const [a, b] = await connect(directory);
    const station = new Station(b);
    for (let number = 0; number < 64; number++) a.send(frame(b.mac, a.mac, number, 1500));
    await a.close();
    expect(await station.expect(64)).toHaveLength(64);
    await b.close();
    rmSync(directory, { recursive: true });
  });
});

describe("loopback", () => {
  it("tells the peer that the link is gone once its frames are taken", async () => {
    const [left, right] = loopbackPair().map((link) => new Station(link)) as [Station, Station];
    left.link.send(frame(right.link.mac, left.link.mac, 1));
    await turn();
    await left.link.close();
    expect(right.link.gone).toBe(false);
    expect(right.drain()).toHaveLength(1);
    expect(right.link.gone).toBe(true);
  });

  it("passes offload headers unchanged between devices that agreed to them", async () => {
    const [left, right] = loopbackPair({ features: ALL_OFFLOADS });
    const a = new Station(left);
    const b = new Station(right);
    const segment = frame(right.mac, left.mac, 5, 64_000);
    segment.set([1, 1, 54, 0, 0xb4, 5, 34, 0, 16, 0]);
    expect(a.link.send(segment)).toBe(true);
    expect(await b.expect(1)).toEqual([segment]);
  });

  it("drops a segment that does not fit the receiver's buffer, and counts it", async () => {
    const [left, right] = loopbackPair({ features: ALL_OFFLOADS });
    const b = new Station(right);
    left.send(frame(right.mac, left.mac, 1, 9000));
    left.send(frame(right.mac, left.mac, 2));
    await turn();
    expect(b.link.receive(new Uint8Array(1524))).toBe(70);
    expect(right.counters.droppedFrames).toBe(1);
  });

  it("delivers when the caller's schedule says so", () => {
    const due: (() => void)[] = [];
    const [left, right] = loopbackPair({ schedule: (deliver) => due.push(deliver) });
    const b = new Station(right);
    left.send(frame(right.mac, left.mac, 1));
    left.send(frame(right.mac, left.mac, 2));
    expect(b.drain()).toHaveLength(0);
    expect(due).toHaveLength(1);
    due.pop()!();
    expect(b.drain().map(numberOf)).toEqual([1, 2]);
  });

  it("refuses an MTU and an address no link can have", () => {
    expect(() => loopback({ mtu: 67 })).toThrow("68 to 65535");
    expect(() => loopback({ mac: Uint8Array.of(1, 0, 0, 0, 0, 1) })).toThrow("one station");
  });
});
