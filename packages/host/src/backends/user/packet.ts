/**
 * A frame of the guest, checked once: what is true after `read` needs no check again.
 *
 * One object serves for all frames, one after the other. Offsets count from the virtio_net_hdr.
 */
import { ETHERNET_HEADER_BYTES, HEADER_BYTES } from "../link.js";
import { fold, sumBytes } from "./checksum.js";
import type { Slab } from "./slab.js";

export const ETHERNET = HEADER_BYTES;
export const IP = HEADER_BYTES + ETHERNET_HEADER_BYTES;

export const EtherType = { IPV4: 0x0800, ARP: 0x0806, IPV6: 0x86dd } as const;
export const Protocol = { ICMP: 1, TCP: 6, UDP: 17, ICMPV6: 58 } as const;

const FLAG_NEEDS_CSUM = 1;
const IPV4_HEADER_BYTES = 20;
const IPV6_HEADER_BYTES = 40;
const TCP_HEADER_BYTES = 20;
const UDP_HEADER_BYTES = 8;
const ICMP_HEADER_BYTES = 8;
/** RFC 8200 §4: extension headers that a sender may have reason to use; more are refused. */
const EXTENSIONS_MAX = 4;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;

/** Why a frame is dropped, as the counter is called. */
export type Refusal = "malformed" | "badChecksums" | "fragments" | "unroutable";

export class Packet {
  /** Where the frame is. */
  slab: Slab;
  bytes: Uint8Array;
  view: DataView;
  /** Of the frame, with its virtio_net_hdr. */
  length = 0;
  etherType = 0;
  /** Bytes of an address: 4 or 16; 0 for what is not IP. */
  addressBytes = 0;
  /** Offsets of the addresses. */
  source = 0;
  destination = 0;
  hopLimit = 0;
  protocol = 0;
  /** Where the header of TCP, UDP or ICMP starts, and where its payload ends. */
  start = 0;
  end = 0;

  constructor(slab: Slab) {
    this.slab = slab;
    this.bytes = slab.bytes;
    this.view = slab.view;
  }

  get sourcePort(): number {
    return this.view.getUint16(this.start);
  }

  get destinationPort(): number {
    return this.view.getUint16(this.start + 2);
  }

  /** Copies. */
  address(at: number): Uint8Array {
    return this.bytes.slice(at, at + this.addressBytes);
  }

  /** Looks at the frame in a slab; null: it is good. */
  read(slab: Slab): Refusal | null {
    const { length } = slab;
    this.slab = slab;
    this.bytes = slab.bytes;
    this.view = slab.view;
    this.length = length;
    this.addressBytes = 0;
    if (length < IP) return "malformed";
    this.etherType = this.view.getUint16(ETHERNET + 12);
    switch (this.etherType) {
      case EtherType.IPV4:
        return this.#readIpv4();
      case EtherType.IPV6:
        return this.#readIpv6();
      default:
        return null;
    }
  }

  #readIpv4(): Refusal | null {
    const { view, bytes } = this;
    if (this.length < IP + IPV4_HEADER_BYTES) return "malformed";
    const first = view.getUint8(IP);
    const headerBytes = (first & 15) * 4;
    const totalBytes = view.getUint16(IP + 2);
    if (first >> 4 !== 4 || headerBytes < IPV4_HEADER_BYTES) return "malformed";
    if (totalBytes < headerBytes || IP + totalBytes > this.length) return "malformed";
    if (sumBytes(this.slab.words, bytes, IP, headerBytes) !== 0) return "badChecksums";
    // RFC 791 §3.1: more fragments, or not the first one.
    if ((view.getUint16(IP + 6) & 0x3fff) !== 0) return "fragments";
    this.addressBytes = 4;
    this.source = IP + 12;
    this.destination = IP + 16;
    this.hopLimit = view.getUint8(IP + 8);
    this.protocol = view.getUint8(IP + 9);
    this.start = IP + headerBytes;
    this.end = IP + totalBytes;
    return this.#readTransport();
  }

  #readIpv6(): Refusal | null {
    const { view } = this;
    if (this.length < IP + IPV6_HEADER_BYTES) return "malformed";
    if (view.getUint8(IP) >> 4 !== 6) return "malformed";
    this.addressBytes = 16;
    this.source = IP + 8;
    this.destination = IP + 24;
    this.hopLimit = view.getUint8(IP + 7);
    this.end = IP + IPV6_HEADER_BYTES + view.getUint16(IP + 4);
    if (this.end > this.length) return "malformed";
    let next = view.getUint8(IP + 6);
    let at = IP + IPV6_HEADER_BYTES;
    for (let extensions = 0; ; extensions++) {
      if (next === FRAGMENT) return "fragments";
      if (next !== HOP_BY_HOP && next !== ROUTING && next !== DESTINATION_OPTIONS) break;
      // RFC 8200 §4.2: its length counts 8 bytes each, beyond the first.
      if (extensions === EXTENSIONS_MAX || at + 8 > this.end) return "malformed";
      next = view.getUint8(at);
      at += 8 + view.getUint8(at + 1) * 8;
    }
    if (at > this.end) return "malformed";
    this.protocol = next;
    this.start = at;
    return this.#readTransport();
  }

  #readTransport(): Refusal | null {
    const { view, start } = this;
    const bytes = this.end - start;
    switch (this.protocol) {
      case Protocol.TCP: {
        if (bytes < TCP_HEADER_BYTES) return "malformed";
        const headerBytes = (view.getUint8(start + 12) >> 4) * 4;
        if (headerBytes < TCP_HEADER_BYTES || headerBytes > bytes) return "malformed";
        return this.#checksum();
      }
      case Protocol.UDP: {
        if (bytes < UDP_HEADER_BYTES) return "malformed";
        const datagramBytes = view.getUint16(start + 4);
        if (datagramBytes < UDP_HEADER_BYTES || datagramBytes > bytes) return "malformed";
        this.end = start + datagramBytes;
        // RFC 768: zero means that there is none; RFC 8200 §8.1: not over IPv6.
        if (view.getUint16(start + 6) !== 0 || this.addressBytes === 16) return this.#checksum();
        return null;
      }
      case Protocol.ICMP:
        if (bytes < ICMP_HEADER_BYTES || this.addressBytes !== 4) return "malformed";
        return sumBytes(this.slab.words, this.bytes, start, bytes) === 0 ? null : "badChecksums";
      case Protocol.ICMPV6:
        if (bytes < ICMP_HEADER_BYTES || this.addressBytes !== 16) return "malformed";
        return this.#checksum();
      default:
        return null;
    }
  }

  /** With the pseudo-header (RFC 9293 §3.1, RFC 8200 §8.1), unless the guest left it to us. */
  #checksum(): Refusal | null {
    if ((this.view.getUint8(0) & FLAG_NEEDS_CSUM) !== 0) return null;
    const bytes = this.end - this.start;
    let sum = this.protocol + bytes + sumBytes(this.slab.words, this.bytes, this.start, bytes);
    for (let at = 0; at < this.addressBytes; at += 2) {
      sum += this.view.getUint16(this.source + at) + this.view.getUint16(this.destination + at);
    }
    return fold(sum) === 0 ? null : "badChecksums";
  }
}
