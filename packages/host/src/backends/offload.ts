/**
 * Finishes what a sender left to the hardware: the one place in the host that completes checksums
 * and cuts TCP segments, for receivers that have not agreed to do without.
 *
 * A frame begins with its virtio_net_hdr (virtio 1.2 §5.1.6), little-endian:
 * flags u8, gso_type u8, hdr_len u16, gso_size u16, csum_start u16, csum_offset u16.
 * `csum_start` counts from the Ethernet header. hdr_len is a hint, and not believed.
 *
 * Frames come from strangers. Whatever a header says is checked against the frame before it is
 * used; a frame that contradicts itself is refused as a whole.
 */
import { Checksummer, checksumOf, ordered } from "./checksum.js";
import { ETHERNET_BYTES_MAX, ETHERNET_HEADER_BYTES, HEADER_BYTES } from "./link.js";

export const FLAG_NEEDS_CSUM = 1;
export const GSO_NONE = 0;
export const GSO_TCPV4 = 1;
export const GSO_TCPV6 = 4;
/** Congestion bits of the segment are in use; goes with either of the above. */
export const GSO_ECN = 0x80;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
/** IEEE 802.1Q and 802.1ad tags, 4 bytes each. */
const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_SERVICE_VLAN = 0x88a8;
const TAG_BYTES = 4;
const TAGS_MAX = 2;

const PROTOCOL_TCP = 6;
const IPV4_HEADER_BYTES_MIN = 20;
const IPV4_ADDRESSES = 12;
const IPV6_HEADER_BYTES = 40;
const IPV6_ADDRESSES = 8;
/** RFC 8200 §4: hop-by-hop options, destination options. Nothing else may stand before a segment here. */
const IPV6_HOP_BY_HOP = 0;
const IPV6_DESTINATION = 60;
const IPV6_EXTENSIONS_MAX = 4;
/** RFC 791 §3.1: more fragments, and the offset. */
const FRAGMENT_BITS = 0x3fff;

const TCP_HEADER_BYTES_MIN = 20;
const TCP_CHECKSUM_OFFSET = 16;
const TCP_FLAGS_OFFSET = 13;
const FIN_PSH = 0x09;
const CWR = 0x80;

/** Smaller segments cost more than they carry: one frame would become thousands. */
const SEGMENT_BYTES_MIN = 8;

/** Whether a header is in use: then its receiver must know offloads, or it must be finished. */
export function isUnfinished(frame: Uint8Array): boolean {
  return frame[0] !== 0 || frame[1] !== GSO_NONE;
}

/** Finishes the frames of one direction of one link. Makes no garbage. */
export class Finisher {
  readonly #checksummer = new Checksummer();
  /** The segment that is being cut; empty when none is. */
  #frame: Uint8Array = new Uint8Array(0);
  #ip = 0;
  #tcp = 0;
  #payload = 0;
  /** Where the next segment begins, and where the last one ends. */
  #at = 0;
  #end = 0;
  #segmentBytes = 0;
  #number = 0;
  #sequence = 0;
  #identification = 0;
  /** Of the addresses and the protocol. */
  #pseudoSum = 0;
  #isIpv4 = false;

