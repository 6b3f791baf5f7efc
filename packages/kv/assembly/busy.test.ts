import {
  Batch,
  Cursor,
  KeyValueHandler,
  NOT_FOUND,
  PENDING,
  Value,
  EXHAUSTED,
} from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { DiskCheck } from "./testing-check";
import { tinyOptions } from "./testing-crash";
import { TestDisk, TestRandom, TestStore, bytesOf, textOf } from "./testing";

/** About four times as many pages as the cache has. */
const KEYS: i32 = 3000;
const WORKERS: i32 = 40;

function keyText(index: i32): string {
  return "key" + index.toString();
}

/** One that always has an operation on its way: reads, writes, goes over the store, by chance. */
@final
class Worker implements KeyValueHandler {
  private readonly value: Value = new Value();
  private readonly batch: Batch = new Batch(2048);
  private cursor: Cursor | null = null;
  private key: i32 = 0;
  private kind: u32 = 0;
  private from: i32 = 0;
  isBusy: bool = false;
  done: i32 = 0;

  constructor(
    private readonly shared: Shared,
    readonly number: i32,
  ) {}

  start(): void {
    const random = this.shared.random;
    const store = this.shared.store.store;
    this.key = <i32>random.below(KEYS);
    this.kind = random.below(10);
    const key = bytesOf(keyText(this.key));
    this.isBusy = true;
    let result = 0;
    if (this.kind < 5) {
      this.from = this.shared.applied[this.key];
      result = store.get(key, this.value, this, this.number);
    } else if (this.kind < 9) {
      const round = ++this.shared.rounds[this.key];
      this.batch.clear();
      this.from = round;
      const text = keyText(this.key) + ":" + round.toString() + ":";
      this.batch.put(
        key,
        bytesOf(text + "x".repeat(random.below(30) == 0 ? 5000 : <i32>random.below(300))),
      );
      result = store.commit(this.batch, this.kind < 7, this, this.number);
    } else {
      let cursor = this.cursor;
      if (cursor === null) {
        cursor = store.scan(null, null, null, random.below(2) == 0);
        this.cursor = cursor;
      }
      result = cursor.next(this, this.number);
    }
    if (result != PENDING) this.take(result);
  }

  onKeyValue(tag: i32, result: i32): void {
    expect(tag).toBe(this.number);
    expect(this.isBusy).toBe(true);
    this.take(result);
  }

  private take(result: i32): void {
    this.isBusy = false;
    if (result == EXHAUSTED) {
      if (this.kind >= 5 && this.kind < 9) this.shared.rounds[this.key]--;
      return;
    }
    this.done++;
    if (this.kind < 5) this.check(keyText(this.key), result < 0 ? "" : this.value.text(), result);
    else if (this.kind < 9) {
      expect(result).toBe(0);
      this.shared.applied[this.key] = max(this.shared.applied[this.key], this.from);
    } else {
      const cursor = this.cursor!;
      this.key = -1;
      if (result == 1) this.check(textOf(cursor.key), cursor.value.text(), cursor.value.length);
      else {
        expect(result).toBe(0);
        this.cursor = null;
      }
    }
  }

  /** A value names its key, and is none that was replaced before this began. */
  private check(key: string, text: string, result: i32): void {
    if (result == NOT_FOUND) {
      expect(this.from).toBe(0);
      return;
    }
    expect(result).toBeGreaterThan(0);
    expect(text.startsWith(key + ":")).toBe(true);
    if (this.key < 0) return;
    const round = <i32>I32.parseInt(text.split(":")[1]);
    expect(round).toBeGreaterThanOrEqual(this.from);
    expect(round).toBeLessThanOrEqual(this.shared.rounds[this.key]);
  }
}


@final
class Shared {
  /** Batches begun for each key, and the last that was reported. */
  readonly rounds: StaticArray<i32> = new StaticArray<i32>(KEYS);
  readonly applied: StaticArray<i32> = new StaticArray<i32>(KEYS);

  constructor(
    readonly store: TestStore,
    readonly random: TestRandom,
  ) {}
}

function busy(seed: u64, operationsMax: i32): void {
  const disk = new TestDisk(16384, 512, seed);
  disk.shuffles = seed % 2 == 0;
  if (seed % 3 == 0) disk.requestsMax = 3;
  const options = tinyOptions();
  options.operationsMax = operationsMax;
  const shared = new Shared(new TestStore(disk, options), new TestRandom(seed * 31 + 1));
  for (let key = 0; key < KEYS; key++) {
    const text = keyText(key);
    expect(shared.store.put(text, text + ":1:" + "y".repeat(300), false)).toBe(0);
    shared.rounds[key] = 1;
    shared.applied[key] = 1;
  }
  const workers: Worker[] = [];
  for (let index = 0; index < WORKERS; index++) workers.push(new Worker(shared, index));
  for (let round = 0; round < 600; round++) {
    for (let index = 0; index < WORKERS; index++) {
      if (!workers[index].isBusy) workers[index].start();
    }
    disk.run(1 + <i32>shared.random.below(6));
    shared.store.clock.nowNs += 1_000_000;
    shared.store.clock.run();
  }
  shared.store.run();
  for (let index = 0; index < WORKERS; index++) {
    expect(workers[index].isBusy).toBe(false);
    expect(workers[index].done).toBeGreaterThan(5);
  }
  for (let key = 0; key < KEYS; key++) {
    const last = shared.applied[key];
    const text = shared.store.get(keyText(key));
    if (last > 0) expect(text.split(":")[1]).toBe(last.toString());
  }
  shared.store.put("z", "z");
  shared.store.snapshot()!.release();
  expect(new DiskCheck(disk.content).run()).toBe("");
}

test("many operations at once, on a cache of 64 pages, all end and see what they may", () => {
  for (let seed: u64 = 1; seed <= 6; seed++) busy(seed, 64);
});

test("the same when not all may wait", () => {
  for (let seed: u64 = 7; seed <= 9; seed++) busy(seed, 8);
});
