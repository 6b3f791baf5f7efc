import { MILLISECOND } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { TestDisk, TestStore } from "./testing";

/** More than half of the buffer of the log, which is a sixty-fourth of the disk. */
function fill(store: TestStore, name: string): void {
  for (let index = 0; index < 100; index++)
    expect(store.put(name + index.toString(), "x".repeat(900), false)).toBe(0);
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
