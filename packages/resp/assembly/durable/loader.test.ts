import { Batch, WRONG_FORMAT } from "@phantasm/interfaces";
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
    for (let i = <i32>random.below(3); i >= 0; i--) forge(store, random);

    const again = new TestStore(disk);
    const other = new TestServer(again.store, Durability.ALWAYS);
    again.run();
    step();
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
