/**
 * Two stacks over links drawn from a seed: what arrives is what was sent, and both sides come to an end: with
 * everything, or with a reason.
 */
import { Console, Endpoint, IpAddress, TcpListener, ipv4Low } from "@phantasm/interfaces";
import { hold, now, release } from "@phantasm/runtime";
import { Timed, setTimer } from "@phantasm/runtime/timers";
import { ranges } from "../../../../packages/tcp/assembly/recovery/ranges";
import { CongestionFactory } from "../../../../packages/tcp/assembly/recovery/congestion";
import { CubicFactory } from "../../../../packages/tcp/assembly/recovery/cubic";
import { NewRenoFactory } from "../../../../packages/tcp/assembly/recovery/new-reno";
import { TcpLimits } from "../../../../packages/tcp/assembly/limits";
import { TransmissionControl } from "../../../../packages/tcp/assembly/tcp";
import { TestRandom } from "@phantasm/testing/random";
import { Link } from "../link";
import { PacketQueue } from "../queue";
import { Draw } from "../random";
import { impair, magnitude } from "../seeds";
import { Courier, SimulatedIp } from "./ip";
import { Side } from "./side";

const MS: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;
const LOOK_NS: i64 = 10 * SECOND;
/** Longer than any time-out of a stack: who is not at an end then hangs. */
const PATIENCE_NS: i64 = 40_000 * SECOND;

const CLIENT: u64 = ipv4Low(0x0a00_0001);
const SERVER: u64 = ipv4Low(0x0a00_0002);

class Pair {
  constructor(
    readonly client: Side,
    readonly server: Side,
    readonly clientTcp: TransmissionControl,
    readonly serverTcp: TransmissionControl,
  ) {}
}

function size(draw: Draw): u32 {
  return draw.below(3) == 0 ? draw.below(3) : <u32>magnitude(draw, 1, 400_000);
}

function slow(side: Side, draw: Draw): void {
  if (draw.below(4) > 0) return;
  side.pauseNs = magnitude(draw, MS / 10, 100 * MS);
  side.readBytes = 1 + <i32>draw.below(8192);
}

function stack(ip: SimulatedIp, draw: Draw, hasEcn: bool, seed: u32): TransmissionControl {
  const limits = new TcpLimits();
  limits.memoryBytes = 1 << 20;
  limits.receiveBytesFirst = <i32>magnitude(draw, 2048, 65_536);
  limits.receiveBytesMax = limits.receiveBytesFirst << draw.below(3);
  limits.sendBytesMax = <i32>magnitude(draw, 4096, 262_144);
  limits.ecn = hasEcn;
  let control: CongestionFactory = new CubicFactory();
  if (draw.below(3) == 0) control = new NewRenoFactory();
  return new TransmissionControl(ip, new TestRandom(seed), control, limits);
}

function makeLink(queue: PacketQueue, draw: Draw, bits: i64, rttNs: i64, queueBytes: i32): Link {
  const link = new Link(queue, draw);
  link.bitsPerSecond = bits;
  link.delayNs = rttNs / 2;
  link.queueBytes = queueBytes;
  if (draw.below(4) > 0) impair(link, draw);
  // The times of outages begin with the world.
  if (link.outageBeginsNs != i64.MAX_VALUE) {
    link.outageBeginsNs += now();
    link.outageEndsNs += now();
  }
  return link;
}

function makePair(seed: u32, courier: Courier): Pair {
  const draw = new Draw(seed);
  const queue = courier.queue;
  queue.clear();
  const rttNs = magnitude(draw, MS / 10, 400 * MS);
  const bits = magnitude(draw, 128_000, 1_000_000_000);
  const mtu = <i32>draw.between(300, 2000);
  const product = <i32>min<i64>((bits / 8_000) * (rttNs / MS + 1), 1 << 24);
  const queueBytes = max(<i32>magnitude(draw, 1 + product / 16, 1 + product * 4), 8 * 2100);
  const client = new SimulatedIp(CLIENT, SERVER, mtu, draw.below(3) == 0, courier, draw);
  const server = new SimulatedIp(SERVER, CLIENT, mtu, draw.below(3) == 0, courier, draw);
  const there = makeLink(queue, draw, bits, rttNs, queueBytes);
  const back = makeLink(queue, draw, bits, rttNs, queueBytes);
  client.link = there;
  client.port = queue.attach(server);
  server.link = back;
  server.port = queue.attach(client);
  if (draw.below(8) == 0) client.busyMillionths = draw.below(200_000);
  if (draw.below(8) == 0) server.busyMillionths = draw.below(200_000);
  if (draw.below(4) == 0) {
    const router = draw.below(2) == 0 ? client.router : server.router;
    router.narrowsNs = now() + draw.between(0, 4 * rttNs + SECOND);
    router.mtu = <i32>draw.between(200, mtu);
  }
  const hasEcn = draw.below(2) == 0;
  if (hasEcn) {
    there.markBytes = queueBytes / 4;
    back.markBytes = queueBytes / 4;
  }
  const clientBytes = size(draw);
  const serverBytes = size(draw);
  const clientSide = new Side(1, 2, clientBytes, serverBytes, draw);
  const serverSide = new Side(2, 1, serverBytes, clientBytes, draw);
  slow(clientSide, draw);
  slow(serverSide, draw);
  return new Pair(
    clientSide,
    serverSide,
    stack(client, draw, hasEcn, seed + 1),
    stack(server, draw, hasEcn, seed + 2),
  );
}

