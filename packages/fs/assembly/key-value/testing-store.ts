/**
 * For tests of what lies in a key-value store: one in memory that answers at once or later, fails when it is
 * told to, and forgets in a crash what was not durable.
 *
 *     const store = new FakeStore();
 *     store.answers = Answers.LATER;
 *     … operations …  store.run();
 *     const left = store.crash(random);   // to be opened again
 */
import {
  Batch,
  Cursor,
  EXHAUSTED,
  Errno,
  KeyValue,
  KeyValueHandler,
  KeyValueSpace,
  KeyValueWatcher,
  NOT_FOUND,
  PENDING,
  Snapshot,
  TOO_LARGE,
  VALUE_BYTES_MAX,
  Value,
  ValueReader,
  ValueWriter,
} from "@phantasm/interfaces";
import { FakeCursor, FakeReader, FakeSnapshot, FakeStream, FakeWriter } from "./testing-readers";
import { TestRandom } from "@phantasm/testing/random";
import { FakeEntry, FakeMap, compareBytes } from "./testing-map";

export enum Answers {
  AT_ONCE,
  LATER,
  BY_CHANCE,
}

/** What an operation does when its result is told. */
export abstract class Work {
  handler: KeyValueHandler | null = null;
  tag: i32 = 0;
  result: i32 = PENDING;
  abstract perform(store: FakeStore): i32;
}

export class Done extends Work {
  perform(store: FakeStore): i32 {
    return 0;
  }
}

export class Get extends Work {
  constructor(
    private readonly map: FakeMap,
    private readonly key: Uint8Array,
    private readonly into: Value,
  ) {
    super();
  }

  perform(store: FakeStore): i32 {
    const entry = this.map.find(this.key);
    if (entry === null) return NOT_FOUND;
    if (entry.value.length > VALUE_BYTES_MAX) {
      this.into.length = 0;
      this.into.size = <u64>entry.value.length;
      return TOO_LARGE;
    }
    entry.copyTo(this.into);
    return entry.value.length;
  }
}

export class Open extends Work {
  constructor(
    private readonly map: FakeMap,
    private readonly key: Uint8Array,
    private readonly into: Value,
    private readonly reader: FakeReader,
  ) {
    super();
  }

  perform(store: FakeStore): i32 {
    const entry = this.map.find(this.key);
    if (entry === null) return NOT_FOUND;
    this.into.size = <u64>entry.value.length;
    this.into.version = entry.version;
    store.openStreams++;
    this.reader.taken = new FakeStream(store, entry.value);
    return 0;
  }
}

export class Take extends Work {
  perform(store: FakeStore): i32 {
    store.openSnapshots++;
    store.takenSnapshot = new FakeSnapshot(store, store.map.copy(), store.version);
    return 0;
  }
}

export class Commit extends Work {
  constructor(
    private readonly bytes: Uint8Array,
    private readonly durable: bool,
  ) {
    super();
  }

  perform(store: FakeStore): i32 {
    return store.apply(this.bytes, this.durable);
  }
}

export class Sync extends Work {
  perform(store: FakeStore): i32 {
    store.makeDurable();
    return 0;
  }
}

export class Next extends Work {
  constructor(private readonly cursor: FakeCursor) {
    super();
  }

  perform(store: FakeStore): i32 {
    return this.cursor.go();
  }
}

export class Copy extends Work {
  constructor(
    private readonly value: Uint8Array,
    private readonly position: u64,
    private readonly buffer: Uint8Array,
    private readonly offset: i32,
    private readonly length: i32,
  ) {
    super();
  }

  perform(store: FakeStore): i32 {
    if (this.position >= <u64>this.value.length) return 0;
    const bytes = min(this.length, this.value.length - <i32>this.position);
    const source = this.value.dataStart + <usize>this.position;
    memory.copy(this.buffer.dataStart + this.offset, source, bytes);
    return bytes;
  }
}


@final
export class FakeStore extends FakeReader implements KeyValue {
  map: FakeMap = new FakeMap();
  version: u64 = 0;
  answers: Answers = Answers.AT_ONCE;
  /** What is told later is told in an order of chance. */
  shuffles: bool = false;
  writable: bool = true;
  state: i32 = 0;
  /** Operations so far; the one with this number fails with `failStatus`. */
  operations: i32 = 0;
  failAt: i32 = -1;
  /** False: what comes is not counted, and does not fail. */
  counts: bool = true;
  failStatus: i32 = Errno.IO;
  /** After IO from a write, every further one gets it too. */
  broken: i32 = 0;
  /** Streams, snapshots and writers that nobody has closed. */
  openStreams: i32 = 0;
  openSnapshots: i32 = 0;
  openWriters: i32 = 0;
  freeBytes: u64 = 1 << 30;
  /** A batch has at most so many bytes. */
  batchBytesMax: i32 = i32.MAX_VALUE;
  gets: i32 = 0;
  commits: i32 = 0;
  syncs: i32 = 0;
  /** Bytes of all batches. */
  bytesCommitted: u64 = 0;
  takenSnapshot: FakeSnapshot | null = null;
  /** What a crash leaves at least, and the batches since. */
  private durable: FakeMap = new FakeMap();
  private readonly log: Uint8Array[] = [];
  private readonly pending: Work[] = [];
  private readonly random: TestRandom;

