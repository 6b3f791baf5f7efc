/**
 * A connection: reads requests one after the other, has them answered in their order, and sees to time.
 *
 * All it does happens in turns: `turn` goes on until something is missing: bytes, room, or the application. Each of
 * these calls it again. Nothing of a request is kept while it is idle.
 */
import { TcpConnection, TcpHandler, Timer, TimerHandler } from "@phantasm/interfaces";
import { collectionDue, now, ready, readyLater } from "@phantasm/runtime";
import { Content } from "../wire/content-reader";
import { Method } from "../wire/method";
import { Exchange } from "./exchange";
import { Gathering, SERVICE_UNAVAILABLE } from "./gathering";
import { HttpServer } from "./server";
import { Upgraded } from "./upgraded";
import { Need, Wait } from "./waiting";

const NEVER: i64 = i64.MAX_VALUE;
/** Requests that are answered in one turn, before others have theirs. */
const TURN_REQUESTS_MAX: i32 = 128;
/** Content that has to come in `contentNs`. */
const CONTENT_STEP_BYTES: i32 = 16 << 10;
const REQUEST_TIMEOUT: i32 = 408;


@final
export class HttpConnection extends Gathering implements TcpHandler, TimerHandler {
  exchange: Exchange | null = null;
  upgraded: Upgraded | null = null;
  /** No further request is read. */
  isLast: bool = false;
  private isScheduled: bool = false;
  private isLeaving: bool = false;
  private waits: Wait = Wait.HEAD;
  /** When it has waited too long. */
  private deadlineNs: i64 = NEVER;
  /** When the timer calls: at the deadline or before, so that a later deadline costs nothing. */
  private timerNs: i64 = NEVER;
  private timer: Timer | null = null;
  /** Content since the deadline was set. */
  private progress: i32 = 0;
  /** It ends in the middle of a call of the application. */
  private tellsLater: bool = false;
  /** Bytes of a head that lies in the connection, while the application is asked about it. */
  private headInPlace: i32 = 0;

  constructor(server: HttpServer, tcp: TcpConnection) {
    super(server, tcp);
    this.wait(Wait.HEAD, server.limits.headNs);
  }

  // ---- turns

  onConnected(connection: TcpConnection): void {}

  onReadable(connection: TcpConnection): void {
    this.turnSoon();
  }

  onWritable(connection: TcpConnection): void {
    this.turnSoon();
  }

  /** At once, unless what applications have allocated in this step is to be collected first: nothing can be during one. */
  private turnSoon(): void {
    if (collectionDue()) this.schedule();
    else this.turn();
  }

  performTask(): void {
    this.isScheduled = false;
    if (this.isOver) this.tell();
    else this.turn();
  }

  /** Has it go on when the application has returned. */
  schedule(): void {
    if (this.isScheduled || this.isTurning || this.isOver) return;
    this.isScheduled = true;
    ready(this);
  }

  turn(): void {
    if (this.isTurning || this.isOver) return;
    this.isTurning = true;
    const output = this.server.output;
    const room = this.tcp.writable;
    let left = TURN_REQUESTS_MAX;
    while (!this.isOver && this.advance()) {
      // Beyond this, what is composed would only lie about.
      if (this.server.writer === this && output.used >= room) this.flush();
      if (--left > 0 && !collectionDue()) continue;
      if (!this.isScheduled) readyLater(this);
      this.isScheduled = true;
      break;
    }
    this.isTurning = false;
    if (this.server.writer === this) this.flush();
  }

  /** One step. False: something is missing. */
  private advance(): bool {
    const upgraded = this.upgraded;
    if (this.unsentEnd > 0) {
      if (!this.sendRest()) return false;
      if (upgraded !== null) this.hasCaughtUp(upgraded);
    }
    if (upgraded !== null) return upgraded.onTurn();
    const exchange = this.exchange;
    if (exchange !== null) return this.carryOn(exchange);
    if (this.isLast) return this.leave();
    return this.nextRequest();
  }

  // ---- requests

