/**
 * Writes a value a part at a time: extents as they fill, then the value pages, the last first, since each names
 * the next; a flush; and then a batch that gives the key this value.
 */
import {
  CANCELLED,
  EXHAUSTED,
  Errno,
  KeyValueHandler,
  PENDING,
  ValueWriter,
} from "@phantasm/interfaces";
import { xxh64 } from "@phantasm/checksum";
import { Purpose } from "./disk";
import { Engine } from "./engine";
import {
  ELSEWHERE_BYTES,
  EXTENTS_MAX,
  EXTENT_BYTES,
  EXTENT_PAGES_MAX,
  HEAD_COUNT,
  HEAD_GENERATION,
  HEAD_PAGE,
  OPERATION_HEAD_BYTES,
  PAGE_BYTES,
  PAGE_SHIFT,
  PUT_ELSEWHERE,
  PageKind,
  VALUE_EXTENTS,
  VALUE_NEXT,
  VALUE_PAGE_EXTENTS_MAX,
} from "./layout";
import { Operation, OperationKind } from "./operation";

const BUFFER_BYTES: i32 = EXTENT_PAGES_MAX << PAGE_SHIFT;

/** Writes of one writer that may be in flight. */
const WRITES_MAX: i32 = 4;

/** Pages that are left for a checkpoint besides. */
const SPARE: i32 = 8;

enum Stage {
  OPEN,
  /** The value pages are being written. */
  PAGES,
  FLUSH,
  FLUSHING,
  /** The batch is on its way, or nothing is to be done any more. */
  DONE,
}


@final
export class StoreWriter implements ValueWriter {
  stage: Stage = Stage.OPEN;
  outstanding: i32 = 0;
  private isBusy: bool = false;
  private isAbandoned: bool = false;
  private status: i32 = 0;
  private size: u64 = 0;
  private filled: i32 = 0;
  private readonly buffer: Uint8Array = new Uint8Array(BUFFER_BYTES);
  /** As in value pages. */
  private extents: usize = 0;
  private extentCount: i32 = 0;
  private extentsMax: i32 = 0;
  /** Value pages that are still to be written, and the reference of the one behind them. */
  private pagesLeft: i32 = 0;
  private pageCount: i32 = 0;
  private nextPage: u64 = 0;
  private nextChecksum: u64 = 0;
  private readonly pages: u64[] = [];
  /** The batch: one operation. */
  private readonly operation: Uint8Array;

  constructor(
    private readonly engine: Engine,
    private readonly index: i32,
    key: Uint8Array,
    expiresNs: i64,
  ) {
    const head = OPERATION_HEAD_BYTES + (expiresNs != 0 ? 8 : 0);
    const operation = new Uint8Array(head + key.length + ELSEWHERE_BYTES);
    const at = operation.dataStart;
    store<u8>(at, PUT_ELSEWHERE);
    store<u8>(at, expiresNs != 0 ? 1 : 0, 1);
    store<u16>(at, key.length, 2);
    store<u32>(at, ELSEWHERE_BYTES, 4);
    if (expiresNs != 0) store<i64>(at, expiresNs, 8);
    memory.copy(at + head, key.dataStart, key.length);
    this.operation = operation;
  }

  write(buffer: Uint8Array, offset: i32, length: i32, handler: KeyValueHandler, tag: i32): i32 {
    assert(
      offset >= 0 && length >= 0 && offset <= buffer.length - length,
      "kv: the bytes to write lie outside of the array",
    );
    const refused = this.refuse();
    if (refused != 0) return refused;
    const operation = this.begin(OperationKind.WRITE, handler, tag);
    if (operation === null) return EXHAUSTED;
    operation.buffer = buffer;
    operation.offset = offset;
    operation.length = length;
    return this.engine.schedule.enqueue(operation);
  }

