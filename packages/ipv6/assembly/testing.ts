/** For tests of IPv6: another host on the wire, which says what it is told to say. */
import { OUR_MAC, Wire } from "@phantasm/ethernet/testing";
import { expect } from "@phantasm/testing";
import { nameAddress, slowSum, textOf } from "./testing-text";

export { nameAddress, textOf } from "./testing-text";

/** fe80::, 2001:db8::, ff02:: */
export const LINK: u64 = 0xfe80_0000_0000_0000;
export const NET: u64 = 0x2001_0db8_0000_0000;
export const GROUP: u64 = 0xff02_0000_0000_0000;

export function put16(bytes: Uint8Array, at: i32, value: u32): void {
  bytes[at] = <u8>(value >> 8);
  bytes[at + 1] = <u8>value;
}

export function put32(bytes: Uint8Array, at: i32, value: u32): void {
  put16(bytes, at, value >> 16);
  put16(bytes, at + 2, value);
}

export function put64(bytes: Uint8Array, at: i32, value: u64): void {
  put32(bytes, at, <u32>(value >> 32));
  put32(bytes, at + 4, <u32>value);
}

export function joined(parts: Uint8Array[]): Uint8Array {
  let length = 0;
  for (let i = 0; i < parts.length; i++) length += parts[i].length;
  const bytes = new Uint8Array(length);
  length = 0;
  for (let i = 0; i < parts.length; i++) {
    bytes.set(parts[i], length);
    length += parts[i].length;
  }
  return bytes;
}

/** Writes an address as that name from now on. */
export function call(name: string, high: u64, low: u64): void {
  const bytes = new Uint8Array(16);
  put64(bytes, 0, high);
  put64(bytes, 8, low);
  nameAddress(bytes.dataStart, name);
}

/** The next frame that was sent reads as this. */
export function sent(wire: Wire, text: string): void {
  expect(wire.pending == 0 ? "nothing was sent" : textOf(wire.takeWithHeader())).toBe(text);
}

/** One of the frames that were sent reads as this; those in front of it are left out. */
export function sentAmong(wire: Wire, text: string): void {
  let last = "nothing was sent";
  while (wire.pending > 0 && last != text) last = textOf(wire.takeWithHeader());
  expect(last).toBe(text);
}

/** Everything that was sent was looked at. */
export function silence(wire: Wire): void {
  expect(wire.pending == 0 ? "silence" : textOf(wire.takeWithHeader())).toBe("silence");
}

/** A link-layer address option. */
export function linkOption(type: u8, mac: u64): Uint8Array {
  const bytes = new Uint8Array(8);
  put64(bytes, 0, ((<u64>type) << 56) | ((<u64>1) << 48) | mac);
  return bytes;
}

/** A prefix information option; flags 0x80 on link, 0x40 for addresses. */
export function prefixOption(
  high: u64,
  length: i32,
  flags: u8,
  valid: u32,
  preferred: u32,
): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes[0] = 3;
  bytes[1] = 4;
  bytes[2] = <u8>length;
  bytes[3] = flags;
  put32(bytes, 4, valid);
  put32(bytes, 8, preferred);
  put64(bytes, 16, high);
  return bytes;
}


@final
export class Peer6 {
  hopLimit: u8 = 64;
  trafficClass: u8 = 0;
  /** Where frames go to; 0: as the destination wants. */
  target: u64 = 0;
  /** Do not fill in checksums. */
  forgetful: bool = false;

  constructor(
    readonly wire: Wire,
    readonly mac: u64,
    public high: u64,
    public low: u64,
  ) {}

  /** A packet as bytes. */
  packet(high: u64, low: u64, next: u8, payload: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(40 + payload.length);
    put32(bytes, 0, 0x60000000 | ((<u32>this.trafficClass) << 20));
    put16(bytes, 4, payload.length);
    bytes[6] = next;
    bytes[7] = this.hopLimit;
    put64(bytes, 8, this.high);
    put64(bytes, 16, this.low);
    put64(bytes, 24, high);
    put64(bytes, 32, low);
    bytes.set(payload, 40);
    return bytes;
  }

  /** Any bytes as the payload of a frame. */
  frame(payload: Uint8Array, high: u64, low: u64): void {
    const bytes = new Uint8Array(14 + payload.length);
    let target = this.target;
    if (target == 0) target = high >> 56 == 0xff ? 0x3333_0000_0000 | (low & 0xffff_ffff) : OUR_MAC;
    put64(bytes, 0, target << 16);
    put64(bytes, 6, this.mac << 16);
    put16(bytes, 12, 0x86dd);
    bytes.set(payload, 14);
    this.wire.arrive(bytes);
  }

