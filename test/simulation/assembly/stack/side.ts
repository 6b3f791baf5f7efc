/** One end's application: writes a stream that anybody can check, and checks the other's. */
import { Errno, TcpAcceptor, TcpConnection, TcpHandler, TcpListener } from "@phantasm/interfaces";
import { Timed, cancelTimer, setTimer } from "@phantasm/runtime/timers";
import { now } from "@phantasm/runtime";
import { Draw } from "../random";

const SECOND: i64 = 1_000_000_000;
const CHUNK_BYTES: i32 = 8192;

/** Byte `index` of the stream of a side. */
function byteOf(index: u32, salt: u32): u8 {
  return <u8>(((index + salt) * 2654435761) >> 24);
}

export class Side extends Timed implements TcpHandler, TcpAcceptor {
  /** What went wrong; empty: nothing. */
  failure: string = "";
  isClosed: bool = false;
  reason: i32 = 0;
  written: u32 = 0;
  read: u32 = 0;
  /** It has read the end of the other's stream. */
  isAtEnd: bool = false;
  /** Pauses between two reads or two writes; 0: none. */
  pauseNs: i64 = 0;
  /** Bytes of one read, at most. */
  readBytes: i32 = CHUNK_BYTES;
  connection: TcpConnection | null = null;
  private readonly buffer: Uint8Array = new Uint8Array(CHUNK_BYTES);
  private hasShutDown: bool = false;

  constructor(
    readonly salt: u32,
    private readonly otherSalt: u32,
    readonly bytes: u32,
    private readonly otherBytes: u32,
    private readonly draw: Draw,
  ) {
    super();
  }

  /** It has the other's stream to its end. */
  get hasAll(): bool {
    return this.isClosed && this.read == this.otherBytes && this.isAtEnd;
  }

  /** For messages. */
  get progress(): string {
    const end = this.isClosed ? `closed for ${this.reason}` : "open";
    return `wrote ${this.written} of ${this.bytes}, read ${this.read} of ${this.otherBytes}, ${end}`;
  }

  onAccept(listener: TcpListener, connection: TcpConnection): void {
    connection.setHandler(this);
    this.begin(connection);
  }

  onConnected(connection: TcpConnection): void {
    this.begin(connection);
  }

  private begin(connection: TcpConnection): void {
    if (this.connection !== null && this.connection !== connection)
      this.fail("a second connection");
    this.connection = connection;
    if (this.draw.below(2) == 0) connection.noDelay = true;
    // Who only waits would wait for ever for a peer that has given up.
    connection.keepAlive(600 * SECOND, 60 * SECOND, 10);
    this.go();
  }

  onReadable(connection: TcpConnection): void {
    this.go();
  }

  onWritable(connection: TcpConnection): void {
    this.go();
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    if (this.isClosed) this.fail("closed twice");
    // What has arrived is there although both have closed.
    if (reason == 0) {
      this.pauseNs = 0;
      this.readSome(connection);
    }
    this.isClosed = true;
    this.reason = reason;
    cancelTimer(this);
  }

  timerDue(nowNs: i64): void {
    this.go();
  }

  /** Reads and writes what it can; or a little, and the rest after a pause. */
  private go(): void {
    const connection = this.connection;
    if (connection === null || this.isClosed || this.timerIsPending) return;
    this.readSome(connection);
    this.writeSome(connection);
    if (this.hasShutDown && this.isAtEnd) return;
    if (this.pauseNs > 0) setTimer(this, now() + this.draw.between(1, this.pauseNs));
  }

  private readSome(connection: TcpConnection): void {
    while (!this.isAtEnd) {
      const count = connection.read(this.buffer, 0, this.readBytes);
      if (count == Errno.AGAIN) break;
      if (count < 0) return;
      if (count == 0) {
        this.isAtEnd = true;
        if (this.read != this.otherBytes) this.fail("the stream ends early");
        break;
      }
      for (let i = 0; i < count; i++)
        if (this.buffer[i] != byteOf(this.read + i, this.otherSalt)) {
          this.fail(`byte ${this.read + i} is wrong`);
          break;
        }
      this.read += count;
      if (this.read > this.otherBytes) this.fail("more bytes than were sent");
      if (this.pauseNs > 0) break;
    }
  }

  private writeSome(connection: TcpConnection): void {
    while (!this.hasShutDown) {
      const left = this.bytes - this.written;
      if (left == 0) {
        connection.shutdown();
        this.hasShutDown = true;
        break;
      }
      const length = <i32>min<u32>(left, 1 + this.draw.below(CHUNK_BYTES));
      for (let i = 0; i < length; i++) this.buffer[i] = byteOf(this.written + i, this.salt);
      const count = connection.write(this.buffer, 0, length);
      if (count < 0) break;
      this.written += count;
      if (this.pauseNs > 0) break;
    }
  }

  private fail(what: string): void {
    if (this.failure.length == 0) this.failure = what;
  }
}
