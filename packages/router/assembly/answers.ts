/** What a sender is told about a packet that does not go on: ICMP errors and resets, written into a frame to send. */
import { Protocol } from "@phantasm/interfaces";
import { checksum, pseudoSum4, sumOf } from "@phantasm/ip/checksum";
import { IPV4_HEADER_BYTES, OFFSET_MASK, emitHeader } from "@phantasm/ipv4/wire";
import {
  ICMP_HEADER_BYTES,
  Kind,
  TCP_CHECKSUM_AT,
  TCP_HEADER_BYTES,
  Tcp,
  Transit,
  tcpHeaderBytes,
} from "./transit";

/** RFC 1812 §4.3.2.3: an error is as long as 576 bytes allow. */
const QUOTE_BYTES_MAX: i32 = 576 - IPV4_HEADER_BYTES - ICMP_HEADER_BYTES;

/** RFC 1812 §4.3.2.5: errors of a router are of internetwork control. */
const CLASS_INTERNETWORK_CONTROL: u8 = 0xc0;

const HOP_LIMIT: u8 = 64;

/** RFC 1812 §4.3.2.7: not about errors, nor about fragments but the first. */
export function mayBeTold(transit: Transit): bool {
  return transit.kind != Kind.ERROR && (transit.cut & OFFSET_MASK) == 0;
}

/**
 * Writes an ICMP error to the sender of a packet; answers its bytes.
 *
 * @param from our address on that side
 * @param rest the second word of the header
 */
export function emitError(
  at: usize,
  transit: Transit,
  from: u32,
  type: u8,
  code: u8,
  rest: u32,
): i32 {
  const quoted = min(transit.totalBytes, QUOTE_BYTES_MAX);
  const bytes = IPV4_HEADER_BYTES + ICMP_HEADER_BYTES + quoted;
  emitHeader(
    at,
    CLASS_INTERNETWORK_CONTROL,
    bytes,
    0,
    0,
    HOP_LIMIT,
    Protocol.ICMP,
    from,
    transit.source,
  );
  const icmp = at + IPV4_HEADER_BYTES;
  store<u32>(icmp, (<u32>type) | ((<u32>code) << 8));
  store<u32>(icmp, bswap(rest), 4);
  memory.copy(icmp + ICMP_HEADER_BYTES, transit.at, quoted);
  store<u16>(icmp, checksum(sumOf(icmp, ICMP_HEADER_BYTES + quoted)), 2);
  return bytes;
}

/** Writes the reset that a closed port sends (RFC 9293 §3.10.7.1); answers its bytes. 0: none answers a reset. */
export function emitReset(at: usize, transit: Transit): i32 {
  const segment = transit.transport;
  const flags = transit.tcpFlags;
  if (flags & Tcp.RST) return 0;
  const bytes = IPV4_HEADER_BYTES + TCP_HEADER_BYTES;
  emitHeader(at, 0, bytes, 0, 0, HOP_LIMIT, Protocol.TCP, transit.destination, transit.source);
  const tcp = at + IPV4_HEADER_BYTES;
  store<u16>(tcp, load<u16>(segment, 2));
  store<u16>(tcp, load<u16>(segment), 2);
  let sequence: u32 = 0;
  let acknowledgement: u32 = 0;
  let answer: u8 = Tcp.RST;
  if (flags & Tcp.ACK) sequence = load<u32>(segment, 8);
  else {
    answer |= Tcp.ACK;
    let length = transit.transportBytes - tcpHeaderBytes(segment);
    if (flags & Tcp.SYN) length++;
    if (flags & Tcp.FIN) length++;
    acknowledgement = bswap(bswap(load<u32>(segment, 4)) + length);
  }
  store<u32>(tcp, sequence, 4);
  store<u32>(tcp, acknowledgement, 8);
  store<u32>(tcp, 0x50 | ((<u32>answer) << 8), 12);
  store<u32>(tcp, 0, 16);
  const pseudo = pseudoSum4(transit.destination, transit.source, Protocol.TCP, TCP_HEADER_BYTES);
  store<u16>(tcp, checksum(sumOf(tcp, TCP_HEADER_BYTES) + pseudo), TCP_CHECKSUM_AT);
  return bytes;
}
