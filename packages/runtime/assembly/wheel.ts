/**
 * The pending timers of the domain: a hierarchical timing wheel (Varghese and Lauck 1987) over
 * nanoseconds, with 64 slots a level.
 *
 *     level  10       9             1      0
 *     due   |..3|..6..|  …  |..6..|..6..|        63 bits
 *
 * A timer lies in the level of the highest group of bits in which its due differs from the wheel's
 * time, in the slot that this group names. So every slot of a level comes after all slots of the levels
 * below, in a level they come in the order of their numbers, and timers of one due share a slot, in the
 * order in which they were set. When time reaches a slot of a higher level, its timers move down, one
 * after the other; slots below are empty then, so the order stays.
 */
import { NO_DEADLINE } from "@phantasm/abi";
import { Source, isEnding } from "./domain";
import { DEBUG } from "./link";
import { observation } from "./observation";
import { Task } from "./task";

/** What one step does at most, in timers moved down: with all of them out of the cache, half a millisecond. */
const STEP_WORK_MAX: i32 = 2048;
/** A call counts as so many moves: at most 256 calls a step. */
const EXPIRE_WORK: i32 = 8;
/** Timers of a slot that are looked at for the earliest; a slot with more counts from its start. */
const WALK_MAX: i32 = 32;

const GROUP_BITS: i32 = 6;
const SLOTS: i32 = 1 << GROUP_BITS;
const LEVELS: i32 = 11;

/** Is called back when its time has come. It lies in the wheel or in another list, never in both. */
export abstract class Timed extends Task {
  /** Absolute ns; set by `setTimer`, and not to be changed while pending. */
  timerDueNs: i64 = 0;
  /** The step in which it was set, modulo 2^32. */
  timerSetIn: u32 = 0;
  /** Number of its slot; 0 while not pending. */
  timerPlace: u16 = 0;

  /** True while `timerDue` is still to be called. */
  get timerIsPending(): bool {
    return this.timerPlace != 0;
  }

  /** Called once, in the first step at or after `timerDueNs`. It is not pending any more and in no list. */
  abstract timerDue(nowNs: i64): void;

  performTask(): void {}
}

/** Setting, cancelling and setting anew cost the same however many are pending, and allocate nothing. */
@final
export class TimerWheel extends Source {
  /** The first timer of each slot, at its place: 1 + level * SLOTS + slot. */
  private slots: StaticArray<Timed | null> = new StaticArray<Timed | null>(1 + LEVELS * SLOTS);
  /** A bit for each slot of a level that holds timers. */
  private occupied: StaticArray<u64> = new StaticArray<u64>(LEVELS);
  /** A bit for each level that holds timers. */
  private levels: u32 = 0;
  /** Never after the time of the step, nor after a due. */
  private timeNs: i64;
  /** Never after the first due; the same unless its slot is crowded, or `stale`. */
  private earliestNs: i64 = NO_DEADLINE;
  private stale: bool = false;
  /** The slot whose timers are being moved down, or 0; timers that are set for it join its end. */
  private movingPlace: i32 = 0;
  /** The wheel's time once they are moved. */
  private movingTimeNs: i64 = 0;
  private count: i32 = 0;

  constructor(nowNs: i64) {
    super();
    this.timeNs = nowNs;
  }

  get pending(): i32 {
    return this.count;
  }

  /** A due before `nowNs` counts as `nowNs`. */
  set(timed: Timed, dueNs: i64, nowNs: i64): void {
    if (timed.timerPlace != 0) this.unlink(timed);
    else {
      if (DEBUG) assert(timed.taskNext === null, "timers: it is in another list");
      this.count++;
    }
    dueNs = max(dueNs, nowNs);
    timed.timerDueNs = dueNs;
    timed.timerSetIn = <u32>observation().steps;
    this.link(timed, this.timeNs);
    if (dueNs < this.earliestNs) this.earliestNs = dueNs;
  }

  /** The timer must be pending. */
  remove(timed: Timed): void {
    this.unlink(timed);
    this.count--;
  }

  dispatch(nowNs: i64): void {
    const step = <u32>observation().steps;
    for (let work = STEP_WORK_MAX; work > 0 && !isEnding();) {
      if (this.movingPlace != 0) {
        work = this.move(work);
        continue;
      }
      const place = this.firstPlace();
      const startNs = this.startOf(place);
      if (place == 0 || startNs > nowNs) {
        this.timeNs = nowNs;
        return;
      }
      const first = this.at(place);
      const dueNs = first.timerDueNs;
      // All of one due, or only one: no need to move down what has passed.
      if (dueNs <= nowNs && (place <= SLOTS || first.taskNext === first)) {
        // Set in this step, and so are all that follow.
        if (first.timerSetIn == step) return;
        this.timeNs = dueNs;
        this.remove(first);
        first.timerDue(nowNs);
        work -= EXPIRE_WORK;
      } else {
        this.movingPlace = place;
        this.movingTimeNs = max(startNs, min(this.earliestNs, nowNs));
      }
    }
  }

