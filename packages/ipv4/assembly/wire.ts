/**
 * The header of IPv4 (RFC 791 §3.1):
 *
 *     0 u4 version (4), u4 words   1 u8 type of service   2 u16 total bytes
 *     4 u16 identification         6 u3 flags, u13 offset in units of 8 bytes
 *     8 u8 TTL   9 u8 protocol    10 u16 checksum        12 u32 source   16 u32 destination   20 options
 */
import { checksum } from "@phantasm/ip/checksum";

export const IPV4_HEADER_BYTES: i32 = 20;
export const IPV4_HEADER_BYTES_MAX: i32 = 60;

/** Bytes of the largest packet. */
export const IPV4_BYTES_MAX: i32 = 65535;

/** In the 16 bits of flags and offset. */
export const DONT_FRAGMENT: u16 = 0x4000;
export const MORE_FRAGMENTS: u16 = 0x2000;
export const OFFSET_MASK: u16 = 0x1fff;

export const BROADCAST: u32 = 0xffff_ffff;

/** 224.0.0.0/4. */
// @ts-ignore: decorator
@inline
export function isMulticast(address: u32): bool {
  return address >> 28 == 14;
}

/** Addresses that no packet may come from (RFC 1122 §3.2.1.3): this network, loopback, groups, class E. */
// @ts-ignore: decorator
@inline
export function isMartian(source: u32): bool {
  const network = source >> 24;
  return network == 0 || network == 127 || network >= 224;
}

/** Bytes of a header, options included, as its first byte says: 0 to 60. */
// @ts-ignore: decorator
@inline
export function headerBytesAt(at: usize): i32 {
  return (<i32>(load<u8>(at) & 15)) << 2;
}

/** Writes a header without options. */
// @ts-ignore: decorator
@inline
export function emitHeader(
  at: usize,
  trafficClass: u8,
  totalBytes: i32,
  identification: u16,
  cut: u16,
  hopLimit: u8,
  protocol: u8,
  source: u32,
  destination: u32,
): void {
  const first =
    0x45 |
    ((<u64>trafficClass) << 8) |
    ((<u64>bswap(<u16>totalBytes)) << 16) |
    ((<u64>bswap(identification)) << 32) |
    ((<u64>bswap(cut)) << 48);
  const second = (<u64>hopLimit) | ((<u64>protocol) << 8);
  const from = <u64>bswap(source);
  const to = <u64>bswap(destination);
  const sum = (first & 0xffff_ffff) + (first >> 32) + second + from + to;
  store<u64>(at, first);
  store<u64>(at, second | ((<u64>checksum(sum)) << 16) | (from << 32), 8);
  store<u32>(at, <u32>to, 16);
}

/** LSRR and SSRR (RFC 791 §3.1). */
const LOOSE_SOURCE_ROUTE: u8 = 131;
const STRICT_SOURCE_ROUTE: u8 = 137;

/**
 * True if options ask for a source route. Others are skipped, as RFC 1122 §3.2.1.8 demands; what has no sensible
 * length ends the list.
 */
export function hasSourceRoute(at: usize, end: usize): bool {
  while (at < end) {
    const option = load<u8>(at);
    if (option == LOOSE_SOURCE_ROUTE || option == STRICT_SOURCE_ROUTE) return true;
    if (option == 0) return false;
    if (option == 1) {
      at++;
      continue;
    }
    if (end - at < 2) return false;
    const length = load<u8>(at, 1);
    if (length < 2) return false;
    at += length;
  }
  return false;
}
