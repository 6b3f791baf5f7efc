/**
 * When domains run. One scheduler serves all domains of a thread round robin, with one immediate and
 * one timer of Node between them, however many there are. It sleeps when nothing is due.
 */

/** Something that can be made ready: a domain's next step. */
export class Task {
  readonly run: () => void;
  /** Belongs to the scheduler. */
  queued = false;
  cancelled = false;
  /** On the scale of `Scheduler.now`. */
  dueNs = Infinity;
  /** Place in the heap of timers, or -1. */
  position = -1;

  constructor(run: () => void) {
    this.run = run;
  }
}

/** Time is in ns as a double, on a scale of the scheduler's own: exact to 1 ns for 104 days. */
export interface Scheduler {
  /** Runs the task once after the event loop has turned; again before that changes nothing. */
  ready(task: Task): void;
  /** Makes the task ready after `delayNs`, never early; replaces its previous timer. Infinity: none. */
  after(task: Task, delayNs: number): void;
  /** Forgets the task for good. */
  cancel(task: Task): void;
  /** A hold keeps the process alive, as an open server does. */
  hold(): void;
  release(): void;
}

/** A binary heap: the earliest due first, equal ones in any order. */
export class TimerHeap {
  readonly #tasks: Task[] = [];

  get first(): Task | undefined {
    return this.#tasks[0];
  }

  /** Inserts or moves the task. */
  set(task: Task, dueNs: number): void {
    const before = task.dueNs;
    task.dueNs = dueNs;
    if (task.position < 0) {
      task.position = this.#tasks.push(task) - 1;
      this.#up(task);
    } else if (dueNs < before) {
      this.#up(task);
    } else {
      this.#down(task);
    }
  }

  remove(task: Task): void {
    if (task.position < 0) return;
    const hole = task.position;
    const last = this.#tasks.pop();
    task.position = -1;
    task.dueNs = Infinity;
    if (last === undefined || last === task) return;
    last.position = hole;
    this.#tasks[hole] = last;
    this.#up(last);
    this.#down(last);
  }

  #up(task: Task): void {
    while (task.position > 0) {
      const parent = this.#tasks[(task.position - 1) >> 1];
      if (parent === undefined || parent.dueNs <= task.dueNs) return;
      this.#swap(task, parent);
    }
  }

  #down(task: Task): void {
    for (;;) {
      const left = this.#tasks[2 * task.position + 1];
      const right = this.#tasks[2 * task.position + 2];
      let least = task;
      if (left !== undefined && left.dueNs < least.dueNs) least = left;
      if (right !== undefined && right.dueNs < least.dueNs) least = right;
      if (least === task) return;
      this.#swap(task, least);
    }
  }

  #swap(a: Task, b: Task): void {
    const at = a.position;
    a.position = b.position;
    b.position = at;
    this.#tasks[a.position] = a;
    this.#tasks[b.position] = b;
  }
}

const NS_PER_MS = 1e6;
/** Node's timers overflow at 2^31 ms and then fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;
/** After this long in one turn the event loop gets its turn, for I/O and signals. */
const TURN_MS_MAX = 5;
const HOLD_INTERVAL_MS = 2 ** 30;

class EventLoopScheduler implements Scheduler {
  readonly #timers = new TimerHeap();
  #queue: Task[] = [];
  /** A turn is coming, or running: it sees what is queued until it ends. */
  #turning = false;
  #timer: NodeJS.Timeout | null = null;
  #timerDueNs = Infinity;
  #holds = 0;
  #holder: NodeJS.Timeout | null = null;

  ready(task: Task): void {
    if (task.queued || task.cancelled) return;
    task.queued = true;
    this.#queue.push(task);
    this.#wakeUp();
  }

  after(task: Task, delayNs: number): void {
    if (task.cancelled) return;
    if (delayNs === Infinity) {
      this.#timers.remove(task);
    } else {
      this.#timers.set(task, performance.now() * NS_PER_MS + delayNs);
      this.#arm();
    }
  }

  cancel(task: Task): void {
    task.cancelled = true;
    this.#timers.remove(task);
    this.#arm();
  }

  hold(): void {
    if (this.#holds++ === 0) this.#holder = setInterval(() => undefined, HOLD_INTERVAL_MS);
  }

  release(): void {
    if (--this.#holds > 0 || this.#holder === null) return;
    clearInterval(this.#holder);
    this.#holder = null;
  }

  #wakeUp(): void {
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    const started = performance.now();
    const queue = this.#queue;
    this.#queue = [];
    let at = 0;
    try {
      while (at < queue.length) {
        const task = queue[at++];
        if (task === undefined) break;
        task.queued = false;
        if (!task.cancelled) task.run();
        if (performance.now() - started > TURN_MS_MAX) break;
      }
    } finally {
      // Whoever was not served is first in the next turn, before those that became ready meanwhile.
      if (at < queue.length) this.#queue = queue.slice(at).concat(this.#queue);
      // Only here, never in `ready`: a hypercall may call that at the edge of its stack, and an immediate
      // that fails halfway would stop the other domains.
      this.#turning = false;
      if (this.#queue.length > 0) this.#wakeUp();
    }
  };

  /** Keeps one timer of Node for the earliest task. It may fire early for a task that was cancelled. */
  #arm(): void {
    const first = this.#timers.first;
    if (first === undefined) {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      this.#timerDueNs = Infinity;
    } else if (first.dueNs < this.#timerDueNs) {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timerDueNs = first.dueNs;
      // Rounded up: a timer that fires too early would only be set again, and spin meanwhile.
      const delayMs = Math.ceil(first.dueNs / NS_PER_MS - performance.now());
      this.#timer = setTimeout(this.#due, Math.min(Math.max(delayMs, 1), TIMER_MS_MAX));
      this.#timer.unref();
    }
  }

  readonly #due = (): void => {
    this.#timer = null;
    this.#timerDueNs = Infinity;
    const now = performance.now() * NS_PER_MS;
    for (let task = this.#timers.first; task !== undefined; task = this.#timers.first) {
      if (task.dueNs > now) break;
      this.#timers.remove(task);
      this.ready(task);
    }
    this.#arm();
  };
}

/** The one that domains of this thread share unless they are given another. */
export const eventLoopScheduler: Scheduler = new EventLoopScheduler();
