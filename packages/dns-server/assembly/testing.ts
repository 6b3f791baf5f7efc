/** For tests: a connection and a socket whose other end is the case, and a clock. */
import {
  Clock,
  Datagram,
  Endpoint,
  Errno,
  IpAddress,
  Random,
  TcpAcceptor,
  TcpConnection,
  TcpHandler,
  TcpListener,
  TcpState,
  Tcp,
  Timer,
  TimerHandler,
  Udp,
  UdpHandler,
  UdpSocket,
  UdpWaiter,
} from "@phantasm/interfaces";

export class TestTimer implements Timer {
  missed: i64 = 0;
  pending: bool = true;

  constructor(
    private readonly clock: TestClock,
    readonly handler: TimerHandler,
    public dueNs: i64,
  ) {}

  cancel(): void {
    this.pending = false;
  }
  set(delayNs: i64): void {
    this.pending = true;
    this.dueNs = this.clock.nowNs + delayNs;
  }
  slack(ns: i64): void {}
  background(): void {}
}

/** Time stands still until `advance`. */
export class TestClock implements Clock {
  nowNs: i64 = 0;
  /** What the clock on the wall said when this one began. */
  wallNs: i64 = 1_700_000_000_000_000_000;
  private readonly timers: TestTimer[] = [];

  now(): i64 {
    return this.nowNs;
  }
  monotonic(): i64 {
    return this.nowNs;
  }
  wall(): i64 {
    return this.nowNs + this.wallNs;
  }
  after(delayNs: i64, handler: TimerHandler): Timer {
    const timer = new TestTimer(this, handler, this.nowNs + delayNs);
    this.timers.push(timer);
    return timer;
  }
  every(periodNs: i64, handler: TimerHandler): Timer {
    return this.after(periodNs, handler);
  }

  /** Calls what is due on the way, in steps of `stepNs`. */
  advance(ns: i64, stepNs: i64 = 100_000_000): void {
    for (const end = this.nowNs + ns; this.nowNs < end;) {
      this.nowNs = min(end, this.nowNs + stepNs);
      for (let i = 0; i < this.timers.length; i++) {
        const timer = this.timers[i];
        if (!timer.pending || timer.dueNs > this.nowNs) continue;
        timer.pending = false;
        timer.handler.onTimer(timer);
      }
    }
  }
}

/** Bytes both ways; what is written has as much room as the case gives it. */
export class TestConnection extends TcpConnection {
  readonly sent: u8[] = [];
  room: i32 = i32.MAX_VALUE;
  isClosed: bool = false;
  isAborted: bool = false;
  isEnded: bool = false;
  handler: TcpHandler | null = null;
  private input: Uint8Array = new Uint8Array(0);
  /** Bytes of the input that lie in one piece. */
  piece: i32 = i32.MAX_VALUE;

  constructor(private readonly from: IpAddress) {
    super();
  }

  /** Bytes that arrive. */
  receive(bytes: Uint8Array): void {
    const all = new Uint8Array(this.input.length + bytes.length);
    all.set(this.input);
    all.set(bytes, this.input.length);
    this.input = all;
    const handler = this.handler;
    if (handler !== null) handler.onReadable(this);
  }

  end(): void {
    this.isEnded = true;
    this.handler!.onReadable(this);
  }

  makeRoom(bytes: i32): void {
    this.room = bytes;
    this.handler!.onWritable(this);
  }

  get isGone(): bool {
    return this.isClosed || this.isAborted;
  }

