import { NO_DEADLINE } from "@phantasm/abi";
import { CANCELLED, TIMED_OUT } from "@phantasm/interfaces";
import { cancelTimer, setTimer } from "@phantasm/runtime/timers";
import { hold, isEnding, now, observation, readyLater, ready, release } from "@phantasm/runtime";
import { Coroutine, suspend, resume } from "./switch";
import { WaitQueue, running } from "./wait";
import { enlist, strike } from "./table";

/** What a fibre is doing. */
export namespace FibreState {
  /** Made, and not yet spawned; or spawned, and not yet run. */
  export const NEW: u8 = 0;
  export const READY: u8 = 1;
  export const RUNNING: u8 = 2;
  /** In a queue, for what others do. */
  export const WAITING: u8 = 3;
  /** For time to pass. */
  export const SLEEPING: u8 = 4;
  export const ENDED: u8 = 5;
}

/** What `cancel` has done to a fibre. */
namespace Cancellation {
  /** It was cancelled. */
  export const ASKED: u8 = 1;
  /** Its waits return CANCELLED. */
  export const REFUSES: u8 = 2;
  /** For now its waits do not, although it REFUSES. */
  export const MASKED: u8 = 4;
}

/**
 * A line of execution of its own: `run` may wait in the middle of any function, and others run meanwhile.
 * Fibres of an image take turns where they wait, and only there.
 *
 * A wait returns 0 or a negative error: CANCELLED, TIMED_OUT, and what the thing waited for has of its
 * own. Nothing is unwound by force: whoever gets an error cleans up and returns.
 *
 * A fibre keeps the domain alive until it ends, unless it is in the background.
 */
export abstract class Fibre extends Coroutine {
  /** Neighbours in the table of all fibres. */
  fibreNext: Fibre | null = null;
  fibrePrevious: Fibre | null = null;
  /** Counts from 1, the main fibre; 0 before it is spawned. */
  fibreId: u32 = 0;
  /** One of FibreState. */
  fibreState: u8 = FibreState.NEW;
  /** Bits of Cancellation. */
  private fibreCancellation: u8 = 0;
  private fibreInBackground: bool = false;

  /** @param name for diagnosis; without one, that of its class is shown */
  constructor(readonly name: string = "") {
    super();
  }

  /** What it does. Returns 0, or a negative error for whoever joins or supervises it. */
  abstract run(): i32;

  /** True once `run` has returned. It may then be spawned again. */
  get ended(): bool {
    return this.fibreState == FibreState.ENDED;
  }

  /** What `run` returned; only when ended. */
  get result(): i32 {
    return this.waitOutcome;
  }

  get cancelled(): bool {
    return (this.fibreCancellation & Cancellation.ASKED) != 0;
  }

  /**
   * Asks it to end: the wait it is in, and every later one, returns CANCELLED. Whether it ends is its
   * own affair. Idempotent.
   */
  cancel(): void {
    if (this.cancelled || this.ended) return;
    this.fibreCancellation |= Cancellation.ASKED | Cancellation.REFUSES;
    if ((this.fibreCancellation & Cancellation.MASKED) != 0) return;
    if (this.fibreState == FibreState.WAITING || this.fibreState == FibreState.SLEEPING)
      this.endWait(CANCELLED);
  }

  /** From now on its waits work again although it was cancelled: for clean-up that has to wait. */
  shield(): void {
    this.fibreCancellation &= ~Cancellation.REFUSES;
  }

  /** True while every wait of it returns CANCELLED at once. */
  get refusesToWait(): bool {
    return (this.fibreCancellation & ~Cancellation.ASKED) == Cancellation.REFUSES;
  }

  /**
   * Until `unmask` a cancel has no effect on its waits. Calls do not nest: whoever may have been called by one
   * that masks already leaves that to it, if this returns false.
   */
  mask(): bool {
    if (this.fibreCancellation & Cancellation.MASKED) return false;
    this.fibreCancellation |= Cancellation.MASKED;
    return true;
  }

  unmask(): void {
    this.fibreCancellation &= ~Cancellation.MASKED;
  }

  /** From now on it does not keep the domain alive. */
  background(): void {
    if (this.fibreInBackground) return;
    this.fibreInBackground = true;
    if (this.fibreId != 0 && !this.ended) release();
  }

  /**
   * Waits for its end, and returns its result. CANCELLED and TIMED_OUT may also be those of the wait:
   * `ended` tells.
   */
  join(deadlineNs: i64 = NO_DEADLINE): i32 {
    assert(current() !== this, "fibre: a fibre cannot join itself");
    if (this.ended) return this.waitOutcome;
    const outcome = wait(this.endQueue(), deadlineNs);
    return outcome == 0 ? this.waitOutcome : outcome;
  }

