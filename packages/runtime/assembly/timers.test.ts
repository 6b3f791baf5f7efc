import { describe, expect, test, world } from "@phantasm/testing";
import { dispatch, enter, hold, leave, now } from "./domain";
import { Timed, cancelTimer, setTimer, timersPending } from "./timers";

/** What was called so far: names in their order. */
let calls: string = "";

class Named extends Timed {
  constructor(private readonly name: string) {
    super();
  }

  expire(nowNs: i64): void {
    calls += this.name;
  }
}

/** Moves time, then one step of the domain; returns its deadline. */
function advance(ns: i64): i64 {
  enter(world.advance(ns), 0);
  dispatch();
  return leave();
}

describe("setTimer", () => {
  test("calls once, in the order of time and of setting", () => {
    hold();
    const c = new Named("c");
    setTimer(c, 30);
    setTimer(new Named("a"), 10);
    setTimer(new Named("d"), 30);
    setTimer(new Named("b"), 20);
    expect(timersPending()).toBe(4);
    expect(leave()).toBe(10);
    expect(advance(10)).toBe(20);
    expect(calls).toBe("a");
    expect(advance(20)).toBe(i64.MAX_VALUE);
    expect(calls).toBe("abcd");
    expect(timersPending()).toBe(0);
    expect(now()).toBe(30);
  });

  test("cancelled is not called", () => {
    hold();
    const a = new Named("a");
    setTimer(a, 10);
    cancelTimer(a);
    cancelTimer(a);
    expect(leave()).toBe(i64.MAX_VALUE);
    advance(20);
    expect(calls).toBe("");
  });
});
