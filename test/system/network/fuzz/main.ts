/**
 * Everything from the link to a socket, against frames that are random or nearly right, while an application does what
 * applications do. Nothing may trap, and at the end nothing may be left that lives.
 */
import {
  Datagram,
  Endpoint,
  Errno,
  FrameHandler,
  IpAddress,
  LINK_HEADROOM_BYTES,
  Link,
  LinkCounters,
  LinkWaiter,
  MILLISECOND,
  SECOND,
  Timer,
  TimerHandler,
  UdpHandler,
  UdpSocket,
  UdpWaiter,
} from "@phantasm/interfaces";
import { Ethernet } from "@phantasm/ethernet";
import { AddressListener, Ipv4 } from "@phantasm/ipv4";
import { UdpLayer } from "@phantasm/udp";
import { Devices } from "./.phantasm/devices";
import { ALSO_US, ECHO_PORT, Frames, Seeded, US } from "./assembly/frames";

const BATCH_FRAMES: i32 = 256;
/** Longer than anything is remembered. */
const QUIET_NS: i64 = 800 * SECOND;

class Loose implements Link {
  readonly address: Uint8Array = new Uint8Array(6);
  readonly sums: LinkCounters = new LinkCounters();
  handler: FrameHandler | null = null;
  isFull: bool = false;
  private readonly waiters: LinkWaiter[] = [];

  constructor(private readonly frames: Frames) {
    this.address[0] = 2;
    this.address[5] = 1;
  }

  get mac(): Uint8Array {
    return this.address;
  }
  get mtu(): i32 {
    return 1500;
  }
  get features(): u32 {
    return 0;
  }
  get counters(): LinkCounters {
    return this.sums;
  }
  send(buffer: Uint8Array, offset: i32, length: i32): i32 {
    return this.sendOffloaded(buffer, offset, length);
  }
  sendOffloaded(buffer: Uint8Array, offset: i32, length: i32): i32 {
    assert(
      offset >= LINK_HEADROOM_BYTES && length >= 14 && length <= 1514,
      "a frame out of bounds",
    );
    assert(offset + length <= buffer.length, "a frame outside its buffer");
    if (this.isFull) return Errno.AGAIN;
    this.sums.sentFrames++;
    this.frames.remember(buffer.dataStart + offset, length);
    return 0;
  }
  receive(handler: FrameHandler): void {
    this.handler = handler;
  }
  background(): void {}
  stop(): void {}
  whenReady(waiter: LinkWaiter): void {
    this.waiters.push(waiter);
  }
  drain(): void {
    this.isFull = false;
    for (let left = this.waiters.length; left > 0; left--) this.waiters.shift().onLinkReady();
  }
}

class Fuzz implements TimerHandler, UdpHandler, UdpWaiter, AddressListener {
  private readonly random: Seeded;
  private readonly frames: Frames;
  private readonly link: Loose;
  private readonly ip: Ipv4;
  private readonly udp: UdpLayer;
  private readonly payload: Uint8Array = new Uint8Array(3000);
  private client: UdpSocket | null = null;
  private left: i32;
  private received: u64 = 0;

  constructor(private readonly os: Devices) {
    const random = new Seeded(<u64>os.arguments.seed * 2 + 1);
    const frames = new Frames(random);
    const link = new Loose(frames);
    const ip = new Ipv4(new Ethernet(link), random);
    this.random = random;
    this.frames = frames;
    this.link = link;
    this.ip = ip;
    this.udp = new UdpLayer(ip, random, 8);
    this.left = <i32>os.arguments.frames;
    ip.addAddress(US, 24, false, true, this);
    ip.addRoute(0, 0, 0x0a00_0002);
    const echo = this.udp.bind(ECHO_PORT, this);
    if (echo !== null) echo.background();
    os.clock.after(0, this);
  }

  onTimer(timer: Timer): void {
    const random = this.random;
    if (this.left <= 0) {
      this.finish();
      return;
    }
    const handler = this.link.handler!;
    for (let frame = 0; frame < BATCH_FRAMES && this.left > 0; frame++, this.left--) {
      this.frames.next();
      handler.onFrame(this.frames.buffer, LINK_HEADROOM_BYTES, this.frames.length);
      if (random.below(16) == 0) this.act();
    }
    if (this.left > 0)
      timer.set(random.below(8) == 0 ? 70 * SECOND : random.below(900) * MILLISECOND);
    else {
      this.link.drain();
      if (this.client !== null) this.client!.close();
      this.client = null;
      timer.set(QUIET_NS);
    }
  }

