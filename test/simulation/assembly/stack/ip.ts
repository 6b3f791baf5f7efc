/** A network layer whose only way leads over simulated links to one other host. */
import {
  Errno,
  Ip,
  LinkWaiter,
  Packet,
  Path,
  PathError,
  Protocol,
  TOO_LARGE,
  TransportHandler,
} from "@phantasm/interfaces";
import { now } from "@phantasm/runtime";
import { Timed, cancelTimer, setTimer } from "@phantasm/runtime/timers";
import { Link } from "../link";
import { PACKET_BYTES_MAX, PacketQueue, Port } from "../queue";
import { Draw } from "../random";

const IP_HEADER_BYTES: i32 = 20;
/** Of a frame beside the IP packet: Ethernet and what lies between two frames. */
const FRAME_BYTES: i32 = 38;
/** How long the link is busy when it takes no frame. */
const BUSY_NS: i64 = 50_000;

/** From a packet that is too large to the complaint. */
const COMPLAINT_NS: i64 = 3_000_000;

const CHECKSUM_AT: usize = 16;
const FLAGS_AT: usize = 13;
const FIN_PSH: u8 = 0x09;
const CWR: u8 = 0x80;

/** Gives packets to their ports when they are due. */
export class Courier extends Timed {
  constructor(readonly queue: PacketQueue) {
    super();
  }

  /** Something may be due earlier. */
  expect(): void {
    const dueNs = this.queue.nextNs;
    if (dueNs == i64.MAX_VALUE) cancelTimer(this);
    else if (!this.timerIsPending || dueNs < this.timerDueNs) setTimer(this, dueNs);
  }

  timerDue(nowNs: i64): void {
    while (this.queue.nextNs <= nowNs) this.queue.deliver();
    this.expect();
  }
}

/** Sum of 16-bit words, as they lie in memory. */
function sum(at: usize, bytes: i32, first: u64): u64 {
  let total = first;
  for (; bytes >= 2; bytes -= 2) {
    total += load<u16>(at);
    at += 2;
  }
  if (bytes > 0) total += load<u8>(at);
  while (total > 0xffff) total = (total & 0xffff) + (total >> 16);
  return total;
}

/** Tells a sender that a link on the way takes less than its packets (RFC 1191), a while after the first of them. */
class Router extends Timed {
  ip: SimulatedIp | null = null;
  /** From this time on, `mtu` holds. */
  narrowsNs: i64 = i64.MAX_VALUE;
  mtu: i32 = 0;
  private readonly quote: usize = heap.alloc(8);
  private readonly packet: Packet = new Packet();

  /** True: the packet is lost here. */
  refuses(at: usize, bytes: i32): bool {
    if (now() < this.narrowsNs || bytes + IP_HEADER_BYTES <= this.mtu) return false;
    if (!this.timerIsPending) {
      memory.copy(this.quote, at, 8);
      setTimer(this, now() + COMPLAINT_NS);
    }
    return true;
  }

  timerDue(nowNs: i64): void {
    const ip = this.ip!;
    ip.narrow(this.mtu);
    const packet = this.packet;
    packet.payload = this.quote;
    packet.bytes = 8;
    packet.sourceLow = ip.own;
    packet.destinationLow = ip.other;
    ip.handler!.onPathError(packet, PathError.TOO_LARGE, this.mtu);
  }
}

class WirePath extends Path {
  private readonly frame: usize = heap.alloc(65_536);
  private readonly cut: usize = heap.alloc(PACKET_BYTES_MAX);

  ip: SimulatedIp | null = null;

  begin(): usize {
    return this.frame;
  }

  send(protocol: u8, bytes: i32, checksumAt: i32, segmentBytes: i32): i32 {
    assert(protocol == Protocol.TCP && <usize>checksumAt == CHECKSUM_AT, "only TCP is sent");
    assert(bytes <= this.bytesMax, "more than the path takes");
    if (this.ip!.isBusy()) return Errno.AGAIN;
    if (segmentBytes == 0) {
      assert(bytes <= this.mtu - IP_HEADER_BYTES, "more than the MTU");
      this.put(this.frame, bytes);
    } else {
      this.putSegments(bytes, segmentBytes);
    }
    this.ip!.courier.expect();
    return 0;
  }

  /** Nobody here sends what must be cut up. */
  beginLarge(bytes: i32): usize {
    return 0;
  }

  sendLarge(protocol: u8, bytes: i32, checksumAt: i32): i32 {
    return TOO_LARGE;
  }

