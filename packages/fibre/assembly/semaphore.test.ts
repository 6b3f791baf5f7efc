import { NO_DEADLINE } from "@phantasm/abi";
import { describe, expect, expectAbort, expectExit, test, world } from "@phantasm/testing";
import { permuteTasks } from "@phantasm/runtime";
import { AcquireHandler, Acquirer, Fibre, Semaphore, sleep, spawn, yieldNow } from "./index";
import { hold, keep, said, say, settle, step } from "./testing";

/** Acquires, keeps the permit for a time, and releases it. */
class User extends Fibre {
  constructor(
    name: string,
    private readonly semaphore: Semaphore,
    private readonly ns: i64 = 0,
    private readonly deadlineNs: i64 = NO_DEADLINE,
  ) {
    super(name);
  }

  run(): i32 {
    const outcome = this.semaphore.acquire(this.deadlineNs);
    say(this.name + (outcome == 0 ? "" : outcome.toString()));
    if (outcome != 0) return outcome;
    sleep(this.ns);
    this.semaphore.release();
    return 0;
  }
}

describe("acquire", () => {
  test("takes what is there, and waits for more in the order of coming", () => {
    const permits = new Semaphore(2);
    for (let i = 0; i < 5; i++) spawn(new User(`u${i}`, permits, 10));
    settle();
    expect(said()).toBe("u0 u1");
    expect(permits.available).toBe(0);
    step(10);
    expect(said()).toBe("u2 u3");
    step(10);
    expect(said()).toBe("u4");
    expectExit(() => {
      step(10);
    }, 0);
  });

  test("is served before one that comes when a permit is released", () => {
    keep();
    const permits = new Semaphore(0);
    spawn(new User("first", permits));
    settle();
    permits.release();
    expect(permits.available).toBe(0);
    expect(permits.tryAcquire()).toBe(false);
    spawn(new User("second", permits));
    settle();
    expect(said()).toBe("first second");
    expect(permits.available).toBe(1);
  });

  test("that times out takes nothing", () => {
    keep();
    const permits = new Semaphore(0);
    spawn(new User("a", permits, 0, 10));
    spawn(new User("b", permits));
    expect(step()).toBe(10);
    step(10);
    expect(said()).toBe("a-17");
    permits.release();
    settle();
    expect(said()).toBe("b");
    expect(permits.available).toBe(1);
  });

  test("with a deadline in the past still takes what is there", () => {
    keep();
    world.advance(100);
    const permits = new Semaphore(1);
    spawn(new User("a", permits, 0, 50));
    spawn(new User("b", permits, 0, 50));
    settle();
    expect(said()).toBe("a b-17");
  });

  test("that is cancelled takes nothing, and others keep their places", () => {
    keep();
    const permits = new Semaphore(0);
    spawn(new User("a", permits));
    const b = spawn(new User("b", permits));
    spawn(new User("c", permits));
    settle();
    b.cancel();
    permits.release();
    settle();
    expect(said()).toBe("b-16 a c");
    expect(permits.available).toBe(1);
  });

  test("is cancelled even if a permit is there", () => {
    keep();
    const permits = new Semaphore(1);
    spawn(new User("a", permits)).cancel();
    settle();
    expect(said()).toBe("a-16");
    expect(permits.available).toBe(1);
  });

  test("keeps a permit that it got before it was cancelled", () => {
    keep();
    const permits = new Semaphore(0);
    const a = spawn(new User("a", permits));
    settle();
    permits.release();
    a.cancel();
    settle();
    expect(said()).toBe("a");
    expect(permits.available).toBe(1);
  });
});

/** Keeps the permit, and says what came of it. */
class Owner implements AcquireHandler {
  constructor(private readonly name: string) {}

  onAcquire(acquirer: Acquirer, outcome: i32): void {
    say(this.name + (outcome == 0 ? "" : outcome.toString()));
  }
}

/** Takes one permit after the other. */
class Taker implements AcquireHandler {
  taken: i32 = 0;

  onAcquire(acquirer: Acquirer, outcome: i32): void {
    this.taken++;
    acquirer.again();
  }
}

