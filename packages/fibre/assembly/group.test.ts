import { NO_DEADLINE } from "@phantasm/abi";
import { permuteTasks } from "@phantasm/runtime";
import { describe, expect, expectAbort, test, world } from "@phantasm/testing";
import { CANCELLED, Fibre, Group, TIMED_OUT, sleep, spawn } from "./index";
import { Dice, hold, keep, said, say, settle, step } from "./testing";

/** Works for a time, and takes another to clean up when it is cancelled. */
class Works extends Fibre {
  constructor(
    name: string,
    private readonly ns: i64,
    private readonly error: i32 = 0,
    private readonly cleanUpNs: i64 = 0,
  ) {
    super(name);
  }

  run(): i32 {
    const outcome = sleep(this.ns);
    if (outcome == 0) {
      say(this.name);
      return this.error;
    }
    if (this.cleanUpNs > 0) {
      this.shield();
      sleep(this.cleanUpNs);
    }
    say(`${this.name}!`);
    return outcome;
  }
}

/** Joins a group, and says what came of it. */
class Joins extends Fibre {
  constructor(
    private readonly group: Group,
    private readonly deadlineNs: i64 = NO_DEADLINE,
    private readonly closing: bool = false,
  ) {
    super("joins");
  }

  run(): i32 {
    const outcome = this.closing ? this.group.close() : this.group.join(this.deadlineNs);
    say(`joined ${outcome} at ${world.now()}`);
    expect(this.group.live).toBe(0);
    // Its cancel is not forgotten.
    if (this.cancelled) expect(sleep(1)).toBe(CANCELLED);
    return outcome;
  }
}

function run(ns: i32): void {
  settle();
  for (let i = 0; i < ns; i++) {
    step(1);
    settle();
  }
}

describe("join", () => {
  test("waits for all", () => {
    keep();
    const group = new Group();
    group.spawn(new Works("a", 20));
    group.spawn(new Works("b", 10));
    spawn(new Joins(group));
    expect(group.live).toBe(2);
    run(30);
    expect(said()).toBe("b a joined 0 at 20");
  });

  test("of an empty group returns at once", () => {
    keep();
    spawn(new Joins(new Group(), 0));
    settle();
    expect(said()).toBe("joined 0 at 0");
  });

  test("returns the first error, which cancels the others", () => {
    keep();
    const group = new Group();
    group.spawn(new Works("a", 30, -5, 10));
    group.spawn(new Works("b", 10, -7));
    group.spawn(new Works("c", 20, -6));
    spawn(new Joins(group));
    run(40);
    expect(said()).toBe("b c! a! joined -7 at 20");
  });

  test("returns the first error when the others shall go on", () => {
    keep();
    const group = new Group();
    group.cancelOnError = false;
    group.spawn(new Works("a", 30, -5));
    group.spawn(new Works("b", 10, -7));
    group.spawn(new Works("c", 20));
    spawn(new Joins(group));
    run(40);
    expect(said()).toBe("b c a joined -7 at 30");
  });

  test("ends the others at its deadline, and waits until they have ended", () => {
    keep();
    const group = new Group();
    group.spawn(new Works("a", 10));
    group.spawn(new Works("b", 50, 0, 5));
    spawn(new Joins(group, 20));
    run(40);
    expect(said()).toBe(`a b! joined ${TIMED_OUT} at 25`);
  });

  test("ends the others when it is cancelled, and waits until they have ended", () => {
    keep();
    const group = new Group();
    group.spawn(new Works("a", 50, 0, 5));
    const joins = spawn(new Joins(group));
    run(10);
    joins.cancel();
    run(10);
    expect(said()).toBe(`a! joined ${CANCELLED} at 15`);
  });

  test("keeps the error that came before it was cancelled", () => {
    keep();
    const group = new Group();
    group.spawn(new Works("a", 50, 0, 5));
    group.spawn(new Works("b", 8, -7));
    const joins = spawn(new Joins(group));
    run(10);
    joins.cancel();
    run(10);
    expect(said()).toBe("b a! joined -7 at 13");
  });

  test("cancelled before it begins still waits for all", () => {
    keep();
    const group = new Group();
    group.spawn(new Works("a", 50, 0, 5));
    run(1);
    spawn(new Joins(group)).cancel();
    run(10);
    expect(said()).toBe(`a! joined ${CANCELLED} at 6`);
  });

  test("of an empty group tells a cancelled fibre so", () => {
    keep();
    spawn(new Joins(new Group())).cancel();
    settle();
    expect(said()).toBe(`joined ${CANCELLED} at 0`);
  });

  test("may be done several times, and by several", () => {
    keep();
    const group = new Group();
    group.spawn(new Works("a", 10, -7));
    spawn(new Joins(group));
    run(10);
    group.spawn(new Works("b", 10));
    spawn(new Joins(group));
    spawn(new Joins(group));
    run(10);
    expect(said()).toBe("a joined -7 at 10 b joined 0 at 20 joined 0 at 20");
  });
});