  /**
   * Completes the checksum of a frame in place and clears its virtio_net_hdr.
   *
   * A segment keeps its size. `length` counts from the virtio_net_hdr. False, and nothing written:
   * the header contradicts the frame.
   */
  complete(frame: Uint8Array, length: number): boolean {
    if (((frame[0] ?? 0) & FLAG_NEEDS_CSUM) !== 0) {
      const start = HEADER_BYTES + little16(frame, 6);
      const field = start + little16(frame, 8);
      if (start < HEADER_BYTES + ETHERNET_HEADER_BYTES || field + 2 > length) return false;
      // The field holds the sum of the pseudo-header, and so is part of the range.
      const checksum = checksumOf(this.#checksummer.sum(frame, start, length));
      // RFC 768: zero would say that there is none. For TCP both zeros are the same (RFC 1624 §3).
      put16(frame, field, checksum === 0 ? 0xffff : checksum);
    } else if (frame[1] !== GSO_NONE) {
      return false;
    }
    frame.fill(0, 0, HEADER_BYTES);
    return true;
  }

  /**
   * Begins to cut a TCP segment into frames that a link of `mtu` carries: `next` hands them out.
   *
   * Reads `frame` until the last one is out: it must not change. A segment that was being cut before
   * is forgotten. False: not a TCP segment, or it contradicts itself, or no byte of it fits.
   */
  split(frame: Uint8Array, length: number, mtu: number): boolean {
    this.#at = this.#end = 0;
    if (length > HEADER_BYTES + ETHERNET_BYTES_MAX || length > frame.length) return false;
    if (((frame[0] ?? 0) & FLAG_NEEDS_CSUM) === 0) return false;
    const ip = networkHeader(frame, length);
    const tcp = HEADER_BYTES + little16(frame, 6);
    const kind = (frame[1] ?? 0) & ~GSO_ECN;
    let end = 0;
    if (kind === GSO_TCPV4) end = checkIpv4(frame, length, ip, tcp);
    else if (kind === GSO_TCPV6) end = checkIpv6(frame, length, ip, tcp);
    if (end === 0 || little16(frame, 8) !== TCP_CHECKSUM_OFFSET) return false;
    if (tcp + TCP_HEADER_BYTES_MIN > end) return false;
    const tcpHeaderBytes = ((frame[tcp + 12] ?? 0) >>> 4) * 4;
    const payload = tcp + tcpHeaderBytes;
    if (tcpHeaderBytes < TCP_HEADER_BYTES_MIN || payload > end) return false;
    // VLAN tags count as payload: a receiver's buffer has room for one Ethernet header and the MTU.
    const room = HEADER_BYTES + ETHERNET_HEADER_BYTES + mtu - payload;
    const segmentBytes = Math.min(little16(frame, 4), room);
    // A smaller MTU than the sender knew is no reason to refuse; a frame without end is.
    if (segmentBytes < SEGMENT_BYTES_MIN) return false;
    this.#frame = frame;
    this.#ip = ip;
    this.#tcp = tcp;
    this.#payload = this.#at = payload;
    this.#end = end;
    this.#segmentBytes = segmentBytes;
    this.#number = 0;
    this.#sequence = big32(frame, tcp + 4);
    this.#isIpv4 = kind === GSO_TCPV4;
    this.#identification = this.#isIpv4 ? big16(frame, ip + 4) : 0;
    const addresses = ip + (this.#isIpv4 ? IPV4_ADDRESSES : IPV6_ADDRESSES);
    const addressesEnd = ip + (this.#isIpv4 ? IPV4_HEADER_BYTES_MIN : IPV6_HEADER_BYTES);
    this.#pseudoSum = ordered(PROTOCOL_TCP) + this.#checksummer.sum(frame, addresses, addressesEnd);
    return true;
  }

  /** Whether `next` has a frame. */
  get pending(): boolean {
    return this.#end > 0;
  }

  /**
   * Writes the next frame, finished, to the front of `into` and returns its bytes, virtio_net_hdr
   * included: at most 24 and the MTU, for which `into` must have room. 0: there is none.
   */
  next(into: Uint8Array): number {
    if (this.#end === 0) return 0;
    const frame = this.#frame;
    const start = this.#payload;
    const ip = this.#ip;
    const tcp = this.#tcp;
    const bytes = Math.min(this.#segmentBytes, this.#end - this.#at);
    const isFirst = this.#number === 0;
    const isLast = this.#at + bytes === this.#end;
    const length = start + bytes;
    into.fill(0, 0, HEADER_BYTES);
    for (let at = HEADER_BYTES; at < start; at++) into[at] = frame[at] ?? 0;
    into.set(frame.subarray(this.#at, this.#at + bytes), start);
    this.#patchIp(into, ip, length - ip);
    put32(into, tcp + 4, this.#sequence + (this.#at - this.#payload));
    let flags = frame[tcp + TCP_FLAGS_OFFSET] ?? 0;
    // RFC 9293 §3.10.7.4: what ends the data belongs to its last byte. RFC 3168 §6.1.2: CWR is said once.
    if (!isLast) flags &= ~FIN_PSH;
    if (!isFirst) flags &= ~CWR;
    into[tcp + TCP_FLAGS_OFFSET] = flags;
    put16(into, tcp + TCP_CHECKSUM_OFFSET, 0);
    const sum = this.#checksummer.sum(into, tcp, length);
    // RFC 9293 §3.1, RFC 8200 §8.1: addresses, protocol, length of header and data.
    const checksum = checksumOf(sum + this.#pseudoSum + ordered(length - tcp));
    put16(into, tcp + TCP_CHECKSUM_OFFSET, checksum);
    this.#at += bytes;
    this.#number++;
    if (isLast) this.#end = 0;
    return length;
  }

  /** Gives up the segment that is being cut, and lets go of all buffers. */
  clear(): void {
    this.#at = this.#end = 0;
    this.#frame = new Uint8Array(0);
    this.#checksummer.forget();
  }

  #patchIp(into: Uint8Array, ip: number, bytes: number): void {
    if (!this.#isIpv4) {
      put16(into, ip + 4, bytes - IPV6_HEADER_BYTES);
      return;
    }
    put16(into, ip + 2, bytes);
    // RFC 6864 §4.1 would allow one value for all that must not be fragmented; Linux counts, too.
    put16(into, ip + 4, this.#identification + this.#number);
    put16(into, ip + 10, 0);
    const headerEnd = ip + ((into[ip] ?? 0) & 15) * 4;
    put16(into, ip + 10, checksumOf(this.#checksummer.sum(into, ip, headerEnd)));
  }
}

/** Where the network header begins, after up to two VLAN tags. */
function networkHeader(frame: Uint8Array, length: number): number {
  let at = HEADER_BYTES + ETHERNET_HEADER_BYTES;
  for (let tags = 0; tags < TAGS_MAX && at <= length; tags++, at += TAG_BYTES) {
    const type = big16(frame, at - 2);
    if (type !== ETHERTYPE_VLAN && type !== ETHERTYPE_SERVICE_VLAN) break;
  }
  return at;
}

/** Where the packet ends, or 0 when it is not IPv4 that carries TCP at `tcp`, whole. */
function checkIpv4(frame: Uint8Array, length: number, ip: number, tcp: number): number {
  if (ip + IPV4_HEADER_BYTES_MIN > length || big16(frame, ip - 2) !== ETHERTYPE_IPV4) return 0;
  const first = frame[ip] ?? 0;
  const headerBytes = (first & 15) * 4;
  if (first >>> 4 !== 4 || headerBytes < IPV4_HEADER_BYTES_MIN || ip + headerBytes !== tcp)
    return 0;
  if (frame[ip + 9] !== PROTOCOL_TCP || (big16(frame, ip + 6) & FRAGMENT_BITS) !== 0) return 0;
  const end = ip + big16(frame, ip + 2);
  return end <= length ? end : 0;
}

/** As `checkIpv4`. A routing header would hide the address that the checksum covers: refused. */
function checkIpv6(frame: Uint8Array, length: number, ip: number, tcp: number): number {
  if (ip + IPV6_HEADER_BYTES > length || big16(frame, ip - 2) !== ETHERTYPE_IPV6) return 0;
  if ((frame[ip] ?? 0) >>> 4 !== 6) return 0;
  const end = ip + IPV6_HEADER_BYTES + big16(frame, ip + 4);
  if (end > length) return 0;
  let next = frame[ip + 6] ?? 0;
  let at = ip + IPV6_HEADER_BYTES;
  for (let seen = 0; next === IPV6_HOP_BY_HOP || next === IPV6_DESTINATION; seen++) {
    if (seen === IPV6_EXTENSIONS_MAX || at + 8 > end) return 0;
    next = frame[at] ?? 0;
    // RFC 8200 §4.3: in units of 8 bytes, not counting the first.
    at += ((frame[at + 1] ?? 0) + 1) * 8;
  }
  return next === PROTOCOL_TCP && at === tcp ? end : 0;
}

function little16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

function big16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function big32(bytes: Uint8Array, at: number): number {
  return ((big16(bytes, at) << 16) | big16(bytes, at + 2)) >>> 0;
}

/** The low 16 bits of a value. */
function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** The low 32 bits of a sum that is exact. */
function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, value >>> 16);
  put16(bytes, at + 2, value);
}
