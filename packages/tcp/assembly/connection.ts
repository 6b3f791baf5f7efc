/** A connection as its user sees it. */
import { CLOSED, Endpoint, Errno, IpAddress, TcpHandler, TcpState } from "@phantasm/interfaces";
import { hold, now, release } from "@phantasm/runtime";
import { abort, clearReceiveQueue, close, shutdown } from "./close";
import { ControlBlock, KeepAlive, NEVER, Told } from "./control-block";
import * as stream from "./stream";
import { tuneWindow, windowHasOpened } from "./window";


@final
export class Connection extends ControlBlock {
  get state(): TcpState {
    return this.current;
  }

  get local(): Endpoint {
    return new Endpoint(new IpAddress(this.localHigh, this.localLow), this.localPort);
  }

  get remote(): Endpoint {
    return new Endpoint(new IpAddress(this.remoteHigh, this.remoteLow), this.remotePort);
  }

  setHandler(handler: TcpHandler): void {
    this.handler = handler;
    const listener = this.listener;
    if (listener !== null) {
      this.stopWaiting();
      this.listener = null;
    }
    if (this.events != 0) this.tcp.agenda.add(this);
  }

  /** Frees its place in the backlog. */
  stopWaiting(): void {
    const listener = this.listener;
    if (listener !== null && this.isWaiting) listener.waiting--;
    this.isWaiting = false;
  }

  // ---- reading

  get readable(): i32 {
    return this.isAbandoned
      ? 0
      : <i32>(this.receiveNext - this.receiveRead) - (this.isFinReceived ? 1 : 0);
  }

  get atEnd(): bool {
    return this.isFinReceived;
  }

  read(buffer: Uint8Array, offset: i32, length: i32): i32 {
    assert(
      offset >= 0 && length >= 0 && offset <= buffer.length - length,
      "tcp: read into a range outside its array",
    );
    const waiting = this.readable;
    if (waiting == 0) return this.nothingToRead();
    const bytes = min(waiting, length);
    stream.read(this.receiveQueue, this.receiveRead, buffer.dataStart + offset, bytes);
    this.taken(bytes);
    return bytes;
  }

  private nothingToRead(): i32 {
    if (this.reason != 0) return this.reason;
    if (this.isAbandoned) return CLOSED;
    this.readWaits = true;
    return this.isFinReceived ? 0 : Errno.AGAIN;
  }

  peek(): usize {
    if (this.readable > 0) return stream.addressOf(this.receiveQueue, this.receiveRead);
    this.readWaits = true;
    return 0;
  }

  get peekedBytes(): i32 {
    return min(this.readable, stream.contiguous(this.receiveRead));
  }

  consume(bytes: i32): void {
    assert(bytes >= 0 && bytes <= this.readable, "tcp: more consumed than waits to be read");
    this.taken(bytes);
  }

  /** The first bytes that waited have been read. */
  private taken(bytes: i32): void {
    this.receiveRead += bytes;
    const pool = this.tcp.pool;
    const used = pool.used;
    const isEmpty = this.readable == 0;
    if (isEmpty) this.readWaits = true;
    if (isEmpty && this.ahead == 0) clearReceiveQueue(this);
    else this.receiveQueue = stream.dropBefore(pool, this.receiveQueue, this.receiveRead);
    if (pool.used != used) this.receiveMovedAt = this.tcp.numbers.ticks(now());
    if (this.isEnded) {
      if (this.readable == 0) this.tell(Told.CLOSED);
      return;
    }
    tuneWindow(this, now());
    // The window update goes out with whatever else this handler causes.
    if (windowHasOpened(this)) {
      this.isAckDue = true;
      this.tcp.agenda.add(this);
    }
  }

  // ---- writing

  /** Bytes that may be queued and unacknowledged: twice what the congestion window lets through. */
  private get sendRoom(): i32 {
    const queued = <i32>(this.queueEnd - this.sendUnacknowledged);
    const wanted = max(SEND_BYTES_MIN, this.recovery.congestionWindowBytes * 2);
    return min(wanted, this.tcp.limits.sendBytesMax) - max(queued, 0);
  }

  get writable(): i32 {
    if (this.isEnded || this.isFinQueued) return 0;
    const room = this.sendRoom;
    if (room <= 0) return 0;
    const tcp = this.tcp;
    return stream.shareOf(tcp.pool, room, this.unacknowledged, tcp.sendReserve, tcp.aheadReserve);
  }

