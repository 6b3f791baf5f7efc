/**
 * A connection: reads requests, has them executed, writes replies. All happens in turns: `turn` goes on until
 * something is missing (bytes, room, a commit), and is called again by whoever brings it. While replies wait,
 * nothing is read, so that who does not read closes his own window.
 *
 * Between turns it has memory of its own only for what is incomplete or unsent.
 */
import { TcpConnection, TcpHandler } from "@phantasm/interfaces";
import { ready, readyLater } from "@phantasm/runtime";
import { lookAhead } from "../memory/ahead";
import { Parse, RequestParser } from "../protocol/parser";
import { Reply } from "../protocol/reply";
import { Wait } from "./blocking";
import { Sender } from "./sender";
import { StoreServer } from "./server";
import { Interests } from "./subscription";
import { Transaction } from "./transaction";
import { isRoomFor } from "../memory/heap";

/** Replies that are composed before some are written. */
const REPLY_BYTES: i32 = 64 << 10;
/** Requests of a turn, before others have theirs. */
const TURN_REQUESTS_MAX: i32 = 1024;
const HELD_BYTES_MIN: i32 = 256;
const AHEAD_BYTES_MAX: i32 = 4096;
const TOO_LARGE: string = "ERR the request is larger than the server takes";
const NO_MEMORY: string = "OOM the server has no memory for the request";


@final
export class Client extends Sender implements TcpHandler {
  isResp3: bool = false;
  isKnown: bool;
  /** What CLIENT SETNAME said. */
  name: Uint8Array = new Uint8Array(0);
  transaction: Transaction | null = null;
  /** What it is subscribed to. */
  readonly interests: Interests = new Interests();
  /** Closes when its replies are written. */
  isLeaving: bool = false;
  isWaiting: bool = false;
  /** Is about to be closed: it hears nothing more. */
  isDoomed: bool = false;
  /** What it waits for; it may be closed. */
  wait: Wait | null = null;
  /** A pause holds its next command. */
  isPaused: bool = false;
  lastCommand: i32 = 0;
  /** Since when it is there, and when its last command came: ms since 1970. */
  readonly sinceMs: i64;
  lastMs: i64;
  /** Its place in the server's list. */
  place: i32 = 0;
  private addressText: string | null = null;
  private readonly parser: RequestParser;
  private isTurning: bool = false;
  private isScheduled: bool = false;
  /** Bytes of requests that are not complete, or whose turn has not come. */
  private held: usize = 0;
  private heldBytes: i32 = 0;
  private heldRoom: i32 = 0;
  /** Bytes of the parser's table that are counted with what is held. */
  private tableBytes: i32 = 0;
  constructor(
    server: StoreServer,
    tcp: TcpConnection,
    readonly id: u64,
  ) {
    super(server, tcp);
    this.sinceMs = server.db.nowMs;
    this.lastMs = server.db.nowMs;
    this.isKnown = !server.hasPassword;
    this.parser = new RequestParser(server.limits.arguments, server.limits.bulkBytes);
    this.parser.isStranger = !this.isKnown;
  }

  /** Of the other end, as text. */
  get address(): string {
    const known = this.addressText;
    if (known !== null) return known;
    const text = `${this.tcp.remote}`;
    this.addressText = text;
    return text;
  }

  get subscriptions(): i32 {
    return this.interests.count;
  }

  onConnected(connection: TcpConnection): void {}

  onReadable(connection: TcpConnection): void {
    this.turn();
  }

  onWritable(connection: TcpConnection): void {
    this.turn();
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    this.end();
  }

  performTask(): void {
    this.isScheduled = false;
    this.turn();
  }

  /** Has it go on soon. */
  schedule(): void {
    if (this.isScheduled || this.isOver) return;
    this.isScheduled = true;
    ready(this);
  }

  becomeKnown(): void {
    this.isKnown = true;
    this.parser.isStranger = false;
  }

  turn(): void {
    if (this.isTurning || this.isOver) return;
    this.isTurning = true;
    while (!this.isOver && this.sendRest()) {
      if (this.isLeaving) {
        this.tcp.close();
        break;
      }
      if (this.isBlocked || this.isPaused) {
        this.readAhead();
        break;
      }
      if (this.server.isBusy(this) || !this.serve()) break;
    }
    this.isTurning = false;
  }

  /** Nothing is served until it has what it waits for. */
  get isBlocked(): bool {
    const wait = this.wait;
    return wait !== null && wait.isOpen;
  }

