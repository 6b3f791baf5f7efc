import { Random } from "@phantasm/interfaces";

/** Numbers that look random and are the same in every run (xorshift64*, Vigna 2016). */
@final
export class TestRandom implements Random {
  constructor(private state: u64 = 1) {}

  u64(): u64 {
    this.state ^= this.state >> 12;
    this.state ^= this.state << 25;
    this.state ^= this.state >> 27;
    return this.state * 0x2545_f491_4f6c_dd1d;
  }

  u32(): u32 {
    return <u32>(this.u64() >> 32);
  }

  below(bound: u32): u32 {
    return <u32>((<u64>this.u32() * <u64>bound) >> 32);
  }

  f64(): f64 {
    return <f64>(this.u64() >> 11) / 9007199254740992.0;
  }

  fill(bytes: Uint8Array, offset: i32, length: i32): void {
    for (let at = 0; at < length; at++) bytes[offset + at] = <u8>this.u32();
  }
}
