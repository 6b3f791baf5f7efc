/** A key-value store for fibres. */
import { NO_DEADLINE } from "@phantasm/abi";
import {
  Batch,
  EXHAUSTED,
  KeyValue,
  NOT_FOUND,
  PENDING,
  Snapshot,
  TOO_LARGE,
  Value,
} from "@phantasm/interfaces";
import { isInterrupted } from "@phantasm/fibre";
import { Reply, keyOf, refused, storeReplies } from "./reply";
import { Sink } from "./stream";
import { Frozen, View } from "./view";


@final
class SnapshotReply extends Reply {
  snapshot: Snapshot | null = null;

  constructor(private readonly store: KeyValue) {
    super("a key-value store");
  }

  protected collect(result: i32): void {
    if (result == 0) this.snapshot = this.store.takeSnapshot();
  }

  protected discard(): void {
    const snapshot = this.snapshot;
    if (snapshot !== null) snapshot.release();
  }
}

/** A store for fibres: `View`, and what changes it. */
@final
export class Store extends View {
  constructor(readonly raw: KeyValue) {
    super(raw);
  }

  /** Waits until the store is open. 0, or why it cannot be: WRONG_FORMAT, CORRUPT, IO, GONE … */
  opened(deadlineNs: i64 = NO_DEADLINE): i32 {
    const outcome = this.get(keyOf("."), new Value(), deadlineNs);
    const state = this.raw.state;
    if (state < 0 && state != PENDING) return state;
    return outcome == NOT_FOUND || outcome == TOO_LARGE ? 0 : min(outcome, 0);
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
    this.check();
    if (isInterrupted()) return refused();
    const reply = storeReplies.take(this);
    return reply.wait(this.raw.commit(batch, durable, reply, 0), deadlineNs);
  }

  /** Makes all that was committed durable. */
  sync(deadlineNs: i64 = NO_DEADLINE): i32 {
    this.check();
    if (isInterrupted()) return refused();
    const reply = storeReplies.take(this);
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
