/** Batches as large as the cache, stores as full as they get: refused or applied, never half, never a trap. */
import {
  Errno,
  KeyValueHandler,
  KeyValueSpace,
  NOT_FOUND,
  PENDING,
  Snapshot,
  TOO_LARGE,
  Value,
  ValueReader,
} from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { DiskCheck } from "./testing-check";
import { tinyOptions } from "./testing-crash";
import { Model } from "./testing-model";
import { TestDisk, TestRandom, TestStore, bytesOf } from "./testing";

test("pages that are joined and split again in one batch have frames", () => {
  const store = new TestStore(new TestDisk(32768), tinyOptions());
  // Four cells fill a leaf.
  const value = new Uint8Array(1016 - 16 - 1 - 4);
  const key = (leaf: i32, cell: i32): Uint8Array => bytesOf((1000 + leaf * 10 + cell).toString());
  for (let leaf = 0; leaf < 100; leaf++) {
    for (let cell = 0; cell < 8; cell += 2)
      expect(store.commit(store.batch.clear().put(key(leaf, cell), value), false)).toBe(0);
  }
  // Pairs of leaves with two cells: when one of them loses another cell, they are joined.
  for (let leaf = 0; leaf < 32; leaf++) {
    expect(store.commit(store.batch.clear().delete(key(leaf, 4)).delete(key(leaf, 6)), false)).toBe(
      0,
    );
  }
  store.snapshot()!.release();
  for (let leaf = 40; leaf < 56; leaf++)
    store.commit(store.batch.clear().put(key(leaf, 0), value), false);
  store.batch.clear();
  for (let leaf = 0; leaf < 32; leaf += 2) {
    store.batch.delete(key(leaf, 2));
    store.batch.put(key(leaf, 1), value);
    store.batch.put(key(leaf, 3), value);
    store.batch.put(key(leaf + 1, 1), new Uint8Array(10));
  }
  expect(store.commit(store.batch)).toBe(0);
  for (let leaf = 0; leaf < 32; leaf += 2) expect(store.fetch(key(leaf, 3))).toBe(value.length);
});

test("a batch puts a key between those of a leaf that it has emptied", () => {
  const store = new TestStore(new TestDisk(32768), tinyOptions());
  for (let i = 0; i < 3000; i++) store.put("k" + (1000 + i).toString(), "v".repeat(200), false);
  store.snapshot()!.release();
  for (let first = 90; first >= 0; first -= 10) {
    // Whatever else was in the cache makes room.
    for (let i = 1000; i < 3000; i++) store.get("k" + (1000 + i).toString());
    store.batch.clear();
    for (let i = first * 5; i < first * 5 + 50; i++)
      store.batch.delete(bytesOf("k" + (1000 + i).toString()));
    for (let i = first * 5 + 20; i < first * 5 + 30; i++)
      store.batch.put(bytesOf("k" + (1000 + i).toString() + "a"), bytesOf("new"));
    expect(store.commit(store.batch, false)).toBe(0);
    expect(store.get("k" + (1025 + first * 5).toString() + "a")).toBe("new");
  }
  for (let i = 1000; i < 3000; i++) store.get("k" + (1000 + i).toString());
  store.batch.clear();
  for (let i = 0; i < 500; i++) {
    store.batch.delete(bytesOf("k" + (1000 + i).toString()));
    store.batch.delete(bytesOf("k" + (1000 + i).toString() + "a"));
  }
  expect(store.commit(store.batch)).toBe(0);
  store.snapshot()!.release();
  expect(new DiskCheck(store.disk.content).run()).toBe("");
});

