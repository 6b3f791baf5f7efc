/** Numbers that follow from a seed: xorshift64* (Vigna 2016). */
export class Draw {
  private state: u64;

  constructor(seed: u32) {
    this.state = (<u64>seed + 1) * 0x9e3779b97f4a7c15;
    this.next();
    this.next();
  }

  private next(): u32 {
    let state = this.state;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    this.state = state;
    return <u32>((state * 0x2545f4914f6cdd1d) >> 32);
  }

  below(bound: u32): u32 {
    return <u32>((<u64>this.next() * bound) >> 32);
  }

  /** From `least` to `most`, both included. */
  between(least: i64, most: i64): i64 {
    const span = <u64>(most - least) + 1;
    return least + <i64>((((<u64>this.next()) << 32) | this.next()) % span);
  }

  /** True in so many of a million cases. */
  happens(millionths: u32): bool {
    return millionths > 0 && this.below(1_000_000) < millionths;
  }
}