  deadline(): i64 {
    if (this.movingPlace != 0) return this.movingTimeNs;
    if (this.stale) this.findEarliest();
    return this.earliestNs;
  }

  inspect(): void {
    observation().timersPending = this.count;
  }

  /** The slot that comes first, 0 if all are empty. */
  private firstPlace(): i32 {
    if (this.levels == 0) return 0;
    const level = <i32>ctz(this.levels);
    return 1 + level * SLOTS + <i32>ctz(unchecked(this.occupied[level]));
  }

  /** The first ns of a slot after the wheel's time. */
  private startOf(place: i32): i64 {
    const shift = ((place - 1) / SLOTS) * GROUP_BITS;
    return (((this.timeNs >> shift) & ~(SLOTS - 1)) | ((place - 1) % SLOTS)) << shift;
  }


  @inline
  private at(place: i32): Timed {
    return changetype<Timed>(unchecked(this.slots[place]));
  }

  /** Appends it to the slot that is its own at that time of the wheel. */
  private link(timed: Timed, timeNs: i64): void {
    const dueNs = timed.timerDueNs;
    // The number of the highest bit, divided by GROUP_BITS.
    const level = ((63 - <i32>clz((dueNs ^ timeNs) | 1)) * 43) >> 8;
    const slot = (<i32>(dueNs >> (level * GROUP_BITS))) & (SLOTS - 1);
    const place = 1 + level * SLOTS + slot;
    timed.timerPlace = <u16>place;
    const first = unchecked(this.slots[place]);
    if (first !== null) {
      const last = changetype<Timed>(first.taskPrevious);
      timed.taskNext = first;
      timed.taskPrevious = last;
      last.taskNext = timed;
      first.taskPrevious = timed;
      return;
    }
    timed.taskNext = timed;
    timed.taskPrevious = timed;
    unchecked((this.slots[place] = timed));
    unchecked((this.occupied[level] |= (<u64>1) << slot));
    this.levels |= 1 << level;
  }

  private unlink(timed: Timed): void {
    const place = <i32>timed.timerPlace;
    const next = changetype<Timed>(timed.taskNext);
    if (timed.timerDueNs == this.earliestNs) this.stale = true;
    if (next === timed) this.clear(place);
    else {
      const previous = changetype<Timed>(timed.taskPrevious);
      previous.taskNext = next;
      next.taskPrevious = previous;
      if (this.at(place) === timed) unchecked((this.slots[place] = next));
    }
    timed.taskNext = null;
    timed.taskPrevious = null;
    timed.timerPlace = 0;
  }

  /** Marks a slot as empty. */
  private clear(place: i32): void {
    const level = (place - 1) / SLOTS;
    const left = unchecked(this.occupied[level]) & ~((<u64>1) << ((place - 1) % SLOTS));
    unchecked((this.slots[place] = null));
    unchecked((this.occupied[level] = left));
    if (left == 0) this.levels &= ~(1 << level);
    this.stale = true;
  }

  /** Moves timers down from the slot of which that is being done. Returns what is left of `work`. */
  private move(work: i32): i32 {
    const place = this.movingPlace;
    for (; work > 0; work--) {
      const first = unchecked(this.slots[place]);
      if (first === null) {
        this.movingPlace = 0;
        this.timeNs = this.movingTimeNs;
        break;
      }
      this.unlink(first);
      this.link(first, this.movingTimeNs);
    }
    return work;
  }

  private findEarliest(): void {
    this.stale = false;
    const place = this.firstPlace();
    if (place == 0) {
      this.earliestNs = NO_DEADLINE;
      return;
    }
    const first = this.at(place);
    let earliestNs = first.timerDueNs;
    // In the lowest level all are of one due.
    if (place > SLOTS) {
      let timed = changetype<Timed>(first.taskNext);
      for (let left = WALK_MAX; timed !== first; left--) {
        if (left == 0) {
          earliestNs = max(this.earliestNs, this.startOf(place));
          break;
        }
        earliestNs = min(earliestNs, timed.timerDueNs);
        timed = changetype<Timed>(timed.taskNext);
      }
    }
    this.earliestNs = earliestNs;
  }
}
