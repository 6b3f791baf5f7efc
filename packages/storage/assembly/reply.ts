/** Waiting for the result of one operation. */
import { FilesHandler, KeyValueHandler, PENDING } from "@phantasm/interfaces";
import { WaitQueue, wait, yieldNow } from "@phantasm/fibre";

/** What a cancelled fibre gets, which begins nothing any more: CANCELLED, after the others had their turn. */
export function refused(): i32 {
  return yieldNow();
}

/**
 * What a fibre waits for. Whoever is cancelled or runs out of time leaves it behind: it then clears up what
 * the operation brings when it ends.
 */
export class Reply implements KeyValueHandler, FilesHandler {
  private result: i32 = PENDING;
  private abandoned: bool = false;
  private readonly queue: WaitQueue;
  /** The next one in a `Replies`. */
  next: Reply | null = null;

  constructor(
    what: string,
    private readonly owner: Replies | null = null,
  ) {
    this.queue = new WaitQueue(what);
  }

  onKeyValue(tag: i32, result: i32): void {
    this.settle(result);
  }

  onFiles(tag: i32, result: i32): void {
    this.settle(result);
  }

  /** Waits if the operation said PENDING; its result, CANCELLED or TIMED_OUT. */
  wait(result: i32, deadlineNs: i64): i32 {
    if (result != PENDING) {
      this.collect(result);
      this.end();
      return result;
    }
    while (this.result == PENDING) {
      const outcome = wait(this.queue, deadlineNs);
      // What came in the same step is not lost.
      if (outcome == 0 || this.result != PENDING) continue;
      this.abandoned = true;
      return outcome;
    }
    const settled = this.result;
    this.result = PENDING;
    this.end();
    return settled;
  }

  /** Takes what the operation brought besides its result. */
  protected collect(result: i32): void {}

  /** Gives it back: nobody waits for it any more. */
  protected discard(): void {}

  private settle(result: i32): void {
    this.collect(result);
    if (this.abandoned) {
      this.abandoned = false;
      this.discard();
      this.end();
      return;
    }
    this.result = result;
    this.queue.wake();
  }

  private end(): void {
    const owner = this.owner;
    if (owner !== null) owner.give(this);
  }
}

/** Replies that are used again, so that an operation allocates nothing. */
@final
export class Replies {
  private free: Reply | null = null;

  constructor(private readonly what: string) {}

  take(): Reply {
    const first = this.free;
    if (first === null) return new Reply(this.what, this);
    this.free = first.next;
    first.next = null;
    return first;
  }

  give(reply: Reply): void {
    reply.next = this.free;
    this.free = reply;
  }
}
