/** The stack of TCP: what arrives finds its connection here, and what is asked for is made. */
import {
  ADDRESS_IN_USE,
  ADDRESS_LOST,
  EXHAUSTED,
  Endpoint,
  Ip,
  NO_ROUTE,
  Packet,
  Protocol,
  Random,
  SECOND,
  Tcp,
  TcpAcceptor,
  TcpConnection,
  TcpHandler,
  TcpListener,
  TransportHandler,
  isIpv4,
} from "@phantasm/interfaces";
import { checksumIsValid } from "@phantasm/ip/checksum";
import { TokenBucket } from "@phantasm/ip/token-bucket";
import { now } from "@phantasm/runtime";
import { Agenda } from "./agenda";
import { BLOCK_BYTES, BlockPool } from "./blocks";
import { abort, end } from "./close";
import { admits } from "./eviction";
import { Connection } from "./connection";
import { ConnectionTimer, Told } from "./control-block";
import { TcpCounters } from "./counters";
import { openActively } from "./handshake";
import { TcpLimits } from "./limits";
import { LinkQueue } from "./link-queue";
import { Listener } from "./listener";
import { EPHEMERAL_COUNT, EPHEMERAL_FIRST, Numbers } from "./numbers";
import { pathErrorArrives } from "./path-error";
import { segmentArrives } from "./receive";
import { CongestionFactory } from "./recovery/congestion";
import { Flag, Segment } from "./segment";
import { TupleHash } from "./tuple-hash";
import { strayArrives } from "./stray";
import { SynCookies } from "./syn-cookie";
import { ConnectionTable } from "./table";
import { NONE, TimeWait } from "./time-wait";
import { Tuple } from "./tuple";
import { CHECKSUM_AT, HEADER_BYTES, load16, load32, parse, writeHeader } from "./wire";

/** Parts of the pool that are not for everybody: one eighth is kept from senders, one sixteenth from what is ahead. */
const SEND_RESERVE_SHIFT: i32 = 3;
const AHEAD_RESERVE_SHIFT: i32 = 4;


@final
export class TransmissionControl implements Tcp, TransportHandler {
  readonly counters: TcpCounters;
  readonly pool: BlockPool;
  readonly table: ConnectionTable;
  readonly timeWait: TimeWait;
  readonly numbers: Numbers;
  readonly cookies: SynCookies;
  readonly agenda: Agenda;
  readonly link: LinkQueue;
  readonly resets: TokenBucket;
  /** Of the packet that is being handled, or the connection that is being made. */
  readonly tuple: Tuple = new Tuple();
  /** What this end's windows are shifted by (RFC 7323 §2.3). */
  readonly windowScale: u8;
  /** Connections that peers have begun and not yet finished to make. */
  halfOpen: i32 = 0;
  /** Some connection found no memory to write to. */
  isStarving: bool = false;
  /** Holds little, and has found no memory that everybody may have: somebody else is to make room. */
  needy: Connection | null = null;
  /** Before then no connection has been stalled for long enough to be evicted. */
  evictionNs: i64 = 0;
  private readonly segment: Segment = new Segment();
  listeners: Listener | null = null;
  listenerCount: i32 = 0;
  private error: i32 = 0;
  private spareTimers: ConnectionTimer | null = null;

  constructor(
    readonly ip: Ip,
    random: Random,
    readonly congestion: CongestionFactory,
    readonly limits: TcpLimits = new TcpLimits(),
  ) {
    const counters = new TcpCounters();
    this.counters = counters;
    const agenda = new Agenda();
    this.agenda = agenda;
    const blocks = max(limits.memoryBytes / <i32>BLOCK_BYTES, 16);
    this.pool = new BlockPool(blocks);
    const key = new TupleHash(random);
    this.table = new ConnectionTable(key);
    this.timeWait = new TimeWait(key, limits, counters);
    this.numbers = new Numbers(random);
    this.cookies = new SynCookies(random);
    this.link = new LinkQueue(ip, agenda);
    const resets = max(limits.resetsPerSecond, 1);
    this.resets = new TokenBucket(SECOND / resets, resets);
    let scale: u8 = 0;
    while (limits.receiveBytesMax >> scale > 0xffff) scale++;
    this.windowScale = scale;
    ip.register(Protocol.TCP, this);
  }

