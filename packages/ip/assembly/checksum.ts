/**
 * The Internet checksum (RFC 1071): the one's complement sum of 16-bit words.
 *
 * The sum does not depend on the order of the bytes in a word, as long as it is the same everywhere (RFC 1071
 * §2(B)). So all sums here add words as the machine loads them, little-endian, and are stored as the machine
 * stores them: nothing is swapped. A sum is any u32 or u64 that is congruent modulo 0xffff; `fold` brings it to
 * 16 bits.
 */

import { Packet } from "@phantasm/interfaces";

/** From here on vectors pay: below, setting them up costs more than they save. */
const VECTOR_BYTES_MIN: i32 = 64;

/** Adds the carries of one's complement: a sum in 16 bits. */
// @ts-ignore: decorator
@inline
export function fold(sum: u64): u32 {
  sum = (sum & 0xffff_ffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return <u32>((sum & 0xffff) + (sum >> 16));
}

/**
 * The sum of `bytes` bytes at `at` (any alignment), not folded; an odd last byte counts as if a zero followed. At most
 * 2^20 bytes.
 */
export function sumOf(at: usize, bytes: i32): u64 {
  let sum: u64 = 0;
  if (bytes >= VECTOR_BYTES_MIN) {
    // Lanes of 32 bits overflow only beyond 2^20 bytes.
    let low = i32x4.splat(0);
    let high = i32x4.splat(0);
    do {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      low = i32x4.add(low, i32x4.extadd_pairwise_i16x8_u(a));
      high = i32x4.add(high, i32x4.extadd_pairwise_i16x8_u(b));
      at += 32;
      bytes -= 32;
    } while (bytes >= 32);
    const pairs = i64x2.add(
      i64x2.add(i64x2.extend_low_i32x4_u(low), i64x2.extend_high_i32x4_u(low)),
      i64x2.add(i64x2.extend_low_i32x4_u(high), i64x2.extend_high_i32x4_u(high)),
    );
    sum = <u64>i64x2.extract_lane(pairs, 0) + <u64>i64x2.extract_lane(pairs, 1);
  }
  while (bytes >= 8) {
    const word = load<u64>(at);
    sum += (word & 0xffff_ffff) + (word >> 32);
    at += 8;
    bytes -= 8;
  }
  if (bytes & 4) {
    sum += load<u32>(at);
    at += 4;
  }
  if (bytes & 2) {
    sum += load<u16>(at);
    at += 2;
  }
  if (bytes & 1) sum += load<u8>(at);
  return sum;
}

/** What goes into a checksum field, to be stored with `store<u16>`, once everything is summed. */
// @ts-ignore: decorator
@inline
export function checksum(sum: u64): u16 {
  return <u16>~fold(sum);
}

/** The sum of two halves of an address, in the order of the network. */
// @ts-ignore: decorator
@inline
function sumOfAddress(high: u64, low: u64): u64 {
  const a = bswap(high);
  const b = bswap(low);
  return (a & 0xffff_ffff) + (a >> 32) + (b & 0xffff_ffff) + (b >> 32);
}

/** The sum of the pseudo-header of IPv4 (RFC 9293 §3.1): addresses with the first octet on top. */
export function pseudoSum4(source: u32, destination: u32, protocol: u8, bytes: i32): u32 {
  return fold(
    <u64>bswap(source) + <u64>bswap(destination) + ((<u64>protocol) << 8) + <u64>bswap(<u16>bytes),
  );
}

/** The sum of the pseudo-header of IPv6 (RFC 8200 §8.1). */
export function pseudoSum6(
  sourceHigh: u64,
  sourceLow: u64,
  destinationHigh: u64,
  destinationLow: u64,
  protocol: u8,
  bytes: i32,
): u32 {
  return fold(
    sumOfAddress(sourceHigh, sourceLow) +
      sumOfAddress(destinationHigh, destinationLow) +
      ((<u64>protocol) << 8) +
      <u64>bswap(<u32>bytes),
  );
}

/** True if the checksum of the transport that arrived is right, or the link vouches for it. */
export function checksumIsValid(packet: Packet): bool {
  return packet.isTrusted || fold(sumOf(packet.payload, packet.bytes) + packet.pseudoSum) == 0xffff;
}