  send(high: u64, low: u64, next: u8, payload: Uint8Array): void {
    this.frame(this.packet(high, low, next, payload), high, low);
  }

  /** Fills in the checksum at `at`. */
  sum(high: u64, low: u64, next: u8, payload: Uint8Array, at: i32): void {
    if (this.forgetful) return;
    const packet = this.packet(high, low, next, payload);
    const start = slowSum(packet.dataStart + 8, 32, <u32>next + <u32>payload.length);
    put16(payload, at, <u16>~slowSum(payload.dataStart, payload.length, start));
  }

  /** An ICMPv6 message as bytes; `rest` is the second word. */
  message(high: u64, low: u64, type: u8, code: u8, rest: u32, body: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(8 + body.length);
    bytes[0] = type;
    bytes[1] = code;
    put32(bytes, 4, rest);
    bytes.set(body, 8);
    this.sum(high, low, 58, bytes, 2);
    return bytes;
  }

  icmp(high: u64, low: u64, type: u8, code: u8, rest: u32, body: Uint8Array): void {
    this.send(high, low, 58, this.message(high, low, type, code, rest, body));
  }

  /** A message of discovery: with hop limit 255. */
  discovery(high: u64, low: u64, type: u8, rest: u32, body: Uint8Array): void {
    this.hopLimit = 255;
    this.icmp(high, low, type, 0, rest, body);
    this.hopLimit = 64;
  }

  echo(high: u64, low: u64, id: u16, sequence: u16, bytes: i32): void {
    this.icmp(high, low, 128, 0, ((<u32>id) << 16) | sequence, new Uint8Array(bytes).fill(7));
  }

  /** Who has that address? With our link address. */
  solicit(high: u64, low: u64): void {
    this.discovery(
      GROUP,
      0x1_ff00_0000 | (low & 0xff_ffff),
      135,
      0,
      joined([addressOf(high, low), linkOption(1, this.mac)]),
    );
  }

  /** Is that address still free? */
  probe(high: u64, low: u64): void {
    const ownHigh = this.high;
    const ownLow = this.low;
    this.high = 0;
    this.low = 0;
    this.discovery(GROUP, 0x1_ff00_0000 | (low & 0xff_ffff), 135, 0, addressOf(high, low));
    this.high = ownHigh;
    this.low = ownLow;
  }

  /** We have our address. Flags: 0x80 router, 0x40 solicited, 0x20 override. */
  advertise(toHigh: u64, toLow: u64, flags: u32): void {
    this.discovery(
      toHigh,
      toLow,
      136,
      flags << 24,
      joined([addressOf(this.high, this.low), linkOption(2, this.mac)]),
    );
  }

  /** A router advertisement to all. @param lifetime seconds */
  advertiseRouter(lifetime: u32, flags: u8, options: Uint8Array[]): void {
    const times = new Uint8Array(8);
    this.discovery(
      GROUP,
      1,
      134,
      (64 << 24) | ((<u32>flags) << 16) | lifetime,
      joined([times, joined(options)]),
    );
  }

  /** A datagram as bytes, from its header on. */
  datagram(high: u64, low: u64, sourcePort: u16, port: u16, bytes: i32): Uint8Array {
    const payload = new Uint8Array(8 + bytes);
    put16(payload, 0, sourcePort);
    put16(payload, 2, port);
    put16(payload, 4, payload.length);
    for (let i = 0; i < bytes; i++) payload[8 + i] = <u8>i;
    this.sum(high, low, 17, payload, 6);
    return payload;
  }

  udp(high: u64, low: u64, sourcePort: u16, port: u16, bytes: i32): void {
    this.send(high, low, 17, this.datagram(high, low, sourcePort, port, bytes));
  }

  /** One fragment, with these bytes. */
  fragment(high: u64, low: u64, id: u32, next: u8, from: i32, more: bool, bytes: Uint8Array): void {
    const header = new Uint8Array(8);
    header[0] = next;
    put16(header, 2, from | (more ? 1 : 0));
    put32(header, 4, id);
    this.send(high, low, 44, joined([header, bytes]));
  }

  /** An error about a frame of ours (without virtio_net_hdr). */
  errorAbout(frame: Uint8Array, type: u8, code: u8, rest: u32): void {
    const at = frame.dataStart + 14;
    this.icmp(bswap(load<u64>(at, 8)), bswap(load<u64>(at, 16)), type, code, rest, frame.slice(14));
  }
}

export function addressOf(high: u64, low: u64): Uint8Array {
  const bytes = new Uint8Array(16);
  put64(bytes, 0, high);
  put64(bytes, 8, low);
  return bytes;
}