test("batches of any size by chance, with cells of any size", () => {
  for (let seed: u64 = 1; seed <= 30; seed++) {
    const random = new TestRandom(seed);
    const store = new TestStore(new TestDisk(32768, 512, seed), tinyOptions());
    const keys = 50 + random.below(2000);
    const most = 1 + random.below(120);
    const deletes = random.below(10);
    const large = 1 + random.below(1000);
    const near = random.below(2) == 0;
    for (let round = 0; round < 200; round++) {
      store.batch.clear();
      const first = random.below(keys);
      for (let op = 1 + random.below(most); op > 0; op--) {
        const number = 100_000 + (near ? (first + random.below(100)) % keys : random.below(keys));
        const key = bytesOf(
          "k" + number.toString() + "y".repeat(number % 7 == 0 ? 500 : number % 13),
        );
        if (random.below(10) < deletes) store.batch.delete(key);
        else
          store.batch.put(
            key,
            new Uint8Array(<i32>random.below(large)),
            random.below(4) == 0 ? 4_000_000_000_000_000_000 + random.below(50) : 0,
          );
      }
      const result = store.commit(store.batch, random.below(8) == 0);
      if (result != TOO_LARGE && result != 0) expect(`${seed} ${round}: ${result}`).toBe("");
    }
    store.put("settle", "x");
    store.snapshot()!.release();
    expect(`${seed}: ` + new DiskCheck(store.disk.content).run()).toBe(`${seed}: `);
  }
});

/** Reads one key after another, always. */
@final
class Reader implements KeyValueHandler {
  private readonly value: Value = new Value();
  private key: i32 = 0;
  isBusy: bool = false;

  constructor(
    private readonly store: TestStore,
    private readonly random: TestRandom,
  ) {}

  start(): void {
    if (this.isBusy) return;
    for (let tries = 0; tries < 100 && !this.isBusy; tries++) {
      const key = bytesOf("key" + this.random.below(4000).toString());
      this.isBusy = this.store.store.get(key, this.value, this, 0) == PENDING;
    }
  }

  onKeyValue(tag: i32, result: i32): void {
    this.isBusy = false;
    this.start();
  }
}

test("a batch that is too large for the cache is told so while others read without end", () => {
  const disk = new TestDisk(32768);
  const store = new TestStore(disk, tinyOptions());
  for (let i = 0; i < 4000; i++) store.put("key" + i.toString(), "v".repeat(200), false);
  store.sync();
  const random = new TestRandom(1);
  const readers: Reader[] = [];
  for (let i = 0; i < 20; i++) readers.push(new Reader(store, random));
  for (let i = 0; i < 20; i++) readers[i].start();
  store.batch.clear();
  for (let i = 0; i < 4000; i += 40) store.batch.delete(bytesOf("key" + i.toString()));
  const tag = store.tag();
  let result = store.store.commit(store.batch, true, store, tag);
  for (let i = 0; i < 20_000 && result == PENDING; i++) {
    disk.run(1);
    result = store.results[tag & 255];
  }
  expect(result).toBe(TOO_LARGE);
});

test("a store that is full can be opened after a power failure, and has what was acknowledged", () => {
  for (let seed: u64 = 1; seed <= 6; seed++) {
    const random = new TestRandom(seed);
    const disk = new TestDisk(seed % 2 == 0 ? 640 : 900, 512, seed);
    disk.records = true;
    const model = new Model(400);
    const store = new TestStore(disk, tinyOptions());
    const states: StaticArray<i32>[] = [model.values.slice<StaticArray<i32>>()];
    const acknowledged: i32[] = [];
    const numbers: i32[] = [];
    let full = 0;
    for (let batch = 1; batch <= 500; batch++) {
      const before = model.values.slice<StaticArray<i32>>();
      model.change(
        store.batch.clear(),
        random,
        1 + <i32>random.below(6),
        full > 0 && batch % 40 < 10 ? 8 : 1,
      );
      store.batch.put(bytesOf("batch"), bytesOf(batch.toString()));
      const durable = random.below(2) == 0;
      const result = store.commit(store.batch, durable);
      if (result != 0) {
        if (result != Errno.NOSPACE && result != TOO_LARGE) expect(`${seed}: ${result}`).toBe("");
        if (result == Errno.NOSPACE) full++;
        model.values = before;
      } else if (durable) {
        acknowledged.push(disk.journalLength);
        numbers.push(batch);
      }
      states.push(model.values.slice<StaticArray<i32>>());
    }
    expect(full).toBeGreaterThan(10);
    const left = new TestDisk(disk.sectors, 512, seed);
    for (let events = 0; events <= disk.journalLength; events += 1 + <i32>random.below(40)) {
      left.content.fill(0);
      disk.crash(events, random, left.content);
      let least = 0;
      for (let i = 0; i < numbers.length; i++) if (acknowledged[i] <= events) least = numbers[i];
      const after = new TestStore(left, tinyOptions());
      const name = `seed ${seed}, ${events} events: `;
      expect(name + after.store.problem()).toBe(name + "none");
      const text = after.get("batch");
      const found = text == NOT_FOUND.toString() ? 0 : <i32>I32.parseInt(text);
      expect(found).toBeGreaterThanOrEqual(least);
      expect(name + model.compareGets(after, states[found])).toBe(name);
    }
    disk.forgetJournal();
  }
});

