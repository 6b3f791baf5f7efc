/**
 * Fibres that belong together: spawned into a group, and joined as one.
 */
import { NO_DEADLINE } from "@phantasm/abi";
import { CANCELLED } from "@phantasm/interfaces";
import { TaskList } from "@phantasm/runtime";
import { Fibre, current, isInterrupted, spawn, wait } from "./fibre";
import { Member, WaitQueue } from "./wait";

/**
 * A group of fibres. When `join` returns, all of them have ended, whatever it returns: what they worked
 * on is not used any more.
 *
 * The first error of one cancels the others. A fibre that was cancelled and returns CANCELLED has done
 * as it was told: that is no error.
 */
@final
export class Group {
  private readonly members: TaskList = new TaskList();
  private readonly joiners: WaitQueue;
  private count: i32 = 0;
  private cause: i32 = 0;
  private isCancelled: bool = false;

  /** False: an error does not cancel the others; `join` still returns the first. */
  cancelOnError: bool = true;

  /** @param what shown in the table of fibres for who joins it */
  constructor(what: string = "the end of a group") {
    this.joiners = new WaitQueue(what);
  }

  /** Fibres that have not ended. */
  get live(): i32 {
    return this.count;
  }

  /** Starts a fibre in the group; it may belong to one only. In a group that was cancelled, it is, too. */
  spawn<F extends Fibre>(fibre: F): F {
    spawn<F>(fibre);
    const extras = fibre.needExtras();
    assert(extras.member === null, "group: the fibre belongs to another one");
    const member = new GroupMember(this, fibre);
    extras.member = member;
    this.members.append(member);
    this.count++;
    if (this.isCancelled) fibre.cancel();
    return fibre;
  }

  /** Cancels all, and those who are spawned until it is joined. */
  cancel(): void {
    this.isCancelled = true;
    const first = this.members.first;
    if (first === null) return;
    // Cancelling only makes them ready: none of them leaves the list here. The youngest first.
    const last = changetype<GroupMember>(first.taskPrevious);
    let member = last;
    do {
      member.fibre.cancel();
      member = changetype<GroupMember>(member.taskPrevious);
    } while (member !== last);
  }

  /**
   * Waits until all have ended. At the deadline, or when the fibre that waits is cancelled, it cancels
   * them and goes on waiting: for as long as they take.
   *
   * Returns what came first: the error of one of them, TIMED_OUT or CANCELLED; else 0. The group is then
   * as new.
   */
  join(deadlineNs: i64 = NO_DEADLINE): i32 {
    // Between the end of the last and this fibre's turn somebody may have spawned another one.
    let outcome = 0;
    while (outcome == 0 && (this.count > 0 || isInterrupted()))
      outcome = wait(this.joiners, deadlineNs);
    if (outcome != 0) {
      if (this.cause == 0) this.cause = outcome;
      this.cancel();
      this.joinAll();
    }
    return this.finish();
  }

  /** Cancels all and waits until they have ended. Returns as `join`. */
  close(): i32 {
    this.cancel();
    this.joinAll();
    return this.finish();
  }

  /** Called when one has ended. */
  memberLeft(member: GroupMember, fibre: Fibre): void {
    this.members.remove(member);
    this.count--;
    if (failed(fibre)) {
      if (this.cause == 0) this.cause = fibre.result;
      if (this.cancelOnError) this.cancel();
    }
    if (this.count == 0) this.joiners.wakeAll();
  }

  private joinAll(): void {
    const fibre = current();
    const masks = fibre.mask();
    while (this.count > 0) wait(this.joiners);
    if (masks) fibre.unmask();
  }

  private finish(): i32 {
    const cause = this.cause;
    this.cause = 0;
    this.isCancelled = false;
    return cause;
  }
}

/** True if a fibre has ended with an error, other than that it was told to end. */
export function failed(fibre: Fibre): bool {
  const result = fibre.result;
  return result < 0 && !(result == CANCELLED && fibre.cancelled);
}


@final
class GroupMember extends Member {
  constructor(
    private readonly group: Group,
    readonly fibre: Fibre,
  ) {
    super();
  }

  memberEnded(): void {
    this.group.memberLeft(this, this.fibre);
  }

  timerDue(nowNs: i64): void {}
}
