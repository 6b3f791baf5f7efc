import {
  EXHAUSTED,
  Errno,
  KeyValueSpace,
  KeyValueWatcher,
  NOT_FOUND,
  PENDING,
  SECOND,
  TOO_LARGE,
  Value,
  WRONG_FORMAT,
} from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { META_CHECKSUM, META_PAGES, META_VERSION, PAGE_BYTES } from "./layout";
import { isMetaPage, metaChecksum } from "./meta";
import { DiskCheck } from "./testing-check";
import { TestClock, TestDisk, TestOptions, TestStore, bytesOf, textOf } from "./testing";

function pattern(length: i32, seed: u32): Uint8Array {
  const bytes = new Uint8Array(length);
  let state: u32 = seed;
  for (let at = 0; at < length; at++) {
    state = state * 1664525 + 1013904223;
    store<u8>(bytes.dataStart + at, <u8>(state >> 24));
  }
  return bytes;
}

function equal(a: Uint8Array, aFrom: i32, b: Uint8Array, bFrom: i32, length: i32): bool {
  return memory.compare(a.dataStart + aFrom, b.dataStart + bFrom, length) == 0;
}

function tiny(): TestOptions {
  const options = new TestOptions();
  options.cacheBytes = 256 << 10;
  return options;
}

/** A checkpoint, so that the disk can be looked at. */
function settle(store: TestStore): string {
  store.put("settle", "x");
  store.snapshot()!.release();
  return new DiskCheck(store.disk.content).run();
}

test("values of every size in a batch come back whole", () => {
  const disk = new TestDisk(16384);
  let store = new TestStore(disk, tiny());
  const sizes: i32[] = [0, 1, 900, 985, 990, 991, 992, 1000, 4095, 4096, 4097, 20000, 65535, 65536];
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < sizes.length; i++) {
      const value = pattern(sizes[i], i + 1);
      if (round == 0) {
        store.batch.clear().put(bytesOf("size" + i.toString()), value);
        expect(store.commit(store.batch)).toBe(0);
      }
      expect(store.fetch(bytesOf("size" + i.toString()))).toBe(sizes[i]);
      expect(equal(store.value.bytes, 0, value, 0, sizes[i])).toBe(true);
    }
    store = new TestStore(disk, tiny());
  }
  expect(settle(store)).toBe("");
});

test("a value of megabytes is written and read by streams", () => {
  const disk = new TestDisk(65536);
  let store = new TestStore(disk, tiny());
  const value = pattern(5_000_001, 9);
  expect(store.stream("large", value, 70_000)).toBe(0);
  store = new TestStore(disk, tiny());
  expect(store.fetch(bytesOf("large"))).toBe(TOO_LARGE);
  expect(store.value.size).toBe(5_000_001);
  const reader = store.open("large")!;
  expect(reader.size).toBe(5_000_001);
  const part = new Uint8Array(300_000);
  for (let at = 0; at < value.length; at += part.length) {
    const length = min(part.length, value.length - at);
    expect(store.read(reader, at, part)).toBe(length);
    expect(equal(part, 0, value, at, length)).toBe(true);
  }
  expect(store.read(reader, 4_999_999, part)).toBe(2);
  expect(store.read(reader, 5_000_001, part)).toBe(0);
  // It stays, though its key is gone and others need room.
  expect(store.delete("large")).toBe(0);
  for (let i = 0; i < 5; i++) store.stream("other", value, 131_072);
  expect(store.read(reader, 1_000_000, part)).toBe(part.length);
  expect(equal(part, 0, value, 1_000_000, part.length)).toBe(true);
  reader.close();
  store.delete("other");
  expect(settle(store)).toBe("");
  store.put("a", "b");
  store.snapshot()!.release();
  const space = new KeyValueSpace();
  store.store.space(space);
  expect(space.heldBytes).toBe(0);
  expect(space.freeBytes).toBeGreaterThan(28 << 20);
});

test("a writer that is abandoned gives its room back, and a value may be empty", () => {
  const disk = new TestDisk(8192);
  const store = new TestStore(disk, tiny());
  const writer = store.store.create(bytesOf("never"), 0)!;
  const bytes = pattern(500_000, 3);
  const tag = store.tag();
  expect(store.wait(writer.write(bytes, 0, bytes.length, store, tag), tag)).toBe(0);
  writer.abandon();
  store.run();
  expect(store.get("never")).toBe(NOT_FOUND.toString());
  expect(store.stream("empty", new Uint8Array(0), 1)).toBe(0);
  expect(store.get("empty")).toBe("");
  expect(settle(store)).toBe("");
});

