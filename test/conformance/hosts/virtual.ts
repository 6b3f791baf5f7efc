/** Runs appliances on `Domain` in virtual time: nothing waits, ten seconds take no time. */
import { VirtualClock, type Scheduler, type Task } from "@phantasm/host";
import { runDomains, type World } from "./domain.js";
import type { Host } from "./types.js";

const NS_PER_MS = 1e6;
/** What a step costs. Without it, an image that yields until time has passed would never see it pass. */
const STEP_NS = 1_000;
/** Turns of the event loop without anything due, after which nothing can happen any more. */
const IDLE_TURNS_MAX = 1_000;

interface Action {
  readonly dueNs: number;
  readonly run: () => void;
}

class VirtualWorld implements World, Scheduler {
  readonly clock = new VirtualClock();
  readonly scheduler: Scheduler = this;
  #queue: Task[] = [];
  readonly #timers = new Map<Task, number>();
  readonly #actions = new Set<Action>();

  ready(task: Task): void {
    if (task.queued || task.cancelled) return;
    task.queued = true;
    this.#queue.push(task);
  }

  after(what: Task | number, then: number | (() => void)): void {
    if (typeof what === "number") {
      if (typeof then === "function")
        this.#actions.add({ dueNs: this.#in(what * NS_PER_MS), run: then });
    } else if (then === Infinity) {
      this.#timers.delete(what);
    } else if (!what.cancelled) {
      this.#timers.set(what, this.#in(Math.ceil(then as number)));
    }
  }

  cancel(task: Task): void {
    task.cancelled = true;
    this.#timers.delete(task);
  }

  hold(): void {}

  release(): void {}

  async settle(all: Promise<unknown>): Promise<void> {
    let settled = false;
    all.then(
      () => (settled = true),
      () => (settled = true),
    );
    for (let idle = 0; !settled; idle++) {
      if (this.#turn()) idle = 0;
      // Backends wake from microtasks and from the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      if (idle > IDLE_TURNS_MAX) throw new Error("nothing can wake the domains any more");
    }
    await all;
  }

  /** Runs what is ready, or what is due next. False: there was nothing. */
  #turn(): boolean {
    const queue = this.#queue;
    this.#queue = [];
    for (const task of queue) {
      task.queued = false;
      this.clock.advance(BigInt(STEP_NS));
      if (!task.cancelled) task.run();
    }
    if (queue.length > 0) return true;
    const next = Math.min(
      ...this.#timers.values(),
      ...[...this.#actions].map(({ dueNs }) => dueNs),
    );
    if (next === Infinity) return false;
    const now = this.#in(0);
    if (next > now) this.clock.advance(BigInt(next - now));
    for (const [task, dueNs] of [...this.#timers]) {
      if (dueNs > next) continue;
      this.#timers.delete(task);
      this.ready(task);
    }
    for (const action of [...this.#actions]) {
      if (action.dueNs > next) continue;
      this.#actions.delete(action);
      action.run();
    }
    return true;
  }

  #in(delayNs: number): number {
    return Number(this.clock.monotonic()) + delayNs;
  }
}

export const virtualHost: Host = {
  name: "virtual",
  provides: new Set(["virtual-time", "cable", "observation", "faults"]),
  run: (case_, image) => runDomains(case_, image, new VirtualWorld()),
};
