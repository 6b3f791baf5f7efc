import { Errno, KeyValueSpace } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { DiskCheck } from "./testing-check";
import { tinyOptions } from "./testing-crash";
import { Model } from "./testing-model";
import { TestDisk, TestRandom, TestStore, bytesOf, textOf } from "./testing";

const KEYS: i32 = 60;
const SECTORS: u64 = 4096;

/** The number of a batch; 0: there is none; negative: an error. */
function numberOf(text: string): i32 {
  return text == "-64" ? 0 : <i32>I32.parseInt(text);
}

/** A run in which one request fails. Afterwards, on a sound disk, what was acknowledged must be there. */
@final
class Fault {
  private readonly model: Model = new Model(KEYS);
  private readonly states: StaticArray<i32>[] = [];
  private readonly disk: TestDisk = new TestDisk(SECTORS);
  private readonly blank: Uint8Array = new Uint8Array(<i32>SECTORS * 512);

  /** What is wrong, or "". `requests` of the disk says how far the run came. */
  run(failAt: i32, status: i32, refuses: bool): string {
    const disk = this.disk;
    disk.run();
    memory.copy(disk.content.dataStart, this.blank.dataStart, this.blank.length);
    disk.requests = 0;
    disk.status = 0;
    disk.refusal = 0;
    disk.failAt = failAt;
    disk.failStatus = status;
    this.states.length = 0;
    const model = this.model;
    model.values.fill(0);
    this.states.push(model.values.slice<StaticArray<i32>>());
    const random = new TestRandom(99);
    let acknowledged = 0;
    // Room that is lost because a page could not be read is counted, and is still in use for the map.
    let lost: u64 = 0;
    let store = new TestStore(disk, tinyOptions());
    for (let batch = 1; batch <= 30; batch++) {
      model.change(store.batch.clear(), random, 4);
      store.batch.put(bytesOf("batch"), bytesOf(batch.toString()));
      this.states.push(model.values.slice<StaticArray<i32>>());
      const result = store.commit(store.batch, true);
      if (result > 0 || result == -20) return `${failAt}: commit says ${result}`;
      if (result == 0) acknowledged = batch;
      else {
        // A page could not be read: nothing has changed. Or something could not be written: all that follows fails.
        memory.copy(
          changetype<usize>(model.values),
          changetype<usize>(this.states[batch - 1]),
          KEYS * 4,
        );
      }
      if (batch % 10 == 3) {
        const stream = store.stream("stream", new Uint8Array(150_000).fill(<u8>batch), 50_000);
        if (stream == -20) return `${failAt}: a stream does not end`;
      }
      if (batch % 10 == 6) {
        const snapshot = store.snapshot();
        if (snapshot !== null) snapshot.release();
      }
      if (batch == 15 || batch == 25) {
        lost += store.store.counters.lost;
        store = new TestStore(disk, tinyOptions());
        const found = numberOf(store.get("batch"));
        // What was never told is there or not: the model goes on from what is.
        if (found >= 0)
          memory.copy(
            changetype<usize>(model.values),
            changetype<usize>(this.states[found]),
            KEYS * 4,
          );
      }
      if (refuses && disk.requests > failAt) disk.refusal = Errno.GONE;
      // Reads go on as well as they can, and end.
      const read = store.get("batch");
      if (read == "-20") return `${failAt}: a read does not end`;
    }
    disk.status = 0;
    disk.refusal = 0;
    disk.failAt = -1;
    disk.run();
    const fresh = new TestStore(disk, tinyOptions());
    if (fresh.store.state != 0)
      return `${failAt}: state ${fresh.store.state}: ${fresh.store.problem()}`;
    const found = numberOf(fresh.get("batch"));
    if (found < acknowledged) return `${failAt}: ${found} of ${acknowledged} batches`;
    const problem = model.compareGets(fresh, this.states[found]);
    if (problem != "") return `${failAt}: ${problem}`;
    fresh.put("z", "z");
    fresh.snapshot()!.release();
    lost += store.store.counters.lost;
    const check = new DiskCheck(disk.content).run();
    return check == "" || lost > 0 ? "" : `${failAt}: ${check}`;
  }

  get requests(): i32 {
    return this.disk.requests;
  }
}

function everyRequest(status: i32, refuses: bool, first: i32, step: i32): void {
  const fault = new Fault();
  expect(fault.run(-1, 0, false)).toBe("");
  const requests = fault.requests;
  expect(requests).toBeGreaterThan(100);
  for (let failAt = first; failAt < requests; failAt += step) {
    expect(fault.run(failAt, status, refuses)).toBe("");
  }
}

test("an error of every request", () => {
  everyRequest(Errno.IO, false, 0, 2);
});

test("an error of every other request", () => {
  everyRequest(Errno.IO, false, 1, 2);
});

test("no space on the device at every request", () => {
  everyRequest(Errno.NOSPACE, false, 0, 3);
});

