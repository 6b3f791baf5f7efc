/**
 * What the parts of a store share, and the order in which they take their turns. Everything happens in an event:
 * a call, a report of the device, a timer. An event changes states; then everybody who could go on does, and
 * last, when all is at rest, handlers are called.
 */
import {
  Block,
  BlockHandler,
  BlockWaiter,
  CORRUPT,
  Clock,
  EXHAUSTED,
  Errno,
  KeyValueHandler,
  MILLISECOND,
  PENDING,
  Timer,
  TimerHandler,
  Value,
  ValueReader,
  Snapshot,
} from "@phantasm/interfaces";
import { Cache } from "./cache";
import { Checkpoint } from "./checkpoint";
import { Commits } from "./commit";
import { KeyValueCounters } from "./counters";
import { Disk, Purpose } from "./disk";
import { Garbage } from "./garbage";
import { Log } from "./log";
import { Opening } from "./opening";
import { Operation, OperationKind, Operations, Queue } from "./operation";
import { checkKey } from "./keys";
import { lookup, onOperationRead, runRead } from "./read";
import { Places } from "./places";
import { Schedule } from "./schedule";
import { Settings } from "./settings";
import { StoreSnapshot } from "./snapshot";
import { Space } from "./space";
import { StoreReader } from "./stream";
import { Sweeper } from "./sweeper";
import { Tree, View } from "./tree";
import { Watchers } from "./watchers";
import { Writers, runWrite } from "./writer";

/** What is not wanted at once becomes durable after this time: a flush costs more than a thousand changes. */
const SOON_NS: i64 = 50 * MILLISECOND;
/** So long a mark waits for another record. */
const QUIET_NS: i64 = 10 * MILLISECOND;

/** Rounds of a turn: each goes on only if somebody has got on in the one before. */
const PASSES_MAX: i32 = 64;

/** Checkpoints for which an operation waits that has no room. */
const ROOM_CHECKPOINTS: i32 = 4;

/** Pages that a checkpoint seals at once, at most. With keys at random each change needs a page: more of them share one. */
const DIRTY_MAX: i32 = 8192;


@final
export class Engine implements BlockHandler, BlockWaiter, TimerHandler {
  state: i32 = PENDING;
  /** What every write is answered with since one failed; 0: none did. */
  failure: i32 = 0;
  /** Why the store could not be opened, as a number for `problem`. */
  problem: i32 = 0;
  writable: bool;
  entries: u64 = 0;
  lastVersion: u64 = 0;
  readonly counters: KeyValueCounters = new KeyValueCounters();
  // Made in the constructor, by parts that need one another.
  disk: Disk = changetype<Disk>(0);
  cache: Cache = changetype<Cache>(0);
  space: Space = changetype<Space>(0);
  tree: Tree = changetype<Tree>(0);
  places: Places = changetype<Places>(0);
  log: Log = changetype<Log>(0);
  checkpoint: Checkpoint = changetype<Checkpoint>(0);
  garbage: Garbage = changetype<Garbage>(0);
  operations: Operations = changetype<Operations>(0);
  commits: Commits = changetype<Commits>(0);
  opening: Opening = changetype<Opening>(0);
  watchers: Watchers = changetype<Watchers>(0);
  writers: Writers = changetype<Writers>(0);
  sweeper: Sweeper = changetype<Sweeper>(0);
  schedule: Schedule = changetype<Schedule>(0);
  /** Somebody needs a checkpoint: for frames, for room, for a snapshot. */
  checkpointWanted: bool = false;
  /** Snapshots and streams that are open. */
  snapshots: i32 = 0;
  streams: i32 = 0;
  streamsOpening: i32 = 0;
  /** For `takeStream` and `takeSnapshot`. */
  opened: ValueReader | null = null;
  made: Snapshot | null = null;
  /** Grows when somebody gets on. */
  moves: u32 = 0;
  private readonly dirtyMax: i32;
  /** For a checkpoint to be sealed, and for one to be durable. */
  readonly snapshotsWaiting: Queue = new Queue();
  private readonly snapshotsSealed: Queue = new Queue();
  private flushTimer: Timer | null = null;
  private markTimer: Timer | null = null;
  private flushDue: bool = false;
  private markDue: bool = false;
  private news: Timer | null = null;
  private newsDue: bool = false;
  private waitsForDevice: bool = false;