test("as many streams, writers, snapshots as may be, then EXHAUSTED", () => {
  const options = tiny();
  options.streamsMax = 1;
  options.writersMax = 1;
  options.snapshotsMax = 1;
  const store = new TestStore(new TestDisk(4096), options);
  store.put("a", "1");
  const reader = store.open("a")!;
  const part = new Uint8Array(4);
  expect(store.read(reader, 0, part)).toBe(1);
  expect(store.store.open(bytesOf("a"), store.value, store, 0)).toBe(EXHAUSTED);
  reader.close();
  store.open("a")!.close();
  const writer = store.store.create(bytesOf("b"), 0)!;
  expect(store.store.create(bytesOf("c"), 0) === null).toBe(true);
  writer.abandon();
  store.store.create(bytesOf("c"), 0)!.abandon();
  const snapshot = store.snapshot()!;
  expect(store.store.snapshot(store, 0)).toBe(EXHAUSTED);
  snapshot.release();
  store.snapshot()!.release();
});

test("a snapshot shows what was, whatever happens", () => {
  const store = new TestStore(new TestDisk(8192), tiny());
  for (let i = 0; i < 300; i++) store.put("k" + i.toString(), "old" + i.toString(), false);
  const snapshot = store.snapshot()!;
  const shown = store.list(snapshot.scan(null, null, null, false));
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 300; i++) store.put("k" + i.toString(), "new" + i.toString(), i % 40 == 0);
    for (let i = 0; i < 300; i += 2) store.delete("k" + i.toString(), false);
  }
  expect(store.list(snapshot.scan(null, null, null, false)) == shown).toBe(true);
  const space = new KeyValueSpace();
  store.store.space(space);
  expect(space.heldBytes).toBeGreaterThan(0);
  snapshot.release();
  store.store.space(space);
  expect(space.heldBytes).toBe(0);
  expect(settle(store)).toBe("");
});

test("a cursor over the store goes on while it is changed", () => {
  const store = new TestStore(new TestDisk(4096), tiny());
  for (let i = 10; i < 30; i++) store.put("k" + i.toString(), "v");
  const cursor = store.store.scan(bytesOf("k"), null, null, false);
  let seen = "";
  for (let i = 0; store.next(cursor) == 1; i++) {
    seen += textOf(cursor.key).substring(1) + " ";
    if (i == 3) store.delete("k13");
    if (i == 4) store.delete("k15");
    if (i == 5) store.put("k165", "v");
    if (i == 6) store.put("k11", "v");
  }
  expect(seen).toBe("10 11 12 13 14 16 165 17 18 19 20 21 22 23 24 25 26 27 28 29 ");
  expect(store.next(cursor)).toBe(0);
});

test("prefixes and ranges, in both directions", () => {
  const store = new TestStore(new TestDisk(4096), tiny());
  const keys: string[] = ["a", "aa", "ab", "abc", "b", "ba", "c"];
  for (let i = 0; i < keys.length; i++) store.put(keys[i], i.toString());
  expect(store.scan("a")).toBe("a=0 aa=1 ab=2 abc=3");
  expect(store.scan("a", null, null, true)).toBe("abc=3 ab=2 aa=1 a=0");
  expect(store.scan("a", "ab")).toBe("ab=2 abc=3");
  expect(store.scan("a", "ab", "abc", true)).toBe("ab=2");
  expect(store.scan("a", "b")).toBe("");
  expect(store.scan("b", "a", "bb", true)).toBe("ba=5 b=4");
  expect(store.scan(null, "aaa", "bb")).toBe("ab=2 abc=3 b=4 ba=5");
  expect(store.scan("x")).toBe("");
  store.batch.clear().put(new Uint8Array(2).fill(0xff), bytesOf("last"));
  store.commit(store.batch);
  const cursor = store.store.scan(new Uint8Array(1).fill(0xff), null, null, true);
  expect(store.next(cursor)).toBe(1);
  expect(cursor.value.text()).toBe("last");
  expect(store.next(cursor)).toBe(0);
});

test("values of the same size, and long ones, take one another's place in one batch", () => {
  const store = new TestStore(new TestDisk(8192), tiny());
  for (let round = 0; round < 4; round++) {
    store.batch.clear();
    for (let i = 0; i < 6; i++) {
      const text = (round * 10 + i).toString() + "x".repeat(i < 3 ? 2000 + 5000 * round : 20);
      store.batch.put(bytesOf("k"), bytesOf(text)).put(bytesOf("l"), bytesOf(i.toString()));
    }
    expect(store.commit(store.batch)).toBe(0);
    expect(store.scan()).toBe(`k=${round * 10 + 5}${"x".repeat(20)} l=5`);
  }
  store.put("long", "y".repeat(3000));
  store.put("long", "z".repeat(3000));
  expect(store.get("long")).toBe("z".repeat(3000));
  expect(settle(store)).toBe("");
});

