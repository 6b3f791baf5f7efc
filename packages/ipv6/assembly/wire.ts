/**
 * Numbers and places of the headers (RFC 8200, RFC 4443, RFC 4861), and how they are read and written.
 *
 *     0       version (4), traffic class (8), flow label (20)
 *     4       payload length (16)      6  next header (8)     7  hop limit (8)
 *     8       source (128)            24  destination (128)
 */

/** The fixed header. */
export const HEADER_BYTES: i32 = 40;

/** What every link carries (RFC 8200 §5). */
export const MTU_MIN: i32 = 1280;

/** An ICMPv6 message that was not forwarded has this hop limit (RFC 4861 §6.1, §7.1, §8.1). */
export const HOP_LIMIT_ND: u8 = 255;

/** Version 6, class and label 0, as it is loaded. */
export const VERSION_WORD: u32 = 0x60;

/** IANA "Protocol Numbers" that stand for extension headers, and one for nothing. */
export namespace Header {
  export const HOP_BY_HOP: u8 = 0;
  export const ROUTING: u8 = 43;
  export const FRAGMENT: u8 = 44;
  export const NONE: u8 = 59;
  export const DESTINATION: u8 = 60;
}

/** Types of ICMPv6 messages. */
export namespace Icmp {
  export const UNREACHABLE: u8 = 1;
  export const TOO_BIG: u8 = 2;
  export const TIME_EXCEEDED: u8 = 3;
  export const PARAMETER_PROBLEM: u8 = 4;
  /** From here on they are informational (RFC 4443 §2.1). */
  export const INFORMATIONAL: u8 = 128;
  export const ECHO_REQUEST: u8 = 128;
  export const ECHO_REPLY: u8 = 129;
  export const LISTENER_QUERY: u8 = 130;
  export const ROUTER_SOLICITATION: u8 = 133;
  export const ROUTER_ADVERTISEMENT: u8 = 134;
  export const NEIGHBOUR_SOLICITATION: u8 = 135;
  export const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
  export const REDIRECT: u8 = 137;
  export const LISTENER_REPORT: u8 = 143;
}

/** Options of neighbour discovery. */
export namespace NdOption {
  export const SOURCE_LINK: u8 = 1;
  export const TARGET_LINK: u8 = 2;
  export const PREFIX: u8 = 3;
  export const MTU: u8 = 5;
  export const ROUTE: u8 = 24;
  export const RDNSS: u8 = 25;
}

/** fe80:: */
export const LINK_LOCAL_HIGH: u64 = 0xfe80_0000_0000_0000;
/** ff02:: */
export const LINK_GROUP_HIGH: u64 = 0xff02_0000_0000_0000;
/** ff02::1, ff02::2, ff02::16 */
export const ALL_NODES_LOW: u64 = 1;
export const ALL_ROUTERS_LOW: u64 = 2;
export const ALL_LISTENERS_LOW: u64 = 0x16;
/** ff02::1:ff00:0; the last three bytes are those of the address (RFC 4291 §2.7.1). */
export const SOLICITED_LOW: u64 = 0x0000_0001_ff00_0000;

// Functions, and not inlined: a machine without an instruction for it takes sixty bytes of code to turn eight around.

export function load16(at: usize): u32 {
  return <u32>bswap(load<u16>(at));
}

export function store16(at: usize, value: u32): void {
  store<u16>(at, bswap(<u16>value));
}

export function load32(at: usize): u32 {
  return bswap(load<u32>(at));
}

export function store32(at: usize, value: u32): void {
  store<u32>(at, bswap(value));
}

export function load64(at: usize): u64 {
  return swap64(load<u64>(at));
}

/** The other order of bytes. */
export function swap64(value: u64): u64 {
  return bswap(value);
}

/** Writes an address, or any 16 bytes. */
export function storeAddress(at: usize, high: u64, low: u64): void {
  store<u64>(at, swap64(high));
  store<u64>(at, swap64(low), 8);
}

/** ff00::/8 */
// @ts-ignore: decorator
@inline
export function isGroup(high: u64): bool {
  return high >> 56 == 0xff;
}

/** fe80::/10 */
// @ts-ignore: decorator
@inline
export function isLinkLocal(high: u64): bool {
  return high >> 54 == 0x3fa;
}

/** `low` of the group in which solicitations for an address arrive. */
// @ts-ignore: decorator
@inline
export function solicitedLow(low: u64): u64 {
  return SOLICITED_LOW | (low & 0xff_ffff);
}

/** The first `length` bits of both are the same; 0 to 128. */
export function samePrefix(aHigh: u64, aLow: u64, bHigh: u64, bLow: u64, length: i32): bool {
  if (length <= 0) return true;
  const high = aHigh ^ bHigh;
  if (length <= 64) return high >> (64 - length) == 0;
  return high == 0 && (aLow ^ bLow) >> (128 - length) == 0;
}

/** How many leading bits both share. */
export function commonBits(aHigh: u64, aLow: u64, bHigh: u64, bLow: u64): i32 {
  return aHigh != bHigh ? <i32>clz(aHigh ^ bHigh) : 64 + <i32>clz(aLow ^ bLow);
}

/**
 * May it be the address of a host on the wire? Not of a group, and none of ::/64: unspecified, loopback, and IPv4
 * addresses, which are for inside only (RFC 4291 §2.5.5).
 */
// @ts-ignore: decorator
@inline
export function isUnicast(high: u64): bool {
  return high != 0 && !isGroup(high);
}

/** The first `length` bits of a prefix, 0 to 128: its upper and its lower half. */
export function maskHigh(high: u64, length: i32): u64 {
  return length >= 64 ? high : length == 0 ? 0 : high & (~(<u64>0) << (64 - length));
}

export function maskLow(low: u64, length: i32): u64 {
  return length <= 64 ? 0 : low & (~(<u64>0) << (128 - length));
}
