/**
 * Channels: values from those who send to those who receive, in order, through a buffer of bounded size.
 *
 * Who waits is served by who comes: a sender puts its value into the hands of the first receiver that
 * waits, and a receiver takes the value of the first sender that waits. So receivers wait only while the
 * buffer is empty and senders only while it is full, nobody can overtake, and a wait that is given up
 * leaves nothing behind.
 */
import { NO_DEADLINE } from "@phantasm/abi";
import { CLOSED, EXHAUSTED } from "@phantasm/interfaces";
import { ReceiveHandler, Receiver, SendHandler, Sender } from "./channel-handler";
import { current, isInterrupted, wait } from "./fibre";
import { Item } from "./item";
import { WaitQueue, Waiter, runningExtras } from "./wait";


@final
export class Channel<T> {
  /** Those who wait for a value. */
  readonly receivers: WaitQueue;
  /** Those who wait with a value. */
  readonly senders: WaitQueue;

  private readonly buffer: StaticArray<T>;
  /** Index of the oldest value. */
  private head: i32 = 0;
  private count: i32 = 0;
  private isClosed: bool = false;

  /**
   * @param capacity values in the buffer at most; with 0 a sender waits until its value is received
   * @param name shown in the table of fibres for those who wait
   */
  constructor(
    readonly capacity: i32,
    name: string = "",
  ) {
    assert(capacity >= 0, "channel: it cannot have less than no capacity");
    this.buffer = new StaticArray<T>(capacity);
    const unnamed = name.length == 0;
    this.receivers = new WaitQueue(unnamed ? "something from a channel" : `something from ${name}`);
    this.senders = new WaitQueue(unnamed ? "room in a channel" : `room in ${name}`);
  }

  /** Values in the buffer. */
  get length(): i32 {
    return this.count;
  }

  get closed(): bool {
    return this.isClosed;
  }

  /**
   * What the last `receive`, `tryReceive` or `Select` of the fibre that calls this has brought, however
   * many others receive meanwhile. Ends the domain if that was not a value of this channel.
   */
  get value(): T {
    const item = runningExtras().received;
    assert(
      item !== null && item.isFrom(this),
      "channel: what was received last is not from this one",
    );
    return item!.get<T>();
  }

  /**
   * Waits for a value, which then is in `value`. Returns 0; CLOSED when no value will come any more;
   * CANCELLED or TIMED_OUT, and then no value was taken.
   */
  receive(deadlineNs: i64 = NO_DEADLINE): i32 {
    if (isInterrupted()) runningExtras().needReceived().clear();
    else {
      const outcome = this.tryReceive();
      if (outcome != EXHAUSTED) return outcome;
    }
    return wait(this.receivers, deadlineNs);
  }

  /** Takes a value if one is there. Returns 0; EXHAUSTED when there is none; or CLOSED. */
  tryReceive(): i32 {
    return this.receiveInto(runningExtras().needReceived());
  }

  /** `tryReceive` for one that keeps what it receives elsewhere. */
  receiveInto(item: Item): i32 {
    item.clear();
    if (this.count > 0) {
      item.put<T>(this, this.takeFirst());
      return 0;
    }
    const sender = this.senders.waiters.first;
    if (sender === null) return this.isClosed ? CLOSED : EXHAUSTED;
    item.put<T>(this, this.takeFrom(changetype<Waiter>(sender)));
    return 0;
  }

  /**
   * Waits until there is room for a value, or who receives it. Returns 0; CLOSED, CANCELLED or TIMED_OUT,
   * and then nobody will receive it.
   */
  send(value: T, deadlineNs: i64 = NO_DEADLINE): i32 {
    if (!isInterrupted()) {
      const outcome = this.trySend(value);
      if (outcome != EXHAUSTED) return outcome;
    }
    runningExtras().needSending().put<T>(this, value);
    return keepNothing(wait(this.senders, deadlineNs));
  }

  /** Sends if that needs no wait. Returns 0; EXHAUSTED when there is no room; or CLOSED. */
  trySend(value: T): i32 {
    if (this.isClosed) return CLOSED;
    const receiver = changetype<Waiter | null>(this.receivers.waiters.first);
    if (receiver !== null) {
      receiver.needExtras().needReceived().put<T>(this, value);
      receiver.endWait(0);
      return 0;
    }
    if (this.count == this.capacity) return EXHAUSTED;
    this.append(value);
    return 0;
  }

  /**
   * Nothing can be sent from now on: senders that wait get CLOSED at once. What is in the buffer can
   * still be received; then receivers get CLOSED. Nothing happens if it is closed already.
   */
  close(): void {
    this.isClosed = true;
    this.senders.wakeAll(CLOSED);
    this.receivers.wakeAll(CLOSED);
  }

  /** Has a handler called with the next value, or when none will come any more, or at the deadline. */
  onReceive(handler: ReceiveHandler<T>, deadlineNs: i64 = NO_DEADLINE): Receiver<T> {
    const receiver = new Receiver<T>(this, handler);
    receiver.again(deadlineNs);
    return receiver;
  }

  /** Sends without waiting for it: has a handler called when the value has gone, or cannot go. */
  onSend(value: T, handler: SendHandler<T>, deadlineNs: i64 = NO_DEADLINE): Sender<T> {
    const sender = new Sender<T>(this, handler);
    sender.again(value, deadlineNs);
    return sender;
  }

  /** Takes the oldest value out of the buffer, and lets the first sender that waits put its own in. */
  private takeFirst(): T {
    const value = unchecked(this.buffer[this.head]);
    // So that the buffer keeps nothing alive.
    if (isReference<T>()) unchecked((this.buffer[this.head] = changetype<T>(<usize>0)));
    this.head = this.head + 1 == this.capacity ? 0 : this.head + 1;
    this.count--;
    const sender = this.senders.waiters.first;
    if (sender !== null) this.append(this.takeFrom(changetype<Waiter>(sender)));
    return value;
  }

  private append(value: T): void {
    let tail = this.head + this.count;
    if (tail >= this.capacity) tail -= this.capacity;
    unchecked((this.buffer[tail] = value));
    this.count++;
  }

  /** Takes the value of a sender that waits, and ends its wait. */
  private takeFrom(sender: Waiter): T {
    const item = sender.needExtras().needSending();
    const value = item.get<T>();
    item.clear();
    sender.endWait(0);
    return value;
  }
}

/** After a wait to send: if the value was not taken, it is kept no longer. */
function keepNothing(outcome: i32): i32 {
  if (outcome != 0) current().needExtras().needSending().clear();
  return outcome;
}
