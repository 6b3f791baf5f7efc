import { Packet } from "@phantasm/interfaces";
import { Flag, Segment } from "../segment";
import { before } from "../sequence";
import { parse } from "../wire";
import { step } from "./clock";
import { FakeIp, LOCAL, REMOTE, Sent } from "./fake-ip";

/** Byte number `index` of a stream. */
export function streamByte(index: u32): u8 {
  return <u8>(index * 31 + (index >> 8) * 7);
}

/** The other end, word by word. */
export class Peer {
  /** Its initial sequence number, and ours as it was seen. */
  initial: u32 = 1_000_000;
  theirs: u32 = 0;
  hasSeen: bool = false;
  /** What it sends next, and what it has seen, as they stand in the header. */
  next: u32 = 1_000_000;
  seen: u32 = 0;
  port: u16 = 40_000;
  remotePort: u16 = 80;
  address: u64 = REMOTE;
  timestamps: bool = false;
  stamp: u32 = 1000;
  echo: u32 = 0;
  /** Adds to each segment that does not say. */
  window: u32 = 65_535;
  joined: i32 = 0;
  trafficClass: u8 = 0;
  private readonly packet: Packet = new Packet();
  private readonly buffer: Uint8Array = new Uint8Array(70_000);
  private readonly segment: Segment = new Segment();

  constructor(readonly ip: FakeIp) {}

  /** A connection of another port, from the beginning. */
  restart(port: u16, initial: u32): void {
    this.port = port;
    this.initial = initial;
    this.next = initial;
    this.hasSeen = false;
    this.timestamps = false;
  }

  /** Sends a segment, then lets a step pass that takes no time. */
  sends(words: string): void {
    this.throws(words);
    step(0);
  }

  /** Sends a segment, and no more. */
  throws(words: string): void {
    const list = words.split(" ");
    const at = this.buffer.dataStart;
    const flags = flagsOf(list[0]);
    let sequence = this.next;
    let moves = true;
    let acknowledgment = (flags & Flag.ACK) != 0 ? this.seen : 0;
    let window = this.window;
    let length = 0;
    let option = at + 20;
    for (let i = 1; i < list.length; i++) {
      const equals = list[i].indexOf("=");
      const name = equals < 0 ? list[i] : list[i].substring(0, equals);
      const text = list[i].substring(equals + 1);
      const value = <u32>(equals < 0 ? 0 : I64.parseInt(text));
      if (name == "seq") {
        sequence = this.initial + value;
        moves = false;
      } else if (name == "ack") acknowledgment = this.theirs + value;
      else if (name == "win") window = value;
      else if (name == "len") length = value;
      else if (name == "mss") {
        store<u32>(option, bswap<u32>(0x0204_0000 | value));
        option += 4;
      } else if (name == "ws") {
        store<u32>(option, bswap<u32>(0x0103_0300 | value));
        option += 4;
      } else if (name == "sackok") {
        store<u32>(option, bswap<u32>(0x0101_0402));
        option += 4;
      } else if (name == "ts") {
        this.timestamps = true;
        if (equals >= 0) this.stamp = value;
      } else if (name == "nots") this.timestamps = false;
      else if (name == "sack") {
        const blocks = text.split(",");
        store<u8>(option, 1);
        store<u8>(option, 1, 1);
        store<u8>(option, 5, 2);
        store<u8>(option, <u8>(2 + 8 * blocks.length), 3);
        option += 4;
        for (let b = 0; b < blocks.length; b++) {
          const bounds = blocks[b].split("-");
          store<u32>(option, bswap<u32>(this.theirs + <u32>I64.parseInt(bounds[0])));
          store<u32>(option, bswap<u32>(this.theirs + <u32>I64.parseInt(bounds[1])), 4);
          option += 8;
        }
      } else assert(false, "sends: what is " + list[i] + "?");
    }
    if (this.timestamps) {
      store<u32>(option, 0x0a08_0101);
      store<u32>(option, bswap<u32>(this.stamp), 4);
      store<u32>(option, bswap<u32>(this.echo), 8);
      option += 12;
    }
    const headerBytes = <i32>(option - at);
    store<u16>(at, bswap<u16>(this.port));
    store<u16>(at, bswap<u16>(this.remotePort), 2);
    store<u32>(at, bswap<u32>(sequence), 4);
    store<u32>(at, bswap<u32>(acknowledgment), 8);
    store<u16>(at, bswap<u16>(<u16>(((<u32>headerBytes) << 10) | flags)), 12);
    store<u16>(at, bswap<u16>(<u16>window), 14);
    store<u32>(at, 0, 16);
    const first = sequence - this.initial - 1;
    for (let i: u32 = 0; i < <u32>length; i++) store<u8>(option + i, streamByte(first + i));
    const past =
      sequence + length + ((flags & Flag.SYN) != 0 ? 1 : 0) + ((flags & Flag.FIN) != 0 ? 1 : 0);
    if (moves || before(this.next, past)) this.next = past;
    this.deliver(at, headerBytes + length);
  }