describe("cancel", () => {
  test("is no error", () => {
    keep();
    const group = new Group();
    group.spawn(new Works("a", 20));
    group.spawn(new Works("b", 20));
    spawn(new Joins(group));
    run(5);
    group.cancel();
    settle();
    expect(said()).toBe("b! a! joined 0 at 5");
  });

  test("of one fibre neither is one, nor harms the others", () => {
    keep();
    const group = new Group();
    group.spawn(new Works("a", 20));
    const b = group.spawn(new Works("b", 20));
    spawn(new Joins(group));
    run(5);
    b.cancel();
    run(20);
    expect(said()).toBe("b! a joined 0 at 20");
  });

  test("meets those who are spawned later, until the group is joined", () => {
    keep();
    const group = new Group();
    group.cancel();
    group.spawn(new Works("a", 20));
    settle();
    spawn(new Joins(group));
    settle();
    group.spawn(new Works("b", 20));
    run(20);
    expect(said()).toBe("a! joined 0 at 0 b");
  });

  test("close is cancel and join", () => {
    keep();
    const group = new Group();
    group.spawn(new Works("a", 20, 0, 3));
    run(5);
    spawn(new Joins(group, NO_DEADLINE, true));
    run(5);
    expect(said()).toBe("a! joined 0 at 8");
  });
});

/** Spawns others into its group before it ends. */
class Spreads extends Fibre {
  constructor(
    private readonly group: Group,
    private readonly depth: i32,
  ) {
    super();
  }

  run(): i32 {
    sleep(2);
    if (this.depth == 0) say("leaf");
    else for (let i = 0; i < 2; i++) this.group.spawn(new Spreads(this.group, this.depth - 1));
    return 0;
  }
}

test("members may spawn members", () => {
  keep();
  const group = new Group();
  group.spawn(new Spreads(group, 2));
  spawn(new Joins(group));
  run(10);
  expect(said()).toBe("leaf leaf leaf leaf joined 0 at 6");
});

test("a fibre belongs to one group", () => {
  expectAbort(() => {
    const fibre = new Works("a", 5);
    new Group().spawn(fibre);
    new Group().spawn(fibre);
  }, "it runs already");
});

test("a fibre that has ended may go into another group", () => {
  keep();
  const group = new Group();
  const fibre = group.spawn(new Works("a", 5));
  run(5);
  new Group().spawn(fibre);
  run(5);
  expect(said()).toBe("a a");
});

test("when join returns nobody lives, in any schedule", () => {
  keep();
  for (let seed: u32 = 1; seed <= 40; seed++) {
    const dice = hold(new Dice(seed));
    permuteTasks(seed);
    const group = hold(new Group());
    for (let i = dice.roll(10); i >= 0; i--)
      group.spawn(
        new Works("", dice.roll(20), dice.roll(4) == 0 ? -1 - dice.roll(9) : 0, dice.roll(5)),
      );
    const deadlineNs = dice.roll(2) == 0 ? NO_DEADLINE : world.now() + dice.roll(20);
    const joins = hold(spawn(new Joins(group, deadlineNs)));
    run(dice.roll(10));
    if (dice.roll(2) == 0) joins.cancel();
    run(40);
    expect(joins.ended).toBe(true);
    expect(group.live).toBe(0);
  }
});

/** Waits for a member itself, and then spawns another one into the group. */
class Adds extends Fibre {
  constructor(
    private readonly group: Group,
    private readonly first: Fibre,
  ) {
    super("adds");
  }

  run(): i32 {
    this.first.join();
    this.group.spawn(new Works("late", 10));
    return 0;
  }
}

test("join waits for one that is spawned when the last has just ended", () => {
  keep();
  const group = new Group();
  const first = group.spawn(new Works("first", 5));
  spawn(new Adds(group, first));
  spawn(new Joins(group));
  run(30);
  expect(said()).toBe("first late joined 0 at 15");
});

/** Masks itself, and closes a group in between. */
class Masked extends Fibre {
  constructor(private readonly group: Group) {
    super("masked");
  }

  run(): i32 {
    this.mask();
    this.group.close();
    say(`${sleep(10)}`);
    this.unmask();
    say(`${sleep(10)}`);
    return 0;
  }
}

test("a wait that masks leaves a mask of the fibre's own", () => {
  keep();
  const group = new Group();
  group.spawn(new Works("a", 20));
  const masked = spawn(new Masked(group));
  settle();
  masked.cancel();
  run(30);
  expect(said()).toBe(`a! 0 ${CANCELLED}`);
});
