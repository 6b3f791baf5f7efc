/**
 * Values of a batch that do not fit into a cell: in one extent that the cell refers to, if so many pages are free side
 * by side, else in several that a value page lists. They are in the log like all others; but before the batch
 * is applied, they are written to places of their own as well, so that no memory has to keep them until the
 * next checkpoint. No flush is needed for that: the log has them until a checkpoint, which flushes, is durable.
 */
import { BatchKind, EXHAUSTED, Errno, PENDING } from "@phantasm/interfaces";
import { xxh64 } from "@phantasm/checksum";
import { Purpose } from "./disk";
import { Engine } from "./engine";
import {
  CellFlag,
  EXTENT_BYTES,
  HEAD_COUNT,
  HEAD_GENERATION,
  HEAD_PAGE,
  LEAF_CELL_BYTES_MAX,
  PAGE_BYTES,
  PAGE_SHIFT,
  PageKind,
  VALUE_EXTENTS,
  VALUE_NEXT,
  afterOperation,
  operationHeadBytes,
} from "./layout";

/** In the place of the first value page: the value is at that address. */
export const MEMORY_REFERENCE: u64 = 1 << 62;

/** Runs of pages that one value may be in: as many as it has pages. */
const RUNS_MAX: i32 = 17;

/** True if the value of this operation, a put, does not fit into a cell. */
export function isLong(operation: usize): bool {
  if (load<u8>(operation) != BatchKind.PUT) return false;
  const head = operationHeadBytes(operation) == 16 ? 24 : 16;
  const bytes = head + 1 + <i32>load<u16>(operation, 2) + load<i32>(operation, 4);
  return bytes > LEAF_CELL_BYTES_MAX;
}

function dataPages(bytes: i32): i32 {
  return (bytes + PAGE_BYTES - 1) >> PAGE_SHIFT;
}

/** Pages of a long value at most: its value page, and those of its bytes. */
function pagesOf(operation: usize): i32 {
  return <i32>longValuePages(load<u32>(operation, 4));
}

/** Pages of a long value of so many bytes, if one value page is enough for it. */
export function longValuePages(bytes: u64): i64 {
  return 1 + <i64>((bytes + PAGE_BYTES - 1) >> PAGE_SHIFT);
}

/** A value that was written: what a cell says of it. */
@unmanaged
class Written {
  size: u64;
  page: u64;
  checksum: u64;
  /** Of the cell, besides ELSEWHERE. */
  flags: u64;
}


@final
export class Values {
  /** Of the batch: as many as were handed to the device. */
  private written: usize = 0;
  private capacity: i32 = 0;
  private count: i32 = 0;
  /** How many `take` has given. */
  private taken: i32 = 0;
  private outstanding: i32 = 0;
  // The value that is being handed over: its runs of pages, the first page of each and how many.
  private readonly runs: StaticArray<u64> = new StaticArray<u64>(RUNS_MAX);
  private readonly lengths: StaticArray<i32> = new StaticArray<i32>(RUNS_MAX);
  private runCount: i32 = 0;
  private nextRun: i32 = 0;
  /** It has one run, without a value page. */
  private isDirect: bool = false;
  /** All runs of the batch: u64 page, i32 pages, u32 whether they are a value of their own. */
  private placed: usize = 0;
  private placedCount: i32 = 0;
  private placedMax: i32 = 0;
  private readonly valuePage: usize = heap.alloc(PAGE_BYTES);
  private memoryBytes: i32 = 0;
  /** Pages of a batch that failed: given back when its writes are over. */
  private abandoned: bool = false;

  constructor(private readonly engine: Engine) {}

  /** Pages that are still to be taken for these operations. */
  pagesFor(operations: usize, bytes: i32): i32 {
    let pages = 0;
    let long = 0;
    const end = operations + bytes;
    for (let at = operations; at < end; at = afterOperation(at)) {
      if (isLong(at) && long++ >= this.count) pages += pagesOf(at);
    }
    return this.runCount > 0 ? 0 : pages;
  }

  /** Writes the long values of a batch. 0 when all are written and reported, PENDING, NOSPACE for now, or an error. */
  write(operations: usize, bytes: i32): i32 {
    let long = 0;
    const end = operations + bytes;
    for (let at = operations; at < end; at = afterOperation(at)) {
      if (!isLong(at) || long++ < this.count) continue;
      const status = this.writeOne(at);
      if (status != 0) return status == Errno.AGAIN ? PENDING : status;
    }
    return this.outstanding > 0 ? PENDING : 0;
  }

