/**
 * For tests: a store on a disk in memory, used as if nothing took time.
 *
 *     const disk = new TestDisk(2048);
 *     const store = new TestStore(disk);
 *     store.put("a", "1");
 *     expect(store.get("a")).toBe("1");
 *
 * Results are 0 or a count, or errors, as the interface has them.
 */
import { TestDisk } from "@phantasm/block/testing";
import {
  Batch,
  Clock,
  Cursor,
  KeyValueHandler,
  PENDING,
  Snapshot,
  Timer,
  TimerHandler,
  Value,
  ValueReader,
} from "@phantasm/interfaces";
import { Format } from "./settings";
import { KeyValueStore } from "./store";

export { TestDisk, TestRandom } from "@phantasm/block/testing";


@final
export class TestTimer implements Timer {
  dueNs: i64 = 0;
  isSet: bool = false;

  constructor(
    private readonly clock: TestClock,
    readonly handler: TimerHandler,
  ) {}

  get pending(): bool {
    return this.isSet;
  }

  get missed(): i64 {
    return 0;
  }

  cancel(): void {
    this.isSet = false;
  }

  set(delayNs: i64): void {
    this.isSet = true;
    this.dueNs = this.clock.now() + max<i64>(delayNs, 0);
  }

  slack(ns: i64): void {}

  background(): void {}
}

/** Time that moves when the test says so. */
@final
export class TestClock implements Clock {
  private readonly timers: TestTimer[] = [];
  nowNs: i64 = 0;
  wallNs: i64 = 1_700_000_000_000_000_000;

  now(): i64 {
    return this.nowNs;
  }

  monotonic(): i64 {
    return this.nowNs;
  }

  wall(): i64 {
    return this.wallNs + this.nowNs;
  }

  after(delayNs: i64, handler: TimerHandler): Timer {
    const timer = new TestTimer(this, handler);
    timer.set(delayNs);
    this.timers.push(timer);
    return timer;
  }

  every(periodNs: i64, handler: TimerHandler): Timer {
    assert(false, "the test clock has no periods");
    return this.after(periodNs, handler);
  }

  /** Calls the timers that are due; returns how many. */
  run(): i32 {
    let called = 0;
    for (let index = 0; index < this.timers.length; index++) {
      const timer = this.timers[index];
      if (!timer.isSet || timer.dueNs > this.nowNs) continue;
      timer.isSet = false;
      timer.handler.onTimer(timer);
      called++;
    }
    return called;
  }
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

export function textOf(bytes: Uint8Array, length: i32 = bytes.length): string {
  return String.UTF8.decodeUnsafe(bytes.dataStart, length);
}

/** Room for what a store may be configured with. */
export class TestOptions {
  cacheBytes: i32 = 1 << 20;
  operationsMax: i32 = 64;
  snapshotsMax: i32 = 4;
  streamsMax: i32 = 4;
  writersMax: i32 = 2;
  watchersMax: i32 = 4;
  watchBytes: i32 = 1024;
  format: i32 = Format.BLANK;
}


@final
export class TestStore implements KeyValueHandler {
  readonly store: KeyValueStore;
  /** Results by tag modulo their number; PENDING where none has come. */
  readonly results: StaticArray<i32> = new StaticArray<i32>(256);
  readonly value: Value = new Value();
  readonly batch: Batch = new Batch(1024);
  /** Handlers called. */
  reported: i32 = 0;
  private nextTag: i32 = 0;

  /** Opens it, and waits until it is open. */
  constructor(
    readonly disk: TestDisk,
    options: TestOptions = new TestOptions(),
    readonly clock: TestClock = new TestClock(),
    waits: bool = true,
  ) {
    this.store = new KeyValueStore(
      disk,
      clock,
      options.cacheBytes,
      options.operationsMax,
      options.snapshotsMax,
      options.streamsMax,
      options.writersMax,
      options.watchersMax,
      options.watchBytes,
      options.format,
    );
    if (waits) this.run();
  }

