import { monotonic_clock, wall_clock } from "@phantasm/abi";
import { Clock, Timer, TimerHandler } from "@phantasm/interfaces";
import { now } from "@phantasm/runtime";
import { HostTimer } from "./timer";

/** The clock over the hypercalls wall_clock and monotonic_clock, and timers in the domain's wheel. */
export class HostClock implements Clock {
  private pending: i32 = 0;

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

  /** Called by a timer that becomes pending; one too many ends the domain. */
  countIn(): void {
    assert(
      this.pending < this.timersMax,
      "clock: too many timers are pending; raise clock({ timers })",
    );
    this.pending++;
  }

  /** Called by a timer that is no longer pending. */
  countOut(): void {
    this.pending--;
  }

  private start(delayNs: i64, periodNs: i64, handler: TimerHandler): Timer {
    const timer = new HostTimer(this, handler, periodNs);
    timer.set(delayNs);
    return timer;
  }
}
