/** Reading a key-value store or a snapshot of it, for fibres. */
import { NO_DEADLINE } from "@phantasm/abi";
import {
  Cursor,
  KeyValueReader,
  NOT_FOUND,
  Snapshot,
  Value,
  ValueReader,
} from "@phantasm/interfaces";
import { isInterrupted } from "@phantasm/fibre";
import { Closing, Reply, isLeftBehind, keyOf, refused, storeReplies } from "./reply";
import { Stream } from "./stream";


@final
class StreamReply extends Reply {
  stream: ValueReader | null = null;

  constructor(private readonly reader: KeyValueReader) {
    super("a key-value store");
  }

  protected collect(result: i32): void {
    if (result == 0) this.stream = this.reader.takeStream();
  }

  protected discard(): void {
    const stream = this.stream;
    if (stream !== null) stream.close();
  }
}

/**
 * What can be read: the store, or a snapshot. Every operation takes a deadline (absolute, ns), and returns a
 * negative error instead of throwing. After TIMED_OUT or CANCELLED the operation goes on by itself: the key,
 * the batch or the record that was passed in belongs to it until it is over, so use fresh ones.
 */
export class View extends Closing {
  /** Why the last call that returned null did. */
  lastError: i32 = 0;

  constructor(private readonly reader: KeyValueReader) {
    super();
  }

  protected shut(): void {}

  /** Gets a value into a record. Its length, or NOT_FOUND, TOO_LARGE, CORRUPT … */
  get(key: Uint8Array, into: Value, deadlineNs: i64 = NO_DEADLINE): i32 {
    this.check();
    if (isInterrupted()) return refused();
    const reply = storeReplies.take(this);
    return reply.wait(this.reader.get(key, into, reply, 0), deadlineNs);
  }

  /** Gets a value as text. Null: there is none, or `lastError` is another than NOT_FOUND. */
  getText(key: string, deadlineNs: i64 = NO_DEADLINE): string | null {
    const into = new Value();
    const length = this.get(keyOf(key), into, deadlineNs);
    this.lastError = length;
    return length < 0 ? null : into.text();
  }

  /** Whether there is such a key: 1, 0, or an error. */
  has(key: Uint8Array, deadlineNs: i64 = NO_DEADLINE): i32 {
    const length = this.get(key, new Value(), deadlineNs);
    return length >= 0 ? 1 : length == NOT_FOUND ? 0 : length;
  }

  /** Goes over the keys that begin with `prefix` (null: all), from `from` on and before `to`, in their order. */
  scan(
    prefix: Uint8Array | null = null,
    from: Uint8Array | null = null,
    to: Uint8Array | null = null,
    reverse: bool = false,
  ): Scan {
    return new Scan(this, this.reader.scan(prefix, from, to, reverse));
  }

  /** Opens a value of any size. Null: `lastError` says why. Close it. */
  open(key: Uint8Array, into: Value, deadlineNs: i64 = NO_DEADLINE): Stream | null {
    this.check();
    const reply = new StreamReply(this.reader);
    reply.owner = this;
    this.lastError = isInterrupted()
      ? refused()
      : reply.wait(this.reader.open(key, into, reply, 0), deadlineNs);
    const stream = this.lastError == 0 ? reply.stream : null;
    return stream === null ? null : new Stream(stream);
  }
}

/** A snapshot for fibres. */
@final
export class Frozen extends View {
  constructor(readonly raw: Snapshot) {
    super(raw);
  }

  get version(): u64 {
    return this.raw.version;
  }

  /** At once, or when what was left behind on it is over. */
  release(): void {
    this.closeWhenIdle();
  }

  protected shut(): void {
    this.raw.release();
  }
}

/**
 * Goes over keys: `while (scan.next() == 1) … scan.key … scan.value`. Whoever ran out of time in `next` does not
 * know where it stands, and gets that error again.
 */
@final
export class Scan {
  private interrupted: i32 = 0;

  constructor(
    private readonly view: View,
    private readonly cursor: Cursor,
  ) {}

  /** 1: it stands on a key; 0: that was all; or an error. */
  next(deadlineNs: i64 = NO_DEADLINE): i32 {
    if (this.interrupted != 0) return this.interrupted;
    if (isInterrupted()) return refused();
    const reply = storeReplies.take(this.view);
    const result = reply.wait(this.cursor.next(reply, 0), deadlineNs);
    if (isLeftBehind(result)) this.interrupted = result;
    return result;
  }

  /** Valid until `next`. */
  get key(): Uint8Array {
    return this.cursor.key;
  }

  get keyText(): string {
    const key = this.cursor.key;
    return String.UTF8.decodeUnsafe(key.dataStart, key.length);
  }

  /** Valid until `next`. */
  get value(): Value {
    return this.cursor.value;
  }
}
