import { NO_DEADLINE } from "@phantasm/abi";
import { MILLISECOND, SECOND } from "@phantasm/interfaces";
import { describe, expect, test, world } from "@phantasm/testing";
import { CANCELLED, ChildFactory, Fibre, Supervisor, sleep, spawn } from "./index";
import { keep, said, say, settle, step } from "./testing";

/** Works for a time, and returns. Cleans up for a millisecond when it is cancelled. */
class Works extends Fibre {
  constructor(
    name: string,
    private readonly ms: i64,
    private readonly error: i32,
  ) {
    super(name);
  }

  run(): i32 {
    say(`${this.name}@${world.now() / MILLISECOND}`);
    const outcome = sleep(this.ms * MILLISECOND);
    if (outcome == 0) return this.error;
    this.shield();
    sleep(MILLISECOND);
    say(`${this.name}!${world.now() / MILLISECOND}`);
    return outcome;
  }
}

/** Makes fibres that fail, and one that does not. */
class Makes implements ChildFactory {
  private made: i32 = 0;
  last: Fibre | null = null;

  constructor(
    private readonly name: string,
    private readonly ms: i64,
    private readonly failures: i32,
    private readonly error: i32 = -7,
  ) {}

  create(): Fibre {
    const fails = this.made < this.failures;
    const fibre = new Works(`${this.name}${this.made++}`, this.ms, fails ? this.error : 0);
    this.last = fibre;
    return fibre;
  }
}

/** Says what it does. */
class Tells extends Supervisor {
  restarting(fibre: Fibre, delayNs: i64): void {
    say(`${fibre.name}:${fibre.result}+${delayNs / MILLISECOND}`);
  }
}

function supervisor(): Tells {
  const made = new Tells();
  made.restartDelayMinNs = 10 * MILLISECOND;
  made.restartDelayMaxNs = 50 * MILLISECOND;
  made.restartWindowNs = SECOND;
  return made;
}

function run(ms: i32): void {
  settle();
  for (let i = 0; i < ms; i++) {
    step(MILLISECOND);
    settle();
  }
}

describe("a child that returns", () => {
  test("0 is done, and the supervisor with the last of them", () => {
    keep();
    const fibre = supervisor();
    spawn(fibre.add(new Makes("a", 5, 0)).add(new Makes("b", 3, 0)));
    run(4);
    expect(fibre.ended).toBe(false);
    run(1);
    expect(fibre.ended).toBe(true);
    expect(fibre.result).toBe(0);
    expect(said()).toBe("a0@0 b0@0");
  });

  test("an error is replaced after a delay that doubles up to a bound; its siblings go on", () => {
    keep();
    const fibre = supervisor();
    spawn(fibre.add(new Makes("a", 1, 5)).add(new Makes("b", 300, 0)));
    run(299);
    expect(said()).toBe(
      "a0@0 b0@0 a0:-7+10 a1@11 a1:-7+20 a2@32 a2:-7+40 a3@73 a3:-7+50 a4@124 a4:-7+50 a5@175",
    );
    expect(fibre.ended).toBe(false);
    run(1);
    expect(fibre.ended).toBe(true);
    expect(fibre.result).toBe(0);
  });

  test("too many errors ends the supervisor with the last, its siblings first", () => {
    keep();
    const fibre = supervisor();
    fibre.restartsMax = 2;
    spawn(
      fibre
        .add(new Makes("a", 500, 0))
        .add(new Makes("b", 1, 99, -9))
        .add(new Makes("c", 500, 0)),
    );
    run(33);
    expect(said()).toBe("a0@0 b0@0 c0@0 b0:-9+10 b1@11 b1:-9+20 b2@32");
    expect(fibre.ended).toBe(false);
    run(2);
    expect(said()).toBe("c0!34 a0!35");
    expect(fibre.ended).toBe(true);
    expect(fibre.result).toBe(-9);
  });

  test("an error is not replaced where no restart is allowed", () => {
    keep();
    const fibre = supervisor();
    fibre.restartsMax = 0;
    spawn(fibre.add(new Makes("a", 1, 1)));
    run(1);
    expect(fibre.result).toBe(-7);
  });

  test("an error now and then is replaced for ever, with the least delay", () => {
    keep();
    const fibre = supervisor();
    fibre.restartsMax = 1;
    fibre.restartWindowNs = 100 * MILLISECOND;
    spawn(fibre.add(new Makes("a", 100, 4)));
    run(550);
    expect(said()).toBe("a0@0 a0:-7+10 a1@110 a1:-7+10 a2@220 a2:-7+10 a3@330 a3:-7+10 a4@440");
    expect(fibre.result).toBe(0);
    expect(fibre.ended).toBe(true);
  });

  test("an error is one too many only within the window", () => {
    keep();
    const fibre = supervisor();
    fibre.restartsMax = 1;
    fibre.restartWindowNs = 100 * MILLISECOND;
    fibre.restartDelayMaxNs = 10 * MILLISECOND;
    spawn(fibre.add(new Makes("a", 90, 2)));
    run(290);
    expect(fibre.result).toBe(0);
    const stricter = supervisor();
    stricter.restartsMax = 1;
    stricter.restartWindowNs = 101 * MILLISECOND;
    stricter.restartDelayMaxNs = 10 * MILLISECOND;
    spawn(stricter.add(new Makes("b", 90, 2)));
    run(290);
    expect(fibre.ended && stricter.ended).toBe(true);
    expect(stricter.result).toBe(-7);
  });

  test("restarts are counted over all children", () => {
    keep();
    const fibre = supervisor();
    fibre.restartsMax = 3;
    spawn(fibre.add(new Makes("a", 1, 9)).add(new Makes("b", 2, 9)));
    run(50);
    expect(said()).toBe("a0@0 b0@0 a0:-7+10 b0:-7+10 a1@11 b1@12 a1:-7+20");
    expect(fibre.result).toBe(-7);
    expect(fibre.ended).toBe(true);
  });

  test("CANCELLED because somebody cancelled it is done; CANCELLED of its own accord is an error", () => {
    keep();
    const fibre = supervisor();
    const makes = new Makes("a", 50, 0);
    spawn(fibre.add(makes).add(new Makes("b", 1, 1, CANCELLED)));
    run(5);
    makes.last!.cancel();
    run(20);
    expect(said()).toBe(`a0@0 b0@0 b0:${CANCELLED}+10 a0!6 b1@11`);
    expect(fibre.ended).toBe(true);
    expect(fibre.result).toBe(0);
  });
});