  write(buffer: Uint8Array, offset: i32, length: i32): i32 {
    assert(
      offset >= 0 && length >= 0 && offset <= buffer.length - length,
      "tcp: write from a range outside its array",
    );
    return this.writeFrom(buffer.dataStart + offset, length);
  }

  writeFrom(address: usize, bytes: i32): i32 {
    return this.queue(address, bytes, false);
  }

  writeStatic(address: usize, bytes: i32): i32 {
    return this.queue(address, bytes, true);
  }

  private queue(address: usize, bytes: i32, stays: bool): i32 {
    if (this.isEnded) return this.reason != 0 ? this.reason : CLOSED;
    if (this.isFinQueued) return CLOSED;
    if (bytes == 0) return 0;
    const room = min(max(this.sendRoom, 0), bytes);
    const pool = this.tcp.pool;
    if (this.sendQueue == 0) this.sendMovedAt = this.tcp.numbers.ticks(now());
    this.sendQueue = stream.writeShare(
      pool,
      this.sendQueue,
      this.queueEnd,
      address,
      room,
      this.unacknowledged,
      this.tcp.sendReserve,
      this.tcp.aheadReserve,
      stays,
    );
    const taken = pool.written;
    if (pool.isShort) this.tcp.needs(this);
    this.queueEnd += taken;
    if (taken < bytes) {
      this.writeWaits = true;
      if (taken < room) this.starve();
    }
    if (taken > 0) this.tcp.agenda.add(this);
    return taken > 0 ? taken : Errno.AGAIN;
  }

  /** The pool is empty: asked again when it is not, and from time to time. */
  private starve(): void {
    this.starves = true;
    this.tcp.isStarving = true;
    if (this.unacknowledged < stream.SMALL_BYTES) this.tcp.needs(this);
    if (this.retryDeadlineNs == NEVER && this.current >= TcpState.ESTABLISHED) {
      this.retryDeadlineNs = now() + STARVED_NS;
      this.tcp.agenda.add(this);
    }
  }

  /** `onWritable`, if there is room worth the call. */
  offerRoom(): void {
    this.starves = false;
    if (!this.writeWaits || this.isFinQueued) return;
    const room = this.writable;
    if (room == 0) {
      if (this.sendRoom > 0) this.starve();
      return;
    }
    if (room < SEND_BYTES_MIN / 2 && this.sendUnacknowledged != this.queueEnd) return;
    this.writeWaits = false;
    this.tell(Told.WRITABLE);
  }

  get unacknowledged(): i32 {
    return max(0, <i32>(this.queueEnd - this.sendUnacknowledged));
  }

  cork(): void {
    this.isCorked = true;
    this.tcp.agenda.corked(this);
  }

  uncork(): void {
    if (!this.isCorked) return;
    this.isCorked = false;
    this.tcp.agenda.add(this);
  }

  set noDelay(value: bool) {
    this.hasNoDelay = value;
    if (value) this.tcp.agenda.add(this);
  }

  get noDelay(): bool {
    return this.hasNoDelay;
  }

  // ---- time and end

  keepAlive(idleNs: i64, intervalNs: i64, probes: i32): void {
    assert(
      idleNs >= 0 && (idleNs == 0 || (intervalNs > 0 && probes > 0)),
      "tcp: keepAlive needs a positive interval and at least one probe",
    );
    this.keepAliveRules = null;
    if (idleNs == 0) return;
    const rules = new KeepAlive(idleNs, intervalNs, probes);
    rules.deadlineNs = now() + idleNs;
    this.keepAliveRules = rules;
    this.tcp.agenda.add(this);
  }

  userTimeout(ns: i64): void {
    this.userTimeoutNs = ns > 0 ? ns : this.tcp.limits.userTimeoutNs;
    this.tcp.agenda.add(this);
  }

  shutdown(): void {
    shutdown(this);
  }

  close(): void {
    close(this, now());
  }

  abort(): void {
    abort(this, now());
  }

  background(): void {
    this.isBackground = true;
    this.releaseDomain();
  }

  holdDomain(): void {
    if (this.isBackground || this.holdsDomain) return;
    this.holdsDomain = true;
    hold();
  }

  releaseDomain(): void {
    if (!this.holdsDomain) return;
    this.holdsDomain = false;
    release();
  }

  /** Has the dispatcher tell the handler. @param event of Told */
  tell(event: u32): void {
    this.events |= event;
    this.tcp.agenda.add(this);
  }
}

/** How long a connection waits for memory before it asks again. */
const STARVED_NS: i64 = 200_000_000;

/** What every connection may queue. */
const SEND_BYTES_MIN: i32 = 64 << 10;
