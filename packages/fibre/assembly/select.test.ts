import { NO_DEADLINE } from "@phantasm/abi";
import { describe, expect, expectAbort, test, world } from "@phantasm/testing";
import {
  CANCELLED,
  CLOSED,
  Channel,
  EXHAUSTED,
  Event,
  Fibre,
  Select,
  Semaphore,
  TIMED_OUT,
  sleep,
  spawn,
} from "./index";
import { keep, said, say, settle, step } from "./testing";

/** What the fibres of a case select from. */
class Things {
  readonly a: Channel<i32> = new Channel<i32>(2);
  readonly b: Channel<string> = new Channel<string>(0);
  readonly out: Channel<i32> = new Channel<i32>(1);
  readonly permits: Semaphore = new Semaphore(0);
  readonly event: Event = new Event();
}

/** Selects from all of them, again and again. */
class Selects extends Fibre {
  constructor(
    private readonly things: Things,
    private readonly times: i32,
    private readonly deadlineNs: i64 = NO_DEADLINE,
  ) {
    super();
  }

  run(): i32 {
    const things = this.things;
    const select = new Select();
    const a = select.receive(things.a);
    const b = select.receive(things.b);
    const permit = select.acquire(things.permits);
    const event = select.wait(things.event);
    for (let i = 0; i < this.times; i++) {
      const chosen = select.next(this.deadlineNs);
      if (chosen < 0) {
        say(chosen.toString());
        return chosen;
      }
      if (select.outcome != 0) say(`case ${chosen}: ${select.outcome}`);
      else if (chosen == a) say(`a: ${things.a.value}`);
      else if (chosen == b) say(`b: ${things.b.value}`);
      else if (chosen == permit) say("permit");
      else if (chosen == event) {
        say("event");
        things.event.reset();
      }
    }
    return 0;
  }
}

describe("next", () => {
  test("takes what is there", () => {
    keep();
    const things = new Things();
    things.a.trySend(1);
    spawn(new Selects(things, 1));
    settle();
    expect(said()).toBe("a: 1");
  });

  test("waits for what comes first", () => {
    keep();
    const things = new Things();
    spawn(new Selects(things, 4));
    settle();
    things.permits.release();
    settle();
    things.b.trySend("x");
    settle();
    things.event.set();
    settle();
    things.a.trySend(7);
    settle();
    expect(said()).toBe("permit b: x event a: 7");
  });

  test("loses nothing of what comes at once", () => {
    keep();
    const things = new Things();
    spawn(new Selects(things, 5));
    settle();
    things.b.trySend("x");
    // The wait has ended with that; none of these is its own any more.
    expect(things.b.trySend("y")).toBe(EXHAUSTED);
    things.a.trySend(1);
    things.a.trySend(2);
    expect(things.a.length).toBe(2);
    things.permits.release();
    expect(things.permits.available).toBe(1);
    things.event.set();
    settle();
    expect(said()).toBe("b: x permit event a: 1 a: 2");
    expect(things.permits.available).toBe(0);
  });

  test("takes turns among what is always there", () => {
    keep();
    const things = new Things();
    things.a.trySend(1);
    things.a.trySend(2);
    for (let i = 0; i < 3; i++) things.permits.release();
    spawn(new Selects(things, 5));
    settle();
    expect(said()).toBe("a: 1 permit a: 2 permit permit");
  });

  test("is a sender's receiver without a buffer", () => {
    keep();
    const things = new Things();
    spawn(new Offers(things.b));
    settle();
    spawn(new Selects(things, 2));
    settle();
    expect(said()).toBe("b: first offered offered b: second");
  });

  test("leaves nothing behind at its deadline", () => {
    keep();
    const things = new Things();
    spawn(new Selects(things, 1, 10));
    expect(step()).toBe(10);
    step(10);
    expect(said()).toBe(`${TIMED_OUT}`);
    things.permits.release();
    expect(things.permits.available).toBe(1);
    expect(things.b.trySend("x")).toBe(EXHAUSTED);
  });

  test("with a deadline in the past takes what is there, and does not wait", () => {
    keep();
    world.advance(10);
    const things = new Things();
    things.a.trySend(1);
    spawn(new Selects(things, 2, 10));
    settle();
    expect(said()).toBe(`a: 1 ${TIMED_OUT}`);
    expect(things.b.trySend("x")).toBe(EXHAUSTED);
  });

  test("leaves nothing behind when it is cancelled", () => {
    keep();
    const things = new Things();
    const fibre = spawn(new Selects(things, 1));
    settle();
    fibre.cancel();
    settle();
    expect(said()).toBe(`${CANCELLED}`);
    things.permits.release();
    expect(things.permits.available).toBe(1);
  });

  test("has what came between the cancel and its turn", () => {
    keep();
    const things = new Things();
    const fibre = spawn(new Selects(things, 2));
    settle();
    fibre.cancel();
    things.permits.release();
    expect(things.permits.available).toBe(0);
    settle();
    expect(said()).toBe(`permit ${CANCELLED}`);
  });

  test("takes nothing when it was cancelled before", () => {
    keep();
    const things = new Things();
    things.a.trySend(1);
    spawn(new Selects(things, 1)).cancel();
    settle();
    expect(said()).toBe(`${CANCELLED}`);
    expect(things.a.length).toBe(1);
  });

  test("tells of a closed channel each time", () => {
    keep();
    const things = new Things();
    spawn(new Selects(things, 4));
    settle();
    things.b.close();
    settle();
    expect(said()).toBe(`case 1: ${CLOSED} case 1: ${CLOSED} case 1: ${CLOSED} case 1: ${CLOSED}`);
  });

  test("without cases is a sleep", () => {
    keep();
    spawn(new Empty());
    expect(step()).toBe(10);
    step(10);
    expect(said()).toBe(`${TIMED_OUT}`);
  });
});

