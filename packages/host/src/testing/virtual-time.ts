/** Time that moves only when it is told to, and the order in which things happen in it. */
import { VirtualClock } from "../clock.js";
import { TimerHeap, type Scheduler, type Task } from "../scheduler.js";

/** More steps than this at one instant is a guest that never rests. */
const STEPS_AT_ONE_INSTANT_MAX = 100_000;

/** Several domains and devices may share one. Nothing in it depends on the machine or its speed. */
export class VirtualTime implements Scheduler {
  readonly clock: VirtualClock;
  readonly #timers = new TimerHeap();
  #queue: Task[] = [];

  constructor(wallStartNs?: bigint) {
    this.clock = new VirtualClock(wallStartNs);
  }

  get nowNs(): bigint {
    return this.clock.monotonic();
  }

  ready(task: Task): void {
    if (task.queued || task.cancelled) return;
    task.queued = true;
    this.#queue.push(task);
  }

  after(task: Task, delayNs: number): void {
    if (task.cancelled) return;
    if (delayNs === Infinity) this.#timers.remove(task);
    else this.#timers.set(task, Number(this.nowNs) + delayNs);
  }

  cancel(task: Task): void {
    task.cancelled = true;
    this.#timers.remove(task);
  }

  hold(): void {
    // Nobody waits in virtual time.
  }

  release(): void {
    // As above.
  }

  /** When the next thing is due, or null: nothing ever is. */
  get nextNs(): bigint | null {
    if (this.#queue.length > 0) return this.nowNs;
    const due = this.#timers.first?.dueNs;
    return due === undefined ? null : BigInt(Math.ceil(due));
  }

  /**
   * Runs whatever is ready, without moving time.
   *
   * @throws Error when a guest keeps asking to be called again at once
   */
  settle(): void {
    for (let taken = 0; this.#queue.length > 0; taken++) {
      if (taken > STEPS_AT_ONE_INSTANT_MAX) {
        throw new Error(`${taken} steps at ${this.nowNs} ns, and still no rest: a guest spins`);
      }
      const task = this.#queue.shift();
      if (task === undefined) break;
      task.queued = false;
      if (!task.cancelled) task.run();
    }
  }

  /** Moves to the next thing that is due, and runs it. False: nothing was due by `untilNs`. */
  next(untilNs?: bigint): boolean {
    this.settle();
    const due = this.nextNs;
    if (due === null || (untilNs !== undefined && due > untilNs)) return false;
    if (due > this.nowNs) this.clock.advance(due - this.nowNs);
    const now = Number(this.nowNs);
    for (let task = this.#timers.first; task !== undefined; task = this.#timers.first) {
      if (task.dueNs > now) break;
      this.#timers.remove(task);
      this.ready(task);
    }
    this.settle();
    return true;
  }

  /** Lets `ns` pass, and everything that is due in them happen at its time. */
  advance(ns: bigint): void {
    const target = this.nowNs + ns;
    while (this.next(target));
    if (target > this.nowNs) this.clock.advance(target - this.nowNs);
    this.settle();
  }
}
