import { NO_DEADLINE } from "@phantasm/abi";
import { describe, expect, expectAbort, expectExit, test, world } from "@phantasm/testing";
import {
  CLOSED,
  Channel,
  EXHAUSTED,
  Fibre,
  ReceiveHandler,
  Receiver,
  SendHandler,
  Sender,
  sleep,
  spawn,
} from "./index";
import { keep, said, say, settle, step } from "./testing";

/** Receives until it is told that it cannot. */
class Consumer extends Fibre {
  constructor(
    name: string,
    private readonly channel: Channel<i32>,
    private readonly times: i32 = i32.MAX_VALUE,
    private readonly deadlineNs: i64 = NO_DEADLINE,
  ) {
    super(name);
  }

  run(): i32 {
    for (let i = 0; i < this.times; i++) {
      const outcome = this.channel.receive(this.deadlineNs);
      say(this.name + (outcome == 0 ? this.channel.value : outcome).toString());
      if (outcome != 0) return outcome;
    }
    return 0;
  }
}

/** Sends numbers one after the other. */
class Producer extends Fibre {
  constructor(
    name: string,
    private readonly channel: Channel<i32>,
    private readonly from: i32,
    private readonly to: i32,
    private readonly deadlineNs: i64 = NO_DEADLINE,
  ) {
    super(name);
  }

  run(): i32 {
    for (let i = this.from; i <= this.to; i++) {
      const outcome = this.channel.send(i, this.deadlineNs);
      say(this.name + (outcome == 0 ? "" : outcome.toString()));
      if (outcome != 0) return outcome;
    }
    return 0;
  }
}

describe("a channel", () => {
  test("is first in, first out, across its end", () => {
    const channel = new Channel<i32>(3);
    for (let i = 0; i < 20; i += 2) {
      expect(channel.trySend(i)).toBe(0);
      expect(channel.trySend(i + 1)).toBe(0);
      expect(channel.length).toBe(2);
      expect(channel.tryReceive()).toBe(0);
      expect(channel.value).toBe(i);
      expect(channel.tryReceive()).toBe(0);
      expect(channel.value).toBe(i + 1);
    }
  });

  test("holds no more than its capacity", () => {
    const channel = new Channel<i32>(2);
    expect(channel.capacity).toBe(2);
    expect(channel.trySend(1)).toBe(0);
    expect(channel.trySend(2)).toBe(0);
    expect(channel.trySend(3)).toBe(EXHAUSTED);
    expect(channel.length).toBe(2);
    channel.tryReceive();
    channel.tryReceive();
    expect(channel.tryReceive()).toBe(EXHAUSTED);
    expect(channel.length).toBe(0);
  });

  test("lets a sender wait for room, and goes on in order", () => {
    keep();
    const channel = new Channel<i32>(2);
    spawn(new Producer("p", channel, 1, 5));
    settle();
    expect(said()).toBe("p p");
    spawn(new Consumer("c", channel));
    settle();
    expect(said()).toBe("c1 c2 c3 p p p c4 c5");
    expect(channel.length).toBe(0);
  });

  test("serves receivers in the order of their coming", () => {
    keep();
    const channel = new Channel<i32>(1);
    spawn(new Consumer("a", channel, 1));
    spawn(new Consumer("b", channel, 1));
    spawn(new Consumer("c", channel, 1));
    settle();
    // More than it holds: each goes into the hands of one who waits.
    for (let i = 1; i <= 4; i++) expect(channel.trySend(i)).toBe(0);
    expect(channel.trySend(5)).toBe(EXHAUSTED);
    settle();
    expect(said()).toBe("a1 b2 c3");
    expect(channel.length).toBe(1);
  });

  test("serves senders in the order of their coming", () => {
    keep();
    const channel = new Channel<i32>(1);
    for (let i = 1; i <= 4; i++) spawn(new Producer(`p${i}`, channel, i, i));
    settle();
    expect(said()).toBe("p1");
    expect(channel.tryReceive()).toBe(0);
    // The room has gone to who waited.
    expect(channel.trySend(9)).toBe(EXHAUSTED);
    spawn(new Consumer("c", channel));
    settle();
    expect(said()).toBe("p2 c2 c3 c4 p3 p4");
  });

  test("without capacity hands over", () => {
    keep();
    const channel = new Channel<i32>(0);
    expect(channel.trySend(1)).toBe(EXHAUSTED);
    expect(channel.tryReceive()).toBe(EXHAUSTED);
    spawn(new Producer("p", channel, 1, 3));
    settle();
    expect(said()).toBe("");
    expect(channel.tryReceive()).toBe(0);
    expect(channel.value).toBe(1);
    settle();
    expect(said()).toBe("p");
    spawn(new Consumer("c", channel));
    settle();
    expect(said()).toBe("c2 p p c3");
    expect(channel.trySend(4)).toBe(0);
    settle();
    expect(said()).toBe("c4");
  });

  test("is named in what its waiters wait for", () => {
    const jobs = new Channel<i32>(1, "jobs");
    expect(jobs.receivers.what).toBe("something from jobs");
    expect(jobs.senders.what).toBe("room in jobs");
    expect(new Channel<i32>(1).senders.what).toBe("room in a channel");
  });

  test("cannot have less than no capacity", () => {
    expectAbort(() => {
      new Channel<i32>(-1);
    }, "less than no capacity");
  });
});

