/** Channels against a list in which the same is written down plainly, and in schedules of every kind. */
import { NO_DEADLINE } from "@phantasm/abi";
import { permuteTasks } from "@phantasm/runtime";
import { Stress, setStress } from "@phantasm/runtime/heap/testing";
import { expect, test, world } from "@phantasm/testing";
import {
  CANCELLED,
  CLOSED,
  Channel,
  EXHAUSTED,
  Fibre,
  ReceiveHandler,
  Receiver,
  Select,
  SendHandler,
  Sender,
  TIMED_OUT,
  sleep,
  spawn,
  within,
  yieldNow,
} from "./index";
import { Dice, hold, keep, settle, step } from "./testing";

/** Outcome of a wait that has not ended. */
const PENDING: i32 = 1;

/** One wait of a fibre or a handler: of a sender if `isSending`. */
abstract class Wait {
  outcome: i32 = PENDING;
  received: i32 = -1;

  abstract cancel(): void;
}

class FibreWait extends Wait {
  private fibre: Fibre | null = null;

  constructor(channel: Channel<i32>, isSending: bool, value: i32, deadlineNs: i64) {
    super();
    this.fibre = spawn(new OneWait(this, channel, isSending, value, deadlineNs));
  }

  cancel(): void {
    this.fibre!.cancel();
  }
}

class OneWait extends Fibre {
  constructor(
    private readonly wait: Wait,
    private readonly channel: Channel<i32>,
    private readonly isSending: bool,
    private readonly value: i32,
    private readonly deadlineNs: i64,
  ) {
    super();
  }

  run(): i32 {
    const channel = this.channel;
    const outcome = this.isSending
      ? channel.send(this.value, this.deadlineNs)
      : channel.receive(this.deadlineNs);
    if (!this.isSending && outcome == 0) this.wait.received = channel.value;
    this.wait.outcome = outcome;
    return 0;
  }
}

class HandlerReceives extends Wait implements ReceiveHandler<i32> {
  private receiver: Receiver<i32> | null = null;

  constructor(channel: Channel<i32>, deadlineNs: i64) {
    super();
    this.receiver = channel.onReceive(this, deadlineNs);
  }

  onReceive(receiver: Receiver<i32>, outcome: i32): void {
    this.outcome = outcome;
    if (outcome == 0) this.received = receiver.value;
  }

  cancel(): void {
    if (this.receiver!.cancel()) this.outcome = CANCELLED;
  }
}

class HandlerSends extends Wait implements SendHandler<i32> {
  private sender: Sender<i32> | null = null;

  constructor(channel: Channel<i32>, value: i32, deadlineNs: i64) {
    super();
    this.sender = channel.onSend(value, this, deadlineNs);
  }

  onSend(sender: Sender<i32>, outcome: i32): void {
    this.outcome = outcome;
  }

  cancel(): void {
    if (this.sender!.cancel()) this.outcome = CANCELLED;
  }
}

/** A wait as the model sees it. */
class Expected {
  outcome: i32 = PENDING;
  received: i32 = -1;

  constructor(
    readonly wait: Wait,
    readonly isSending: bool,
    readonly value: i32,
    readonly deadlineNs: i64,
  ) {}
}

/** What a channel is, in lists. */
class Model {
  readonly all: Expected[] = [];
  private readonly buffer: i32[] = [];
  private waiting: Expected[] = [];
  private closed: bool = false;

  constructor(private readonly capacity: i32) {}

  get length(): i32 {
    return this.buffer.length;
  }

  begin(expected: Expected): void {
    this.all.push(expected);
    this.waiting.push(expected);
    this.progress();
  }

  /** Ends a wait that has not ended yet. */
  giveUp(expected: Expected, outcome: i32): void {
    const at = this.waiting.indexOf(expected);
    if (at < 0) return;
    this.waiting.splice(at, 1);
    expected.outcome = outcome;
  }

  close(): void {
    this.closed = true;
    this.progress();
  }

  trySend(value: i32): i32 {
    if (this.closed) return CLOSED;
    const receiver = this.first(false);
    if (receiver === null && this.buffer.length == this.capacity) return EXHAUSTED;
    this.buffer.push(value);
    this.progress();
    return 0;
  }

  /** The value, or a negative error. */
  tryReceive(): i32 {
    this.progress();
    if (this.buffer.length > 0) {
      const value = this.buffer.shift();
      this.progress();
      return value;
    }
    const sender = this.first(true);
    if (sender === null) return this.closed ? CLOSED : EXHAUSTED;
    this.giveUp(sender, 0);
    return sender.value;
  }