  constructor(
    block: Block,
    readonly clock: Clock,
    readonly settings: Settings,
  ) {
    const disk = new Disk(block, this);
    this.disk = disk;
    this.writable = disk.writable;
    const counters = this.counters;
    const cache = new Cache(settings.cacheBytes, disk, counters);
    this.cache = cache;
    this.places = new Places(cache);
    const space = new Space(counters, settings.snapshotsMax + settings.streamsMax + 8);
    this.space = space;
    const tree = new Tree(cache, space);
    this.tree = tree;
    const log = new Log(disk, counters);
    this.log = log;
    this.checkpoint = new Checkpoint(disk, cache, space, tree, log, counters);
    this.garbage = new Garbage(cache, space, counters);
    this.operations = new Operations(settings.operationsMax);
    this.dirtyMax = min(cache.capacity / 2, DIRTY_MAX);
    this.schedule = new Schedule(this, max(2, min(cache.capacity / 64, 64)));
    this.watchers = new Watchers(settings.watchersMax, settings.watchBytes, counters);
    this.commits = new Commits(this);
    this.opening = new Opening(this);
    this.writers = new Writers(this);
    this.sweeper = new Sweeper(this);
  }

  start(): void {
    this.opening.advance();
    this.askForDevice();
  }

  // Operations.

  /** It could not be opened. */
  get isClosed(): bool {
    return this.state != 0 && this.state != PENDING;
  }

  get(
    view: View,
    snapshot: StoreSnapshot | null,
    key: Uint8Array,
    into: Value,
    handler: KeyValueHandler,
    tag: i32,
  ): i32 {
    checkKey(key);
    if (this.state == 0) {
      const result = lookup(this, view, key, into);
      if (result >= 0 || (result != PENDING && result > -1000)) return result;
    } else if (this.state != PENDING) return this.state;
    const operation = this.schedule.take(OperationKind.GET, handler, tag);
    if (operation === null) return EXHAUSTED;
    operation.view = view;
    operation.snapshot = snapshot;
    operation.key = key;
    operation.into = into;
    return this.schedule.enqueue(operation);
  }

  /** Keeps what the tree has now, or what a snapshot shows. */
  hold(snapshot: StoreSnapshot | null = null): i32 {
    const holds = this.space.holds;
    const older = snapshot === null ? -1 : snapshot.heldBy;
    return holds.take(older < 0 ? this.checkpoint.generation : holds.generationOf(older));
  }

  takeStream(): ValueReader {
    const opened = assert(this.opened, "kv: no stream was opened, or it was taken already");
    this.opened = null;
    return opened;
  }

  // Events.

  onBlock(tag: i32, status: i32): void {
    const disk = this.disk;
    disk.inFlight--;
    disk.refused = false;
    const index = Disk.index(tag);
    switch (Disk.purpose(tag)) {
      case Purpose.PAGE:
        this.onPage(index, status);
        break;
      case Purpose.OPENING:
        this.opening.onRead(status);
        break;
      case Purpose.LOG_WRITE:
      case Purpose.LOG_FLUSH:
        this.onLog(status);
        break;
      case Purpose.MARK:
        this.log.onMark();
        this.fail(status);
        break;
      case Purpose.RUN:
        this.checkpoint.onRun(index, status);
        this.fail(status);
        break;
      case Purpose.CHECKPOINT_FLUSH:
      case Purpose.META:
      case Purpose.META_FLUSH: {
        const result = this.checkpoint.onReport(status, index);
        if (result > 0) this.onCheckpoint();
        else this.fail(result);
        break;
      }
      case Purpose.OPERATION: {
        const operation = this.operations.at(index);
        const result = onOperationRead(this, operation, status);
        if (result != PENDING) this.schedule.finish(operation, result);
        else this.schedule.run(operation);
        break;
      }
      case Purpose.VALUE:
        this.commits.onValue(status);
        this.fail(status);
        break;
      default:
        this.writers.onReport(index, status);
        this.fail(status);
    }
    this.turn();
  }

