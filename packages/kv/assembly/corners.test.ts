/** What nobody does by chance: operations before the store is open, at its limits, and in the way of one another. */
import {
  EXHAUSTED,
  KeyValueSpace,
  KeyValueWatcher,
  MILLISECOND,
  NOT_FOUND,
  PENDING,
  SECOND,
  TOO_LARGE,
} from "@phantasm/interfaces";
import { expect, expectAbort, test } from "@phantasm/testing";
import { HEAD_PAGE, PAGE_BYTES } from "./layout";
import { insertCell, makePage } from "./page";
import { isTreePage } from "./page-check";
import { tinyOptions } from "./testing-crash";
import { TestClock, TestDisk, TestOptions, TestStore, bytesOf, textOf } from "./testing";

test("the sweeper leaves alone what was put again meanwhile", () => {
  const clock = new TestClock();
  const store = new TestStore(new TestDisk(4096), tinyOptions(), clock);
  store.put("k", "old", true, clock.wall() + SECOND);
  clock.wallNs += 2 * SECOND;
  // It waits for its long value to be written; meanwhile the sweeper finds the old one.
  store.batch.clear().put(bytesOf("k"), new Uint8Array(20_000));
  const tag = store.tag();
  expect(store.store.commit(store.batch, true, store, tag)).toBe(PENDING);
  clock.nowNs += 40 * SECOND;
  clock.run();
  store.run();
  expect(store.results[tag]).toBe(0);
  expect(store.fetch(bytesOf("k"))).toBe(20_000);
});

test("the sweeper believes the clock of the moment in which it removes", () => {
  const clock = new TestClock();
  const store = new TestStore(new TestDisk(4096), tinyOptions(), clock);
  store.put("k", "v", true, clock.wall() + 10 * SECOND);
  clock.wallNs += 20 * SECOND;
  store.batch.clear().put(bytesOf("long"), new Uint8Array(20_000));
  store.store.commit(store.batch, true, store, store.tag());
  clock.nowNs += 40 * SECOND;
  clock.run();
  clock.wallNs -= 100 * SECOND;
  store.run();
  expect(store.get("k")).toBe("v");
});

test("tens of thousands that expire are removed in a second", () => {
  const clock = new TestClock();
  const store = new TestStore(new TestDisk(32768), tinyOptions(), clock);
  const expiresNs = clock.wall() + SECOND;
  for (let i = 0; i < 2000; i++) store.put("k" + i.toString(), "v", false, expiresNs);
  clock.wallNs += 2 * SECOND;
  // The cache has 64 frames: 4 in each batch. With the usual 1024 there are 64.
  for (let ms = 0; ms < 1020; ms++) store.advance(MILLISECOND);
  const space = new KeyValueSpace();
  store.store.space(space);
  expect(space.keys).toBe(0);
});

test("entries with long keys, few in a leaf, expire as fast", () => {
  const clock = new TestClock();
  const store = new TestStore(new TestDisk(32768), new TestOptions(), clock);
  const expiresNs = clock.wall() + SECOND;
  const long = "x".repeat(200);
  for (let i = 0; i < 3000; i++) store.put(long + i.toString(), "v", false, expiresNs);
  clock.wallNs += 2 * SECOND;
  // A leaf has at least seven, and may have to be read first.
  for (let ms = 0; ms < 900; ms++) store.advance(MILLISECOND);
  const space = new KeyValueSpace();
  store.store.space(space);
  expect(space.keys).toBe(0);
});

test("a cursor goes over any number of entries that have expired", () => {
  const clock = new TestClock();
  const store = new TestStore(new TestDisk(32768), tinyOptions(), clock);
  const expiresNs = clock.wall() + 100 * SECOND;
  for (let i = 0; i < 4000; i++)
    store.put("k" + (10_000 + i).toString(), "v".repeat(100), false, expiresNs);
  store.put("k1", "first");
  store.put("z", "last");
  clock.wallNs += 200 * SECOND;
  expect(store.scan()).toBe("k1=first z=last");
  expect(store.scan(null, null, null, true)).toBe("z=last k1=first");
});

