import { Event } from "@phantasm/abi";
import { describe, expect, expectAbort, expectExit, test, world } from "@phantasm/testing";
import { Source, addSource, dispatch, enter, exit, hold, leave, now } from "./domain";
import { observation } from "./observation";
import { TaskList } from "./task";
import { Timed, cancelTimer, coalesced, setTimer, timersPending } from "./timers";

/** What was called so far: names in their order. */
let calls: string = "";

class Named extends Timed {
  constructor(private readonly name: string) {
    super();
  }

  timerDue(nowNs: i64): void {
    calls += this.name;
    if (this.name == "x") exit(3);
  }
}

/** Moves time, then one step of the domain; returns its deadline. */
function advance(ns: i64): i64 {
  enter(world.advance(ns), 0);
  dispatch();
  return leave();
}

/** A pending timer. */
function at(dueNs: i64, name: string): Named {
  const timer = new Named(name);
  setTimer(timer, dueNs);
  return timer;
}

describe("setTimer", () => {
  test("calls once, in the order of time and of setting", () => {
    hold();
    at(30, "c");
    at(10, "a");
    at(30, "d");
    at(20, "b");
    expect(timersPending()).toBe(4);
    expect(leave()).toBe(10);
    expect(advance(10)).toBe(20);
    expect(calls).toBe("a");
    expect(advance(20)).toBe(i64.MAX_VALUE);
    expect(calls).toBe("abcd");
    expect(timersPending()).toBe(0);
    expect(now()).toBe(30);
  });

  test("of a pending one changes its due, and puts it behind those of that due", () => {
    hold();
    const b = at(10, "b");
    at(20, "a");
    setTimer(b, 20);
    expect(timersPending()).toBe(2);
    expect(leave()).toBe(20);
    advance(20);
    expect(calls).toBe("ab");
  });

  test("a due that has passed is now: the next step, behind what waits already", () => {
    hold();
    enter(world.advance(1000), 0);
    at(1000, "a");
    const late = at(300, "b");
    at(i64.MIN_VALUE, "c");
    expect(late.timerDueNs).toBe(1000);
    expect(leave()).toBe(1000);
    advance(0);
    expect(calls).toBe("abc");
  });

  test("the farthest due is never", () => {
    hold();
    enter(world.advance(1), 0);
    const never = at(i64.MAX_VALUE, "a");
    expect(advance(1)).toBe(i64.MAX_VALUE);
    expect(never.timerIsPending).toBe(true);
    at(5, "b");
    // 292 years later.
    advance(i64.MAX_VALUE - 1 - now());
    expect(calls).toBe("b");
    expect(never.timerIsPending).toBe(true);
  });

  test("allocates nothing but the wheel", () => {
    const timer = at(5, "a");
    const other = new Named("b");
    const before = __heap_used();
    for (let i = 0; i < 1000; i++) {
      setTimer(timer, (<i64>1) << (i % 60));
      setTimer(other, i * 1_000_000);
      if (i % 3 == 0) cancelTimer(other);
    }
    expect(__heap_used()).toBe(before);
  });

  test("is a mistake while it is in another list", () => {
    expectAbort(() => {
      const list = new TaskList();
      const timer = new Named("a");
      list.append(timer);
      setTimer(timer, 10);
    }, "it is in another list");
  });
});

describe("cancelTimer", () => {
  test("the only one", () => {
    hold();
    const a = at(10, "a");
    cancelTimer(a);
    cancelTimer(a);
    expect(a.timerIsPending).toBe(false);
    expect(timersPending()).toBe(0);
    expect(leave()).toBe(i64.MAX_VALUE);
    advance(20);
    expect(calls).toBe("");
  });

  test("the first, one in the middle and the last of a due", () => {
    hold();
    const a = at(10, "a");
    at(10, "b");
    const c = at(10, "c");
    at(10, "d");
    const e = at(10, "e");
    cancelTimer(c);
    cancelTimer(a);
    cancelTimer(e);
    at(10, "f");
    expect(leave()).toBe(10);
    advance(10);
    expect(calls).toBe("bdf");
  });

  test("before the first timer there is nothing to cancel", () => {
    hold();
    cancelTimer(new Named("a"));
    expect(leave()).toBe(i64.MAX_VALUE);
  });
});

