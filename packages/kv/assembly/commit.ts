/**
 * Batches, one after another. Before the first change of a batch its conditions are checked, all pages that it
 * may touch are brought in and kept, and it is seen to that there are frames, room on the device and in the log
 * for the worst case. Then it is applied as a whole, in memory, at once.
 */
import { BatchKind, CONFLICT, EXHAUSTED, Errno, PENDING, TOO_LARGE } from "@phantasm/interfaces";
import { Apply } from "./apply";
import { FrameState } from "./cache";
import { Engine } from "./engine";
import { GARBAGE_MAX } from "./garbage";
import { expiryKey, makeExpiryKey, makeUserKey, userKey } from "./keys";
import { LEVELS_MAX, PUT_ELSEWHERE, afterOperation, operationHeadBytes } from "./layout";
import { Operation, OperationKind, Queue } from "./operation";
import { expiryOf, freeBytes, keyBytesOf, leafCellBytes, leafKey } from "./page";
import { isDirect, isElsewhere, isExpired } from "./read";
import { Values, isLong, longValuePages } from "./values";

/** Pages of one batch that are read at once. */
const READS_MAX: i32 = 32;

/** A leaf that is full is split once more for each time that so many bytes are added, at most. */
const SPLIT_BYTES: i32 = 500;

/** Pages that are kept for what a checkpoint needs besides. */
const SPARE: i32 = 8;


@final
export class Commits {
  readonly values: Values;
  private readonly apply: Apply;
  private readonly queue: Queue = new Queue();
  /** Applied, and not durable yet: in the order of their versions. */
  private readonly waiting: Queue = new Queue();
  private readonly pins: usize;
  private pinCount: i32 = 0;
  private batch: u32 = 0;
  private awaited: i32 = -1;
  /** The first batch found no frame: reads that have none yet wait for it, or it could wait for ever. */
  needsFrames: bool = false;
  private running: bool = false;
  // What the batch that is being prepared needs at worst.
  private missing: i32 = 0;
  private newPages: i32 = 0;
  private firstBytes: i32 = 0;
  private innerSplits: i32 = 0;
  private garbage: i32 = 0;
  private puts: bool = false;
  /** Bytes of cells, and pages of long values, that there are more than before; negative: fewer. */
  private cellGrowth: i64 = 0;
  private valueGrowth: i64 = 0;

  /**
   * Frames that batches leave: for a way of clean pages of each read that has some, and the value page that the next
   * checkpoint waits for (garbage.ts). If reads had the last ones, neither would get on.
   */
  private readonly spareFrames: i32;

  constructor(private readonly engine: Engine) {
    this.spareFrames = 4 + 4 * engine.schedule.activeMax;
    this.pins = heap.alloc((<usize>engine.cache.capacity) << 2);
    this.values = new Values(engine);
    this.apply = new Apply(engine);
  }

  /** A batch of a caller. Its result, or PENDING. */
  add(operation: Operation): i32 {
    const isFirst = this.queue.isEmpty;
    this.queue.add(operation);
    if (isFirst) this.begin();
    const engine = this.engine;
    if (!isFirst || engine.state != 0 || this.running) return PENDING;
    const result = this.step(operation);
    if (result == PENDING) {
      engine.afterCall();
      return PENDING;
    }
    this.queue.take();
    this.begin();
    if (result == 0 && operation.durable && operation.version > engine.log.durableVersion) {
      this.wait(operation);
      engine.afterCall();
      return PENDING;
    }
    engine.operations.put(operation);
    engine.afterCall();
    return result;
  }

  /** A batch behind the others; the turn that is under way goes on with it. */
  enqueue(operation: Operation): void {
    const isFirst = this.queue.isEmpty;
    this.queue.add(operation);
    if (isFirst) this.begin();
    this.engine.moves++;
  }

  /** A batch of the log: before all others. */
  replay(operation: Operation): void {
    this.queue.addFirst(operation);
    this.begin();
  }

