import { expect, test } from "@phantasm/testing";
import { CrashRun } from "./testing-crash";
import { TestRandom } from "./testing";

test("after a power failure all that was acknowledged is there, and batches are whole", () => {
  for (let seed: u64 = 1; seed <= 8; seed++) {
    const run = new CrashRun(seed, 60, seed % 2 == 0);
    const random = new TestRandom(seed);
    for (let events = 0; events <= run.events; events += 1 + <i32>random.below(8)) {
      expect(run.crash(events, random)).toBe("");
    }
    run.disk.forgetJournal();
  }
});