function compare(
  store: TestStore,
  model: Model,
  values: StaticArray<i32>,
  shown: Snapshot,
): string {
  for (let index = 0; index < values.length; index++) {
    const tag = store.tag();
    const result = store.wait(shown.get(model.key(index), store.value, store, tag), tag);
    const value = values[index];
    const fits = value == 0 ? result == NOT_FOUND : model.matches(value, store.value, result);
    if (!fits) return `key ${index} is value ${value}, and the snapshot says ${result}`;
  }
  return "";
}

test("snapshots and streams keep what they show, over any number of checkpoints, and give it back", () => {
  for (let seed: u64 = 1; seed <= 12; seed++) {
    const random = new TestRandom(seed);
    const disk = new TestDisk(8192, 512, seed);
    disk.shuffles = seed % 2 == 0;
    const model = new Model(120);
    const store = new TestStore(disk, tinyOptions());
    const snapshots: Snapshot[] = [];
    const shown: StaticArray<i32>[] = [];
    const readers: ValueReader[] = [];
    const marks: i32[] = [];
    const part = new Uint8Array(5000);
    for (let step = 0; step < 400; step++) {
      const choice = random.below(20);
      let problem = "";
      if (choice == 0 && snapshots.length < 4) {
        const snapshot = store.snapshot();
        if (snapshot === null) problem = "no snapshot";
        else {
          snapshots.push(snapshot);
          shown.push(model.values.slice<StaticArray<i32>>());
        }
      } else if (choice == 1 && snapshots.length > 0) {
        const at = <i32>random.below(snapshots.length);
        problem = compare(store, model, shown[at], snapshots[at]);
        snapshots[at].release();
        snapshots.splice(at, 1);
        shown.splice(at, 1);
      } else if (choice == 2) {
        if (store.stream("stream", new Uint8Array(60_000).fill(<u8>step), 20_000) != 0)
          problem = "stream";
        else if (readers.length < 4) {
          readers.push(store.open("stream")!);
          marks.push(step & 255);
        }
      } else if (choice == 3 && readers.length > 0) {
        const at = <i32>random.below(readers.length);
        for (let from = 0; from < 60_000; from += 7000) {
          if (store.read(readers[at], from, part) <= 0) problem = "a stream ends";
          else if (<i32>part[0] != marks[at]) problem = "a stream shows another value";
        }
        readers[at].close();
        readers.splice(at, 1);
        marks.splice(at, 1);
      } else {
        const before = model.values.slice<StaticArray<i32>>();
        model.change(store.batch.clear(), random, 4);
        const result = store.commit(store.batch, choice % 2 == 0);
        if (result == Errno.NOSPACE) model.values = before;
        else if (result != 0) problem = `commit says ${result}`;
      }
      if (problem != "") expect(`${seed}, ${step}: ${problem}`).toBe("");
    }
    for (let at = 0; at < snapshots.length; at++) {
      const problem = compare(store, model, shown[at], snapshots[at]);
      if (problem != "") expect(`${seed}: ${problem}`).toBe("");
      snapshots[at].release();
    }
    for (let at = 0; at < readers.length; at++) readers[at].close();
    store.delete("stream");
    for (let at = 0; at < 3; at++) {
      store.put("settle", "x");
      store.snapshot()!.release();
    }
    const space = new KeyValueSpace();
    store.store.space(space);
    expect(space.heldBytes).toBe(0);
    expect(`${seed}: ` + new DiskCheck(disk.content).run()).toBe(`${seed}: `);
  }
});