  commit(handler: KeyValueHandler, tag: i32): i32 {
    const refused = this.refuse();
    if (refused != 0) return this.giveUp(refused);
    const operation = this.begin(OperationKind.WRITE_COMMIT, handler, tag);
    if (operation === null) return this.giveUp(EXHAUSTED);
    return this.engine.schedule.enqueue(operation);
  }

  private refuse(): i32 {
    const engine = this.engine;
    if (this.status != 0) return this.status;
    if (engine.state != 0 && engine.state != PENDING) return engine.state;
    if (!engine.writable) return Errno.READONLY;
    return engine.failure;
  }

  private begin(kind: OperationKind, handler: KeyValueHandler, tag: i32): Operation | null {
    assert(!this.isBusy && this.stage == Stage.OPEN, "kv: a writer that is busy or done was used");
    const operation = this.engine.schedule.take(kind, handler, tag);
    if (operation === null) return null;
    this.isBusy = true;
    operation.writer = this;
    return operation;
  }

  /** The commit could not even begin: the writer is done all the same. */
  private giveUp(status: i32): i32 {
    if (this.stage == Stage.OPEN && !this.isBusy) this.fail(status);
    return status;
  }

  abandon(): void {
    if (this.stage == Stage.DONE) return;
    // What is under way ends first, with its own result.
    if (this.isBusy) this.isAbandoned = true;
    else this.fail(CANCELLED);
  }

  /** One of its operations is over. */
  onDone(kind: OperationKind, result: i32): void {
    this.isBusy = false;
    if (kind == OperationKind.WRITE && result == 0) {
      if (this.isAbandoned) this.fail(CANCELLED);
      return;
    }
    // The value belongs to the key, or to nobody.
    if (kind != OperationKind.WRITE && result == 0) this.end();
    else this.fail(result);
  }

  private fail(status: i32): void {
    this.status = status;
    this.stage = Stage.DONE;
    if (this.outstanding == 0) this.giveBack();
  }

  private giveBack(): void {
    const space = this.engine.space;
    for (let index = 0; index < this.extentCount; index++) {
      const extent = this.extents + <usize>index * EXTENT_BYTES;
      space.putBack(load<u64>(extent), load<i32>(extent, 8));
    }
    for (let index = 0; index < this.pages.length; index++) space.putBack(this.pages[index]);
    this.end();
  }

  private end(): void {
    if (this.extents != 0) heap.free(this.extents);
    this.extents = 0;
    this.extentCount = 0;
    this.stage = Stage.DONE;
    this.engine.writers.remove(this.index);
  }

  onReport(status: i32): void {
    this.outstanding--;
    if (status != 0 && this.status == 0) this.status = status;
    if (this.stage == Stage.FLUSHING && this.outstanding == 0) this.stage = Stage.DONE;
    else if (this.stage == Stage.DONE && this.outstanding == 0 && !this.isBusy) this.giveBack();
  }

  runWrite(operation: Operation): i32 {
    if (this.engine.failure != 0) return this.engine.failure;
    const buffer = operation.buffer!;
    while (operation.length > 0) {
      if (this.filled == BUFFER_BYTES) {
        const status = this.writeExtent(operation);
        if (status != 0) return status;
      }
      const bytes = min(operation.length, BUFFER_BYTES - this.filled);
      memory.copy(this.buffer.dataStart + this.filled, buffer.dataStart + operation.offset, bytes);
      this.filled += bytes;
      this.size += bytes;
      operation.offset += bytes;
      operation.length -= bytes;
    }
    return 0;
  }