  constructor(seed: u64 = 1) {
    super();
    this.random = new TestRandom(seed);
  }

  // ---- KeyValue

  problem(): string {
    return this.state == 0 ? "none" : "the test said so";
  }

  get(key: Uint8Array, into: Value, handler: KeyValueHandler, tag: i32): i32 {
    this.gets++;
    return this.begin(new Get(this.map, key, into), false, handler, tag);
  }

  scan(
    prefix: Uint8Array | null,
    from: Uint8Array | null,
    to: Uint8Array | null,
    reverse: bool,
  ): Cursor {
    return new FakeCursor(this, this.map, prefix, from, to, reverse);
  }

  open(key: Uint8Array, into: Value, handler: KeyValueHandler, tag: i32): i32 {
    return this.begin(new Open(this.map, key, into, this), false, handler, tag);
  }

  takeStream(): ValueReader {
    const stream = this.taken!;
    this.taken = null;
    return stream;
  }

  commit(batch: Batch, durable: bool, handler: KeyValueHandler, tag: i32): i32 {
    this.commits++;
    this.bytesCommitted += batch.byteLength;
    if (batch.byteLength > this.batchBytesMax) return TOO_LARGE;
    const bytes = batch.bytes.slice(0, batch.byteLength);
    return this.begin(new Commit(bytes, durable), true, handler, tag);
  }

  sync(handler: KeyValueHandler, tag: i32): i32 {
    this.syncs++;
    return this.begin(new Sync(), true, handler, tag);
  }

  snapshot(handler: KeyValueHandler, tag: i32): i32 {
    return this.begin(new Take(), false, handler, tag);
  }

  takeSnapshot(): Snapshot {
    const snapshot = this.takenSnapshot!;
    this.takenSnapshot = null;
    return snapshot;
  }

  create(key: Uint8Array, expiresNs: i64): ValueWriter | null {
    if (this.openWriters == 2) return null;
    this.openWriters++;
    return new FakeWriter(this, key, expiresNs);
  }

  watch(prefix: Uint8Array, watcher: KeyValueWatcher): i32 {
    return EXHAUSTED;
  }

  unwatch(watcher: KeyValueWatcher): void {}

  space(into: KeyValueSpace): void {
    into.keys = <u64>this.map.entries.length;
    into.freeBytes = this.freeBytes;
  }

  // ---- what a test does

  /** Operations that wait to be told their results. */
  get inFlight(): i32 {
    return this.pending.length;
  }

  /** Tells results, those too that are asked for meanwhile. Returns how many. */
  run(resultsMax: i32 = i32.MAX_VALUE): i32 {
    let told = 0;
    while (told < resultsMax && this.pending.length > 0 && this.state != PENDING) {
      const index = this.shuffles ? <i32>this.random.below(this.pending.length) : 0;
      const work = this.pending.splice(index, 1)[0];
      told++;
      if (work.result == PENDING) work.result = work.perform(this);
      work.handler!.onKeyValue(work.tag, work.result);
    }
    return told;
  }

  /**
   * What is left when the power fails: a store with all that was durable and the batches after it up to a number
   * of chance. Whoever still has this one changes nothing in it.
   */
  crash(random: TestRandom): FakeStore {
    const left = new FakeStore(random.u64() | 1);
    left.answers = this.answers;
    left.shuffles = this.shuffles;
    left.version = this.version;
    left.operations = this.operations;
    left.failStatus = this.failStatus;
    left.failAt = this.failAt;
    left.map = this.durable.copy();
    const kept = <i32>random.below(this.log.length + 1);
    for (let i = 0; i < kept; i++) left.map.apply(this.log[i], ++left.version);
    left.durable = left.map.copy();
    return left;
  }

  // ---- its parts

  begin(work: Work, writes: bool, handler: KeyValueHandler, tag: i32): i32 {
    const number = this.counts ? this.operations++ : -2;
    if (writes && !this.writable) return Errno.READONLY;
    const fails = number == this.failAt;
    const broken = writes ? this.broken : 0;
    if (fails && writes && this.failStatus == Errno.IO) {
      this.broken = Errno.IO;
      // It may have been written all the same.
      if (this.random.below(2) == 0) work.perform(this);
    }
    const later =
      this.state == PENDING ||
      this.answers == Answers.LATER ||
      (this.answers == Answers.BY_CHANCE && this.random.below(2) == 0);
    if (fails) work.result = this.failStatus;
    else if (broken != 0) work.result = broken;
    // Changes in their order, at once; what is read may be from any moment in between.
    else if (writes || !later || this.random.below(2) == 0) {
      if (this.state != PENDING) work.result = work.perform(this);
    }
    if (!later) return work.result;
    work.handler = handler;
    work.tag = tag;
    this.pending.push(work);
    return PENDING;
  }

  apply(batch: Uint8Array, durable: bool): i32 {
    const conflict = this.map.check(batch);
    if (conflict != 0) return conflict;
    this.map.apply(batch, ++this.version);
    this.log.push(batch);
    if (durable) this.makeDurable();
    return 0;
  }

  makeDurable(): void {
    this.durable = this.map.copy();
    this.log.length = 0;
  }
}
