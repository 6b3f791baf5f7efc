/** Reads a value a part at a time: an extent is read as a whole and looked at before any of it is handed out. */
import { Errno, EXHAUSTED, KeyValueHandler, PENDING, ValueReader } from "@phantasm/interfaces";
import { Engine } from "./engine";
import { ExtentWalk } from "./extents";
import { EXTENT_PAGES_MAX, PAGE_SHIFT } from "./layout";
import { Operation, OperationKind } from "./operation";
import { isDirect, isElsewhere, readExtent, valueOf } from "./read";
import { StoreSnapshot } from "./snapshot";
import { MEMORY_REFERENCE } from "./values";


@final
export class StoreReader implements ValueReader {
  private bytes: u64 = 0;
  private valuePage: u64 = 0;
  private valueChecksum: u64 = 0;
  private isDirect: bool = false;
  private hold: i32 = -1;
  private isOpen: bool = false;
  private isClosing: bool = false;
  private isBusy: bool = false;
  /** The extent, or all of a short value, that is in memory. */
  private data: Uint8Array | null = null;
  private start: u64 = 0;
  private length: i32 = 0;

  constructor(private readonly engine: Engine) {}

  get size(): u64 {
    return this.bytes;
  }

  /** Takes what the cell says; the value stays until `close`. */
  open(engine: Engine, cell: usize, snapshot: StoreSnapshot | null): void {
    this.isOpen = true;
    engine.streams++;
    let value = valueOf(cell);
    if (isElsewhere(cell) && load<u64>(value, 8) < MEMORY_REFERENCE) {
      this.bytes = load<u64>(value);
      this.valuePage = load<u64>(value, 8);
      this.valueChecksum = load<u64>(value, 16);
      this.isDirect = isDirect(cell);
      this.hold = engine.hold(snapshot);
      this.data = new Uint8Array(EXTENT_PAGES_MAX << PAGE_SHIFT);
    } else {
      let length = load<i32>(cell, 4);
      if (isElsewhere(cell)) {
        length = <i32>load<u64>(value);
        value = <usize>load<u64>(value, 8);
      }
      this.bytes = length;
      this.length = length;
      const data = new Uint8Array(length);
      memory.copy(data.dataStart, value, length);
      this.data = data;
    }
  }

  readAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: KeyValueHandler,
    tag: i32,
  ): i32 {
    assert(this.isOpen && !this.isClosing, "kv: a stream that is closed cannot be read");
    assert(!this.isBusy, "kv: a stream does one read at a time");
    assert(
      offset >= 0 && length >= 0 && offset <= buffer.length - length,
      "kv: the bytes to read lie outside of the array",
    );
    const size = this.bytes;
    if (position >= size) return 0;
    const wanted = <i32>min<u64>(<u64>length, size - position);
    const copied = this.copy(position, buffer, offset, wanted);
    if (copied == wanted) return wanted;
    const operation = this.engine.schedule.take(OperationKind.READ, handler, tag);
    if (operation === null) return EXHAUSTED;
    operation.reader = this;
    operation.buffer = buffer;
    operation.position = position;
    operation.length = wanted;
    operation.result = copied;
    operation.offset = 0;
    operation.version = <u64>offset;
    operation.walk.begin(size, this.valuePage, this.valueChecksum, this.isDirect);
    this.isBusy = true;
    return this.engine.schedule.enqueue(operation);
  }

  /** `operation.result` bytes have been copied; `offset` counts pages of the extent that is being read. */
  run(engine: Engine, operation: Operation): i32 {
    for (;;) {
      const done = operation.result;
      const copied = this.copy(
        operation.position + <u64>done,
        operation.buffer!,
        <i32>operation.version + done,
        operation.length - done,
      );
      operation.result = done + copied;
      if (operation.result == operation.length) return operation.length;
      if (copied > 0) continue;
      const status = operation.walk.locate(engine.cache, operation.position + <u64>done);
      if (status == PENDING) operation.awaited = engine.cache.awaited;
      if (status != 0) return status;
      // What was there is being overwritten.
      this.length = 0;
      const read = readExtent(engine, operation, this.data!, 0);
      if (read != 0) return read == Errno.AGAIN ? PENDING : read;
      operation.awaited = -2;
      return PENDING;
    }
  }

  get extentAddress(): usize {
    return this.data!.dataStart;
  }

  onExtent(walk: ExtentWalk): void {
    this.start = walk.start;
    this.length = walk.bytes;
  }

  /** An operation of this stream is over. */
  onDone(): void {
    this.isBusy = false;
    if (this.isClosing) this.end();
  }

  close(): void {
    if (!this.isOpen || this.isClosing) return;
    this.isClosing = true;
    if (!this.isBusy) this.end();
  }

  private end(): void {
    this.isOpen = false;
    this.isClosing = false;
    this.data = null;
    this.engine.streams--;
    if (this.hold >= 0) this.engine.space.drop(this.hold);
    this.hold = -1;
  }

  /** Copies what is in memory; returns how much. */
  private copy(position: u64, buffer: Uint8Array, offset: i32, length: i32): i32 {
    if (position < this.start || position - this.start >= <u64>this.length) return 0;
    const at = <i32>(position - this.start);
    const bytes = min(length, this.length - at);
    memory.copy(buffer.dataStart + offset, this.data!.dataStart + at, bytes);
    return bytes;
  }
}
