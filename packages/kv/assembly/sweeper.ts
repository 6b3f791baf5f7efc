/** Removes entries that have expired: some at a time, the oldest first, by batches like any other. */
import {
  BatchKind,
  MILLISECOND,
  KEY_BYTES_MAX,
  KeyValueHandler,
  PENDING,
  SECOND,
  Timer,
  TimerHandler,
} from "@phantasm/interfaces";
import { Engine } from "./engine";
import { expiryKey } from "./keys";
import { NAMESPACE_EXPIRY, OPERATION_HEAD_BYTES } from "./layout";
import { OperationKind } from "./operation";
import { cellAt, countOf, keyBytesOf, leafKey } from "./page";

/** Entries of one batch: a batch in so many leaves fits into any cache; it takes some tens of microseconds. */
const SWEPT_MAX: i32 = 64;
const SWEPT_MIN: i32 = 4;
const FRAMES_FOR_EACH: i32 = 16;
/** Between batches, as long as more has expired. */
const PAUSE_BUSY_NS: i64 = MILLISECOND;
const PAUSE_MIN_NS: i64 = 20 * MILLISECOND;
const PAUSE_MAX_NS: i64 = 30 * SECOND;


@final
export class Sweeper implements TimerHandler, KeyValueHandler {
  /** Operations of a batch: for each entry the condition that it is absent, and what deletes it. */
  private readonly batch: Uint8Array;
  private batchBytes: i32 = 0;
  /** Entries that it removes, and how many it may. */
  private count: i32 = 0;
  private readonly sweptMax: i32;
  /** It ended before the expired ones did: at the limit, or at the end of a leaf. */
  private hasMore: bool = false;
  private timer: Timer | null = null;
  /** When the timer is due, by the wall clock; 0: not at all. */
  private dueNs: i64 = 0;
  private isBusy: bool = false;

  constructor(private readonly engine: Engine) {
    const swept = max(SWEPT_MIN, min(SWEPT_MAX, engine.cache.capacity / FRAMES_FOR_EACH));
    this.sweptMax = swept;
    this.batch = new Uint8Array(swept * (2 * (OPERATION_HEAD_BYTES + KEY_BYTES_MAX) + 8));
  }

  /** The store is open. */
  start(): void {
    if (this.engine.writable) this.wake(0, PAUSE_MIN_NS);
  }

  /** An entry expires then. */
  onExpiry(expiresNs: i64): void {
    if (this.engine.state != 0 || this.isBusy) return;
    if (this.dueNs != 0 && this.dueNs <= expiresNs) return;
    this.wake(expiresNs, PAUSE_MIN_NS);
  }

  private wake(expiresNs: i64, pauseMin: i64): void {
    const delay = expiresNs - this.engine.clock.wall();
    const pause = max<i64>(pauseMin, min<i64>(PAUSE_MAX_NS, delay));
    this.dueNs = max<i64>(expiresNs, 1);
    const timer = this.timer;
    if (timer === null) {
      const first = this.engine.clock.after(pause, this);
      first.background();
      this.timer = first;
    } else timer.set(pause);
  }

  onTimer(timer: Timer): void {
    this.dueNs = 0;
    if (this.isBusy || this.engine.failure != 0) return;
    this.sweep();
  }

  /** Deletes what has expired, or finds out when something will. */
  private sweep(): void {
    const engine = this.engine;
    const status = this.collect();
    if (status == PENDING) {
      // The page is being read; it is there next time, or the time after that.
      this.wake(0, PAUSE_BUSY_NS);
      return;
    }
    if (status != 0 || this.count == 0) return;
    const operation = engine.operations.take(OperationKind.COMMIT, this, 0);
    if (operation === null) {
      this.wake(0, PAUSE_MIN_NS);
      return;
    }
    this.isBusy = true;
    operation.bytes = this.batch;
    operation.operations = this.batch.dataStart;
    operation.operationBytes = this.batchBytes;
    operation.durable = false;
    const result = engine.commits.add(operation);
    if (result != PENDING) this.onKeyValue(0, result);
  }

  onKeyValue(tag: i32, result: i32): void {
    this.isBusy = false;
    if (result == 0) this.engine.counters.expired += this.count;
    this.wake(0, result == 0 && this.hasMore ? PAUSE_BUSY_NS : PAUSE_MIN_NS);
  }

  private collect(): i32 {
    const engine = this.engine;
    const tree = engine.tree;
    this.batchBytes = 0;
    this.count = 0;
    this.hasMore = false;
    if (tree.root.levels == 0) return 0;
    store<u8>(expiryKey, NAMESPACE_EXPIRY);
    const status = tree.seek(tree.root, expiryKey, 1);
    if (status != 0) return status;
    const now = engine.clock.wall();
    let frame = tree.leaf;
    let index = tree.index;
    while (this.count < this.sweptMax) {
      let page = engine.cache.at(frame);
      if (index >= countOf(page)) {
        this.hasMore = this.count > 0;
        if (this.hasMore) break;
        frame = tree.neighbour(tree.root.levels, false);
        if (frame == -1) break;
        if (frame < 0) return frame;
        index = tree.index;
        page = engine.cache.at(frame);
      }
      const cell = cellAt(page, index);
      const key = leafKey(cell);
      if (load<u8>(key) != NAMESPACE_EXPIRY) break;
      const expiresNs = <i64>bswap<u64>(load<u64>(key, 1));
      if (expiresNs > now) {
        if (this.count == 0) this.wake(expiresNs, PAUSE_MIN_NS);
        break;
      }
      this.add(key + 9, keyBytesOf(cell) - 9);
      index++;
      this.hasMore = this.count == this.sweptMax;
    }
    return 0;
  }

  private add(key: usize, keyBytes: i32): void {
    // Before its turn comes, somebody may put the key again, or set the clock back: then it is not absent.
    store<u64>(this.operation(BatchKind.CONDITION, key, keyBytes, 8), 0, 8);
    this.operation(BatchKind.DELETE, key, keyBytes, 0);
    this.count++;
  }

  /** Encodes an operation without a value; returns where it begins. */
  private operation(kind: BatchKind, key: usize, keyBytes: i32, more: i32): usize {
    const at = this.batch.dataStart + <usize>this.batchBytes;
    store<u32>(at, (<u32>kind) | ((<u32>keyBytes) << 16));
    store<u32>(at, 0, 4);
    const headBytes = OPERATION_HEAD_BYTES + more;
    memory.copy(at + <usize>headBytes, key, <usize>keyBytes);
    this.batchBytes += headBytes + keyBytes;
    return at;
  }
}
