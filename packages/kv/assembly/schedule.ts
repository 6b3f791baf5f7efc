/** Operations that wait: who may read, who goes on when a page has come, who is told of a result, and when. */
import { KeyValueHandler, PENDING } from "@phantasm/interfaces";
import { Engine } from "./engine";
import { Operation, OperationKind, Queue } from "./operation";
import { runRead } from "./read";
import { runWrite } from "./writer";


@final
export class Schedule {
  /** Reads that may wait for pages at once, and keep some; the others wait for them. */
  private readonly active: StaticArray<Operation | null>;
  private activeCount: i32 = 0;
  private readonly queued: Queue = new Queue();
  private readonly finished: Queue = new Queue();
  private delivering: bool = false;

  constructor(
    private readonly engine: Engine,
    readonly activeMax: i32,
  ) {
    this.active = new StaticArray<Operation | null>(activeMax);
  }

  /** A record for an operation that has to wait; null: EXHAUSTED. */
  take(kind: OperationKind, handler: KeyValueHandler, tag: i32): Operation | null {
    const operation = this.engine.operations.take(kind, handler, tag);
    if (operation === null) this.engine.counters.exhausted++;
    else this.engine.counters.waits++;
    return operation;
  }

  /** An operation that reads: runs as soon as few enough others do. */
  enqueue(operation: Operation): i32 {
    assert(
      this.engine.state == 0 || this.engine.state == PENDING,
      "kv: an operation of a store that is not open",
    );
    const snapshot = operation.snapshot;
    if (snapshot !== null) snapshot.pending++;
    const engine = this.engine;
    const mayRun = engine.state == 0 && this.queued.isEmpty && !engine.commits.needsFrames;
    if (!mayRun || this.activeCount == this.active.length) {
      this.queued.add(operation);
      return PENDING;
    }
    this.enter(operation);
    const result = this.runOnce(operation);
    if (result == PENDING) {
      this.engine.afterCall();
      return PENDING;
    }
    this.leave(operation);
    operation.result = result;
    return this.complete(operation);
  }

  private enter(operation: Operation): void {
    for (let index = 0; index < this.active.length; index++) {
      if (this.active[index] !== null) continue;
      this.active[index] = operation;
      break;
    }
    operation.active = true;
    this.activeCount++;
  }

  private activate(): void {
    const engine = this.engine;
    if (engine.state == PENDING || (engine.state == 0 && engine.commits.needsFrames)) return;
    while (!this.queued.isEmpty && this.activeCount < this.active.length) {
      const operation = this.queued.take();
      if (this.engine.state != 0) {
        this.finish(operation, this.engine.state);
        continue;
      }
      this.enter(operation);
      this.run(operation);
    }
  }

  /** Reads that have pages. */
  get count(): i32 {
    return this.activeCount;
  }

  /** Somebody has to be told something, and nobody is being told anything. */
  get hasNews(): bool {
    return !this.finished.isEmpty && !this.delivering;
  }

  run(operation: Operation): void {
    const result = this.runOnce(operation);
    if (result != PENDING) this.finish(operation, result);
  }

  private runOnce(operation: Operation): i32 {
    operation.awaited = -1;
    this.engine.cache.awaited = -1;
    operation.beginPins(this.engine.cache);
    const isWrite =
      operation.kind == OperationKind.WRITE || operation.kind == OperationKind.WRITE_COMMIT;
    const result = isWrite ? runWrite(this.engine, operation) : runRead(this.engine, operation);
    operation.endPins(this.engine.cache);
    return result;
  }

  /** It is over: its handler is called when all is at rest. */
  finish(operation: Operation, result: i32): void {
    this.leave(operation);
    this.engine.moves++;
    operation.result = result;
    this.finished.add(operation);
  }

  /** It does not read any more. */
  leave(operation: Operation): void {
    operation.dropPins(this.engine.cache);
    if (operation.hold >= 0) this.engine.space.drop(operation.hold);
    operation.hold = -1;
    if (!operation.active) return;
    operation.active = false;
    for (let index = 0; index < this.active.length; index++) {
      if (this.active[index] === operation) this.active[index] = null;
    }
    this.activeCount--;
  }

  /** A page has come, or could not be read: those who wait for it go on, or end. */
  onPage(frame: i32, status: i32): void {
    for (let index = 0; index < this.active.length; index++) {
      const operation = this.active[index];
      if (operation === null || operation.awaited != frame) continue;
      if (status != 0) this.finish(operation, status);
      else this.run(operation);
    }
  }

  /** Those who wait for anything at all try again; then others take the free places. */
  goOn(): void {
    for (let index = 0; index < this.active.length; index++) {
      const operation = this.active[index];
      if (operation !== null && operation.awaited == -1) this.run(operation);
    }
    this.activate();
  }

  /** Calls handlers. What they do may finish other operations, which come in their turn. */
  deliver(): void {
    if (this.delivering) return;
    this.delivering = true;
    while (!this.finished.isEmpty) {
      const operation = this.finished.take();
      const handler = operation.handler;
      const tag = operation.tag;
      const result = this.complete(operation);
      if (handler !== null) handler.onKeyValue(tag, result);
    }
    this.delivering = false;
  }

  /** What an operation leaves behind; its record is free again. Returns its result. */
  private complete(operation: Operation): i32 {
    const result = operation.result;
    if (operation.kind == OperationKind.OPEN) {
      this.engine.streamsOpening--;
      if (result == 0) this.engine.opened = operation.reader;
    }
    const snapshot = operation.snapshot;
    if (operation.kind == OperationKind.SNAPSHOT) this.engine.made = snapshot;
    else if (snapshot !== null) snapshot.onDone();
    const reader = operation.reader;
    if (reader !== null) reader.onDone();
    const writer = operation.writer;
    if (writer !== null) writer.onDone(operation.kind, result);
    const cursor = operation.cursor;
    if (cursor !== null) cursor.onDone(result);
    this.engine.operations.put(operation);
    return result;
  }
}
