/** From one address to another: the headers that are the same for every packet, made once. */
import { ETHERNET_HEADER_BYTES, HEADER_BYTES } from "../link.js";
import { fold, sumArray } from "./checksum.js";
import { ETHERNET, EtherType, IP } from "./packet.js";
import { GATEWAY_MAC } from "./plan.js";

export const IPV4_HEADER_BYTES = 20;
export const IPV6_HEADER_BYTES = 40;
const HOP_LIMIT = 64;
/** RFC 791 §3.1: don't fragment. */
const DONT_FRAGMENT = 0x4000;

export class Path {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly mac: Uint8Array;
  readonly protocol: number;
  /** virtio_net_hdr, Ethernet, IP; without length and checksum. */
  readonly template: Uint8Array;
  /** Where the transport header starts. */
  readonly start: number;
  /** Sum of the IPv4 header, its length left out; 0 for IPv6. */
  readonly headerSum: number;
  /** Sum of the pseudo-header, its length left out. */
  readonly pseudoSum: number;

  /** @param mac of the guest. Keeps the arrays. */
  constructor(
    source: Uint8Array,
    destination: Uint8Array,
    mac: Uint8Array,
    protocol: number,
    hopLimit = HOP_LIMIT,
  ) {
    this.source = source;
    this.destination = destination;
    this.mac = mac;
    this.protocol = protocol;
    const ipv4 = source.length === 4;
    this.start = IP + (ipv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES);
    this.template = new Uint8Array(this.start);
    const view = new DataView(this.template.buffer);
    this.template.set(mac, ETHERNET);
    this.template.set(GATEWAY_MAC, ETHERNET + 6);
    view.setUint16(ETHERNET + 12, ipv4 ? EtherType.IPV4 : EtherType.IPV6);
    if (ipv4) {
      view.setUint8(IP, 0x45);
      view.setUint16(IP + 6, DONT_FRAGMENT);
      view.setUint8(IP + 8, hopLimit);
      view.setUint8(IP + 9, protocol);
      this.template.set(source, IP + 12);
      this.template.set(destination, IP + 16);
    } else {
      view.setUint8(IP, 0x60);
      view.setUint8(IP + 6, protocol);
      view.setUint8(IP + 7, hopLimit);
      this.template.set(source, IP + 8);
      this.template.set(destination, IP + 24);
    }
    this.headerSum = ipv4 ? fold(sumArray(this.template.subarray(IP))) : 0;
    this.pseudoSum = fold(sumArray(source) + sumArray(destination) + protocol);
  }

  get ipv4(): boolean {
    return this.source.length === 4;
  }

  /** Bytes of the headers up to the transport's, without Ethernet's. */
  get headerBytes(): number {
    return this.start - HEADER_BYTES - ETHERNET_HEADER_BYTES;
  }
}
