/**
 * What the dispatcher performs when it gets to it: a fibre that goes on, a handler whose turn has come.
 *
 * Nothing is ever called from inside the call that made it ready: `ready` only queues.
 */
import { NO_DEADLINE } from "@phantasm/abi";
import { Source, addLastSource, dispatchFrom, isEnding, isTracing } from "./domain";
import { collectionDue } from "./heap";
import { Activity, observation } from "./observation";

/** Tasks performed in one step: with a fibre's switch of 100 ns, a fifth of a millisecond. */
const STEP_TASKS_MAX: i32 = 2048;

/** Lies in at most one list at a time: the run queue, the queue of what it waits for, the timers. */
export abstract class Task {
  /** Neighbours in that list; null while it is in none. */
  taskNext: Task | null = null;
  taskPrevious: Task | null = null;

  /** Called by the dispatcher, once for each time it was made ready. It is in no list then. */
  abstract performTask(): void;

  /** Tells the observation block which fibre this is, if it is one. */
  fibreAddress(): usize {
    return 0;
  }
}

/** First in, first out; a task may leave from the middle. */
export class TaskList {
  private head: Task | null = null;

  get isEmpty(): bool {
    return this.head === null;
  }

  get first(): Task | null {
    return this.head;
  }

  append(task: Task): void {
    const first = this.head;
    if (first === null) {
      this.head = task;
      task.taskNext = task;
      task.taskPrevious = task;
      return;
    }
    const last = changetype<Task>(first.taskPrevious);
    task.taskNext = first;
    task.taskPrevious = last;
    last.taskNext = task;
    first.taskPrevious = task;
  }

  /** Puts it in front of all others. */
  prepend(task: Task): void {
    this.append(task);
    this.head = task;
  }

  /** The task must be in this list. */
  remove(task: Task): void {
    const next = changetype<Task>(task.taskNext);
    if (next === task) this.head = null;
    else {
      const previous = changetype<Task>(task.taskPrevious);
      previous.taskNext = next;
      next.taskPrevious = previous;
      if (this.head === task) this.head = next;
    }
    task.taskNext = null;
    task.taskPrevious = null;
  }

  /** The first, taken out; null when there is none. */
  take(): Task | null {
    const first = this.head;
    if (first !== null) this.remove(first);
    return first;
  }
}

/** First in, first out, and nobody leaves early: half the work of a TaskList. */
class ReadyList {
  private first: Task | null = null;
  private last: Task | null = null;

  get isEmpty(): bool {
    return this.first === null;
  }

  // @ts-ignore: decorator
  @inline
  append(task: Task): void {
    const last = this.last;
    if (last === null) this.first = task;
    else last.taskNext = task;
    this.last = task;
  }

  // @ts-ignore: decorator
  @inline
  take(): Task | null {
    const task = this.first;
    if (task === null) return null;
    const next = task.taskNext;
    this.first = next;
    if (next === null) this.last = null;
    else task.taskNext = null;
    return task;
  }

  /** Takes over all of an other, behind its own. */
  appendAll(other: ReadyList): void {
    const first = other.first;
    if (first === null) return;
    const last = this.last;
    if (last === null) this.first = first;
    else last.taskNext = first;
    this.last = other.last;
    other.first = null;
    other.last = null;
  }

  /** Takes the one that `skip` others precede; fewer if there are not so many. */
  takeBehind(skip: u32): Task | null {
    const first = this.first;
    if (first === null || first.taskNext === null || skip == 0) return this.take();
    let before: Task = first;
    let task: Task = changetype<Task>(first.taskNext);
    for (; skip > 1 && task.taskNext !== null; skip--) {
      before = task;
      task = changetype<Task>(task.taskNext);
    }
    const next = task.taskNext;
    before.taskNext = next;
    if (next === null) this.last = before;
    task.taskNext = null;
    return task;
  }
}

/** The tasks that are ready. */
class RunQueue extends Source {
  readonly tasks: ReadyList = new ReadyList();
  /** The tasks of the next pass: they gave up their turn in this one. */
  readonly later: ReadyList = new ReadyList();
  private seed: u32 = 0;
  /** The next step is for one task only. */
  private alone: bool = false;
  /** The last step performed none, because a collection was due: the next one does, however full memory is. */
  private starved: bool = false;

  dispatch(now: i64): void {
    // One thing in a step: news in one, then each task in one of its own.
    if (isTracing() && !this.alone) return;
    const limit = this.alone ? 1 : STEP_TASKS_MAX;
    const starved = this.starved;
    this.starved = false;
    for (let left = limit; left > 0; left--) {
      if (isEnding()) return;
      if (collectionDue() && !(starved && left == limit)) {
        this.starved = left == limit && !this.tasks.isEmpty;
        return;
      }
      const task = this.choose();
      if (task === null) break;
      if (this.alone) {
        observation().activity = Activity.TASK;
        observation().activityFibre = <u32>task.fibreAddress();
      }
      task.performTask();
    }
    if (this.tasks.isEmpty) this.tasks.appendAll(this.later);
  }

  /** Called at the end of every step. */
  deadline(): i64 {
    const idle = this.tasks.isEmpty && this.later.isEmpty;
    this.alone = isTracing() && !idle;
    if (this.alone) dispatchFrom(this);
    return idle ? NO_DEADLINE : 0;
  }

  permute(seed: u32): void {
    this.seed = seed;
  }

  /** The next, taken out: the first, unless a seed says otherwise. */
  private choose(): Task | null {
    if (this.seed == 0) return this.tasks.take();
    // xorshift32 (Marsaglia 2003); a few places from the front are enough to reach every order.
    this.seed ^= this.seed << 13;
    this.seed ^= this.seed >> 17;
    this.seed ^= this.seed << 5;
    return this.tasks.takeBehind(this.seed % 7);
  }
}

// Lazy: else the class alone would be in every image that has this file.
// @ts-ignore: decorator
@lazy
let queue: RunQueue | null = null;

function runQueue(): RunQueue {
  let made = queue;
  if (made === null) {
    made = new RunQueue();
    queue = made;
    addLastSource(made);
  }
  return made;
}

/** Has it performed in this step, or in the next. It must be in no list. */
export function ready(task: Task): void {
  runQueue().tasks.append(task);
}

/** Has it performed after all that are ready now, and not before the devices were asked again. */
export function readyLater(task: Task): void {
  runQueue().later.append(task);
}

/** Performs ready tasks in an order that the seed decides, for tests; 0 is the usual order. */
export function permuteTasks(seed: u32): void {
  runQueue().permute(seed);
}
