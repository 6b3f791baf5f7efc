import { entropy } from "@phantasm/abi";
import { Random } from "@phantasm/interfaces";
import { copyCount } from "@phantasm/runtime";
import { CHACHA20_BLOCK_BYTES, CHACHA20_KEY_BYTES, chacha20 } from "./chacha20";

const POOL_BLOCKS: i32 = 12;
const POOL_BYTES: i32 = POOL_BLOCKS * CHACHA20_BLOCK_BYTES;

/** After this much output, fresh entropy is mixed in. */
const RESEED_BYTES: i32 = 1 << 20;

/** 2^-53 */
const UNIT: f64 = 1.0 / 9007199254740992.0;

/**
 * ChaCha20 with fast key erasure (D. J. Bernstein, "Fast-key-erasure random-number generators", 2017):
 * each pool of key stream begins with the key of the next pool, and everything is erased when it is
 * handed out. So memory seen later does not tell what was drawn earlier.
 */
export class ChaChaRandom implements Random {
  private readonly key: StaticArray<u8> = new StaticArray<u8>(CHACHA20_KEY_BYTES);
  private readonly pool: StaticArray<u8> = new StaticArray<u8>(POOL_BYTES);
  /** Bytes of the pool that are used up. */
  private used: i32 = POOL_BYTES;
  /** Bytes until the next reseed; at 0 before the first output. */
  private remaining: i32 = 0;
  private copies: u32 = copyCount();

  u32(): u32 {
    const at = this.take(4);
    const value = load<u32>(at);
    store<u32>(at, 0);
    return value;
  }

  u64(): u64 {
    const at = this.take(8);
    const value = load<u64>(at);
    store<u64>(at, 0);
    return value;
  }

  below(bound: u32): u32 {
    assert(bound > 0, "random: below(0)");
    // D. Lemire, "Fast random integer generation in an interval", 2019: the upper half of a product is
    // the result; the products whose lower half is among the first 2^32 mod bound are the bias.
    let product = <u64>this.u32() * <u64>bound;
    if (<u32>product < bound) {
      const bias: u32 = (0 - bound) % bound;
      while (<u32>product < bias) product = <u64>this.u32() * <u64>bound;
    }
    return <u32>(product >> 32);
  }

  f64(): f64 {
    return <f64>(this.u64() >> 11) * UNIT;
  }

  fill(bytes: Uint8Array, offset: i32, length: i32): void {
    assert(
      offset >= 0 && length >= 0 && offset <= bytes.length - length,
      "random: fill beyond the array",
    );
    let to = bytes.dataStart + offset;
    while (length > 0) {
      const from = this.take(1);
      const count = min(length, POOL_BYTES - this.used + 1);
      memory.copy(to, from, count);
      memory.fill(from, 0, count);
      this.used += count - 1;
      to += count;
      length -= count;
    }
  }

  /** Address of the next `length` bytes, which the caller erases. What is too short for it is skipped. */
  private take(length: i32): usize {
    if (copyCount() != this.copies) {
      // A fork has the same key: nothing of it may be used.
      this.copies = copyCount();
      this.remaining = 0;
      this.refill();
    } else if (length > POOL_BYTES - this.used) {
      this.refill();
    }
    const at = changetype<usize>(this.pool) + this.used;
    this.used += length;
    return at;
  }

  private refill(): void {
    const key = changetype<usize>(this.key);
    const pool = changetype<usize>(this.pool);
    if (this.remaining <= 0) {
      entropy(pool, CHACHA20_KEY_BYTES);
      for (let i = 0; i < CHACHA20_KEY_BYTES; i += 8)
        store<u64>(key + i, load<u64>(key + i) ^ load<u64>(pool + i));
      this.remaining = RESEED_BYTES;
    }
    chacha20(key, 0, 0, 0, 0, pool, POOL_BLOCKS);
    memory.copy(key, pool, CHACHA20_KEY_BYTES);
    memory.fill(pool, 0, CHACHA20_KEY_BYTES);
    this.used = CHACHA20_KEY_BYTES;
    this.remaining -= POOL_BYTES - CHACHA20_KEY_BYTES;
  }
}
