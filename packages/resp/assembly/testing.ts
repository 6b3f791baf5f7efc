/** For tests: a server, and clients whose other end is the case. What they say and hear is text, a character a byte. */
import {
  CANCELLED,
  Clock,
  Endpoint,
  Errno,
  IpAddress,
  KeyValue,
  Tcp,
  TcpAcceptor,
  TcpConnection,
  TcpHandler,
  TcpListener,
  TcpState,
  Timer,
  TimerHandler,
} from "@phantasm/interfaces";
import { dispatch, enter } from "@phantasm/runtime";
import { world } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { Durability } from "./durable/keeper";
import { StoreLimits } from "./server/limits";
import { StoreListener, StoreServer } from "./server/server";

/** Tasks that are ready have their turn. Nothing is collected, since cases keep references in their variables. */
export function step(): void {
  enter(world.advance(0), 0);
  // Where a collection is due, a task has its turn in every second one only.
  for (let i = 0; i < 16; i++) dispatch();
}

export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = <u8>text.charCodeAt(i);
  return bytes;
}

export function textAt(at: usize, bytes: i32): string {
  const units = heap.alloc((<usize>bytes) << 1);
  for (let i: usize = 0; i < <usize>bytes; i++) store<u16>(units + (i << 1), load<u8>(at + i));
  const text = String.UTF16.decodeUnsafe(units, (<usize>bytes) << 1);
  heap.free(units);
  return text;
}


@final
class TestTimer implements Timer {
  pending: bool = true;
  missed: i64 = 0;
  constructor(readonly handler: TimerHandler) {}
  cancel(): void {
    this.pending = false;
  }
  set(delayNs: i64): void {
    this.pending = true;
  }
  slack(ns: i64): void {}
  background(): void {}
}

/** Time that moves when the case says so. */
@final
export class TestClock implements Clock {
  nowNs: i64 = 0;
  private readonly timers: TestTimer[] = [];

  now(): i64 {
    return this.nowNs;
  }
  monotonic(): i64 {
    return this.nowNs;
  }
  wall(): i64 {
    return 1_700_000_000_000_000_000 + this.nowNs;
  }
  after(delayNs: i64, handler: TimerHandler): Timer {
    return this.every(delayNs, handler);
  }
  every(periodNs: i64, handler: TimerHandler): Timer {
    const timer = new TestTimer(handler);
    this.timers.push(timer);
    return timer;
  }
  /** Moves time, and calls every timer once. */
  advance(ns: i64): void {
    this.nowNs += ns;
    for (let i = 0; i < this.timers.length; i++) this.timers[i].handler.onTimer(this.timers[i]);
  }
}


@final
export class TestConnection extends TcpConnection {
  /** Bytes that `write` takes until the case makes room again. */
  room: i32 = i32.MAX_VALUE;
  isOver: bool = false;
  /** After so long without a word it is over. */
  silenceNs: i64 = 0;
  private handler: TcpHandler | null = null;
  private incoming: Uint8Array = new Uint8Array(0);
  private consumed: i32 = 0;
  private ended: bool = false;
  private heardText: string = "";
  private isQuick: bool = false;
  heardBytes: i32 = 0;

