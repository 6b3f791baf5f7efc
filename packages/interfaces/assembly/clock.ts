/**
 * Time, and being called later.
 *
 * There are three times, and only the first belongs into a protocol: the time of the step, the same
 * for everything that happens in it, and therefore the same when the step is replayed.
 */

/** Told when a timer is due. */
export interface TimerHandler {
  /**
   * `timer` is the one that `after` or `every` returned. It may be cancelled or set anew here; a timer
   * of `after` is no longer pending, one of `every` is already pending for its next time.
   */
  onTimer(timer: Timer): void;
}

/** One call in the future, or one in every period. Belongs to whoever asked for it. */
export interface Timer {
  /** True while a call is still to come. */
  readonly pending: bool;

  /** Periods that went by without a call just before this one; 0 for a timer of `after`. */
  readonly missed: i64;

  /** No call follows, not even one that is due in this step. Nothing happens if none was to come. */
  cancel(): void;

  /**
   * Calls `delayNs` from now instead of when it would have, also if it is not pending any more. A timer
   * of `every` goes on from there. Allocates nothing.
   */
  set(delayNs: i64): void;

  /**
   * From now on each call may come up to `ns` later than its time, so that calls which are near each
   * other happen in one step and the machine sleeps longer between them: timers with a slack of at least
   * 2^n ns are called at multiples of 2^n ns. Takes a pending call out of its place in the order, as `set`
   * does. The times of `every` do not drift. 0, the default, is punctual.
   */
  slack(ns: i64): void;

  /** From now on it does not keep the domain alive: for timers that serve something else which does. */
  background(): void;
}

export interface Clock {
  /** Time of this step in ns since the first boot; never goes back. The only time a protocol uses. */
  now(): i64;

  /** A fresh reading on the same scale, for measuring inside a step: never before `now()`. */
  monotonic(): i64;

  /** Time of day in ns since 1970-01-01T00:00:00Z. The operator may set it, also back. */
  wall(): i64;

  /**
   * Calls once, at the first step at or after `delayNs` from now. Less than 1 means the next step, and
   * never this one. Keeps the domain alive until then, unless cancelled or made a background timer.
   *
   * Timers that are due in one step are called in the order of their times; equal times, in the order
   * in which they were made. A clock calls a limited number in one step, the rest in the next ones.
   * Not promised: punctuality. A host may be a millisecond late, a busy one more.
   */
  after(delayNs: i64, handler: TimerHandler): Timer;

  /**
   * Calls every `periodNs` (at least 1) from now on: at exact multiples, however late each call is. If
   * whole periods have gone by, they are one call, and `Timer.missed` counts the others.
   */
  every(periodNs: i64, handler: TimerHandler): Timer;
}
