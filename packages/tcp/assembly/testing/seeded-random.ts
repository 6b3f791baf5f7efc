import { Random } from "@phantasm/interfaces";

/** The same numbers for the same seed. */
export class SeededRandom implements Random {
  constructor(private state: u64 = 0x9e3779b97f4a7c15) {}

  u64(): u64 {
    // xorshift64* (Vigna 2016).
    this.state ^= this.state >> 12;
    this.state ^= this.state << 25;
    this.state ^= this.state >> 27;
    return this.state * 0x2545f4914f6cdd1d;
  }

  u32(): u32 {
    return <u32>(this.u64() >> 32);
  }

  below(bound: u32): u32 {
    return this.u32() % bound;
  }

  f64(): f64 {
    return <f64>(this.u64() >> 11) / 9007199254740992.0;
  }

  fill(bytes: Uint8Array, offset: i32, length: i32): void {
    for (let i = 0; i < length; i++) bytes[offset + i] = <u8>this.u32();
  }
}
