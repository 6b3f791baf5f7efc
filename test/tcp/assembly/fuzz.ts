/**
 * Segments that are nearly right, in every state, between calls of an application that does anything: nothing traps,
 * no limit is passed, and when all is over nothing is left.
 */
import {
  Endpoint,
  IpAddress,
  TcpAcceptor,
  TcpConnection,
  TcpHandler,
  TcpListener,
  TcpState,
} from "@phantasm/interfaces";
import { hold, now, release } from "@phantasm/runtime";
import { CubicFactory, TcpLimits, TransmissionControl } from "@phantasm/tcp";
import { Connection } from "@phantasm/tcp/connection";
import { ranges } from "@phantasm/tcp/recovery/ranges";
import { before } from "@phantasm/tcp/sequence";
import { FakeIp, Peer, REMOTE, pass, step } from "@phantasm/tcp/testing";
import { TestRandom } from "@phantasm/testing/random";

const MS: i64 = 1_000_000;
const PORTS: u32 = 24;

const buffer = new Uint8Array(70_000);
const segment = new Uint8Array(70_000);
const random = new TestRandom();
const ip = new FakeIp();
const peer = new Peer(ip);

/** A handler that does anything. */
class Monkey implements TcpHandler, TcpAcceptor {
  /** Those that have not ended. */
  readonly live: TcpConnection[] = [];

  onAccept(listener: TcpListener, connection: TcpConnection): void {
    this.live.push(connection);
    connection.setHandler(this);
  }

  onConnected(connection: TcpConnection): void {
    this.act(connection);
  }

  onReadable(connection: TcpConnection): void {
    this.act(connection);
  }

  onWritable(connection: TcpConnection): void {
    this.act(connection);
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    this.live.splice(this.live.indexOf(connection), 1);
  }

  act(connection: TcpConnection): void {
    switch (random.below(24)) {
      case 0:
        connection.close();
        break;
      case 1:
        connection.shutdown();
        break;
      case 2:
        if (random.below(4) == 0) connection.abort();
        break;
      case 3:
        connection.cork();
        break;
      case 4:
        connection.noDelay = true;
        break;
      case 5:
        connection.keepAlive(<i64>random.below(100) * 100 * MS, 100 * MS, 3);
        break;
      case 6:
        connection.userTimeout(<i64>random.below(100) * 100 * MS);
        break;
      case 7:
        if (connection.peek() != 0) connection.consume(connection.peekedBytes);
        break;
      case 8:
      case 9:
      case 10:
        connection.read(buffer, 0, <i32>random.below(70_000));
        break;
      case 11:
      case 12:
        connection.write(buffer, 0, <i32>random.below(random.below(4) == 0 ? 70_000 : 3000));
        break;
    }
  }
}

const monkey = new Monkey();
/** Not on the stack, where the collector does not look between two steps. */
let c: Connection | null = null;
const states = new StaticArray<i32>(11);

function around(value: u32, spread: u32): u32 {
  switch (random.below(6)) {
    case 0:
      return random.u32();
    case 1:
      return value + random.below(2 * spread + 1) - spread;
    case 2:
      return value + 1;
    case 3:
      return value - 1;
    default:
      return value;
  }
}

/** A segment for a connection, or for nobody. */
function throws(tcp: TransmissionControl, c: Connection | null): void {
  const at = segment.dataStart;
  const spread: u32 = 1 << random.below(17);
  let flags: u32 = 16;
  switch (random.below(12)) {
    case 0:
      flags = random.u32() & (random.below(8) == 0 ? 0xff : 0xfb);
      break;
    case 1:
      flags = 2;
      break;
    case 2:
    case 3:
      flags = 17;
      break;
    case 4:
      flags = random.below(8) == 0 ? 20 : 24;
      break;
  }
  if (c !== null && c.current == TcpState.SYN_SENT && random.below(2) == 0) flags = 18;
  let headerBytes = 20;
  // Options: those agreed, or anything.
  if (c !== null && c.hasTimestamps && random.below(8) > 0) {
    store<u32>(at, 0x0a08_0101, 20);
    store<u32>(at, bswap(around(c.timestampRecent, 100)), 24);
    store<u32>(at, bswap(around(tcp.numbers.ticks(now()) + c.timestampOffset, 100)), 28);
    headerBytes += 12;
  }
  if (c !== null && c.hasSack && random.below(4) == 0) {
    const blocks = <i32>random.below(3) + 1;
    if (headerBytes + 4 + 8 * blocks <= 60) {
      store<u16>(at + headerBytes, 0x0101);
      store<u8>(at + headerBytes, 5, 2);
      store<u8>(at + headerBytes, <u8>(2 + 8 * blocks), 3);
      for (let i = 0; i < 2 * blocks; i++)
        store<u32>(at + headerBytes + 4 + 4 * i, bswap(around(c.sendUnacknowledged, spread)));
      headerBytes += 4 + 8 * blocks;
    }
  }
  if ((flags & 2) != 0 && random.below(2) == 0) {
    store<u32>(
      at + headerBytes,
      bswap<u32>(0x0204_0000 | random.below(random.below(2) == 0 ? 100 : 9000)),
    );
    store<u32>(at + headerBytes, bswap<u32>(0x0103_0300 | random.below(20)), 4);
    store<u32>(at + headerBytes, bswap<u32>(0x0101_0402), 8);
    headerBytes += 12;
  }
  if (random.below(16) == 0)
    while (headerBytes < 60 && random.below(6) > 0) {
      store<u32>(at + headerBytes, random.u32());
      headerBytes += 4;
    }
  const bytes = random.below(3) == 0 ? <i32>random.below(random.below(8) == 0 ? 65_000 : 1500) : 0;
  const sequence = c === null ? random.u32() : around(c.receiveNext, spread);
  const acknowledgment =
    c === null
      ? random.u32()
      : around(random.below(2) == 0 ? c.sendNext : c.sendUnacknowledged, spread);
  store<u16>(at, bswap<u16>(c === null ? <u16>(1000 + random.below(PORTS)) : c.remotePort));
  store<u16>(at, bswap<u16>(c === null ? 80 : c.localPort), 2);
  store<u32>(at, bswap(sequence), 4);
  store<u32>(at, bswap(acknowledgment), 8);
  store<u16>(at, bswap<u16>(<u16>(((<u32>headerBytes) << 10) | flags)), 12);
  store<u16>(at, bswap<u16>(<u16>(random.below(4) == 0 ? 0 : random.u32())), 14);
  if (random.below(64) == 0) store<u8>(at + random.below(20), <u8>random.u32());
  peer.joined = random.below(4) == 0 ? 1 + <i32>random.below(2000) : 0;
  peer.trafficClass = <u8>random.u32();
  peer.deliver(at, random.below(64) == 0 ? <i32>random.below(60) : headerBytes + bytes);
}