class Empty extends Fibre {
  run(): i32 {
    say(new Select().next(10).toString());
    return 0;
  }
}

class Offers extends Fibre {
  constructor(private readonly channel: Channel<string>) {
    super();
  }

  run(): i32 {
    const select = new Select();
    const sent = select.send(this.channel);
    select.offer(sent, "first");
    expect(select.next()).toBe(sent);
    say("offered");
    select.offer(sent, "replaced");
    select.offer(sent, "second");
    expect(select.next()).toBe(sent);
    say("offered");
    return 0;
  }
}

/** Sends its numbers into whichever of two channels has room. */
class Spreads extends Fibre {
  constructor(
    private readonly left: Channel<i32>,
    private readonly right: Channel<i32>,
  ) {
    super();
  }

  run(): i32 {
    const select = new Select();
    const left = select.send(this.left);
    const right = select.send(this.right);
    for (let i = 1; i <= 6; i++) {
      select.offer(left, i);
      select.offer(right, -i);
      const chosen = select.next();
      if (chosen < 0) return chosen;
      say(
        `${chosen == left ? "left" : "right"}${select.outcome == 0 ? "" : select.outcome.toString()}`,
      );
    }
    return 0;
  }
}

describe("a case of send", () => {
  test("sends once for each offer, and only where it was chosen", () => {
    keep();
    const left = new Channel<i32>(2);
    const right = new Channel<i32>(1);
    spawn(new Spreads(left, right));
    settle();
    expect(said()).toBe("left right left");
    expect(right.tryReceive()).toBe(0);
    expect(right.value).toBe(-2);
    settle();
    expect(said()).toBe("right");
    expect(left.tryReceive()).toBe(0);
    expect(left.value).toBe(1);
    settle();
    right.close();
    settle();
    expect(said()).toBe(`left right${CLOSED}`);
    expect(left.length).toBe(2);
  });

  test("offers nothing before it has an offer", () => {
    keep();
    const out = new Channel<i32>(1);
    spawn(new Offerless(out));
    settle();
    expect(out.length).toBe(0);
    step(10);
    expect(said()).toBe(`${TIMED_OUT} 0`);
    expect(out.tryReceive()).toBe(0);
    expect(out.value).toBe(1);
    step(10);
    expect(said()).toBe(`${TIMED_OUT}`);
    expect(out.length).toBe(0);
  });

  test("takes no offer of another type, and none enables it", () => {
    expectAbort(() => {
      const select = new Select();
      select.offer(select.send(new Channel<i32>(1)), "text");
    }, "not of this type");
    expectAbort(() => {
      const select = new Select();
      select.offer(select.wait(new Event()), 1);
    }, "no case of send");
    expectAbort(() => {
      spawn(new EnablesSend());
      step();
    }, "is enabled by its offer");
  });
});

