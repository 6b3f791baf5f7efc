/**
 * The wheel against a list that is searched from end to end: every call must be the one that the list
 * says comes next, and every deadline must be the list's first due.
 */
import { describe, expect, test, world } from "@phantasm/testing";
import { dispatch, enter, hold, leave, now } from "./domain";
import { Timed, cancelTimer, setTimer, timersPending } from "./timers";

/** The most calls in one step. */
const STEP_CALLS_MAX: i32 = 256;
/** In a slot with more timers, the deadline may be before the first due. */
const CROWD: i32 = 32;
const YEAR: i64 = 365 * 24 * 3600 * 1_000_000_000;

let state: u64 = 0;

/** xorshift64 (Marsaglia 2003), from 0 to `bound` - 1. */
function below(bound: u64): u64 {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % bound;
}

/** Of any magnitude from 1 ns on, below 2^`bits`. */
function magnitude(bits: u64): i64 {
  return <i64>below((<u64>1) << (1 + below(bits)));
}

class Modelled extends Timed {
  /** What the list knows of it. */
  listed: bool = false;
  listedDueNs: i64 = 0;
  sequence: u64 = 0;
  step: u32 = 0;

  set(dueNs: i64): void {
    setTimer(this, dueNs);
    this.listed = true;
    this.listedDueNs = max(dueNs, now());
    this.sequence = ++sequence;
    this.step = step;
  }

  cancel(): void {
    cancelTimer(this);
    this.listed = false;
  }

  timerDue(nowNs: i64): void {
    const expected = first();
    expect(expected === this).toBe(true);
    expect(this.listedDueNs).toBeLessThanOrEqual(nowNs);
    expect(this.step).not.toBe(step);
    expect(this.timerIsPending).toBe(false);
    this.listed = false;
    calls++;
    callsInStep++;
    // What handlers do: set themselves and others, also for now; cancel others.
    if (quiet) return;
    const other = timers[<i32>below(timers.length)];
    switch (<i32>below(8)) {
      case 0:
        this.set(nowNs);
        break;
      case 1:
        this.set(nowNs + magnitude(50));
        break;
      case 2:
        other.set(nowNs - magnitude(20));
        break;
      case 3:
        other.cancel();
        break;
    }
  }
}

const timers: Modelled[] = [];
let sequence: u64 = 0;
let step: u32 = 0;
let calls: i32 = 0;
let callsInStep: i32 = 0;
let quiet: bool = false;

/** The one that comes next, by the list. */
function first(): Modelled | null {
  let found: Modelled | null = null;
  for (let i = 0; i < timers.length; i++) {
    const timer = timers[i];
    if (!timer.listed) continue;
    if (
      found === null ||
      timer.listedDueNs < found.listedDueNs ||
      (timer.listedDueNs == found.listedDueNs && timer.sequence < found.sequence)
    )
      found = timer;
  }
  return found;
}

function listed(): i32 {
  let count = 0;
  for (let i = 0; i < timers.length; i++) if (timers[i].listed) count++;
  return count;
}

/** One step `ns` later, checked against the list. Returns its deadline. */
function advance(ns: i64): i64 {
  step++;
  callsInStep = 0;
  enter(world.advance(ns), 0);
  dispatch();
  const deadline = leave();
  expect(callsInStep).toBeLessThanOrEqual(STEP_CALLS_MAX);
  expect(timersPending()).toBe(listed());
  const next = first();
  if (next === null) expect(deadline).toBe(i64.MAX_VALUE);
  else {
    expect(deadline).toBeLessThanOrEqual(next.listedDueNs);
    if (timersPending() <= CROWD) expect(deadline).toBe(next.listedDueNs);
    // What was due was called, unless there was too much of it or it was only set just now.
    const due = next.listedDueNs <= now() && next.step != step;
    if (due) expect(callsInStep).toBe(STEP_CALLS_MAX);
    // No host is asked for a step at once when there is nothing to do in it.
    if (next.listedDueNs > now()) expect(deadline).toBeGreaterThan(now());
  }
  return deadline;
}

/** Sets, cancels, sets anew and lets time pass, all at random. */
function run(seed: u64, count: i32, rounds: i32, bits: u64): void {
  state = seed;
  hold();
  // Time may have come far already, and need not begin at a round number.
  enter(world.advance(<i64>below(20 * YEAR)), 0);
  for (let i = 0; i < count; i++) timers.push(new Modelled());
  let early = 0;
  let deadline = now();
  for (let round = 0; round < rounds; round++) {
    for (let left = below(12); left > 0; left--) {
      const timer = timers[<i32>below(count)];
      const due = below(10) == 0 ? now() - magnitude(40) : now() + magnitude(bits);
      switch (<i32>below(5)) {
        case 0:
          timer.cancel();
          break;
        // Many of one due.
        case 1:
          timer.set(now() + <i64>below(4));
          break;
        default:
          timer.set(due);
      }
    }
    const soonest = first();
    switch (<i32>below(4)) {
      case 0:
        deadline = advance(0);
        break;
      case 1:
        deadline = advance(magnitude(bits));
        break;
      default: {
        // As a host: at the deadline, or up to a millisecond late.
        const at = min(deadline, soonest === null ? i64.MAX_VALUE : soonest.listedDueNs);
        if (at == i64.MAX_VALUE) break;
        const before = calls;
        deadline = advance(max<i64>(0, at - now()) + (below(2) == 0 ? 0 : magnitude(20)));
        if (calls == before) early++;
      }
    }
  }
  expect(calls).toBeGreaterThan(rounds / 2);
  expect(early).toBeLessThan(rounds / 10);
  // All that is left comes, in order.
  quiet = true;
  while (timersPending() > 0) deadline = advance(max<i64>(0, deadline - now()));
  expect(listed()).toBe(0);
  expect(deadline).toBe(i64.MAX_VALUE);
}

