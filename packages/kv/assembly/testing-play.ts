/** For tests: a store that is used by chance, beside a model of it. */
import { CONFLICT, Snapshot } from "@phantasm/interfaces";
import { DiskCheck } from "./testing-check";
import { tinyOptions } from "./testing-crash";
import { Model } from "./testing-model";
import { TestDisk, TestRandom, TestStore } from "./testing";

const KEYS: i32 = 300;

/** Changes, reads, snapshots, reopenings by chance; what differs from the model, or "". */
export function play(seed: u64, steps: i32): string {
  const random = new TestRandom(seed * 0x9e37_79b9 + 1);
  const large = random.below(4) == 0;
  const disk = new TestDisk(large ? 2048 : 16384, large ? 4096 : 512, seed);
  if (random.below(4) == 0) disk.requestSectorsMax = large ? 1 : 24;
  disk.shuffles = random.below(2) == 0;
  if (random.below(3) == 0) disk.requestsMax = 2;
  const model = new Model(KEYS);
  let store = new TestStore(disk, tinyOptions());
  let snapshot: Snapshot | null = null;
  const shown = new StaticArray<i32>(KEYS);
  for (let step = 0; step < steps; step++) {
    const choice = random.below(100);
    let problem = "";
    if (choice < 60) {
      model.change(store.batch.clear(), random, 1 + <i32>random.below(4));
      const result = store.commit(store.batch, random.below(3) == 0);
      if (result != 0) problem = `commit says ${result}`;
    } else if (choice < 64) {
      const key = model.key(<i32>random.below(KEYS));
      store.batch
        .clear()
        .require(key, 1 << 60)
        .delete(key);
      const result = store.commit(store.batch, true);
      if (result != CONFLICT) problem = `a wrong condition says ${result}`;
    } else if (choice < 70) problem = model.compareScan(store, model.values, choice % 2 == 0);
    else if (choice < 76) problem = model.compareGets(store, model.values);
    else if (choice < 82) {
      if (snapshot === null) {
        snapshot = store.snapshot();
        if (snapshot === null) problem = "no snapshot was made";
        for (let index = 0; index < KEYS; index++) shown[index] = model.values[index];
      } else {
        problem = model.compareScan(store, shown, choice % 2 == 0, snapshot);
        if (random.below(2) == 0) {
          snapshot.release();
          snapshot = null;
        }
      }
    } else if (choice < 84) {
      if (store.sync() != 0) problem = "sync";
      store = new TestStore(disk, tinyOptions());
      snapshot = null;
      if (store.store.state != 0)
        problem = "state " + store.store.state.toString() + " " + store.store.problem();
    } else if (choice < 90) store.advance(20_000_000);
    if (problem != "") return `seed ${seed}, step ${step}: ${problem}`;
  }
  if (snapshot !== null) snapshot.release();
  snapshot = store.snapshot();
  snapshot!.release();
  const wrong = new DiskCheck(disk.content).run();
  return wrong == "" ? "" : `seed ${seed}: ${wrong}`;
}