describe("close", () => {
  test("lets receivers have what is there", () => {
    keep();
    const channel = new Channel<i32>(4);
    channel.trySend(1);
    channel.trySend(2);
    channel.close();
    expect(channel.closed).toBe(true);
    expect(channel.trySend(3)).toBe(CLOSED);
    spawn(new Producer("p", channel, 4, 4));
    spawn(new Consumer("c", channel));
    settle();
    expect(said()).toBe(`p${CLOSED} c1 c2 c${CLOSED}`);
    expect(channel.tryReceive()).toBe(CLOSED);
  });

  test("ends the waits of receivers", () => {
    keep();
    const channel = new Channel<i32>(4);
    spawn(new Consumer("a", channel));
    spawn(new Consumer("b", channel));
    settle();
    channel.close();
    channel.close();
    settle();
    expect(said()).toBe(`a${CLOSED} b${CLOSED}`);
  });

  test("ends the waits of senders, whose values are not sent", () => {
    keep();
    const channel = new Channel<i32>(1);
    spawn(new Producer("p", channel, 1, 3));
    settle();
    channel.close();
    settle();
    expect(said()).toBe(`p p${CLOSED}`);
    spawn(new Consumer("c", channel));
    settle();
    expect(said()).toBe(`c1 c${CLOSED}`);
  });

  test("does not take back what a receiver was given before", () => {
    keep();
    const channel = new Channel<i32>(0);
    spawn(new Consumer("a", channel));
    settle();
    channel.trySend(1);
    channel.close();
    settle();
    expect(said()).toBe(`a1 a${CLOSED}`);
  });

  test("does not take back what a sender has given before", () => {
    keep();
    const channel = new Channel<i32>(1);
    spawn(new Producer("p", channel, 1, 2));
    settle();
    channel.tryReceive();
    channel.close();
    settle();
    expect(said()).toBe("p p");
    expect(channel.tryReceive()).toBe(0);
    expect(channel.value).toBe(2);
  });
});

describe("a wait that is given up loses nothing:", () => {
  test("a receiver that is cancelled", () => {
    keep();
    const channel = new Channel<i32>(1);
    const a = spawn(new Consumer("a", channel));
    spawn(new Consumer("b", channel));
    settle();
    a.cancel();
    channel.trySend(1);
    settle();
    expect(said()).toBe("a-16 b1");
  });

  test("a receiver that is cancelled after it was given a value", () => {
    keep();
    const channel = new Channel<i32>(1);
    const a = spawn(new Consumer("a", channel));
    settle();
    channel.trySend(1);
    channel.trySend(2);
    a.cancel();
    settle();
    expect(said()).toBe("a1 a-16");
    expect(channel.length).toBe(1);
  });

  test("a receiver at its deadline, and in the same step a sender", () => {
    keep();
    const channel = new Channel<i32>(1);
    spawn(new Consumer("a", channel, 1, 10));
    spawn(new Late(channel));
    settle();
    step(10);
    settle();
    expect(said()).toBe("a-17 late");
    expect(channel.length).toBe(1);
  });

  test("a sender that is cancelled", () => {
    keep();
    const channel = new Channel<i32>(1);
    spawn(new Producer("p", channel, 1, 1));
    const q = spawn(new Producer("q", channel, 2, 2));
    spawn(new Producer("r", channel, 3, 3));
    settle();
    q.cancel();
    spawn(new Consumer("c", channel));
    settle();
    expect(said()).toBe("p q-16 c1 c3 r");
  });

  test("a sender at its deadline", () => {
    keep();
    const channel = new Channel<i32>(0);
    spawn(new Producer("p", channel, 1, 1, 10));
    spawn(new Producer("q", channel, 2, 2));
    settle();
    step(10);
    settle();
    spawn(new Consumer("c", channel));
    settle();
    expect(said()).toBe("p-17 c2 q");
  });

  test("one that was cancelled before it came neither takes nor gives", () => {
    keep();
    const channel = new Channel<i32>(2);
    channel.trySend(1);
    spawn(new Consumer("c", channel)).cancel();
    spawn(new Producer("p", channel, 2, 2)).cancel();
    settle();
    expect(said()).toBe("c-16 p-16");
    expect(channel.length).toBe(1);
  });
});

