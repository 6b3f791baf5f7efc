import {
  Datagram,
  Endpoint,
  FrameHandler,
  LINK_HEADROOM_BYTES,
  Link,
  LinkCounters,
  LinkWaiter,
  Random,
  UdpHandler,
  UdpSocket,
} from "@phantasm/interfaces";
import { Ethernet } from "@phantasm/ethernet";
import { checksum, sumOf } from "@phantasm/ip";
import { Ipv4 } from "@phantasm/ipv4";
import { UdpLayer } from "@phantasm/udp";
import { Devices } from "./.phantasm/devices";

const US: u32 = 0x0a000001;
const THEM: u32 = 0x0a000002;
const FRAME_AT: i32 = LINK_HEADROOM_BYTES;
const ROUNDS: i32 = 9;
const FRAMES: i32 = 200_000;

/** A link that takes everything, and delivers what the benchmark says. */
class Nothing implements Link {
  readonly address: Uint8Array = new Uint8Array(6);
  readonly sums: LinkCounters = new LinkCounters();
  handler: FrameHandler | null = null;

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
    this.sums.sentFrames++;
    return 0;
  }
  sendOffloaded(buffer: Uint8Array, offset: i32, length: i32): i32 {
    this.sums.sentFrames++;
    return 0;
  }
  receive(handler: FrameHandler): void {
    this.handler = handler;
  }
  background(): void {}
  stop(): void {}
  whenReady(waiter: LinkWaiter): void {}
}

class Counting implements Random {
  private state: u64 = 88172645463325252;

  u64(): u64 {
    this.state ^= this.state << 13;
    this.state ^= this.state >> 7;
    this.state ^= this.state << 17;
    return this.state;
  }
  u32(): u32 {
    return <u32>this.u64();
  }
  below(bound: u32): u32 {
    return this.u32() % bound;
  }
  f64(): f64 {
    return 0;
  }
  fill(bytes: Uint8Array, offset: i32, length: i32): void {}
}

/** Answers with the same bytes, in place; or only listens. */
class Echo implements UdpHandler {
  answers: bool = true;
  heard: i32 = 0;

  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    this.heard++;
    if (!this.answers) return;
    const at = socket.beginReply(datagram);
    memory.copy(at, datagram.payload, datagram.bytes);
    socket.sendReply(datagram.bytes);
  }

  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {}
}

function put16(at: usize, value: u32): void {
  store<u16>(at, bswap(<u16>value));
}

/** A frame with a datagram of `bytes` bytes for port 7; returns its length. */
function frameOf(buffer: Uint8Array, bytes: i32): i32 {
  buffer.fill(0);
  const at = buffer.dataStart + FRAME_AT;
  store<u8>(at, 2, 6);
  put16(at + 12, 0x0800);
  const ip = at + 14;
  store<u16>(ip, 0x45);
  put16(ip + 2, 28 + bytes);
  store<u16>(ip, 0x1140, 8);
  store<u32>(ip, bswap(THEM), 12);
  store<u32>(ip, bswap(US), 16);
  store<u16>(ip, checksum(sumOf(ip, 20)), 10);
  const udp = ip + 20;
  put16(udp, 4000);
  put16(udp + 2, 7);
  put16(udp + 4, 8 + bytes);
  for (let i = 0; i < bytes; i++) store<u8>(udp + 8 + i, <u8>(i * 31));
  const pseudo = <u64>bswap(THEM) + <u64>bswap(US) + 0x1100 + <u64>bswap(<u16>(8 + bytes));
  store<u16>(udp, checksum(sumOf(udp, 8 + bytes) + pseudo), 6);
  return 14 + 28 + bytes;
}

class Bench {
  private readonly link: Nothing = new Nothing();
  private readonly echo: Echo = new Echo();
  private readonly buffer: Uint8Array = new Uint8Array(2048);

  constructor(private readonly os: Devices) {
    const random = new Counting();
    const ip = new Ipv4(new Ethernet(this.link), random);
    ip.addAddress(US, 24, false, true);
    const socket = new UdpLayer(ip, random).bind(7, this.echo);
    if (socket !== null) socket.background();
  }

  /** The fastest round, in ns a frame. */
  measure(bytes: i32, answers: bool, type: u32 = 0x0800): f64 {
    const length = frameOf(this.buffer, bytes);
    put16(this.buffer.dataStart + FRAME_AT + 12, type);
    const buffer = this.buffer;
    const handler = this.link.handler!;
    this.echo.answers = answers;
    let best: f64 = Infinity;
    for (let round = 0; round < ROUNDS; round++) {
      const start = this.os.clock.monotonic();
      for (let frame = 0; frame < FRAMES; frame++) handler.onFrame(buffer, FRAME_AT, length);
      best = Math.min(best, <f64>(this.os.clock.monotonic() - start) / <f64>FRAMES);
    }
    return best;
  }

  sum(bytes: i32): f64 {
    const at = this.buffer.dataStart;
    let best: f64 = Infinity;
    let sums: u64 = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const start = this.os.clock.monotonic();
      for (let frame = 0; frame < FRAMES; frame++) sums += sumOf(at + (frame & 1), bytes);
      best = Math.min(best, <f64>(this.os.clock.monotonic() - start) / <f64>FRAMES);
    }
    return sums == 1 ? 0 : best;
  }

  get counts(): string {
    return `"heard":${this.echo.heard},"sent":${this.link.sums.sentFrames}`;
  }
}

export function main(os: Devices): void {
  const bench = new Bench(os);
  const ethernet = bench.measure(64, false, 0x1234);
  const heard64 = bench.measure(64, false);
  const echo64 = bench.measure(64, true);
  const echo512 = bench.measure(512, true);
  const heard1472 = bench.measure(1472, false);
  const echo1472 = bench.measure(1472, true);
  const sums = `"sum20":${bench.sum(20)},"sum64":${bench.sum(64)},"sum1500":${bench.sum(1500)}`;
  os.console.writeLine(
    `{"ethernet":${ethernet},"heard64":${heard64},"echo64":${echo64},"echo512":${echo512},"heard1472":${heard1472},"echo1472":${echo1472},${sums},${bench.counts},"frames":${FRAMES * ROUNDS}}`,
  );
}
