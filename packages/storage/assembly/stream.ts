/** Values a part at a time, for fibres. */
import { NO_DEADLINE } from "@phantasm/abi";
import { ValueReader, ValueWriter } from "@phantasm/interfaces";
import { isInterrupted } from "@phantasm/fibre";
import { Closing, isLeftBehind, refused, storeReplies } from "./reply";

/** Reads a value from its start to its end. */
@final
export class Stream extends Closing {
  private position: u64 = 0;

  constructor(private readonly reader: ValueReader) {
    super();
  }

  get size(): u64 {
    return this.reader.size;
  }

  /** Fills `buffer` as far as the value goes. Bytes read; 0 at the end. */
  read(buffer: Uint8Array, deadlineNs: i64 = NO_DEADLINE): i32 {
    const bytes = this.readAt(this.position, buffer, 0, buffer.length, deadlineNs);
    if (bytes > 0) this.position += bytes;
    return bytes;
  }

  readAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    deadlineNs: i64 = NO_DEADLINE,
  ): i32 {
    this.check();
    if (isInterrupted()) return refused();
    const reply = storeReplies.take(this);
    return reply.wait(this.reader.readAt(position, buffer, offset, length, reply, 0), deadlineNs);
  }

  /** At once, or when what was left behind on it is over. */
  close(): void {
    this.closeWhenIdle();
  }

  protected shut(): void {
    this.reader.close();
  }
}

/**
 * Writes a value from its start to its end; `commit` or `abandon` is the last. Whoever ran out of time in `write`
 * does not know what is in it, and gets that error again from `commit`: nothing is put then.
 */
@final
export class Sink extends Closing {
  private interrupted: i32 = 0;
  private done: bool = false;

  constructor(private readonly writer: ValueWriter) {
    super();
  }

  /** Takes `length` bytes. 0, or an error. */
  write(buffer: Uint8Array, offset: i32, length: i32, deadlineNs: i64 = NO_DEADLINE): i32 {
    this.check();
    if (this.interrupted != 0) return this.interrupted;
    if (isInterrupted()) return refused();
    const reply = storeReplies.take(this);
    const result = reply.wait(this.writer.write(buffer, offset, length, reply, 0), deadlineNs);
    if (isLeftBehind(result)) this.interrupted = result;
    return result;
  }

  /** Gives the key this value, durable when it returns 0. It is done, whatever it returns. */
  commit(deadlineNs: i64 = NO_DEADLINE): i32 {
    this.check();
    const interrupted = this.interrupted != 0 ? this.interrupted : isInterrupted() ? refused() : 0;
    if (interrupted != 0) {
      this.closeWhenIdle();
      return interrupted;
    }
    this.done = true;
    const reply = storeReplies.take(null);
    const result = this.writer.commit(reply, 0);
    this.closeWhenIdle();
    return reply.wait(result, deadlineNs);
  }

  /** Gives back the room: at once, or when a write that was left behind is over. */
  abandon(): void {
    this.closeWhenIdle();
  }

  protected shut(): void {
    if (!this.done) this.writer.abandon();
  }
}
