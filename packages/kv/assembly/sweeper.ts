/** Removes entries that have expired: some at a time, the oldest first, by batches like any other. */
import {
  Batch,
  MILLISECOND,
  PENDING,
  SECOND,
  Timer,
  TimerHandler,
  KeyValueHandler,
} from "@phantasm/interfaces";
import { Engine } from "./engine";
import { expiryKey } from "./keys";
import { NAMESPACE_EXPIRY } from "./layout";
import { OperationKind } from "./operation";
import { cellAt, countOf, keyBytesOf, leafKey } from "./page";

/** Entries of one batch. */
const SWEPT_MAX: i32 = 16;
const PAUSE_MIN_NS: i64 = 20 * MILLISECOND;
const PAUSE_MAX_NS: i64 = 30 * SECOND;


@final
export class Sweeper implements TimerHandler, KeyValueHandler {
  private readonly batch: Batch = new Batch(1024);
  /** Entries that it removes. */
  private count: i32 = 0;
  private timer: Timer | null = null;
  /** When the timer is due, by the wall clock; 0: not at all. */
  private dueNs: i64 = 0;
  private isBusy: bool = false;

  constructor(private readonly engine: Engine) {}

  /** The store is open. */
  start(): void {
    if (this.engine.writable) this.wake(0);
  }

  /** An entry expires then. */
  onExpiry(expiresNs: i64): void {
    if (this.engine.state != 0 || this.isBusy) return;
    if (this.dueNs != 0 && this.dueNs <= expiresNs) return;
    this.wake(expiresNs);
  }

  private wake(expiresNs: i64): void {
    const delay = expiresNs - this.engine.clock.wall();
    const pause = max<i64>(PAUSE_MIN_NS, min<i64>(PAUSE_MAX_NS, delay));
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
      this.wake(0);
      return;
    }
    if (status != 0 || this.count == 0) return;
    const operation = engine.operations.take(OperationKind.COMMIT, this, 0);
    if (operation === null) {
      this.wake(0);
      return;
    }
    this.isBusy = true;
    operation.bytes = this.batch.bytes;
    operation.operations = this.batch.bytes.dataStart;
    operation.operationBytes = this.batch.byteLength;
    operation.durable = false;
    const result = engine.commits.add(operation);
    if (result != PENDING) this.onKeyValue(0, result);
  }

  onKeyValue(tag: i32, result: i32): void {
    this.isBusy = false;
    if (result == 0) this.engine.counters.expired += this.count;
    this.wake(0);
  }

  private collect(): i32 {
    const engine = this.engine;
    const tree = engine.tree;
    this.batch.clear();
    this.count = 0;
    if (tree.root.levels == 0) return 0;
    store<u8>(expiryKey, NAMESPACE_EXPIRY);
    const status = tree.seek(tree.root, expiryKey, 1);
    if (status != 0) return status;
    const now = engine.clock.wall();
    let frame = tree.leaf;
    let index = tree.index;
    while (this.count < SWEPT_MAX) {
      let page = engine.cache.at(frame);
      if (index >= countOf(page)) {
        if (this.count > 0) break;
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
        if (this.count == 0) this.wake(expiresNs);
        break;
      }
      const length = keyBytesOf(cell) - 9;
      const name = new Uint8Array(length);
      memory.copy(name.dataStart, key + 9, length);
      // Before its turn comes, somebody may put the key again, or set the clock back: then it is not absent.
      this.batch.require(name, 0).delete(name);
      this.count++;
      index++;
    }
    return 0;
  }
}
