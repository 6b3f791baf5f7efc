/** What a Select waits for. */
import { NO_DEADLINE } from "@phantasm/abi";
import { EXHAUSTED } from "@phantasm/interfaces";
import { now } from "@phantasm/runtime";
import { setTimer } from "@phantasm/runtime/timers";
import { Channel } from "./channel";
import { Event } from "./event";
import { Fibre } from "./fibre";
import { Select } from "./select";
import { Semaphore } from "./semaphore";
import { Waiter, runningExtras } from "./wait";

/** One of the waits of a Select: it stands in the queue of what it waits for, in the fibre's place. */
export abstract class Case extends Waiter {
  enabled: bool = true;

  constructor(private readonly select: Select) {
    super();
  }

  /** Makes it happen if that needs no wait; `waitOutcome` then says what came of it. */
  abstract happens(): bool;

  /** Begins to wait. */
  abstract begin(): void;

  /** Called when it was chosen. Returns what came of it. */
  settle(): i32 {
    return this.waitOutcome;
  }

  waitEnded(): void {
    this.select.won(this);
  }

  /** Its turn is the fibre's. */
  performTask(): void {}
}


@final
export class ReceiveCase<T> extends Case {
  constructor(
    select: Select,
    private readonly channel: Channel<T>,
  ) {
    super(select);
  }

  happens(): bool {
    this.waitOutcome = this.channel.tryReceive();
    return this.waitOutcome != EXHAUSTED;
  }

  begin(): void {
    // What comes is put where the fibre looks for it.
    this.waitExtras = runningExtras();
    this.beginWaitIn(this.channel.receivers, NO_DEADLINE);
  }
}


@final
export class SendCase<T> extends Case {
  constructor(
    select: Select,
    private readonly channel: Channel<T>,
  ) {
    super(select);
    this.enabled = false;
  }

  offer(value: T): void {
    this.needExtras().needSending().put<T>(this.channel, value);
    this.enabled = true;
  }

  happens(): bool {
    const item = this.needExtras().needSending();
    assert(item.isFrom(this.channel), "select: a case of send is enabled by its offer");
    this.waitOutcome = this.channel.trySend(item.get<T>());
    return this.waitOutcome != EXHAUSTED;
  }

  begin(): void {
    this.beginWaitIn(this.channel.senders, NO_DEADLINE);
  }

  settle(): i32 {
    this.needExtras().needSending().clear();
    this.enabled = false;
    return this.waitOutcome;
  }
}


@final
export class PermitCase extends Case {
  constructor(
    select: Select,
    private readonly semaphore: Semaphore,
  ) {
    super(select);
  }

  happens(): bool {
    this.waitOutcome = 0;
    return this.semaphore.tryAcquire();
  }

  begin(): void {
    this.beginWaitIn(this.semaphore.acquirers, NO_DEADLINE);
  }
}


@final
export class EventCase extends Case {
  constructor(
    select: Select,
    private readonly event: Event,
  ) {
    super(select);
  }

  happens(): bool {
    this.waitOutcome = 0;
    return this.event.isSet;
  }

  begin(): void {
    this.beginWaitIn(this.event.watchers, NO_DEADLINE);
  }
}


@final
export class EndCase extends Case {
  constructor(
    select: Select,
    private readonly fibre: Fibre,
  ) {
    super(select);
  }

  happens(): bool {
    return this.fibre.ended;
  }

  begin(): void {
    this.beginWaitIn(this.fibre.endQueue(), NO_DEADLINE);
  }

  settle(): i32 {
    this.enabled = false;
    return this.fibre.result;
  }
}


@final
export class TimerCase extends Case {
  constructor(
    select: Select,
    /** Absolute ns. */
    public dueNs: i64,
  ) {
    super(select);
  }

  happens(): bool {
    this.waitOutcome = 0;
    return this.dueNs <= now();
  }

  begin(): void {
    setTimer(this, this.dueNs);
  }

  settle(): i32 {
    this.enabled = false;
    return 0;
  }
}
