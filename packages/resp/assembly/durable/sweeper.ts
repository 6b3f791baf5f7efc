/** Removes from the store what nobody needs any more, a batch at a time, when nothing else is to be written. */
import { Batch, Cursor, KeyValue, KeyValueHandler, PENDING } from "@phantasm/interfaces";
import { Task, readyLater } from "@phantasm/runtime";
import { Dropped, KIND_ELEMENT, KIND_OBJECT } from "./journal";

const REMOVED_MAX: i32 = 128;
const NEXT: i32 = 0;
const COMMIT: i32 = 1;


@final
export class Sweeper extends Task implements KeyValueHandler {
  private readonly batch: Batch = new Batch(4096);
  private cursor: Cursor | null = null;
  private isRunning: bool = false;
  /** Whether the elements below are next, after the objects. */
  private elementsBelow: u64 = 0;
  /** Owners, the first of those that were dropped, and numbers that nothing on the disk needs any more. */
  private unneeded: i32 = 0;
  private unneededBelow: u64 = 0;

  constructor(
    private readonly store: KeyValue,
    private readonly dropped: Dropped,
  ) {
    super();
  }

  /**
   * All changes are committed. What is dropped after this moment has to stay until they are again: before that, a
   * crash would find its owner, and miss elements.
   */
  schedule(): void {
    const dropped = this.dropped;
    this.unneeded = dropped.count;
    if (dropped.below != 0) this.unneededBelow = dropped.below;
    dropped.below = 0;
    if (this.isRunning) return;
    if (this.unneeded == 0 && this.unneededBelow == 0 && this.elementsBelow == 0) return;
    this.isRunning = true;
    readyLater(this);
  }

  performTask(): void {
    this.collect();
  }

  /** The next range that is to be emptied; null: there is none. */
  private range(): Cursor | null {
    if (this.unneededBelow != 0) {
      this.elementsBelow = this.unneededBelow;
      this.unneededBelow = 0;
      return this.below(KIND_OBJECT, this.elementsBelow);
    }
    if (this.elementsBelow != 0) {
      const cursor = this.below(KIND_ELEMENT, this.elementsBelow);
      this.elementsBelow = 0;
      return cursor;
    }
    if (this.unneeded == 0) return null;
    this.unneeded--;
    return this.store.scan(keyOf(KIND_ELEMENT, this.dropped.take()), null, null, false);
  }

  private below(kind: u8, id: u64): Cursor {
    return this.store.scan(null, keyOf(kind, 0), keyOf(kind, id), false);
  }

  private collect(): void {
    while (true) {
      let cursor = this.cursor;
      if (cursor === null) {
        cursor = this.range();
        this.cursor = cursor;
        if (cursor === null) {
          this.isRunning = false;
          return;
        }
      }
      const result = cursor.next(this, NEXT);
      if (result == PENDING || !this.found(result)) return;
    }
  }

  /** False: a commit is under way, or it is over. */
  private found(result: i32): bool {
    if (result == 1) {
      this.batch.delete(this.cursor!.key);
      if (this.batch.count < REMOVED_MAX) return true;
    } else {
      this.cursor = null;
      if (result < 0) this.isRunning = false;
      if (result < 0) return false;
    }
    if (this.batch.count == 0) return true;
    const committed = this.store.commit(this.batch, false, this, COMMIT);
    if (committed == PENDING) return false;
    this.removed(committed);
    return false;
  }

  /** Others have their turn first. */
  private removed(result: i32): void {
    this.batch.clear();
    if (result < 0) this.isRunning = false;
    else readyLater(this);
  }

  onKeyValue(tag: i32, result: i32): void {
    if (tag == COMMIT) this.removed(result);
    else if (this.found(result)) this.collect();
  }
}

function keyOf(kind: u8, id: u64): Uint8Array {
  const key = new Uint8Array(9);
  key[0] = kind;
  store<u64>(key.dataStart, bswap(id), 1);
  return key;
}
