import { MILLISECOND } from "@phantasm/interfaces";
import { dispatch, enter, leave, observation, permuteTasks } from "@phantasm/runtime";
import { describe, expect, expectAbort, expectExit, test, world } from "@phantasm/testing";
import {
  CANCELLED,
  Fibre,
  FibreState,
  TIMED_OUT,
  WaitQueue,
  current,
  sleep,
  sleepUntil,
  spawn,
  wait,
  yieldNow,
} from "./index";

/** What fibres said, in order. */
let said: string = "";

function say(text: string): void {
  said += text;
}

function step(ns: i64 = 0): i64 {
  enter(world.advance(ns), 0);
  dispatch();
  return leave();
}

/** Keeps the domain from ending before the test does. */
class Keeper extends Fibre {
  run(): i32 {
    return wait(new WaitQueue("the end of the test"));
  }
}

function keep(): void {
  spawn(new Keeper());
}

class Sleeper extends Fibre {
  constructor(
    name: string,
    private readonly ns: i64,
  ) {
    super(name);
  }

  run(): i32 {
    const outcome = sleep(this.ns);
    say(outcome == 0 ? this.name : this.name.toUpperCase());
    return outcome;
  }
}

class Yielder extends Fibre {
  constructor(
    name: string,
    private readonly times: i32,
  ) {
    super(name);
  }

  run(): i32 {
    for (let i = 0; i < this.times; i++) {
      say(this.name);
      if (yieldNow() != 0) {
        say("!");
        return CANCELLED;
      }
    }
    return this.times;
  }
}

class Joiner extends Fibre {
  constructor(
    private readonly other: Fibre,
    private readonly deadlineNs: i64 = i64.MAX_VALUE,
  ) {
    super("joiner");
  }

  run(): i32 {
    const outcome = this.other.join(this.deadlineNs);
    say(`<${outcome}>`);
    return outcome;
  }
}

class Waiting extends Fibre {
  constructor(
    name: string,
    private readonly place: WaitQueue,
    private readonly deadlineNs: i64 = i64.MAX_VALUE,
  ) {
    super(name);
  }

  run(): i32 {
    const outcome = wait(this.place, this.deadlineNs);
    say(`${this.name}${outcome}`);
    return outcome;
  }
}

describe("sleep", () => {
  test("wakes in the order of time, not of spawning", () => {
    spawn(new Sleeper("c", 30));
    spawn(new Sleeper("a", 10));
    spawn(new Sleeper("b", 20));
    expect(step()).toBe(10);
    step(10);
    step(10);
    expectExit(() => {
      step(10);
    }, 0);
    expect(said).toBe("abc");
  });

  test("does not return before its time", () => {
    spawn(new Sleeper("a", MILLISECOND));
    step();
    expect(step(MILLISECOND - 1)).toBe(MILLISECOND);
    expect(said).toBe("");
  });

  test("of nothing is a yield", () => {
    keep();
    spawn(new Sleeper("a", 0));
    spawn(new Sleeper("b", -7));
    step();
    expect(said).toBe("");
    step();
    expect(said).toBe("ab");
  });

  test("to the end of time does not overflow", () => {
    world.advance(5);
    spawn(new Sleeper("a", i64.MAX_VALUE));
    step();
    step(MILLISECOND);
    expect(said).toBe("");
  });
});

class Until extends Fibre {
  run(): i32 {
    sleepUntil(50);
    say("x");
    sleepUntil(20);
    say("y");
    return 0;
  }
}

class Past extends Fibre {
  run(): i32 {
    sleepUntil(i64.MIN_VALUE);
    say("p");
    return 0;
  }
}

test("sleepUntil the beginning of time is a yield, and does not wrap around", () => {
  keep();
  world.advance(100);
  spawn(new Past());
  step();
  step();
  expect(said).toBe("p");
});

test("sleepUntil a time that has passed is a yield", () => {
  spawn(new Until());
  keep();
  expect(step(10)).toBe(50);
  step(40);
  expect(said).toBe("x");
  step();
  expect(said).toBe("xy");
});

describe("yieldNow", () => {
  test("takes turns, a step for each", () => {
    spawn(new Yielder("a", 3));
    spawn(new Yielder("b", 2));
    step();
    expect(said).toBe("ab");
    step();
    expect(said).toBe("abab");
    step();
    expect(said).toBe("ababa");
  });

  test("asks for the next step at once", () => {
    world.advance(100);
    spawn(new Yielder("a", 3));
    expect(step()).toBe(0);
  });
});

describe("join", () => {
  test("returns what run returned, also to several and afterwards", () => {
    const worker = spawn(new Yielder("w", 2));
    spawn(new Joiner(worker));
    spawn(new Joiner(worker));
    for (let i = 0; i < 2; i++) step();
    keep();
    step();
    expect(said).toBe("ww<2><2>");
    expect(worker.ended).toBe(true);
    expect(worker.result).toBe(2);
    spawn(new Joiner(worker));
    step();
    expect(said).toBe("ww<2><2><2>");
  });

  test("ends at its deadline, and the other goes on", () => {
    keep();
    const worker = spawn(new Sleeper("w", 100));
    spawn(new Joiner(worker, 60));
    expect(step()).toBe(60);
    step(60);
    expect(said).toBe(`<${TIMED_OUT}>`);
    step(40);
    expect(said).toBe(`<${TIMED_OUT}>w`);
  });

  test("of itself is a mistake", () => {
    expectAbort(() => {
      spawn(new SelfJoiner());
      step();
    }, "cannot join itself");
  });
});