  /** As an interface with segmentation offload does. */
  private putSegments(bytes: i32, segmentBytes: i32): void {
    const frame = this.frame;
    const headerBytes = (<i32>(load<u8>(frame + 12) >> 4)) << 2;
    const sequence = bswap(load<u32>(frame + 4));
    const flags = load<u8>(frame + FLAGS_AT);
    const payloadBytes = bytes - headerBytes;
    for (let at = 0; at < payloadBytes; at += segmentBytes) {
      const part = min(segmentBytes, payloadBytes - at);
      const cut = this.cut;
      memory.copy(cut, frame, headerBytes);
      memory.copy(cut + headerBytes, frame + headerBytes + at, part);
      store<u32>(cut + 4, bswap(sequence + at));
      let own = flags;
      if (at > 0) own &= ~CWR;
      if (at + part < payloadBytes) own &= ~FIN_PSH;
      store<u8>(cut + FLAGS_AT, own);
      this.put(cut, headerBytes + part);
    }
  }

  private put(packet: usize, bytes: i32): void {
    store<u16>(packet + CHECKSUM_AT, 0);
    const ip = this.ip!;
    if (ip.router.refuses(packet, bytes)) return;
    const pseudo = ip.pseudoSum(bytes);
    store<u16>(packet + CHECKSUM_AT, <u16>~sum(packet, bytes, pseudo));
    const canMark = (this.trafficClass & 3) == 2;
    const wireBytes = bytes + IP_HEADER_BYTES + FRAME_BYTES;
    ip.link!.send(ip.port, packet, bytes, wireBytes, canMark, now());
  }
}

/** Tells those that wait that the link takes frames again. */
class Room extends Timed {
  private waiters: LinkWaiter[] = [];

  add(waiter: LinkWaiter, dueNs: i64): void {
    this.waiters.push(waiter);
    if (!this.timerIsPending) setTimer(this, dueNs);
  }

  timerDue(nowNs: i64): void {
    const waiters = this.waiters;
    this.waiters = [];
    for (let i = 0; i < waiters.length; i++) waiters[i].onLinkReady();
  }
}

export class SimulatedIp implements Ip, Port {
  /** Where what is sent goes. */
  link: Link | null = null;
  port: i32 = 0;
  /** In a million frames, those that find the link busy. */
  busyMillionths: u32 = 0;
  handler: TransportHandler | null = null;
  readonly router: Router = new Router();
  private readonly way: WirePath = new WirePath();
  private readonly room: Room = new Room();
  private readonly packet: Packet = new Packet();
  private busyUntilNs: i64 = 0;

  constructor(
    readonly own: u64,
    readonly other: u64,
    mtu: i32,
    segments: bool,
    readonly courier: Courier,
    private readonly draw: Draw,
  ) {
    const way = this.way;
    way.ip = this;
    way.headerBytes = IP_HEADER_BYTES;
    way.sourceLow = own;
    way.destinationLow = other;
    way.mtu = mtu;
    way.segments = segments;
    way.bytesMax = segments ? 65_515 : mtu - IP_HEADER_BYTES;
    this.router.ip = this;
  }

  /** The way takes shorter packets from now on. */
  narrow(mtu: i32): void {
    const way = this.way;
    way.mtu = mtu;
    if (!way.segments) way.bytesMax = mtu - IP_HEADER_BYTES;
  }

  /** The same for both directions. */
  pseudoSum(bytes: i32): u64 {
    return (this.own & 0xffff) + (this.other & 0xffff) + bswap<u16>(6) + bswap<u16>(<u16>bytes);
  }

  isBusy(): bool {
    const nowNs = now();
    if (nowNs < this.busyUntilNs) return true;
    if (!this.draw.happens(this.busyMillionths)) return false;
    this.busyUntilNs = nowNs + BUSY_NS;
    return true;
  }

  receive(at: usize, bytes: i32, isMarked: bool, nowNs: i64): void {
    const packet = this.packet;
    packet.payload = at;
    packet.bytes = bytes;
    packet.sourceLow = this.other;
    packet.destinationLow = this.own;
    packet.trafficClass = isMarked ? 3 : 0;
    packet.pseudoSum = <u32>this.pseudoSum(bytes);
    this.handler!.onPacket(packet);
  }

  register(protocol: u8, handler: TransportHandler): void {
    this.handler = handler;
  }

  path(sourceHigh: u64, sourceLow: u64, destinationHigh: u64, destinationLow: u64): Path | null {
    return destinationLow == this.other ? this.way : null;
  }

  pathBack(packet: Packet): Path | null {
    return this.way;
  }

  isLocal(high: u64, low: u64): bool {
    return low == this.own;
  }

  reject(packet: Packet, error: i32): void {}

  confirm(path: Path): void {}

  whenReady(waiter: LinkWaiter): void {
    this.room.add(waiter, max(this.busyUntilNs, now()));
  }
}