  expire(nowNs: i64): void {
    for (let i = 0; i < this.all.length; i++)
      if (this.all[i].deadlineNs <= nowNs) this.giveUp(this.all[i], TIMED_OUT);
  }

  private first(isSending: bool): Expected | null {
    for (let i = 0; i < this.waiting.length; i++)
      if (this.waiting[i].isSending == isSending) return this.waiting[i];
    return null;
  }

  private progress(): void {
    for (;;) {
      const receiver = this.first(false);
      const sender = this.first(true);
      if (receiver !== null && this.buffer.length > 0) {
        receiver.received = this.buffer.shift();
        this.giveUp(receiver, 0);
      } else if (sender !== null && this.closed) this.giveUp(sender, CLOSED);
      else if (sender !== null && this.buffer.length < this.capacity) {
        this.buffer.push(sender.value);
        this.giveUp(sender, 0);
      } else if (sender !== null && receiver !== null) {
        receiver.received = sender.value;
        this.giveUp(receiver, 0);
        this.giveUp(sender, 0);
      } else if (receiver !== null && this.closed) this.giveUp(receiver, CLOSED);
      else return;
    }
  }
}

function start(dice: Dice, channel: Channel<i32>, model: Model, value: i32): void {
  const isSending = dice.roll(2) == 0;
  const deadlineNs = dice.roll(3) == 0 ? within(1 + dice.roll(20)) : NO_DEADLINE;
  let wait: Wait;
  if (dice.roll(3) > 0) wait = new FibreWait(channel, isSending, value, deadlineNs);
  else if (isSending) wait = new HandlerSends(channel, value, deadlineNs);
  else wait = new HandlerReceives(channel, deadlineNs);
  model.begin(new Expected(wait, isSending, value, deadlineNs));
}

function compare(seed: u32): void {
  const dice = hold(new Dice(seed));
  const capacity = dice.roll(4);
  const channel = hold(new Channel<i32>(capacity));
  const model = hold(new Model(capacity));
  for (let value = 0; value < 60; value++) {
    const choice = dice.roll(20);
    if (choice < 12) start(dice, channel, model, value);
    else if (choice < 14) expect(channel.trySend(value)).toBe(model.trySend(value));
    else if (choice < 16) {
      const outcome = channel.tryReceive();
      expect(outcome == 0 ? channel.value : outcome).toBe(model.tryReceive());
    } else if (choice < 18 && model.all.length > 0) {
      const victim = model.all[dice.roll(model.all.length)];
      victim.wait.cancel();
      model.giveUp(victim, CANCELLED);
    } else if (choice < 19) {
      model.expire(world.now() + 5);
      step(5);
    } else if (value > 30 && dice.roll(4) == 0) {
      channel.close();
      model.close();
    }
    settle();
    const where = `seed ${seed}, action ${value}`;
    assert(channel.length == model.length, `${where}: length`);
    for (let i = 0; i < model.all.length; i++) {
      const expected = model.all[i];
      assert(
        expected.wait.outcome == expected.outcome && expected.wait.received == expected.received,
        `${where}: wait ${i} came to ${expected.wait.outcome} with ${expected.wait.received}, not ${expected.outcome} with ${expected.received}`,
      );
    }
  }
  // Ends all fibres.
  channel.close();
  while (channel.tryReceive() == 0);
  settle();
}

test("does what the model does", () => {
  keep();
  for (let seed: u32 = 1; seed <= 60; seed++) compare(seed);
});

const SENDERS: i32 = 6;
const VALUES: i32 = 20;

/** What was sent and what arrived in a run: a mark for each value. */
class Ledger {
  readonly sent: StaticArray<bool> = new StaticArray<bool>(SENDERS * VALUES);
  readonly arrived: StaticArray<bool> = new StaticArray<bool>(SENDERS * VALUES);
  seed: u32 = 0;

  receive(value: i32, seen: StaticArray<i32>): void {
    const sender = value / VALUES;
    assert(!this.arrived[value], `seed ${this.seed}: ${value} arrived twice`);
    assert(seen[sender] < value, `seed ${this.seed}: ${value} came after ${seen[sender]}`);
    this.arrived[value] = true;
    seen[sender] = value;
  }
}

const ledger = new Ledger();

function unseen(): StaticArray<i32> {
  return new StaticArray<i32>(SENDERS).fill(-1);
}

function pause(dice: Dice): i32 {
  const choice = dice.roll(4);
  if (choice == 0) return yieldNow();
  if (choice == 1) return sleep(dice.roll(10));
  return 0;
}

