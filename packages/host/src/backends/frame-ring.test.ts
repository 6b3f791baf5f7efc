import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameRing } from "./frame-ring.js";

describe("FrameRing", () => {
  it("behaves like a list of frames with a bound", () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 9000 }) },
      { weight: 2, arbitrary: fc.constant(0) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const bound = 20_000;
        const ring = new FrameRing(bound);
        const model: Uint8Array[] = [];
        const into = new Uint8Array(9000);
        for (const [i, bytes] of steps.entries()) {
          if (bytes === 0) {
            const expected = model.shift();
            const got = ring.take(into);
            expect(Buffer.compare(into.subarray(0, got), expected ?? new Uint8Array(0))).toBe(0);
          } else {
            const frame = new Uint8Array(bytes).map((_, at) => (at * 13 + i) & 0xff);
            const room = model.reduce((sum, f) => sum + f.length + 4, 0) + bytes + 4 <= bound;
            expect(ring.push(frame)).toBe(room);
            if (room) model.push(frame);
          }
          expect(ring.frames).toBe(model.length);
          expect(ring.peek()).toBe(model[0]?.length ?? 0);
          expect(ring.bytes).toBeLessThanOrEqual(bound);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("gives a large buffer back when it runs dry, or when told to", () => {
    const frame = new Uint8Array(60_000);
    const into = new Uint8Array(60_000);
    for (const [kept, after] of [
      [undefined, false],
      [1 << 20, true],
    ] as const) {
      const ring = new FrameRing(1 << 20, kept);
      expect(ring.oversized).toBe(false);
      for (let count = 0; count < 4; count++) ring.push(frame);
      expect(ring.oversized).toBe(true);
      ring.trim();
      expect(ring.frames).toBe(4);
      while (ring.take(into) > 0);
      expect(ring.oversized).toBe(after);
      ring.trim();
      expect(ring.oversized).toBe(false);
    }
  });
});
