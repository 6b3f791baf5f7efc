/**
 * SipHash-1-3 (Aumasson and Bernstein 2012) of strings of bytes: who does not know the key cannot choose keys that
 * fall into one bucket. One round for each word and three at the end are what hash tables elsewhere use.
 */
import { Random } from "@phantasm/interfaces";

let key0: u64 = 0;
let key1: u64 = 0;

/** Before the first table is made. */
export function seedHash(random: Random): void {
  key0 = random.u64();
  key1 = random.u64();
}

export function hashOf(at: usize, bytes: i32): u32 {
  let v0 = key0 ^ 0x736f6d6570736575;
  let v1 = key1 ^ 0x646f72616e646f6d;
  let v2 = key0 ^ 0x6c7967656e657261;
  let v3 = key1 ^ 0x7465646279746573;
  const words = bytes >> 3;
  // The words, the last one with the length in its highest byte, then three rounds more.
  for (let index = 0; index < words + 4; index++) {
    let word: u64 = 0;
    if (index < words) word = load<u64>(at + ((<usize>index) << 3));
    else if (index == words) {
      word = (<u64>bytes) << 56;
      const rest = at + ((<usize>words) << 3);
      for (let i = <u64>(bytes & 7); i > 0; i--) {
        const shift = (i - 1) * 8;
        word |= (<u64>load<u8>(rest + <usize>(i - 1))) << shift;
      }
    } else if (index == words + 1) v2 ^= 0xff;
    v3 ^= word;
    v0 += v1;
    v1 = rotl(v1, 13) ^ v0;
    v0 = rotl(v0, 32);
    v2 += v3;
    v3 = rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = rotl(v1, 17) ^ v2;
    v2 = rotl(v2, 32);
    v0 ^= word;
  }
  const hash = v0 ^ v1 ^ v2 ^ v3;
  return <u32>(hash ^ (hash >> 32));
}