  private writeOne(operation: usize): i32 {
    const engine = this.engine;
    const size = load<i32>(operation, 4);
    const value = operation + operationHeadBytes(operation) + <usize>load<u16>(operation, 2);
    if (!engine.writable) return this.keepInMemory(value, size);
    if (this.runCount == 0) {
      if (!this.placeDirect(dataPages(size))) {
        if (!this.place(pagesOf(operation))) return Errno.NOSPACE;
        this.describe(value, size);
      }
    }
    const staging = engine.checkpoint.staging;
    const to = staging.dataStart;
    // Bytes of the value in the runs before: the first page of the first run may be the value page.
    let done = 0;
    for (let run = 0; run < this.runCount; run++) {
      const pages = this.lengths[run];
      const isFirst = run == 0 && !this.isDirect;
      const room = (isFirst ? pages - 1 : pages) << PAGE_SHIFT;
      const bytes = min(room, size - done);
      if (run >= this.nextRun) {
        let at = to;
        if (isFirst) {
          memory.copy(to, this.valuePage, PAGE_BYTES);
          at += PAGE_BYTES;
        }
        memory.copy(at, value + <usize>done, bytes);
        memory.fill(at + <usize>bytes, 0, room - bytes);
        const status = engine.disk.writePages(this.runs[run], pages, staging, 0, Purpose.VALUE, 0);
        if (status != 0) return status;
        this.outstanding++;
        this.nextRun = run + 1;
      }
      done += bytes;
    }
    this.note(value, size);
    this.runCount = 0;
    return 0;
  }

  /** On a device that cannot be written the values of the log are kept in memory, as long as they are few. */
  private keepInMemory(value: usize, size: i32): i32 {
    if (this.memoryBytes + size > this.engine.settings.cacheBytes / 2) return EXHAUSTED;
    this.memoryBytes += size;
    const copy = heap.alloc(size);
    memory.copy(copy, value, size);
    const entry = this.entry();
    entry.size = size;
    entry.page = MEMORY_REFERENCE | (<u64>copy);
    entry.checksum = 0;
    entry.flags = 0;
    return 0;
  }

  /** A value in memory is replaced. */
  forget(value: usize, size: i32): void {
    this.memoryBytes -= size;
    heap.free(value);
  }

  /** Takes pages side by side for the bytes of a value, as many as one request writes. False: there are none. */
  private placeDirect(pages: i32): bool {
    const engine = this.engine;
    this.isDirect = false;
    if (pages > engine.disk.requestPagesMax) return false;
    const page = engine.space.takeRun(pages);
    const length = engine.space.runPages;
    if (length < pages) {
      if (length > 0) engine.space.putBack(page, length);
      return false;
    }
    this.isDirect = true;
    this.nextRun = 0;
    this.addRun(page, length);
    return true;
  }

  private addRun(page: u64, length: i32): void {
    const cache = this.engine.cache;
    for (let index = 0; index < length; index++) cache.forget(page + <u64>index);
    this.runs[this.runCount] = page;
    this.lengths[this.runCount++] = length;
    this.remember(page, length);
  }

  /** Takes pages for a value. False if there are too few, or they lie too far apart. */
  private place(pages: i32): bool {
    const engine = this.engine;
    const most = engine.disk.requestPagesMax;
    let left = pages;
    this.nextRun = 0;
    while (left > 0) {
      const page = engine.space.takeRun(min(left, most));
      if (page == 0) {
        this.unplace();
        return false;
      }
      const length = engine.space.runPages;
      this.addRun(page, length);
      left -= length;
    }
    return true;
  }

  /** The last runs were not enough. */
  private unplace(): void {
    for (; this.runCount > 0; this.runCount--) this.putBackLast();
  }

