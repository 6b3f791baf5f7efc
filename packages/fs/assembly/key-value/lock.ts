/** Who may go on: one that changes something alone, or any number that only look; first come, first served. */
import { Operation } from "./operation";

/** Operations in a row. Each is in at most one. */
@final
export class Row {
  private first: Operation | null = null;
  private last: Operation | null = null;

  get count(): i32 {
    let count = 0;
    let at: Operation | null = this.first;
    while (at !== null) {
      count++;
      at = at.next;
    }
    return count;
  }

  get isEmpty(): bool {
    return this.first === null;
  }

  get head(): Operation | null {
    return this.first;
  }

  append(operation: Operation): void {
    const last = this.last;
    if (last === null) this.first = operation;
    else last.next = operation;
    this.last = operation;
  }

  /** The first, taken out; null when there is none. */
  take(): Operation | null {
    const first = this.first;
    if (first === null) return null;
    this.first = first.next;
    if (first.next === null) this.last = null;
    first.next = null;
    return first;
  }
}


@final
export class Lock {
  private sharers: i32 = 0;
  private alone: bool = false;
  private readonly waiting: Row = new Row();

  /** True: the operation has it. False: it waits, and is in `ready` of a later `release` when it has it. */
  take(operation: Operation, alone: bool): bool {
    if (this.waiting.isEmpty && this.admit(alone)) return true;
    operation.wantsAlone = alone;
    this.waiting.append(operation);
    return false;
  }

  release(alone: bool, ready: Row): void {
    if (alone) this.alone = false;
    else this.sharers--;
    let first = this.waiting.head;
    while (first !== null && this.admit(first.wantsAlone)) {
      ready.append(this.waiting.take()!);
      first = this.waiting.head;
    }
  }

  private admit(alone: bool): bool {
    if (this.alone || (alone && this.sharers > 0)) return false;
    if (alone) this.alone = true;
    else this.sharers++;
    return true;
  }
}
