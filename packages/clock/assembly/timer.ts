import { Timer, TimerHandler } from "@phantasm/interfaces";
import { hold, now, release } from "@phantasm/runtime";
import { Timed, cancelTimer, coalesced, setTimer } from "@phantasm/runtime/timers";
import { HostClock } from "./clock";

/** A timer of the application, in the domain's wheel. */
@final
export class HostTimer extends Timed implements Timer {
  /** Keeps the domain alive while it is pending. */
  private holding: bool = true;
  /** When it was to be called; `dueNs` is that, or later by at most the slack. */
  private nominalNs: i64 = 0;
  private slackNs: i64 = 0;
  private missedCount: i64 = 0;

  /** @param periodNs 0: it is called once */
  constructor(
    private readonly clock: HostClock,
    private readonly handler: TimerHandler,
    private readonly periodNs: i64,
  ) {
    super();
  }

  get pending(): bool {
    return this.timerIsPending;
  }

  get missed(): i64 {
    return this.missedCount;
  }

  cancel(): void {
    if (!this.timerIsPending) return;
    cancelTimer(this);
    this.ended();
  }

  set(delayNs: i64): void {
    this.missedCount = 0;
    if (!this.timerIsPending) this.begun();
    this.schedule(later(now(), max<i64>(0, delayNs)));
  }

  slack(ns: i64): void {
    this.slackNs = max<i64>(0, ns);
    if (this.timerIsPending) this.schedule(this.nominalNs);
  }

  background(): void {
    if (!this.holding) return;
    this.holding = false;
    if (this.timerIsPending) release();
  }

  timerDue(nowNs: i64): void {
    const period = this.periodNs;
    if (period == 0) this.ended();
    else {
      const missed = (nowNs - this.nominalNs) / period;
      this.missedCount = missed;
      this.schedule(later(this.nominalNs, (missed + 1) * period));
    }
    this.handler.onTimer(this);
  }

  private schedule(nominalNs: i64): void {
    this.nominalNs = nominalNs;
    const slack = this.slackNs;
    setTimer(this, slack == 0 ? nominalNs : coalesced(nominalNs, slack));
  }

  private begun(): void {
    this.clock.countIn();
    if (this.holding) hold();
  }

  private ended(): void {
    this.clock.countOut();
    if (this.holding) release();
  }
}

/** The sum, or the end of time. */
function later(fromNs: i64, delayNs: i64): i64 {
  return delayNs > i64.MAX_VALUE - fromNs ? i64.MAX_VALUE : fromNs + delayNs;
}
