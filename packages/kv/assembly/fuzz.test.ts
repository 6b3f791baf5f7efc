import { test } from "@phantasm/testing";
import { Forger } from "./testing-fuzz";
import { SmallStore } from "./testing-flips";
import { TestRandom } from "./testing";

function forgeries(withLog: bool, first: u64, count: u64): void {
  const store = new SmallStore(withLog);
  const forger = new Forger(store.disk.content);
  for (let seed = first; seed < first + count; seed++) {
    const random = new TestRandom(seed * 2654435761 + 1);
    forger.forge(random);
    store.use();
    store.disk.run();
    store.restore();
  }
}

test("whatever the pages say, and their checksums fit, nothing traps and everything ends", () => {
  forgeries(false, 1, 300);
});

test("the same with records in the log", () => {
  forgeries(true, 10000, 300);
});
