/**
 * The connections to which something has happened: each is told to its handler, and then sends what there is to
 * send. Once for all that happened in a step, so that a question that came in ten segments is answered with one
 * acknowledgment, which travels with the answer.
 */
import { Errno } from "@phantasm/interfaces";
import { Task, isEnding, now, ready, readyLater } from "@phantasm/runtime";
import { Connection } from "./connection";
import { Told } from "./control-block";
import { relieveMemory } from "./eviction";
import { MORE, flush } from "./send";
import { arm } from "./timers";

/** Uncorks what was corked in an earlier step. */
@final
class Corks extends Task {
  private first: Connection | null = null;
  private isReady: bool = false;

  add(c: Connection): void {
    if (c.isOnCorkList) return;
    c.isOnCorkList = true;
    c.corkNext = this.first;
    this.first = c;
    if (this.isReady) return;
    this.isReady = true;
    readyLater(this);
  }

  performTask(): void {
    this.isReady = false;
    for (let c = this.first; c !== null;) {
      const next = c.corkNext;
      c.corkNext = null;
      c.isOnCorkList = false;
      c.uncork();
      c = next;
    }
    this.first = null;
  }
}


@final
export class Agenda extends Task {
  private first: Connection | null = null;
  private last: Connection | null = null;
  private count: i32 = 0;
  private isReady: bool = false;
  private corks: Corks | null = null;

  add(c: Connection): void {
    if (c.isOnAgenda) return;
    c.isOnAgenda = true;
    const last = this.last;
    if (last === null) this.first = c;
    else last.agendaNext = c;
    this.last = c;
    this.count++;
    this.wake();
  }

  private wake(): void {
    if (this.isReady) return;
    this.isReady = true;
    ready(this);
  }

  corked(c: Connection): void {
    let corks = this.corks;
    if (corks === null) {
      corks = new Corks();
      this.corks = corks;
    }
    corks.add(c);
  }

  performTask(): void {
    this.isReady = false;
    const nowNs = now();
    const first = this.first;
    if (first !== null) {
      const needy = first.tcp.needy;
      if (needy !== null) relieveMemory(first.tcp, needy, nowNs);
    }
    // Those that are added meanwhile have their turn after the other tasks.
    for (let left = this.count; left > 0 && !isEnding(); left--) {
      const c = this.take();
      if (c.events != 0) deliver(c);
      c.tcp.relieve();
      if (c.isEnded) continue;
      // A frame of 64 KiB that is refused has been copied together for nothing.
      const status = c.tcp.link.isAwaited ? Errno.AGAIN : flush(c, nowNs);
      if (c.isEnded) continue;
      if (status == MORE) this.add(c);
      else if (status == Errno.AGAIN) c.tcp.link.add(c);
      arm(c);
    }
    if (this.count > 0) this.wake();
  }

  private take(): Connection {
    const c = assert(this.first);
    const next = c.agendaNext;
    this.first = next;
    if (next === null) this.last = null;
    c.agendaNext = null;
    c.isOnAgenda = false;
    this.count--;
    return c;
  }
}

/** Tells a handler what waits to be told. It may change itself, and the connection, in between. */
function deliver(c: Connection): void {
  if ((c.events & Told.ACCEPT) != 0) {
    c.events &= ~Told.ACCEPT;
    if (c.isEnded && c.reason != 0) {
      // Broken off before anybody heard of it.
      c.stopWaiting();
      c.events = 0;
      return;
    }
    const listener = c.listener;
    if (listener !== null) listener.acceptor.onAccept(listener, c);
  }
  const handler = c.handler;
  if (handler === null) return;
  if (take(c, Told.CONNECTED)) handler.onConnected(c);
  if (take(c, Told.READABLE)) c.handler!.onReadable(c);
  if (take(c, Told.WRITABLE)) c.handler!.onWritable(c);
  if (!take(c, Told.CLOSED) || c.isTold) return;
  c.isTold = true;
  c.releaseDomain();
  c.handler!.onClosed(c, c.reason);
}

/** True if the event is to be told now. Of a connection that broke off nothing else is told. */
function take(c: Connection, event: u32): bool {
  if ((c.events & event) == 0) return false;
  c.events &= ~event;
  return event == Told.CLOSED || c.reason == 0;
}
