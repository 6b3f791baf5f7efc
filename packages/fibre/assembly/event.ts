import { NO_DEADLINE } from "@phantasm/abi";
import { isInterrupted, wait } from "./fibre";
import { HandlerWait } from "./handler";
import { WaitQueue } from "./wait";

/** Told that an event is set. */
export interface EventHandler {
  /** @param outcome 0 or TIMED_OUT */
  onSet(watcher: Watcher, outcome: i32): void;
}

/** Something that has happened, or not yet. Whoever waits for it goes on once it has. */
@final
export class Event {
  private happened: bool = false;
  readonly watchers: WaitQueue;

  /** @param what shown in the table of fibres for those who wait */
  constructor(what: string = "an event") {
    this.watchers = new WaitQueue(what);
  }

  get isSet(): bool {
    return this.happened;
  }

  /** It has happened: ends the waits of all that wait now, and of those who come later. */
  set(): void {
    this.happened = true;
    this.watchers.wakeAll();
  }

  /** It has not happened yet, for those who come from now on. */
  reset(): void {
    this.happened = false;
  }

  /** Waits until it is set. Returns 0, CANCELLED or TIMED_OUT. */
  wait(deadlineNs: i64 = NO_DEADLINE): i32 {
    if (this.happened && !isInterrupted()) return 0;
    return wait(this.watchers, deadlineNs);
  }

  /** Has a handler called once it is set, or the deadline has passed. */
  onSet(handler: EventHandler, deadlineNs: i64 = NO_DEADLINE): Watcher {
    const watcher = new Watcher(this, handler);
    watcher.again(deadlineNs);
    return watcher;
  }
}

/** A handler's wait for an event. */
@final
export class Watcher extends HandlerWait {
  constructor(
    readonly event: Event,
    private readonly handler: EventHandler,
  ) {
    super();
  }

  /** Waits once more; the handler must have been called, or the wait cancelled. */
  again(deadlineNs: i64 = NO_DEADLINE): void {
    if (this.event.isSet) this.settle(0);
    else this.begin(this.event.watchers, deadlineNs);
  }

  callHandler(outcome: i32): void {
    this.handler.onSet(this, outcome);
  }
}
