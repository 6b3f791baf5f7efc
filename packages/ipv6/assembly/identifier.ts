/**
 * Interface identifiers that say nothing about the host and stay the same in the same network (RFC 7217): its
 * algorithm with SipHash-2-4 (Aumasson and Bernstein 2012) as the pseudorandom function.
 */
import { SipHash } from "@phantasm/checksum";

/**
 * The identifier for a prefix of 64 bits.
 *
 * @param attempt how often a duplicate was found (DAD_Counter)
 */
export function stableIdentifier(prefix: u64, attempt: u32, keyHigh: u64, keyLow: u64): u64 {
  const hash = new SipHash(keyLow, keyHigh);
  let value: u64;
  // RFC 5453: the anycast address of routers, and those that are reserved in each subnet.
  do {
    hash.begin();
    hash.word(prefix);
    hash.word(<u64>attempt);
    value = hash.end(0, 16);
    attempt += 0x10000;
  } while (value == 0 || (value | 0x7f) == 0xfdff_ffff_ffff_ffff);
  return value;
}