  /** Hands bytes to the stack as a packet of this peer. */
  deliver(at: usize, bytes: i32): void {
    const packet = this.packet;
    packet.payload = at;
    packet.bytes = bytes;
    packet.sourceLow = this.address;
    packet.destinationLow = LOCAL;
    packet.isTrusted = true;
    packet.segmentBytes = this.joined;
    packet.trafficClass = this.trafficClass;
    this.ip.handler!.onPacket(packet);
  }

  /** An ICMP error comes back for the segment of ours that began at `sequence`. @param error of PathError */
  quotes(error: i32, sequence: u32, mtu: i32): void {
    const at = this.buffer.dataStart;
    store<u16>(at, bswap<u16>(this.remotePort));
    store<u16>(at, bswap<u16>(this.port), 2);
    store<u32>(at, bswap<u32>(this.theirs + sequence), 4);
    const packet = this.packet;
    packet.payload = at;
    packet.bytes = 8;
    packet.sourceLow = LOCAL;
    packet.destinationLow = this.address;
    this.ip.handler!.onPathError(packet, error, mtu);
  }

  /** What was sent next, and not looked at, has each of these words; returns the whole. */
  expects(words: string): string {
    assert(this.ip.link.sent.length > 0, "expected " + words + ", but nothing was sent");
    const text = this.read(this.ip.link.sent.shift());
    const list = words.split(" ");
    const found = text.split(" ");
    for (let i = 0; i < list.length; i++)
      assert(found.includes(list[i]), "expected " + words + ", but this was sent: " + text);
    return text;
  }

  expectsNothing(): void {
    if (this.ip.link.sent.length > 0)
      assert(false, "expected nothing, but this was sent: " + this.read(this.ip.link.sent.shift()));
  }

  /** Forgets what was sent, as far as it was not looked at, but for what it acknowledges. */
  ignores(): void {
    while (this.ip.link.sent.length > 0) this.read(this.ip.link.sent.shift());
  }

  /** A segment in words. */
  read(sent: Sent): string {
    const packet = this.packet;
    packet.payload = sent.bytes.dataStart;
    packet.bytes = sent.bytes.length;
    packet.segmentBytes = sent.segmentBytes;
    const s = this.segment;
    assert(parse(packet, s), "what was sent cannot be parsed");
    if (s.has(Flag.SYN)) {
      this.theirs = s.sequence;
      this.seen = s.sequence;
      this.hasSeen = true;
    }
    const past = s.sequence + s.length;
    if (!this.hasSeen || before(this.seen, past)) this.seen = past;
    let text = flagsIn(s.flags);
    text += ` seq=${<i32>(s.sequence - this.theirs)}`;
    if (s.has(Flag.ACK)) text += ` ack=${<i32>(s.acknowledgment - this.initial)}`;
    text += ` win=${s.window} len=${s.bytes}`;
    if (sent.segmentBytes > 0) text += ` gso=${sent.segmentBytes}`;
    if ((sent.trafficClass & 3) != 0) text += ` ect=${sent.trafficClass & 3}`;
    if (s.has(Flag.SYN)) {
      if (s.maximumSegment > 0) text += ` mss=${s.maximumSegment}`;
      if (s.isSackPermitted) text += " sackok";
      if (s.windowScale >= 0) text += ` ws=${s.windowScale}`;
    }
    if (s.hasTimestamps) {
      this.echo = s.timestamp;
      text += ` ts tsecr=${s.timestampEcho}`;
    }
    if (s.blocks.count > 0) {
      text += " sack=";
      for (let i = 0; i < s.blocks.count; i++) {
        if (i > 0) text += ",";
        text += `${s.blocks.startAt(i) - this.initial}-${s.blocks.endAt(i) - this.initial}`;
      }
    }
    return text;
  }
}

function flagsOf(text: string): u32 {
  let flags: u32 = 0;
  for (let i = 0; i < text.length; i++) {
    const letter = text.charAt(i);
    if (letter == "S") flags |= Flag.SYN;
    else if (letter == "A" || letter == ".") flags |= Flag.ACK;
    else if (letter == "F") flags |= Flag.FIN;
    else if (letter == "R") flags |= Flag.RST;
    else if (letter == "P") flags |= Flag.PSH;
    else if (letter == "U") flags |= Flag.URG;
    else if (letter == "E") flags |= Flag.ECE;
    else if (letter == "W") flags |= Flag.CWR;
    else assert(letter == "-", "flags are letters of SAFRPUEW, or - for none");
  }
  return flags;
}

function flagsIn(flags: u32): string {
  let text = "";
  if ((flags & Flag.SYN) != 0) text += "S";
  if ((flags & Flag.FIN) != 0) text += "F";
  if ((flags & Flag.RST) != 0) text += "R";
  if ((flags & Flag.ACK) != 0) text += "A";
  if ((flags & Flag.ECE) != 0) text += "E";
  if ((flags & Flag.CWR) != 0) text += "W";
  return text;
}
