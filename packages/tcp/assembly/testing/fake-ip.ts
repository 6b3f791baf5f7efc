/** A network layer that keeps what is sent. */
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

export const LOCAL: u64 = ipv4Low(0x0a00_0001);
export const REMOTE: u64 = ipv4Low(0x0a00_0002);

/** A segment that was sent: its bytes from the header of TCP on, and how it was to travel. */
export class Sent {
  constructor(
    readonly bytes: Uint8Array,
    readonly segmentBytes: i32,
    readonly trafficClass: u8,
    readonly sourceHigh: u64,
    readonly sourceLow: u64,
    readonly destinationHigh: u64,
    readonly destinationLow: u64,
  ) {}
}

/** What all paths of a FakeIp share. */
export class FakeLink {
  /** What was sent and not yet looked at. */
  sent: Sent[] = [];
  /** False: what is sent is only counted. */
  keeps: bool = true;
  count: u64 = 0;
  /** Frames that it still takes; negative: any number. */
  room: i32 = -1;
  /** Frames that it has not taken. */
  refused: i32 = 0;
  readonly frame: Uint8Array = new Uint8Array(65_536);
}

export class FakePath extends Path {
  constructor(private readonly link: FakeLink) {
    super();
    this.mtu = 1500;
    this.headerBytes = 20;
    this.bytesMax = 1480;
  }

  begin(): usize {
    return this.link.frame.dataStart;
  }

  send(protocol: u8, bytes: i32, checksumAt: i32, segmentBytes: i32): i32 {
    assert(bytes <= this.bytesMax, "a packet that the path does not take");
    assert(
      segmentBytes > 0 || bytes <= this.mtu - this.headerBytes,
      "a packet larger than the path's MTU",
    );
    assert(load<u16>(this.begin() + checksumAt) == 0, "the checksum's field is 0");
    const link = this.link;
    if (link.room == 0) {
      link.refused++;
      return Errno.AGAIN;
    }
    if (link.room > 0) link.room--;
    if (link.keeps)
      link.sent.push(
        new Sent(
          link.frame.slice(0, bytes),
          segmentBytes,
          this.trafficClass,
          this.sourceHigh,
          this.sourceLow,
          this.destinationHigh,
          this.destinationLow,
        ),
      );
    link.count++;
    return 0;
  }

  beginLarge(bytes: i32): usize {
    return 0;
  }

  sendLarge(protocol: u8, bytes: i32, checksumAt: i32): i32 {
    return TOO_LARGE;
  }
}

export class FakeIp implements Ip {
  handler: TransportHandler | null = null;
  readonly link: FakeLink;
  waiters: LinkWaiter[] = [];
  hasRoute: bool = true;
  confirmed: i32 = 0;
  /** The way to REMOTE; the others are like it. */
  readonly way: FakePath;
  private readonly back: FakePath;

  constructor() {
    const link = new FakeLink();
    this.link = link;
    this.way = new FakePath(link);
    this.back = new FakePath(link);
    this.way.sourceLow = LOCAL;
    this.way.destinationLow = REMOTE;
  }

  register(protocol: u8, handler: TransportHandler): void {
    this.handler = handler;
  }

  path(sourceHigh: u64, sourceLow: u64, destinationHigh: u64, destinationLow: u64): Path | null {
    if (!this.hasRoute) return null;
    if (destinationLow == REMOTE && destinationHigh == 0 && (sourceLow == LOCAL || sourceLow == 0))
      return this.way;
    const path = new FakePath(this.link);
    path.sourceHigh = sourceHigh;
    path.sourceLow = sourceLow == 0 ? LOCAL : sourceLow;
    path.destinationHigh = destinationHigh;
    path.destinationLow = destinationLow;
    return path;
  }

  pathBack(packet: Packet): Path | null {
    const path = this.back;
    path.mtu = this.way.mtu;
    path.sourceHigh = packet.destinationHigh;
    path.sourceLow = packet.destinationLow;
    path.destinationHigh = packet.sourceHigh;
    path.destinationLow = packet.sourceLow;
    return path;
  }

  isLocal(high: u64, low: u64): bool {
    return low == LOCAL && high == 0;
  }

  reject(packet: Packet, error: i32): void {}

  confirm(path: Path): void {
    this.confirmed++;
  }

  whenReady(waiter: LinkWaiter): void {
    this.waiters.push(waiter);
  }

  /** The link takes `frames` more, and tells those that wait. */
  makeRoom(frames: i32): void {
    this.link.room = frames;
    const waiters = this.waiters;
    this.waiters = [];
    for (let i = 0; i < waiters.length; i++) waiters[i].onLinkReady();
  }
}
