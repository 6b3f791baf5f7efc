/**
 * Waiting: a queue of those who wait for the same thing, first come first served, with a deadline for
 * each. A waiter is a fibre, or an object whose method is called (see handler.ts).
 */
import { NO_DEADLINE } from "@phantasm/abi";
import { TIMED_OUT } from "@phantasm/interfaces";
import { TaskList, observation, ready } from "@phantasm/runtime";
import { Timed, cancelTimer, setTimer } from "@phantasm/runtime/timers";
import { Item } from "./item";

/** Something that waits in one place at a time, and goes on when it is its turn. */
export abstract class Waiter extends Timed {
  /** What the wait came to: 0, or a negative error. Valid when it is performed. */
  waitOutcome: i32 = 0;
  /** Where it waits; null while it does not, or only for time to pass. */
  waitQueue: WaitQueue | null = null;
  /** What few have; see Extras. */
  waitExtras: Extras | null = null;

  /** Called when its wait has come to something; `waitOutcome` says to what. */
  waitEnded(): void {
    ready(this);
  }

  /** Its own time has come: a sleep is over. */
  timerDue(nowNs: i64): void {
    this.endWait(0);
  }

  /** Starts to wait in a queue, until `deadlineNs` (absolute) at the latest. */
  beginWaitIn(queue: WaitQueue, deadlineNs: i64): void {
    this.waitQueue = queue;
    this.timerDueNs = deadlineNs;
    queue.waiters.append(this);
    if (deadlineNs == NO_DEADLINE) return;
    const extras = this.needExtras();
    let deadline = extras.deadline;
    if (deadline === null) {
      deadline = new Deadline(this);
      extras.deadline = deadline;
    }
    setTimer(deadline, deadlineNs);
  }

  /** Ends the wait with this outcome, wherever it waits. */
  endWait(outcome: i32): void {
    this.leaveWait();
    this.waitOutcome = outcome;
    this.waitEnded();
  }

  /** Stops waiting, and nothing comes of it. */
  leaveWait(): void {
    const queue = this.waitQueue;
    if (queue === null) {
      cancelTimer(this);
      return;
    }
    queue.waiters.remove(this);
    this.waitQueue = null;
    const extras = this.waitExtras;
    if (extras === null) return;
    const deadline = extras.deadline;
    if (deadline !== null) cancelTimer(deadline);
  }

  needExtras(): Extras {
    let extras = this.waitExtras;
    if (extras === null) {
      extras = new Extras();
      this.waitExtras = extras;
    }
    return extras;
  }
}

/** Kept apart from the waiter, so that the many that only sleep are small. */
export class Extras {
  /** Ends a wait in a queue; a waiter's own links lie in the queue then. */
  deadline: Deadline | null = null;
  /** Those who wait for the end of a fibre. */
  joiners: WaitQueue | null = null;
  /** Whom it belongs to, if a group or supervisor spawned it. */
  member: Member | null = null;
  /** What it received last from a channel. */
  received: Item | null = null;
  /** What it waits to send into one. */
  sending: Item | null = null;

  needReceived(): Item {
    let item = this.received;
    if (item === null) {
      item = new Item();
      this.received = item;
    }
    return item;
  }

  needSending(): Item {
    let item = this.sending;
    if (item === null) {
      item = new Item();
      this.sending = item;
    }
    return item;
  }
}

/** A fibre's place in what spawned it; lies in one of its lists, or waits for time to pass. */
export abstract class Member extends Timed {
  /** Called when the fibre has ended. Nothing of the application is called from here. */
  abstract memberEnded(): void;
}

/**
 * The fibre whose turn it is; null in a handler. Typed so that an image without fibres does not have to know of
 * them, and kept nowhere but where the host sees it.
 */
// @ts-ignore: decorator
@inline
export function running(): Waiter | null {
  return changetype<Waiter | null>(<usize>observation().runningFibre);
}

// @ts-ignore: decorator
@lazy
let handlers: Extras | null = null;

/** What belongs to the fibre whose turn it is, or to handlers, of which none is ever interrupted. */
export function runningExtras(): Extras {
  const waiter = running();
  if (waiter !== null) return waiter.needExtras();
  let extras = handlers;
  if (extras === null) {
    extras = new Extras();
    handlers = extras;
  }
  return extras;
}


@final
class Deadline extends Timed {
  constructor(private readonly waiter: Waiter) {
    super();
  }

  timerDue(nowNs: i64): void {
    this.waiter.endWait(TIMED_OUT);
  }

  performTask(): void {}
}

/** Those who wait for one thing. */
@final
export class WaitQueue {
  /** @param what the thing, for whoever looks at the table of fibres: `a message` */
  constructor(readonly what: string) {}

  readonly waiters: TaskList = new TaskList();

  get isEmpty(): bool {
    return this.waiters.isEmpty;
  }

  /** Ends the wait of whoever came first. False: nobody waits. */
  wake(outcome: i32 = 0): bool {
    const first = this.waiters.first;
    if (first === null) return false;
    changetype<Waiter>(first).endWait(outcome);
    return true;
  }

  /** Ends the waits of all that wait now. */
  wakeAll(outcome: i32 = 0): void {
    while (this.wake(outcome));
  }
}