class SelfJoiner extends Fibre {
  run(): i32 {
    return this.join();
  }
}

describe("a fibre may be spawned again", () => {
  test("when it has ended", () => {
    keep();
    const worker = spawn(new Yielder("w", 1));
    const first = worker.fibreId;
    step();
    step();
    expect(worker.ended).toBe(true);
    spawn(worker);
    expect(worker.fibreId).toBeGreaterThan(first);
    step();
    expect(said).toBe("ww");
  });

  test("and not before", () => {
    expectAbort(() => {
      spawn(spawn(new Yielder("w", 1)));
    }, "it runs already");
  });
});

/** Ignores that it was cancelled, at first. */
class Stubborn extends Fibre {
  run(): i32 {
    let outcome = sleep(MILLISECOND);
    say(`${outcome}`);
    outcome = sleep(MILLISECOND);
    say(`${outcome}`);
    this.shield();
    outcome = sleep(MILLISECOND);
    say(`${outcome}`);
    return this.cancelled ? CANCELLED : 0;
  }
}

describe("cancel", () => {
  test("ends a sleep", () => {
    keep();
    const sleeper = spawn(new Sleeper("a", MILLISECOND));
    step();
    sleeper.cancel();
    expect(step()).toBe(i64.MAX_VALUE);
    expect(said).toBe("A");
    expect(sleeper.result).toBe(CANCELLED);
  });

  test("ends a wait, and leaves the queue to the others", () => {
    keep();
    const queue = new WaitQueue("a test");
    const a = spawn(new Waiting("a", queue));
    spawn(new Waiting("b", queue, 1000));
    const c = spawn(new Waiting("c", queue, 500));
    step();
    a.cancel();
    c.cancel();
    expect(queue.wake(7)).toBe(true);
    expect(queue.wake(8)).toBe(false);
    step();
    expect(said).toBe(`a${CANCELLED}c${CANCELLED}b7`);
    expect(step(1000)).toBe(i64.MAX_VALUE);
    expect(said).toBe(`a${CANCELLED}c${CANCELLED}b7`);
  });

  test("before the first turn refuses the first wait", () => {
    keep();
    const sleeper = spawn(new Sleeper("a", MILLISECOND));
    sleeper.cancel();
    step();
    step();
    expect(said).toBe("A");
  });

  test("before it is spawned is not forgotten", () => {
    keep();
    const sleeper = new Sleeper("a", MILLISECOND);
    sleeper.cancel();
    spawn(sleeper);
    step();
    step();
    expect(said).toBe("A");
  });

  test("refuses every wait until the fibre shields its clean-up", () => {
    keep();
    const fibre = spawn(new Stubborn());
    step();
    fibre.cancel();
    fibre.cancel();
    step();
    step();
    expect(said).toBe(`${CANCELLED}${CANCELLED}`);
    expect(step()).toBe(MILLISECOND);
    step(MILLISECOND);
    expect(said).toBe(`${CANCELLED}${CANCELLED}0`);
    expect(fibre.result).toBe(CANCELLED);
  });

  test("of one that was woken comes too late for that wait", () => {
    keep();
    const queue = new WaitQueue("a test");
    const a = spawn(new Waiting("a", queue));
    step();
    queue.wake(3);
    a.cancel();
    step();
    expect(said).toBe("a3");
  });

  test("of one that has ended is nothing", () => {
    keep();
    const worker = spawn(new Yielder("w", 0));
    step();
    worker.cancel();
    expect(worker.cancelled).toBe(false);
  });

  test("does not let a loop around refused waits keep the step", () => {
    keep();
    const fibre = spawn(new Looping());
    step();
    fibre.cancel();
    step();
    const before = fibre.rounds;
    step();
    expect(fibre.rounds).toBe(before + 1);
  });
});

class Looping extends Fibre {
  rounds: i32 = 0;

  run(): i32 {
    while (this.rounds < 1000) {
      sleep(1);
      this.rounds++;
    }
    return 0;
  }
}

describe("a wait with a deadline", () => {
  test("times out, once", () => {
    keep();
    const queue = new WaitQueue("a test");
    spawn(new Waiting("a", queue, 40));
    expect(step()).toBe(40);
    step(40);
    expect(said).toBe(`a${TIMED_OUT}`);
    expect(queue.isEmpty).toBe(true);
  });

  test("that has passed does not wait, but lets others go first", () => {
    keep();
    const queue = new WaitQueue("a test");
    world.advance(10);
    spawn(new Waiting("a", queue, 10));
    spawn(new Yielder("b", 1));
    step();
    expect(said).toBe("b");
    step();
    expect(said).toBe(`ba${TIMED_OUT}`);
  });

  test("that was woken in time forgets its deadline", () => {
    keep();
    const queue = new WaitQueue("a test");
    spawn(new Waiting("a", queue, 40));
    step();
    queue.wake();
    expect(step(10)).toBe(i64.MAX_VALUE);
    expect(said).toBe("a0");
  });
});

