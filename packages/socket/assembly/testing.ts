/** A network that a test plays: what sockets ask of it, and what it tells them. */
import {
  Datagram,
  Endpoint,
  Errno,
  IpAddress,
  REFUSED,
  Tcp,
  TcpAcceptor,
  TcpConnection,
  TcpHandler,
  TcpListener,
  TcpState,
  Udp,
  UdpHandler,
  UdpSocket,
  UdpWaiter,
} from "@phantasm/interfaces";

export const PEER = new Endpoint(IpAddress.ipv4(10, 0, 0, 2), 7);
export const HERE = new Endpoint(IpAddress.ipv4(10, 0, 0, 1), 40000);

/** One whose other end is the test. */
@final
export class FakeConnection extends TcpConnection {
  /** What the test has sent and nobody has read. */
  inbox: string = "";
  ended: bool = false;
  /** What was written. */
  outbox: string = "";
  room: i32 = i32.MAX_VALUE;
  broken: i32 = 0;
  done: string = "";
  handler: TcpHandler | null = null;

  get state(): TcpState {
    return TcpState.ESTABLISHED;
  }
  get local(): Endpoint {
    return HERE;
  }
  get remote(): Endpoint {
    return PEER;
  }
  setHandler(handler: TcpHandler): void {
    this.handler = handler;
  }
  get readable(): i32 {
    return this.inbox.length;
  }
  get atEnd(): bool {
    return this.ended;
  }
  read(buffer: Uint8Array, offset: i32, length: i32): i32 {
    if (this.broken != 0) return this.broken;
    const bytes = min(length, this.inbox.length);
    if (bytes == 0) return this.ended ? 0 : Errno.AGAIN;
    for (let at = 0; at < bytes; at++) buffer[offset + at] = <u8>this.inbox.charCodeAt(at);
    this.inbox = this.inbox.substring(bytes);
    return bytes;
  }
  peek(): usize {
    return 0;
  }
  get peekedBytes(): i32 {
    return 0;
  }
  consume(bytes: i32): void {
    this.inbox = this.inbox.substring(bytes);
  }
  get writable(): i32 {
    return this.room;
  }
  write(buffer: Uint8Array, offset: i32, length: i32): i32 {
    if (this.broken != 0) return this.broken;
    const bytes = min(length, this.room);
    if (bytes == 0) return Errno.AGAIN;
    for (let at = 0; at < bytes; at++) this.outbox += String.fromCharCode(buffer[offset + at]);
    this.room -= bytes;
    return bytes;
  }
  writeFrom(address: usize, bytes: i32): i32 {
    return Errno.AGAIN;
  }
  get unacknowledged(): i32 {
    return 0;
  }
  cork(): void {}
  uncork(): void {}
  set noDelay(value: bool) {}
  get noDelay(): bool {
    return false;
  }
  keepAlive(idleNs: i64, intervalNs: i64, probes: i32): void {}
  userTimeout(ns: i64): void {}
  shutdown(): void {
    this.done += "shutdown ";
  }
  close(): void {
    this.done += "close ";
  }
  abort(): void {
    this.done += "abort ";
  }
  background(): void {}

  /** The other side sends. */
  arrive(text: string): void {
    this.inbox += text;
    const handler = this.handler;
    if (handler !== null) handler.onReadable(this);
  }

  /** The other side closes its stream. */
  end(): void {
    this.ended = true;
    const handler = this.handler;
    if (handler !== null) handler.onReadable(this);
  }

  /** There is room again. */
  drain(bytes: i32): void {
    this.room = bytes;
    const handler = this.handler;
    if (handler !== null) handler.onWritable(this);
  }

  /** It is over. */
  over(reason: i32): void {
    this.broken = reason;
    const handler = this.handler;
    if (handler !== null) handler.onClosed(this, reason);
  }
}


@final
export class FakeTcp implements Tcp, TcpListener {
  /** The next `connect` is answered with this error, if it is one. */
  refuses: i32 = 0;
  acceptor: TcpAcceptor | null = null;
  /** Those that `connect` has begun. */
  readonly begun: FakeConnection[] = [];
  private listening: u16 = 0;

  get lastError(): i32 {
    return this.refuses;
  }
  get connections(): i32 {
    return this.begun.length;
  }
  get port(): u16 {
    return this.listening;
  }
  get refusedConnections(): u64 {
    return 0;
  }
  connect(remote: Endpoint, handler: TcpHandler, localPort: u16): TcpConnection | null {
    if (this.refuses != 0) return null;
    const connection = new FakeConnection();
    connection.handler = handler;
    this.begun.push(connection);
    return connection;
  }
  listen(port: u16, acceptor: TcpAcceptor, backlog: i32): TcpListener | null {
    if (this.refuses != 0) return null;
    this.listening = port;
    this.acceptor = acceptor;
    return this;
  }
  close(): void {
    this.acceptor = null;
  }
  background(): void {}

  /** Somebody connects to the port that is listened at. */
  arrive(): FakeConnection {
    const connection = new FakeConnection();
    this.acceptor!.onAccept(this, connection);
    return connection;
  }
}


@final
export class FakeUdp implements Udp, UdpSocket {
  refuses: i32 = 0;
  handler: UdpHandler | null = null;
  /** What was sent. */
  sent: string = "";
  /** The link has no room. */
  full: bool = false;
  hopLimit: u8 = 64;
  private waiter: UdpWaiter | null = null;
  private readonly datagram: Datagram = new Datagram();

  get bindError(): i32 {
    return this.refuses;
  }
  get localPort(): u16 {
    return 53;
  }
  get droppedDatagrams(): u64 {
    return 0;
  }
  get replyBytesMax(): i32 {
    return 0;
  }
  bind(port: u16, handler: UdpHandler): UdpSocket | null {
    if (this.refuses != 0) return null;
    this.handler = handler;
    return this;
  }
  send(remote: Endpoint, buffer: Uint8Array, offset: i32, length: i32): i32 {
    if (this.full) return Errno.AGAIN;
    this.sent += String.UTF8.decodeUnsafe(buffer.dataStart + offset, length) + " ";
    return 0;
  }
  beginReply(datagram: Datagram): usize {
    return 0;
  }
  sendReply(bytes: i32): i32 {
    return REFUSED;
  }
  reply(datagram: Datagram, buffer: Uint8Array, offset: i32, length: i32): i32 {
    return REFUSED;
  }
  whenWritable(waiter: UdpWaiter): void {
    this.waiter = waiter;
  }
  background(): void {}
  close(): void {
    this.handler = null;
  }

  /** A datagram comes from PEER, with another port. */
  arrive(text: string, port: u16): void {
    const bytes = Uint8Array.wrap(String.UTF8.encode(text));
    const datagram = this.datagram;
    datagram.sourceHigh = PEER.address.high;
    datagram.sourceLow = PEER.address.low;
    datagram.sourcePort = port;
    datagram.payload = bytes.dataStart;
    datagram.bytes = bytes.length;
    this.handler!.onDatagram(this, datagram);
  }

  drain(): void {
    this.full = false;
    const waiter = this.waiter;
    if (waiter !== null) waiter.onUdpWritable(this);
  }
}
