import { expect, test } from "vitest";
import { SeededEntropy } from "../entropy.js";
import { ByteRing } from "./ring.js";

const CAPACITY = 1_048_576;

test("bytes come out as they went in, in whatever pieces", () => {
  const seed = 11;
  const random = new SeededEntropy(seed);
  const writer = new ByteRing();
  const reader = new ByteRing(writer.shared);
  let sent = 0;
  let received = 0;
  while (received < 8 * CAPACITY) {
    const chunk = new Uint8Array(Number(random.next() % 300_000n));
    for (let at = 0; at < chunk.length; at++) chunk[at] = (sent + at) % 251;
    sent += writer.write(chunk);
    const waiting = reader.peek();
    const taken = Math.min(waiting.length, Number(random.next() % 300_000n));
    for (let at = 0; at < taken; at += 997) {
      if (waiting[at] !== (received + at) % 251) expect.fail(`byte ${received + at}, seed ${seed}`);
    }
    reader.consume(taken);
    received += taken;
    expect(sent - received).toBeLessThanOrEqual(CAPACITY);
  }
});

test("a full ring refuses, and the reader learns that somebody waits", () => {
  const writer = new ByteRing();
  const reader = new ByteRing(writer.shared);
  expect(writer.write(new Uint8Array(CAPACITY + 1))).toBe(CAPACITY);
  expect(reader.consume(10)).toBe(false);
  expect(writer.write(new Uint8Array(100))).toBe(10);
  expect(writer.write(new Uint8Array(1))).toBe(0);
  expect(reader.consume(1)).toBe(true);
  expect(reader.consume(1)).toBe(false);
});

test("the reader is told once for each look", () => {
  const writer = new ByteRing();
  const reader = new ByteRing(writer.shared);
  expect([writer.tell(), writer.tell()]).toEqual([true, false]);
  reader.look();
  expect([writer.tell(), writer.tell()]).toEqual([true, false]);
});

test("the end comes after the last byte", () => {
  const writer = new ByteRing();
  const reader = new ByteRing(writer.shared);
  writer.write(new Uint8Array(3));
  writer.close();
  expect(reader.ended).toBe(false);
  reader.consume(3);
  expect(reader.ended).toBe(true);
});