describe("the deadline", () => {
  test("is the first due, whatever is set and cancelled", () => {
    hold();
    const a = at(1_000_003, "a");
    const b = at(1_000_001, "b");
    at(77_000_000_000, "c");
    expect(leave()).toBe(1_000_001);
    cancelTimer(b);
    expect(leave()).toBe(1_000_003);
    setTimer(b, 1_000_002);
    expect(leave()).toBe(1_000_002);
    setTimer(b, 1_000_004);
    expect(leave()).toBe(1_000_003);
    cancelTimer(a);
    cancelTimer(b);
    expect(leave()).toBe(77_000_000_000);
  });

  test("is exact in a crowd too, while its first is not cancelled", () => {
    hold();
    const first = at(60_000_000_001, "a");
    for (let i = 0; i < 1000; i++) at(60_000_001_000 + i, ".");
    expect(leave()).toBe(60_000_000_001);
    cancelTimer(first);
    // Never late, nor before what was known already; and soon exact again.
    expect(leave()).toBeGreaterThanOrEqual(60_000_000_001);
    expect(leave()).toBeLessThanOrEqual(60_000_001_000);
    let deadline = leave();
    let steps = 0;
    for (; deadline < 60_000_001_000; steps++) deadline = advance(deadline - now());
    expect(deadline).toBe(60_000_001_000);
    expect(steps).toBeLessThan(6);
    expect(calls).toBe("");
  });

  test("asks for no step between now and a far due", () => {
    hold();
    at(3_600_000_000_000, "a");
    for (let i = 0; i < 100; i++) expect(advance(i * 1_000_003)).toBe(3_600_000_000_000);
  });
});

/** Sets a timer for now, whenever it is dispatched. */
class Early extends Source {
  dispatch(nowNs: i64): void {
    at(nowNs, "a");
  }
}

test("a timer set in a step is never called in it, whoever is asked before the timers", () => {
  hold();
  at(5, ".");
  // Sources are asked from the last that was added on.
  addSource(new Early());
  expect(advance(1)).toBe(1);
  expect(calls).toBe("");
  advance(0);
  expect(calls).toBe("a");
});

test("nothing is called after the end was asked for", () => {
  expectExit(() => {
    at(10, "a");
    at(10, "x");
    at(10, "b");
    at(500, "c");
    advance(1000);
  }, 3);
  expect(calls).toBe("ax");
  expect(timersPending()).toBe(2);
});

test("the observation block says how many are pending", () => {
  hold();
  at(10, "a");
  at(20, "b");
  enter(world.advance(1), Event.INSPECT);
  expect(observation().timersPending).toBe(2);
});

describe("coalesced", () => {
  test("the roundest time in the window", () => {
    expect(coalesced(0, 0)).toBe(0);
    expect(coalesced(1, 0)).toBe(1);
    expect(coalesced(6, 0)).toBe(6);
    expect(coalesced(5, 3)).toBe(8);
    expect(coalesced(8, 3)).toBe(8);
    expect(coalesced(9, 3)).toBe(12);
    expect(coalesced(i64.MAX_VALUE - 1, 5)).toBe(i64.MAX_VALUE - 1);
    expect(coalesced(i64.MAX_VALUE, i64.MAX_VALUE)).toBe(i64.MAX_VALUE);
    expect(coalesced(1, i64.MAX_VALUE)).toBe((<i64>1) << 62);
    for (let due: i64 = 1; due < 70; due++) {
      for (let slack: i64 = 0; slack < 70; slack++) {
        let best = due;
        for (let at = due; at <= due + slack; at++) if (ctz(at) > ctz(best)) best = at;
        expect(coalesced(due, slack)).toBe(best);
      }
    }
  });
});
