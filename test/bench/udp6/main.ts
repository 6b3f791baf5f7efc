import { LINK_HEADROOM_BYTES, SECOND } from "@phantasm/interfaces";
import { Ethernet } from "@phantasm/ethernet";
import { checksum, pseudoSum6, sumOf } from "@phantasm/ip";
import { Ipv6 } from "@phantasm/ipv6";
import { UdpLayer } from "@phantasm/udp";
import { hold, release } from "@phantasm/runtime";
import { Timed, setTimer } from "@phantasm/runtime/timers";
import { TestRandom } from "@phantasm/testing/random";
import { Echo } from "../assembly/echo";
import { Nothing, put16 } from "../assembly/link";
import { Devices } from "./.phantasm/devices";

const NET: u64 = 0x2001_0db8_0000_0000;
const FRAME_AT: i32 = LINK_HEADROOM_BYTES;
const ROUNDS: i32 = 9;
const FRAMES: i32 = 200_000;

/** A frame with a datagram of `bytes` bytes for port 7, from 2001:db8::2 to ::1; returns its length. */
function frameOf(buffer: Uint8Array, bytes: i32): i32 {
  buffer.fill(0);
  const at = buffer.dataStart + FRAME_AT;
  store<u8>(at, 2, 6);
  put16(at + 12, 0x86dd);
  const ip = at + 14;
  store<u8>(ip, 0x60);
  put16(ip + 4, 8 + bytes);
  put16(ip + 6, 0x1140);
  for (let address = 0; address < 2; address++) {
    store<u64>(ip + 8 + 16 * address, bswap(NET));
    store<u8>(ip + 23 + 16 * address, <u8>(2 - address));
  }
  const udp = ip + 40;
  put16(udp, 4000);
  put16(udp + 2, 7);
  put16(udp + 4, 8 + bytes);
  for (let i = 0; i < bytes; i++) store<u8>(udp + 8 + i, <u8>(i * 31));
  const pseudo = pseudoSum6(NET, 2, NET, 1, 17, 8 + bytes);
  store<u16>(udp, checksum(sumOf(udp, 8 + bytes) + pseudo), 6);
  return 14 + 48 + bytes;
}

/** Measures one step after its boot, when its address is usable. */
class Bench extends Timed {
  private readonly link: Nothing = new Nothing();
  private readonly echo: Echo = new Echo();
  private readonly buffer: Uint8Array = new Uint8Array(2048);

  constructor(private readonly os: Devices) {
    super();
    const random = new TestRandom();
    const ip = new Ipv6(new Ethernet(this.link), random, false);
    ip.discovery.addresses.probesMax = 0;
    ip.addAddress(NET, 1, 64);
    const socket = new UdpLayer(ip, random).bind(7, this.echo);
    if (socket !== null) socket.background();
    hold();
    setTimer(this, os.clock.monotonic() + SECOND);
  }

  /** The fastest round, in ns a frame. */
  private measure(bytes: i32, answers: bool): f64 {
    const length = frameOf(this.buffer, bytes);
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

  timerDue(nowNs: i64): void {
    const heard64 = this.measure(64, false);
    const echo64 = this.measure(64, true);
    const echo512 = this.measure(512, true);
    const heard1452 = this.measure(1452, false);
    const echo1452 = this.measure(1452, true);
    this.os.console.writeLine(
      `{"heard64":${heard64},"echo64":${echo64},"echo512":${echo512},"heard1452":${heard1452},"echo1452":${echo1452},"heard":${this.echo.heard},"sent":${this.link.sums.sentFrames},"frames":${FRAMES * ROUNDS}}`,
    );
    release();
  }
}

export function main(os: Devices): void {
  new Bench(os);
}
