import { Random } from "@phantasm/interfaces";

/**
 * SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): good enough
 * to repeat an experiment, and useless for secrets.
 */
export class RepeatableRandom implements Random {
  private state: u64;

  /** @param seed the same seed gives the same numbers */
  constructor(seed: i32) {
    this.state = <u64>seed;
  }

  u64(): u64 {
    this.state += 0x9e3779b97f4a7c15;
    let mixed = this.state;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
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
    for (let i = 0; i < length; i++) bytes[offset + i] = <u8>(this.u64() >> 56);
  }
}
