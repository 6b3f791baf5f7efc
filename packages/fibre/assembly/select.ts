/**
 * Waiting for the first of several things.
 */
import { NO_DEADLINE } from "@phantasm/abi";
import { Case, EndCase, EventCase, PermitCase, ReceiveCase, SendCase, TimerCase } from "./cases";
import { Channel } from "./channel";
import { Event } from "./event";
import { Fibre, isInterrupted, wait } from "./fibre";
import { Semaphore } from "./semaphore";
import { WaitQueue } from "./wait";

/**
 * A list of cases, made once, of which `next` waits for one at a time:
 *
 *     const select = new Select();
 *     const job = select.receive(jobs);
 *     const stop = select.wait(stopped);
 *     let chosen = select.next();
 *     for (; chosen >= 0 && chosen != stop; chosen = select.next())
 *       if (select.outcome == 0) work(jobs.value);
 *       else select.enable(job, false); // closed
 *
 * Exactly one case happens in each call; of the others nothing is taken or given. When several could
 * happen at once they take turns: looking begins after the one that was chosen last.
 *
 * One fibre at a time waits with it. It allocates when a case is added, and not later.
 */
@final
export class Select {
  private readonly cases: Case[] = [];
  private readonly queue: WaitQueue = new WaitQueue("the first of several");
  /** Where looking begins. */
  private start: i32 = 0;
  /** What has happened; null while nothing has. */
  private winner: Case | null = null;
  /** A fibre is in `next`. */
  private busy: bool = false;

  /** What the wait of the case chosen last came to: 0 or CLOSED; the result, for the end of a fibre. */
  outcome: i32 = 0;

  /** Adds a case: a value comes, and is in `channel.value`; or CLOSED, again and again. Returns its number. */
  receive<T>(channel: Channel<T>): i32 {
    return this.add(new ReceiveCase<T>(this, channel));
  }

  /**
   * Adds a case: the value that was offered has gone; or CLOSED, for each offer. It can only happen after
   * `offer`, once for each. Returns its number.
   */
  send<T>(channel: Channel<T>): i32 {
    return this.add(new SendCase<T>(this, channel));
  }

  /** Gives a case of `send` the value to send, in the place of one that has not gone. */
  offer<T>(number: i32, value: T): void {
    const sending = this.idleCase(number);
    assert(isExactly<SendCase<T>>(sending), "select: this is no case of send, or not of this type");
    changetype<SendCase<T>>(sending).offer(value);
  }

  /** Adds a case: a permit, to be released. Returns its number. */
  acquire(semaphore: Semaphore): i32 {
    return this.add(new PermitCase(this, semaphore));
  }

  /** Adds a case: an event is set; it happens again and again until it is reset. Returns its number. */
  wait(event: Event): i32 {
    return this.add(new EventCase(this, event));
  }

  /** Adds a case: a fibre has ended, with `outcome` as its result. It happens once. Returns its number. */
  end(fibre: Fibre): i32 {
    return this.add(new EndCase(this, fibre));
  }

  /** Adds a case: a time (absolute ns) is reached. It happens once for each time. Returns its number. */
  timer(dueNs: i64): i32 {
    return this.add(new TimerCase(this, dueNs));
  }

  /** Gives a case of `timer` another time. */
  setTimer(number: i32, dueNs: i64): void {
    const timer = this.idleCase(number);
    assert(isExactly<TimerCase>(timer), "select: this is no case of timer");
    changetype<TimerCase>(timer).dueNs = dueNs;
    timer.enabled = true;
  }

  /** Leaves a case out from now on, or takes it in again. */
  enable(number: i32, on: bool = true): void {
    this.idleCase(number).enabled = on;
  }

  /**
   * Waits until one of the cases happens, and returns its number; or CANCELLED or TIMED_OUT, both
   * negative, and then none has.
   */
  next(deadlineNs: i64 = NO_DEADLINE): i32 {
    if (this.begin()) return this.choose();
    return this.finish(wait(this.queue, deadlineNs));
  }

  /** Called by the first case whose wait ends: no other can end after that. */
  won(winner: Case): void {
    this.winner = winner;
    for (let i = 0; i < this.cases.length; i++) {
      const other = unchecked(this.cases[i]);
      if (other !== winner) other.leaveWait();
    }
    this.queue.wake();
  }

  private add(added: Case): i32 {
    this.needIdle();
    return this.cases.push(added) - 1;
  }

  private idleCase(number: i32): Case {
    this.needIdle();
    return this.cases[number];
  }

  private needIdle(): void {
    assert(!this.busy, "select: another fibre waits with it");
  }

  /** True if a case happens without a wait; else all that are enabled have begun to wait. */
  private begin(): bool {
    this.needIdle();
    this.busy = true;
    if (isInterrupted()) return false;
    const count = this.cases.length;
    for (let i = 0; i < count; i++) {
      const at = this.start + i;
      const tried = this.cases[at < count ? at : at - count];
      if (tried.enabled && tried.happens()) {
        this.winner = tried;
        return true;
      }
    }
    for (let i = 0; i < count; i++) {
      const waiting = unchecked(this.cases[i]);
      if (waiting.enabled) waiting.begin();
    }
    return false;
  }

  private finish(outcome: i32): i32 {
    // A case may have happened after the wait was cancelled or had timed out: it counts.
    if (this.winner !== null) return this.choose();
    for (let i = 0; i < this.cases.length; i++) unchecked(this.cases[i]).leaveWait();
    this.busy = false;
    this.outcome = outcome;
    return outcome;
  }

  /** The number of what has happened. */
  private choose(): i32 {
    const chosen = this.winner!;
    this.winner = null;
    this.busy = false;
    this.outcome = chosen.settle();
    const number = this.cases.indexOf(chosen);
    this.start = number + 1 < this.cases.length ? number + 1 : 0;
    return number;
  }
}

/** Reads the class number in front of the object. */
function isExactly<C>(object: Case): bool {
  return load<u32>(changetype<usize>(object) - 8) == idof<C>();
}
