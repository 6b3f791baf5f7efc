/**
 * SipHash-2-4 (J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF", 2012): a keyed function whose
 * outputs tell nothing about each other to who does not know the key. For numbers that others see, and for tables
 * whose keys others choose.
 */

/** Two rounds for each word, four at the end. Not for secrets longer than its outputs of 64 bits protect. */
@final
export class SipHash {
  private v0: u64 = 0;
  private v1: u64 = 0;
  private v2: u64 = 0;
  private v3: u64 = 0;

  /** @param key0 the first eight bytes of the key, read as this machine does (little-endian); `key1` the others */
  constructor(
    private readonly key0: u64,
    private readonly key1: u64,
  ) {}

  /** @param at `bytes` bytes, of which seven more can be read */
  of(at: usize, bytes: i32): u64 {
    this.begin();
    let left = bytes;
    for (; left >= 8; left -= 8, at += 8) this.word(load<u64>(at));
    return this.end(left > 0 ? load<u64>(at) & (((<u64>1) << (left << 3)) - 1) : 0, bytes);
  }

  /** Starts a message that comes in words of eight bytes; what was begun before is forgotten. */
  begin(): void {
    this.v0 = this.key0 ^ 0x736f6d6570736575;
    this.v1 = this.key1 ^ 0x646f72616e646f6d;
    this.v2 = this.key0 ^ 0x6c7967656e657261;
    this.v3 = this.key1 ^ 0x7465646279746573;
  }

  word(value: u64): void {
    this.v3 ^= value;
    this.round();
    this.round();
    this.v0 ^= value;
  }

  /**
   * The hash of what came since `begin`.
   *
   * @param rest the bytes after the last whole word, at most seven; zero above them
   * @param bytes the length of the whole message, of which the lowest eight bits count
   */
  end(rest: u64, bytes: i32): u64 {
    this.word(((<u64>bytes) << 56) | rest);
    this.v2 ^= 0xff;
    this.round();
    this.round();
    this.round();
    this.round();
    return this.v0 ^ this.v1 ^ this.v2 ^ this.v3;
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