describe("onAcquire", () => {
  test("calls later, also for a permit that is there", () => {
    const permits = new Semaphore(1);
    permits.onAcquire(new Owner("a"));
    expect(permits.available).toBe(0);
    expect(said()).toBe("");
    expectExit(() => {
      step();
    }, 0);
    expect(said()).toBe("a");
  });

  test("waits in one queue with fibres", () => {
    keep();
    const permits = new Semaphore(0);
    spawn(new User("a", permits));
    step();
    permits.onAcquire(new Owner("b"));
    spawn(new User("c", permits));
    step();
    for (let i = 0; i < 3; i++) permits.release();
    expect(said()).toBe("");
    settle();
    expect(said()).toBe("a b c");
    expect(permits.available).toBe(2);
  });

  test("keeps the domain alive, unless in the background or cancelled", () => {
    const permits = new Semaphore(0);
    const a = permits.onAcquire(new Owner("a"));
    const b = permits.onAcquire(new Owner("b"));
    step();
    a.background();
    expect(b.cancel()).toBe(true);
    expectExit(() => {
      step();
    }, 0);
    expect(said()).toBe("");
  });

  test("that was cancelled is not called, and takes nothing", () => {
    keep();
    const permits = new Semaphore(0);
    const a = permits.onAcquire(new Owner("a"), 10);
    expect(a.pending).toBe(true);
    expect(a.cancel()).toBe(true);
    expect(a.pending).toBe(false);
    expect(a.cancel()).toBe(false);
    permits.release();
    expect(permits.available).toBe(1);
    expect(step(10)).toBe(NO_DEADLINE);
    expect(said()).toBe("");
  });

  test("cannot be cancelled any more when the permit is its own", () => {
    keep();
    const permits = new Semaphore(0);
    const a = permits.onAcquire(new Owner("a"));
    permits.release();
    expect(a.cancel()).toBe(false);
    expect(a.pending).toBe(true);
    step();
    expect(said()).toBe("a");
  });

  test("has a deadline", () => {
    const permits = new Semaphore(0);
    permits.onAcquire(new Owner("a"), 10);
    expect(step()).toBe(10);
    expectExit(() => {
      step(10);
    }, 0);
    expect(said()).toBe("a-17");
  });

  test("may be begun again in its handler, without end", () => {
    const permits = new Semaphore(100);
    const taker = new Taker();
    const acquirer = permits.onAcquire(taker);
    step();
    expect(taker.taken).toBe(100);
    permits.release();
    step();
    expect(taker.taken).toBe(101);
    expect(acquirer.pending).toBe(true);
  });

  test("cannot be begun twice", () => {
    expectAbort(() => {
      new Semaphore(7).onAcquire(new Owner("a")).again();
    }, "has begun already");
    expectAbort(() => {
      new Semaphore(0).onAcquire(new Owner("a")).again();
    }, "has begun already");
  });
});

/** Uses the semaphore again and again, and looks that nobody else is inside. */
class Guarded extends Fibre {
  static inside: i32 = 0;
  static most: i32 = 0;
  static turns: i32 = 0;

  constructor(private readonly semaphore: Semaphore) {
    super();
  }

  run(): i32 {
    for (let i = 0; i < 5; i++) {
      const outcome = this.semaphore.acquire();
      if (outcome != 0) return outcome;
      Guarded.inside++;
      Guarded.most = max(Guarded.most, Guarded.inside);
      Guarded.turns++;
      yieldNow();
      Guarded.inside--;
      this.semaphore.release();
    }
    return 0;
  }
}

test("never lets in more than it has permits, in any order of turns", () => {
  keep();
  for (let seed: u32 = 1; seed <= 50; seed++) {
    Guarded.most = 0;
    Guarded.turns = 0;
    permuteTasks(seed);
    const permits = hold(new Semaphore(3));
    const fibres = hold(new Array<Guarded>());
    for (let i = 0; i < 8; i++) fibres.push(spawn(new Guarded(permits)));
    for (let i: u32 = 0; i < seed % 7; i++) step();
    fibres[seed % 8].cancel();
    settle();
    expect(Guarded.inside).toBe(0);
    expect(Guarded.most).toBe(3);
    expect(permits.available).toBe(3);
    expect(Guarded.turns).toBeGreaterThanOrEqual(35);
  }
});

test("cannot have less than no permits", () => {
  expectAbort(() => {
    new Semaphore(-1);
  }, "less than no permits");
});
