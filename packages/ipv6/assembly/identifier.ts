/**
 * Interface identifiers that say nothing about the host and stay the same in the same network (RFC 7217): its
 * algorithm with SipHash-2-4 (Aumasson and Bernstein 2012) as the pseudorandom function.
 */

/**
 * The identifier for a prefix of 64 bits.
 *
 * @param attempt how often a duplicate was found (DAD_Counter)
 */
export function stableIdentifier(prefix: u64, attempt: u32, keyHigh: u64, keyLow: u64): u64 {
  let value: u64;
  // RFC 5453: the anycast address of routers, and those that are reserved in each subnet.
  do {
    value = sipHash(prefix, <u64>attempt, keyHigh, keyLow);
    attempt += 0x10000;
  } while (value == 0 || (value | 0x7f) == 0xfdff_ffff_ffff_ffff);
  return value;
}

/** SipHash-2-4 of two words, as 16 bytes in the order of this machine. */
export function sipHash(a: u64, b: u64, keyHigh: u64, keyLow: u64): u64 {
  let v0 = keyLow ^ 0x736f6d6570736575;
  let v1 = keyHigh ^ 0x646f72616e646f6d;
  let v2 = keyLow ^ 0x6c7967656e657261;
  let v3 = keyHigh ^ 0x7465646279746573;
  // Two rounds for each word, the length as the third, then four.
  for (let round = 0; round < 10; round++) {
    const word = round < 2 ? a : round < 4 ? b : (<u64>16) << 56;
    if (!(round & 1) && round < 6) v3 ^= word;
    if (round == 6) v2 ^= 0xff;
    v0 += v1;
    v2 += v3;
    v1 = rotl(v1, 13) ^ v0;
    v3 = rotl(v3, 16) ^ v2;
    v0 = rotl(v0, 32) + v3;
    v2 += v1;
    v3 = rotl(v3, 21) ^ v0;
    v1 = rotl(v1, 17) ^ v2;
    v2 = rotl(v2, 32);
    if (round & 1 && round < 6) v0 ^= word;
  }
  return v0 ^ v1 ^ v2 ^ v3;
}
