import { TcpConnection, TcpHandler } from "@phantasm/interfaces";

/** What is sent: one piece after the other of this. */
const PATTERN_BYTES: i32 = 131072;

const pattern = new Uint8Array(PATTERN_BYTES);

/** One data connection: throws away what arrives, or sends as much as it can. */
export class Stream implements TcpHandler {
  bytes: u64 = 0;
  private sends: bool = false;

  constructor(readonly connection: TcpConnection) {
    connection.setHandler(this);
  }

  start(sends: bool): void {
    this.sends = sends;
    if (sends) this.onWritable(this.connection);
    else this.onReadable(this.connection);
  }

  /** Sends what it has, and the end: a client that receives waits for either, and for nothing else meanwhile. */
  stop(): void {
    this.sends = false;
    this.connection.close();
  }

  onConnected(connection: TcpConnection): void {}

  onReadable(connection: TcpConnection): void {
    const bytes = connection.readable;
    this.bytes += bytes;
    connection.consume(bytes);
  }

  onWritable(connection: TcpConnection): void {
    while (this.sends) {
      const taken = connection.write(pattern, 0, PATTERN_BYTES);
      if (taken < 0) return;
      this.bytes += taken;
    }
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    this.sends = false;
  }
}
