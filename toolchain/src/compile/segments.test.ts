import fc from "fast-check";
import { expect, test } from "vitest";
import { dataSegments } from "./segments.js";

function restored(memory: Uint8Array): Uint8Array {
  const copy = new Uint8Array(memory.length);
  for (const { offset, data } of dataSegments(memory)) copy.set(data, offset);
  return copy;
}

/** Bytes that a data section takes for these segments. */
function sectionBytes(segments: readonly { offset: number; data: Uint8Array }[]): number {
  const unsigned = (value: number): number => (value < 128 ? 1 : value < 16_384 ? 2 : 3);
  const signed = (value: number): number => (value < 64 ? 1 : value < 8192 ? 2 : 3);
  return segments.reduce(
    (sum, { offset, data }) => sum + 3 + signed(offset) + unsigned(data.length) + data.length,
    0,
  );
}

test("memory that is all zero needs no segment", () => {
  expect(dataSegments(new Uint8Array(65_536))).toEqual([]);
});

test("bytes at both ends of memory are kept", () => {
  const memory = new Uint8Array(65_536);
  memory[0] = 1;
  memory[65_535] = 2;
  expect(dataSegments(memory)).toEqual([
    { offset: 0, data: Uint8Array.of(1) },
    { offset: 65_535, data: Uint8Array.of(2) },
  ]);
});

test("no segment begins or ends with a zero, and what they leave out is zero", () => {
  const runs = fc.array(fc.tuple(fc.nat(20), fc.uint8Array({ maxLength: 20 })), { maxLength: 40 });
  fc.assert(
    fc.property(runs, (parts) => {
      const memory = new Uint8Array(2048);
      let at = 0;
      for (const [zeros, bytes] of parts) {
        memory.set(bytes, at + zeros);
        at += zeros + bytes.length;
      }
      expect(Buffer.compare(restored(memory), memory)).toBe(0);
      for (const { data } of dataSegments(memory)) {
        expect(data[0]).not.toBe(0);
        expect(data.at(-1)).not.toBe(0);
      }
    }),
  );
});

test.for([5, 6, 7, 8, 20])("a run of %i zeros is written where that is shorter", (zeros) => {
  const memory = new Uint8Array(16_384);
  for (const at of [100, 10_000]) {
    memory.fill(1, at, at + 3);
    memory.fill(2, at + 3 + zeros, at + 6 + zeros);
  }
  const chosen = dataSegments(memory);
  const split = [100, 10_000].flatMap((at) => [
    { offset: at, data: new Uint8Array(3) },
    { offset: at + 3 + zeros, data: new Uint8Array(3) },
  ]);
  const joined = [100, 10_000].map((at) => ({ offset: at, data: new Uint8Array(6 + zeros) }));
  expect(sectionBytes(chosen)).toBeLessThanOrEqual(
    Math.min(sectionBytes(split), sectionBytes(joined)),
  );
});

test("there are at most a thousand, although some zeros are then written", () => {
  const memory = new Uint8Array(1 << 20);
  for (let at = 0; at < memory.length; at += 64) memory[at] = 1;
  const segments = dataSegments(memory);
  expect(segments.length).toBeLessThanOrEqual(1024);
  expect(Buffer.compare(restored(memory), memory)).toBe(0);
});
