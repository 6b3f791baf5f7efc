/**
 * A map from keys to values that survives: ordered by the bytes of the keys, changed by batches that
 * happen as a whole or not at all.
 *
 * An operation that could need the disk takes a handler and a tag. It returns its result at once when it
 * has it, which is the usual case of a read; or PENDING, and then the handler is called once, later, with
 * that tag and the result. It is never called from inside the call that was given it. What is passed in
 * (keys, buffers, batches, records for results) belongs to the operation until it has its result.
 *
 * A key of another length than 1 to 511 bytes, and a limit of a scan that is longer, are mistakes of the caller:
 * what comes from outside is to be checked.
 *
 * Results are 0 or a count, else an error: NOT_FOUND, CONFLICT, TOO_LARGE, NOSPACE, READONLY, EXHAUSTED
 * (too many operations wait), CORRUPT (nothing damaged is handed out), IO, GONE, WRONG_FORMAT. After IO
 * from a write, or GONE, the store answers that to every further write until it is opened anew.
 *
 * Reads see the batches that were applied before them, durable or not, each of them whole. A batch that
 * was acknowledged with `durable` survives a crash, and so do all batches before it.
 */
import { Batch } from "./key-value-batch";

/** Told the result of an operation that was PENDING. */
export interface KeyValueHandler {
  onKeyValue(tag: i32, result: i32): void;
}

/** Keys have 1 to this many bytes. */
export const KEY_BYTES_MAX: i32 = 511;

/** Values up to this size can be part of a batch, and be got as a whole. Larger ones are streamed. */
export const VALUE_BYTES_MAX: i32 = 65_536;

/** What `get` found: made once, and used again. */
export class Value {
  /** The value is in its first `length` bytes; a larger array takes its place when it has to. */
  bytes: Uint8Array = new Uint8Array(0);
  length: i32 = 0;
  /** Size of the value in the store, also when it is larger than `VALUE_BYTES_MAX` and `get` returned TOO_LARGE. */
  size: u64 = 0;
  /** Of the batch that wrote it: greater than that of every earlier one. Never 0. */
  version: u64 = 0;
  /** When it expires, in ns since 1970 UTC; 0: never. */
  expiresNs: i64 = 0;

  /** A copy, exactly as long as the value. */
  copy(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  /** The value as text; what is not UTF-8 is replaced. */
  text(): string {
    return String.UTF8.decodeUnsafe(this.bytes.dataStart, this.length);
  }
}

/** What can be read: the store as it is, or a snapshot of it. */
export interface KeyValueReader {
  /** Gets a value. Returns its length, or NOT_FOUND; TOO_LARGE when it has to be streamed. */
  get(key: Uint8Array, into: Value, handler: KeyValueHandler, tag: i32): i32;

  /**
   * A cursor before the first key of the range: keys that begin with `prefix`, from `from` on (null: from the
   * first) and before `to` (null: to the last). In descending order with `reverse`. Costs nothing until `next`.
   */
  scan(
    prefix: Uint8Array | null,
    from: Uint8Array | null,
    to: Uint8Array | null,
    reverse: bool,
  ): Cursor;

  /**
   * Opens a value for streaming, whatever its size, and fills in its size, version and expiry. Returns 0, and
   * `takeStream` gives the stream. An open stream keeps what it reads, also when the key is changed or deleted
   * meanwhile, until it is closed. EXHAUSTED when as many as there may be are open.
   */
  open(key: Uint8Array, into: Value, handler: KeyValueHandler, tag: i32): i32;

  /** The stream of the last `open` that gave 0: taken once, at once or in the handler. The caller closes it. */
  takeStream(): ValueReader;
}

/** Goes over keys in order. A cursor over the store itself (not a snapshot) sees changes behind it as they are made. */
export interface Cursor {
  /** Goes to the next key. Returns 1 when there is one, 0 at the end (and from then on). One `next` at a time. */
  next(handler: KeyValueHandler, tag: i32): i32;
  /** The key it stands on: valid until `next`, not to be changed. */
  readonly key: Uint8Array;
  /** The value it stands on; `length` is 0 and `size` says how large it is when that is above `VALUE_BYTES_MAX`. */
  readonly value: Value;
}

/** Reads a value a part at a time. */
export interface ValueReader {
  readonly size: u64;
  /** Copies up to `length` bytes from `position`. Returns how many: fewer only at the end of the value. */
  readAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: KeyValueHandler,
    tag: i32,
  ): i32;
  close(): void;
}

/** Writes a value a part at a time. Nothing of it is seen before `commit` has its result. */
export interface ValueWriter {
  /** Takes `length` bytes, which are copied. Returns 0. One operation at a time. */
  write(buffer: Uint8Array, offset: i32, length: i32, handler: KeyValueHandler, tag: i32): i32;
  /** Gives the key this value. Returns 0, durable. The writer is done, whatever it returns. */
  commit(handler: KeyValueHandler, tag: i32): i32;
  /** Gives back the room. */
  abandon(): void;
}

/** Told of changes below a prefix, in the order of the batches, each after it has become durable. */
export interface KeyValueWatcher {
  /** `deleted`: by a batch, or because it expired. */
  onChange(key: Uint8Array, version: u64, deleted: bool): void;
  /** More changed than was kept for this watcher: look at everything again. */
  onMissed(): void;
}

/** The store as it was when this was made. Keeps what it shows from being reused: release it. */
export interface Snapshot extends KeyValueReader {
  /** Of the last batch it shows. */
  readonly version: u64;
  release(): void;
}

/** Room and use of a store. */
export class KeyValueSpace {
  /** Keys, expired ones that were not removed yet included. */
  keys: u64 = 0;
  /** Bytes of the device that values, keys, the tree and the log take. */
  usedBytes: u64 = 0;
  /** Bytes that can still be written. */
  freeBytes: u64 = 0;
  /** Used by nothing but open snapshots and streams. */
  heldBytes: u64 = 0;
}

export interface KeyValue extends KeyValueReader {
  /** False: every write answers READONLY. */
  readonly writable: bool;

  /**
   * Applies a batch, if all its conditions hold (else CONFLICT). Returns 0.
   *
   * With `durable`, the result comes when the batch is on the device; else when it has been applied, and it
   * becomes durable with the next durable batch or `sync`, or on its own soon.
   */
  commit(batch: Batch, durable: bool, handler: KeyValueHandler, tag: i32): i32;

  /** Makes every batch before it durable. */
  sync(handler: KeyValueHandler, tag: i32): i32;

  /** Makes a snapshot. Returns 0, and `takeSnapshot` gives it: once, at once or in the handler. EXHAUSTED when as many as there may be are open. */
  snapshot(handler: KeyValueHandler, tag: i32): i32;
  takeSnapshot(): Snapshot;

  /** Starts to write a value of any size. Null when as many as there may be are being written. */
  create(key: Uint8Array, expiresNs: i64): ValueWriter | null;

  /** Tells of changes to keys that begin with `prefix`. EXHAUSTED when there are as many watchers as there may be. */
  watch(prefix: Uint8Array, watcher: KeyValueWatcher): i32;
  unwatch(watcher: KeyValueWatcher): void;

  /** 0 when it has been opened, PENDING before, else why it could not be. Operations before wait for it. */
  readonly state: i32;

  /** Why it could not be opened, in words for an operator; "none" when `state` is 0. */
  problem(): string;

  /** Fills in how much room there is. */
  space(into: KeyValueSpace): void;
}