  /** Goes on with the batches that wait, as far as possible. */
  run(): void {
    if (this.running) return;
    this.running = true;
    const engine = this.engine;
    while (!this.queue.isEmpty && (this.awaited < 0 || engine.failure != 0 || engine.isClosed)) {
      const operation = this.queue.first!;
      const isReplay = operation.kind == OperationKind.REPLAY;
      if (engine.state == PENDING && !isReplay) break;
      // Of the log too, if it is because of another reason that the store cannot be opened.
      const result = engine.isClosed ? this.refuse(engine.state) : this.step(operation);
      if (result == PENDING) break;
      this.queue.take();
      this.begin();
      if (isReplay) engine.opening.onReplayed(result);
      else if (result == 0 && operation.durable && operation.version > engine.log.durableVersion)
        this.wait(operation);
      else engine.schedule.finish(operation, result);
    }
    this.running = false;
  }

  private refuse(status: i32): i32 {
    this.dropPins();
    this.values.abandon();
    return status;
  }

  /** The first of the queue has changed. */
  private begin(): void {
    this.awaited = -1;
    this.needsFrames = false;
  }

  private wait(operation: Operation): void {
    this.waiting.add(operation);
    this.engine.log.wanted = true;
  }

  onPage(frame: i32): void {
    if (this.awaited == frame) this.awaited = -1;
  }

  onPageFailed(frame: i32, status: i32): void {
    if (this.awaited != frame || this.queue.isEmpty) return;
    this.dropPins();
    const operation = this.queue.take();
    this.values.abandon();
    this.begin();
    if (operation.kind == OperationKind.REPLAY) this.engine.opening.onReplayed(status);
    else this.engine.schedule.finish(operation, status);
  }

  onValue(status: i32): void {
    this.values.onReport(status);
  }

  onDurable(): void {
    const durable = this.engine.log.durableVersion;
    while (!this.waiting.isEmpty && this.waiting.first!.version <= durable) {
      this.engine.schedule.finish(this.waiting.take(), 0);
    }
  }

  onFailure(): void {
    const engine = this.engine;
    while (!this.waiting.isEmpty) engine.schedule.finish(this.waiting.take(), engine.failure);
    this.awaited = -1;
  }

  /** Applies the batch if it can be: its result, or PENDING. */
  private step(operation: Operation): i32 {
    const engine = this.engine;
    if (engine.failure != 0) {
      this.dropPins();
      return engine.failure;
    }
    if (operation.kind == OperationKind.SYNC) {
      operation.version = engine.log.isEmpty ? engine.log.inFlightVersion : engine.lastVersion;
      return 0;
    }
    if (this.values.isBusy) return PENDING;
    const isReplay = operation.version != 0;
    const log = engine.log;
    if (!isReplay) {
      // One that came before the store was open.
      if (operation.operationBytes > log.batchBytesMax) return TOO_LARGE;
      if (!log.takes(operation.operationBytes)) {
        log.begin();
        engine.fail(log.advance());
        if (!log.takes(operation.operationBytes)) return PENDING;
      }
      if (!log.hasRoom(operation.operationBytes)) {
        engine.checkpointWanted = true;
        return PENDING;
      }
    }
    const prepared = this.prepare(operation);
    if (prepared != 0) {
      if (prepared != PENDING) {
        this.dropPins();
        this.values.abandon();
      }
      return prepared;
    }
    const room = this.checkRoom(operation, isReplay);
    if (room != 0) {
      this.dropPins();
      if (room != PENDING) this.values.abandon();
      return room;
    }
    const written = this.values.write(operation.operations, operation.operationBytes);
    if (written == Errno.NOSPACE) {
      this.dropPins();
      const result = this.waitForRoom(operation);
      if (result != PENDING) this.values.abandon();
      return result;
    }
    if (written != 0) {
      if (written != PENDING) this.dropPins();
      return written;
    }
    if (!isReplay) {
      operation.version = engine.lastVersion + 1;
      log.append(operation.operations, operation.operationBytes, operation.version);
    }
    engine.moves++;
    const writer = operation.writer;
    if (writer !== null) writer.enliven();
    engine.lastVersion = max(engine.lastVersion, operation.version);
    engine.tree.joins = !this.puts;
    this.apply.batch(
      operation.operations,
      operation.operationBytes,
      operation.version,
      this.values,
    );
    this.dropPins();
    engine.counters.commits++;
    return 0;
  }

