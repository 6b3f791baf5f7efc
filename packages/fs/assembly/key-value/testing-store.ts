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
  KeyValueReader,
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
import { TestRandom } from "@phantasm/testing/random";
import { FakeEntry, FakeMap, compareBytes } from "./testing-map";

export enum Answers {
  AT_ONCE,
  LATER,
  BY_CHANCE,
}

/** What an operation does when its result is told. */
abstract class Work {
  handler: KeyValueHandler | null = null;
  tag: i32 = 0;
  result: i32 = PENDING;
  abstract perform(store: FakeStore): i32;
}

class Done extends Work {
  perform(store: FakeStore): i32 {
    return 0;
  }
}

class Get extends Work {
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

class Open extends Work {
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

class Take extends Work {
  perform(store: FakeStore): i32 {
    store.openSnapshots++;
    store.takenSnapshot = new FakeSnapshot(store, store.map.copy(), store.version);
    return 0;
  }
}

class Commit extends Work {
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

class Sync extends Work {
  perform(store: FakeStore): i32 {
    store.makeDurable();
    return 0;
  }
}

class Next extends Work {
  constructor(private readonly cursor: FakeCursor) {
    super();
  }

  perform(store: FakeStore): i32 {
    return this.cursor.go();
  }
}

class Copy extends Work {
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

abstract class FakeReader {
  taken: FakeStream | null = null;
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


@final
class FakeCursor implements Cursor {
  key: Uint8Array = new Uint8Array(0);
  readonly value: Value = new Value();
  private last: Uint8Array | null = null;
  private ended: bool = false;

  constructor(
    private readonly store: FakeStore,
    private readonly map: FakeMap,
    private readonly prefix: Uint8Array | null,
    private readonly from: Uint8Array | null,
    private readonly to: Uint8Array | null,
    private readonly reverse: bool,
  ) {}

  next(handler: KeyValueHandler, tag: i32): i32 {
    return this.store.begin(new Next(this), false, handler, tag);
  }

  go(): i32 {
    if (this.ended) return 0;
    const entries = this.map.entries;
    // Slow and plain: all that are inside of the range and behind the last one, the nearest of them.
    const start = this.start();
    let found: FakeEntry | null = null;
    if (this.reverse) {
      for (let i = entries.length - 1; i >= 0 && found === null; i--)
        if (this.isInside(entries[i].key)) found = entries[i];
    } else {
      for (let i = start; i < entries.length && found === null; i++) {
        if (this.isInside(entries[i].key)) found = entries[i];
        else if (this.isBehind(entries[i].key)) break;
      }
    }
    if (found === null) {
      this.ended = true;
      return 0;
    }
    this.key = found.key;
    this.last = found.key;
    found.copyTo(this.value);
    return 1;
  }

  private start(): i32 {
    const last = this.last;
    if (last !== null) return this.map.indexOf(last);
    const from = this.from;
    if (from !== null) return this.map.indexOf(from);
    const prefix = this.prefix;
    return prefix === null ? 0 : this.map.indexOf(prefix);
  }

  private isInside(key: Uint8Array): bool {
    const prefix = this.prefix;
    if (prefix !== null && !startsWith(key, prefix)) return false;
    const from = this.from;
    if (from !== null && compareBytes(key, from) < 0) return false;
    const to = this.to;
    if (to !== null && compareBytes(key, to) >= 0) return false;
    const last = this.last;
    if (last === null) return true;
    return this.reverse ? compareBytes(key, last) < 0 : compareBytes(key, last) > 0;
  }

  private isBehind(key: Uint8Array): bool {
    const prefix = this.prefix;
    return prefix !== null && !startsWith(key, prefix) && compareBytes(key, prefix) > 0;
  }
}

function startsWith(key: Uint8Array, prefix: Uint8Array): bool {
  if (key.length < prefix.length) return false;
  return memory.compare(key.dataStart, prefix.dataStart, prefix.length) == 0;
}


@final
export class FakeSnapshot extends FakeReader implements Snapshot {
  constructor(
    private readonly store: FakeStore,
    private readonly map: FakeMap,
    readonly version: u64,
  ) {
    super();
  }

  get(key: Uint8Array, into: Value, handler: KeyValueHandler, tag: i32): i32 {
    return this.store.begin(new Get(this.map, key, into), false, handler, tag);
  }

  scan(
    prefix: Uint8Array | null,
    from: Uint8Array | null,
    to: Uint8Array | null,
    reverse: bool,
  ): Cursor {
    return new FakeCursor(this.store, this.map, prefix, from, to, reverse);
  }

  open(key: Uint8Array, into: Value, handler: KeyValueHandler, tag: i32): i32 {
    return this.store.begin(new Open(this.map, key, into, this), false, handler, tag);
  }

  takeStream(): ValueReader {
    const stream = this.taken!;
    this.taken = null;
    return stream;
  }

  release(): void {
    this.store.openSnapshots--;
  }
}


@final
class FakeStream implements ValueReader {
  private closed: bool = false;

  constructor(
    private readonly store: FakeStore,
    private readonly value: Uint8Array,
  ) {}

  get size(): u64 {
    return <u64>this.value.length;
  }

  readAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: KeyValueHandler,
    tag: i32,
  ): i32 {
    assert(!this.closed, "stream: it is closed");
    const work = new Copy(this.value, position, buffer, offset, length);
    return this.store.begin(work, false, handler, tag);
  }

  close(): void {
    assert(!this.closed, "stream: it is closed already");
    this.closed = true;
    this.store.openStreams--;
  }
}


@final
class FakeWriter implements ValueWriter {
  private readonly parts: Uint8Array[] = [];
  private done: bool = false;

  constructor(
    private readonly store: FakeStore,
    private readonly key: Uint8Array,
    private readonly expiresNs: i64,
  ) {}

  write(buffer: Uint8Array, offset: i32, length: i32, handler: KeyValueHandler, tag: i32): i32 {
    assert(!this.done, "writer: it is done");
    this.parts.push(buffer.slice(offset, offset + length));
    return this.store.begin(new Done(), false, handler, tag);
  }

  commit(handler: KeyValueHandler, tag: i32): i32 {
    this.abandon();
    let length = 0;
    for (let i = 0; i < this.parts.length; i++) length += this.parts[i].length;
    const value = new Uint8Array(length);
    let at = 0;
    for (let i = 0; i < this.parts.length; i++) {
      value.set(this.parts[i], at);
      at += this.parts[i].length;
    }
    const store = this.store;
    store.map.put(new FakeEntry(this.key, value, ++store.version, this.expiresNs));
    return store.begin(new Sync(), true, handler, tag);
  }

  abandon(): void {
    assert(!this.done, "writer: it is done already");
    this.done = true;
    this.store.openWriters--;
  }
}
