import { NO_DEADLINE } from "@phantasm/abi";
import { isInterrupted, wait } from "./fibre";
import { HandlerWait } from "./handler";
import { WaitQueue } from "./wait";

/** Told that a permit is there. */
export interface AcquireHandler {
  /** @param outcome 0: a permit belongs to the handler, who releases it; or TIMED_OUT */
  onAcquire(acquirer: Acquirer, outcome: i32): void;
}

/**
 * A number of permits. They go to those who wait in the order of their coming; nobody overtakes.
 */
@final
export class Semaphore {
  /** Those who wait; while there are any, no permit is left. */
  readonly acquirers: WaitQueue;

  /**
   * @param permits how many there are at first
   * @param what what a permit is for, shown in the table of fibres
   */
  constructor(
    private permits: i32,
    what: string = "a permit",
  ) {
    assert(permits >= 0, "semaphore: it cannot have less than no permits");
    this.acquirers = new WaitQueue(what);
  }

  /** Permits that nobody has. */
  get available(): i32 {
    return this.permits;
  }

  /** Waits for a permit. Returns 0, CANCELLED or TIMED_OUT; only with 0 is there something to release. */
  acquire(deadlineNs: i64 = NO_DEADLINE): i32 {
    if (!isInterrupted() && this.tryAcquire()) return 0;
    return wait(this.acquirers, deadlineNs);
  }

  /** Takes a permit if one is left. */
  tryAcquire(): bool {
    if (this.permits == 0) return false;
    this.permits--;
    return true;
  }

  /** Gives back a permit, whoever took it: to who waits for one first, if anybody does. */
  release(): void {
    if (this.acquirers.wake()) return;
    assert(this.permits < i32.MAX_VALUE, "semaphore: more permits than it can count");
    this.permits++;
  }

  /** Has a handler called when a permit is its own, or the deadline has passed. */
  onAcquire(handler: AcquireHandler, deadlineNs: i64 = NO_DEADLINE): Acquirer {
    const acquirer = new Acquirer(this, handler);
    acquirer.again(deadlineNs);
    return acquirer;
  }
}

/** A handler's wait for a permit. */
@final
export class Acquirer extends HandlerWait {
  constructor(
    readonly semaphore: Semaphore,
    private readonly handler: AcquireHandler,
  ) {
    super();
  }

  /** Waits for another permit; the handler must have been called, or the wait cancelled. */
  again(deadlineNs: i64 = NO_DEADLINE): void {
    const semaphore = this.semaphore;
    if (semaphore.tryAcquire()) this.settle(0);
    else this.begin(semaphore.acquirers, deadlineNs);
  }

  callHandler(outcome: i32): void {
    this.handler.onAcquire(this, outcome);
  }
}
