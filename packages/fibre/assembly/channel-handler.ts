import { NO_DEADLINE } from "@phantasm/abi";
import { EXHAUSTED } from "@phantasm/interfaces";
import { Channel } from "./channel";
import { HandlerWait } from "./handler";
import { Item } from "./item";

/** Told that a value has come. */
export interface ReceiveHandler<T> {
  /** @param outcome 0: `receiver.value` has come; CLOSED: none will; or TIMED_OUT */
  onReceive(receiver: Receiver<T>, outcome: i32): void;
}

/** Told that a value has gone. */
export interface SendHandler<T> {
  /** @param outcome 0: it is in the buffer, or received; CLOSED or TIMED_OUT: it is not */
  onSend(sender: Sender<T>, outcome: i32): void;
}

/** A handler's wait for a value. */
@final
export class Receiver<T> extends HandlerWait {
  constructor(
    readonly channel: Channel<T>,
    private readonly handler: ReceiveHandler<T>,
  ) {
    super();
  }

  /** What has come, until it waits again. Ends the domain if nothing has. */
  get value(): T {
    const item = this.item;
    assert(item.isFrom(this.channel), "channel: nothing was received");
    return item.get<T>();
  }

  /** Waits for another value; the handler must have been called, or the wait cancelled. */
  again(deadlineNs: i64 = NO_DEADLINE): void {
    const channel = this.channel;
    const outcome = channel.receiveInto(this.item);
    if (outcome == EXHAUSTED) this.begin(channel.receivers, deadlineNs);
    else this.settle(outcome);
  }

  callHandler(outcome: i32): void {
    this.handler.onReceive(this, outcome);
  }

  private get item(): Item {
    return this.needExtras().needReceived();
  }
}

/** A handler's wait until a value has gone. */
@final
export class Sender<T> extends HandlerWait {
  constructor(
    readonly channel: Channel<T>,
    private readonly handler: SendHandler<T>,
  ) {
    super();
  }

  /** Sends another value; the handler must have been called, or the wait cancelled. */
  again(value: T, deadlineNs: i64 = NO_DEADLINE): void {
    const channel = this.channel;
    const outcome = channel.trySend(value);
    if (outcome == EXHAUSTED) {
      this.begin(channel.senders, deadlineNs);
      this.needExtras().needSending().put<T>(channel, value);
    } else this.settle(outcome);
  }

  cancel(): bool {
    if (!super.cancel()) return false;
    this.needExtras().needSending().clear();
    return true;
  }

  callHandler(outcome: i32): void {
    if (outcome != 0) this.needExtras().needSending().clear();
    this.handler.onSend(this, outcome);
  }
}
