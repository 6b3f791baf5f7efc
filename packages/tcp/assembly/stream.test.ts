import { describe, expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { BLOCK_BYTES, BlockPool } from "./blocks";
import * as stream from "./stream";

/** The slow obvious model: every byte that was ever written. Numbers wrap in its middle. */
const BYTES: i32 = 400_000;
const FIRST: u32 = 0xffffffff - 200_000;
const model = new StaticArray<u8>(BYTES);
/** Bytes that stay, and right behind them bytes that change after every write. */
const STAYING: i32 = 40_000;
const CHANGING: i32 = 20_000;
const source = new Uint8Array(STAYING + CHANGING);
const target = new Uint8Array(BYTES);

let random = new TestRandom(1);

function below(bound: i32): i32 {
  return <i32>random.below(<u32>bound);
}

/** Where it was first wrong; -1 nowhere. */
function compare(first: usize, from: i32, bytes: i32): i32 {
  stream.read(first, FIRST + from, target.dataStart, bytes);
  for (let i = 0; i < bytes; i++) if (target[i] != model[from + i]) return from + i;
  return -1;
}

/** Random work, and the same on the model. Says what went wrong. */
function work(seed: u32, steps: i32): string {
  random = new TestRandom(seed);
  random.fill(source, 0, source.length);
  const pool = new BlockPool(64);
  let first: usize = 0;
  let front = 0;
  let end = 0;
  for (let step = 0; step < steps; step++) {
    const kind = below(4);
    if (kind < 2) {
      const stays = kind == 0;
      const at = stays ? below(STAYING) : STAYING;
      // To the end of those that stay, so that others lie behind them in memory as in the stream.
      let bytes = stays ? STAYING - at : 1 + below(6_000);
      if (stays && below(3) == 0) bytes = 1 + below(bytes);
      if (end + bytes > BYTES) break;
      first = stream.write(pool, first, FIRST + end, source.dataStart + at, bytes, 0, stays);
      for (let i = 0; i < pool.written; i++) model[end + i] = source[at + i];
      end += pool.written;
      if (!stays) random.fill(source, STAYING, bytes);
    } else if (kind == 2) {
      front += below(end - front + 1);
      first = stream.dropBefore(pool, first, FIRST + front);
    } else if (end > front) {
      const from = front + below(end - front);
      const wrong = compare(first, from, 1 + below(end - from));
      if (wrong >= 0) return `byte ${wrong} in step ${step}`;
    }
  }
  if (compare(first, front, end - front) >= 0) return "at the end";
  stream.clear(pool, first);
  if (pool.used != 0) return "a block is lost";
  return end > 250_000 ? "fine" : `only ${end} bytes`;
}

describe("a stream", () => {
  test("gives what was written, copied or not", () => {
    for (let seed: u32 = 1; seed <= 8; seed++)
      expect(`seed ${seed}: ${work(seed, 400)}`).toBe(`seed ${seed}: fine`);
  });

  test("refers to what stays, but for what shares a block with others", () => {
    const pool = new BlockPool(16);
    const at = source.dataStart;
    let first = stream.write(pool, 0, 10, at, 20_000, 0, true);
    expect(stream.addressOf(first, 10) == at).toBe(false);
    expect(stream.addressOf(first, BLOCK_BYTES) == at + BLOCK_BYTES - 10).toBe(true);
    expect(stream.addressOf(first, 20_000) == at + 19_990).toBe(true);
    first = stream.write(pool, first, 20_010, at, 1, 0, false);
    expect(stream.addressOf(first, 20_000) == at + 19_990).toBe(false);
    expect(load<u8>(stream.addressOf(first, 20_009))).toBe(source[19_999]);
    expect(load<u8>(stream.addressOf(first, 20_010))).toBe(source[0]);
    stream.clear(pool, first);
  });
});
