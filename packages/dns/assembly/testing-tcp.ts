/** For tests: connections whose other end is the case. */
import {
  Endpoint,
  Errno,
  NO_ROUTE,
  Tcp,
  TcpAcceptor,
  TcpConnection,
  TcpHandler,
  TcpListener,
  TcpState,
} from "@phantasm/interfaces";
import { note } from "./testing";

export class Connection extends TcpConnection {
  /** What was written, and what is still to be read. */
  written: u8[] = [];
  incoming: u8[] = [];
  /** Bytes that one `write` takes. */
  room: i32 = 10_000;
  isOver: bool = false;
  private atEndOfStream: bool = false;

  constructor(
    private readonly to: Endpoint,
    private handler: TcpHandler,
  ) {
    super();
  }

  /** The other side has accepted. */
  accept(): void {
    this.handler.onConnected(this);
  }

  /** It ends for this reason. */
  end(reason: i32): void {
    this.isOver = true;
    this.handler.onClosed(this, reason);
  }

  arrive(bytes: u8[]): void {
    this.incoming = this.incoming.concat(bytes);
    this.handler.onReadable(this);
  }

  finish(): void {
    this.atEndOfStream = true;
    this.handler.onReadable(this);
  }

  /** There is room for more. */
  drain(): void {
    this.handler.onWritable(this);
  }

  get remote(): Endpoint {
    return this.to;
  }
  setHandler(handler: TcpHandler): void {
    this.handler = handler;
  }
  read(buffer: Uint8Array, offset: i32, length: i32): i32 {
    assert(length > 0 && offset + length <= buffer.length, "read: range");
    const bytes = min(length, this.incoming.length);
    if (bytes == 0) return this.atEndOfStream ? 0 : Errno.AGAIN;
    for (let at = 0; at < bytes; at++) buffer[offset + at] = this.incoming.shift();
    return bytes;
  }
  write(buffer: Uint8Array, offset: i32, length: i32): i32 {
    const bytes = min(length, this.room);
    if (bytes == 0) return Errno.AGAIN;
    for (let at = 0; at < bytes; at++) this.written.push(buffer[offset + at]);
    return bytes;
  }
  abort(): void {
    if (this.isOver) return;
    this.isOver = true;
    note(`abort ${this.to.address.toString()}`);
  }

  get state(): TcpState {
    return TcpState.ESTABLISHED;
  }
  get local(): Endpoint {
    return this.to;
  }
  get readable(): i32 {
    return this.incoming.length;
  }
  get atEnd(): bool {
    return this.atEndOfStream;
  }
  peek(): usize {
    return 0;
  }
  get peekedBytes(): i32 {
    return 0;
  }
  consume(bytes: i32): void {}
  get writable(): i32 {
    return this.room;
  }
  writeFrom(address: usize, bytes: i32): i32 {
    return 0;
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
  shutdown(): void {}
  close(): void {
    this.abort();
  }
  background(): void {}
}

export class Connections implements Tcp {
  lastError: i32 = NO_ROUTE;
  connections: i32 = 0;
  /** Every `connect` fails. */
  refuses: bool = false;
  readonly all: Connection[] = [];

  connect(remote: Endpoint, handler: TcpHandler, localPort: u16): TcpConnection | null {
    if (this.refuses) return null;
    note(`connect ${remote.address.toString()} ${remote.port}`);
    const connection = new Connection(remote, handler);
    this.all.push(connection);
    return connection;
  }

  listen(port: u16, acceptor: TcpAcceptor, backlog: i32): TcpListener | null {
    return null;
  }

  last(back: i32 = 0): Connection {
    return this.all[this.all.length - 1 - back];
  }
}
