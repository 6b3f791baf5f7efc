/** For tests: connections whose other end is the test, as a client. What it says and hears is text, a character a byte. */
import { CANCELLED, Endpoint, Errno, RESET, TcpConnection, TcpHandler } from "@phantasm/interfaces";
import { dispatch, enter, hold, leave } from "@phantasm/runtime";
import { expect, world } from "@phantasm/testing";
import { QuietConnection, QuietTcp } from "./testing-connection";

const QUEUE_BYTES_MIN: i32 = 1 << 12;

/** Bytes of a block of the queue: peeked bytes end at its multiples. */
export const BLOCK_BYTES: i32 = 4096;

/** Moves time, then one step of the domain. */
export function step(ns: i64 = 0): void {
  hold();
  enter(world.advance(ns), 0);
  dispatch();
  leave();
}

/** Steps until nothing is to be done or collected any more, bounded. */
export function settle(): void {
  for (let i = 0; i < 24; i++) step();
}


@final
export class TestConnection extends QuietConnection {
  /** Bytes that `write` takes until the test makes room again. */
  room: i32 = i32.MAX_VALUE;
  /** What became of it: shutdown, close, abort. */
  fate: string = "";
  /** Writes so far. */
  writes: i32 = 0;
  /** Bytes of these that need not have been copied. */
  stayed: i32 = 0;
  private queue: usize = 0;
  private queueRoom: i32 = 0;
  /** Bytes that were consumed before those in the queue. */
  private consumed: i32 = 0;
  private head: i32 = 0;
  private tail: i32 = 0;
  private ended: bool = false;
  private over: bool = false;
  private readWaits: bool = true;
  private writeWaits: bool = false;
  private sent: Uint8Array = new Uint8Array(4096);
  private sentBytes: i32 = 0;

  get readable(): i32 {
    return this.over ? 0 : this.tail - this.head;
  }
  get atEnd(): bool {
    return this.ended;
  }
  read(buffer: Uint8Array, offset: i32, length: i32): i32 {
    const bytes = min(length, this.readable);
    if (bytes == 0) return this.ended ? 0 : Errno.AGAIN;
    memory.copy(buffer.dataStart + <usize>offset, this.peek(), <usize>bytes);
    this.consume(bytes);
    return bytes;
  }
  peek(): usize {
    return this.queue + <usize>this.head;
  }
  get peekedBytes(): i32 {
    return min(this.readable, BLOCK_BYTES - ((this.consumed + this.head) % BLOCK_BYTES));
  }
  consume(bytes: i32): void {
    assert(bytes >= 0 && bytes <= this.readable, "tcp: more consumed than waits to be read");
    // What was consumed may not be read again.
    memory.fill(this.queue + <usize>this.head, 0xee, <usize>bytes);
    this.head += bytes;
    if (this.head < this.tail) return;
    this.readWaits = true;
    this.consumed += this.head;
    this.head = 0;
    this.tail = 0;
  }
  get writable(): i32 {
    return this.over ? 0 : this.room;
  }
  writeFrom(address: usize, bytes: i32): i32 {
    if (this.over) return RESET;
    if (bytes == 0) return 0;
    const taken = min(bytes, this.room);
    if (taken < bytes) this.writeWaits = true;
    if (taken == 0) return Errno.AGAIN;
    this.writes++;
    this.room -= taken;
    if (this.sentBytes + taken > this.sent.length) {
      const larger = new Uint8Array(2 * (this.sentBytes + taken));
      memory.copy(larger.dataStart, this.sent.dataStart, <usize>this.sentBytes);
      this.sent = larger;
    }
    memory.copy(this.sent.dataStart + <usize>this.sentBytes, address, <usize>taken);
    this.sentBytes += taken;
    return taken;
  }
  writeStatic(address: usize, bytes: i32): i32 {
    const taken = this.writeFrom(address, bytes);
    if (taken > 0) this.stayed += taken;
    return taken;
  }
  shutdown(): void {
    this.fate += "shutdown ";
  }
  close(): void {
    this.fate += "close ";
    this.breaks(0);
  }
  abort(): void {
    this.fate += "abort ";
    this.breaks(CANCELLED);
  }

  // ---- the other end

  private reserve(bytes: i32): void {
    const needed = this.tail + bytes;
    if (needed <= this.queueRoom) return;
    const room = max(max(needed, 2 * this.queueRoom), QUEUE_BYTES_MIN);
    const larger = heap.alloc(<usize>room);
    memory.copy(larger, this.queue, <usize>this.tail);
    if (this.queue != 0) heap.free(this.queue);
    this.queue = larger;
    this.queueRoom = room;
  }

  /** The client sends text. */
  says(text: string): void {
    this.reserve(text.length);
    for (let i = 0; i < text.length; i++)
      store<u8>(this.queue + <usize>(this.tail + i), <u8>text.charCodeAt(i));
    this.tail += text.length;
    this.tellReadable();
  }

  saysBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    memory.copy(this.queue + <usize>this.tail, bytes.dataStart, <usize>bytes.length);
    this.tail += bytes.length;
    this.tellReadable();
  }

  /** The client closes its side. */
  ends(): void {
    this.ended = true;
    this.tellReadable();
  }

  private tellReadable(): void {
    if (!this.readWaits || this.over) return;
    this.readWaits = false;
    const handler = this.handler;
    if (handler !== null) handler.onReadable(this);
  }

  /** The client has read: there is room for so many bytes. */
  reads(bytes: i32): void {
    this.room = bytes;
    if (!this.writeWaits || this.over) return;
    this.writeWaits = false;
    this.handler!.onWritable(this);
  }

  /** It is over. */
  breaks(reason: i32): void {
    if (this.over) return;
    this.over = true;
    // What lay here is another connection's from now on.
    if (this.queue != 0) {
      memory.fill(this.queue, 0xee, <usize>this.queueRoom);
      heap.free(this.queue);
    }
    this.queue = 0;
    this.queueRoom = 0;
    this.head = 0;
    this.tail = 0;
    const handler = this.handler;
    if (handler !== null) handler.onClosed(this, reason);
  }

  /** What has been sent since the last call. */
  heard(): string {
    const units = new Uint16Array(this.sentBytes);
    for (let i = 0; i < units.length; i++) units[i] = this.sent[i];
    this.sentBytes = 0;
    return String.UTF16.decode(units.buffer);
  }

  /** Checks what was sent, without the Date. Lines end as in HTTP. */
  hears(expected: string): void {
    expect(withoutDate(this.heard())).toBe(expected);
  }

  get heardBytes(): i32 {
    return this.sentBytes;
  }

  forgets(): void {
    this.sentBytes = 0;
  }
}

/** Leaves out every `Date` line. */
export function withoutDate(text: string): string {
  while (true) {
    const at = text.indexOf("Date: ");
    if (at < 0) return text;
    text = text.substring(0, at) + text.substring(at + 37);
  }
}


@final
export class TestTcp extends QuietTcp {
  /** Those that were begun from here, in their order. */
  readonly begun: TestConnection[] = [];
  refuses: i32 = 0;

  get lastError(): i32 {
    return this.refuses;
  }
  get connections(): i32 {
    return this.begun.length;
  }
  connect(remote: Endpoint, handler: TcpHandler, localPort: u16): TcpConnection | null {
    if (this.refuses != 0) return null;
    const connection = new TestConnection();
    connection.handler = handler;
    this.begun.push(connection);
    return connection;
  }

  /** A client connects. */
  arrives(): TestConnection {
    const connection = new TestConnection();
    this.acceptor!.onAccept(this, connection);
    return connection;
  }
}