/** One world after the other; then writes what came of them. */
export class Worlds extends Timed {
  private readonly courier: Courier = new Courier(new PacketQueue());
  private pair: Pair | null = null;
  private listener: TcpListener | null = null;
  private beganNs: i64 = 0;
  private endedNs: i64 = 0;
  private complete: i32 = 0;
  private broken: i32 = 0;
  private retransmitted: u64 = 0;
  private corrupted: u64 = 0;
  private narrowed: u64 = 0;
  private bytes: u64 = 0;
  private text: string = "";

  constructor(
    private seed: u32,
    private left: u32,
    private readonly console: Console,
  ) {
    super();
    hold();
    this.begin();
  }

  private begin(): void {
    const pair = makePair(this.seed, this.courier);
    this.pair = pair;
    this.beganNs = now();
    this.endedNs = 0;
    this.listener = pair.serverTcp.listen(80, pair.server, 4);
    const remote = new Endpoint(new IpAddress(0, SERVER), 80);
    if (pair.clientTcp.connect(remote, pair.client, 0) === null) this.report("no connection");
    setTimer(this, now() + LOOK_NS);
  }

  timerDue(nowNs: i64): void {
    const pair = this.pair!;
    const client = pair.client;
    const server = pair.server;
    // A server that nobody has reached has nothing to end.
    const isOver = client.isClosed && (server.isClosed || server.connection === null);
    if (!isOver && nowNs - this.beganNs < PATIENCE_NS) {
      setTimer(this, nowNs + LOOK_NS);
      return;
    }
    // TIME_WAIT comes after the end.
    if (isOver && this.endedNs == 0) this.endedNs = nowNs + 150 * SECOND;
    if (isOver && nowNs < this.endedNs) {
      setTimer(this, this.endedNs);
      return;
    }
    this.listener!.close();
    this.judge(pair, isOver);
    this.seed++;
    if (--this.left > 0) {
      this.begin();
      return;
    }
    this.text += `complete ${this.complete} broken ${this.broken} bytes ${this.bytes}`;
    this.text += ` retransmissions ${this.retransmitted} corrupted ${this.corrupted} narrowed ${this.narrowed}\n`;
    this.console.write(this.text);
    release();
  }

  private judge(pair: Pair, isOver: bool): void {
    const client = pair.client;
    const server = pair.server;
    if (client.failure.length > 0) this.report("client: " + client.failure);
    if (server.failure.length > 0) this.report("server: " + server.failure);
    if (!isOver) this.report(`hangs: client ${client.progress}, server ${server.progress}`);
    // One may be reset when all is over: the acknowledgement of its FIN was lost until the other's TIME_WAIT ended.
    const isWell = client.reason == 0 || server.reason == 0;
    const isComplete = client.hasAll && server.hasAll && isWell;
    if (isOver && isComplete) this.complete++;
    else if (isOver) {
      this.broken++;
      this.text += `seed ${this.seed}: client ${client.progress}; server ${server.progress}\n`;
      if (client.reason == 0 && server.reason == 0) this.report("ends without a reason");
    }
    if (isOver && pair.clientTcp.pool.used + pair.serverTcp.pool.used > 0)
      this.report("blocks are not free");
    if (isOver && ranges.used > 0) this.report(`${ranges.used} records are not free`);
    if (isOver && pair.clientTcp.connections + pair.serverTcp.connections > 0)
      this.report("connections are left");
    this.bytes += <u64>client.read + server.read;
    this.retransmitted +=
      pair.clientTcp.counters.segmentsRetransmitted + pair.serverTcp.counters.segmentsRetransmitted;
    this.narrowed += pair.clientTcp.counters.pathErrors + pair.serverTcp.counters.pathErrors;
    this.corrupted += pair.clientTcp.counters.droppedChecksum;
    this.corrupted += pair.serverTcp.counters.droppedChecksum;
  }

  private report(what: string): void {
    this.text += `seed ${this.seed}: ${what}\n`;
  }
}
