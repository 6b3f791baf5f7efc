import { NO_DEADLINE } from "@phantasm/abi";
import { current, wait } from "./fibre";
import { Mutex } from "./mutex";
import { WaitQueue } from "./wait";

/**
 * Waiting, with a mutex locked, for something that who holds the mutex can change:
 *
 *     while (!ready) if ((outcome = condition.wait()) != 0) break;
 *
 * Always in a loop: between a signal and the turn of who gets it, others may have had the mutex.
 */
@final
export class Condition {
  private readonly waiters: WaitQueue;

  constructor(
    private readonly mutex: Mutex,
    what: string = "a condition",
  ) {
    this.waiters = new WaitQueue(what);
  }

  /**
   * Unlocks the mutex, waits for a signal, and locks it again, whatever it returns: 0, CANCELLED or
   * TIMED_OUT. That last wait for the mutex heeds neither deadline nor cancel. A signal that came
   * before either of them counts.
   */
  wait(deadlineNs: i64 = NO_DEADLINE): i32 {
    this.mutex.unlock();
    const outcome = wait(this.waiters, deadlineNs);
    const masks = current().mask();
    this.mutex.lock();
    if (masks) current().unmask();
    return outcome;
  }

  /** Ends the wait of who came first. The caller should have the mutex. */
  signal(): void {
    this.waiters.wake();
  }

  /** Ends the waits of all that wait now. */
  broadcast(): void {
    this.waiters.wakeAll();
  }
}