test("the device is gone from every request on", () => {
  everyRequest(Errno.GONE, true, 0, 3);
});

test("a full store says so, loses nothing, and takes batches again after deletes", () => {
  const disk = new TestDisk(1024);
  let store = new TestStore(disk, tinyOptions());
  const value = "0123456789".repeat(30);
  for (let round = 0; round < 4; round++) {
    let count = 0;
    let result = 0;
    for (; count < 5000; count++) {
      result = store.put("key" + count.toString(), value, count % 7 == 0);
      if (result != 0) break;
    }
    expect(result).toBe(Errno.NOSPACE);
    expect(count).toBeGreaterThan(200);
    result = 0;
    expect(store.sync()).toBe(0);
    if (round % 2 == 1) store = new TestStore(disk, tinyOptions());
    for (let i = 0; i < count; i++) {
      if (store.get("key" + i.toString()) != value) expect(i).toBe(-1);
    }
    const long = new Uint8Array(12_000);
    for (let i = 0; i < 20 && result == 0; i++) {
      store.batch.clear().put(bytesOf("key" + (count++).toString()), long);
      result = store.commit(store.batch);
    }
    expect(result).toBe(Errno.NOSPACE);
    expect(store.stream("long", new Uint8Array(60_000), 10_000)).toBe(Errno.NOSPACE);
    for (let i = 0; i < count; i++) {
      const deleted = store.delete("key" + ((i * 7) % count).toString(), i % 5 == 0);
      if (deleted != 0) expect(deleted).toBe(0);
    }
    for (let i = 0; i < count; i++) store.delete("key" + i.toString(), false);
    expect(store.scan()).toBe("");
    const space = new KeyValueSpace();
    store.store.space(space);
    expect(space.keys).toBe(0);
    store.put("one", "1");
    store.snapshot()!.release();
    expect(new DiskCheck(disk.content).run()).toBe("");
    store.delete("one");
  }
});

test("what is no store is left alone", () => {
  const disk = new TestDisk(4096);
  disk.content[2000] = 1;
  const before = disk.content.slice();
  const store = new TestStore(disk, tinyOptions());
  expect(store.store.state).toBe(-68);
  expect(store.store.problem()).toBe(
    'something else is on the device; format: "always" overwrites it',
  );
  expect(store.put("a", "1")).toBe(-68);
  expect(store.get("a")).toBe("-68");
  expect(textOf(before) == textOf(disk.content)).toBe(true);
  // Where Btrfs begins.
  const later = new TestDisk(4096);
  later.content[65_536 + 64] = 1;
  expect(new TestStore(later, tinyOptions()).store.state).toBe(-68);
  expect(later.writes).toBe(0);
  const options = tinyOptions();
  options.format = 1;
  expect(new TestStore(disk, options).put("a", "1")).toBe(0);
  expect(new TestStore(disk, options).get("a")).toBe("1");
  expect(new TestStore(new TestDisk(256), tinyOptions()).store.state).toBe(-68);
});

test("operations that come before it is open wait; too many are refused", () => {
  const disk = new TestDisk(4096);
  const options = tinyOptions();
  options.operationsMax = 8;
  const store = new TestStore(disk, options);
  store.put("a", "1");
  const next = new TestStore(disk, options, store.clock, false);
  expect(next.store.state).toBe(-20);
  for (let i = 0; i < 8; i++) {
    expect(next.store.get(bytesOf("a"), next.value, next, i)).toBe(-20);
  }
  expect(next.store.get(bytesOf("a"), next.value, next, 8)).toBe(-19);
  next.run();
  for (let i = 0; i < 8; i++) expect(next.results[i]).toBe(1);
  // How large a batch may be is known only then.
  const last = new TestStore(disk, options, store.clock, false);
  last.batch.clear().put(bytesOf("b"), new Uint8Array(65_536));
  expect(last.store.commit(last.batch, true, last, 0)).toBe(-20);
  last.run();
  expect(last.results[0]).toBe(-36);
  expect(last.put("c", "1")).toBe(0);
});

test("a device that is ready later is waited for; one that never is says why", () => {
  const disk = new TestDisk(4096);
  let store = new TestStore(disk, tinyOptions());
  store.put("a", "1");
  disk.state = -20;
  store = new TestStore(disk, tinyOptions());
  expect(store.store.get(bytesOf("a"), store.value, store, 1)).toBe(-20);
  store.results[1] = -20;
  store.run();
  expect(store.store.state).toBe(-20);
  disk.state = 0;
  store.run();
  expect(store.store.state).toBe(0);
  expect(store.results[1]).toBe(1);
  disk.state = -20;
  store = new TestStore(disk, tinyOptions());
  disk.state = Errno.GONE;
  store.run();
  expect(store.store.state).toBe(Errno.GONE);
  expect(store.store.problem()).toBe("the device failed");
});
