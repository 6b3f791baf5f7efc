import { NO_DEADLINE } from "@phantasm/abi";
import { now } from "@phantasm/runtime";
import { sleepUntil } from "./fibre";

/** The deadline of a wait that may take `durationNs` from now: `channel.receive(within(SECOND))`. */
export function within(durationNs: i64): i64 {
  const nowNs = now();
  return durationNs > NO_DEADLINE - nowNs ? NO_DEADLINE : nowNs + durationNs;
}

/** A rhythm for a fibre: turns at exact multiples of a period, however long each takes. */
@final
export class Ticker {
  /** Multiples that went by without a turn before this one. */
  missed: i64 = 0;
  private dueNs: i64;

  /** The first tick comes one period from now. */
  constructor(readonly periodNs: i64) {
    assert(periodNs > 0, "ticker: its period must be at least 1 ns");
    this.dueNs = within(periodNs);
  }

  /** Waits for the next tick. Returns 0 or CANCELLED. */
  wait(): i32 {
    return this.advance(sleepUntil(this.dueNs));
  }

  private advance(outcome: i32): i32 {
    if (outcome != 0) return outcome;
    this.missed = (now() - this.dueNs) / this.periodNs;
    this.dueNs += (this.missed + 1) * this.periodNs;
    return 0;
  }
}