  get state(): TcpState {
    return TcpState.ESTABLISHED;
  }
  get local(): Endpoint {
    return new Endpoint(IpAddress.ipv4(10, 0, 0, 1), 6379);
  }
  get remote(): Endpoint {
    return new Endpoint(IpAddress.ipv4(10, 0, 0, 2), 40_000);
  }
  setHandler(handler: TcpHandler): void {
    this.handler = handler;
  }
  get readable(): i32 {
    return this.incoming.length - this.consumed;
  }
  get atEnd(): bool {
    return this.ended;
  }
  read(buffer: Uint8Array, offset: i32, length: i32): i32 {
    return Errno.AGAIN;
  }
  peek(): usize {
    return this.incoming.dataStart + <usize>this.consumed;
  }
  get peekedBytes(): i32 {
    return this.readable;
  }
  consume(bytes: i32): void {
    this.consumed += bytes;
  }
  get writable(): i32 {
    return this.room;
  }
  write(buffer: Uint8Array, offset: i32, length: i32): i32 {
    return this.writeFrom(buffer.dataStart + <usize>offset, length);
  }
  writeFrom(address: usize, bytes: i32): i32 {
    const taken = min(bytes, this.room);
    if (taken == 0) return Errno.AGAIN;
    this.room -= taken;
    this.heardBytes += taken;
    this.heardText += textAt(address, min(taken, 4096));
    return taken;
  }
  get unacknowledged(): i32 {
    return 0;
  }
  cork(): void {}
  uncork(): void {}
  set noDelay(value: bool) {
    this.isQuick = value;
  }
  get noDelay(): bool {
    return this.isQuick;
  }
  keepAlive(idleNs: i64, intervalNs: i64, probes: i32): void {
    this.silenceNs = idleNs + intervalNs * <i64>probes;
  }
  userTimeout(ns: i64): void {}
  shutdown(): void {}
  close(): void {
    this.breaks(0);
  }
  abort(): void {
    this.breaks(CANCELLED);
  }
  background(): void {}

  // ---- the other end

  /** The client sends text. */
  says(text: string): void {
    this.saysBytes(bytesOf(text));
  }

  saysBytes(more: Uint8Array): void {
    const bytes = new Uint8Array(this.readable + more.length);
    bytes.set(this.incoming.subarray(this.consumed));
    bytes.set(more, this.readable);
    this.incoming = bytes;
    this.consumed = 0;
    if (!this.isOver) this.handler!.onReadable(this);
  }

  /** The last that it says: the end comes with it. */
  saysLast(text: string): void {
    this.ended = true;
    this.says(text);
  }

  /** What it heard since the last time. */
  heard(): string {
    const text = this.heardText;
    this.heardText = "";
    return text;
  }

  /** Says it, and returns the answer. */
  ask(text: string): string {
    this.says(text);
    step();
    return this.heard();
  }

  /** It has read: there is room. */
  reads(bytes: i32): void {
    this.room = bytes;
    if (!this.isOver) this.handler!.onWritable(this);
  }

  ends(): void {
    this.ended = true;
    this.handler!.onReadable(this);
  }

  private breaks(reason: i32): void {
    if (this.isOver) return;
    this.isOver = true;
    const handler = this.handler;
    if (handler !== null) handler.onClosed(this, reason);
  }
}


@final
class TestTcp implements Tcp, TcpListener {
  acceptor: TcpAcceptor | null = null;
  get lastError(): i32 {
    return 0;
  }
  get connections(): i32 {
    return 0;
  }
  get port(): u16 {
    return 6379;
  }
  get refusedConnections(): u64 {
    return 0;
  }
  connect(remote: Endpoint, handler: TcpHandler, localPort: u16): TcpConnection | null {
    return null;
  }
  listen(port: u16, acceptor: TcpAcceptor, backlog: i32): TcpListener | null {
    this.acceptor = acceptor;
    return this;
  }
  close(): void {}
  background(): void {}
}

/** A server that has started. */
@final
export class TestServer implements StoreListener {
  readonly clock: TestClock;
  readonly server: StoreServer;
  /** PENDING is 1 here. */
  ready: i32 = 1;
  failure: i32 = 0;
  private readonly tcp: TestTcp = new TestTcp();

  constructor(
    store: KeyValue | null = null,
    durability: Durability = Durability.NO,
    limits: StoreLimits = new StoreLimits(),
    password: string = "",
  ) {
    const clock = new TestClock();
    const server = new StoreServer(clock, new TestRandom(), store, durability, password, limits);
    this.server = server;
    this.clock = clock;
    server.start(this.tcp, 6379, this);
  }

  onStoreReady(result: i32): void {
    this.ready = result;
  }
  onStoreFailed(reason: i32): void {
    this.failure = reason;
  }

  client(): TestConnection {
    const connection = new TestConnection();
    this.tcp.acceptor!.onAccept(this.tcp, connection);
    return connection;
  }
}