class Offerless extends Fibre {
  constructor(private readonly out: Channel<i32>) {
    super();
  }

  run(): i32 {
    const select = new Select();
    const sending = select.send(this.out);
    say(select.next(10).toString());
    select.offer(sending, 1);
    say(select.next().toString());
    say(select.next(20).toString());
    return 0;
  }
}

class EnablesSend extends Fibre {
  run(): i32 {
    const select = new Select();
    select.enable(select.send(new Channel<i32>(1)));
    return select.next();
  }
}

/** Relays until its input is closed: a case is left out while there is nothing for it. */
class Relay extends Fibre {
  constructor(
    private readonly from: Channel<i32>,
    private readonly to: Channel<i32>,
  ) {
    super();
  }

  run(): i32 {
    const select = new Select();
    const receiving = select.receive(this.from);
    const sending = select.send(this.to);
    for (;;) {
      const chosen = select.next();
      if (chosen == sending) select.enable(receiving);
      else if (chosen == receiving && select.outcome == 0) {
        select.offer(sending, this.from.value);
        select.enable(receiving, false);
      } else break;
    }
    this.to.close();
    return 0;
  }
}

test("a case can be left out and taken in again", () => {
  keep();
  const from = new Channel<i32>(3);
  const to = new Channel<i32>(0);
  spawn(new Relay(from, to));
  for (let i = 1; i <= 3; i++) from.trySend(i);
  settle();
  // One is on offer.
  expect(from.length).toBe(2);
  from.close();
  for (let i = 1; i <= 3; i++) {
    expect(to.tryReceive()).toBe(0);
    expect(to.value).toBe(i);
    settle();
  }
  expect(to.closed).toBe(true);
});

class Ends extends Fibre {
  constructor(
    private readonly ns: i64,
    private readonly error: i32,
  ) {
    super();
  }

  run(): i32 {
    sleep(this.ns);
    return this.error;
  }
}

/** Waits for the end of two fibres, and for times. */
class Watches extends Fibre {
  run(): i32 {
    const select = new Select();
    const a = select.end(spawn(new Ends(20, -7)));
    const b = select.end(spawn(new Ends(10, -8)));
    const gone = spawn(new Ends(0, -9));
    gone.join();
    const c = select.end(gone);
    const timer = select.timer(15);
    const never = select.timer(NO_DEADLINE);
    for (let i = 0; i < 6; i++) {
      const chosen = select.next(100);
      if (chosen == a) say("a");
      else if (chosen == b) say("b");
      else if (chosen == c) say("c");
      else if (chosen == never) say("never");
      else if (chosen == timer) {
        say("timer");
        if (i < 4) select.setTimer(timer, 30);
      }
      say(`${world.now()}:${select.outcome}`);
    }
    return 0;
  }
}

test("ends of fibres and times happen once", () => {
  keep();
  spawn(new Watches());
  settle();
  for (let i = 0; i < 30; i++) {
    step(5);
    settle();
  }
  expect(said()).toBe("c 0:-9 b 10:-8 timer 15:0 a 20:-7 timer 30:0 100:-17");
});

class SharesSelect extends Fibre {
  constructor(private readonly select: Select) {
    super();
  }

  run(): i32 {
    return this.select.next();
  }
}

describe("a select is one fibre's at a time:", () => {
  test("while it waits nobody else may", () => {
    expectAbort(() => {
      const select = new Select();
      select.wait(new Event());
      spawn(new SharesSelect(select));
      spawn(new SharesSelect(select));
      step();
    }, "another fibre waits with it");
  });

  test("nor change it", () => {
    expectAbort(() => {
      const select = new Select();
      const number = select.wait(new Event());
      spawn(new SharesSelect(select));
      step();
      select.enable(number, false);
    }, "another fibre waits with it");
  });

  test("afterwards others may use it", () => {
    keep();
    const event = new Event();
    const select = new Select();
    const number = select.wait(event);
    const first = spawn(new SharesSelect(select));
    step();
    event.set();
    settle();
    const second = spawn(new SharesSelect(select));
    settle();
    expect(first.ended && second.ended).toBe(true);
    expect(second.result).toBe(number);
  });
});

test("only a timer has a time", () => {
  expectAbort(() => {
    const select = new Select();
    select.setTimer(select.wait(new Event()), 5);
  }, "no case of timer");
});
