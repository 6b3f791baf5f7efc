/** Waiting for the result of one operation. */
import { CANCELLED, FilesHandler, KeyValueHandler, PENDING, TIMED_OUT } from "@phantasm/interfaces";
import { WaitQueue, wait, yieldNow } from "@phantasm/fibre";

/** What a cancelled fibre gets, which begins nothing any more: CANCELLED, after the others had their turn. */
export function refused(): i32 {
  return yieldNow();
}

/**
 * What is closed once and has operations: it closes when the last of them is over, since whoever ran out of
 * time leaves one behind that still goes on.
 */
export abstract class Closing {
  private underWay: i32 = 0;
  private closed: bool = false;

  /** Closes what lies below. */
  protected abstract shut(): void;

  /** To be called by whatever the close of this is named. */
  protected closeWhenIdle(): void {
    assert(!this.closed, "storage: it is closed already");
    this.closed = true;
    if (this.underWay == 0) this.shut();
  }

  /** Before something is begun. */
  protected check(): void {
    assert(!this.closed, "storage: it is closed");
  }

  /** One more waits for its result. */
  enter(): void {
    this.underWay++;
  }

  /** One has its result. */
  leave(): void {
    this.underWay--;
    if (this.underWay == 0 && this.closed) this.shut();
  }
}

/**
 * What a fibre waits for. Whoever is cancelled or runs out of time leaves it behind: it then clears up what
 * the operation brings when it ends.
 */
export class Reply implements KeyValueHandler, FilesHandler {
  private result: i32 = PENDING;
  private abandoned: bool = false;
  private readonly queue: WaitQueue;
  /** On whose behalf. */
  owner: Closing | null = null;
  /** The next one in a `Replies`. */
  next: Reply | null = null;

  constructor(
    what: string,
    private readonly pool: Replies | null = null,
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
      this.recycle();
      return result;
    }
    const owner = this.owner;
    if (owner !== null) owner.enter();
    while (this.result == PENDING) {
      const outcome = wait(this.queue, deadlineNs);
      // What came in the same step is not lost.
      if (outcome == 0 || this.result != PENDING) continue;
      this.abandoned = true;
      return outcome;
    }
    const settled = this.result;
    this.result = PENDING;
    this.recycle();
    return settled;
  }

  /** Takes what the operation brought besides its result. */
  protected collect(result: i32): void {}

  /** Gives it back: nobody waits for it any more. */
  protected discard(): void {}

  private settle(result: i32): void {
    this.collect(result);
    const owner = this.owner;
    if (this.abandoned) {
      this.abandoned = false;
      this.discard();
      this.recycle();
    } else {
      this.result = result;
      this.queue.wake();
    }
    if (owner !== null) owner.leave();
  }

  private recycle(): void {
    this.owner = null;
    const pool = this.pool;
    if (pool !== null) pool.give(this);
  }
}

/** Replies that are used again, so that an operation allocates nothing: as many as have waited at once. */
@final
export class Replies {
  private free: Reply | null = null;

  constructor(private readonly what: string) {}

  take(owner: Closing | null): Reply {
    let first = this.free;
    if (first === null) first = new Reply(this.what, this);
    else this.free = first.next;
    first.next = null;
    first.owner = owner;
    return first;
  }

  give(reply: Reply): void {
    reply.next = this.free;
    this.free = reply;
  }
}

// @ts-ignore: decorator
@lazy
export const storeReplies: Replies = new Replies("a key-value store");

/** The operation goes on by itself. */
export function isLeftBehind(result: i32): bool {
  return result == CANCELLED || result == TIMED_OUT;
}

/** The bytes of a text. */
export function keyOf(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}
