/** For tests: what of a connection and of a stack nobody looks at. Whoever plays the other end adds the rest. */
import {
  Endpoint,
  IpAddress,
  Tcp,
  TcpAcceptor,
  TcpConnection,
  TcpHandler,
  TcpListener,
  TcpState,
} from "@phantasm/interfaces";

export abstract class QuietConnection extends TcpConnection {
  handler: TcpHandler | null = null;
  private quick: bool = false;

  get state(): TcpState {
    return TcpState.ESTABLISHED;
  }
  get local(): Endpoint {
    return new Endpoint(IpAddress.ipv4(10, 0, 0, 1), 80);
  }
  get remote(): Endpoint {
    return new Endpoint(IpAddress.ipv4(10, 0, 0, 2), 40000);
  }
  setHandler(handler: TcpHandler): void {
    this.handler = handler;
  }
  write(buffer: Uint8Array, offset: i32, length: i32): i32 {
    return this.writeFrom(buffer.dataStart + <usize>offset, length);
  }
  get unacknowledged(): i32 {
    return 0;
  }
  cork(): void {}
  uncork(): void {}
  set noDelay(value: bool) {
    this.quick = value;
  }
  get noDelay(): bool {
    return this.quick;
  }
  keepAlive(idleNs: i64, intervalNs: i64, probes: i32): void {}
  userTimeout(ns: i64): void {}
  background(): void {}
}

export abstract class QuietTcp implements Tcp, TcpListener {
  acceptor: TcpAcceptor | null = null;

  get lastError(): i32 {
    return 0;
  }
  get connections(): i32 {
    return 0;
  }
  get port(): u16 {
    return 80;
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
  close(): void {
    this.acceptor = null;
  }
  background(): void {}
}