  get state(): TcpState {
    return TcpState.ESTABLISHED;
  }
  get local(): Endpoint {
    return new Endpoint(IpAddress.ipv4(10, 0, 0, 1), 53);
  }
  get remote(): Endpoint {
    return new Endpoint(this.from, 4711);
  }
  setHandler(handler: TcpHandler): void {
    this.handler = handler;
  }
  get readable(): i32 {
    return this.input.length;
  }
  get atEnd(): bool {
    return this.isEnded && this.input.length == 0;
  }
  read(buffer: Uint8Array, offset: i32, length: i32): i32 {
    return 0;
  }
  peek(): usize {
    return this.input.dataStart;
  }
  get peekedBytes(): i32 {
    return min(this.piece, this.input.length);
  }
  consume(bytes: i32): void {
    assert(bytes <= this.input.length, "test: more is consumed than there is");
    this.input = this.input.slice(bytes);
  }
  get writable(): i32 {
    return this.room;
  }
  write(buffer: Uint8Array, offset: i32, length: i32): i32 {
    return this.writeFrom(buffer.dataStart + offset, length);
  }
  writeFrom(address: usize, bytes: i32): i32 {
    if (this.room == 0) return Errno.AGAIN;
    const taken = min(this.room, bytes);
    for (let i = 0; i < taken; i++) this.sent.push(load<u8>(address + <usize>i));
    if (this.room != i32.MAX_VALUE) this.room -= taken;
    return taken;
  }
  get unacknowledged(): i32 {
    return 0;
  }
  cork(): void {}
  uncork(): void {}
  set noDelay(value: bool) {}
  get noDelay(): bool {
    return true;
  }
  keepAlive(idleNs: i64, intervalNs: i64, probes: i32): void {}
  userTimeout(ns: i64): void {}
  shutdown(): void {}
  close(): void {
    this.isClosed = true;
  }
  abort(): void {
    this.isAborted = true;
  }
  background(): void {}
}

/** Whoever listens is told of connections that the case makes. */
export class TestTcp implements Tcp, TcpListener {
  lastError: i32 = 0;
  connections: i32 = 0;
  port: u16 = 0;
  refusedConnections: u64 = 0;
  private acceptor: TcpAcceptor | null = null;
  /** Those that were begun from here, and where they lead. */
  readonly begun: TestConnection[] = [];
  readonly remotes: Endpoint[] = [];
  isExhausted: bool = false;

  connect(remote: Endpoint, handler: TcpHandler, localPort: u16): TcpConnection | null {
    if (this.isExhausted) return null;
    const connection = new TestConnection(remote.address);
    connection.setHandler(handler);
    this.begun.push(connection);
    this.remotes.push(remote);
    return connection;
  }
  listen(port: u16, acceptor: TcpAcceptor, backlog: i32): TcpListener | null {
    this.port = port;
    this.acceptor = acceptor;
    return this;
  }
  close(): void {}
  background(): void {}

  /** A client comes from an address whose last byte is `host`. */
  accept(host: u8): TestConnection {
    const connection = new TestConnection(IpAddress.ipv4(10, 0, 0, host));
    this.acceptor!.onAccept(this, connection);
    return connection;
  }
}

/** One socket; what it sends is noted. */
export class TestUdp implements Udp, UdpSocket {
  bindError: i32 = 0;
  localPort: u16 = 5000;
  droppedDatagrams: u64 = 0;
  replyBytesMax: i32 = 1472;
  hopLimit: u8 = 64;
  readonly sent: Uint8Array[] = [];
  readonly remotes: Endpoint[] = [];
  isOpen: bool = false;
  handler: UdpHandler | null = null;

  bind(port: u16, handler: UdpHandler): UdpSocket | null {
    this.handler = handler;
    this.isOpen = true;
    return this;
  }
  send(remote: Endpoint, buffer: Uint8Array, offset: i32, length: i32): i32 {
    this.sent.push(buffer.slice(offset, offset + length));
    this.remotes.push(remote);
    return 0;
  }
  beginReply(datagram: Datagram): usize {
    return 0;
  }
  sendReply(bytes: i32): i32 {
    return 0;
  }
  reply(datagram: Datagram, buffer: Uint8Array, offset: i32, length: i32): i32 {
    return 0;
  }
  whenWritable(waiter: UdpWaiter): void {}
  background(): void {}
  close(): void {
    this.isOpen = false;
  }
}

/** Always the same. */
export class FixedRandom implements Random {
  u32(): u32 {
    return 0x1234;
  }
  u64(): u64 {
    return 7;
  }
  below(bound: u32): u32 {
    return 0;
  }
  f64(): f64 {
    return 0;
  }
  fill(bytes: Uint8Array, offset: i32, length: i32): void {}
}
