/** One operation: a record with a step that it is at, and what it waits for. */
import { Batch, Errno, FilesHandler, KeyValueHandler, PENDING, Value } from "@phantasm/interfaces";
import { KeyValueFiles } from "./files";

export abstract class Operation implements KeyValueHandler {
  /** The next one in a `Row`. */
  next: Operation | null = null;
  /** What it asked a lock for. */
  wantsAlone: bool = false;
  /** What it does with the result of what it has begun last. */
  step: i32 = 0;
  handler: FilesHandler | null = null;
  tag: i32 = 0;
  readonly value: Value = new Value();
  readonly batch: Batch = new Batch();
  private ended: bool = false;
  /** What it has begun is a commit. */
  private commits: bool = false;
  private awaitsSpace: bool = false;

  constructor(readonly volume: KeyValueFiles) {}

  /**
   * Goes on with the result of what was begun last (0 when that was a lock). Begins the next thing and returns
   * its result, or PENDING; or ends with `end`.
   */
  protected abstract advance(result: i32): i32;

  /** Gives the record back. */
  protected abstract recycle(): void;

  /** Starts with step 0. Its result, or PENDING: then the handler is told. */
  start(handler: FilesHandler | null, tag: i32): i32 {
    this.ended = false;
    this.step = 0;
    const result = this.run(0);
    if (result == PENDING) {
      this.handler = handler;
      this.tag = tag;
    } else {
      this.recycle();
    }
    return result;
  }

  onKeyValue(tag: i32, result: i32): void {
    this.volume.resume(this, result);
  }

  /** Goes on as far as it can, and tells its handler when it is at the end. */
  proceed(result: i32): void {
    const outcome = this.run(result);
    if (outcome == PENDING) return;
    const handler = this.handler;
    const tag = this.tag;
    this.handler = null;
    // First: the handler may begin another one.
    this.recycle();
    if (handler !== null) handler.onFiles(tag, outcome);
  }

  /** To be returned by `advance`: this is its result. */
  protected end(result: i32): i32 {
    this.ended = true;
    return result;
  }

  /** Commits its batch. Where there is no space, it waits for the cleaner, if that makes some. */
  protected commit(): i32 {
    this.commits = true;
    return this.volume.store.commit(this.batch, false, this, 0);
  }

  private run(result: i32): i32 {
    do {
      if (this.commits) {
        if (this.awaitsSpace) {
          this.awaitsSpace = false;
          result = this.commit();
          if (result == PENDING) return PENDING;
        }
        if (result == Errno.NOSPACE && this.volume.cleaner.wait(this)) {
          this.awaitsSpace = true;
          return PENDING;
        }
        this.commits = false;
      }
      result = this.advance(result);
    } while (result != PENDING && !this.ended);
    return result;
  }
}