  get nowNs(): i64 {
    return now();
  }

  get lastError(): i32 {
    return this.error;
  }

  get connections(): i32 {
    return this.table.count + this.timeWait.count;
  }

  // ---- what arrives

  onPacket(packet: Packet): void {
    const counters = this.counters;
    counters.segmentsReceived++;
    // RFC 9293 MUST-57.
    if (packet.isGroup) {
      counters.droppedGroup++;
      return;
    }
    const segment = this.segment;
    if (!parse(packet, segment)) {
      counters.droppedMalformed++;
      return;
    }
    if (!checksumIsValid(packet)) {
      counters.droppedChecksum++;
      return;
    }
    const nowNs = now();
    this.tuple.ofPacket(packet, segment);
    const c = this.table.find(this.tuple);
    if (c === null) {
      strayArrives(this, packet, segment, nowNs);
      return;
    }
    segmentArrives(c, segment, nowNs);
    if (!c.isEnded) this.agenda.add(c);
  }

  onPathError(packet: Packet, error: i32, mtu: i32): bool {
    const at = packet.payload;
    const tuple = this.tuple;
    tuple.localHigh = packet.sourceHigh;
    tuple.localLow = packet.sourceLow;
    tuple.remoteHigh = packet.destinationHigh;
    tuple.remoteLow = packet.destinationLow;
    tuple.localPort = <u16>load16(at);
    tuple.remotePort = <u16>load16(at, 2);
    const c = this.table.find(tuple);
    const isOurs = c !== null && pathErrorArrives(c, load32(at, 4), error, now());
    if (isOurs) this.counters.pathErrors++;
    else this.counters.pathErrorsIgnored++;
    return isOurs;
  }

  onAddressLost(high: u64, low: u64): void {
    let c = this.table.next(null);
    while (c !== null) {
      const next = this.table.next(c);
      if (c.localLow == low && c.localHigh == high) end(c, ADDRESS_LOST);
      c = next;
    }
  }

  // ---- timers

  takeTimer(): ConnectionTimer {
    const timer = this.spareTimers;
    if (timer === null) return new ConnectionTimer();
    this.spareTimers = timer.nextSpare;
    timer.nextSpare = null;
    return timer;
  }

  giveTimer(timer: ConnectionTimer): void {
    timer.nextSpare = this.spareTimers;
    this.spareTimers = timer;
  }

  // ---- memory

  /** Blocks that are not for senders. */
  get sendReserve(): i32 {
    return this.pool.reach >> SEND_RESERVE_SHIFT;
  }

  /** Blocks that are not for what is ahead. */
  get aheadReserve(): i32 {
    return this.pool.reach >> AHEAD_RESERVE_SHIFT;
  }

  /** With so many, memory is no longer short: a quarter of what there may be, and one in any case. */
  get enoughBlocks(): i32 {
    return max(this.sendReserve * 2, 1);
  }

  /** Has somebody make room for that one, in the next step. */
  needs(c: Connection): void {
    this.pool.isShort = false;
    this.needy = c;
    this.agenda.add(c);
  }

  /** Tells those that wait for memory, once there is enough. */
  relieve(): void {
    if (!this.isStarving || this.pool.available < this.enoughBlocks) return;
    this.isStarving = false;
    for (let c = this.table.next(null); c !== null; c = this.table.next(c))
      if (c.starves) c.offerRoom();
  }

  // ---- connections

  connect(remote: Endpoint, handler: TcpHandler, localPort: u16): TcpConnection | null {
    if (!admits(this, now())) return this.fail(EXHAUSTED);
    const high = remote.address.high;
    const low = remote.address.low;
    if (isGroup(high, low)) return this.fail(NO_ROUTE);
    const path = this.ip.path(0, 0, high, low);
    if (path === null) return this.fail(NO_ROUTE);
    const c = new Connection(this, path);
    c.remotePort = remote.port;
    if (!this.choosePort(c, localPort)) return this.fail(ADDRESS_IN_USE);
    c.handler = handler;
    openActively(c, now());
    this.table.insert(c, this.tuple);
    c.holdDomain();
    this.agenda.add(c);
    return c;
  }