/** Sends when the deadline of the other has passed, in the same step. */
class Late extends Fibre {
  constructor(private readonly channel: Channel<i32>) {
    super();
  }

  run(): i32 {
    sleep(10);
    say("late");
    return this.channel.send(1);
  }
}

/** Waits between receiving and using what it received. */
class Slow extends Fibre {
  constructor(
    name: string,
    private readonly channel: Channel<string>,
    private readonly out: Channel<string>,
  ) {
    super(name);
  }

  run(): i32 {
    while (this.channel.receive() == 0) {
      this.out.send(this.channel.value);
      sleep(5);
      say(this.name + this.channel.value);
    }
    return 0;
  }
}

describe("value", () => {
  test("is each fibre's own, for as long as it does not receive again", () => {
    keep();
    const channel = new Channel<string>(2);
    const out = new Channel<string>(0);
    spawn(new Slow("a", channel, out));
    spawn(new Slow("b", channel, out));
    settle();
    channel.trySend("1");
    channel.trySend("2");
    channel.trySend("3");
    settle();
    expect(out.tryReceive()).toBe(0);
    expect(out.value).toBe("1");
    expect(out.tryReceive()).toBe(0);
    expect(out.value).toBe("2");
    settle();
    step(5);
    expect(said()).toBe("a1 b2");
    expect(out.tryReceive()).toBe(0);
    expect(out.value).toBe("3");
  });

  test("of nothing received is a mistake", () => {
    expectAbort(() => {
      trace(new Channel<i32>(1).value.toString());
    }, "not from this one");
  });

  test("of another channel is a mistake", () => {
    expectAbort(() => {
      const numbers = new Channel<i32>(1);
      const words = new Channel<string>(1);
      numbers.trySend(1);
      numbers.tryReceive();
      trace(words.value);
    }, "not from this one");
  });

  test("after a receive that failed is a mistake", () => {
    expectAbort(() => {
      const numbers = new Channel<i32>(1);
      numbers.trySend(1);
      numbers.tryReceive();
      numbers.tryReceive();
      trace(numbers.value.toString());
    }, "not from this one");
  });

  test("after a receive that was cancelled is a mistake", () => {
    expectAbort(() => {
      const numbers = new Channel<i32>(1);
      numbers.trySend(1);
      const fibre = spawn(new Careless(numbers));
      step();
      fibre.cancel();
      step();
      step();
    }, "not from this one");
  });
});

class Careless extends Fibre {
  constructor(private readonly channel: Channel<i32>) {
    super();
  }

  run(): i32 {
    this.channel.receive();
    sleep(10);
    expect(this.channel.value).toBe(1);
    this.channel.receive();
    return this.channel.value;
  }
}

class Point {
  constructor(
    readonly x: i32,
    readonly y: i32,
  ) {}
}


@unmanaged
class Raw {
  x: i32;
}

/** Sends a value there and back through the hands of fibres, and through a buffer. */
function roundTrip<T>(value: T): T {
  const direct = new Channel<T>(0);
  const buffered = new Channel<T>(1);
  spawn(new Relay<T>(direct, buffered));
  settle();
  direct.trySend(value);
  settle();
  expect(buffered.tryReceive()).toBe(0);
  return buffered.value;
}

class Relay<T> extends Fibre {
  constructor(
    private readonly from: Channel<T>,
    private readonly to: Channel<T>,
  ) {
    super();
  }

  run(): i32 {
    while (this.from.receive() == 0) this.to.send(this.from.value);
    return 0;
  }
}

test("carries values of every type", () => {
  keep();
  expect(roundTrip<bool>(true)).toBe(true);
  expect(roundTrip<i8>(-7)).toBe(-7);
  expect(roundTrip<u16>(0xffff)).toBe(0xffff);
  expect(roundTrip<i32>(i32.MIN_VALUE)).toBe(i32.MIN_VALUE);
  expect(roundTrip<u64>(u64.MAX_VALUE)).toBe(u64.MAX_VALUE);
  expect(roundTrip<f32>(-0.5)).toBe(-0.5);
  expect(roundTrip<f64>(1e300)).toBe(1e300);
  expect(roundTrip<string>("text")).toBe("text");
  expect(roundTrip<string | null>(null)).toBeNull();
  expect(roundTrip<i32[]>([1, 2])).toEqual([1, 2]);
  const point = new Point(3, 4);
  expect(roundTrip<Point>(point)).toBe(point);
  const raw = changetype<Raw>(memory.data(8));
  expect(changetype<usize>(roundTrip<Raw>(raw))).toBe(changetype<usize>(raw));
});

class Collect implements ReceiveHandler<i32>, SendHandler<i32> {
  /** How often it receives again. */
  constructor(
    private readonly name: string,
    private times: i32 = 0,
  ) {}

