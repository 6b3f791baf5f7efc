/** Runs appliances on `Domain` in virtual time: nothing waits, ten seconds take no time. */
import { Task } from "@phantasm/host";
import { VirtualTime } from "@phantasm/host/testing";
import { runDomains, type World } from "./domain.js";
import type { Host } from "./types.js";

const NS_PER_MS = 1e6;
/** Turns of the event loop without anything due, after which nothing can happen any more. */
const IDLE_TURNS_MAX = 1_000;

function virtualWorld(): World {
  const time = new VirtualTime();
  return {
    clock: time.clock,
    scheduler: time,
    after: (delayMs, action) => time.after(new Task(action), delayMs * NS_PER_MS),
    async settle(all) {
      let settled = false;
      const done = (): void => void (settled = true);
      all.then(done, done);
      for (let idle = 0; !settled; idle++) {
        if (idle > IDLE_TURNS_MAX) throw new Error("nothing can wake the domains any more");
        time.settle();
        // Backends wake from microtasks and from the event loop; only then may time move on.
        await new Promise((resolve) => setImmediate(resolve));
        if (time.nextNs === time.nowNs || (!settled && time.next())) idle = 0;
      }
      await all;
    },
  };
}

export const virtualHost: Host = {
  name: "virtual",
  provides: new Set(["virtual-time", "cable", "observation", "faults"]),
  run: (case_, image) => runDomains(case_, image, virtualWorld()),
};