  runCommit(operation: Operation): i32 {
    const engine = this.engine;
    if (engine.failure != 0) return engine.failure;
    if (this.stage == Stage.OPEN) {
      while (this.filled > 0) {
        const status = this.writeExtent(operation);
        if (status != 0) return status;
      }
      if (this.size == 0) return this.commitEmpty(operation);
      this.pagesLeft = (this.extentCount + VALUE_PAGE_EXTENTS_MAX - 1) / VALUE_PAGE_EXTENTS_MAX;
      this.pageCount = this.pagesLeft;
      this.stage = Stage.PAGES;
    }
    while (this.stage == Stage.PAGES && this.pagesLeft > 0) {
      const status = this.writePage(operation);
      if (status != 0) return status;
    }
    if (this.stage == Stage.PAGES) this.stage = Stage.FLUSH;
    if (this.stage == Stage.FLUSH) {
      if (this.outstanding > 0) return PENDING;
      const status = engine.disk.flush(Purpose.WRITER_FLUSH, this.index);
      if (status != 0) return status == Errno.AGAIN ? PENDING : status;
      engine.counters.flushes++;
      this.outstanding++;
      this.stage = Stage.FLUSHING;
    }
    if (this.stage == Stage.FLUSHING) return PENDING;
    if (this.status != 0) return this.status;
    const value = this.operation.dataStart + this.operation.length - ELSEWHERE_BYTES;
    store<u64>(value, this.size);
    store<u64>(value, this.nextPage, 8);
    store<u64>(value, this.nextChecksum, 16);
    return this.handOver(operation, this.operation.length);
  }

  /** A value without bytes is an ordinary one. */
  private commitEmpty(operation: Operation): i32 {
    store<u8>(this.operation.dataStart, 1);
    store<u32>(this.operation.dataStart, 0, 4);
    this.stage = Stage.DONE;
    return this.handOver(operation, this.operation.length - ELSEWHERE_BYTES);
  }

  /** The operation goes on as a batch. */
  private handOver(operation: Operation, bytes: i32): i32 {
    const engine = this.engine;
    engine.schedule.leave(operation);
    operation.kind = OperationKind.COMMIT;
    operation.bytes = this.operation;
    operation.operations = this.operation.dataStart;
    operation.operationBytes = bytes;
    operation.durable = true;
    operation.version = 0;
    engine.commits.enqueue(operation);
    return PENDING;
  }

  /** What the batch has given to the tree. */
  enliven(): void {
    const space = this.engine.space;
    for (let index = 0; index < this.extentCount; index++) {
      const extent = this.extents + <usize>index * EXTENT_BYTES;
      const pages = load<i32>(extent, 8);
      for (let at = 0; at < pages; at++) space.enliven(load<u64>(extent) + <u64>at);
    }
    for (let index = 0; index < this.pages.length; index++) space.enliven(this.pages[index]);
  }

  /** Writes what the buffer has, as far as pages lie together. 0, PENDING, or an error. */
  private writeExtent(operation: Operation): i32 {
    const engine = this.engine;
    if (this.status != 0) return this.status;
    if (this.outstanding >= WRITES_MAX) return PENDING;
    if (this.extentCount >= EXTENTS_MAX) return Errno.NOSPACE;
    const wanted = (this.filled + PAGE_BYTES - 1) >> PAGE_SHIFT;
    const page = this.place(min(wanted, engine.disk.requestPagesMax), operation);
    if (page < 0) return <i32>page;
    const first = <u64>page;
    const pages = engine.space.runPages;
    const bytes = min(this.filled, pages << PAGE_SHIFT);
    const start = this.buffer.dataStart;
    memory.fill(start + <usize>bytes, 0, (pages << PAGE_SHIFT) - bytes);
    const status = engine.disk.writePages(first, pages, this.buffer, 0, Purpose.WRITER, this.index);
    if (status != 0) {
      engine.space.putBack(first, pages);
      return status == Errno.AGAIN ? PENDING : status;
    }
    this.outstanding++;
    if (this.extentCount == this.extentsMax) this.growExtents();
    const index = this.extentCount++;
    const extent = this.extents + <usize>index * EXTENT_BYTES;
    store<u64>(extent, first);
    store<u32>(extent, pages, 8);
    store<u32>(extent, bytes, 12);
    store<u64>(extent, xxh64(start, bytes, first), 16);
    this.filled -= bytes;
    memory.copy(start, start + <usize>bytes, this.filled);
    return 0;
  }