  onReceive(receiver: Receiver<i32>, outcome: i32): void {
    say(this.name + (outcome == 0 ? receiver.value : outcome).toString());
    if (outcome == 0 && this.times-- > 0) receiver.again();
  }

  onSend(sender: Sender<i32>, outcome: i32): void {
    say(this.name + "!" + (outcome == 0 ? "" : outcome.toString()));
    if (outcome == 0 && this.times-- > 0) sender.again(100 + this.times);
  }
}

describe("onReceive", () => {
  test("calls later, with what is there or comes", () => {
    const channel = new Channel<i32>(2);
    channel.trySend(1);
    channel.onReceive(new Collect("a", 1));
    expect(channel.length).toBe(0);
    expect(said()).toBe("");
    step();
    expect(said()).toBe("a1");
    channel.trySend(2);
    expect(said()).toBe("");
    expectExit(() => {
      step();
    }, 0);
    expect(said()).toBe("a2");
  });

  test("waits in one queue with fibres", () => {
    keep();
    const channel = new Channel<i32>(0);
    spawn(new Consumer("a", channel, 1));
    settle();
    channel.onReceive(new Collect("b"));
    spawn(new Consumer("c", channel, 1));
    settle();
    spawn(new Producer("p", channel, 1, 3));
    settle();
    expect(said()).toBe("p p p a1 b2 c3");
  });

  test("is told of the end, after what is in the buffer", () => {
    const channel = new Channel<i32>(2);
    channel.trySend(1);
    channel.close();
    channel.onReceive(new Collect("a", 5));
    expectExit(() => {
      step();
    }, 0);
    expect(said()).toBe(`a1 a${CLOSED}`);
  });

  test("has a deadline", () => {
    const channel = new Channel<i32>(2);
    channel.onReceive(new Collect("a"), 10);
    expectExit(() => {
      step(10);
    }, 0);
    expect(said()).toBe("a-17");
  });

  test("that was cancelled takes nothing", () => {
    keep();
    const channel = new Channel<i32>(2);
    const receiver = channel.onReceive(new Collect("a"));
    expect(receiver.cancel()).toBe(true);
    channel.trySend(1);
    settle();
    expect(said()).toBe("");
    expect(channel.length).toBe(1);
    receiver.again();
    settle();
    expect(said()).toBe("a1");
  });

  test("cannot be cancelled any more when it has got a value", () => {
    keep();
    const channel = new Channel<i32>(2);
    const receiver = channel.onReceive(new Collect("a"));
    channel.trySend(1);
    expect(receiver.cancel()).toBe(false);
    channel.close();
    settle();
    expect(said()).toBe("a1");
  });

  test("has no value after a failure", () => {
    expectAbort(() => {
      const channel = new Channel<i32>(2);
      channel.trySend(1);
      const receiver = channel.onReceive(new Collect("a", 1));
      step();
      channel.close();
      keep();
      settle();
      trace(receiver.value.toString());
    }, "nothing was received");
  });
});

describe("onSend", () => {
  test("calls later, when the value has gone", () => {
    const channel = new Channel<i32>(1);
    channel.onSend(1, new Collect("a"));
    channel.onSend(2, new Collect("b"));
    expect(channel.length).toBe(1);
    expect(said()).toBe("");
    step();
    expect(said()).toBe("a!");
    channel.tryReceive();
    expect(channel.value).toBe(1);
    expect(said()).toBe("");
    expectExit(() => {
      step();
    }, 0);
    expect(said()).toBe("b!");
    expect(channel.tryReceive()).toBe(0);
    expect(channel.value).toBe(2);
  });

  test("mixes with fibres in one queue", () => {
    keep();
    const channel = new Channel<i32>(0);
    spawn(new Producer("p", channel, 1, 1));
    settle();
    channel.onSend(2, new Collect("h", 1));
    spawn(new Producer("q", channel, 3, 3));
    settle();
    spawn(new Consumer("c", channel));
    settle();
    expect(said()).toBe("c1 c2 c3 p h! q c100 h!");
  });

  test("is told of the end, and of its deadline", () => {
    keep();
    const channel = new Channel<i32>(0);
    channel.onSend(1, new Collect("a"), 10);
    channel.onSend(2, new Collect("b"));
    step(10);
    channel.close();
    channel.onSend(3, new Collect("c"));
    settle();
    expect(said()).toBe(`a!-17 b!${CLOSED} c!${CLOSED}`);
  });

  test("that was cancelled sends nothing", () => {
    keep();
    const channel = new Channel<i32>(0);
    const sender = channel.onSend(1, new Collect("a"));
    expect(sender.cancel()).toBe(true);
    expect(channel.tryReceive()).toBe(EXHAUSTED);
    sender.again(2);
    expect(channel.tryReceive()).toBe(0);
    expect(channel.value).toBe(2);
    settle();
    expect(said()).toBe("a!");
    expect(world.now()).toBe(0);
  });
});
