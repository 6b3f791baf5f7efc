import { NO_DEADLINE } from "@phantasm/abi";
import { Source, hold, isEnding, observation, release } from "@phantasm/runtime";
import { QueuedTimer } from "./timer";

/** Handlers called in one step, so that a flood of timers cannot keep the step. */
const STEP_TIMERS_MAX: i32 = 256;

const TIMERS_START: i32 = 16;

/** The pending timers: a binary heap, the earliest on top, that knows where each timer is. */
export class TimerQueue extends Source {
  private heap: StaticArray<QueuedTimer | null> = new StaticArray<QueuedTimer | null>(TIMERS_START);
  private count: i32 = 0;
  private sequence: u64 = 0;

  /** @param timersMax pending timers; one more ends the domain */
  constructor(private readonly timersMax: i32) {
    super();
  }

  /** Makes it pending at `dueNs`, after all that were made pending for that time before. */
  schedule(timer: QueuedTimer, dueNs: i64): void {
    timer.sequence = this.sequence++;
    if (timer.pending) {
      this.move(timer, dueNs);
      return;
    }
    assert(
      this.count < this.timersMax,
      "clock: too many timers are pending; raise clock({ timers })",
    );
    if (this.count == this.heap.length) this.grow();
    timer.dueNs = dueNs;
    this.place(timer, this.count++);
    this.up(timer);
    if (timer.holding) hold();
  }

  /** Gives a pending timer another time. */
  move(timer: QueuedTimer, dueNs: i64): void {
    timer.dueNs = dueNs;
    this.up(timer);
    this.down(timer);
  }

  /** Takes out a pending timer. */
  remove(timer: QueuedTimer): void {
    const hole = timer.position;
    timer.position = -1;
    if (timer.holding) release();
    const last = unchecked(this.heap[--this.count]);
    unchecked((this.heap[this.count] = null));
    if (last === null || last === timer) return;
    this.place(last, hole);
    this.up(last);
    this.down(last);
  }

  dispatch(nowNs: i64): void {
    // A timer made by a handler waits for the next step, even if it is due at once.
    const boundary = this.sequence;
    for (let calls = 0; calls < STEP_TIMERS_MAX; calls++) {
      if (this.count == 0 || isEnding()) return;
      const timer = this.at(0);
      if (timer.dueNs > nowNs || timer.sequence >= boundary) return;
      timer.advance(nowNs);
      timer.handler.onTimer(timer);
    }
  }

  deadline(): i64 {
    return this.count == 0 ? NO_DEADLINE : this.at(0).dueNs;
  }

  inspect(): void {
    observation().timersPending = this.count;
  }


  @inline
  private at(index: i32): QueuedTimer {
    return changetype<QueuedTimer>(unchecked(this.heap[index]));
  }


  @inline
  private place(timer: QueuedTimer, index: i32): void {
    unchecked((this.heap[index] = timer));
    timer.position = index;
  }

  private grow(): void {
    const grown = new StaticArray<QueuedTimer | null>(min(this.timersMax, this.heap.length * 2));
    for (let i = 0; i < this.count; i++) unchecked((grown[i] = this.heap[i]));
    this.heap = grown;
  }

  private up(timer: QueuedTimer): void {
    let index = timer.position;
    while (index > 0) {
      const parent = this.at((index - 1) >> 1);
      if (!precedes(timer, parent)) break;
      this.place(parent, index);
      index = (index - 1) >> 1;
    }
    this.place(timer, index);
  }

  private down(timer: QueuedTimer): void {
    let index = timer.position;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.count) break;
      if (child + 1 < this.count && precedes(this.at(child + 1), this.at(child))) child++;
      const least = this.at(child);
      if (!precedes(least, timer)) break;
      this.place(least, index);
      index = child;
    }
    this.place(timer, index);
  }
}

function precedes(a: QueuedTimer, b: QueuedTimer): bool {
  return a.dueNs < b.dueNs || (a.dueNs == b.dueNs && a.sequence < b.sequence);
}
