import { CONFLICT, NOT_FOUND, PENDING } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { TestDisk, TestOptions, TestStore, bytesOf } from "./testing";

test("what was put is got, scanned, deleted", () => {
  const store = new TestStore(new TestDisk(4096));
  expect(store.store.state).toBe(0);
  expect(store.put("b", "2")).toBe(0);
  expect(store.put("a", "1")).toBe(0);
  expect(store.put("c", "3", false)).toBe(0);
  expect(store.get("b")).toBe("2");
  expect(store.get("x")).toBe(NOT_FOUND.toString());
  expect(store.scan()).toBe("a=1 b=2 c=3");
  expect(store.scan(null, null, null, true)).toBe("c=3 b=2 a=1");
  expect(store.scan(null, "b")).toBe("b=2 c=3");
  expect(store.scan(null, null, "b")).toBe("a=1");
  expect(store.delete("b")).toBe(0);
  expect(store.scan()).toBe("a=1 c=3");
});

test("it is all there when the store is opened again", () => {
  const disk = new TestDisk(4096);
  let store = new TestStore(disk);
  for (let i = 0; i < 500; i++) store.put("key" + i.toString(), "value" + i.toString());
  store = new TestStore(disk);
  expect(store.store.state).toBe(0);
  for (let i = 0; i < 500; i++) {
    expect(store.get("key" + i.toString())).toBe("value" + i.toString());
  }
});

test("a device that is open later, or never", () => {
  const disk = new TestDisk(4096);
  disk.state = PENDING;
  const store = new TestStore(disk);
  expect(store.store.state).toBe(PENDING);
  disk.state = 0;
  expect(store.put("a", "1")).toBe(0);
  expect(store.get("a")).toBe("1");
  const missing = new TestDisk(4096);
  missing.state = NOT_FOUND;
  expect(new TestStore(missing).store.state).toBe(NOT_FOUND);
});

test("a condition holds, or nothing of the batch is applied", () => {
  const store = new TestStore(new TestDisk(4096));
  store.put("a", "1");
  store.fetch(bytesOf("a"));
  const version = store.value.version;
  const batch = store.batch.clear().require(bytesOf("a"), version).put(bytesOf("a"), bytesOf("2"));
  expect(store.commit(batch)).toBe(0);
  expect(store.commit(batch)).toBe(CONFLICT);
  expect(store.get("a")).toBe("2");
  const absent = store.batch.clear().require(bytesOf("n"), 0).put(bytesOf("n"), bytesOf("1"));
  expect(store.commit(absent)).toBe(0);
  expect(store.commit(absent)).toBe(CONFLICT);
});

test("more pages than the cache has", () => {
  const disk = new TestDisk(32768);
  const options = new TestOptions();
  options.cacheBytes = 256 << 10;
  let store = new TestStore(disk, options);
  const value = "0123456789".repeat(20);
  for (let i = 0; i < 5000; i++) {
    const key = "key" + ((i * 7919) % 5000).toString();
    const result = store.put(key, value + key, i % 50 == 0);
    if (result != 0) expect(result).toBe(0);
  }
  for (let i = 0; i < 5000; i++) {
    const key = "key" + i.toString();
    if (store.get(key) != value + key) expect(store.get(key)).toBe(value + key);
  }
  store.sync();
  store = new TestStore(disk, options);
  expect(store.store.state).toBe(0);
  for (let i = 0; i < 5000; i++) {
    const key = "key" + i.toString();
    if (store.get(key) != value + key) expect(store.get(key)).toBe(value + key);
  }
  for (let i = 0; i < 5000; i++) {
    const result = store.delete("key" + i.toString(), i % 50 == 0);
    if (result != 0) expect(result).toBe(0);
  }
  expect(store.scan()).toBe("");
});
