import { Event } from "@phantasm/abi";
import { describe, expect, expectAbort, test } from "@phantasm/testing";
import { enter } from "@phantasm/runtime";
import { CHACHA20_KEY_BYTES, chacha20 } from "./chacha20";
import { ChaChaRandom } from "./random";

function draw(random: ChaChaRandom, length: i32): Uint8Array {
  const bytes = new Uint8Array(length);
  random.fill(bytes, 0, length);
  return bytes;
}

/** True if two arrays share eight bytes at the same place, which chance does not do. */
function related(a: Uint8Array, b: Uint8Array): bool {
  for (let i = 0; i + 8 <= a.length; i++)
    if (load<u64>(a.dataStart + i) == load<u64>(b.dataStart + i)) return true;
  return false;
}

describe("the stream", () => {
  test("never shows the key of the next pool", () => {
    const random = new ChaChaRandom();
    const first = draw(random, 736);
    const second = draw(random, 736);
    const pool = new Uint8Array(768);
    chacha20(first.dataStart, 0, 0, 0, 0, pool.dataStart, 12);
    expect(related(second, pool.subarray(CHACHA20_KEY_BYTES))).toBe(false);
    expect(related(first, second)).toBe(false);
  });

  test("has no holes where pools meet", () => {
    const whole = draw(new ChaChaRandom(), 3000);
    for (let i = 0; i + 8 <= whole.length; i++) expect(load<u64>(whole.dataStart + i)).not.toBe(0);
  });

  test("fills only what it is asked to", () => {
    const bytes = new Uint8Array(64);
    new ChaChaRandom().fill(bytes, 16, 32);
    for (let i = 0; i < 16; i++) {
      expect(bytes[i]).toBe(0);
      expect(bytes[48 + i]).toBe(0);
    }
    expect(load<u64>(bytes.dataStart + 16)).not.toBe(0);
    expect(load<u64>(bytes.dataStart + 40)).not.toBe(0);
    expectAbort(() => {
      new ChaChaRandom().fill(new Uint8Array(4), 1, 4);
    }, "beyond the array");
  });

  test("of two generators differ", () => {
    expect(related(draw(new ChaChaRandom(), 64), draw(new ChaChaRandom(), 64))).toBe(false);
  });
});

describe("a copy of the state", () => {
  test("draws other numbers, also from what was in the pool already", () => {
    const random = new ChaChaRandom();
    random.u32();
    // What a copy without COPY would draw next lies in this very instance, so it is drawn here first.
    const saved = new Uint8Array(offsetof<ChaChaRandom>());
    memory.copy(saved.dataStart, changetype<usize>(random), saved.length);
    const pool = load<usize>(changetype<usize>(random), offsetof<ChaChaRandom>("pool"));
    const key = load<usize>(changetype<usize>(random), offsetof<ChaChaRandom>("key"));
    const savedPool = new Uint8Array(768);
    const savedKey = new Uint8Array(32);
    memory.copy(savedPool.dataStart, pool, 768);
    memory.copy(savedKey.dataStart, key, 32);
    const original = draw(random, 2000);

    memory.copy(changetype<usize>(random), saved.dataStart, saved.length);
    memory.copy(pool, savedPool.dataStart, 768);
    memory.copy(key, savedKey.dataStart, 32);
    enter(1, 0);
    expect(related(draw(random, 2000), original)).toBe(true);

    memory.copy(changetype<usize>(random), saved.dataStart, saved.length);
    memory.copy(pool, savedPool.dataStart, 768);
    memory.copy(key, savedKey.dataStart, 32);
    enter(2, Event.COPY);
    expect(related(draw(random, 2000), original)).toBe(false);
  });
});

describe("what was drawn", () => {
  test("is erased from memory", () => {
    const random = new ChaChaRandom();
    const bytes = draw(random, 100);
    const words = random.u64();
    const pool = load<usize>(changetype<usize>(random), offsetof<ChaChaRandom>("pool"));
    for (let i = 0; i < 768 - 8; i++) {
      expect(load<u64>(pool + i)).not.toBe(words);
      expect(load<u64>(pool + i)).not.toBe(load<u64>(bytes.dataStart + 40));
    }
    for (let i = 0; i < 32 + 100 + 8; i++) expect(load<u8>(pool + i)).toBe(0);
  });
});

describe("below", () => {
  test("stays below, and reaches every number", () => {
    const random = new ChaChaRandom();
    const seen = new Array<i32>(6);
    for (let i = 0; i < 6000; i++) seen[random.below(6)]++;
    for (let i = 0; i < 6; i++) {
      expect(seen[i]).toBeGreaterThan(850);
      expect(seen[i]).toBeLessThan(1150);
    }
    for (let i = 0; i < 100; i++) expect(random.below(1)).toBe(0);
  });

  test("has no bias where a remainder would: three quarters of the whole range", () => {
    const random = new ChaChaRandom();
    const bound: u32 = 0xc000_0000;
    let low = 0;
    for (let i = 0; i < 6000; i++) if (random.below(bound) < 0x4000_0000) low++;
    // A remainder of 2^32 would give every second number here instead of every third.
    expect(low).toBeGreaterThan(1800);
    expect(low).toBeLessThan(2200);
  });

  test("of nothing is a mistake", () => {
    expectAbort(() => {
      new ChaChaRandom().below(0);
    }, "below(0)");
  });
});

test("f64 lies in [0, 1) and spreads", () => {
  const random = new ChaChaRandom();
  let sum: f64 = 0;
  for (let i = 0; i < 4000; i++) {
    const value = random.f64();
    expect(value >= 0 && value < 1).toBe(true);
    sum += value;
  }
  expect(sum / 4000).toBeGreaterThan(0.47);
  expect(sum / 4000).toBeLessThan(0.53);
});