  private nextRequest(): bool {
    const server = this.server;
    const tcp = this.tcp;
    const available = tcp.peekedBytes;
    if (available == 0) return this.nothingCame();
    const exchange = server.takeExchange();
    if (this.isOver) return this.giveUp(exchange);
    if (exchange === null) return this.refuseBusy();
    const head = exchange.request;
    // Usually a head is there as a whole and in one piece, and is read where it lies.
    let bytes = this.heldBytes == 0 ? head.parse(tcp.peek(), available) : 0;
    const inPlace = bytes;
    if (bytes == 0) bytes = this.gather(head);
    if (this.isOver) return this.giveUp(exchange);
    if (bytes <= 0) {
      server.giveExchange(exchange);
      if (bytes == 0) return this.nothingCame();
      if (bytes == -SERVICE_UNAVAILABLE) return this.refuseBusy();
      server.counters.malformed++;
      return this.refuseHead(-bytes);
    }
    if (inPlace > 0) {
      const isReserved = server.reservePartial(inPlace);
      if (this.isOver) {
        if (isReserved) server.partialBytes -= inPlace;
        return this.giveUp(exchange);
      }
      if (!isReserved) {
        server.giveExchange(exchange);
        return this.refuseBusy();
      }
    }
    server.counters.requests++;
    this.waitForApplication();
    this.exchange = exchange;
    if (inPlace == 0) {
      exchange.headMemory = this.held;
      exchange.headRoom = this.heldRoom;
      this.forgetPartial();
    }
    exchange.take(this);
    this.headInPlace = inPlace;
    const method = head.method;
    // RFC 9110 §9.1: 501 for a method that is not known. We are no proxy, and do not trace.
    if (method == Method.OTHER || method == Method.CONNECT || method == Method.TRACE)
      exchange.sendError(501);
    else server.handler.onRequest(exchange);
    const isOurs = this.exchange === exchange;
    const isDone = isOurs && exchange.isDone;
    if (this.isOver) return false;
    if (inPlace > 0 && (isDone || !isOurs)) server.partialBytes -= inPlace;
    this.headInPlace = 0;
    if (isDone) this.finish(exchange);
    else if (isOurs && inPlace > 0) exchange.keepHead();
    if (inPlace > 0 && !this.isOver) tcp.consume(inPlace);
    return true;
  }

  /** It was cut off while others made room: they take the output, and what it had composed found no room of its own. */
  private giveUp(exchange: Exchange | null): bool {
    if (exchange !== null) this.server.giveExchange(exchange);
    return false;
  }

  private nothingCame(): bool {
    if (this.tcp.atEnd) {
      this.isLast = true;
      return true;
    }
    if (this.heldBytes > 0) {
      // From its first byte on: more bytes do not make it longer, so that slow heads end.
      if (this.waits != Wait.HEAD) this.wait(Wait.HEAD, this.server.limits.headNs);
      if (this.list !== this.server.partial) this.server.partial.append(this);
    } else if (this.waits != Wait.HEAD) this.wait(Wait.REQUEST, this.server.limits.idleNs);
    return false;
  }

  /** There is no room for a request. */
  private refuseBusy(): bool {
    this.server.counters.refusedRequests++;
    return this.refuseHead(SERVICE_UNAVAILABLE);
  }

  /** Answers with an error instead of an exchange, and reads no more. */
  private refuseHead(status: i32): bool {
    return this.heldBytes > 0
      ? this.refuse(status, this.held, this.heldBytes)
      : this.refuse(status, this.tcp.peek(), this.tcp.peekedBytes);
  }

  /** @param at what has come of the head, or its first line alone */
  private refuse(status: i32, at: usize, bytes: i32): bool {
    this.server.putRefusal(this, status, at, bytes);
    this.isLast = true;
    this.freePartial();
    return true;
  }

  // ---- an exchange under way

  private carryOn(exchange: Exchange): bool {
    if (exchange.hasEnded) {
      const isSent = exchange.sendMemory();
      if (this.isOver) return false;
      if (!isSent) {
        this.wait(Wait.ROOM, this.server.limits.writeNs);
        return false;
      }
      if (!exchange.closes && !exchange.reader.isDone) return this.readContent(exchange);
      this.finish(exchange);
      return true;
    }
    if (exchange.wantsRoom) {
      exchange.wantsRoom = false;
      exchange.responder!.onWritable(exchange);
      return true;
    }
    if (exchange.wantsContent) return this.readContent(exchange);
    this.waitForApplication();
    return false;
  }