  onBlockReady(): void {
    this.waitsForDevice = false;
    this.disk.refused = false;
    this.turn();
  }

  onTimer(timer: Timer): void {
    if (timer === this.news) this.newsDue = false;
    else if (timer === this.flushTimer) {
      this.flushDue = false;
      if (this.log.isPending) this.log.wanted = true;
    } else {
      this.markDue = false;
      const log = this.log;
      const mayWrite = this.state == 0 && this.failure == 0 && !log.unflushed;
      if (mayWrite && log.markDue && log.isEmpty && log.isIdle) this.fail(log.writeMark());
    }
    this.turn();
  }

  private onPage(frame: i32, status: i32): void {
    const result = this.cache.onRead(frame, status);
    if (result == 0) this.commits.onPage(frame);
    this.schedule.onPage(frame, result);
    if (result != 0) {
      this.commits.onPageFailed(frame, result);
      if (this.garbage.count > 0 && this.garbage.awaited == frame) {
        // While the store is opened, a device that fails is asked again by the next opening.
        if (result != CORRUPT && this.state == PENDING) this.opening.onFailure(result);
        else this.garbage.giveUp();
      }
    }
  }

  private onLog(status: i32): void {
    const result = this.log.onReport(status);
    if (result != 0) this.fail(result);
    else if (this.log.isIdle) this.commits.onDurable();
  }

  private onCheckpoint(): void {
    while (!this.snapshotsSealed.isEmpty) {
      const operation = this.snapshotsSealed.take();
      this.schedule.finish(operation, 0);
    }
    this.opening.onCheckpoint();
  }

  /** A write has failed: nothing more is written. */
  fail(status: i32): void {
    if (status >= 0 || this.failure != 0) return;
    this.failure = status;
    this.commits.onFailure();
    this.opening.onFailure(status);
    while (!this.snapshotsSealed.isEmpty) this.failSnapshot(this.snapshotsSealed.take(), status);
    while (!this.snapshotsWaiting.isEmpty) this.failSnapshot(this.snapshotsWaiting.take(), status);
  }

  private failSnapshot(operation: Operation, status: i32): void {
    const snapshot = operation.snapshot;
    operation.snapshot = null;
    if (snapshot !== null) snapshot.give();
    this.schedule.finish(operation, status);
  }

  /** The store is open, or cannot be opened. */
  onOpened(state: i32): void {
    this.state = state;
    if (state == 0) this.sweeper.start();
    if (this.snapshotsWaiting.isEmpty) return;
    if (state == 0 && this.writable) {
      this.checkpointWanted = true;
      return;
    }
    while (!this.snapshotsWaiting.isEmpty) {
      const operation = this.snapshotsWaiting.take();
      if (state != 0) this.failSnapshot(operation, state);
      else {
        operation.snapshot!.show(this.tree.root, this.lastVersion, this.hold());
        this.schedule.finish(operation, 0);
      }
    }
  }

