import { NO_DEADLINE } from "@phantasm/abi";
import { permuteTasks } from "@phantasm/runtime";
import { describe, expect, expectAbort, test } from "@phantasm/testing";
import { Condition, Fibre, Mutex, sleep, spawn, yieldNow } from "./index";
import { Dice, hold, keep, said, say, settle, step } from "./testing";

/** Locks, sleeps with the lock, and unlocks. */
class Locker extends Fibre {
  constructor(
    name: string,
    private readonly mutex: Mutex,
    private readonly ns: i64 = 0,
    private readonly deadlineNs: i64 = NO_DEADLINE,
  ) {
    super(name);
  }

  run(): i32 {
    const outcome = this.mutex.lock(this.deadlineNs);
    say(this.name + (outcome == 0 ? "" : outcome.toString()));
    if (outcome != 0) return outcome;
    sleep(this.ns);
    this.mutex.unlock();
    return 0;
  }
}

describe("a mutex", () => {
  test("is locked by one at a time, in the order of coming", () => {
    keep();
    const mutex = new Mutex();
    expect(mutex.locked).toBe(false);
    spawn(new Locker("a", mutex, 5));
    spawn(new Locker("b", mutex, 5));
    spawn(new Locker("c", mutex, 5));
    settle();
    expect(said()).toBe("a");
    expect(mutex.locked).toBe(true);
    step(5);
    expect(said()).toBe("b");
    step(5);
    expect(said()).toBe("c");
    step(5);
    expect(mutex.locked).toBe(false);
  });

  test("is handed over, so that nobody overtakes who waits", () => {
    keep();
    const mutex = new Mutex();
    spawn(new Locker("a", mutex, 5));
    spawn(new Locker("b", mutex));
    spawn(new Greedy(mutex));
    step();
    step(5);
    settle();
    expect(said()).toBe("a greedy: false b greedy: true");
  });

  test("goes to the next when a wait is cancelled or times out", () => {
    keep();
    const mutex = new Mutex();
    spawn(new Locker("a", mutex, 20));
    const b = spawn(new Locker("b", mutex));
    spawn(new Locker("c", mutex, 0, 10));
    spawn(new Locker("d", mutex));
    step();
    b.cancel();
    step(10);
    step(10);
    settle();
    expect(said()).toBe("a b-16 c-17 d");
    expect(mutex.locked).toBe(false);
  });

  test("belongs to one that was cancelled after it was handed over", () => {
    keep();
    const mutex = new Mutex();
    spawn(new Locker("a", mutex, 5));
    const b = spawn(new Locker("b", mutex, 5));
    spawn(new Canceller(b, 5));
    step();
    step(5);
    settle();
    expect(said()).toBe("a b");
    expect(mutex.locked).toBe(false);
  });

  test("refuses a fibre that was cancelled", () => {
    keep();
    const mutex = new Mutex();
    spawn(new Locker("a", mutex)).cancel();
    settle();
    expect(said()).toBe("a-16");
    expect(mutex.locked).toBe(false);
  });

  test("cannot be unlocked by another", () => {
    expectAbort(() => {
      const mutex = new Mutex();
      spawn(new Locker("a", mutex, 5));
      spawn(new Unlocker(mutex));
      step();
    }, "has not locked it");
    expectAbort(() => {
      spawn(new Unlocker(new Mutex()));
      step();
    }, "has not locked it");
  });

  test("cannot be locked twice by its owner", () => {
    expectAbort(() => {
      spawn(new Twice(new Mutex()));
      step();
    }, "its owner locks it again");
  });

  test("that a fibre took with it into its end is found out", () => {
    expectAbort(() => {
      const mutex = new Mutex();
      keep();
      spawn(new Forgetful(mutex));
      step();
      spawn(new Locker("a", mutex));
      step();
    }, "had not unlocked it");
  });
});

class Canceller extends Fibre {
  constructor(
    private readonly other: Fibre,
    private readonly ns: i64,
  ) {
    super();
  }

  run(): i32 {
    sleep(this.ns);
    this.other.cancel();
    return 0;
  }
}

/** Wants it just when it is unlocked, and again when it is free. */
class Greedy extends Fibre {
  constructor(private readonly mutex: Mutex) {
    super();
  }

  run(): i32 {
    sleep(5);
    say(`greedy: ${this.mutex.tryLock()}`);
    yieldNow();
    yieldNow();
    say(`greedy: ${this.mutex.tryLock()}`);
    expect(this.mutex.mine).toBe(true);
    this.mutex.unlock();
    return 0;
  }
}

class Unlocker extends Fibre {
  constructor(private readonly mutex: Mutex) {
    super();
  }

  run(): i32 {
    this.mutex.unlock();
    return 0;
  }
}

class Twice extends Fibre {
  constructor(private readonly mutex: Mutex) {
    super();
  }

  run(): i32 {
    this.mutex.lock();
    return this.mutex.lock();
  }
}

class Forgetful extends Fibre {
  constructor(private readonly mutex: Mutex) {
    super();
  }

  run(): i32 {
    return this.mutex.lock();
  }
}

/** Waits for a condition, and says whether it has the mutex then. */
class Listener extends Fibre {
  constructor(
    name: string,
    private readonly mutex: Mutex,
    private readonly condition: Condition,
    private readonly deadlineNs: i64 = NO_DEADLINE,
  ) {
    super(name);
  }

  run(): i32 {
    this.mutex.lock();
    const outcome = this.condition.wait(this.deadlineNs);
    say(`${this.name}${outcome == 0 ? "" : outcome.toString()}`);
    expect(this.mutex.mine).toBe(true);
    this.mutex.unlock();
    // Its cancel is not forgotten.
    if (this.cancelled) say(`then ${sleep(1)}`);
    return outcome;
  }
}

