import { MILLISECOND, NOT_FOUND } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { LOG_START } from "./log";
import { TestDisk, TestStore } from "./testing";

/** More than half of the buffer of the log, which is a sixty-fourth of the disk. */
function fill(store: TestStore, name: string): void {
  for (let index = 0; index < 100; index++)
    expect(store.put(name + index.toString(), "x".repeat(900), false)).toBe(0);
}

/** Puts something, and has it written as a record of its own, without waiting for it. */
function write(store: TestStore, name: string): void {
  expect(store.put(name, "1", false)).toBe(0);
  store.store.engine.log.begin();
  store.run();
}

test("a record that nobody waits for is written without a flush, and flushed soon", () => {
  const store = new TestStore(new TestDisk(16384));
  expect(store.put("first", "")).toBe(0);
  const counters = store.store.counters;
  const records = counters.records;
  const flushes = counters.flushes;
  fill(store, "a");
  expect(counters.records > records).toBe(true);
  expect(counters.flushes).toBe(flushes);
  store.advance(50 * MILLISECOND);
  expect(counters.flushes).toBe(flushes + 1);
  expect(store.store.engine.log.isPending).toBe(false);
  store.advance(50 * MILLISECOND);
  expect(counters.flushes).toBe(flushes + 1);
});

test("who waits for a record that was written has it flushed, with a record or without", () => {
  const disk = new TestDisk(16384);
  const store = new TestStore(disk);
  const log = store.store.engine.log;
  const counters = store.store.counters;
  fill(store, "a");
  // What is left in the buffer becomes a record of its own.
  expect(store.sync()).toBe(0);
  expect(log.isPending).toBe(false);
  fill(store, "b");
  store.run();
  log.begin();
  store.run();
  expect(log.isEmpty).toBe(true);
  expect(log.unflushed).toBe(true);
  const records = counters.records;
  const flushes = counters.flushes;
  expect(store.sync()).toBe(0);
  expect(counters.records).toBe(records);
  expect(counters.flushes).toBe(flushes + 1);
  expect(log.isPending).toBe(false);
  const again = new TestStore(disk);
  expect(again.get("b99")).toBe("x".repeat(900));
});

test("a record that takes the place of one that was lost does not lead to what was written behind that", () => {
  const disk = new TestDisk(16384);
  let store = new TestStore(disk);
  const log = store.store.engine.log;
  const place = <i32>LOG_START + <i32>log.head * 512;
  write(store, "a");
  write(store, "b");
  expect(log.unflushed).toBe(true);
  // The power fails, and of the two the device has written the second.
  disk.content.fill(0, place, place + 512);
  store = new TestStore(disk);
  expect(store.get("a")).toBe(NOT_FOUND.toString());
  expect(store.put("a", "1")).toBe(0);
  store = new TestStore(disk);
  expect(store.get("a")).toBe("1");
  expect(store.get("b")).toBe(NOT_FOUND.toString());
});

test("a record that takes the place of a mark is flushed before another follows", () => {
  const disk = new TestDisk(16384);
  let store = new TestStore(disk);
  for (let life = 0; life < 2; life++) {
    expect(store.put("a", "1")).toBe(0);
    store.advance(50 * MILLISECOND);
    // All of it is in the tree: the log begins with the mark.
    store.snapshot()!.release();
    if (life == 1) store = new TestStore(disk);
    const counters = store.store.counters;
    const flushes = counters.flushes;
    write(store, "b");
    expect(counters.flushes).toBe(flushes + 1);
    write(store, "c");
    expect(counters.flushes).toBe(flushes + 1);
    expect(store.sync()).toBe(0);
  }
});