  /** Everybody who can goes on; then handlers are called. */
  turn(): void {
    // Who goes on may let others go on. What is left over then is told by the next event.
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      const before = this.moves;
      if (this.state == PENDING) this.opening.advance();
      this.work();
      this.schedule.goOn();
      if (this.moves == before) break;
    }
    this.askForDevice();
    this.watchers.deliver(this.log.durableVersion);
    this.schedule.deliver();
  }

  /** The part of a turn that writes. Also called at the end of a call that wrote something. */
  work(): void {
    if (this.state != 0 && !this.opening.isReplaying) {
      if (this.state != PENDING) this.commits.run();
      return;
    }
    if (this.garbage.count > 0) {
      this.garbage.advance();
      // The opening may have waited for it.
      if (this.garbage.count == 0) this.moves++;
    }
    this.commits.run();
    if (this.cache.starved) {
      this.cache.starved = false;
      if (this.cache.dirty > 0) this.checkpointWanted = true;
    }
    if (this.failure != 0 || !this.writable) return;
    this.checkpointIfDue();
    if (this.checkpoint.isActive) this.fail(this.checkpoint.advance());
    if (this.state == 0) {
      const log = this.log;
      if (log.wanted || log.isHalfBuffered) log.begin();
      this.fail(log.advance());
      if (log.isPending || log.markDue) this.setTimers();
    }
  }

  /** What is not durable yet keeps the domain alive until it is; a mark does not. */
  private setTimers(): void {
    const log = this.log;
    if (log.isPending && !this.flushDue) {
      this.flushDue = true;
      const timer = this.flushTimer;
      if (timer === null) this.flushTimer = this.clock.after(SOON_NS, this);
      else timer.set(SOON_NS);
    }
    if (log.markDue && !this.markDue) {
      this.markDue = true;
      let timer = this.markTimer;
      if (timer === null) {
        timer = this.clock.after(QUIET_NS, this);
        timer.background();
        this.markTimer = timer;
      } else timer.set(QUIET_NS);
    }
  }

  private checkpointIfDue(): void {
    if (this.checkpoint.isActive || this.garbage.count > 0) return;
    const isDue =
      this.checkpointWanted ||
      this.cache.dirty >= this.dirtyMax ||
      (this.log.isHalfFull && this.state == 0);
    if (isDue) this.sealNow();
  }

  /** Begins a checkpoint; none is under way, and no garbage waits. */
  sealNow(): void {
    this.checkpointWanted = false;
    // Batches leave enough for it; a map of free pages that lies may not.
    if (this.space.free < <u64>(this.cache.dirty + this.mapPages)) {
      this.fail(Errno.NOSPACE);
      return;
    }
    const checkpoint = this.checkpoint;
    checkpoint.meta.entries = this.entries;
    checkpoint.meta.lastVersion = this.lastVersion;
    checkpoint.seal();
    // Those who came before the store was open wait until the log has been applied.
    while (this.state == 0 && !this.snapshotsWaiting.isEmpty) {
      const operation = this.snapshotsWaiting.take();
      operation.snapshot!.show(this.tree.root, this.lastVersion, this.hold());
      this.snapshotsSealed.add(operation);
    }
  }

  /** A checkpoint cannot begin before garbage is gone: batches that make more of it wait. */
  get checkpointIsDue(): bool {
    return (
      !this.checkpoint.isActive && (this.checkpointWanted || this.cache.dirty >= this.dirtyMax)
    );
  }

  /** True if that many pages more can be in use, with a reserve left for deletes and checkpoints. */
  hasRoomFor(pages: i32): bool {
    return this.space.settled >= <i64>(pages + this.cache.dirty) + this.reserve;
  }

  /** PENDING as long as checkpoints give pages free: the next one, or the one after it. Else NOSPACE. */
  waitForRoom(operation: Operation): i32 {
    const finished = this.checkpoint.finished;
    if (operation.triedAt != finished) {
      operation.triedAt = finished;
      if (++operation.tries > ROOM_CHECKPOINTS) return Errno.NOSPACE;
    }
    const isComing =
      this.space.awaitsCheckpoint || this.cache.dirty > 0 || this.checkpoint.isActive;
    if (!isComing) return Errno.NOSPACE;
    this.checkpointWanted = true;
    return PENDING;
  }

  /** Pages that can still be filled. */
  get freePages(): u64 {
    const left = this.space.settled - <i64>this.cache.dirty - this.reserve;
    return left > 0 ? <u64>left : 0;
  }

  /** Pages of the map and of its index: each may have to be written anew. */
  get mapPages(): i32 {
    return this.space.maps + this.space.indexes;
  }

  private get reserve(): i64 {
    return max<i64>(16, min<i64>(1024, (<i64>this.space.pages) >> 6)) + this.mapPages * 2;
  }

  private askForDevice(): void {
    if (!this.disk.refused || this.waitsForDevice) return;
    this.waitsForDevice = true;
    this.disk.block.whenReady(this);
  }

  /** At the end of a call that wrote: others may have finished by it, and are told in an event of their own. */
  afterCall(): void {
    this.work();
    this.askForDevice();
    if (!this.schedule.hasNews || this.newsDue) return;
    this.newsDue = true;
    const news = this.news;
    if (news === null) this.news = this.clock.after(0, this);
    else news.set(0);
  }
}
