/**
 * The waits of this package for code that is called instead of waiting: an object per wait, made by the
 * `on…` method of the thing waited for, whose handler the dispatcher calls.
 */
import { NO_DEADLINE } from "@phantasm/abi";
import { hold, ready, release } from "@phantasm/runtime";
import { WaitQueue, Waiter } from "./wait";

/**
 * A handler's wait, for one call. It may be begun again, also in the handler: then nothing is allocated.
 *
 * It keeps the domain alive until its handler is called, unless it is in the background.
 */
export abstract class HandlerWait extends Waiter {
  private isWaiting: bool = false;
  private isDue: bool = false;
  private isInBackground: bool = false;

  /** Calls the handler with what the wait came to. */
  abstract callHandler(outcome: i32): void;

  /** True while a call is still to come. */
  get pending(): bool {
    return this.isWaiting || this.isDue;
  }

  /**
   * Gives up the wait. False if that comes too late: the call is due, with what it waited for, or the
   * wait is over.
   */
  cancel(): bool {
    if (!this.isWaiting) return false;
    this.isWaiting = false;
    this.leaveWait();
    if (!this.isInBackground) release();
    return true;
  }

  /** From now on it does not keep the domain alive. */
  background(): void {
    if (this.isInBackground) return;
    this.isInBackground = true;
    if (this.pending) release();
  }

  waitEnded(): void {
    this.isWaiting = false;
    this.isDue = true;
    ready(this);
  }

  performTask(): void {
    this.isDue = false;
    if (!this.isInBackground) release();
    this.callHandler(this.waitOutcome);
  }

  /** Waits in a queue. */
  protected begin(queue: WaitQueue, deadlineNs: i64 = NO_DEADLINE): void {
    this.start();
    this.isWaiting = true;
    this.beginWaitIn(queue, deadlineNs);
  }

  /** Has its turn without a wait. */
  protected settle(outcome: i32): void {
    this.start();
    this.waitOutcome = outcome;
    this.waitEnded();
  }

  private start(): void {
    assert(!this.pending, "fibre: this wait has begun already; make another one with on…()");
    if (!this.isInBackground) hold();
  }
}
