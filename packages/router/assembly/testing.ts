/** For tests: packets as bytes, and what has become of them, in words. Checksums are computed the slow way. */
import { TestRandom, describeFrame } from "@phantasm/ethernet/testing";
import { RouterCounters } from "./counters";
import { Forwarder, RouterPolicy } from "./forwarder";
import { RouterLimits } from "./limits";
import { Tcp, Transit } from "./transit";
import { Verdict } from "./verdict";

/** In front of a packet: virtio_net_hdr and Ethernet header. */
export const FRONT: i32 = 24;

export function ip(a: u32, b: u32, c: u32, d: u32): u32 {
  return (a << 24) | (b << 16) | (c << 8) | d;
}

export const HOST: u32 = ip(192, 168, 1, 10);
export const HOST2: u32 = ip(192, 168, 1, 11);
export const GATEWAY: u32 = ip(192, 168, 1, 1);
export const OUTSIDE: u32 = ip(198, 51, 100, 1);
export const SERVER: u32 = ip(203, 0, 113, 5);
export const SERVER2: u32 = ip(203, 0, 113, 6);

export const SYN: u8 = Tcp.SYN;
export const SYN_ACK: u8 = Tcp.SYN | Tcp.ACK;
export const ACK: u8 = Tcp.ACK;
export const FIN: u8 = Tcp.FIN | Tcp.ACK;
export const RST: u8 = Tcp.RST;

export function put16(bytes: Uint8Array, at: i32, value: u32): void {
  bytes[at] = <u8>(value >> 8);
  bytes[at + 1] = <u8>value;
}

export function put32(bytes: Uint8Array, at: i32, value: u32): void {
  put16(bytes, at, value >> 16);
  put16(bytes, at + 2, value);
}

