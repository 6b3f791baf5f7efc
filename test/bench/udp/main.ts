import { LINK_HEADROOM_BYTES } from "@phantasm/interfaces";
import { Ethernet } from "@phantasm/ethernet";
import { checksum, sumOf } from "@phantasm/ip";
import { Ipv4 } from "@phantasm/ipv4";
import { UdpLayer } from "@phantasm/udp";
import { TestRandom } from "@phantasm/testing/random";
import { Echo } from "../assembly/echo";
import { Nothing, put16 } from "../assembly/link";
import { Devices } from "./.phantasm/devices";

const US: u32 = 0x0a000001;
const THEM: u32 = 0x0a000002;
const FRAME_AT: i32 = LINK_HEADROOM_BYTES;
const ROUNDS: i32 = 9;
const FRAMES: i32 = 200_000;

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
    const random = new TestRandom();
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
