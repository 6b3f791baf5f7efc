/** A key-value store for fibres. */
import { NO_DEADLINE } from "@phantasm/abi";
import {
  Batch,
  Cursor,
  EXHAUSTED,
  KeyValue,
  KeyValueReader,
  NOT_FOUND,
  Snapshot,
  Value,
  ValueReader,
  ValueWriter,
} from "@phantasm/interfaces";
import { isInterrupted } from "@phantasm/fibre";
import { Replies, Reply, refused } from "./reply";

const WHAT = "a key-value store";

// @ts-ignore: decorator
@lazy
const replies: Replies = new Replies(WHAT);


@final
class StreamReply extends Reply {
  stream: ValueReader | null = null;

  constructor(private readonly reader: KeyValueReader) {
    super(WHAT);
  }

  protected collect(result: i32): void {
    if (result == 0) this.stream = this.reader.takeStream();
  }

  protected discard(): void {
    const stream = this.stream;
    if (stream !== null) stream.close();
  }
}


@final
class SnapshotReply extends Reply {
  snapshot: Snapshot | null = null;

  constructor(private readonly store: KeyValue) {
    super(WHAT);
  }

  protected collect(result: i32): void {
    if (result == 0) this.snapshot = this.store.takeSnapshot();
  }

  protected discard(): void {
    const snapshot = this.snapshot;
    if (snapshot !== null) snapshot.release();
  }
}

/**
 * What can be read: the store, or a snapshot. Every operation takes a deadline (absolute, ns), and returns a
 * negative error instead of throwing. After TIMED_OUT or CANCELLED the operation goes on by itself: the key,
 * the batch or the record that was passed in belongs to it until it is over, so use fresh ones.
 */
export class View {
  /** Why the last call that returned null did. */
  lastError: i32 = 0;

  constructor(private readonly reader: KeyValueReader) {}

  /** Gets a value into a record. Its length, or NOT_FOUND, TOO_LARGE, CORRUPT … */
  get(key: Uint8Array, into: Value, deadlineNs: i64 = NO_DEADLINE): i32 {
    if (isInterrupted()) return refused();
    const reply = replies.take();
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
    return new Scan(this.reader.scan(prefix, from, to, reverse));
  }

  /** Opens a value of any size. Null: `lastError` says why. Close it. */
  open(key: Uint8Array, into: Value, deadlineNs: i64 = NO_DEADLINE): Stream | null {
    const reply = new StreamReply(this.reader);
    this.lastError = isInterrupted()
      ? refused()
      : reply.wait(this.reader.open(key, into, reply, 0), deadlineNs);
    const stream = this.lastError == 0 ? reply.stream : null;
    return stream === null ? null : new Stream(stream);
  }
}

/** A store for fibres: `View`, and what changes it. */
@final
export class Store extends View {
  private readonly batch: Batch = new Batch();

  constructor(readonly raw: KeyValue) {
    super(raw);
  }

  /** Waits until the store is open. 0, or why it cannot be: WRONG_FORMAT, CORRUPT, IO, GONE … */
  opened(deadlineNs: i64 = NO_DEADLINE): i32 {
    const outcome = this.get(keyOf("."), new Value(), deadlineNs);
    return this.raw.state < 0 ? this.raw.state : min(outcome, 0) == NOT_FOUND ? 0 : min(outcome, 0);
  }

  /** Puts a value, durable when it returns 0. `expiresNs`: ns since 1970, 0 for never. */
  put(key: Uint8Array, value: Uint8Array, expiresNs: i64 = 0, deadlineNs: i64 = NO_DEADLINE): i32 {
    return this.commit(
      new Batch(key.length + value.length + 16).put(key, value, expiresNs),
      true,
      deadlineNs,
    );
  }

  putText(key: string, value: string, deadlineNs: i64 = NO_DEADLINE): i32 {
    return this.put(keyOf(key), keyOf(value), 0, deadlineNs);
  }

  /** Removes a key, durable when it returns 0. */
  delete(key: Uint8Array, deadlineNs: i64 = NO_DEADLINE): i32 {
    return this.commit(new Batch(key.length + 8).delete(key), true, deadlineNs);
  }

  /** Applies a batch: all of it, or nothing. 0, CONFLICT, NOSPACE … */
  commit(batch: Batch, durable: bool = true, deadlineNs: i64 = NO_DEADLINE): i32 {
    if (isInterrupted()) return refused();
    const reply = replies.take();
    return reply.wait(this.raw.commit(batch, durable, reply, 0), deadlineNs);
  }

  /** Makes all that was committed durable. */
  sync(deadlineNs: i64 = NO_DEADLINE): i32 {
    if (isInterrupted()) return refused();
    const reply = replies.take();
    return reply.wait(this.raw.sync(reply, 0), deadlineNs);
  }

  /** The store as it is now. Null: `lastError` says why. Call `release` of it when done. */
  snapshot(deadlineNs: i64 = NO_DEADLINE): Frozen | null {
    const reply = new SnapshotReply(this.raw);
    this.lastError = isInterrupted()
      ? refused()
      : reply.wait(this.raw.snapshot(reply, 0), deadlineNs);
    const snapshot = this.lastError == 0 ? reply.snapshot : null;
    return snapshot === null ? null : new Frozen(snapshot);
  }

  /** Begins to write a value of any size. Null: as many as there may be are being written. */
  create(key: Uint8Array, expiresNs: i64 = 0): Sink | null {
    const writer = this.raw.create(key, expiresNs);
    this.lastError = writer === null ? EXHAUSTED : 0;
    return writer === null ? null : new Sink(writer);
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

  release(): void {
    this.raw.release();
  }
}

/** Goes over keys: `while (scan.next() == 1) … scan.key … scan.value`. */
@final
export class Scan {
  constructor(private readonly cursor: Cursor) {}

  /** 1: it stands on a key; 0: that was all; or an error. */
  next(deadlineNs: i64 = NO_DEADLINE): i32 {
    if (isInterrupted()) return refused();
    const reply = replies.take();
    return reply.wait(this.cursor.next(reply, 0), deadlineNs);
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

/** Reads a value from its start to its end. */
@final
export class Stream {
  private position: u64 = 0;

  constructor(private readonly reader: ValueReader) {}

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
    if (isInterrupted()) return refused();
    const reply = replies.take();
    return reply.wait(this.reader.readAt(position, buffer, offset, length, reply, 0), deadlineNs);
  }

  close(): void {
    this.reader.close();
  }
}

/** Writes a value from its start to its end. */
@final
export class Sink {
  constructor(private readonly writer: ValueWriter) {}

  write(buffer: Uint8Array, offset: i32, length: i32, deadlineNs: i64 = NO_DEADLINE): i32 {
    if (isInterrupted()) return refused();
    const reply = replies.take();
    return reply.wait(this.writer.write(buffer, offset, length, reply, 0), deadlineNs);
  }

  /** Gives the key this value, durable when it returns 0. */
  commit(deadlineNs: i64 = NO_DEADLINE): i32 {
    if (isInterrupted()) return refused();
    const reply = replies.take();
    return reply.wait(this.writer.commit(reply, 0), deadlineNs);
  }

  abandon(): void {
    this.writer.abandon();
  }
}

function keyOf(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}