  /** Brings in what the batch touches, and sums up what it needs. */
  private prepare(operation: Operation): i32 {
    const engine = this.engine;
    const cache = engine.cache;
    cache.pins = this.pins;
    if (this.pinCount == 0 && ++this.batch == 0) this.batch = 1;
    cache.pinCount = this.pinCount;
    cache.pinsMax = cache.capacity;
    cache.pinBatch = this.batch;
    cache.pinning = true;
    this.missing = 0;
    this.newPages = 0;
    this.firstBytes = 0;
    this.innerSplits = 0;
    this.garbage = 0;
    this.puts = false;
    this.cellGrowth = 0;
    this.valueGrowth = 0;
    for (let at = 0; at < this.pinCount; at++) {
      cache.frame(load<i32>(this.pins + ((<usize>at) << 2))).addedBytes = 0;
    }
    let awaited = -2;
    let status = 0;
    const places = engine.places;
    let located = 0;
    let index = 0;
    const end = operation.operations + operation.operationBytes;
    for (let at = operation.operations; at < end; at = afterOperation(at)) {
      if (index == located) located = places.locate(at, end, located);
      status = this.prepareOne(at, places.at(index++));
      if (status == PENDING) {
        // It goes on when the last page has come that was asked for: mostly, the others have by then.
        if (cache.awaited >= 0 || awaited == -2) awaited = cache.awaited;
        if (cache.awaited < 0 || ++this.missing >= READS_MAX) break;
        status = 0;
      } else if (status != 0) break;
    }
    cache.pinning = false;
    cache.pinBatch = 0;
    this.pinCount = cache.pinCount;
    if (status != 0 && status != PENDING) return status;
    if (awaited == -2) return 0;
    this.awaited = awaited;
    if (awaited < 0 && cache.starved) return this.onStarved();
    return PENDING;
  }

  /** No frame is left for a page. Others may have them: a checkpoint, readers, who must not wait for this batch. */
  private onStarved(): i32 {
    const engine = this.engine;
    const cache = engine.cache;
    this.dropPins();
    const others = cache.dirty + cache.sealed + cache.reading + engine.schedule.count;
    if (others == 0) return TOO_LARGE;
    this.needsFrames = true;
    return PENDING;
  }

  /** @param place where its key was found without a way to it; 0: it was not */
  private prepareOne(operation: usize, place: usize): i32 {
    const engine = this.engine;
    const tree = engine.tree;
    const kind = <i32>load<u8>(operation);
    const headBytes = operationHeadBytes(operation);
    const key = operation + headBytes;
    const keyBytes = <i32>load<u16>(operation, 2);
    let status = 0;
    let cell = place;
    if (cell != 0) tree.leaf = engine.cache.frameOf(cell);
    else {
      tree.guess = engine.places.guess(key, keyBytes);
      status = tree.seek(tree.root, userKey, makeUserKey(key, keyBytes));
      if (status != 0) return status;
      if (tree.found) {
        cell = tree.cell;
        engine.places.note(key, keyBytes, tree.leaf, tree.index);
      }
    }
    if (kind == BatchKind.CONDITION) {
      const version: u64 = cell == 0 || isExpired(engine, cell) ? 0 : load<u64>(cell, 8);
      return version == load<u64>(operation, 8) ? 0 : CONFLICT;
    }
    const oldExpiry: i64 = cell == 0 ? 0 : expiryOf(cell);
    if (cell != 0) {
      this.cellGrowth -= leafCellBytes(cell);
      if (isElsewhere(cell)) {
        if (!isDirect(cell)) this.garbage++;
        this.valueGrowth -= longValuePages(load<u64>(leafKey(cell) + keyBytesOf(cell)));
      }
    }
    if (kind != BatchKind.DELETE) {
      this.puts = true;
      const expires = headBytes == 16;
      const valueBytes = kind == PUT_ELSEWHERE || isLong(operation) ? 24 : load<i32>(operation, 4);
      const bytes = 17 + (expires ? 8 : 0) + keyBytes + valueBytes;
      this.cellGrowth += bytes;
      if (kind == PUT_ELSEWHERE) this.valueGrowth += longValuePages(load<u64>(key + keyBytes));
      else if (isLong(operation)) this.valueGrowth += longValuePages(load<u32>(operation, 4));
      // One that takes the place of another needs what it is larger by.
      const more = cell == 0 ? bytes + 2 : bytes - leafCellBytes(cell);
      if (more > 0) this.addBytes(more);
      if (expires) {
        status = this.seekExpiry(load<i64>(operation, 8), key, keyBytes);
        if (status != 0) return status;
        this.cellGrowth += 25 + keyBytes;
        this.addBytes(25 + keyBytes + 2);
      }
    }
    if (oldExpiry == 0) return 0;
    this.cellGrowth -= 25 + keyBytes;
    return this.seekExpiry(oldExpiry, key, keyBytes);
  }

