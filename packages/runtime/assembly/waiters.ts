import { hold, release } from "./domain";

class Waiting<T> {
  next: Waiting<T> | null = null;

  constructor(readonly waiter: T) {}
}

/** Those who want to be told when a driver has room again, in the order of asking. Each holds the domain. */
export class Waiters<T> {
  private first: Waiting<T> | null = null;
  private last: Waiting<T> | null = null;
  private waiting: i32 = 0;

  /** A driver calls as many as wait when it begins: who comes back meanwhile waits for the next step. */
  get count(): i32 {
    return this.waiting;
  }

  add(waiter: T): void {
    const entry = new Waiting<T>(waiter);
    const last = this.last;
    if (last === null) this.first = entry;
    else last.next = entry;
    this.last = entry;
    this.waiting++;
    hold();
  }

  /** The next; there must be one. */
  take(): T {
    const entry = assert(this.first, "nobody waits");
    this.first = entry.next;
    if (this.first === null) this.last = null;
    this.waiting--;
    release();
    return entry.waiter;
  }
}