  /** While it is blocked, a little is read, to see that the other end closes. */
  private readAhead(): void {
    const tcp = this.tcp;
    if (tcp.peekedBytes > 0 && this.heldBytes < AHEAD_BYTES_MAX) {
      if (this.heldRoom < AHEAD_BYTES_MAX && !this.move(AHEAD_BYTES_MAX)) {
        this.fails();
        return;
      }
      const room = AHEAD_BYTES_MAX - this.heldBytes;
      this.heldBytes += this.fill(this.held + <usize>this.heldBytes, room);
    }
    if (tcp.peekedBytes == 0 && tcp.atEnd) tcp.close();
  }

  /** The reply of a command that had to wait. */
  answer(reply: Reply): void {
    if (this.isOver) return;
    this.barrier = this.server.barrier;
    const kept = reply.isOverflowing ? this.fails() : this.append(reply.start, reply.used);
    if (kept) this.schedule();
  }

  // ---- requests

  /** Serves what has come. False: nothing more can be done now. */
  private serve(): bool {
    const server = this.server;
    let base = server.input;
    let bytes = 0;
    if (this.heldBytes == 0) bytes = this.fill(base, server.inputBytes);
    else if (this.isSmall()) {
      // With what is held in front: in its own place there would be room for one or two more requests in each turn.
      bytes = this.heldBytes;
      memory.copy(base, this.held, <usize>bytes);
      bytes += this.fill(base + <usize>bytes, server.inputBytes - bytes);
    } else {
      if (!this.grow()) return false;
      bytes =
        this.heldBytes +
        this.fill(this.held + <usize>this.heldBytes, this.heldRoom - this.heldBytes);
      base = this.held;
    }
    if (bytes == this.heldBytes && (bytes == 0 || this.parser.needed > bytes)) {
      if (this.tcp.atEnd) this.tcp.close();
      return false;
    }
    const reply = server.reply;
    reply.isResp3 = this.isResp3;
    const used = this.requests(base, bytes);
    if (this.isOver) return false;
    this.keep(base, used, bytes - used);
    if (!this.write(reply)) return false;
    if (used > 0 || this.tcp.peekedBytes > 0) return true;
    // The end came with the beginning of a request: nobody will tell of it again.
    if (this.tcp.atEnd && this.parser.needed > bytes) this.tcp.close();
    return false;
  }

  /** Whether more has come than there is room for behind what is held, and that is little. */
  private isSmall(): bool {
    const inputBytes = this.server.inputBytes;
    return (
      this.tcp.peekedBytes > this.heldRoom - this.heldBytes &&
      this.heldBytes <= inputBytes >> 1 &&
      this.parser.needed <= inputBytes
    );
  }

  /** Executes requests; returns how many bytes they were. */
  private requests(base: usize, bytes: i32): i32 {
    const server = this.server;
    const parser = this.parser;
    let from = 0;
    let looked = 0;
    let isChecked = false;
    for (let left = TURN_REQUESTS_MAX; from < bytes; left--) {
      if (left == 0) {
        if (!this.isScheduled) readyLater(this);
        this.isScheduled = true;
        break;
      }
      if (looked == 0) looked = lookAhead(server.db.table, base + <usize>from, base + <usize>bytes);
      looked--;
      const parsed = parser.parse(base + <usize>from, bytes - from);
      if (parsed == Parse.MORE) break;
      if (parsed == Parse.ERROR) {
        if (parser.isStarving) server.counters.closedForMemory++;
        else server.counters.malformed++;
        server.reply.error(parser.isStarving ? NO_MEMORY : "ERR Protocol error: " + parser.error);
        this.isLeaving = true;
        return bytes;
      }
      if (parser.count > 0) {
        // Of a turn of small ones, the first looks for all; empty lines may come before it.
        if (!isChecked || parser.consumed >= REPLY_BYTES) server.isTight(parser.consumed, this);
        isChecked = true;
        server.call.take(base + <usize>from, parser.table, parser.count);
        if (server.pauses.isOn && server.holds(this)) {
          parser.reset();
          break;
        }
        server.execute(this);
      }
      from += parser.consumed;
      parser.reset();
      if (this.isLeaving) return bytes;
      if (this.isBlocked) break;
      if (server.reply.used >= REPLY_BYTES || server.isBehind || this.isOver) break;
    }
    return from;
  }

  /** Copies what waits; returns how much. */
  private fill(to: usize, room: i32): i32 {
    const tcp = this.tcp;
    let filled = 0;
    for (let bytes = tcp.peekedBytes; bytes > 0 && filled < room; bytes = tcp.peekedBytes) {
      const taken = min(bytes, room - filled);
      memory.copy(to + <usize>filled, tcp.peek(), <usize>taken);
      tcp.consume(taken);
      filled += taken;
    }
    return filled;
  }