test("a store of version 1 is opened, and becomes one of version 2", () => {
  const disk = new TestDisk(4096);
  const first = new TestStore(disk);
  first.put("a", "1");
  expect(settle(first)).toBe("");
  setVersion(disk, 1);
  const second = new TestStore(disk);
  expect(second.get("a")).toBe("1");
  second.put("b", "2".repeat(3000));
  expect(settle(second)).toBe("");
  setVersion(disk, 3);
  const third = new TestStore(disk);
  expect(third.store.state).toBe(WRONG_FORMAT);
  expect(third.store.problem()).toBe("the store was made by a newer version");
});

/** In all copies of the meta page. */
function setVersion(disk: TestDisk, version: u32): void {
  for (let page = 0; page < META_PAGES; page++) {
    const at = disk.content.dataStart + <usize>(page * PAGE_BYTES);
    if (!isMetaPage(at)) continue;
    store<u32>(at, version, META_VERSION);
    store<u64>(at, metaChecksum(at), META_CHECKSUM);
  }
}

test("an entry is gone when it has expired, and is swept away", () => {
  const disk = new TestDisk(4096);
  const clock = new TestClock();
  const store = new TestStore(disk, tiny(), clock);
  const now = clock.wall();
  for (let i = 0; i < 40; i++) store.put("t" + i.toString(), "v", false, now + SECOND);
  store.put("t5", "kept", true);
  store.put("t6", "later", true, now + 100 * SECOND);
  expect(store.get("t3")).toBe("v");
  expect(store.value.expiresNs).toBe(now + SECOND);
  clock.wallNs += SECOND;
  expect(store.get("t3")).toBe(NOT_FOUND.toString());
  expect(store.scan()).toBe("t5=kept t6=later");
  // An expired key counts as absent for a condition too.
  store.batch.clear().require(bytesOf("t3"), 0).put(bytesOf("t3"), bytesOf("again"));
  expect(store.commit(store.batch)).toBe(0);
  const space = new KeyValueSpace();
  store.store.space(space);
  expect(space.keys).toBe(40);
  for (let i = 0; i < 10; i++) store.advance(SECOND);
  store.store.space(space);
  expect(space.keys).toBe(3);
  expect(store.scan()).toBe("t3=again t5=kept t6=later");
  expect(settle(store)).toBe("");
});

class Changes implements KeyValueWatcher {
  text: string = "";
  onChange(key: Uint8Array, version: u64, deleted: bool): void {
    this.text += (deleted ? "-" : "+") + textOf(key) + " ";
  }
  onMissed(): void {
    this.text += "missed ";
  }
}

test("a watcher is told of what is durable, or that it missed something", () => {
  const store = new TestStore(new TestDisk(4096), tiny());
  const changes = new Changes();
  expect(store.store.watch(bytesOf("w/"), changes)).toBe(0);
  store.put("w/a", "1");
  store.put("x", "1");
  expect(changes.text).toBe("+w/a ");
  store.put("w/b", "1", false);
  store.delete("w/a", false);
  expect(changes.text).toBe("+w/a ");
  store.sync();
  expect(changes.text).toBe("+w/a +w/b -w/a ");
  changes.text = "";
  for (let i = 0; i < 200; i++) store.put("w/many" + i.toString(), "1", false);
  store.sync();
  expect(changes.text.endsWith("missed ")).toBe(true);
  changes.text = "";
  store.put("w/c", "1");
  expect(changes.text).toBe("+w/c ");
  store.store.unwatch(changes);
  store.put("w/d", "1");
  expect(changes.text).toBe("+w/c ");
});

test("what was not wanted durable becomes so by itself", () => {
  const disk = new TestDisk(4096);
  let store = new TestStore(disk, tiny());
  store.put("a", "1", false);
  const flushes = disk.flushes;
  store.advance(SECOND);
  expect(disk.flushes).toBe(flushes + 1);
  store = new TestStore(disk, tiny());
  expect(store.get("a")).toBe("1");
});

test("batches that are committed while a record is on its way go into the next one", () => {
  const disk = new TestDisk(8192);
  const store = new TestStore(disk, tiny());
  const flushes = disk.flushes;
  for (let i = 0; i < 40; i++) {
    store.batch.clear().put(bytesOf("k" + i.toString()), bytesOf("v"));
    expect(store.store.commit(store.batch, true, store, i)).toBe(PENDING);
    store.results[i] = PENDING;
  }
  store.run();
  for (let i = 0; i < 40; i++) expect(store.results[i]).toBe(0);
  expect(disk.flushes - flushes).toBe(2);
});

