/**
 * Being called later, for the library OS: the clock's timers, sleeps and deadlines of fibres, time-outs
 * of protocols. All of a domain lie in one wheel, and the step returns when the first is due.
 *
 * Timers are called in the order of their dues, and where those are equal, in the order in which they
 * were set. A timer that is set in a step is never called in that step.
 */
import { Timed, TimerWheel } from "./wheel";
import { addSource, now } from "./domain";

export { Timed };

/** Made with the first timer: an image that has none carries no wheel. */
let wheel: TimerWheel | null = null;

/**
 * Has `timed.expire` called in the first step at or after `dueNs` (absolute ns) that comes after this
 * one. A due that has passed counts as now. One that is pending gets the new due instead of its old one;
 * otherwise it must be in no list.
 */
export function setTimer(timed: Timed, dueNs: i64): void {
  const nowNs = now();
  let made = wheel;
  if (made === null) {
    made = new TimerWheel(nowNs);
    wheel = made;
    addSource(made);
  }
  made.set(timed, dueNs, nowNs);
}

/** It is not called, not even if it is due in this step. Nothing happens if it is not pending. */
export function cancelTimer(timed: Timed): void {
  if (timed.timerIsPending) changetype<TimerWheel>(wheel).remove(timed);
}

/** How many are pending in the whole domain. */
export function timersPending(): i32 {
  const made = wheel;
  return made === null ? 0 : made.pending;
}

/**
 * The time in `[dueNs, dueNs + slackNs]` that is a multiple of the largest power of two: what timers that
 * need not be punctual are set to, so that those which are near each other are due at once and cost one
 * step. All that have a slack of at least 2^n fall on multiples of 2^n.
 */
export function coalesced(dueNs: i64, slackNs: i64): i64 {
  const latestNs = slackNs > i64.MAX_VALUE - dueNs ? i64.MAX_VALUE : dueNs + slackNs;
  // Of the bits of `latestNs`, those down to the first in which the time just before `dueNs` differs.
  return latestNs & (i64.MIN_VALUE >> clz((dueNs - 1) ^ latestNs));
}
