import { Random } from "@phantasm/interfaces";
import { Tuple } from "./tuple";

/**
 * SipHash-2-4 (Aumasson and Bernstein 2012) over whole words: a keyed function whose outputs tell nothing about
 * each other to who does not know the key. For numbers that others see, and tables whose keys others choose.
 */
@final
export class SipHash {
  private readonly key0: u64;
  private readonly key1: u64;
  private v0: u64 = 0;
  private v1: u64 = 0;
  private v2: u64 = 0;
  private v3: u64 = 0;

  constructor(random: Random) {
    this.key0 = random.u64();
    this.key1 = random.u64();
  }

  /** Hashes addresses and ports, and one word more. */
  of(tuple: Tuple, extra: u64): u64 {
    this.v0 = this.key0 ^ 0x736f6d6570736575;
    this.v1 = this.key1 ^ 0x646f72616e646f6d;
    this.v2 = this.key0 ^ 0x6c7967656e657261;
    this.v3 = this.key1 ^ 0x7465646279746573;
    this.word(tuple.localHigh);
    this.word(tuple.localLow);
    this.word(tuple.remoteHigh);
    this.word(tuple.remoteLow);
    this.word(((<u64>tuple.localPort) << 16) | (<u64>tuple.remotePort));
    this.word(extra);
    // The length in bytes.
    this.word((<u64>48) << 56);
    this.v2 ^= 0xff;
    this.round();
    this.round();
    this.round();
    this.round();
    return this.v0 ^ this.v1 ^ this.v2 ^ this.v3;
  }

  private word(value: u64): void {
    this.v3 ^= value;
    this.round();
    this.round();
    this.v0 ^= value;
  }

  private round(): void {
    let v0 = this.v0 + this.v1;
    let v1 = rotl(this.v1, 13) ^ v0;
    v0 = rotl(v0, 32);
    let v2 = this.v2 + this.v3;
    let v3 = rotl(this.v3, 16) ^ v2;
    v0 += v3;
    v3 = rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = rotl(v1, 17) ^ v2;
    v2 = rotl(v2, 32);
    this.v0 = v0;
    this.v1 = v1;
    this.v2 = v2;
    this.v3 = v3;
  }
}