  /** Makes room for what is missing of a request. False: it may not have so much. */
  private grow(): bool {
    const needed = max(this.parser.needed, this.heldBytes);
    if (needed <= this.heldRoom && this.heldBytes < this.heldRoom) return true;
    const limits = this.server.limits;
    if (needed > limits.requestBytes + limits.bulkBytes) return this.refuses(TOO_LARGE);
    // What was announced has its room only when half of it has come: announcing costs nothing.
    const room = max(2 * this.heldRoom, HELD_BYTES_MIN);
    const enough = min(room, max(needed, this.heldBytes + HELD_BYTES_MIN));
    return this.move(enough) || this.refuses(NO_MEMORY);
  }

  /** Moves what is held to where it has so much room. False: there is none. */
  private move(room: i32): bool {
    const server = this.server;
    while (
      server.waitingBytes + room - this.heldRoom > server.limits.waitingBytes ||
      !isRoomFor(<usize>room)
    )
      if (!server.makeRoom(this, room - this.heldRoom)) return false;
    this.movedNs = server.clock.now();
    server.waitingBytes += room - this.heldRoom;
    const larger = heap.alloc(<usize>room);
    if (this.held != 0) {
      memory.copy(larger, this.held, <usize>this.heldBytes);
      heap.free(this.held);
    }
    this.held = larger;
    this.heldRoom = room;
    return true;
  }

  /** Its request is not read to its end; it is told why. All that it was to hear before is on its way. */
  private refuses(why: string): bool {
    const server = this.server;
    const reply = server.reply;
    server.counters.closedForMemory++;
    reply.clear();
    reply.error(why);
    this.tcp.writeFrom(reply.start, reply.used);
    reply.clear();
    this.forget();
    this.parser.free();
    this.isLeaving = true;
    this.tcp.close();
    return false;
  }

  /** Keeps the bytes behind those that were used. */
  private keep(base: usize, used: i32, bytes: i32): void {
    if (bytes == 0) {
      this.forget();
      return;
    }
    if (base != this.held) {
      this.heldBytes = 0;
      if (!this.move(max(bytes, HELD_BYTES_MIN))) {
        this.fails();
        return;
      }
    }
    if (base != this.held || used > 0) memory.copy(this.held, base + <usize>used, <usize>bytes);
    this.heldBytes = bytes;
    if (bytes > this.server.limits.requestBytes + REPLY_BYTES || !this.count()) this.fails();
  }

  /** Counts the parser's table with what is held. False: there is no room for it. */
  private count(): bool {
    const server = this.server;
    const more = this.parser.tableBytes - this.tableBytes;
    this.tableBytes += more;
    server.waitingBytes += more;
    while (more > 0 && server.waitingBytes > server.limits.waitingBytes)
      if (!server.makeRoom(this, more)) return false;
    return true;
  }

  private forget(): void {
    this.server.waitingBytes -= this.heldRoom + this.tableBytes;
    this.tableBytes = 0;
    if (this.held != 0) heap.free(this.held);
    this.held = 0;
    this.heldBytes = 0;
    this.heldRoom = 0;
  }

  // ---- replies

  protected gainRoom(bytes: i32): bool {
    return this.server.makeRoom(this, bytes);
  }

  protected get mayLeave(): bool {
    return this.server.mayLeave(this.barrier, this);
  }

  /** A message of a channel; who does not read them is closed. */
  hear(message: Reply): void {
    if (this.isOver || this.isDoomed) return;
    const bytes = this.unsentBytes + message.used;
    if (message.isOverflowing || bytes > this.server.limits.pushBytes) {
      this.server.counters.closedForMemory++;
      this.isLeaving = true;
      this.server.doom(this);
      return;
    }
    this.moveUp();
    if (this.append(message.start, message.used)) this.schedule();
  }

  /** Bytes of requests that it has not been answered. */
  get waitingBytes(): i32 {
    return this.heldBytes;
  }

  get waitsForCommit(): bool {
    return this.unsentBytes > 0 && this.barrier != 0;
  }

  abort(): void {
    this.tcp.abort();
  }

  /** Since when it has taken no reply, or sent no more of a request; `i64.MAX_VALUE`: it holds nothing of that kind. */
  get stalledSinceNs(): i64 {
    const waits = (this.unsentBytes > 0 && this.barrier == 0) || this.heldBytes > 0;
    return waits && !this.isTurning ? this.movedNs : i64.MAX_VALUE;
  }

  /** What it holds of requests and replies. */
  get holdsBytes(): i32 {
    return this.heldRoom + this.tableBytes + this.unsentMemory;
  }

  /** Somebody else needs what it holds. */
  giveWay(): void {
    this.fails();
    this.end();
  }

  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.forget();
    this.forgetUnsent();
    this.parser.free();
    const transaction = this.transaction;
    if (transaction !== null) transaction.close();
    this.server.forget(this);
  }
}
