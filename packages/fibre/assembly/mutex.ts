import { NO_DEADLINE } from "@phantasm/abi";
import { Fibre, current, wait } from "./fibre";
import { WaitQueue } from "./wait";

/**
 * A lock that one fibre has at a time. It goes to those who wait in the order of their coming.
 *
 * Only code that waits while it holds the lock needs one: between two waits a fibre is alone anyway.
 */
@final
export class Mutex {
  private owner: Fibre | null = null;
  private readonly lockers: WaitQueue;

  /** @param what shown in the table of fibres for those who wait */
  constructor(what: string = "a mutex") {
    this.lockers = new WaitQueue(what);
  }

  get locked(): bool {
    return this.owner !== null;
  }

  /** True if the fibre that calls has it. */
  get mine(): bool {
    return this.owner === current();
  }

  /** Waits for the lock. Returns 0, CANCELLED or TIMED_OUT; only with 0 is there something to unlock. */
  lock(deadlineNs: i64 = NO_DEADLINE): i32 {
    const fibre = current();
    const owner = this.owner;
    if (!fibre.refusesToWait) {
      if (owner === null) {
        this.owner = fibre;
        return 0;
      }
      assert(owner !== fibre, "mutex: its owner locks it again, and would wait for itself");
      assert(!owner.ended, "mutex: a fibre ended and had not unlocked it");
    }
    return wait(this.lockers, deadlineNs);
  }

  tryLock(): bool {
    if (this.owner !== null) return false;
    this.owner = current();
    return true;
  }

  /** Hands the lock to who waits for it first. */
  unlock(): void {
    assert(this.mine, "mutex: unlocked by a fibre that has not locked it");
    const next = this.lockers.waiters.first;
    this.owner = changetype<Fibre | null>(next);
    if (next !== null) this.lockers.wake();
  }
}
