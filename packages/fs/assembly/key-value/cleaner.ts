/** Clears garbage away in the background: in each step of the domain a portion. */
import { Cursor, KeyValueHandler, PENDING } from "@phantasm/interfaces";
import { Task, readyLater } from "@phantasm/runtime";
import { KeyValueFiles } from "./files";
import { parseGarbage } from "./format";
import { Row } from "./lock";
import { Operation } from "./operation";
import { CLEAN, Sweep } from "./sweep";

enum Step {
  IDLE,
  /** Looks for the next record of garbage. */
  SEEK,
  SOUGHT,
  SWEEP,
  SWEEPING,
}


@final
export class Cleaner extends Task implements KeyValueHandler {
  /** Times that it gave up because the store failed. It tries again with the next change, and at the next opening. */
  failures: u32 = 0;
  private gaveUp: bool = false;
  private step: Step = Step.IDLE;
  /** There may be garbage that it has passed already. */
  private again: bool = false;
  /** They go on when a content is cleared away, or there is none. */
  private readonly waiting: Row = new Row();
  /** It has looked at the records up to this content. */
  private after: u64 = 0;
  private cursor: Cursor | null = null;
  private sweep: Sweep | null = null;

  private volumeOf: KeyValueFiles | null = null;

  /** Belongs to this volume from now on. */
  attach(volume: KeyValueFiles): void {
    this.volumeOf = volume;
  }

  private get volume(): KeyValueFiles {
    return this.volumeOf!;
  }

  /** There is garbage. */
  wake(): void {
    this.gaveUp = false;
    if (this.step != Step.IDLE) {
      this.again = true;
      return;
    }
    this.after = 0;
    this.step = Step.SEEK;
    readyLater(this);
  }

  /** Has an operation go on when there may be more space. False: there will not. */
  wait(operation: Operation): bool {
    if (this.isIdle) return false;
    this.waiting.append(operation);
    return true;
  }

  private get isIdle(): bool {
    return this.step == Step.IDLE;
  }

  /** Operations wait for space. */
  get isAwaited(): bool {
    return !this.waiting.isEmpty;
  }

  /** Something has changed in the volume: what failed before may go well now. */
  retry(): void {
    if (this.gaveUp) this.wake();
  }

  performTask(): void {
    this.proceed(0);
  }

  onKeyValue(tag: i32, result: i32): void {
    this.proceed(result);
  }

  private proceed(result: i32): void {
    while (result != PENDING) {
      switch (this.step) {
        case Step.SEEK: {
          result = this.seek();
          break;
        }
        case Step.SOUGHT: {
          if (result < 0) return this.giveUp();
          result = result == 0 ? this.turn() : this.look();
          if (this.isIdle) return this.release();
          break;
        }
        case Step.SWEEP: {
          this.step = Step.SWEEPING;
          return this.swept(this.needSweep().begin(this.after));
        }
        default: {
          return this.swept(this.needSweep().advance(result));
        }
      }
    }
  }

  /** A portion is gone; the next one has to wait for the next step. */
  private swept(result: i32): void {
    if (result == PENDING) return;
    if (result < 0) return this.giveUp();
    this.step = result == CLEAN ? Step.SEEK : Step.SWEEP;
    readyLater(this);
    if (result == CLEAN) this.release();
  }

  /** Those that come now wait for the next time. */
  private release(): void {
    let left = this.waiting.count;
    for (; left > 0; left--) this.volume.resume(this.waiting.take()!, 0);
  }

  private seek(): i32 {
    const keys = this.volume.keys;
    this.step = Step.SOUGHT;
    const cursor = this.volume.store.scan(
      keys.garbageAll,
      keys.garbage(this.after + 1),
      null,
      false,
    );
    this.cursor = cursor;
    return cursor.next(this, 0);
  }

  /** It stands on a record. */
  private look(): i32 {
    const cursor = this.cursor!;
    const content = this.volume.keys.garbageOf(cursor.key);
    if (content <= this.after) {
      // Not one of ours: the keys behind it would have to be passed one by one.
      this.giveUp();
      return 0;
    }
    this.after = content;
    // All of it, but somebody has it open: its turn comes when it is closed.
    const open = this.volume.nodes.hasContent(content) && parseGarbage(cursor.value) == 0;
    this.step = open ? Step.SEEK : Step.SWEEP;
    return 0;
  }

  /** There are no more. */
  private turn(): i32 {
    this.cursor = null;
    this.after = 0;
    this.step = this.again ? Step.SEEK : Step.IDLE;
    this.again = false;
    return 0;
  }

  private giveUp(): void {
    this.failures++;
    this.gaveUp = true;
    this.cursor = null;
    this.again = false;
    this.step = Step.IDLE;
    this.release();
  }

  private needSweep(): Sweep {
    let sweep = this.sweep;
    if (sweep === null) {
      sweep = new Sweep(this.volume.store, this.volume.keys, this);
      this.sweep = sweep;
    }
    return sweep;
  }
}