  private finish(exchange: Exchange): void {
    const server = this.server;
    if (exchange.closes) this.isLast = true;
    const access = server.access;
    if (access !== null) access.onAnswered(exchange);
    this.exchange = null;
    this.waits = Wait.REQUEST;
    // What it has been upgraded to sees to its own time.
    if (this.upgraded === null) this.setDeadline(server.limits.idleNs);
    exchange.release();
    server.giveExchange(exchange);
  }

  /** Content goes to whoever wants it, else nowhere. True: something has happened. */
  private readContent(exchange: Exchange): bool {
    const tcp = this.tcp;
    const reader = exchange.reader;
    while (true) {
      const bytes = tcp.peekedBytes;
      const found = reader.next(bytes == 0 ? 0 : tcp.peek(), bytes);
      const taken = reader.taken;
      switch (found) {
        case Content.DATA: {
          const goesOn = exchange.takePart(reader.dataAt, reader.dataBytes);
          if (this.isOver) return false;
          tcp.consume(taken);
          if (!goesOn) return true;
          this.progress += taken;
          if (this.progress >= CONTENT_STEP_BYTES)
            this.wait(Wait.CONTENT, this.server.limits.contentNs);
          break;
        }
        case Content.END:
          if (taken > 0) tcp.consume(taken);
          if (exchange.hasEnded) return true;
          exchange.endContent();
          return !this.isOver;
        case Content.BROKEN:
          this.server.counters.malformed++;
          return this.breakOff(exchange, 400);
        default:
          tcp.consume(taken);
          if (tcp.readable > 0) break;
          if (tcp.atEnd) return this.breakOff(exchange, 400);
          if (this.waits != Wait.CONTENT) this.wait(Wait.CONTENT, this.server.limits.contentNs);
          return false;
      }
    }
  }

  /** The content has failed. Says so if the answer has not begun, and closes. */
  private breakOff(exchange: Exchange, status: i32): bool {
    const isSilent = exchange.hasBegun;
    this.isLast = true;
    if (exchange.hasEnded) {
      this.finish(exchange);
      return true;
    }
    if (isSilent) {
      this.abort();
      return false;
    }
    const request = exchange.request;
    const goesOn = this.refuse(status, request.line, request.lineBytes);
    this.exchange = null;
    exchange.abandon();
    return goesOn;
  }

  // ---- time

  private wait(what: Wait, ns: i64): void {
    this.waits = what;
    this.progress = 0;
    this.setDeadline(ns);
    const isBusy = what == Wait.CONTENT || what == Wait.ROOM;
    (isBusy ? this.server.busy : this.server.idle).append(this);
  }

  private waitForApplication(): void {
    this.waits = Wait.APPLICATION;
    this.deadlineNs = NEVER;
    this.stopWaiting();
  }

  protected awaitRoom(hasMoved: bool): void {
    if (hasMoved || this.waits != Wait.ROOM) this.wait(Wait.ROOM, this.server.limits.writeNs);
  }

  /** Upgraded, it has sent what had found no room: it waits for its client no more, unless for the rest of a message. */
  private hasCaughtUp(upgraded: Upgraded): void {
    this.waits = Wait.REQUEST;
    if (upgraded.collects) this.server.busy.append(this);
    else this.stopWaiting();
    upgraded.onCaughtUp();
  }

  /** Upgraded connections see to their own time. */
  setDeadline(ns: i64): void {
    const at = now() + ns;
    this.deadlineNs = at;
    if (at < this.timerNs) this.setTimer(at, ns);
  }

  private setTimer(at: i64, ns: i64): void {
    this.timerNs = at;
    const timer = this.timer;
    if (timer !== null) {
      timer.set(ns);
      return;
    }
    const made = this.server.clock.after(ns, this);
    made.background();
    this.timer = made;
  }

