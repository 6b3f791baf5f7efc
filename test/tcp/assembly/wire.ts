/** Two stacks and the wire between them: as bad as a seed makes it. Time is the domain's. */
import {
  Errno,
  Ip,
  LinkWaiter,
  Packet,
  Path,
  TOO_LARGE,
  TransportHandler,
  ipv4Low,
} from "@phantasm/interfaces";
import { now } from "@phantasm/runtime";
import { Timed, setTimer } from "@phantasm/runtime/timers";
import { TestRandom } from "@phantasm/testing/random";

export const LEFT: u64 = ipv4Low(0x0a00_0001);
export const RIGHT: u64 = ipv4Low(0x0a00_0002);

/** A packet on its way. */
class Flight extends Timed {
  next: Flight | null = null;
  bytes: Uint8Array = new Uint8Array(2048);
  length: i32 = 0;
  segmentBytes: i32 = 0;
  trafficClass: u8 = 0;
  to: End | null = null;

  timerDue(nowNs: i64): void {
    this.to!.arrives(this);
  }
}

/** What happens to packets in both directions. */
export class Wire {
  readonly left: End;
  readonly right: End;
  /** In a million. */
  loss: u32 = 0;
  duplication: u32 = 0;
  corruption: u32 = 0;
  marking: u32 = 0;
  delayNs: i64 = 0;
  /** Up to so much more for each packet, so that they overtake each other. */
  jitterNs: i64 = 0;
  /** The link answers AGAIN so often. */
  refusal: u32 = 0;
  carried: u64 = 0;
  private spare: Flight | null = null;

  constructor(readonly random: TestRandom) {
    this.left = new End(LEFT, RIGHT, random);
    this.right = new End(RIGHT, LEFT, random);
    this.left.join(this, this.right);
    this.right.join(this, this.left);
  }

  happens(millionths: u32): bool {
    return millionths > 0 && this.random.below(1_000_000) < millionths;
  }

  send(to: End, at: usize, bytes: i32, segmentBytes: i32, trafficClass: u8): void {
    this.carried++;
    if (this.happens(this.loss)) return;
    this.carry(to, at, bytes, segmentBytes, trafficClass);
    if (this.happens(this.duplication)) this.carry(to, at, bytes, segmentBytes, trafficClass);
  }

  private carry(to: End, at: usize, bytes: i32, segmentBytes: i32, trafficClass: u8): void {
    let flight = this.spare;
    if (flight === null) flight = new Flight();
    else this.spare = flight.next;
    if (flight.bytes.length < bytes) flight.bytes = new Uint8Array(bytes);
    memory.copy(flight.bytes.dataStart, at, bytes);
    if (this.happens(this.corruption))
      flight.bytes[this.random.below(bytes)] ^= <u8>((<u32>1) << this.random.below(8));
    flight.length = bytes;
    flight.segmentBytes = segmentBytes;
    flight.trafficClass = (trafficClass & 3) == 2 && this.happens(this.marking) ? 3 : trafficClass;
    flight.to = to;
    const jitterNs = this.jitterNs > 0 ? <i64>(this.random.u64() % <u64>this.jitterNs) : 0;
    setTimer(flight, now() + this.delayNs + jitterNs);
  }

  giveBack(flight: Flight): void {
    flight.next = this.spare;
    this.spare = flight;
  }
}

class WirePath extends Path {
  private readonly frame: Uint8Array = new Uint8Array(65_536);

  constructor(private readonly end: End) {
    super();
    this.headerBytes = 20;
  }

  begin(): usize {
    return this.frame.dataStart;
  }

  send(protocol: u8, bytes: i32, checksumAt: i32, segmentBytes: i32): i32 {
    const wire = this.end.wire!;
    if (wire.happens(wire.refusal)) return Errno.AGAIN;
    const at = this.frame.dataStart;
    if (wire.corruption > 0) store<u16>(at + checksumAt, <u16>~sumOf(at, bytes));
    wire.send(this.end.other!, at, bytes, segmentBytes, this.trafficClass);
    return 0;
  }

  beginLarge(bytes: i32): usize {
    return 0;
  }

  sendLarge(protocol: u8, bytes: i32, checksumAt: i32): i32 {
    return TOO_LARGE;
  }
}

/** The sum of RFC 1071, of a pseudo-header that is zero. */
function sumOf(at: usize, bytes: i32): u32 {
  let sum: u64 = 0;
  const past = at + bytes;
  for (; at + 2 <= past; at += 2) sum += load<u16>(at);
  if (at < past) sum += load<u8>(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return <u32>sum;
}

class Refused extends Timed {
  constructor(private readonly end: End) {
    super();
  }

  timerDue(nowNs: i64): void {
    this.end.hasRoom();
  }
}

/** One side's network layer. */
export class End implements Ip {
  wire: Wire | null = null;
  other: End | null = null;
  handler: TransportHandler | null = null;
  private readonly packet: Packet = new Packet();
  private way: WirePath | null = null;
  private waiters: LinkWaiter[] = [];
  private room: Refused | null = null;

  constructor(
    private readonly address: u64,
    private readonly remote: u64,
    random: TestRandom,
  ) {}

  join(wire: Wire, other: End): void {
    this.wire = wire;
    this.other = other;
    const way = new WirePath(this);
    way.sourceLow = this.address;
    way.destinationLow = this.remote;
    this.way = way;
    this.setMtu(1500, false);
  }

  setMtu(mtu: i32, segments: bool): void {
    const way = this.way!;
    way.mtu = mtu;
    way.segments = segments;
    way.bytesMax = segments ? 65_000 : mtu - 20;
  }

  arrives(flight: Flight): void {
    const packet = this.packet;
    packet.payload = flight.bytes.dataStart;
    packet.bytes = flight.length;
    packet.sourceLow = this.remote;
    packet.destinationLow = this.address;
    packet.segmentBytes = flight.segmentBytes;
    packet.isTrusted = this.wire!.corruption == 0;
    packet.trafficClass = flight.trafficClass;
    this.handler!.onPacket(packet);
    this.wire!.giveBack(flight);
  }

  hasRoom(): void {
    const waiters = this.waiters;
    this.waiters = [];
    for (let i = 0; i < waiters.length; i++) waiters[i].onLinkReady();
  }

  register(protocol: u8, handler: TransportHandler): void {
    this.handler = handler;
  }

  path(sourceHigh: u64, sourceLow: u64, destinationHigh: u64, destinationLow: u64): Path | null {
    return this.way;
  }

  pathBack(packet: Packet): Path | null {
    return this.way;
  }

  isLocal(high: u64, low: u64): bool {
    return low == this.address;
  }

  reject(packet: Packet, error: i32): void {}

  confirm(path: Path): void {}

  whenReady(waiter: LinkWaiter): void {
    this.waiters.push(waiter);
    let room = this.room;
    if (room === null) {
      room = new Refused(this);
      this.room = room;
    }
    if (!room.timerIsPending) setTimer(room, now() + 1000);
  }
}
