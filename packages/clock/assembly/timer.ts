import { Timer, TimerHandler } from "@phantasm/interfaces";
import { now, release } from "@phantasm/runtime";
import { TimerQueue } from "./queue";

/** A timer and its place in the queue. */
export class QueuedTimer implements Timer {
  /** Absolute ns; of use only while pending. */
  dueNs: i64 = 0;
  /** Order among timers of one time. */
  sequence: u64 = 0;
  /** Index in the heap, or -1. */
  position: i32 = -1;
  /** Keeps the domain alive while it is pending. */
  holding: bool = true;
  private missedCount: i64 = 0;

  /** @param periodNs 0: fires once */
  constructor(
    private readonly queue: TimerQueue,
    readonly handler: TimerHandler,
    private readonly periodNs: i64,
  ) {}

  get pending(): bool {
    return this.position >= 0;
  }

  get missed(): i64 {
    return this.missedCount;
  }

  cancel(): void {
    if (this.pending) this.queue.remove(this);
  }

  set(delayNs: i64): void {
    this.missedCount = 0;
    this.queue.schedule(this, later(now(), max<i64>(0, delayNs)));
  }

  background(): void {
    if (!this.holding) return;
    this.holding = false;
    if (this.pending) release();
  }

  /** Leaves the queue, or moves to the next multiple of its period, which lies after `nowNs`. */
  advance(nowNs: i64): void {
    const period = this.periodNs;
    if (period == 0) {
      this.queue.remove(this);
      return;
    }
    const missed = (nowNs - this.dueNs) / period;
    this.missedCount = missed;
    this.queue.move(this, later(this.dueNs, (missed + 1) * period));
  }
}

/** The sum, or the end of time. */
function later(fromNs: i64, delayNs: i64): i64 {
  return delayNs > i64.MAX_VALUE - fromNs ? i64.MAX_VALUE : fromNs + delayNs;
}