/** What must be true of a connection at any time; empty if it is. */
function broken(c: Connection): string {
  if (before(c.sendNext, c.sendUnacknowledged)) return "SND.NXT before SND.UNA";
  if (before(c.queueEnd + 1, c.sendNext)) return "SND.NXT beyond what is queued";
  if (before(c.receiveNext, c.receiveRead)) return "read beyond RCV.NXT";
  if (c.current >= TcpState.ESTABLISHED && before(c.receiveEdge, c.receiveNext - 1))
    return "RCV.NXT beyond the window";
  if (c.readable < 0) return "less than nothing to read";
  return "";
}

export function fuzz(seed: u32, count: i32): string {
  hold();
  random.fill(buffer, 0, 1000);
  for (let i: u32 = 0; i < seed; i++) random.u64();
  ip.link.keeps = false;
  const limits = new TcpLimits();
  limits.connections = 16;
  limits.halfOpen = 4;
  limits.timeWait = 8;
  limits.memoryBytes = 64 * 4096;
  const tcp = new TransmissionControl(ip, random, new CubicFactory(), limits);
  tcp.listen(80, monkey, 4)!.background();
  for (let i = 0; i < count; i++) {
    // One after the other, some of them new.
    let at = c;
    if (at !== null && at.isEnded) at = null;
    if (random.below(4) == 0 || at === null) {
      at = tcp.table.next(at);
      c = at;
      if (random.below(8) == 0) {
        const to = new Endpoint(new IpAddress(0, REMOTE), <u16>(1000 + random.below(PORTS)));
        const made = tcp.connect(to, monkey, 0);
        if (made !== null) monkey.live.push(made);
      }
    }
    throws(tcp, random.below(16) == 0 ? null : at);
    if (at !== null) {
      states[at.current]++;
      if (random.below(8) == 0) monkey.act(at);
    }
    if (random.below(64) == 0) ip.makeRoom(random.below(2) == 0 ? -1 : <i32>random.below(10));
    if (random.below(256) == 0) {
      ip.way.mtu = 576 + <i32>random.below(8000);
      ip.way.segments = random.below(2) == 0;
      ip.way.bytesMax = ip.way.segments ? 65_000 : ip.way.mtu - 20;
      if (at !== null) peer.quotes(<i32>random.below(9), random.u32(), ip.way.mtu);
    }
    if (random.below(4) == 0) step(<i64>random.below(random.below(32) == 0 ? 100_000 : 50) * MS);
    for (let one = tcp.table.next(null); one !== null; one = tcp.table.next(one)) {
      const what = broken(one);
      if (what != "") return `seed ${seed}, segment ${i}: ${what} in state ${one.current}`;
    }
    if (tcp.pool.used > 64 || tcp.table.count > 16 || tcp.halfOpen > 4 || tcp.timeWait.count > 8)
      return `seed ${seed}, segment ${i}: a limit is passed`;
  }
  ip.makeRoom(-1);
  // Some that have been made are still to be accepted.
  step(0);
  for (let i = 0; i < monkey.live.length; i++) monkey.live[i].abort();
  pass(100_000 * MS);
  release();
  let seen = "";
  for (let i = 0; i < states.length; i++)
    if (i != TcpState.LISTEN && i != TcpState.TIME_WAIT) seen += ` ${states[i]}`;
  return `blocks ${tcp.pool.used}, ranges ${ranges.used}, half-open ${tcp.halfOpen}, connections ${tcp.connections}, states${seen}`;
}
