import { MILLISECOND, SECOND, Timer, TimerHandler } from "@phantasm/interfaces";
import { describe, expect, expectAbort, expectExit, test, world } from "@phantasm/testing";
import { dispatch, enter, exit, hold, leave } from "@phantasm/runtime";
import { HostClock } from "./clock";

const clock = new HostClock(4096);

/** What was called so far: names in their order. */
let calls: string = "";

/** Moves time, then one step of the domain; returns its deadline. */
function advance(ns: i64): i64 {
  enter(world.advance(ns), 0);
  dispatch();
  return leave();
}

class Named implements TimerHandler {
  other: Timer | null = null;

  constructor(
    private readonly name: string,
    private readonly then: string = "",
  ) {}

  onTimer(timer: Timer): void {
    calls += this.name;
    if (timer.missed > 0) calls += timer.missed.toString();
    const other = this.other;
    if (this.then == "cancel" && other !== null) other.cancel();
    if (this.then == "cancel itself") timer.cancel();
    if (this.then == "again") clock.after(0, new Named("z"));
    if (this.then == "set") timer.set(0);
    if (this.then == "exit") exit(7);
  }
}

describe("after", () => {
  test("calls at its time, not before, and once", () => {
    const timer = clock.after(5 * MILLISECOND, new Named("a"));
    clock.after(SECOND, new Named("b"));
    expect(leave()).toBe(5 * MILLISECOND);
    expect(advance(5 * MILLISECOND - 1)).toBe(5 * MILLISECOND);
    expect(calls).toBe("");
    expect(timer.pending).toBe(true);
    expect(advance(1)).toBe(SECOND);
    expect(calls).toBe("a");
    expect(timer.pending).toBe(false);
    advance(MILLISECOND);
    expect(calls).toBe("a");
  });

  test("in the order of time, and of making where times are equal", () => {
    clock.after(30, new Named("d"));
    clock.after(10, new Named("a"));
    clock.after(20, new Named("b"));
    clock.after(20, new Named("c"));
    expectExit(() => {
      advance(100);
    }, 0);
    expect(calls).toBe("abcd");
  });

  test("without delay it is the next step, also for a timer made by a handler", () => {
    clock.after(-5, new Named("a", "again"));
    clock.after(0, new Named("b"));
    expect(leave()).toBe(0);
    expect(advance(0)).toBe(0);
    expect(calls).toBe("ab");
    expectExit(() => {
      advance(0);
    }, 0);
    expect(calls).toBe("abz");
  });

  test("the farthest time does not overflow", () => {
    world.advance(SECOND);
    enter(world.now(), 0);
    clock.after(i64.MAX_VALUE, new Named("a"));
    expect(leave()).toBe(i64.MAX_VALUE);
  });
});

describe("every", () => {
  test("at multiples of its period, however late the steps are", () => {
    clock.every(10, new Named("a"));
    expect(advance(13)).toBe(20);
    expect(advance(8)).toBe(30);
    expect(calls).toBe("aa");
  });

  test("periods that went by are one call, which counts the others", () => {
    const timer = clock.every(10, new Named("a"));
    expect(advance(45)).toBe(50);
    expect(calls).toBe("a3");
    expect(timer.missed).toBe(3);
    advance(5);
    expect(calls).toBe("a3a");
  });

  test("a handler may end its own timer", () => {
    const timer = clock.every(10, new Named("a", "cancel itself"));
    expectExit(() => {
      advance(10);
    }, 0);
    expect(timer.pending).toBe(false);
  });

  test("a period of nothing is a mistake", () => {
    expectAbort(() => {
      clock.every(0, new Named("a"));
    }, "less than 1 ns");
  });
});

