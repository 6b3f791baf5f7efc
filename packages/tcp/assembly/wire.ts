/**
 * Segments as bytes (RFC 9293 §3.1). What arrives is checked once, here, and becomes a `Segment`.
 *
 * ```
 *  0 source port          destination port
 *  4 sequence number
 *  8 acknowledgment number
 * 12 data offset, flags   window
 * 16 checksum             urgent pointer
 * 20 options
 * ```
 */
import { Packet } from "@phantasm/interfaces";
import { parseOptions } from "./options";
import { Segment } from "./segment";

export const HEADER_BYTES: i32 = 20;
export const CHECKSUM_AT: i32 = 16;

// @ts-ignore: decorator
@inline
export function load16(at: usize, offset: usize = 0): u32 {
  return bswap<u16>(load<u16>(at + offset));
}

// @ts-ignore: decorator
@inline
export function load32(at: usize, offset: usize = 0): u32 {
  return bswap<u32>(load<u32>(at + offset));
}

/** Reads a packet of TCP into `segment`. False: it is cut off, or contradicts itself. */
export function parse(packet: Packet, segment: Segment): bool {
  const at = packet.payload;
  const bytes = packet.bytes;
  if (bytes < HEADER_BYTES) return false;
  const offsetAndFlags = load16(at, 12);
  const headerBytes = (<i32>(offsetAndFlags >> 12)) << 2;
  if (headerBytes < HEADER_BYTES || headerBytes > bytes) return false;
  segment.sourcePort = <u16>load16(at);
  segment.destinationPort = <u16>load16(at, 2);
  segment.sequence = load32(at, 4);
  segment.acknowledgment = load32(at, 8);
  segment.flags = offsetAndFlags & 0xff;
  segment.window = load16(at, 14);
  segment.payload = at + headerBytes;
  const payloadBytes = bytes - headerBytes;
  segment.bytes = payloadBytes;
  const one = packet.segmentBytes;
  segment.joined = one > 0 && payloadBytes > one ? (payloadBytes + one - 1) / one : 1;
  segment.isMarked = (packet.trafficClass & 3) == 3;
  parseOptions(at + HEADER_BYTES, headerBytes - HEADER_BYTES, segment);
  return true;
}

/**
 * Writes the header at `at`, whose options lie there already or follow. The checksum is left 0: the path
 * fills it in.
 *
 * @param headerBytes with options, a multiple of 4
 */
export function writeHeader(
  at: usize,
  sourcePort: u16,
  destinationPort: u16,
  sequence: u32,
  acknowledgment: u32,
  headerBytes: i32,
  flags: u32,
  window: u32,
): void {
  store<u16>(at, bswap<u16>(sourcePort));
  store<u16>(at, bswap<u16>(destinationPort), 2);
  store<u32>(at, bswap<u32>(sequence), 4);
  store<u32>(at, bswap<u32>(acknowledgment), 8);
  store<u16>(at, bswap<u16>(<u16>(((<u32>headerBytes) << 10) | flags)), 12);
  store<u16>(at, bswap<u16>(<u16>window), 14);
  store<u32>(at, 0, 16);
}
