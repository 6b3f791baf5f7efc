/**
 * What a link without offloads needs: whole checksums, segments, fragments. All of it works on the packet where it has
 * arrived, after it was translated.
 */
import { checksum, pseudoSum4, sumOf } from "@phantasm/ip/checksum";
import { IPV4_HEADER_BYTES, MORE_FRAGMENTS, OFFSET_MASK } from "@phantasm/ipv4/wire";
import { TCP_CHECKSUM_AT, Tcp, Transit, tcpHeaderBytes } from "./transit";
import { checksumAt } from "./translation";

/** The bits of a segment that was cut off another: closing and pushing belong to its last one, */
const LAST_ONLY: u8 = Tcp.FIN | Tcp.PSH;
/** "congestion window reduced" to its first (RFC 3168 §6.1.2). */
const FIRST_ONLY: u8 = 0x80;

/** Fills in the transport's checksum; its field holds the sum of the pseudo-header (virtio 1.2 §5.1.6.2). */
export function complete(transit: Transit): void {
  const transport = transit.transport;
  const value = checksum(sumOf(transport, transit.transportBytes));
  // RFC 768: 0 would say that there is none; the other zero is as good, for TCP too.
  store<u16>(transport + checksumAt(transit.protocol), value == 0 ? 0xffff : value);
  transit.isPartial = false;
}

/** Leaves a checksum to the link: its field becomes the sum of the pseudo-header. */
export function uncomplete(transit: Transit): void {
  const pseudo = pseudoSum4(
    transit.source,
    transit.destination,
    transit.protocol,
    transit.transportBytes,
  );
  store<u16>(transit.transport + checksumAt(transit.protocol), <u16>pseudo);
  transit.isPartial = true;
}

/** Writes the segment whose payload begins `offset` bytes into that of this one; answers the packet's bytes. */
export function cutSegment(transit: Transit, at: usize, offset: i32): i32 {
  const headerBytes = transit.headerBytes;
  const headers = headerBytes + tcpHeaderBytes(transit.transport);
  const left = transit.totalBytes - headers - offset;
  const payload = min(left, transit.segmentBytes);
  const bytes = headers + payload;
  memory.copy(at, transit.at, headers);
  memory.copy(at + headers, transit.at + headers + offset, payload);
  store<u16>(at, bswap(<u16>bytes), 2);
  const number = <u16>(offset / transit.segmentBytes);
  store<u16>(at, bswap(<u16>(bswap(load<u16>(at, 4)) + number)), 4);
  sumHeader(at, headerBytes);
  const transport = at + headerBytes;
  store<u32>(transport, bswap(bswap(load<u32>(transport, 4)) + offset), 4);
  let flags = load<u8>(transport, 13);
  if (payload < left) flags &= ~LAST_ONLY;
  if (offset > 0) flags &= ~FIRST_ONLY;
  store<u8>(transport, flags, 13);
  store<u16>(transport, 0, TCP_CHECKSUM_AT);
  const carried = bytes - headerBytes;
  const pseudo = pseudoSum4(transit.source, transit.destination, transit.protocol, carried);
  store<u16>(transport, checksum(sumOf(transport, carried) + pseudo), TCP_CHECKSUM_AT);
  return bytes;
}

/**
 * How much of what the packet carries goes into a fragment. 0: it has options; which of them belong into all
 * fragments (RFC 791 §3.1) is not worth knowing, for nobody sends any.
 */
export function fragmentBytes(transit: Transit, mtu: i32): i32 {
  return transit.headerBytes > IPV4_HEADER_BYTES ? 0 : (mtu - IPV4_HEADER_BYTES) & ~7;
}

/**
 * Writes the fragment that carries up to `step` bytes from `offset`; answers the packet's bytes. The packet may be a
 * fragment itself. RFC 791 §3.2, "An Example Fragmentation Procedure".
 */
export function cutFragment(transit: Transit, at: usize, offset: i32, step: i32): i32 {
  const left = transit.transportBytes - offset;
  const carried = min(left, step);
  const bytes = IPV4_HEADER_BYTES + carried;
  memory.copy(at, transit.at, IPV4_HEADER_BYTES);
  memory.copy(at + IPV4_HEADER_BYTES, transit.transport + offset, carried);
  store<u16>(at, bswap(<u16>bytes), 2);
  const more = carried < left ? MORE_FRAGMENTS : transit.cut & MORE_FRAGMENTS;
  const units = (transit.cut & OFFSET_MASK) + <u16>(offset >> 3);
  store<u16>(at, bswap(<u16>(more | units)), 6);
  sumHeader(at, IPV4_HEADER_BYTES);
  return bytes;
}

function sumHeader(at: usize, headerBytes: i32): void {
  store<u16>(at, 0, 10);
  store<u16>(at, checksum(sumOf(at, headerBytes)), 10);
}