  /** Lets the disk, and the timers that are due, do what they can. */
  run(): void {
    for (let rounds = 0; rounds < 10_000; rounds++) {
      const done = this.disk.run(64) + this.clock.run();
      if (done == 0) return;
    }
    assert(false, "the store does not come to rest");
  }

  /** Moves time, then runs. */
  advance(ns: i64): void {
    this.clock.nowNs += ns;
    this.run();
  }

  onKeyValue(tag: i32, result: i32): void {
    this.results[tag & 255] = result;
    this.reported++;
  }

  /** A tag whose result `wait` gives. */
  tag(): i32 {
    const tag = this.nextTag++;
    this.results[tag & 255] = PENDING;
    return tag;
  }

  /** The result, or what the handler was told, once the disk has run. PENDING: it was not told. */
  wait(result: i32, tag: i32): i32 {
    if (result != PENDING) return result;
    this.run();
    return this.results[tag & 255];
  }

  commit(batch: Batch, durable: bool = true): i32 {
    const tag = this.tag();
    return this.wait(this.store.commit(batch, durable, this, tag), tag);
  }

  put(key: string, value: string, durable: bool = true, expiresNs: i64 = 0): i32 {
    return this.commit(this.batch.clear().put(bytesOf(key), bytesOf(value), expiresNs), durable);
  }

  delete(key: string, durable: bool = true): i32 {
    return this.commit(this.batch.clear().delete(bytesOf(key)), durable);
  }

  sync(): i32 {
    const tag = this.tag();
    return this.wait(this.store.sync(this, tag), tag);
  }

  /** The length, or an error; the value is in `value`. */
  fetch(key: Uint8Array): i32 {
    const tag = this.tag();
    return this.wait(this.store.get(key, this.value, this, tag), tag);
  }

  /** The value as text, or the error as a number. */
  get(key: string): string {
    const result = this.fetch(bytesOf(key));
    return result < 0 ? result.toString() : this.value.text();
  }

  next(cursor: Cursor): i32 {
    const tag = this.tag();
    return this.wait(cursor.next(this, tag), tag);
  }

  /** Entries of a range as `key=value`, with a space between; an error as a number at the end. */
  scan(
    prefix: string | null = null,
    from: string | null = null,
    to: string | null = null,
    reverse: bool = false,
  ): string {
    const cursor = this.store.scan(
      prefix === null ? null : bytesOf(prefix),
      from === null ? null : bytesOf(from),
      to === null ? null : bytesOf(to),
      reverse,
    );
    return this.list(cursor);
  }

  list(cursor: Cursor): string {
    const entries: string[] = [];
    for (;;) {
      const result = this.next(cursor);
      if (result < 0) entries.push(result.toString());
      if (result != 1) break;
      entries.push(textOf(cursor.key) + "=" + cursor.value.text());
    }
    return entries.join(" ");
  }

  snapshot(): Snapshot | null {
    const tag = this.tag();
    if (this.wait(this.store.snapshot(this, tag), tag) != 0) return null;
    return this.store.takeSnapshot();
  }

  open(key: string): ValueReader | null {
    const tag = this.tag();
    if (this.wait(this.store.open(bytesOf(key), this.value, this, tag), tag) != 0) return null;
    return this.store.takeStream();
  }

  /** Writes a value by a stream, in parts of that size. */
  stream(key: string, value: Uint8Array, partBytes: i32): i32 {
    const writer = this.store.create(bytesOf(key), 0);
    if (writer === null) return -1000;
    for (let at = 0; at < value.length; at += partBytes) {
      const tag = this.tag();
      const bytes = min(partBytes, value.length - at);
      const result = this.wait(writer.write(value, at, bytes, this, tag), tag);
      if (result != 0) {
        writer.abandon();
        return result;
      }
    }
    const tag = this.tag();
    return this.wait(writer.commit(this, tag), tag);
  }

  read(reader: ValueReader, position: u64, buffer: Uint8Array): i32 {
    const tag = this.tag();
    return this.wait(reader.readAt(position, buffer, 0, buffer.length, this, tag), tag);
  }
}
