/** Commits what the journal collected: one batch for all that happened in a step, the next when it is done. */
import {
  Batch,
  Clock,
  KeyValue,
  KeyValueHandler,
  PENDING,
  SECOND,
  Timer,
  TimerHandler,
} from "@phantasm/interfaces";
import { Task, exit, ready } from "@phantasm/runtime";
import { Journal } from "./journal";
import { Sweeper } from "./sweeper";

export enum Durability {
  NO,
  EVERY_SECOND,
  ALWAYS,
}

/** Told what became of batches. */
export interface CommitListener {
  /** `committed` has grown, or there is room again. */
  onCommitted(): void;
  /** The store has failed: nothing is kept any more. */
  onFailed(reason: i32): void;
}

const COMMIT: i32 = 0;
const SYNC: i32 = 1;
const FINISH: i32 = 2;


@final
export class Keeper extends Task implements KeyValueHandler, TimerHandler {
  /** Number of the batch that is collected. */
  sequence: u64 = 1;
  /** Batches up to this one are as durable as was asked for. */
  committed: u64 = 0;
  /** Why nothing is kept any more; 0: all is well. */
  failure: i32 = 0;
  commits: u64 = 0;
  private isScheduled: bool = false;
  private isCommitting: bool = false;
  private needsSync: bool = false;
  private isSyncing: bool = false;
  private batch: Batch | null = null;
  /** What `committed` becomes with it: of several batches of one number, only the last counts. */
  private committing: u64 = 0;
  private readonly sweeper: Sweeper;

  constructor(
    private readonly store: KeyValue,
    private readonly journal: Journal,
    private readonly durability: Durability,
    clock: Clock,
    private readonly listener: CommitListener,
  ) {
    super();
    this.sweeper = new Sweeper(store, journal.dropped);
    if (durability == Durability.EVERY_SECOND) clock.every(SECOND, this).background();
  }

  /** Whether a reply that is given now has to wait: for which batch; 0: for none. */
  get barrier(): u64 {
    if (this.durability != Durability.ALWAYS || this.failure != 0) return 0;
    if (!this.journal.isEmpty) return this.sequence;
    return this.committed + 1 < this.sequence ? this.sequence - 1 : 0;
  }

  /** After changes: has them committed when everybody had a turn. */
  schedule(): void {
    if (this.isScheduled || this.isCommitting || this.failure != 0 || this.journal.isEmpty) return;
    this.isScheduled = true;
    ready(this);
  }

  performTask(): void {
    this.isScheduled = false;
    this.next();
  }

  private next(): void {
    if (this.isCommitting || this.failure != 0) return;
    while (!this.journal.isEmpty) {
      const batch = this.journal.take();
      this.batch = batch;
      const isLast = this.journal.isEmpty;
      if (isLast) this.sequence++;
      this.committing = this.sequence - 1;
      this.isCommitting = true;
      this.commits++;
      const durable = isLast && this.durability == Durability.ALWAYS;
      const result = this.store.commit(batch, durable, this, COMMIT);
      if (result == PENDING || !this.done(result)) return;
    }
    this.sweeper.schedule();
  }

  private done(result: i32): bool {
    this.isCommitting = false;
    this.journal.give(this.batch!);
    this.batch = null;
    if (result < 0) {
      this.failure = result;
      this.listener.onFailed(result);
      return false;
    }
    this.needsSync = true;
    this.committed = this.committing;
    this.listener.onCommitted();
    return true;
  }

  /** Makes durable what was committed, and ends the domain. */
  finish(): void {
    const result = this.store.sync(this, FINISH);
    if (result != PENDING) this.onKeyValue(FINISH, result);
  }

  onKeyValue(tag: i32, result: i32): void {
    if (tag == FINISH) return exit(result < 0 ? 1 : 0);
    if (tag == SYNC) {
      this.isSyncing = false;
      if (result < 0 && this.failure == 0) {
        this.failure = result;
        this.listener.onFailed(result);
      }
      return;
    }
    if (this.done(result)) this.next();
  }

  onTimer(timer: Timer): void {
    if (!this.needsSync || this.isSyncing || this.failure != 0) return;
    this.needsSync = false;
    this.isSyncing = true;
    const result = this.store.sync(this, SYNC);
    if (result != PENDING) this.onKeyValue(SYNC, result);
  }
}
