import { NO_DEADLINE } from "@phantasm/abi";
import { MILLISECOND } from "@phantasm/interfaces";
import { describe, expect, expectAbort, expectExit, test, world } from "@phantasm/testing";
import { Event, EventHandler, Fibre, Ticker, Watcher, sleep, spawn, within } from "./index";
import { keep, said, say, settle, step } from "./testing";

class Waits extends Fibre {
  constructor(
    name: string,
    private readonly event: Event,
    private readonly deadlineNs: i64 = NO_DEADLINE,
  ) {
    super(name);
  }

  run(): i32 {
    const outcome = this.event.wait(this.deadlineNs);
    say(this.name + (outcome == 0 ? "" : outcome.toString()));
    return outcome;
  }
}

class Told implements EventHandler {
  constructor(private readonly name: string) {}

  onSet(watcher: Watcher, outcome: i32): void {
    say(this.name + (outcome == 0 ? "" : outcome.toString()));
  }
}

describe("an event", () => {
  test("ends all waits for it when it is set, and later ones", () => {
    keep();
    const event = new Event();
    spawn(new Waits("a", event));
    spawn(new Waits("b", event));
    settle();
    expect(event.isSet).toBe(false);
    event.set();
    event.set();
    expect(event.isSet).toBe(true);
    spawn(new Waits("c", event));
    settle();
    expect(said()).toBe("a b c");
  });

  test("is waited for again after a reset", () => {
    keep();
    const event = new Event();
    event.set();
    event.reset();
    spawn(new Waits("a", event));
    settle();
    expect(said()).toBe("");
    event.set();
    event.reset();
    spawn(new Waits("b", event));
    settle();
    expect(said()).toBe("a");
  });

  test("is not waited for by one that is cancelled or late", () => {
    keep();
    const event = new Event();
    spawn(new Waits("a", event, 10));
    const b = spawn(new Waits("b", event));
    settle();
    b.cancel();
    step(10);
    settle();
    event.set();
    spawn(new Waits("c", event)).cancel();
    settle();
    expect(said()).toBe("b-16 a-17 c-16");
  });

  test("calls handlers, later", () => {
    const event = new Event();
    event.onSet(new Told("a"));
    const b = event.onSet(new Told("b"), 10);
    step(10);
    expect(said()).toBe("b-17");
    b.again();
    event.set();
    event.onSet(new Told("c"));
    expect(said()).toBe("");
    expectExit(() => {
      step();
    }, 0);
    expect(said()).toBe("a b c");
  });
});

test("within is a time from now, and never overflows", () => {
  world.advance(5);
  keep();
  step();
  expect(within(10)).toBe(15);
  expect(within(NO_DEADLINE)).toBe(NO_DEADLINE);
  expect(within(NO_DEADLINE - 5)).toBe(NO_DEADLINE);
  expect(within(NO_DEADLINE - 6)).toBe(NO_DEADLINE - 1);
});

class Beats extends Fibre {
  constructor(private readonly workNs: i64) {
    super();
  }

  run(): i32 {
    const ticker = new Ticker(10);
    let outcome = ticker.wait();
    while (outcome == 0) {
      say(`${world.now()}${ticker.missed > 0 ? "-" + ticker.missed.toString() : ""}`);
      sleep(this.workNs);
      outcome = ticker.wait();
    }
    say(`${outcome}`);
    return outcome;
  }
}

describe("a ticker", () => {
  test("does not drift", () => {
    keep();
    spawn(new Beats(3));
    step();
    for (let i = 0; i < 30; i++) step(1);
    expect(said()).toBe("10 20 30");
  });

  test("counts what was missed, and keeps the beat", () => {
    keep();
    const fibre = spawn(new Beats(25));
    step();
    for (let i = 0; i < 80; i++) {
      step(1);
      settle();
    }
    expect(said()).toBe("10 35-1 60-2");
    fibre.cancel();
    settle();
    expect(said()).toBe("-16");
  });

  test("needs a period", () => {
    expectAbort(() => {
      new Ticker(0);
    }, "at least 1 ns");
    expect(new Ticker(MILLISECOND).periodNs).toBe(MILLISECOND);
  });
});