  /** Where its end is waited for; it must not have ended. */
  endQueue(): WaitQueue {
    const extras = this.needExtras();
    let joiners = extras.joiners;
    if (joiners === null) {
      joiners = new WaitQueue("the end of a fibre");
      extras.joiners = joiners;
    }
    return joiners;
  }

  /** Used by `spawn`. */
  beginFibre(): void {
    assert(this.fibreId == 0 || this.ended, "fibre: it runs already");
    // One that was cancelled before it was spawned is cancelled.
    if (this.ended) this.fibreCancellation = 0;
    this.fibreState = FibreState.READY;
    this.waitOutcome = 0;
    enlist(this);
    if (!this.fibreInBackground) hold();
  }

  performTask(): void {
    const block = observation();
    block.runningFibre = <u32>changetype<usize>(this);
    block.switches++;
    this.fibreState = FibreState.RUNNING;
    const ended = resume(changetype<usize>(this));
    block.runningFibre = 0;
    if (ended) this.endFibre();
  }

  coroutineBody(): void {
    const result = this.run();
    this.waitOutcome = result;
  }

  waitEnded(): void {
    this.fibreState = FibreState.READY;
    ready(this);
  }

  fibreAddress(): usize {
    return changetype<usize>(this);
  }

  /** What every wait begins with. True: it was cancelled, and comes back at its next turn. */
  // @ts-ignore: decorator
  @inline
  waitRefused(): bool {
    if (this.fibreCancellation == 0 || !this.refusesToWait) return false;
    this.refuseWait();
    return true;
  }

  private refuseWait(): void {
    this.waitOutcome = CANCELLED;
    this.fibreState = FibreState.READY;
    // Not at once, so that a loop around waits that are refused does not keep the step.
    readyLater(this);
  }

  private endFibre(): void {
    this.fibreState = FibreState.ENDED;
    strike(this);
    if (!this.fibreInBackground) release();
    const extras = this.waitExtras;
    if (extras === null) return;
    this.waitExtras = null;
    const joiners = extras.joiners;
    if (joiners !== null) joiners.wakeAll();
    const member = extras.member;
    if (member !== null) member.memberEnded();
  }
}

function noFibre(): void {
  throw new Error("fibre: only a fibre can wait; a handler spawns one");
}

/** The fibre that calls this. Ends the domain when a handler does. */
// @ts-ignore: decorator
@inline
export function current(): Fibre {
  const fibre = running();
  if (fibre === null) noFibre();
  return changetype<Fibre>(fibre);
}

/** True if a wait of the fibre that calls this would return CANCELLED at once. */
export function isInterrupted(): bool {
  return current().refusesToWait;
}

/** Starts a fibre; it runs for the first time after this fibre or handler has given up its turn. */
export function spawn<F extends Fibre>(fibre: F): F {
  fibre.beginFibre();
  ready(fibre);
  return fibre;
}

/** Lets all others that are ready, and the devices, go first. Returns 0 or CANCELLED. */
export function yieldNow(): i32 {
  beginYield();
  suspend();
  return outcome();
}

/** Waits `durationNs`; less than 1 is a yield. Returns 0 or CANCELLED. */
export function sleep(durationNs: i64): i32 {
  beginSleep(durationNs);
  suspend();
  return outcome();
}

/** Waits until the time of the step is `dueNs`. Returns 0 or CANCELLED. */
export function sleepUntil(dueNs: i64): i32 {
  return dueNs <= now() ? yieldNow() : sleep(dueNs - now());
}

/**
 * Waits in a queue until whoever has what it waits for wakes it. Returns what it was woken with,
 * CANCELLED, or TIMED_OUT when `deadlineNs` (absolute, ns) has passed; it then is no longer in the queue.
 */
export function wait(queue: WaitQueue, deadlineNs: i64 = NO_DEADLINE): i32 {
  beginWait(queue, deadlineNs);
  suspend();
  return outcome();
}

function beginYield(): void {
  const fibre = current();
  if (fibre.waitRefused()) return;
  fibre.waitOutcome = 0;
  fibre.fibreState = FibreState.READY;
  readyLater(fibre);
}

function beginSleep(durationNs: i64): void {
  if (durationNs <= 0) return beginYield();
  const fibre = current();
  if (fibre.waitRefused()) return;
  fibre.fibreState = FibreState.SLEEPING;
  const nowNs = now();
  setTimer(fibre, durationNs > i64.MAX_VALUE - nowNs ? i64.MAX_VALUE : nowNs + durationNs);
}

function beginWait(queue: WaitQueue, deadlineNs: i64): void {
  const fibre = current();
  if (fibre.waitRefused()) return;
  if (deadlineNs <= now()) {
    fibre.waitOutcome = TIMED_OUT;
    fibre.fibreState = FibreState.READY;
    readyLater(fibre);
    return;
  }
  fibre.fibreState = FibreState.WAITING;
  fibre.beginWaitIn(queue, deadlineNs);
}

function outcome(): i32 {
  return current().waitOutcome;
}