describe("a supervisor that is cancelled", () => {
  test("ends its children in reverse order, one after the other", () => {
    keep();
    const fibre = supervisor();
    spawn(
      fibre
        .add(new Makes("a", 50, 0))
        .add(new Makes("b", 50, 0))
        .add(new Makes("c", 50, 0)),
    );
    run(5);
    fibre.cancel();
    run(10);
    expect(said()).toBe("a0@0 b0@0 c0@0 c0!6 b0!7 a0!8");
    expect(fibre.ended).toBe(true);
    expect(fibre.result).toBe(CANCELLED);
  });

  test("starts nothing any more", () => {
    keep();
    const fibre = supervisor();
    spawn(fibre.add(new Makes("a", 1, 9)));
    run(5);
    fibre.cancel();
    settle();
    // No timer is left.
    expect(step()).toBe(NO_DEADLINE);
    expect(said()).toBe("a0@0 a0:-7+10");
    expect(fibre.result).toBe(CANCELLED);
    const other = supervisor();
    spawn(other.add(new Makes("b", 1, 9))).cancel();
    run(5);
    expect(other.ended).toBe(true);
    expect(said()).toBe("");
  });
});

test("a child may be added later", () => {
  keep();
  const fibre = supervisor();
  spawn(fibre.add(new Makes("a", 10, 0)));
  run(5);
  fibre.add(new Makes("b", 10, 1));
  run(30);
  expect(said()).toBe("a0@0 b0@5 b0:-7+10 b1@25");
  run(5);
  expect(fibre.ended).toBe(true);
  fibre.add(new Makes("c", 10, 1));
  run(5);
  expect(said()).toBe("");
});

/** Makes supervisors of a child that always fails. */
class MakesSupervisors implements ChildFactory {
  constructor(private readonly makes: ChildFactory) {}

  create(): Fibre {
    const made = new Tells("inner");
    made.restartsMax = 1;
    made.restartDelayMinNs = 5 * MILLISECOND;
    return made.add(this.makes);
  }
}

/** Does a supervisor's work itself. */
class Runs extends Fibre {
  constructor(private readonly supervisor: Supervisor) {
    super();
  }

  run(): i32 {
    const outcome = this.supervisor.run();
    // Its cancel is not forgotten.
    return sleep(MILLISECOND) == outcome ? outcome : 1;
  }
}

test("another fibre may run it", () => {
  keep();
  const made = supervisor()
    .add(new Makes("a", 50, 0))
    .add(new Makes("b", 1, 9));
  const fibre = spawn(new Runs(made));
  run(5);
  fibre.cancel();
  run(20);
  expect(said()).toBe("a0@0 b0@0 b0:-7+10 a0!6");
  expect(fibre.result).toBe(CANCELLED);
});

test("supervisors form a tree: one that gives up is restarted by its own", () => {
  keep();
  const fibre = supervisor();
  fibre.restartsMax = 1;
  spawn(fibre.add(new MakesSupervisors(new Makes("a", 1, 99))));
  run(60);
  expect(said()).toBe("a0@0 a0:-7+5 a1@6 inner:-7+10 a2@17 a2:-7+5 a3@23");
  expect(fibre.ended).toBe(true);
  expect(fibre.result).toBe(-7);
});

/** The same fibre again. */
class MakesTheSame implements ChildFactory {
  private readonly fibre: Fibre = new Works("same", 1, -7);

  create(): Fibre {
    return this.fibre;
  }
}

test("a factory may return a fibre that has ended", () => {
  keep();
  const fibre = supervisor();
  fibre.restartsMax = 1;
  spawn(fibre.add(new MakesTheSame()));
  run(20);
  expect(said()).toBe("same@0 same:-7+10 same@11");
  expect(fibre.result).toBe(-7);
});