/** RFC 1071 §4.1, byte by byte; folded, in the order of the network. */
export function slowSum(bytes: Uint8Array, from: i32, count: i32, start: u32): u32 {
  let sum = start;
  for (let at = 0; at < count; at++) {
    sum += at & 1 ? <u32>bytes[from + at] : (<u32>bytes[from + at]) << 8;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

function pseudo(frame: Uint8Array, transport: i32): u32 {
  const protocol = <u32>frame[FRONT + 9];
  return slowSum(frame, FRONT + 12, 8, protocol + <u32>(frame.length - transport));
}

/** Fills in the header's checksum. */
export function sumHeader(frame: Uint8Array): void {
  put16(frame, FRONT + 10, 0);
  const bytes = (<i32>(frame[FRONT] & 15)) << 2;
  put16(frame, FRONT + 10, ~slowSum(frame, FRONT, bytes, 0));
}

/** A frame with an IPv4 packet in it; its transport's checksum is still missing. */
function packet(source: u32, destination: u32, protocol: u8, body: i32): Uint8Array {
  const frame = new Uint8Array(FRONT + 20 + body);
  put16(frame, 22, 0x0800);
  frame[FRONT] = 0x45;
  put16(frame, FRONT + 2, 20 + body);
  put16(frame, FRONT + 4, 0x1234);
  frame[FRONT + 8] = 64;
  frame[FRONT + 9] = protocol;
  put32(frame, FRONT + 12, source);
  put32(frame, FRONT + 16, destination);
  sumHeader(frame);
  return frame;
}

export function udp(
  source: u32,
  sourcePort: u16,
  destination: u32,
  destinationPort: u16,
  bytes: i32 = 4,
): Uint8Array {
  const frame = packet(source, destination, 17, 8 + bytes);
  const at = FRONT + 20;
  put16(frame, at, sourcePort);
  put16(frame, at + 2, destinationPort);
  put16(frame, at + 4, 8 + bytes);
  for (let i = 0; i < bytes; i++) frame[at + 8 + i] = <u8>(i * 7 + 1);
  const sum = <u16>~slowSum(frame, at, 8 + bytes, pseudo(frame, at));
  put16(frame, at + 6, sum == 0 ? 0xffff : sum);
  return frame;
}

export function tcp(
  source: u32,
  sourcePort: u16,
  destination: u32,
  destinationPort: u16,
  flags: u8,
  bytes: i32 = 0,
): Uint8Array {
  const frame = packet(source, destination, 6, 20 + bytes);
  const at = FRONT + 20;
  put16(frame, at, sourcePort);
  put16(frame, at + 2, destinationPort);
  put32(frame, at + 4, 1000);
  put32(frame, at + 8, flags & ACK ? 2000 : 0);
  frame[at + 12] = 0x50;
  frame[at + 13] = flags;
  put16(frame, at + 14, 8192);
  for (let i = 0; i < bytes; i++) frame[at + 20 + i] = <u8>(i * 7 + 1);
  put16(frame, at + 16, ~slowSum(frame, at, 20 + bytes, pseudo(frame, at)));
  return frame;
}

export function echo(source: u32, destination: u32, type: u8, id: u16, bytes: i32 = 4): Uint8Array {
  const frame = packet(source, destination, 1, 8 + bytes);
  const at = FRONT + 20;
  frame[at] = type;
  put16(frame, at + 4, id);
  put16(frame, at + 6, 1);
  put16(frame, at + 2, ~slowSum(frame, at, 8 + bytes, 0));
  return frame;
}

/** An ICMP error that quotes the header and the first `quoted` bytes of what this packet carries. */
export function errorAbout(
  about: Uint8Array,
  source: u32,
  destination: u32,
  type: u8,
  code: u8,
  quoted: i32 = 8,
): Uint8Array {
  const frame = packet(source, destination, 1, 8 + 20 + quoted);
  const at = FRONT + 20;
  frame[at] = type;
  frame[at + 1] = code;
  memory.copy(frame.dataStart + at + 8, about.dataStart + FRONT, 20 + quoted);
  put16(frame, at + 2, ~slowSum(frame, at, 28 + quoted, 0));
  return frame;
}

/** The packet that an ICMP error quotes, as a frame. */
export function quoteOf(error: Uint8Array): Uint8Array {
  const frame = new Uint8Array(error.length - 28);
  put16(frame, 22, 0x0800);
  memory.copy(frame.dataStart + FRONT, error.dataStart + FRONT + 28, error.length - FRONT - 28);
  return frame;
}

/** Leaves the transport's checksum to the link: the field holds the sum of the pseudo-header. */
export function partial(frame: Uint8Array): Uint8Array {
  const at = FRONT + 20;
  const field = at + (frame[FRONT + 9] == 6 ? 16 : 6);
  put16(frame, field, pseudo(frame, at));
  frame[0] = 1;
  return frame;
}

/** Completes a partial checksum as a link does. */
export function completed(frame: Uint8Array): Uint8Array {
  const copy = frame.slice(0);
  const at = FRONT + 20;
  const field = at + (frame[FRONT + 9] == 6 ? 16 : 6);
  // The field's own sum of the pseudo-header is part of what is summed (virtio 1.2 §5.1.6.2).
  const sum = <u16>~slowSum(copy, at, copy.length - at, 0);
  put16(copy, field, sum);
  copy[0] = 0;
  return copy;
}

/** Makes a fragment of it: the transport's checksum stays what it is. */
export function fragment(frame: Uint8Array, offset: i32, more: bool): Uint8Array {
  put16(frame, FRONT + 6, (<u32>(offset >> 3)) | (more ? 0x2000 : 0));
  sumHeader(frame);
  return frame;
}

export function textOf(frame: Uint8Array): string {
  return describeFrame(frame);
}

/** A router between 192.168.1.0/24 and an outside with the address 198.51.100.1. */
@final
export class Lab {
  readonly counters: RouterCounters;
  readonly forwarder: Forwarder;
  readonly transit: Transit = new Transit();
  nowNs: i64 = 0;

  constructor(
    policy: RouterPolicy = new RouterPolicy(),
    limits: RouterLimits = new RouterLimits(),
  ) {
    const counters = new RouterCounters();
    const forwarder = new Forwarder(limits, policy, new TestRandom(7), counters);
    this.counters = counters;
    forwarder.networks.insideAddress = GATEWAY;
    forwarder.networks.addInside(GATEWAY, 24);
    forwarder.outsideAddress = OUTSIDE;
    this.forwarder = forwarder;
  }

  /** A packet comes from inside; what becomes of it. */
  out(frame: Uint8Array): Verdict {
    if (!this.read(frame)) return Verdict.DROP;
    return this.forwarder.fromInside(this.transit, this.nowNs);
  }

  /** A packet comes from outside. */
  in(frame: Uint8Array): Verdict {
    if (!this.read(frame)) return Verdict.DROP;
    return this.forwarder.fromOutside(this.transit, this.nowNs);
  }

  /** What becomes of a packet from inside, in words. */
  outText(frame: Uint8Array): string {
    return say(this.out(frame), frame);
  }

  inText(frame: Uint8Array): string {
    return say(this.in(frame), frame);
  }

  advance(ns: i64): void {
    this.nowNs += ns;
    this.forwarder.flows.due(this.nowNs);
  }

  private read(frame: Uint8Array): bool {
    if (!this.transit.parse(frame.dataStart + FRONT)) return false;
    this.transit.isPartial = (frame[0] & 1) != 0;
    this.transit.segmentBytes = load<u16>(frame.dataStart, 4);
    return true;
  }
}

function say(verdict: Verdict, frame: Uint8Array): string {
  switch (verdict) {
    case Verdict.DROP:
      return "drop";
    case Verdict.LOCAL:
      return "local";
    case Verdict.OUT:
      return "out: " + textOf(frame);
    case Verdict.IN:
      return "in: " + textOf(frame);
    case Verdict.RESET:
      return "reset";
    case Verdict.PROHIBITED:
      return "prohibited";
    case Verdict.HOPS:
      return "time exceeded";
    case Verdict.TOO_LARGE:
      return "too large";
    default:
      return "unreachable";
  }
}