test("waiters are woken in the order of their coming", () => {
  keep();
  const queue = new WaitQueue("a test");
  spawn(new Waiting("a", queue));
  spawn(new Waiting("b", queue));
  spawn(new Waiting("c", queue));
  step();
  queue.wake();
  step();
  expect(said).toBe("a0");
  queue.wakeAll(2);
  step();
  expect(said).toBe("a0b2c2");
});

describe("the domain", () => {
  test("lives as long as a fibre, and not a background one", () => {
    const fibre = spawn(new Sleeper("a", 10));
    spawn(new Sleeper("b", 20)).background();
    step();
    expectExit(() => {
      step(10);
    }, 0);
    expect(fibre.ended).toBe(true);
    expect(said).toBe("a");
  });

  test("ends when the last fibre goes into the background", () => {
    const fibre = spawn(new Sleeper("a", 10));
    step();
    fibre.background();
    fibre.background();
    expectExit(() => {
      step();
    }, 0);
  });

  test("is ended by a wait outside a fibre", () => {
    expectAbort(() => {
      current();
    }, "only a fibre can wait");
  });
});

test("the table of fibres names the living", () => {
  keep();
  const a = spawn(new Sleeper("a", 10));
  const b = spawn(new Sleeper("b", 20));
  step();
  const block = observation();
  expect(block.firstFibre).toBe(<u32>changetype<usize>(b));
  expect(load<u32>(block.firstFibre + block.nextOffset)).toBe(<u32>changetype<usize>(a));
  expect(load<u32>(block.firstFibre + block.idOffset)).toBe(b.fibreId);
  expect(load<u8>(block.firstFibre + block.stateOffset)).toBe(FibreState.SLEEPING);
  expect(load<i64>(block.firstFibre + block.dueOffset)).toBe(20);
  step(10);
  expect(load<u32>(block.firstFibre + block.nextOffset)).not.toBe(<u32>changetype<usize>(a));
  enter(world.now(), 4);
  expect(block.fibres).toBe(2);
  expect(block.fibresSpawned).toBe(3);
  expect(block.runningFibre).toBe(0);
});

/** Keeps a value of each type across waits, at every depth of a recursion. */
class Frames extends Fibre {
  correct: i32 = 0;

  run(): i32 {
    return this.descend(12, 0.5, -0.25, i64.MIN_VALUE, 200, v128.splat<i32>(3), "s");
  }

  private descend(depth: i32, f: f64, g: f32, l: i64, b: u8, v: v128, s: string): i32 {
    if (depth == 0) {
      yieldNow();
      return 1;
    }
    const next = `${s}${depth}`;
    const list = [depth, depth + 1];
    const below = this.descend(
      depth - 1,
      f + 1,
      g - 1,
      l + 1,
      b + 1,
      v128.add<i32>(v, v128.splat<i32>(1)),
      next,
    );
    if (depth & 1) yieldNow();
    const up: i32 = 12 - depth;
    const same =
      next == `${s}${depth}` &&
      list[0] == depth &&
      list[1] == depth + 1 &&
      f == 0.5 + <f64>up &&
      g + <f32>up == -0.25 &&
      l == i64.MIN_VALUE + <i64>up &&
      b == <u8>(200 + up) &&
      v128.extract_lane<i32>(v, 2) == 3 + up;
    if (same) this.correct++;
    return below + 1;
  }
}

test("every local of every frame is what it was before the wait", () => {
  keep();
  const fibres: Frames[] = [];
  for (let i = 0; i < 20; i++) fibres.push(spawn(new Frames()));
  for (let i = 0; i < 10; i++) step();
  for (let i = 0; i < 20; i++) {
    expect(fibres[i].ended).toBe(true);
    expect(fibres[i].result).toBe(13);
    expect(fibres[i].correct).toBe(12);
  }
});

test("a seed permutes the order of fibres, and the same seed the same way", () => {
  keep();
  step();
  const orders: string[] = [];
  for (let round = 0; round < 3; round++) {
    said = "";
    permuteTasks(round < 2 ? 0x9e3779b9 : 0);
    for (let i = 0; i < 8; i++) spawn(new Yielder(i.toString(), 1));
    step();
    step();
    orders.push(said);
  }
  expect(orders[0]).toBe(orders[1]);
  expect(orders[0]).not.toBe(orders[2]);
  expect(orders[2]).toBe("01234567");
});

test("a step performs a bounded number of tasks, in order", () => {
  keep();
  for (let i = 0; i < 3000; i++) spawn(new Yielder("", 1));
  expect(step()).toBe(0);
  const after = observation().switches;
  expect(after).toBe(2048);
  step();
  expect(observation().switches).toBe(3001);
});
