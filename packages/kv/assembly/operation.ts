/** Operations that wait: a fixed number of records, used again and again. */
import { KeyValueHandler, Value } from "@phantasm/interfaces";
import { Cache } from "./cache";
import { StoreCursor } from "./cursor";
import { StoreSnapshot } from "./snapshot";
import { View } from "./tree";
import { ExtentWalk } from "./extents";
import { StoreReader } from "./stream";
import { StoreWriter } from "./writer";

export enum OperationKind {
  GET,
  OPEN,
  NEXT,
  READ,
  COMMIT,
  SYNC,
  /** A batch of the log, when the store is opened. */
  REPLAY,
  SNAPSHOT,
  WRITE,
  WRITE_COMMIT,
}

/** Pages that an operation keeps while it waits: a way through the tree, another one, and a value page. */
const PINS_MAX: i32 = 40;


@final
export class Operation {
  next: Operation | null = null;
  kind: OperationKind = OperationKind.GET;
  handler: KeyValueHandler | null = null;
  tag: i32 = 0;
  result: i32 = 0;
  /** The frame it waits for; -1: any; -2: none, it waits for something else. */
  awaited: i32 = -1;
  /** It is among the active ones: it may read. */
  active: bool = false;
  key: Uint8Array | null = null;
  into: Value | null = null;
  view: View | null = null;
  snapshot: StoreSnapshot | null = null;
  cursor: StoreCursor | null = null;
  reader: StoreReader | null = null;
  writer: StoreWriter | null = null;
  /** Of a stream's read. */
  buffer: Uint8Array | null = null;
  position: u64 = 0;
  offset: i32 = 0;
  length: i32 = 0;
  /** Operations of a batch: where they lie, and what keeps them there. */
  bytes: Uint8Array | null = null;
  operations: usize = 0;
  operationBytes: i32 = 0;
  durable: bool = false;
  /** Of the batch, once it was applied. */
  version: u64 = 0;
  /** Checkpoints that had finished when it began to wait for room. */
  tries: i32 = 0;
  triedAt: u64 = 0;
  /** A value that is elsewhere is being read. */
  readonly walk: ExtentWalk = new ExtentWalk();
  hold: i32 = -1;
  /** Frames that its last run pinned, in one of two lists of PINS_MAX; the run under way fills the other. */
  private pins: usize = 0;
  private pinCount: i32 = 0;
  private inSecond: bool = false;

  constructor(readonly index: i32) {}

  private list(second: bool): usize {
    return this.pins + (second ? <usize>PINS_MAX * 4 : 0);
  }

  /** From here on, what the cache gives is kept for this operation; what the run before had, until `endPins`. */
  beginPins(cache: Cache): void {
    if (this.pins == 0) this.pins = heap.alloc(<usize>PINS_MAX * 8);
    cache.pins = this.list(!this.inSecond);
    cache.pinCount = 0;
    cache.pinsMax = PINS_MAX;
    cache.pinBatch = 0;
    cache.pinning = true;
  }

  endPins(cache: Cache): void {
    cache.pinning = false;
    this.dropPins(cache);
    this.inSecond = !this.inSecond;
    this.pinCount = cache.pinCount;
  }

  dropPins(cache: Cache): void {
    for (let at = 0; at < this.pinCount; at++) {
      cache.unpin(load<i32>(this.list(this.inSecond) + ((<usize>at) << 2)));
    }
    this.pinCount = 0;
  }
}


@final
export class Operations {
  private all: StaticArray<Operation> = new StaticArray<Operation>(0);
  private free: Operation | null = null;
  used: i32 = 0;

  constructor(readonly capacity: i32) {
    const all = new StaticArray<Operation>(capacity);
    for (let index = capacity - 1; index >= 0; index--) {
      const operation = new Operation(index);
      operation.next = this.free;
      this.free = operation;
      all[index] = operation;
    }
    this.all = all;
  }

  at(index: i32): Operation {
    return this.all[index];
  }

  get isFull(): bool {
    return this.used == this.capacity;
  }

  /** Null when all are in use. */
  take(kind: OperationKind, handler: KeyValueHandler | null, tag: i32): Operation | null {
    const operation = this.free;
    if (operation === null) return null;
    this.free = operation.next;
    this.used++;
    operation.next = null;
    operation.kind = kind;
    operation.handler = handler;
    operation.tag = tag;
    operation.result = 0;
    operation.awaited = -1;
    operation.active = false;
    operation.version = 0;
    operation.tries = 0;
    operation.triedAt = u64.MAX_VALUE;
    operation.hold = -1;
    return operation;
  }

  put(operation: Operation): void {
    operation.handler = null;
    operation.key = null;
    operation.into = null;
    operation.view = null;
    operation.snapshot = null;
    operation.cursor = null;
    operation.reader = null;
    operation.writer = null;
    operation.buffer = null;
    operation.bytes = null;
    operation.walk.clear();
    operation.next = this.free;
    this.free = operation;
    this.used--;
  }
}

/** First in, first out. */
@final
export class Queue {
  first: Operation | null = null;
  private last: Operation | null = null;

  get isEmpty(): bool {
    return this.first === null;
  }

  add(operation: Operation): void {
    operation.next = null;
    const last = this.last;
    if (last === null) this.first = operation;
    else last.next = operation;
    this.last = operation;
  }

  addFirst(operation: Operation): void {
    operation.next = this.first;
    this.first = operation;
    if (this.last === null) this.last = operation;
  }

  /** The first; there is one. */
  take(): Operation {
    const operation = this.first!;
    this.first = operation.next;
    if (this.first === null) this.last = null;
    operation.next = null;
    return operation;
  }
}
