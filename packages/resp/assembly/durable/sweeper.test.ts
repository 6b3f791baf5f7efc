import { NOT_FOUND } from "@phantasm/interfaces";
import { TestDisk } from "@phantasm/block/testing";
import { TestStore } from "@phantasm/kv/testing";
import { expect, test } from "@phantasm/testing";
import { Dropped, KIND_ELEMENT } from "./journal";
import { Sweeper } from "./sweeper";

function keyOf(owner: u8, element: u8): Uint8Array {
  const key = new Uint8Array(18);
  key[0] = KIND_ELEMENT;
  key[8] = owner;
  key[16] = element;
  return key;
}

/** Has it performed as often as it could be ready. */
function settle(store: TestStore, sweeper: Sweeper): void {
  for (let turn = 0; turn < 20; turn++) {
    store.run();
    sweeper.performTask();
  }
  store.run();
}

test("elements stay while what drops them is not committed, also if others are being removed", () => {
  const store = new TestStore(new TestDisk(131_072));
  const batch = store.batch.clear();
  for (let owner: u8 = 1; owner <= 3; owner++)
    for (let element: u8 = 0; element < 200; element++)
      batch.put(keyOf(owner, element), new Uint8Array(0));
  expect(store.commit(batch)).toBe(0);
  const dropped = new Dropped();
  const sweeper = new Sweeper(store.store, dropped);
  dropped.add(1);
  sweeper.schedule();
  dropped.add(2);
  settle(store, sweeper);
  expect(store.fetch(keyOf(1, 199))).toBe(NOT_FOUND);
  expect(store.fetch(keyOf(2, 0))).toBe(0);
  sweeper.schedule();
  settle(store, sweeper);
  expect(store.fetch(keyOf(2, 0))).toBe(NOT_FOUND);
  expect(store.fetch(keyOf(3, 0))).toBe(0);
});
