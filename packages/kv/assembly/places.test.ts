import { Batch, Snapshot } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { tinyOptions } from "./testing-crash";
import { DiskCheck } from "./testing-check";
import { TestDisk, TestRandom, TestStore, bytesOf, textOf } from "./testing";

/** A few leaves, with as many places that keys fight for. */
const KEYS: i32 = 1200;
const BATCHES: i32 = 900;

function keyOf(index: i32): string {
  return "key:" + (index * 7919).toString();
}

/** Mostly as long as the one before. */
function valueOf(version: i32, random: TestRandom): string {
  const text = version.toString().padStart(20, "0");
  return random.below(12) == 0 ? text + "x".repeat(random.below(60)) : text;
}

/** What a store shows is what was put, and what a snapshot of it shows was; what differs, or "". */
function compare(store: TestStore, snapshot: Snapshot | null, values: string[]): string {
  const cursor =
    snapshot === null
      ? store.store.scan(null, null, null, false)
      : snapshot.scan(null, null, null, false);
  let seen = 0;
  while (store.next(cursor) == 1) {
    const index = I32.parseInt(textOf(cursor.key).slice(4)) / 7919;
    if (values[index] != cursor.value.text()) return `key ${index} is ${cursor.value.text()}`;
    seen++;
  }
  let expected = 0;
  for (let index = 0; index < KEYS; index++) if (values[index] != "") expected++;
  return seen == expected ? "" : `${seen} keys of ${expected}`;
}

function playOver(seed: u64): string {
  const random = new TestRandom(seed);
  const disk = new TestDisk(16384, 512, seed);
  let store = new TestStore(disk, tinyOptions());
  const values: string[] = [];
  for (let index = 0; index < KEYS; index++) values.push("");
  let snapshot: Snapshot | null = null;
  let shown = values;
  const batch = new Batch(1024);
  for (let step = 0; step < BATCHES; step++) {
    batch.clear();
    // Few keys for a while, so that one batch changes some of them twice.
    const hot = step % 3 == 0 ? 20 : KEYS;
    for (let left = 1 + <i32>random.below(12); left > 0; left--) {
      const index = <i32>random.below(hot);
      if (random.below(14) == 0) {
        batch.delete(bytesOf(keyOf(index)));
        values[index] = "";
      } else {
        values[index] = valueOf(step, random);
        const expiresNs = random.below(20) == 0 ? 4_000_000_000_000_000_000 : 0;
        batch.put(bytesOf(keyOf(index)), bytesOf(values[index]), expiresNs);
      }
    }
    if (store.commit(batch, random.below(3) == 0) != 0) return `seed ${seed}: commit`;
    const choice = random.below(60);
    let problem = "";
    if (choice == 0 && snapshot === null) {
      snapshot = store.snapshot();
      shown = values.slice(0);
    } else if (choice <= 2 && snapshot !== null) {
      problem = compare(store, snapshot, shown);
      snapshot.release();
      snapshot = null;
    } else if (choice == 3 && snapshot === null) {
      if (store.sync() != 0) return `seed ${seed}: sync`;
      store = new TestStore(disk, tinyOptions());
    } else if (choice == 4) problem = compare(store, null, values);
    else if (choice < 8) store.advance(60_000_000);
    if (problem != "") return `seed ${seed}, step ${step}: ${problem}`;
  }
  if (snapshot !== null) snapshot.release();
  const problem = compare(store, null, values);
  if (problem != "") return `seed ${seed}: ${problem}`;
  store.snapshot()!.release();
  return new DiskCheck(disk.content).run();
}

test("what is changed where it lies is what a plain model of it is, and snapshots do not see it", () => {
  for (let seed: u64 = 1; seed <= 6; seed++) expect(playOver(seed)).toBe("");
});

test("a place is known while its leaf is dirty, and its index is tried afterwards", () => {
  const store = new TestStore(new TestDisk(16384), tinyOptions());
  const places = store.store.engine.places;
  const key = bytesOf("a key");
  store.put("a key", "1");
  expect(places.find(key.dataStart, key.length)).toBe(0);
  expect(places.guess(key.dataStart, key.length)).toBe(-1);
  store.put("a key", "2");
  store.put("a key", "3");
  expect(places.find(key.dataStart, key.length) != 0).toBe(true);
  store.put("Another, before it", "");
  expect(places.find(key.dataStart, key.length)).toBe(0);
  store.put("a key", "4");
  expect(places.find(key.dataStart, key.length) != 0).toBe(true);
  store.snapshot()!.release();
  expect(places.find(key.dataStart, key.length)).toBe(0);
  expect(places.guess(key.dataStart, key.length)).toBe(1);
  expect(store.get("a key")).toBe("4");
  store.put("a key", "5");
  expect(places.find(key.dataStart, key.length) != 0).toBe(true);
  expect(store.get("a key")).toBe("5");
});
