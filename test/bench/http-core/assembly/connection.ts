import { Endpoint, IpAddress, TcpConnection, TcpHandler, TcpState } from "@phantasm/interfaces";

/** A connection over which the same bytes come again and again, and what is sent goes nowhere. */
@final
export class EndlessConnection extends TcpConnection {
  sent: u64 = 0;
  private handler: TcpHandler | null = null;
  private at: usize = 0;
  private left: i32 = 0;

  get state(): TcpState {
    return TcpState.ESTABLISHED;
  }
  get local(): Endpoint {
    return this.remote;
  }
  get remote(): Endpoint {
    return new Endpoint(IpAddress.ipv4(10, 0, 0, 2), 40000);
  }
  setHandler(handler: TcpHandler): void {
    this.handler = handler;
  }
  get readable(): i32 {
    return this.left;
  }
  get atEnd(): bool {
    return false;
  }
  read(buffer: Uint8Array, offset: i32, length: i32): i32 {
    return 0;
  }
  peek(): usize {
    return this.at;
  }
  get peekedBytes(): i32 {
    return this.left;
  }
  consume(bytes: i32): void {
    this.at += <usize>bytes;
    this.left -= bytes;
  }
  get writable(): i32 {
    return 1 << 20;
  }
  write(buffer: Uint8Array, offset: i32, length: i32): i32 {
    return length;
  }
  writeFrom(address: usize, bytes: i32): i32 {
    this.sent += bytes;
    return bytes;
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
  close(): void {}
  abort(): void {}
  background(): void {}

  arrive(at: usize, bytes: i32): void {
    this.at = at;
    this.left = bytes;
    this.handler!.onReadable(this);
  }
}
