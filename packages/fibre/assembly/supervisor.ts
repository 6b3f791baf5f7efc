/**
 * Keeping fibres running: one that fails is replaced by a new one.
 */
import { MILLISECOND, SECOND } from "@phantasm/interfaces";
import { TaskList, now } from "@phantasm/runtime";
import { cancelTimer, setTimer } from "@phantasm/runtime/timers";
import { Fibre, current, isInterrupted, spawn, wait } from "./fibre";
import { failed } from "./group";
import { within } from "./time";
import { Member, WaitQueue } from "./wait";

/** Makes the fibres of one child, one after the other. */
export interface ChildFactory {
  /** Called in the supervisor's fibre, for the start and for each restart. The fibre must not run yet. */
  create(): Fibre;
}

/**
 * A fibre that spawns others and watches them. A child that returns an error is replaced, after a delay
 * that doubles from failure to failure; its siblings go on. One that returns 0 is done, and so is one
 * that was cancelled and returns CANCELLED.
 *
 * It returns 0 when all are done. When there are too many failures it cancels the children and returns
 * the error of the last, for whoever supervises it. When it is cancelled itself it cancels them as well,
 * in the reverse order of their adding, each once the one before has ended, and returns CANCELLED.
 */
export class Supervisor extends Fibre {
  /** Restarts of all children in any `restartWindowNs`; one more failure is too many. */
  restartsMax: i32 = 5;
  restartWindowNs: i64 = 60 * SECOND;

  /** Delay of the first restart of a child, and again once it has run for `restartWindowNs`. */
  restartDelayMinNs: i64 = 100 * MILLISECOND;
  restartDelayMaxNs: i64 = 30 * SECOND;

  /** Those that are not done. */
  private readonly children: Child[] = [];
  /** Children that wait for the supervisor: to be started, or with the result of their fibre. */
  private readonly news: TaskList = new TaskList();
  private readonly queue: WaitQueue = new WaitQueue("news of children");
  /** Times of the last restarts: a ring of restartsMax. */
  private restartTimes: StaticArray<i64> | null = null;
  private restartCount: i32 = 0;

  /** Adds a child. One that is added when the supervisor ends or has ended is not started. */
  add(factory: ChildFactory): this {
    const child = new Child(this, factory);
    this.children.push(child);
    this.tell(child);
    return this;
  }

  /** Called before a child is replaced, `delayNs` from now; `fibre` is the one that has failed. */
  restarting(fibre: Fibre, delayNs: i64): void {}

  /** Another fibre may call it as well, instead of spawning the supervisor. */
  run(): i32 {
    let outcome = 0;
    while (outcome == 0) {
      while (!this.news.isEmpty && outcome == 0 && !isInterrupted())
        outcome = this.attend(changetype<Child>(this.news.take()));
      if (outcome != 0) break;
      if (this.children.length == 0) return 0;
      outcome = wait(this.queue);
    }
    this.endChildren();
    return outcome;
  }

  /** Called when a child is to be started, or its fibre has ended. */
  tell(child: Child): void {
    this.news.append(child);
    this.queue.wake();
  }

  /** Returns 0, or the error to end with. */
  private attend(child: Child): i32 {
    const fibre = child.fibre;
    if (fibre === null) {
      child.start();
      return 0;
    }
    child.fibre = null;
    if (!failed(fibre)) {
      this.children.splice(this.children.indexOf(child), 1);
      return 0;
    }
    if (!this.mayRestart()) return fibre.result;
    const delayNs = child.nextDelayNs();
    setTimer(child, within(delayNs));
    this.restarting(fibre, delayNs);
    return 0;
  }

  /** Counts a restart, unless it were one too many. */
  private mayRestart(): bool {
    let times = this.restartTimes;
    if (times === null) {
      times = new StaticArray<i64>(this.restartsMax);
      this.restartTimes = times;
    }
    if (times.length == 0) return false;
    const place = this.restartCount % times.length;
    const full = this.restartCount >= times.length;
    if (full && now() - times[place] < this.restartWindowNs) return false;
    times[place] = now();
    this.restartCount++;
    return true;
  }

  private endChildren(): void {
    const fibre = current();
    const masks = fibre.mask();
    for (let i = this.children.length - 1; i >= 0; i--) {
      const child = this.children[i];
      cancelTimer(child);
      const last = child.fibre;
      if (last === null) continue;
      last.cancel();
      last.join();
    }
    if (masks) fibre.unmask();
  }
}

/** A place under a supervisor, for one fibre after the other. */
@final
class Child extends Member {
  /** Null before it was started, and while its restart is delayed. */
  fibre: Fibre | null = null;
  private startedNs: i64 = 0;
  /** Delay of the last restart. */
  private delayNs: i64 = 0;

  constructor(
    private readonly supervisor: Supervisor,
    private readonly factory: ChildFactory,
  ) {
    super();
  }

  start(): void {
    const fibre = this.factory.create();
    this.fibre = fibre;
    this.startedNs = now();
    const extras = fibre.needExtras();
    assert(extras.member === null, "supervisor: the fibre belongs to somebody else");
    extras.member = this;
    spawn<Fibre>(fibre);
  }

  /** How long its restart is delayed. */
  nextDelayNs(): i64 {
    const supervisor = this.supervisor;
    const leastNs = supervisor.restartDelayMinNs;
    const mostNs = supervisor.restartDelayMaxNs;
    const lastNs = this.delayNs;
    if (lastNs == 0 || now() - this.startedNs >= supervisor.restartWindowNs) this.delayNs = leastNs;
    else this.delayNs = lastNs > mostNs / 2 ? mostNs : lastNs * 2;
    return this.delayNs;
  }

  memberEnded(): void {
    this.supervisor.tell(this);
  }

  timerDue(nowNs: i64): void {
    this.supervisor.tell(this);
  }
}