describe("a timer", () => {
  test("cancelled by an earlier one in the same step is not called", () => {
    const first = new Named("a", "cancel");
    clock.after(10, first);
    first.other = clock.after(10, new Named("b"));
    expectExit(() => {
      advance(10);
    }, 0);
    expect(calls).toBe("a");
  });

  test("set anew goes to its new place, pending or not", () => {
    hold();
    const a = clock.after(10, new Named("a"));
    clock.after(20, new Named("b"));
    a.set(30);
    expect(leave()).toBe(20);
    advance(20);
    expect(calls).toBe("b");
    advance(10);
    expect(calls).toBe("ba");
    a.set(5);
    expect(advance(0)).toBe(35);
    advance(5);
    expect(calls).toBe("baa");
  });

  test("set by its handler waits for the next step", () => {
    clock.after(10, new Named("a", "set"));
    expect(advance(10)).toBe(10);
    expect(calls).toBe("a");
    advance(0);
    expect(calls).toBe("aa");
  });

  test("cancelled twice is cancelled", () => {
    const timer = clock.after(10, new Named("a"));
    clock.after(20, new Named("b"));
    timer.cancel();
    timer.cancel();
    advance(15);
    expect(calls).toBe("");
  });

  test("in the background does not keep the domain", () => {
    clock.every(10, new Named("a")).background();
    const other = clock.after(15, new Named("b"));
    advance(10);
    other.cancel();
    expectExit(() => {
      leave();
    }, 0);
    expect(calls).toBe("a");
  });

  test("is not called after exit", () => {
    clock.after(10, new Named("a", "exit"));
    clock.after(10, new Named("b"));
    expectExit(() => {
      advance(10);
    }, 7);
    expect(calls).toBe("a");
  });
});

describe("slack", () => {
  test("near timers are called in one step, none early, none later than it says", () => {
    hold();
    const a = clock.after(1000, new Named("a"));
    const b = clock.after(1100, new Named("b"));
    clock.after(1099, new Named("c"));
    a.slack(200);
    b.slack(200);
    // Each has a roundest time of its own, 1024 and 1280.
    expect(leave()).toBe(1024);
    a.slack(1050);
    b.slack(1050);
    expect(leave()).toBe(1099);
    expect(advance(1100)).toBe(2048);
    expect(calls).toBe("c");
    expect(advance(948)).toBe(i64.MAX_VALUE);
    expect(calls).toBe("cab");
  });

  test("does not make a period drift, nor count a late call as missed", () => {
    const timer = clock.every(1000, new Named("."));
    timer.slack(100);
    expect(leave()).toBe(1024);
    expect(advance(1024)).toBe(2048);
    expect(advance(1024)).toBe(3072);
    // 4000 to 4100 and 5000 to 5100: the third period is called at the time of its own.
    expect(advance(1024)).toBe(4096);
    expect(timer.missed).toBe(0);
    expect(calls).toBe("...");
    expect(advance(2004)).toBe(6016);
    expect(timer.missed).toBe(1);
  });

  test("ends with 0, and the order of setting holds among those without", () => {
    hold();
    const a = clock.after(1000, new Named("a"));
    a.slack(500);
    expect(leave()).toBe(1024);
    a.slack(-1);
    expect(leave()).toBe(1000);
    clock.after(1000, new Named("b"));
    advance(1000);
    expect(calls).toBe("ab");
  });

  test("is kept for when a timer is set that is not pending", () => {
    hold();
    const a = clock.after(10, new Named("a"));
    advance(10);
    a.slack(100);
    expect(a.pending).toBe(false);
    expect(leave()).toBe(i64.MAX_VALUE);
    a.set(1000);
    expect(leave()).toBe(1024);
  });
});

test("timers set anew again and again count once", () => {
  hold();
  const timer = clock.after(1, new Named("a"));
  for (let i = 0; i < 5000; i++) {
    timer.set(i);
    if (i % 2 == 0) timer.cancel();
  }
  for (let i = 1; i < 4096; i++) clock.after(1, new Named("b"));
  expectAbort(() => {
    clock.after(1, new Named("c"));
  }, "raise clock({ timers })");
});

test("a flood of timers does not keep the step", () => {
  for (let i = 0; i < 600; i++) clock.after(1, new Named("."));
  expect(advance(5)).toBe(1);
  expect(calls.length).toBe(256);
  advance(0);
  expect(calls.length).toBe(512);
  expectExit(() => {
    advance(0);
  }, 0);
  expect(calls.length).toBe(600);
});

test("too many timers end the domain", () => {
  expectAbort(() => {
    for (let i = 0; i <= 4096; i++) clock.after(1, new Named("."));
  }, "raise clock({ timers })");
});

test("the three times", () => {
  world.setWallClock(1_000_000_007 * SECOND);
  enter(world.advance(3), 0);
  world.advance(4);
  expect(clock.now()).toBe(3);
  expect(clock.monotonic()).toBe(7);
  expect(clock.wall()).toBe(1_000_000_007 * SECOND + 7);
});
