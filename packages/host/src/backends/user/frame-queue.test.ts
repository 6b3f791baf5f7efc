/** The queue of small and large frames, against a list of frames; and the slabs that large ones lie in. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameQueue, LARGE_BYTES_MIN } from "./frame-queue.js";
import { SlabPool } from "./slab.js";

const BOUND = 300_000;
const LENGTHS = fc.oneof(
  fc.integer({ min: 1, max: 2_000 }),
  fc.constantFrom(LARGE_BYTES_MIN - 1, LARGE_BYTES_MIN),
  fc.integer({ min: LARGE_BYTES_MIN, max: 65_550 }),
);
const STEP = fc.oneof(
  fc.record({ put: fc.constantFrom("push", "offer"), length: LENGTHS }),
  fc.constantFrom("take", "exchange", "exchange", "drop"),
  { weight: 1, arbitrary: fc.constant("clear") },
);

/** No two of a test are the same. */
function frame(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(seed);
  bytes[length - 1] = length;
  return bytes;
}

const same = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

describe("FrameQueue", () => {
  it("behaves like a list of frames with a bound, whichever way they come and go", () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 60 }), (steps) => {
        const pool = new SlabPool();
        const queue = new FrameQueue(BOUND, pool);
        const model: Uint8Array[] = [];
        let maker = pool.take();
        let reader = pool.take();
        const into = new Uint8Array(65_550);
        for (const [at, step] of steps.entries()) {
          if (typeof step === "object") {
            const bytes = frame(step.length, at);
            const used = model.reduce((sum, { length }) => sum + length + 4, 0);
            const fits = used + bytes.length + 4 <= BOUND;
            if (step.put === "push") {
              expect(queue.push(bytes)).toBe(fits);
            } else {
              maker.bytes.set(bytes);
              const next = queue.offer(maker, bytes.length);
              expect(next !== null).toBe(fits);
              maker = next ?? maker;
            }
            if (fits) model.push(bytes);
          } else if (step === "take") {
            const expected = model.shift() ?? new Uint8Array(0);
            const length = queue.take(into);
            expect(same(into.subarray(0, length), expected)).toBe(true);
          } else if (step === "exchange") {
            const expected = model.shift();
            const slab = queue.exchange(reader);
            expect(slab === null).toBe(expected === undefined);
            if (slab === null || expected === undefined) continue;
            reader = slab;
            expect(same(slab.bytes.subarray(0, slab.length), expected)).toBe(true);
          } else if (step === "drop") {
            model.shift();
            queue.drop();
          } else {
            model.length = 0;
            queue.clear();
          }
          expect(queue.frames).toBe(model.length);
          expect(queue.peek()).toBe(model[0]?.length ?? 0);
          expect(queue.bytes).toBe(model.reduce((sum, { length }) => sum + length + 4, 0));
          expect(maker === reader).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("hands over a large frame as it is, and copies a small one", () => {
    const pool = new SlabPool();
    const queue = new FrameQueue(BOUND, pool);
    const [made, read] = [pool.take(), pool.take()];
    expect(queue.offer(made, 100)).toBe(made);
    const next = queue.offer(made, LARGE_BYTES_MIN);
    expect(next).not.toBe(made);
    expect(queue.exchange(read)).toBe(read);
    expect(queue.exchange(read)).toBe(made);
    // The reader's own has taken the place of the one that it got.
    expect(pool.take()).toBe(read);
  });

  it("gives the slabs back that it forgets", () => {
    const pool = new SlabPool();
    const queue = new FrameQueue(BOUND, pool);
    for (let count = 0; count < 4; count++) queue.push(new Uint8Array(LARGE_BYTES_MIN));
    queue.drop();
    expect(pool.size).toBe(1);
    queue.clear();
    expect(pool.size).toBe(4);
    expect(queue.bytes).toBe(0);
  });
});

describe("the pool of slabs", () => {
  it("uses again what was given back, which nobody keeps any more", () => {
    const pool = new SlabPool();
    const slab = pool.take();
    slab.kept = true;
    expect(pool.take()).not.toBe(slab);
    pool.give(slab);
    expect(pool.take()).toBe(slab);
    expect(slab.kept).toBe(false);
  });

  it("keeps a bounded number, and none when it is told to forget them", () => {
    const pool = new SlabPool();
    const many = Array.from({ length: 100 }, () => pool.take());
    for (const slab of many) pool.give(slab);
    expect(pool.size).toBe(32);
    pool.clear();
    expect(pool.size).toBe(0);
    expect(many).not.toContain(pool.take());
  });
});
