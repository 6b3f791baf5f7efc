/** The store: what the interface promises, over the engine. */
import {
  Batch,
  BatchKind,
  Block,
  Clock,
  Cursor,
  Errno,
  EXHAUSTED,
  KEY_BYTES_MAX,
  KeyValue,
  KeyValueHandler,
  KeyValueSpace,
  KeyValueWatcher,
  PENDING,
  Snapshot,
  TOO_LARGE,
  VALUE_BYTES_MAX,
  Value,
  ValueReader,
  ValueWriter,
} from "@phantasm/interfaces";
import { observeCounters } from "@phantasm/runtime/observed";
import { KeyValueCounters, LABELS } from "./counters";
import { StoreCursor } from "./cursor";
import { DIRTY_REFERENCE } from "./cache";
import { Engine } from "./engine";
import { checkKey } from "./keys";
import {
  BATCH_OPERATIONS_MAX,
  OPERATION_HEAD_BYTES,
  PAGE_SHIFT,
  afterOperation,
  operationHeadBytes,
} from "./layout";
import { Operation, OperationKind } from "./operation";
import { problemText } from "./problem";
import { open } from "./reader";
import { Settings } from "./settings";
import { StoreSnapshot } from "./snapshot";


@final
export class KeyValueStore implements KeyValue {
  readonly engine: Engine;

  constructor(
    disk: Block,
    clock: Clock,
    cacheBytes: i32,
    operationsMax: i32,
    snapshotsMax: i32,
    streamsMax: i32,
    writersMax: i32,
    watchersMax: i32,
    watchBytes: i32,
    format: i32,
  ) {
    const settings = new Settings();
    settings.cacheBytes = cacheBytes;
    settings.operationsMax = operationsMax;
    settings.snapshotsMax = snapshotsMax;
    settings.streamsMax = streamsMax;
    settings.writersMax = writersMax;
    settings.watchersMax = watchersMax;
    settings.watchBytes = watchBytes;
    settings.format = format;
    const engine = new Engine(disk, clock, settings);
    this.engine = engine;
    observeCounters("kv", LABELS, engine.counters);
    engine.start();
  }

  get state(): i32 {
    return this.engine.state;
  }

  /** Why it could not be opened, in words. */
  problem(): string {
    return problemText(this.engine.problem);
  }

  get counters(): KeyValueCounters {
    return this.engine.counters;
  }

  get writable(): bool {
    return this.engine.writable;
  }

  get(key: Uint8Array, into: Value, handler: KeyValueHandler, tag: i32): i32 {
    const engine = this.engine;
    return engine.get(engine.tree.root, null, key, into, handler, tag);
  }

  scan(
    prefix: Uint8Array | null,
    from: Uint8Array | null,
    to: Uint8Array | null,
    reverse: bool,
  ): Cursor {
    return new StoreCursor(this.engine, this.engine.tree.root, null, prefix, from, to, reverse);
  }

  open(key: Uint8Array, into: Value, handler: KeyValueHandler, tag: i32): i32 {
    return open(this.engine, this.engine.tree.root, null, key, into, handler, tag);
  }

  takeStream(): ValueReader {
    return this.engine.takeStream();
  }

  commit(batch: Batch, durable: bool, handler: KeyValueHandler, tag: i32): i32 {
    const engine = this.engine;
    const refused = this.refuseWrite();
    if (refused != 0) return refused;
    if (engine.state == 0 && batch.byteLength > engine.log.batchBytesMax) return TOO_LARGE;
    if (batch.count > BATCH_OPERATIONS_MAX) return TOO_LARGE;
    this.check(batch);
    const operation = engine.schedule.take(OperationKind.COMMIT, handler, tag);
    if (operation === null) return EXHAUSTED;
    operation.bytes = batch.bytes;
    operation.operations = batch.bytes.dataStart;
    operation.operationBytes = batch.byteLength;
    operation.durable = durable;
    return engine.commits.add(operation);
  }

  sync(handler: KeyValueHandler, tag: i32): i32 {
    const refused = this.refuseWrite();
    if (refused != 0) return refused;
    const operation = this.engine.schedule.take(OperationKind.SYNC, handler, tag);
    if (operation === null) return EXHAUSTED;
    operation.durable = true;
    return this.engine.commits.add(operation);
  }

  snapshot(handler: KeyValueHandler, tag: i32): i32 {
    const engine = this.engine;
    if (engine.state != 0 && engine.state != PENDING) return engine.state;
    if (engine.failure != 0) return engine.failure;
    if (engine.snapshots >= engine.settings.snapshotsMax) {
      engine.counters.exhausted++;
      return EXHAUSTED;
    }
    const isWritten = engine.tree.root.page < DIRTY_REFERENCE && !engine.checkpoint.isActive;
    if (engine.state == 0 && (isWritten || !engine.writable)) {
      const snapshot = new StoreSnapshot(engine);
      snapshot.show(engine.tree.root, engine.lastVersion, engine.hold());
      engine.made = snapshot;
      return 0;
    }
    const operation = engine.schedule.take(OperationKind.SNAPSHOT, handler, tag);
    if (operation === null) return EXHAUSTED;
    operation.snapshot = new StoreSnapshot(engine);
    engine.snapshotsWaiting.add(operation);
    if (engine.state == 0) engine.checkpointWanted = true;
    engine.afterCall();
    return PENDING;
  }

  takeSnapshot(): Snapshot {
    const made = assert(this.engine.made, "kv: no snapshot was made, or it was taken already");
    this.engine.made = null;
    return made;
  }

  create(key: Uint8Array, expiresNs: i64): ValueWriter | null {
    checkKey(key);
    return this.engine.writers.create(key, expiresNs);
  }

  watch(prefix: Uint8Array, watcher: KeyValueWatcher): i32 {
    return this.engine.watchers.add(prefix, watcher);
  }

  unwatch(watcher: KeyValueWatcher): void {
    this.engine.watchers.remove(watcher);
  }

  space(into: KeyValueSpace): void {
    const engine = this.engine;
    const space = engine.space;

    into.keys = engine.entries;
    into.usedBytes = (space.liveCount + <u64>engine.cache.dirty) << PAGE_SHIFT;
    into.heldBytes = space.held << PAGE_SHIFT;
    into.freeBytes = engine.freePages << PAGE_SHIFT;
  }

  private refuseWrite(): i32 {
    const engine = this.engine;
    if (engine.state != 0 && engine.state != PENDING) return engine.state;
    if (!engine.writable) return Errno.READONLY;
    return engine.failure;
  }

  /** Its bytes are public: somebody may have written them by other means than its methods. */
  private check(batch: Batch): void {
    const start = batch.bytes.dataStart;
    const end = start + <usize>batch.byteLength;
    let isSound = batch.byteLength <= batch.bytes.length;
    let at = start;
    while (isSound && at < end) {
      const kind = <i32>load<u8>(at);
      isSound =
        <i32>(end - at) >= OPERATION_HEAD_BYTES &&
        kind >= BatchKind.PUT &&
        kind <= BatchKind.CONDITION &&
        end - at >= <usize>operationHeadBytes(at) &&
        load<u8>(at, 1) <= (kind == BatchKind.PUT ? 1 : 0) &&
        load<u16>(at, 2) - 1 < <u16>KEY_BYTES_MAX &&
        load<u32>(at, 4) <= (kind == BatchKind.PUT ? <u32>VALUE_BYTES_MAX : 0);
      if (isSound) at = afterOperation(at);
    }
    assert(isSound && at == end, "kv: the bytes of a batch are not those of its operations");
  }
}
