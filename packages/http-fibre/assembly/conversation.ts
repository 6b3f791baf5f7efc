import { NO_DEADLINE } from "@phantasm/abi";
import { WaitQueue, wait } from "@phantasm/fibre";
import { ContentSink, Exchange, JsonWriter, ResponseWriter } from "@phantasm/http";
import { CLOSED, Errno } from "@phantasm/interfaces";
import { hasRoom } from "@phantasm/runtime/heap/room";

/** What is taken for content before any has come. */
const FIRST_BYTES_MAX: i32 = 16 << 10;

enum Intake {
  NOT_ASKED,
  COMING,
  WHOLE,
  TOO_LARGE,
  NO_ROOM,
}

/** A request that a fibre answers. Belongs to the fibre until `respond` returns. */
@final
export class Conversation implements ContentSink, ResponseWriter {
  private readonly waiters: WaitQueue = new WaitQueue("a client of HTTP");
  private intake: Intake = Intake.NOT_ASKED;
  private content: Uint8Array = new Uint8Array(0);
  private contentBytes: i32 = 0;
  private bytesMax: i32 = 0;
  /** Null once it has been answered, or the client has gone: it may be somebody else's then. */
  private open: Exchange | null;
  private isWriting: bool = false;

  constructor(exchange: Exchange) {
    this.open = exchange;
  }

  /** The request: method, path, fields, parameters. Until it has been answered. */
  get request(): Exchange {
    return assert(this.open, "http: the request has been answered");
  }

  /** False: it has been answered, or the client has gone. */
  get isOpen(): bool {
    const open = this.open;
    return open !== null && open.isOpen;
  }

  /**
   * Waits for the content, and returns all of it. Null: it broke off; it is larger than `bytesMax`, which has been
   * answered with 413; memory is full, which has been with 503; the fibre was cancelled; or the deadline has passed.
   */
  readAll(bytesMax: i32 = 1 << 20, deadlineNs: i64 = NO_DEADLINE): Uint8Array | null {
    const open = this.open;
    if (open === null || !open.isOpen) return null;
    this.bytesMax = bytesMax;
    this.intake = Intake.COMING;
    // What is announced need not come.
    const announced = min<i64>(max<i64>(open.request.contentLength, 0), bytesMax);
    this.content = new Uint8Array(<i32>min<i64>(announced, FIRST_BYTES_MAX));
    open.stream(this);
    while (this.intake == Intake.COMING && this.open !== null)
      if (wait(this.waiters, deadlineNs) != 0) return null;
    return this.collected();
  }

  private collected(): Uint8Array | null {
    if (this.intake == Intake.TOO_LARGE) this.sendError(413);
    else if (this.intake == Intake.NO_ROOM) this.sendError(503);
    return this.intake == Intake.WHOLE ? this.content.subarray(0, this.contentBytes) : null;
  }

  onPart(exchange: Exchange, at: usize, bytes: i32): void {
    if (bytes > this.bytesMax - this.contentBytes) {
      this.refuse(exchange, Intake.TOO_LARGE);
      return;
    }
    const needed = this.contentBytes + bytes;
    if (needed > this.content.length) {
      const room = min(this.bytesMax, max(needed, 2 * this.content.length));
      if (!hasRoom(<usize>room)) {
        this.refuse(exchange, Intake.NO_ROOM);
        return;
      }
      const larger = new Uint8Array(room);
      larger.set(this.content);
      this.content = larger;
    }
    memory.copy(this.content.dataStart + <usize>this.contentBytes, at, <usize>bytes);
    this.contentBytes = needed;
  }

  private refuse(exchange: Exchange, why: Intake): void {
    exchange.pause();
    this.intake = why;
    this.waiters.wakeAll();
  }

  onEnd(exchange: Exchange): void {
    this.intake = Intake.WHOLE;
    this.waiters.wakeAll();
  }

  onAborted(exchange: Exchange): void {
    this.open = null;
    this.waiters.wakeAll();
  }

  onWritable(exchange: Exchange): void {
    this.waiters.wakeAll();
  }

  // ---- answers as a whole: once, and nothing after. To a client that has gone, they go nowhere.

  private take(): Exchange | null {
    const open = this.open;
    this.open = null;
    return open;
  }

  sendText(status: i32, type: string, text: string): void {
    const open = this.take();
    if (open !== null) open.sendText(status, type, text);
  }

  sendBytes(status: i32, type: string, bytes: Uint8Array): void {
    const open = this.take();
    if (open !== null) open.sendBytes(status, type, bytes, 0, bytes.length);
  }

  sendJson(status: i32, json: JsonWriter): void {
    const open = this.take();
    if (open !== null) open.sendJson(status, json);
  }

  sendEmpty(status: i32): void {
    const open = this.take();
    if (open !== null) open.sendEmpty(status);
  }

  sendError(status: i32): void {
    const open = this.take();
    if (open !== null) open.sendError(status);
  }

  // ---- answers in parts

  /** Begins an answer. @param length of its content; UNKNOWN_LENGTH: it ends with `end` */
  begin(status: i32, type: string, length: i64): void {
    const open = this.open;
    if (open === null) return;
    this.isWriting = true;
    open.begin(status, type, length, this);
  }

  /** Writes the first `length` bytes, waiting for room. 0, CLOSED, CANCELLED or TIMED_OUT. */
  write(bytes: Uint8Array, length: i32, deadlineNs: i64 = NO_DEADLINE): i32 {
    for (let done = 0; done < length;) {
      const open = this.open;
      if (open === null || !open.isOpen) return CLOSED;
      const taken = open.write(bytes, done, length - done);
      if (taken > 0) done += taken;
      if (taken > 0 && done == length) return 0;
      if (taken < 0 && taken != Errno.AGAIN) return taken;
      const outcome = wait(this.waiters, deadlineNs);
      if (outcome != 0) return outcome;
    }
    return 0;
  }

  writeText(text: string, deadlineNs: i64 = NO_DEADLINE): i32 {
    const bytes = Uint8Array.wrap(String.UTF8.encode(text));
    return this.write(bytes, bytes.length, deadlineNs);
  }

  /** The answer is complete. */
  end(): void {
    const open = this.take();
    if (open !== null) open.end();
  }

  /** The fibre has returned: what is not answered is answered for. */
  finish(): void {
    const open = this.take();
    if (open === null) return;
    if (this.isWriting) open.abort();
    else open.sendError(500);
  }
}