test("a device that is read-only shows what the log has", () => {
  const disk = new TestDisk(8192);
  let store = new TestStore(disk, tiny());
  for (let i = 0; i < 50; i++) store.put("k" + i.toString(), "v" + i.toString());
  const long = pattern(40_000, 7);
  for (let i = 0; i < 3; i++) {
    store.batch.clear().put(bytesOf("long"), long);
    expect(store.commit(store.batch)).toBe(0);
  }
  disk.writable = false;
  const writes = disk.writes;
  store = new TestStore(disk, tiny());
  expect(store.store.state).toBe(0);
  expect(store.store.writable).toBe(false);
  for (let i = 0; i < 50; i++) expect(store.get("k" + i.toString())).toBe("v" + i.toString());
  expect(store.fetch(bytesOf("long"))).toBe(40_000);
  expect(equal(store.value.bytes, 0, long, 0, 40_000)).toBe(true);
  store.open("long")!.close();
  expect(store.put("a", "b")).toBe(Errno.READONLY);
  const snapshot = store.snapshot()!;
  expect(store.next(snapshot.scan(null, null, null, false))).toBe(1);
  snapshot.release();
  expect(disk.writes).toBe(writes);
});

test("a device that has grown has more room", () => {
  const small = new TestDisk(2048);
  let store = new TestStore(small, tiny());
  store.put("a", "1");
  const disk = new TestDisk(65536 * 8);
  memory.copy(disk.content.dataStart, small.content.dataStart, small.content.length);
  store = new TestStore(disk, tiny());
  expect(store.store.state).toBe(0);
  const value = pattern(3_000_000, 5);
  expect(store.stream("large", value, 100_000)).toBe(0);
  expect(settle(store)).toBe("");
  store = new TestStore(disk, tiny());
  expect(store.get("a")).toBe("1");
  const space = new KeyValueSpace();
  store.store.space(space);
  expect(space.freeBytes).toBeGreaterThan(200 << 20);
  const into = new Value();
  expect(store.store.get(bytesOf("large"), into, store, 1)).toBe(TOO_LARGE);
});

test("a value of 64 MB", () => {
  const disk = new TestDisk((96 << 20) / 4096, 4096);
  const store = new TestStore(disk, tiny());
  const part = pattern(1 << 20, 1);
  const writer = store.store.create(bytesOf("large"), 0)!;
  for (let count = 0; count < 64; count++) {
    memory.fill(part.dataStart, <u8>count, 4);
    const tag = store.tag();
    expect(store.wait(writer.write(part, 0, part.length, store, tag), tag)).toBe(0);
  }
  const tag = store.tag();
  expect(store.wait(writer.commit(store, tag), tag)).toBe(0);
  const reader = store.open("large")!;
  expect(reader.size).toBe(64 << 20);
  const read = new Uint8Array(1 << 20);
  for (let count = 63; count >= 0; count--) {
    expect(store.read(reader, (<u64>count) << 20, read)).toBe(1 << 20);
    expect(load<u32>(read.dataStart)).toBe(<u32>count * 0x01010101);
    expect(equal(read, 4, part, 4, (1 << 20) - 4)).toBe(true);
  }
  reader.close();
  // There is no room for two of them.
  const second = store.store.create(bytesOf("large"), 0)!;
  let result = 0;
  for (let count = 0; count < 64 && result == 0; count++) {
    const next = store.tag();
    result = store.wait(second.write(part, 0, part.length, store, next), next);
  }
  expect(result).toBe(Errno.NOSPACE);
  second.abandon();
  expect(store.delete("large")).toBe(0);
  expect(settle(store)).toBe("");
});

test("a log that is more than the cache holds is applied by checkpoints", () => {
  const disk = new TestDisk(32768);
  const large = new TestOptions();
  large.cacheBytes = 8 << 20;
  let store = new TestStore(disk, large);
  const value = "v".repeat(300);
  for (let i = 0; i < 4000; i++) store.put("k" + i.toString(), value, false);
  store.snapshot()!.release();
  const checkpoints = store.store.counters.checkpoints;
  for (let i = 0; i < 1000; i++) {
    const key = "k" + ((i * 1237) % 4000).toString();
    store.put(key, "new" + i.toString() + value, i % 10 == 9);
  }
  expect(store.store.counters.checkpoints).toBe(checkpoints);
  store = new TestStore(disk, tiny());
  expect(store.store.state).toBe(0);
  expect(store.store.counters.checkpoints).toBeGreaterThan(2);
  for (let i = 0; i < 1000; i++) {
    const found = store.get("k" + ((i * 1237) % 4000).toString());
    if (found != "new" + i.toString() + value) expect(found).toBe("new" + i.toString());
  }
  expect(store.list(store.store.scan(bytesOf("k0"), null, null, false)).length).toBeGreaterThan(10);
  expect(settle(store)).toBe("");
});
