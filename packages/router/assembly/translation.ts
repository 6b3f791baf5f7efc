/**
 * Changes addresses and ports in a packet, and what has to change with them: checksums are adjusted, never
 * computed anew, so that an error which happened on the way is still seen at the end (RFC 1624).
 *
 * Words are added as the machine loads them; see `@phantasm/ip/checksum`.
 */
import { Protocol } from "@phantasm/interfaces";
import { fold } from "@phantasm/ip/checksum";
import { Kind, TCP_CHECKSUM_AT, Transit, UDP_CHECKSUM_AT } from "./transit";

/** Which end of a packet is changed. */
export enum End {
  SOURCE,
  DESTINATION,
}

/** RFC 1624 §3, equation 3: HC' = ~(~HC + ~m + m'). `change` is the sum of all ~m and m'. */
// @ts-ignore: decorator
@inline
export function adjust(field: usize, change: u64): void {
  store<u16>(field, <u16>~fold(<u64>(~load<u16>(field) & 0xffff) + change));
}

/** ~m + m' of a word of 32 bits, or of two of 16. */
// @ts-ignore: decorator
@inline
function change32(before: u32, after: u32): u64 {
  return <u64>~before + <u64>after;
}

// @ts-ignore: decorator
@inline
function change16(before: u16, after: u16): u64 {
  return <u64>(~before & 0xffff) + <u64>after;
}

/**
 * Gives one end of the packet another address and port. Of echo messages the port is the identifier; of a
 * fragment without the transport's header only the address changes.
 */
export function translate(transit: Transit, end: End, address: u32, port: u16): void {
  const at = transit.at;
  const addressAt = at + (end == End.SOURCE ? 12 : 16);
  const addresses = change32(load<u32>(addressAt), bswap(address));
  store<u32>(addressAt, bswap(address));
  adjust(at + 10, addresses);
  if (end == End.SOURCE) transit.source = address;
  else transit.destination = address;
  const transport = transit.transport;
  switch (transit.kind) {
    case Kind.TCP: {
      const ports = portTo(transport, end, port);
      // What an ICMP error quotes may end before the checksum.
      if (transit.transportBytes >= TCP_CHECKSUM_AT + 2)
        adjustTransport(transit, transport + TCP_CHECKSUM_AT, addresses, ports);
      break;
    }
    case Kind.UDP: {
      const field = transport + UDP_CHECKSUM_AT;
      const ports = portTo(transport, end, port);
      // RFC 768: a checksum of 0 says that there is none; the other zero stands for a sum of 0.
      if (load<u16>(field) == 0) break;
      adjustTransport(transit, field, addresses, ports);
      if (load<u16>(field) == 0) store<u16>(field, 0xffff);
      break;
    }
    case Kind.ECHO_REQUEST:
    case Kind.ECHO_REPLY: {
      // RFC 792: no pseudo-header.
      const before = load<u16>(transport, 4);
      store<u16>(transport, bswap(port), 4);
      adjust(transport + 2, change16(before, bswap(port)));
      break;
    }
    default:
      return;
  }
  if (end == End.SOURCE) transit.sourcePort = port;
  else transit.destinationPort = port;
}

/** One hop less (RFC 1812 §5.3.1). */
// @ts-ignore: decorator
@inline
export function countHop(transit: Transit): void {
  const at = transit.at;
  const before = load<u16>(at, 8);
  // The hop limit is the first byte of the word.
  store<u16>(at, before - 1, 8);
  adjust(at + 10, change16(before, before - 1));
}

/**
 * Lowers the maximum segment size of a SYN to `bytes`, for hosts that do not hear of smaller links on the way
 * (RFC 4459 §3.2). What is no well-formed option stays as it is.
 */
export function clampSegments(transit: Transit, bytes: u16): void {
  const transport = transit.transport;
  const end = transport + min((<i32>(load<u8>(transport, 12) >> 4)) << 2, transit.transportBytes);
  let at = transport + 20;
  while (at < end) {
    const option = load<u8>(at);
    if (option == 0) return;
    if (option == 1) {
      at++;
      continue;
    }
    if (end - at < 2) return;
    const length = load<u8>(at, 1);
    if (length < 2 || end - at < length) return;
    if (option == 2 && length == 4) {
      lower(transit, transport, at + 2, bytes);
      return;
    }
    at += length;
  }
}

function lower(transit: Transit, transport: usize, at: usize, bytes: u16): void {
  const before = load<u16>(at);
  if (bswap(before) <= bytes) return;
  const after = bswap(bytes);
  store<u16>(at, after);
  // A partial checksum does not cover the header.
  if (transit.isPartial) return;
  const change = change16(before, after);
  // At an odd place the two bytes belong to two words; the sum is the same with its bytes swapped (RFC 1071 §2(B)).
  const sum = fold(change);
  adjust(transport + TCP_CHECKSUM_AT, (at - transport) & 1 ? <u64>bswap(<u16>sum) : <u64>sum);
}

/** Writes a port, and answers ~m + m'. */
// @ts-ignore: decorator
@inline
function portTo(transport: usize, end: End, port: u16): u64 {
  const at = transport + (end == End.SOURCE ? 0 : 2);
  const before = load<u16>(at);
  store<u16>(at, bswap(port));
  return change16(before, bswap(port));
}

// @ts-ignore: decorator
@inline
function adjustTransport(transit: Transit, field: usize, addresses: u64, ports: u64): void {
  // A partial checksum is the sum of the pseudo-header as it is, and there are no ports in that.
  if (transit.isPartial) store<u16>(field, <u16>fold(<u64>load<u16>(field) + addresses));
  else adjust(field, addresses + ports);
}

/** Of the protocols whose checksum an offload may leave open: its offset in the header; -1: of no other. */
export function checksumAt(protocol: u8): i32 {
  if (protocol == Protocol.TCP) return TCP_CHECKSUM_AT;
  return protocol == Protocol.UDP ? UDP_CHECKSUM_AT : -1;
}
