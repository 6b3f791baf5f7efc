import { NO_DEADLINE } from "@phantasm/abi";
import { CLOSED, Endpoint, Errno, Tcp, TcpConnection, TcpHandler } from "@phantasm/interfaces";
import { WaitQueue, isInterrupted, wait } from "@phantasm/fibre";

/** Before a connection has ended, `ending` is this. */
const ALIVE: i32 = 1;

/**
 * A connection for fibres. Every operation that waits takes a deadline (absolute, ns) and returns a negative
 * error instead of throwing: CANCELLED, TIMED_OUT, or why the connection broke (RESET, REFUSED, UNREACHABLE …).
 *
 * Several fibres may use one: one that reads beside one that writes is usual. Whoever drops a socket without
 * `close` or `abort` leaves a connection that lives until the other side ends it.
 */
@final
export class TcpSocket implements TcpHandler {
  private connection: TcpConnection | null = null;
  /** ALIVE, or what `onClosed` was told. */
  private ending: i32 = ALIVE;
  private connected: bool = false;
  private readonly readers: WaitQueue = new WaitQueue("bytes of a connection");
  /** Made with the first wait: most connections never fill their send queue. */
  private writers: WaitQueue | null = null;

  /**
   * Connects. 0, or: REFUSED, UNREACHABLE, NO_ROUTE, RESET, EXHAUSTED, TIMED_OUT, CANCELLED; nothing is left of
   * the attempt then, and the socket may be used again.
   *
   * @param localPort 0 picks one
   */
  connect(tcp: Tcp, remote: Endpoint, deadlineNs: i64 = NO_DEADLINE, localPort: u16 = 0): i32 {
    assert(this.connection === null, "socket: it is connected already");
    this.ending = ALIVE;
    this.connected = false;
    const connection = tcp.connect(remote, this, localPort);
    if (connection === null) return tcp.lastError;
    this.connection = connection;
    while (!this.connected && this.ending == ALIVE) {
      const outcome = wait(this.readers, deadlineNs);
      if (outcome == 0) continue;
      connection.abort();
      this.connection = null;
      return outcome;
    }
    if (this.connected) return 0;
    this.connection = null;
    // Closed in good order before it was made.
    return this.ending == 0 ? CLOSED : this.ending;
  }

  /** Takes over a connection that was accepted. */
  adopt(connection: TcpConnection): void {
    assert(this.connection === null, "socket: it is connected already");
    this.connection = connection;
    this.connected = true;
    this.ending = ALIVE;
    connection.setHandler(this);
  }

  /** The connection itself: its options, addresses, and the operations that do not wait. */
  get raw(): TcpConnection {
    const connection = this.connection;
    assert(connection !== null, "socket: it is not connected");
    return connection!;
  }

  get local(): Endpoint {
    return this.raw.local;
  }

  get remote(): Endpoint {
    return this.raw.remote;
  }

  /** Waits for bytes, and fills `buffer` from its start. Returns how many: at least 1; 0 at the end of the stream. */
  read(buffer: Uint8Array, deadlineNs: i64 = NO_DEADLINE): i32 {
    return this.readInto(buffer, 0, buffer.length, deadlineNs);
  }

  /** `read` to a part of an array. `length` is at least 1. */
  readInto(buffer: Uint8Array, offset: i32, length: i32, deadlineNs: i64 = NO_DEADLINE): i32 {
    assert(length > 0, "socket: to read nothing would look like the end of the stream");
    const connection = this.raw;
    while (true) {
      if (!isInterrupted()) {
        const bytes = connection.read(buffer, offset, length);
        if (bytes != Errno.AGAIN) return bytes;
      }
      const outcome = wait(this.readers, deadlineNs);
      if (outcome != 0) return outcome;
    }
  }

  /** Waits until all of `length` bytes are there. 0; CLOSED if the stream ended before. */
  readExactly(buffer: Uint8Array, offset: i32, length: i32, deadlineNs: i64 = NO_DEADLINE): i32 {
    while (length > 0) {
      const bytes = this.readInto(buffer, offset, length, deadlineNs);
      if (bytes == 0) return CLOSED;
      if (bytes < 0) return bytes;
      offset += bytes;
      length -= bytes;
    }
    return 0;
  }

  /**
   * Queues the first `length` bytes of `buffer`, waiting for room where there is none. 0; or an error, and then
   * nobody knows how many of them the other side will have got.
   */
  writeAll(buffer: Uint8Array, length: i32 = -1, deadlineNs: i64 = NO_DEADLINE): i32 {
    return this.writePart(buffer, 0, length < 0 ? buffer.length : length, deadlineNs);
  }

  /** `writeAll` of `length` bytes from `offset`. */
  writePart(buffer: Uint8Array, offset: i32, length: i32, deadlineNs: i64 = NO_DEADLINE): i32 {
    const connection = this.raw;
    while (length > 0) {
      let taken: i32 = Errno.AGAIN;
      if (!isInterrupted()) taken = connection.write(buffer, offset, length);
      if (taken >= 0) {
        offset += taken;
        length -= taken;
        continue;
      }
      if (taken != Errno.AGAIN) return taken;
      const outcome = wait(this.needWriters(), deadlineNs);
      if (outcome != 0) return outcome;
    }
    return 0;
  }

  /** `writeAll` of a text, as UTF-8. */
  writeText(text: string, deadlineNs: i64 = NO_DEADLINE): i32 {
    return this.writeAll(Uint8Array.wrap(String.UTF8.encode(text)), -1, deadlineNs);
  }

  /** Closes this side's stream after what is queued; reading goes on. */
  shutdown(): void {
    this.raw.shutdown();
  }

  /** Closes both streams; what is queued is still delivered. Does not wait; see `finish`. Idempotent. */
  close(): void {
    const connection = this.connection;
    if (connection !== null) connection.close();
  }

  /** Breaks it off with RST. Idempotent. */
  abort(): void {
    const connection = this.connection;
    if (connection !== null) connection.abort();
  }

  /**
   * Waits until the connection has ended on both sides, and what was written is known to have arrived. 0, or why it
   * broke, or CANCELLED, TIMED_OUT.
   */
  finish(deadlineNs: i64 = NO_DEADLINE): i32 {
    while (this.ending == ALIVE || isInterrupted()) {
      const outcome = wait(this.readers, deadlineNs);
      if (outcome != 0) return outcome;
    }
    return this.ending;
  }

  onConnected(connection: TcpConnection): void {
    this.connected = true;
    this.readers.wakeAll();
  }

  onReadable(connection: TcpConnection): void {
    this.readers.wakeAll();
  }

  onWritable(connection: TcpConnection): void {
    const writers = this.writers;
    if (writers !== null) writers.wakeAll();
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    // An attempt that was given up may end after the next one has begun.
    if (connection !== this.connection) return;
    this.ending = reason;
    this.readers.wakeAll();
    const writers = this.writers;
    if (writers !== null) writers.wakeAll();
  }

  private needWriters(): WaitQueue {
    let writers = this.writers;
    if (writers === null) {
      writers = new WaitQueue("room in a connection");
      this.writers = writers;
    }
    return writers;
  }
}