  private seekExpiry(expiresNs: i64, key: usize, keyBytes: i32): i32 {
    const tree = this.engine.tree;
    const length = makeExpiryKey(max<i64>(expiresNs, 1), key, keyBytes);
    return tree.seek(tree.root, expiryKey, length);
  }

  /**
   * The leaf on which the tree stands grows. One that is full may be split twice for a small cell (behind the
   * last one, and in the middle); and then again for as many bytes as a quarter of a page, twice at most. A
   * new leaf is a cell of up to 546 bytes in an inner page.
   */
  private addBytes(bytes: i32): void {
    const tree = this.engine.tree;
    if (tree.leaf < 0) {
      const before = this.firstBytes;
      this.firstBytes = before + bytes;
      this.newPages += this.firstBytes / SPLIT_BYTES - before / SPLIT_BYTES + i32(before == 0);
      return;
    }
    const cache = this.engine.cache;
    // One that was found without a way to it is dirty, and so are those above it: it needs nothing but a count.
    cache.pin(tree.leaf);
    const frame = cache.frame(tree.leaf);
    const before = <i32>frame.addedBytes;
    const after = before + bytes;
    frame.addedBytes = after;
    const free = freeBytes(cache.at(tree.leaf));
    if (after <= free) return;
    if (before <= free) {
      this.newPages += 2 + after / SPLIT_BYTES;
      this.innerSplits += tree.root.levels + 1;
    } else this.newPages += after / SPLIT_BYTES - before / SPLIT_BYTES;
  }

  /** 0 when nothing can go wrong any more; PENDING when there will be room, else TOO_LARGE or NOSPACE. */
  private checkRoom(operation: Operation, isReplay: bool): i32 {
    const engine = this.engine;
    const cache = engine.cache;
    if (this.garbage > 0) {
      const waits = engine.garbage.count + this.garbage > GARBAGE_MAX || engine.checkpointIsDue;
      if (waits && engine.garbage.count > 0) return PENDING;
    }
    // Those that are sealed are copied; the dirty ones need nothing.
    let copies = 0;
    let touched = 0;
    for (let at = 0; at < this.pinCount; at++) {
      const state: u8 = cache.frame(load<i32>(this.pins + ((<usize>at) << 2))).state;
      if (state == FrameState.SEALED) copies++;
      if (state != FrameState.DIRTY) touched++;
    }
    const newPages = this.newPages + this.newPages / 3 + this.innerSplits;
    if (cache.available < copies + newPages + this.spareFrames) {
      this.awaited = -1;
      const others = cache.dirty + cache.sealed + cache.reading + engine.schedule.count;
      if (others == 0) return TOO_LARGE;
      if (engine.writable) engine.checkpointWanted = true;
      else if (cache.reading + engine.schedule.count == 0) return EXHAUSTED;
      this.needsFrames = true;
      return PENDING;
    }
    this.needsFrames = false;
    if (!engine.writable) return 0;
    const valuePages = this.values.pagesFor(operation.operations, operation.operationBytes);
    // No store that is not forged is that deep.
    if (engine.tree.root.levels >= LEVELS_MAX - 1) return Errno.NOSPACE;
    // What frees at least as much as it takes may use the reserve: else nothing could be removed from a full store.
    const grows = !isReplay && (this.cellGrowth > 0 || this.valueGrowth > 0);
    if (grows && !engine.hasRoomFor(newPages + valuePages)) {
      if (engine.garbage.count > 0) return PENDING;
      return Errno.NOSPACE;
    }
    const needed = cache.dirty + touched + newPages + valuePages + engine.mapPages + SPARE;
    if (engine.space.free < <u64>needed) return this.waitForRoom(operation);
    return 0;
  }

  private waitForRoom(operation: Operation): i32 {
    this.awaited = -1;
    return this.engine.waitForRoom(operation);
  }

  private dropPins(): void {
    const cache = this.engine.cache;
    for (let at = 0; at < this.pinCount; at++) {
      cache.unpin(load<i32>(this.pins + ((<usize>at) << 2)));
    }
    this.pinCount = 0;
  }
}