/** Has the mutex for a time, and signals in the middle. */
class Signaller extends Fibre {
  constructor(
    private readonly mutex: Mutex,
    private readonly condition: Condition,
    private readonly toAll: bool = false,
  ) {
    super();
  }

  run(): i32 {
    this.mutex.lock();
    if (this.toAll) this.condition.broadcast();
    else this.condition.signal();
    sleep(10);
    say("unlocks");
    this.mutex.unlock();
    return 0;
  }
}

describe("a condition", () => {
  test("wakes one for a signal, who has the mutex again", () => {
    keep();
    const mutex = new Mutex();
    const condition = new Condition(mutex);
    spawn(new Listener("a", mutex, condition));
    spawn(new Listener("b", mutex, condition));
    settle();
    expect(mutex.locked).toBe(false);
    spawn(new Signaller(mutex, condition));
    settle();
    expect(said()).toBe("");
    step(10);
    settle();
    expect(said()).toBe("unlocks a");
    condition.signal();
    condition.signal();
    settle();
    expect(said()).toBe("b");
  });

  test("wakes all for a broadcast, one after the other", () => {
    keep();
    const mutex = new Mutex();
    const condition = new Condition(mutex);
    for (let i = 0; i < 3; i++) spawn(new Listener(`w${i}`, mutex, condition));
    settle();
    spawn(new Signaller(mutex, condition, true));
    settle();
    step(10);
    settle();
    expect(said()).toBe("unlocks w0 w1 w2");
    expect(mutex.locked).toBe(false);
  });

  test("that is given up locks the mutex all the same", () => {
    keep();
    const mutex = new Mutex();
    const condition = new Condition(mutex);
    const a = spawn(new Listener("a", mutex, condition));
    spawn(new Listener("b", mutex, condition, 5));
    settle();
    spawn(new Locker("locker", mutex, 10));
    settle();
    a.cancel();
    step(5);
    settle();
    expect(said()).toBe("locker");
    step(5);
    settle();
    expect(said()).toBe("a-16 b-17 then -16");
    expect(mutex.locked).toBe(false);
  });

  test("of one cancelled while it waits for the mutex keeps its signal and its place", () => {
    keep();
    const mutex = new Mutex();
    const condition = new Condition(mutex);
    const a = spawn(new Listener("a", mutex, condition));
    settle();
    spawn(new Signaller(mutex, condition));
    settle();
    spawn(new Locker("locker", mutex));
    settle();
    a.cancel();
    settle();
    expect(said()).toBe("");
    step(10);
    settle();
    expect(said()).toBe("unlocks a locker then -16");
    expect(a.cancelled).toBe(true);
  });

  test("loses no signal to one that was cancelled before", () => {
    keep();
    const mutex = new Mutex();
    const condition = new Condition(mutex);
    const a = spawn(new Listener("a", mutex, condition));
    spawn(new Listener("b", mutex, condition));
    settle();
    a.cancel();
    condition.signal();
    settle();
    expect(said()).toBe("a-16 b then -16");
  });

  test("needs the mutex", () => {
    expectAbort(() => {
      const mutex = new Mutex();
      spawn(new Unlocked(new Condition(mutex)));
      step();
    }, "has not locked it");
  });
});

class Unlocked extends Fibre {
  constructor(private readonly condition: Condition) {
    super();
  }

  run(): i32 {
    return this.condition.wait();
  }
}

/** A store of a few things, the textbook's way. */
class Store {
  readonly mutex: Mutex = new Mutex();
  readonly notEmpty: Condition = new Condition(this.mutex);
  readonly notFull: Condition = new Condition(this.mutex);
  count: i32 = 0;
  total: i32 = 0;
}

class Putter extends Fibre {
  constructor(private readonly store: Store) {
    super();
  }

  run(): i32 {
    const store = this.store;
    for (let i = 0; i < 10; i++) {
      if (store.mutex.lock() != 0) return i;
      while (store.count == 2)
        if (store.notFull.wait() != 0) {
          store.mutex.unlock();
          return i;
        }
      yieldNow();
      store.count++;
      expect(store.count).toBeLessThanOrEqual(2);
      store.notEmpty.signal();
      store.mutex.unlock();
    }
    return 10;
  }
}

class Getter extends Fibre {
  constructor(private readonly store: Store) {
    super();
  }

  run(): i32 {
    const store = this.store;
    for (;;) {
      if (store.mutex.lock() != 0) break;
      let outcome = 0;
      while (store.count == 0 && outcome == 0) outcome = store.notEmpty.wait();
      if (store.count > 0) {
        yieldNow();
        store.count--;
        store.total++;
        store.notFull.signal();
      }
      store.mutex.unlock();
      if (outcome != 0) break;
    }
    return 0;
  }
}

test("a store with two conditions, in any schedule", () => {
  keep();
  for (let seed: u32 = 1; seed <= 30; seed++) {
    const dice = hold(new Dice(seed));
    permuteTasks(seed);
    const store = hold(new Store());
    const putters = hold(new Array<Putter>());
    const getters = hold(new Array<Getter>());
    for (let i = 0; i < 4; i++) putters.push(spawn(new Putter(store)));
    for (let i = 0; i < 3; i++) getters.push(spawn(new Getter(store)));
    for (let i = dice.roll(20); i > 0; i--) step();
    putters[0].cancel();
    getters[0].cancel();
    settle();
    let put = 0;
    for (let i = 0; i < 4; i++) {
      expect(putters[i].ended).toBe(true);
      put += putters[i].result;
    }
    expect(store.total).toBe(put);
    expect(store.count).toBe(0);
    for (let i = 0; i < 3; i++) getters[i].cancel();
    settle();
    expect(store.mutex.locked).toBe(false);
  }
});
