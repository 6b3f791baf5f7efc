/** A domain that ends while it writes, on a host that goes on: what it wrote is there to be read, and not durable. */
import { expect, test } from "@phantasm/testing";
import { META_GENERATION, META_PAGES, PAGE_BYTES } from "./layout";
import { isMetaPage } from "./meta";
import { CrashRun, tinyOptions } from "./testing-crash";
import { TestDisk, TestRandom, TestStore } from "./testing";

function generationOn(disk: TestDisk): u64 {
  let newest: u64 = 0;
  for (let page = 0; page < META_PAGES; page++) {
    const address = disk.content.dataStart + <usize>page * PAGE_BYTES;
    if (isMetaPage(address)) newest = max(newest, load<u64>(address, META_GENERATION));
  }
  return newest;
}

test("a tree that was written and is not durable replaces none before it is", () => {
  const disk = new TestDisk(4096);
  disk.records = true;
  let store = new TestStore(disk, tinyOptions());
  for (let i = 0; i < 60; i++) store.put("key" + i.toString(), "v".repeat(200));
  store.snapshot()!.release();
  for (let i = 0; i < 60; i++) store.put("key" + i.toString(), "w".repeat(200));
  const generation = generationOn(disk);
  store.store.snapshot(store, store.tag());
  while (generationOn(disk) == generation) expect(disk.run(1)).toBe(1);
  disk.forgetRequests();
  store = new TestStore(disk, tinyOptions());
  for (let i = 0; i < 60; i++) store.put("key" + i.toString(), "x".repeat(200), false);
  const flushes = disk.flushes;
  store.store.snapshot(store, store.tag());
  while (disk.flushes == flushes) expect(disk.run(1)).toBe(1);
  const random = new TestRandom(1);
  const left = new TestDisk(4096);
  for (let round = 0; round < 100; round++) {
    left.content.fill(0);
    disk.crash(disk.journalLength, random, left.content);
    const after = new TestStore(left, tinyOptions());
    expect(after.store.problem()).toBe("none");
    for (let i = 0; i < 60; i++) {
      const text = after.get("key" + i.toString());
      if (!text.startsWith("w") && !text.startsWith("x")) expect(text).toBe("w or x");
    }
  }
});

test("after any kill, any power failure loses nothing that was acknowledged", () => {
  for (let seed: u64 = 101; seed <= 108; seed++) {
    const run = new CrashRun(seed, 40, false, true);
    const random = new TestRandom(seed);
    for (let events = 0; events <= run.events; events += 1 + <i32>random.below(8)) {
      expect(run.crash(events, random)).toBe("");
    }
    run.disk.forgetJournal();
  }
});
