/** Another host on the wire of a test, which says what it is told to say. */
import { Wire, OUR_MAC } from "./testing";

function put16(frame: Uint8Array, at: i32, value: u32): void {
  frame[at] = <u8>(value >> 8);
  frame[at + 1] = <u8>value;
}

function put32(frame: Uint8Array, at: i32, value: u32): void {
  put16(frame, at, value >> 16);
  put16(frame, at + 2, value);
}

function putMac(frame: Uint8Array, at: i32, mac: u64): void {
  put16(frame, at, <u32>(mac >> 32));
  put32(frame, at + 2, <u32>mac);
}

/** RFC 1071 §4.1, the slow way. */
export function slowSum(bytes: Uint8Array, from: i32, count: i32, start: u32 = 0): u32 {
  let sum = start;
  for (let at = 0; at < count; at++) {
    sum += at & 1 ? <u32>bytes[from + at] : (<u32>bytes[from + at]) << 8;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

const BROADCAST: u64 = 0xffff_ffff_ffff;

/** Addresses of IPv4 are numbers, the first octet in the highest byte. */
@final
export class Peer {
  /** What the next IPv4 packets look like. */
  hopLimit: u8 = 64;
  trafficClass: u8 = 0;
  identification: u16 = 1;
  /** Flags and fragment offset, as they are on the wire. */
  fragment: u16 = 0;
  /** Where frames go to. */
  target: u64 = OUR_MAC;
  /** Options of the IPv4 header, a multiple of four bytes. */
  options: Uint8Array = new Uint8Array(0);

  constructor(
    readonly wire: Wire,
    readonly mac: u64,
    public address: u32,
  ) {}

  /** Any payload. */
  ethernet(type: u16, payload: Uint8Array): void {
    const frame = new Uint8Array(14 + payload.length);
    putMac(frame, 0, this.target);
    putMac(frame, 6, this.mac);
    put16(frame, 12, type);
    frame.set(payload, 14);
    this.wire.arrive(frame);
  }

  arp(operation: u16, senderMac: u64, sender: u32, targetMac: u64, target: u32): void {
    // With the padding of a frame that came over a wire.
    const body = new Uint8Array(46);
    put16(body, 0, 1);
    put16(body, 2, 0x0800);
    body[4] = 6;
    body[5] = 4;
    put16(body, 6, operation);
    putMac(body, 8, senderMac);
    put32(body, 14, sender);
    putMac(body, 18, targetMac);
    put32(body, 24, target);
    this.ethernet(0x0806, body);
  }

  /** Asks everybody who has that address. */
  arpRequest(target: u32): void {
    const before = this.target;
    this.target = BROADCAST;
    this.arp(1, this.mac, this.address, 0, target);
    this.target = before;
  }

  /** Tells us its own address. */
  arpReply(to: u32): void {
    this.arp(2, this.mac, this.address, OUR_MAC, to);
  }

  /** An IPv4 packet as bytes, from its header on. */
  packet(destination: u32, protocol: u8, payload: Uint8Array): Uint8Array {
    const header = 20 + this.options.length;
    const bytes = new Uint8Array(header + payload.length);
    bytes[0] = <u8>(0x40 | (header >> 2));
    bytes[1] = this.trafficClass;
    put16(bytes, 2, bytes.length);
    put16(bytes, 4, this.identification);
    put16(bytes, 6, this.fragment);
    bytes[8] = this.hopLimit;
    bytes[9] = protocol;
    put32(bytes, 12, this.address);
    put32(bytes, 16, destination);
    bytes.set(this.options, 20);
    put16(bytes, 10, ~slowSum(bytes, 0, header));
    bytes.set(payload, header);
    return bytes;
  }

  ipv4(destination: u32, protocol: u8, payload: Uint8Array): void {
    this.ethernet(0x0800, this.packet(destination, protocol, payload));
  }

  /** A datagram as bytes, from its header on. */
  datagram(destination: u32, sourcePort: u16, port: u16, payload: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(8 + payload.length);
    put16(bytes, 0, sourcePort);
    put16(bytes, 2, port);
    put16(bytes, 4, bytes.length);
    bytes.set(payload, 8);
    const pseudo = new Uint8Array(12);
    put32(pseudo, 0, this.address);
    put32(pseudo, 4, destination);
    pseudo[9] = 17;
    put16(pseudo, 10, bytes.length);
    const sum = <u16>~slowSum(bytes, 0, bytes.length, slowSum(pseudo, 0, 12));
    put16(bytes, 6, sum == 0 ? 0xffff : sum);
    return bytes;
  }

  udp(destination: u32, sourcePort: u16, port: u16, payload: Uint8Array): void {
    this.ipv4(destination, 17, this.datagram(destination, sourcePort, port, payload));
  }

  /** An ICMP message as bytes: `rest` is the second word of the header. */
  icmpMessage(type: u8, code: u8, rest: u32, payload: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(8 + payload.length);
    bytes[0] = type;
    bytes[1] = code;
    put32(bytes, 4, rest);
    bytes.set(payload, 8);
    put16(bytes, 2, ~slowSum(bytes, 0, bytes.length));
    return bytes;
  }

  icmp(destination: u32, type: u8, code: u8, rest: u32, payload: Uint8Array): void {
    this.ipv4(destination, 1, this.icmpMessage(type, code, rest, payload));
  }

  echo(destination: u32, id: u16, sequence: u16, payload: Uint8Array): void {
    this.icmp(destination, 8, 0, ((<u32>id) << 16) | sequence, payload);
  }

  /** An ICMP error about a frame of ours (without virtio_net_hdr): quotes its header and 8 bytes. */
  errorAbout(frame: Uint8Array, type: u8, code: u8, rest: u32 = 0): void {
    const header = (<i32>(frame[14] & 15)) << 2;
    const end = min(frame.length, 14 + header + 8);
    const sender = <u32>bswap(load<u32>(frame.dataStart + 14 + 12));
    this.icmp(sender, type, code, rest, frame.slice(14, end));
  }
}