  /** Takes a run of pages: its first, PENDING while room is coming, or NOSPACE. */
  private place(pages: i32, operation: Operation): i64 {
    const engine = this.engine;
    if (!engine.hasRoomFor(pages)) {
      if (engine.garbage.count > 0) return PENDING;
      return Errno.NOSPACE;
    }
    const needed = pages + engine.cache.dirty + engine.mapPages + SPARE;
    if (engine.space.free < <u64>needed) return engine.waitForRoom(operation);
    const page = engine.space.takeRun(pages);
    if (page == 0) return Errno.NOSPACE;
    for (let at = 0; at < engine.space.runPages; at++) engine.cache.forget(page + <u64>at);
    return <i64>page;
  }

  private growExtents(): void {
    this.extentsMax = max(64, this.extentsMax * 2);
    const larger = heap.alloc(<usize>this.extentsMax * EXTENT_BYTES);
    memory.copy(larger, this.extents, <usize>this.extentCount * EXTENT_BYTES);
    if (this.extents != 0) heap.free(this.extents);
    this.extents = larger;
  }

  /** Writes the last value page that is not written yet. */
  private writePage(operation: Operation): i32 {
    const engine = this.engine;
    if (this.outstanding >= WRITES_MAX) return PENDING;
    const number = this.place(1, operation);
    if (number < 0) return <i32>number;
    const first = (this.pagesLeft - 1) * VALUE_PAGE_EXTENTS_MAX;
    const count = min(this.extentCount - first, VALUE_PAGE_EXTENTS_MAX);
    const page = this.buffer.dataStart;
    memory.fill(page, 0, PAGE_BYTES);
    store<u8>(page, PageKind.VALUE);
    store<u16>(page, count, HEAD_COUNT);
    store<u64>(page, <u64>number, HEAD_PAGE);
    store<u64>(page, engine.checkpoint.generation + 1, HEAD_GENERATION);
    store<u64>(page, this.nextPage, VALUE_NEXT);
    store<u64>(page, this.nextChecksum, VALUE_NEXT + 8);
    memory.copy(
      page + VALUE_EXTENTS,
      this.extents + <usize>first * EXTENT_BYTES,
      <usize>count * EXTENT_BYTES,
    );
    const checksum = xxh64(page, PAGE_BYTES, <u64>number);
    const status = engine.disk.writePages(
      <u64>number,
      1,
      this.buffer,
      0,
      Purpose.WRITER,
      this.index,
    );
    if (status != 0) {
      engine.space.putBack(<u64>number);
      return status == Errno.AGAIN ? PENDING : status;
    }
    this.outstanding++;
    this.nextPage = <u64>number;
    this.nextChecksum = checksum;
    this.pages.push(<u64>number);
    this.pagesLeft--;
    return 0;
  }
}

/** Those that are open. */
@final
export class Writers {
  private readonly open: StaticArray<StoreWriter | null>;

  constructor(private readonly engine: Engine) {
    this.open = new StaticArray<StoreWriter | null>(engine.settings.writersMax);
  }

  create(key: Uint8Array, expiresNs: i64): StoreWriter | null {
    for (let index = 0; index < this.open.length; index++) {
      if (this.open[index] !== null) continue;
      const writer = new StoreWriter(this.engine, index, key, expiresNs);
      this.open[index] = writer;
      return writer;
    }
    return null;
  }

  remove(index: i32): void {
    this.open[index] = null;
  }

  onReport(index: i32, status: i32): void {
    const writer = this.open[index];
    if (writer !== null) writer.onReport(status);
  }
}

export function runWrite(engine: Engine, operation: Operation): i32 {
  const writer = operation.writer!;
  return operation.kind == OperationKind.WRITE
    ? writer.runWrite(operation)
    : writer.runCommit(operation);
}
