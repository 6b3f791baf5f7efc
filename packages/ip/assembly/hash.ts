/**
 * The hash of tables whose keys come from the network: nobody who does not know the secret can choose keys that
 * fall together. Two multiplications to 128 bits, of which both halves are used (the construction of wyhash).
 */
import { Random } from "@phantasm/interfaces";

/** Upper and lower half of the product, one over the other. */
function mix(a: u64, b: u64): u64 {
  const aHigh = a >> 32;
  const aLow = a & 0xffff_ffff;
  const bHigh = b >> 32;
  const bLow = b & 0xffff_ffff;
  const cross1 = aHigh * bLow + ((aLow * bLow) >> 32);
  const cross2 = aLow * bHigh + (cross1 & 0xffff_ffff);
  return (aHigh * bHigh + (cross1 >> 32) + (cross2 >> 32)) ^ (a * b);
}


@final
export class KeyedHash {
  private readonly first: u64;
  private readonly second: u64;

  constructor(random: Random) {
    this.first = random.u64();
    this.second = random.u64() | 1;
  }

  /** 32 bits that depend on all of both. */
  of(a: u64, b: u64): u32 {
    const value = mix(mix(a ^ this.first, b ^ this.second) ^ this.second, this.first | 1);
    return <u32>(value ^ (value >> 32));
  }
}