test("a stream reads at the end of a value that is in many pieces", () => {
  const disk = new TestDisk((48 << 20) / 512);
  disk.requestSectorsMax = 8;
  const store = new TestStore(disk, tinyOptions());
  const value = new Uint8Array(32 << 20);
  store64(value, (31 << 20) + 8, 4711);
  expect(store.stream("large", value, 1 << 20)).toBe(0);
  const reader = store.open("large")!;
  const part = new Uint8Array(16);
  expect(store.read(reader, 31 << 20, part)).toBe(16);
  expect(load<u64>(part.dataStart, 8)).toBe(4711);
  expect(store.read(reader, 0, part)).toBe(16);
  reader.close();
});

function store64(bytes: Uint8Array, at: i32, value: u64): void {
  store<u64>(bytes.dataStart + at, value);
}

test("keys that no store has end the domain before they are looked for", () => {
  expectAbort(() => {
    const opened = new TestStore(new TestDisk(4096), tinyOptions());
    opened.fetch(new Uint8Array(600));
  }, "kv: a key has 1 to 511 bytes");
  expectAbort(() => {
    const opened = new TestStore(new TestDisk(4096), tinyOptions());
    opened.store.open(new Uint8Array(0), opened.value, opened, 1);
  }, "kv: a key has 1 to 511 bytes");
  expectAbort(() => {
    const opened = new TestStore(new TestDisk(4096), tinyOptions());
    opened.store.scan(null, new Uint8Array(512), null, false);
  }, "kv: a limit of a scan has at most 511 bytes");
});

test("a batch that is too large is refused also when it came before the store was open", () => {
  const disk = new TestDisk(64 * 8);
  const next = new TestStore(disk, tinyOptions(), new TestClock(), false);
  next.batch.clear();
  for (let i = 0; i < 3; i++) next.batch.put(bytesOf("k" + i.toString()), new Uint8Array(8000));
  const tag = next.tag();
  expect(next.store.commit(next.batch, true, next, tag)).toBe(PENDING);
  next.run();
  expect(next.results[tag]).toBe(TOO_LARGE);
  expect(next.put("a", "1")).toBe(0);
});

test("a snapshot asked for before the store is open shows all of it", () => {
  const disk = new TestDisk(4096);
  let store = new TestStore(disk, tinyOptions());
  for (let i = 0; i < 40; i++) store.put("k" + i.toString(), "v");
  store = new TestStore(disk, tinyOptions(), new TestClock(), false);
  let tag = store.tag();
  expect(store.store.snapshot(store, tag)).toBe(PENDING);
  expect(store.wait(PENDING, tag)).toBe(0);
  let snapshot = store.store.takeSnapshot();
  let count = 0;
  for (let cursor = snapshot.scan(null, null, null, false); store.next(cursor) == 1;) count++;
  expect(count).toBe(40);
  snapshot.release();

  store.put("one", "more");
  disk.writable = false;
  store = new TestStore(disk, tinyOptions(), new TestClock(), false);
  tag = store.tag();
  expect(store.wait(store.store.snapshot(store, tag), tag)).toBe(0);
  snapshot = store.store.takeSnapshot();
  expect(store.next(snapshot.scan(bytesOf("one"), null, null, false))).toBe(1);
  snapshot.release();

  const foreign = new TestDisk(4096);
  foreign.content[5] = 1;
  store = new TestStore(foreign, tinyOptions(), new TestClock(), false);
  tag = store.tag();
  expect(store.wait(store.store.snapshot(store, tag), tag)).toBe(-68);
});

test("a writer that cannot even begin its commit is done too", () => {
  const disk = new TestDisk(4096);
  const options = tinyOptions();
  options.operationsMax = 8;
  options.writersMax = 1;
  let store = new TestStore(disk, options);
  store.put("a", "1");
  store = new TestStore(disk, options, new TestClock(), false);
  const writer = store.store.create(bytesOf("w"), 0)!;
  for (let i = 0; i < 8; i++) store.store.get(bytesOf("a"), store.value, store, i);
  expect(writer.commit(store, 9)).toBe(EXHAUSTED);
  store.run();
  const second = store.store.create(bytesOf("w"), 0);
  expect(second !== null).toBe(true);
  if (second !== null) second.abandon();
});

class Noted implements KeyValueWatcher {
  text: string = "";
  onChange(key: Uint8Array, version: u64, deleted: bool): void {
    this.text += textOf(key) + " ";
  }
  onMissed(): void {
    this.text += "missed ";
  }
}

