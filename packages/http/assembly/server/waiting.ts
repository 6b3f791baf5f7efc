/**
 * Who makes room for others when a limit is reached: connections that wait for their clients, the one first that has
 * waited longest, and none that goes on.
 *
 * Progress is what begins a wait anew: a whole request, 16 KiB of content, room for more of an answer. Bytes that come
 * one by one are none.
 */
import { now } from "@phantasm/runtime";
import { Sender } from "./sender";

/** What a connection waits for, and what a time-out means. */
export enum Wait {
  REQUEST,
  HEAD,
  CONTENT,
  ROOM,
  APPLICATION,
  GOODBYE,
}

/** What somebody else needs. */
export enum Need {
  CONNECTION,
  EXCHANGE,
  /** Memory of heads in part, of content that is collected, of answers without room. */
  PARTIAL,
  COLLECTED,
  UNSENT,
}

export abstract class Waiting extends Sender {
  // The list's.
  list: WaitingList | null = null;
  before: Waiting | null = null;
  after: Waiting | null = null;
  sinceNs: i64 = 0;

  /** Has it some of that? */
  abstract holds(need: Need): bool;

  /** Ends what it waits for. */
  abstract giveWay(): void;

  /** It does not wait for its client. */
  stopWaiting(): void {
    const list = this.list;
    if (list !== null) list.remove(this);
  }

  /** Upgraded, it waits for the rest of a message that is collected. */
  awaitMessage(hasMoved: bool): void {
    if (hasMoved || this.list !== this.server.busy) this.server.busy.append(this);
  }

  /** The message has come. */
  gotMessage(): void {
    if (this.unsentEnd == 0) this.stopWaiting();
  }
}


@final
export class WaitingList {
  private first: Waiting | null = null;
  private last: Waiting | null = null;

  /** Begins to wait now, wherever it waited before. */
  append(one: Waiting): void {
    one.stopWaiting();
    one.list = this;
    one.sinceNs = now();
    const last = this.last;
    one.before = last;
    if (last === null) this.first = one;
    else last.after = one;
    this.last = one;
  }

  remove(one: Waiting): void {
    const before = one.before;
    const after = one.after;
    if (before === null) this.first = after;
    else before.after = after;
    if (after === null) this.last = before;
    else after.before = before;
    one.before = null;
    one.after = null;
    one.list = null;
  }

  /** The one that has waited longest, `stallNs` at least, and holds what is needed; null: there is none. */
  longest(need: Need, stallNs: i64): Waiting | null {
    const latestNs = now() - stallNs;
    let one = this.first;
    while (one !== null && one.sinceNs <= latestNs) {
      if (!one.isTurning && one.holds(need)) return one;
      one = one.after;
    }
    return null;
  }
}
