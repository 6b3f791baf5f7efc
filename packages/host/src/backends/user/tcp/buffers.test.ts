/** The two buffers of a connection, against plain arrays. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OUT_OF_ORDER_BYTES_MAX, OUT_OF_ORDER_SEGMENTS_MAX, Reassembly } from "./reassembly.js";
import { RoundTrip, RTO_FIRST_MS, RTO_MAX_MS, RTO_MIN_MS } from "./round-trip.js";
import { SendQueue } from "./send-queue.js";
import { advance, difference } from "./sequence.js";

/** `count` bytes that continue a sequence of bytes. */
const run = (from: number, count: number): Uint8Array =>
  Uint8Array.from({ length: count }, (_, at) => (from + at) & 0xff);

describe("what waits for the guest", () => {
  it("is read anywhere, in any order, while it comes and goes", () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ drop: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.record({ copy: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(100)) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new SendQueue();
        let front = 0;
        let bytes = 0;
        for (const one of steps) {
          if ("push" in one) {
            queue.push(run(front + bytes, one.push));
            bytes += one.push;
          } else if ("drop" in one) {
            const count = Math.floor(one.drop * bytes);
            queue.drop(count);
            front += count;
            bytes -= count;
          } else {
            const position = Math.floor(one.copy[0] * bytes);
            const count = Math.min(one.copy[1], bytes - position);
            const into = new Uint8Array(count + 4);
            queue.copy(position, into, 2, count);
            expect(into.subarray(2, 2 + count)).toEqual(run(front + position, count));
          }
          expect(queue.bytes).toBe(bytes);
        }
      }),
    );
  });

  it("forgets pieces that are done with", () => {
    const queue = new SendQueue();
    for (let at = 0; at < 10_000; at++) {
      queue.push(run(at, 1));
      if (at >= 10) queue.drop(1);
      expect(queue.pieces).toBeLessThanOrEqual(11);
    }
    const into = new Uint8Array(10);
    queue.copy(0, into, 0, 10);
    expect(into).toEqual(run(9_990, 10));
  });
});

describe("segments that came before their turn", () => {
  it("are given in order, each byte once, across the wrap of sequence numbers", () => {
    const pieces = fc.array(fc.tuple(fc.nat(100), fc.integer({ min: 1, max: 30 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(pieces, (list) => {
        const first = 0xffff_ffd0;
        const buffer = new Reassembly();
        const there = new Set<number>();
        for (const [at, count] of list) {
          expect(buffer.add(advance(first, at), run(at, count))).toBe(true);
          for (let byte = at; byte < at + count; byte++) there.add(byte);
        }
        let next = 0;
        for (;;) {
          const data = buffer.take(advance(first, next));
          if (data === null) break;
          expect(data).toEqual(run(next, data.length));
          next += data.length;
        }
        let expected = 0;
        while (there.has(expected)) expected++;
        expect(next).toBe(expected);
      }),
    );
  });

  it("are bounded in number and in bytes", () => {
    const many = new Reassembly();
    for (let at = 0; at < OUT_OF_ORDER_SEGMENTS_MAX; at++) {
      expect(many.add(at * 2, run(0, 1))).toBe(true);
    }
    expect(many.add(1_000, run(0, 1))).toBe(false);
    const large = new Reassembly();
    expect(large.add(1, new Uint8Array(OUT_OF_ORDER_BYTES_MAX))).toBe(true);
    expect(large.add(OUT_OF_ORDER_BYTES_MAX + 1, run(0, 1))).toBe(false);
    large.clear();
    expect(large.bytes).toBe(0);
  });
});

describe("sequence numbers", () => {
  it("wrap", () => {
    expect(advance(0xffff_ffff, 2)).toBe(1);
    expect(difference(1, 0xffff_ffff)).toBe(2);
    expect(difference(0xffff_ffff, 1)).toBe(-2);
  });
});

describe("how long an acknowledgement may take", () => {
  it("is a second before anything was measured, then what RFC 6298 says, within bounds", () => {
    const time = new RoundTrip();
    expect(time.rtoMs).toBe(RTO_FIRST_MS);
    time.measured(100);
    expect(time.rtoMs).toBe(300);
    time.measured(100);
    expect(time.rtoMs).toBe(250);
    for (let at = 0; at < 50; at++) time.measured(0.1);
    expect(time.rtoMs).toBe(RTO_MIN_MS);
  });

  it("doubles while nothing comes, up to a minute", () => {
    const time = new RoundTrip();
    time.measured(0.1);
    const waits = Array.from({ length: 12 }, () => {
      time.backOff();
      return time.rtoMs;
    });
    expect(waits.slice(0, 4)).toEqual([400, 800, 1_600, 3_200]);
    expect(waits.at(-1)).toBe(RTO_MAX_MS);
    time.settle();
    expect(time.rtoMs).toBe(RTO_MIN_MS);
  });
});
