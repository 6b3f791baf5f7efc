import { Batch, Errno, WRONG_FORMAT } from "@phantasm/interfaces";
import { TestDisk } from "@phantasm/block/testing";
import { TestStore } from "@phantasm/kv/testing";
import { expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { TestServer, step } from "../testing";
import { Durability } from "./keeper";

/** Changes a byte of a record, cuts it, or writes one of nonsense. */
function forge(store: TestStore, random: TestRandom): void {
  const keys: Uint8Array[] = [];
  const values: Uint8Array[] = [];
  const cursor = store.store.scan(null, null, null, false);
  while (cursor.next(store, 0) == 1) {
    keys.push(cursor.key.slice(0));
    values.push(cursor.value.copy());
  }
  const batch = new Batch(4096);
  const at = <i32>random.below(<u32>keys.length);
  const key = keys[at];
  let value = values[at];
  const kind = random.below(4);
  if (kind == 0 && value.length > 0) value[<i32>random.below(<u32>value.length)] = <u8>random.u32();
  else if (kind == 1) value = value.slice(0, <i32>random.below(<u32>value.length + 1));
  else if (kind == 2) key[<i32>random.below(<u32>key.length)] = <u8>random.u32();
  else random.fill(value, 0, min(value.length, 16));
  batch.put(key, value);
  const tag = store.tag();
  expect(store.wait(store.store.commit(batch, true, store, tag), tag)).toBe(0);
}

/** A key of the store's. */
function keyOf(kind: u8, id: u64, element: u64): Uint8Array {
  const key = new Uint8Array(18);
  key[0] = kind;
  store<u64>(key.dataStart, bswap(id), 1);
  store<u64>(key.dataStart, bswap(element), 9);
  return key;
}

/** Writes that strings are about to be set, and what a crash may leave of it. */
function announce(store: TestStore, isMarked: bool): void {
  const unit = new Batch(4096);
  for (let i = 0; i < 3; i++) {
    const value = new Uint8Array(15);
    value[1] = 1;
    value[13] = 0x69 + <u8>i;
    value[14] = 0x39;
    unit.put(keyOf(0x42, 500 + i, 0), value);
  }
  unit.delete(keyOf(0x42, 1, 0));
  const batch = new Batch(4096);
  const mark = new Uint8Array(8);
  mark[0] = <u8>unit.byteLength;
  if (isMarked) batch.put(keyOf(0x44, 400, 0), mark);
  batch.putPart(keyOf(0x44, 400, 1), unit.bytes, 0, 50);
  batch.putPart(keyOf(0x44, 400, 2), unit.bytes, 50, unit.byteLength - 50);
  const tag = store.tag();
  expect(store.wait(store.store.commit(batch, true, store, tag), tag)).toBe(0);
}

function settle(store: TestStore): void {
  for (let turn = 0; turn < 4; turn++) {
    store.run();
    step();
  }
}

test("what was announced is done at boot, if all of it is there, and forgotten then", () => {
  for (let round = 0; round < 2; round++) {
    const isMarked = round == 1;
    const disk = new TestDisk(16_384);
    let store = new TestStore(disk);
    let client = new TestServer(store.store, Durability.ALWAYS).client();
    client.says("SET a 1\r\n");
    settle(store);
    announce(store, isMarked);
    for (let boots = 0; boots < 2; boots++) {
      store = new TestStore(disk);
      const server = new TestServer(store.store, Durability.ALWAYS);
      settle(store);
      expect(server.ready).toBe(0);
      client = server.client();
      expect(client.ask("DBSIZE\r\nGET i\r\nGET k\r\nEXISTS a\r\n")).toBe(
        isMarked ? ":3\r\n$1\r\n9\r\n$1\r\n9\r\n:0\r\n" : ":1\r\n$-1\r\n$-1\r\n:1\r\n",
      );
      const left = store.store.scan(keyOf(0x44, 400, 0).slice(0, 1), null, null, false);
      expect(left.next(store, 0)).toBe(0);
    }
  }
});

test("what was announced is forgotten as a whole if the disk has no room for it", () => {
  // A smaller log takes no batch of that size.
  const disk = new TestDisk(131_072);
  let kept = new TestStore(disk);
  const unit = new Batch(4096);
  const value = new Uint8Array(60_000);
  for (let i = 0; i < 20; i++) unit.put(keyOf(0x43, 900, i), value);
  const mark = new Uint8Array(8);
  store<i64>(mark.dataStart, <i64>unit.byteLength);
  expect(kept.commit(kept.batch.clear().put(keyOf(0x44, 400, 0), mark))).toBe(0);
  let parts = 0;
  for (let at = 0; at < unit.byteLength; at += 60_000) {
    const bytes = min(60_000, unit.byteLength - at);
    kept.batch.clear().putPart(keyOf(0x44, 400, ++parts), unit.bytes, at, bytes);
    expect(kept.commit(kept.batch)).toBe(0);
  }
  let result = 0;
  for (let i = 0; i < 1200 && result == 0; i++)
    result = kept.commit(kept.batch.clear().put(keyOf(0x43, 7, i), value));
  expect(result).toBe(Errno.NOSPACE);
  kept = new TestStore(disk);
  const server = new TestServer(kept.store, Durability.ALWAYS);
  for (let i = 0; i < 10; i++) settle(kept);
  expect(server.ready).toBe(0);
  expect(server.failure).toBe(0);
  const left = kept.store.scan(keyOf(0x44, 400, 0).slice(0, 1), null, null, false);
  expect(kept.next(left)).toBe(0);
});

test("what was announced and cannot be done, for another reason, is told once", () => {
  const disk = new TestDisk(16_384);
  announce(new TestStore(disk), true);
  disk.writable = false;
  const store = new TestStore(disk);
  const server = new TestServer(store.store, Durability.ALWAYS);
  settle(store);
  expect(server.ready).toBe(Errno.READONLY);
});

test("records that were forged make a store that is refused, or one that works: no trap (seed 9)", () => {
  const random = new TestRandom(9);
  let refused = 0;
  for (let round = 0; round < 60; round++) {
    const disk = new TestDisk(16_384);
    const store = new TestStore(disk);
    const server = new TestServer(store.store, Durability.ALWAYS);
    store.run();
    const client = server.client();
    client.says("SET a 1\r\nHSET h f v g w\r\nRPUSH l x y z\r\nZADD z 1 m 2 n\r\nSADD u 1 2 3\r\n");
    step();
    store.run();
    step();
    if (random.below(2) == 0) announce(store, random.below(4) != 0);
    for (let i = <i32>random.below(3); i >= 0; i--) forge(store, random);

    const again = new TestStore(disk);
    const other = new TestServer(again.store, Durability.ALWAYS);
    settle(again);
    if (other.ready == WRONG_FORMAT) {
      refused++;
      continue;
    }
    expect(other.ready).toBe(0);
    const reader = other.client();
    reader.says(
      "HGETALL h\r\nLRANGE l 0 -1\r\nZRANGE z 0 -1\r\nSMEMBERS u\r\nZPOPMIN z 5\r\nDEL a h l u\r\n",
    );
    for (let turn = 0; turn < 4; turn++) {
      step();
      again.run();
    }
  }
  expect(refused).toBeGreaterThan(5);
});