  onTimer(timer: Timer): void {
    this.timerNs = NEVER;
    if (this.isOver || this.deadlineNs == NEVER) return;
    const left = this.deadlineNs - now();
    if (left > 0) this.setTimer(this.deadlineNs, left);
    else this.expire();
  }

  private expire(): void {
    const upgraded = this.upgraded;
    this.deadlineNs = NEVER;
    if (upgraded !== null && this.unsentEnd == 0) {
      upgraded.onDeadline();
      return;
    }
    if (this.waits != Wait.REQUEST) this.server.counters.timeouts++;
    this.endWait();
  }

  holds(need: Need): bool {
    const exchange = this.exchange;
    const upgraded = this.upgraded;
    if (need == Need.UNSENT) return this.unsentEnd > 0;
    if (need == Need.CONNECTION || (need == Need.PARTIAL && this.held != 0)) return true;
    if (need == Need.COLLECTED && upgraded !== null) return upgraded.collects;
    return exchange !== null && exchange.holds(need);
  }

  giveWay(): void {
    const upgraded = this.upgraded;
    if (upgraded === null) this.endWait();
    else if (this.unsentEnd > 0) this.abort();
    else upgraded.giveWay();
  }

  /** What it waits for does not come in time. */
  private endWait(): void {
    if (this.waits == Wait.REQUEST) {
      // What was answered may still be on its way to somebody who does not read.
      if (this.tcp.unacknowledged > 0) this.abort();
      else this.close();
      return;
    }
    const exchange = this.exchange;
    if (this.waits == Wait.ROOM || this.waits == Wait.GOODBYE) this.abort();
    else if (exchange !== null) {
      this.breakOff(exchange, REQUEST_TIMEOUT);
      this.turn();
    } else if (this.heldBytes > 0) {
      this.refuseHead(REQUEST_TIMEOUT);
      this.turn();
    } else this.close();
  }

  // ---- its end

  /** RFC 9112 §9.6: closes our side, and reads on until the client has closed its own, so that no RST overtakes the answer. */
  private leave(): bool {
    const tcp = this.tcp;
    if (!this.isLeaving) {
      this.flush();
      if (this.unsentEnd > 0 || this.isOver) return false;
      this.isLeaving = true;
      tcp.shutdown();
      this.wait(Wait.GOODBYE, this.server.limits.lingerNs);
    }
    const waiting = tcp.readable;
    if (waiting > 0) tcp.consume(waiting);
    if (tcp.atEnd) this.close();
    return false;
  }

  close(): void {
    if (this.isOver) return;
    if (this.server.writer === this) this.flush();
    this.end();
    this.tcp.close();
  }

  /** Ends it at once: what is under way is lost. */
  abort(): void {
    if (this.isOver) return;
    if (this.server.writer === this) this.server.output.at = this.server.output.start;
    this.end();
    this.tcp.abort();
  }

  cutOff(): void {
    this.tellsLater = true;
    this.abort();
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    this.end();
  }

  /** Gives back what it has. */
  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.stopWaiting();
    const timer = this.timer;
    if (timer !== null) timer.cancel();
    this.freePartial();
    this.freeUnsent();
    const exchange = this.exchange;
    if (exchange !== null && !exchange.isDone) this.server.counters.aborted++;
    if (this.headInPlace > 0) this.leavesHead(exchange);
    this.server.forget(this);
    if (!this.tellsLater) this.tell();
    else if (!this.isScheduled) {
      this.isScheduled = true;
      ready(this);
    }
  }

  /** What a head lies in goes to others with the connection; an application that has the exchange may look at it still. */
  private leavesHead(exchange: Exchange | null): void {
    if (exchange !== null && !exchange.isDone) exchange.keepHead();
    else this.server.partialBytes -= this.headInPlace;
    this.headInPlace = 0;
  }

  /** Has the application know of its end. */
  private tell(): void {
    const exchange = this.exchange;
    const upgraded = this.upgraded;
    this.exchange = null;
    this.upgraded = null;
    if (exchange !== null) exchange.abandon();
    if (upgraded !== null) upgraded.onGone();
  }
}
