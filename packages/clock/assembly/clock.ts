import { monotonic_clock, wall_clock } from "@phantasm/abi";
import { Clock, Timer, TimerHandler } from "@phantasm/interfaces";
import { addSource, now } from "@phantasm/runtime";
import { QueuedTimer } from "./timer";
import { TimerQueue } from "./queue";

/** The clock over the hypercalls wall_clock and monotonic_clock, and timers over the deadline of a step. */
export class HostClock implements Clock {
  /** Made with the first timer: an image that only asks for the time has no queue. */
  private queue: TimerQueue | null = null;

  /** @param timersMax timers that may be pending at once */
  constructor(private readonly timersMax: i32) {}

  now(): i64 {
    return now();
  }

  monotonic(): i64 {
    return monotonic_clock();
  }

  wall(): i64 {
    return wall_clock();
  }

  after(delayNs: i64, handler: TimerHandler): Timer {
    return this.start(delayNs, 0, handler);
  }

  every(periodNs: i64, handler: TimerHandler): Timer {
    assert(periodNs >= 1, "clock: the period of a timer is less than 1 ns");
    return this.start(periodNs, periodNs, handler);
  }

  private start(delayNs: i64, periodNs: i64, handler: TimerHandler): Timer {
    let queue = this.queue;
    if (queue === null) {
      queue = new TimerQueue(this.timersMax);
      this.queue = queue;
      addSource(queue);
    }
    const timer = new QueuedTimer(queue, handler, periodNs);
    timer.set(delayNs);
    return timer;
  }
}