  private fail(error: i32): Connection | null {
    this.error = error;
    return null;
  }

  /** RFC 6056 §3.3.4: the first port from a secret place on that makes the connection a new one. */
  private choosePort(c: Connection, wanted: u16): bool {
    const tuple = this.tuple;
    c.localPort = wanted;
    tuple.ofConnection(c);
    if (wanted != 0) return this.isFree(tuple);
    const first = this.numbers.firstPort(tuple);
    for (let tried: u32 = 0; tried < <u32>EPHEMERAL_COUNT; tried++) {
      const port = <u16>(EPHEMERAL_FIRST + ((first + tried) % EPHEMERAL_COUNT));
      tuple.localPort = port;
      if (this.listenerAt(port) !== null || !this.isFree(tuple)) continue;
      c.localPort = port;
      this.numbers.usePort(tried);
      return true;
    }
    return false;
  }

  private isFree(tuple: Tuple): bool {
    return this.table.find(tuple) === null && this.timeWait.find(tuple) == NONE;
  }

  /** For the segment that `tuple` is of; null, and counted, at the limit. */
  create(): Connection | null {
    const tuple = this.tuple;
    const path = admits(this, now())
      ? this.ip.path(tuple.localHigh, tuple.localLow, tuple.remoteHigh, tuple.remoteLow)
      : null;
    if (path === null) {
      this.counters.droppedConnections++;
      return null;
    }
    const c = new Connection(this, path);
    c.localPort = tuple.localPort;
    c.remotePort = tuple.remotePort;
    return c;
  }

  /**
   * RST for a connection that is given up (RFC 9293 §3.10.5). A byte that probes a shut window does not count: behind it
   * is outside of the window, where the peer ignores it.
   */
  sendReset(c: Connection, nowNs: i64): void {
    writeHeader(
      c.path.begin(),
      c.localPort,
      c.remotePort,
      c.sendNext - c.probeBytes,
      c.receiveNext,
      HEADER_BYTES,
      Flag.RST | Flag.ACK,
      0,
    );
    if (c.path.send(Protocol.TCP, HEADER_BYTES, CHECKSUM_AT, 0) != 0) return;
    this.counters.resetsSent++;
    this.counters.segmentsSent++;
  }

  // ---- listeners

  listen(port: u16, acceptor: TcpAcceptor, backlog: i32): TcpListener | null {
    assert(
      port != 0 && backlog >= 1 && backlog <= this.limits.backlog,
      "tcp: listen needs a port, and a backlog of 1 to the limit of the stack",
    );
    if (this.listenerAt(port) !== null) this.error = ADDRESS_IN_USE;
    else if (this.listenerCount >= this.limits.listeners) this.error = EXHAUSTED;
    else {
      const listener = new Listener(this, port, acceptor, backlog);
      listener.next = this.listeners;
      this.listeners = listener;
      this.listenerCount++;
      return listener;
    }
    return null;
  }

  listenerAt(port: u16): Listener | null {
    let listener = this.listeners;
    while (listener !== null && listener.port != port) listener = listener.next;
    return listener;
  }

  /** For a listener that closes: what nobody has heard of yet ends with it. */
  forgetListener(listener: Listener, nowNs: i64): void {
    let c = this.table.next(null);
    while (c !== null) {
      const next = this.table.next(c);
      if (c.listener === listener) {
        // Not waiting for its handler, but for the acceptor to be told.
        if (!c.isWaiting || (c.events & Told.ACCEPT) != 0) abort(c, nowNs);
        c.stopWaiting();
        c.listener = null;
      }
      c = next;
    }
    this.listenerCount--;
    if (this.listeners === listener) {
      this.listeners = listener.next;
      return;
    }
    let before = this.listeners;
    while (before !== null && before.next !== listener) before = before.next;
    if (before !== null) before.next = listener.next;
  }
}

/** A multicast address, or broadcast: no connection leads there (RFC 9293 MUST-46). */
function isGroup(high: u64, low: u64): bool {
  return isIpv4(high, low) ? <u32>low >= 0xe000_0000 : high >> 56 == 0xff;
}