test("a watcher that was there before the store was open is told of what comes, not of what the log has", () => {
  const disk = new TestDisk(4096);
  let store = new TestStore(disk, tinyOptions());
  for (let i = 0; i < 4; i++) store.put("k" + i.toString(), "v");
  store = new TestStore(disk, tinyOptions(), new TestClock(), false);
  const noted = new Noted();
  store.store.watch(bytesOf("k"), noted);
  const tag = store.tag();
  store.batch.clear().put(bytesOf("k9"), bytesOf("v"));
  store.store.commit(store.batch, true, store, tag);
  store.run();
  expect(noted.text).toBe("k9 ");
});

test("a value that claims more bytes than there can be is none: its pages may lead in a circle", () => {
  const page = heap.alloc(PAGE_BYTES);
  makePage(page, 0);
  store<u64>(page, 40, HEAD_PAGE);
  const cell = insertCell(page, 0, 16 + 2 + 24);
  store<u64>(cell, 2 | (2 << 16) | ((<u64>24) << 32));
  store<u64>(cell, 1, 8);
  store<u16>(cell, 0x6102, 16);
  store<u64>(cell, 50, 18 + 8);
  store<u64>(cell, 9000, 18);
  expect(isTreePage(page, 40, 0, 20, 100)).toBe(true);
  store<u64>(cell, 0, 18);
  expect(isTreePage(page, 40, 0, 20, 100)).toBe(false);
  store<u64>(cell, ((<u64>1) << 33) + 1, 18);
  expect(isTreePage(page, 40, 0, 20, 100)).toBe(false);
  heap.free(page);
});

test("whatever fails while a store is opened, all who wait are told", () => {
  const disk = new TestDisk(4096);
  let store = new TestStore(disk, tinyOptions());
  for (let i = 0; i < 30; i++) {
    store.batch.clear().put(bytesOf("long" + (i % 3).toString()), new Uint8Array(3000 + i));
    store.batch.put(bytesOf("short" + i.toString()), bytesOf("v".repeat(300)));
    store.commit(store.batch);
    if (i == 10) store.snapshot()!.release();
  }
  const image = disk.content.slice();
  let requests = 0;
  for (let failAt = -1; failAt < requests; failAt++) {
    memory.copy(disk.content.dataStart, image.dataStart, image.length);
    disk.requests = 0;
    disk.failAt = failAt;
    disk.status = 0;
    store = new TestStore(disk, tinyOptions(), new TestClock(), false);
    const tags: i32[] = [store.tag(), store.tag(), store.tag(), store.tag(), store.tag()];
    store.batch.clear().put(bytesOf("long1"), bytesOf("v"));
    expect(store.store.commit(store.batch, true, store, tags[0])).toBe(PENDING);
    expect(store.store.get(bytesOf("long1"), store.value, store, tags[1])).toBe(PENDING);
    expect(store.store.snapshot(store, tags[2])).toBe(PENDING);
    expect(store.store.sync(store, tags[3])).toBe(PENDING);
    const writer = store.store.create(bytesOf("w"), 0)!;
    expect(writer.commit(store, tags[4])).toBe(PENDING);
    store.run();
    for (let i = 0; i < 5; i++)
      if (store.results[tags[i]] == PENDING) expect(`${failAt}: ${i} waits`).toBe("");
    expect(store.reported).toBe(5);
    if (failAt < 0) requests = disk.requests;
  }
  expect(requests).toBeGreaterThan(20);
});


@final
class Once implements KeyValueWatcher {
  times: i32 = 0;
  constructor(private readonly store: TestStore) {}
  onChange(key: Uint8Array, version: u64, deleted: bool): void {
    this.times++;
    this.store.store.unwatch(this);
  }
  onMissed(): void {}
}

test("a watcher that goes away when it is told takes nobody's turn", () => {
  const store = new TestStore(new TestDisk(4096), tinyOptions());
  const watchers: Once[] = [new Once(store), new Once(store), new Once(store)];
  for (let i = 0; i < 3; i++) store.store.watch(new Uint8Array(0), watchers[i]);
  store.put("a", "1");
  for (let i = 0; i < 3; i++) expect(watchers[i].times).toBe(1);
});