/** Sends its numbers in order, until it is cancelled or the channel closed; what times out is left out. */
class StressSender extends Fibre {
  constructor(
    private readonly number: i32,
    private readonly channel: Channel<i32>,
    private readonly dice: Dice,
  ) {
    super();
  }

  run(): i32 {
    const select = new Select();
    const sending = select.send(this.channel);
    for (let i = 0; i < VALUES; i++) {
      const value = this.number * VALUES + i;
      const deadlineNs = this.dice.roll(3) == 0 ? within(this.dice.roll(8)) : NO_DEADLINE;
      let outcome: i32;
      if (this.dice.roll(2) == 0) outcome = this.channel.send(value, deadlineNs);
      else {
        select.offer(sending, value);
        outcome = select.next(deadlineNs);
        if (outcome == sending) outcome = select.outcome;
      }
      if (outcome == 0) ledger.sent[value] = true;
      else if (outcome != TIMED_OUT) return outcome;
      if (pause(this.dice) != 0) return CANCELLED;
    }
    return 0;
  }
}

class StressReceiver extends Fibre {
  private readonly seen: StaticArray<i32> = unseen();

  constructor(
    private readonly channel: Channel<i32>,
    private readonly dice: Dice,
  ) {
    super();
  }

  run(): i32 {
    const never = new Channel<i32>(1);
    const select = new Select();
    select.receive(never);
    const receiving = select.receive(this.channel);
    let outcome: i32 = 0;
    while (outcome == 0 || outcome == TIMED_OUT) {
      const deadlineNs = this.dice.roll(3) == 0 ? within(this.dice.roll(8)) : NO_DEADLINE;
      if (this.dice.roll(2) == 0) outcome = this.channel.receive(deadlineNs);
      else {
        outcome = select.next(deadlineNs);
        if (outcome == receiving) outcome = select.outcome;
      }
      if (outcome == 0) ledger.receive(this.channel.value, this.seen);
      if (pause(this.dice) != 0) return CANCELLED;
    }
    return outcome;
  }
}

class StressHandler implements ReceiveHandler<i32> {
  private readonly seen: StaticArray<i32> = unseen();

  onReceive(receiver: Receiver<i32>, outcome: i32): void {
    if (outcome == CLOSED) return;
    if (outcome == 0) ledger.receive(receiver.value, this.seen);
    receiver.again(within(7));
  }
}

function stress(seed: u32): void {
  const dice = hold(new Dice(seed));
  permuteTasks(seed);
  ledger.seed = seed;
  ledger.sent.fill(false);
  ledger.arrived.fill(false);
  const channel = hold(new Channel<i32>(dice.roll(4)));
  const fibres = hold(new Array<Fibre>());
  for (let i = 0; i < SENDERS; i++) fibres.push(spawn(new StressSender(i, channel, dice)));
  for (let i = 0; i < 3; i++) fibres.push(spawn(new StressReceiver(channel, dice)));
  channel.onReceive(new StressHandler());
  for (let i = 0; i < 12; i++) {
    for (let steps = dice.roll(6); steps >= 0; steps--) step(dice.roll(3));
    // One of the last two receivers stays.
    if (dice.roll(2) == 0) fibres[dice.roll(SENDERS + 2)].cancel();
  }
  const early = dice.roll(3) == 0;
  if (!early) for (let i = 0; i < SENDERS; i++) while (!fibres[i].ended) step(1);
  channel.close();
  for (let i = 0; i < fibres.length; i++) while (!fibres[i].ended) step(1);
  for (let value = 0; value < SENDERS * VALUES; value++)
    assert(
      ledger.sent[value] == ledger.arrived[value],
      `seed ${seed}: ${value} was sent ${ledger.sent[value]}, arrived ${ledger.arrived[value]}`,
    );
  settle();
}

test("loses nothing, doubles nothing and keeps the order, in any schedule", () => {
  keep();
  for (let seed: u32 = 1; seed <= 60; seed++) stress(seed);
});

test("the same while the collector works at every safe point", () => {
  keep();
  setStress(Stress.SLICES);
  for (let seed: u32 = 101; seed <= 115; seed++) compare(seed);
  for (let seed: u32 = 101; seed <= 115; seed++) stress(seed);
  setStress(Stress.FULL);
  for (let seed: u32 = 201; seed <= 210; seed++) compare(seed);
  for (let seed: u32 = 201; seed <= 210; seed++) stress(seed);
});