  private remember(page: u64, pages: i32): void {
    if (this.placedCount == this.placedMax) {
      this.placedMax = max(32, this.placedMax * 2);
      const larger = heap.alloc((<usize>this.placedMax) << 4);
      memory.copy(larger, this.placed, (<usize>this.placedCount) << 4);
      if (this.placed != 0) heap.free(this.placed);
      this.placed = larger;
    }
    const count = this.placedCount++;
    const entry = this.placed + ((<usize>count) << 4);
    store<u64>(entry, page);
    store<i32>(entry, pages, 8);
    store<u32>(entry, <u32>this.isDirect, 12);
  }

  private putBackLast(): void {
    const index = --this.placedCount;
    const entry = this.placed + ((<usize>index) << 4);
    this.engine.space.putBack(load<u64>(entry), load<i32>(entry, 8));
  }

  /** Makes the value page. */
  private describe(value: usize, size: i32): void {
    const page = this.valuePage;
    memory.fill(page, 0, PAGE_BYTES);
    store<u8>(page, PageKind.VALUE);
    store<u64>(page, this.runs[0], HEAD_PAGE);
    store<u64>(page, this.engine.checkpoint.generation + 1, HEAD_GENERATION);
    store<u64>(page, 0, VALUE_NEXT);
    let extent = page + VALUE_EXTENTS;
    let extents = 0;
    let done = 0;
    for (let run = 0; run < this.runCount; run++) {
      const first = this.runs[run] + (run == 0 ? 1 : 0);
      const pages = this.lengths[run] - (run == 0 ? 1 : 0);
      if (pages == 0) continue;
      const bytes = min(pages << PAGE_SHIFT, size - done);
      store<u64>(extent, first);
      store<u32>(extent, pages, 8);
      store<u32>(extent, bytes, 12);
      store<u64>(extent, xxh64(value + <usize>done, bytes, first), 16);
      extent += EXTENT_BYTES;
      extents++;
      done += bytes;
    }
    store<u16>(page, extents, HEAD_COUNT);
  }

  private note(value: usize, size: i32): void {
    const entry = this.entry();
    entry.size = size;
    entry.page = this.runs[0];
    const isDirect = this.isDirect;
    entry.checksum = isDirect
      ? xxh64(value, size, entry.page)
      : xxh64(this.valuePage, PAGE_BYTES, entry.page);
    entry.flags = isDirect ? CellFlag.DIRECT : 0;
  }

  private entry(): Written {
    if (this.count == this.capacity) {
      this.capacity = max(16, this.capacity * 2);
      const larger = heap.alloc(<usize>this.capacity * offsetof<Written>());
      memory.copy(larger, this.written, <usize>this.count * offsetof<Written>());
      if (this.written != 0) heap.free(this.written);
      this.written = larger;
    }
    return this.at(this.count++);
  }

  private at(index: i32): Written {
    return changetype<Written>(this.written + <usize>index * offsetof<Written>());
  }

  /** The next one, for its cell: 24 bytes. */
  take(): usize {
    const index = this.taken++;
    const entry = this.at(index);
    // At once: a later operation of the batch may replace it.
    if (entry.flags != 0) this.enliven(entry.page, dataPages(<i32>entry.size));
    return this.written + <usize>index * offsetof<Written>();
  }

  private enliven(page: u64, pages: i32): void {
    const space = this.engine.space;
    for (let index = 0; index < pages; index++) space.enliven(page + <u64>index);
  }

  /** Of a cell, for what `take` gave. */
  flagsOf(value: usize): i32 {
    return <i32>changetype<Written>(value).flags;
  }

  /** The batch is applied: the pages are the tree's now. */
  clear(): void {
    for (; this.placedCount > 0; this.placedCount--) {
      const entry = this.placed + ((<usize>(this.placedCount - 1)) << 4);
      if (load<u32>(entry, 12) == 0) this.enliven(load<u64>(entry), load<i32>(entry, 8));
    }
    this.count = 0;
    this.taken = 0;
  }

  /** Pages of a batch that failed are still being written. */
  get isBusy(): bool {
    return this.abandoned && this.outstanding > 0;
  }

  onReport(status: i32): void {
    this.outstanding--;
    if (this.abandoned && this.outstanding == 0) this.abandon();
  }

  /** The batch has failed: gives back what it had, when nothing is written there any more. */
  abandon(): void {
    this.abandoned = this.outstanding > 0;
    if (this.abandoned) return;
    while (this.placedCount > 0) this.putBackLast();
    this.runCount = 0;
    this.count = 0;
  }
}