describe("as a list, with random operations", () => {
  test("few timers, from nanoseconds to years", () => {
    run(0x9e3779b97f4a7c15, 12, 4000, 55);
  });

  test("many timers, from nanoseconds to years", () => {
    run(0x2545f4914f6cdd1d, 150, 1500, 55);
  });

  test("many timers within a millisecond", () => {
    run(0x632be59bd9b4e019, 150, 1500, 20);
  });

  test("timers within 64 ns", () => {
    run(0xd1342543de82ef95, 60, 1500, 6);
  });
});

/** A timer that only counts. */
class Counted extends Timed {
  static lastDueNs: i64 = 0;
  static lastIndex: i32 = -1;
  static calls: i32 = 0;
  static ordered: bool = true;

  constructor(private readonly index: i32 = 0) {
    super();
  }

  timerDue(nowNs: i64): void {
    if (this.timerDueNs < Counted.lastDueNs || this.timerDueNs > nowNs) Counted.ordered = false;
    if (this.timerDueNs == Counted.lastDueNs && this.index < Counted.lastIndex)
      Counted.ordered = false;
    Counted.lastDueNs = this.timerDueNs;
    Counted.lastIndex = this.index;
    Counted.calls++;
  }
}

function stepAt(ns: i64): i64 {
  enter(world.advance(ns - world.now()), 0);
  dispatch();
  return leave();
}

test("a crowd is called in order, over many steps, while others join it", () => {
  const count = 20_000;
  const base: i64 = 10_000_000_000;
  state = 7;
  hold();
  for (let i = 0; i < count; i++) setTimer(new Counted(i), base + <i64>below(1000) * 1_000_000);
  let index = count;
  let steps = 0;
  // All are due at once, so that they move down and are called as fast as steps allow.
  for (; Counted.calls < index; steps++) {
    const before = Counted.calls;
    const deadline = stepAt(base + 1_000_000_000);
    expect(Counted.calls - before).toBeLessThanOrEqual(STEP_CALLS_MAX);
    if (Counted.calls < index) expect(deadline).toBeLessThanOrEqual(now());
    if (steps < 100) setTimer(new Counted(index++), 0);
  }
  expect(Counted.ordered).toBe(true);
  expect(timersPending()).toBe(0);
  // Each is called once, and moved down a few times before: 8 moves weigh as much as a call.
  expect(steps).toBeLessThan((count / STEP_CALLS_MAX) * 2);
});

/** A step may collect what only locals refer to. */
let crowd: StaticArray<Counted | null> = [];

/** The last that move down are the first that are due. */
function dueInCrowd(base: i64, index: i32): i64 {
  if (index < 10) return base + 200_000_000 + index;
  if (index < 3000) return base + 400_000_000 + index;
  return base + (5000 - index) * 1000;
}

test("the deadline is not late while a crowd has moved down in part", () => {
  const count = 5000;
  // All in one slot, which begins a little before.
  const base: i64 = 59_100_000_000;
  hold();
  crowd = new StaticArray<Counted | null>(count);
  for (let i = 0; i < count; i++) {
    crowd[i] = new Counted(i);
    setTimer(changetype<Counted>(crowd[i]), dueInCrowd(base, i));
  }
  stepAt(base);
  cancelTimer(changetype<Counted>(crowd[count - 1]));
  expect(leave()).toBeLessThanOrEqual(base + 2000);
  // Most others leave, wherever they are.
  for (let i = 10; i < count - 40; i++) cancelTimer(changetype<Counted>(crowd[i]));
  let deadline = leave();
  while (Counted.calls < 39 + 10) {
    const before = Counted.calls;
    deadline = stepAt(max(now(), deadline));
    if (Counted.calls > before) expect(Counted.lastDueNs).toBe(now());
  }
  expect(Counted.ordered).toBe(true);
  expect(now()).toBe(base + 200_000_009);
  expect(deadline).toBe(i64.MAX_VALUE);
});

test("a million pending", () => {
  const count = 1_000_000;
  const seconds: i64 = 1_000_000_000;
  hold();
  crowd = new StaticArray<Counted | null>(count);
  const before = __heap_used();
  for (let i = 0; i < count; i++) {
    const timer = new Counted(i);
    crowd[i] = timer;
    setTimer(timer, 60 * seconds + <i64>i * 7919);
  }
  expect(timersPending()).toBe(count);
  // Their own objects and nothing else; the wheel is 3 kB.
  expect(__heap_used() - before).toBeLessThan(count * 64 + 8192);
  // A million objects are marked first, over several steps.
  while (stepAt(0) == 0);
  expect(stepAt(0)).toBe(60 * seconds);
  // One more is found at once, wherever it comes.
  const next = new Counted(-1);
  setTimer(next, 59 * seconds + 1);
  expect(leave()).toBe(59 * seconds + 1);
  cancelTimer(next);
  // None is due before 60 s: the steps until then are those in which crowded slots move down.
  let steps = 0;
  let deadline = leave();
  while (deadline < 60 * seconds) {
    deadline = stepAt(max(deadline, now()));
    steps++;
  }
  expect(Counted.calls).toBe(0);
  expect(deadline).toBe(60 * seconds);
  expect(steps).toBeLessThan(2 * (count / 2048));
  // 16 000 share the slot of the first: more than one step may move.
  expect(steps).toBeGreaterThan(5);
  stepAt(60 * seconds);
  expect(Counted.calls).toBe(1);
  for (let i = 1; i < count; i++) cancelTimer(changetype<Counted>(crowd[i]));
  expect(timersPending()).toBe(0);
  expect(leave()).toBe(i64.MAX_VALUE);
});