  /** What an application may do at any time. */
  private act(): void {
    const random = this.random;
    switch (random.below(9)) {
      case 0:
        this.link.isFull = true;
        return;
      case 1:
      case 2:
        this.link.drain();
        return;
      case 3:
        if (this.ip.isLocal(0, 0xffff_0000_0000 | (<u64>ALSO_US))) this.ip.removeAddress(ALSO_US);
        else this.ip.addAddress(ALSO_US, 26, random.below(2) == 0, random.below(2) == 0, this);
        return;
      case 4:
        if (random.below(2) == 0) this.ip.addRoute(0xc000_0200, 24 + random.below(9), 0x0a00_0003);
        else this.ip.removeRoute(0xc000_0200, 24 + random.below(9));
        return;
      case 5: {
        const client = this.client;
        if (client !== null) client.close();
        const made = this.udp.bind(0, this);
        if (made !== null) made.background();
        this.client = made;
        return;
      }
      default: {
        const client = this.client;
        if (client === null) return;
        const address =
          random.below(4) == 0 ? 0xc000_0200 + random.below(8) : 0x0a00_0002 + random.below(300);
        const bytes = random.below(8) == 0 ? random.below(3000) : random.below(100);
        const remote = new Endpoint(IpAddress.ofIpv4(address), <u16>(1 + random.below(4)));
        if (client.send(remote, this.payload, 0, bytes) == Errno.AGAIN) client.whenWritable(this);
      }
    }
  }

  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    this.received++;
    let sum: u32 = 0;
    for (let at = 0; at < datagram.bytes; at++) sum += load<u8>(datagram.payload + at);
    const bytes = min(datagram.bytes, 2000);
    if (sum & 1) {
      datagram.copyOut(0, this.payload, 0, bytes);
      socket.reply(datagram, this.payload, 0, bytes);
      return;
    }
    const room = min(bytes, socket.replyBytesMax);
    memory.copy(socket.beginReply(datagram), datagram.payload, room);
    socket.sendReply(room);
  }

  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {}

  onUdpWritable(socket: UdpSocket): void {}

  onAddressReady(address: u32): void {}

  onAddressLost(address: u32): void {
    assert(address != US, "an address that is defended was lost");
  }

  /** What lives at the end, and how much of what there was. */
  private finish(): void {
    this.os.heap.collect();
    this.os.clock.after(1, new Report(this));
  }

  report(): void {
    const ip = this.ip;
    const counters = ip.counters;
    const icmp = ip.icmp.counters;
    const arp = ip.arp.counters;
    this.os.console.writeLine(
      `{"neighbours":${ip.arp.count},"waiting":${ip.arp.waiting.count},"pieces":${ip.reassembly.pieces},` +
        `"sockets":${this.udp.sockets},"datagrams":${this.received},"received":${counters.received},` +
        `"malformed":${counters.malformed},"martian":${counters.martian},"sourceRouted":${counters.sourceRouted},` +
        `"reassembled":${counters.reassembled},"refused":${counters.reassemblyRefused},` +
        `"evicted":${counters.reassemblyEvicted},"timedOut":${counters.reassemblyTimedOut},` +
        `"mtuLearned":${counters.mtuLearned},"errorsHeard":${icmp.errorsReceived},"errorsSent":${icmp.errorsSent},` +
        `"echoes":${icmp.echoReplies},"conflicts":${arp.conflicts},"silent":${arp.silent},"moved":${arp.moved},` +
        `"noPort":${this.udp.counters.noPort},"badChecksum":${this.udp.counters.badChecksum},` +
        `"sent":${this.link.sums.sentFrames},"heapBytes":${this.os.heap.used}}`,
    );
  }
}

/** After a collection. */
class Report implements TimerHandler {
  constructor(private readonly fuzz: Fuzz) {}

  onTimer(timer: Timer): void {
    this.fuzz.report();
  }
}

export function main(os: Devices): void {
  new Fuzz(os);
}
