import { Timer, TimerHandler } from "@phantasm/interfaces";
import { expect, test, world } from "@phantasm/testing";
import { enter, hold } from "@phantasm/runtime";
import { TimerQueue } from "./queue";
import { QueuedTimer } from "./timer";

const TIMERS: i32 = 500;
const SEED: u32 = 0x2545f491;

class Recorder implements TimerHandler {
  fired: i32 = 0;
  lastDueNs: i64 = -1;
  lastSequence: u64 = 0;
  ordered: bool = true;

  onTimer(timer: Timer): void {
    const queued = changetype<QueuedTimer>(timer);
    if (queued.dueNs < this.lastDueNs) this.ordered = false;
    if (queued.dueNs == this.lastDueNs && queued.sequence < this.lastSequence) this.ordered = false;
    this.lastDueNs = queued.dueNs;
    this.lastSequence = queued.sequence;
    this.fired++;
  }
}

let state: u32 = SEED;

/** xorshift32 */
function below(bound: u32): u32 {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % bound;
}

test("order and number hold through random scheduling, moving and cancelling", () => {
  const queue = new TimerQueue(TIMERS);
  const recorder = new Recorder();
  const timers: QueuedTimer[] = [];
  hold();
  for (let i = 0; i < TIMERS; i++) {
    const timer = new QueuedTimer(queue, recorder, 0);
    timer.set(below(50));
    timers.push(timer);
  }
  for (let i = 0; i < 5000; i++) {
    const timer = timers[below(TIMERS)];
    if (below(3) == 0) timer.cancel();
    else timer.set(below(50));
  }
  let pending = 0;
  for (let i = 0; i < TIMERS; i++) if (timers[i].pending) pending++;
  for (let ns = 0; ns < 50; ns++) {
    enter(world.advance(ns == 0 ? 0 : 1), 0);
    queue.dispatch(world.now());
    expect(queue.deadline()).toBeGreaterThan(world.now());
  }
  expect(recorder.ordered).toBe(true);
  expect(recorder.fired).toBe(pending);
  expect(pending).toBeGreaterThan(TIMERS / 2);
});
