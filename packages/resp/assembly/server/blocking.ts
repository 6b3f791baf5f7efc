/**
 * Clients that wait until a key has something. Whoever has waited longest for a key is served first; who waits for
 * several is served by the one that came to be first.
 */
import { Clock, MILLISECOND, Random, Timer, TimerHandler } from "@phantasm/interfaces";
import { Call } from "../commands/call";
import { Command } from "../commands/table";
import { Database, KeyListener } from "../data/database";
import { Table, newTable } from "../memory/table";
import { Reply } from "../protocol/reply";
import { serveKey } from "./block-commands";
import { Client } from "./client";
import { StoreLimits } from "./limits";
import { Budget, Requests } from "./requests";

const REPLY_BYTES_MIN: i32 = 4096;
/** As good as for ever. */
const TIMEOUT_MS_MAX: i64 = i64.MAX_VALUE / MILLISECOND / 4;

/** Of a client: what it waits for. Made with its first blocking command, and used again. */
@final
export class Wait implements TimerHandler {
  isOpen: bool = false;
  command: Command = Command.NONE;
  readonly request: Requests;
  readonly queues: Queue[] = [];
  private timer: Timer | null = null;
  private deadlineNs: i64 = 0;

  constructor(
    readonly client: Client,
    private readonly blocking: Blocking,
    budget: Budget,
  ) {
    this.request = new Requests(budget);
  }

  /** @param timeoutMs 0: for ever */
  limit(timeoutMs: i64, clock: Clock): void {
    const delayNs = min(timeoutMs, TIMEOUT_MS_MAX) * MILLISECOND;
    this.deadlineNs = clock.now() + delayNs;
    const timer = this.timer;
    if (timeoutMs == 0) this.deadlineNs = i64.MAX_VALUE;
    else if (timer !== null) timer.set(delayNs);
    else this.timer = clock.after(delayNs, this);
  }

  stop(): void {
    const timer = this.timer;
    if (timer !== null) timer.cancel();
  }

  onTimer(timer: Timer): void {
    if (this.isOpen) this.blocking.giveUpAt(this, this.deadlineNs);
  }
}

/** Who waits for a key, in their order. */
@final
class Queue {
  readonly waits: Wait[] = [];
  /** The key has come to be. */
  isReady: bool = false;
  constructor(
    readonly key: Uint8Array,
    readonly place: i32,
  ) {}
}


@final
export class Blocking implements KeyListener {
  /** Clients that wait. */
  clients: i32 = 0;
  /** Keys that they wait for, of all together. */
  keys: i32 = 0;
  private readonly table: Table = newTable();
  /** By the value of the entry, less 1. */
  private readonly queues: (Queue | null)[] = [];
  private readonly free: i32[] = [];
  private readonly ready: Queue[] = [];
  private readonly reply: Reply;
  private readonly call: Call;

  constructor(
    private readonly db: Database,
    random: Random,
    private readonly clock: Clock,
    private readonly limits: StoreLimits,
    private readonly budget: Budget,
  ) {
    const reply = new Reply(REPLY_BYTES_MIN, limits.replyBytes);
    this.reply = reply;
    this.call = new Call(db, reply, random, limits.bulkBytes, limits.resultBytes);
  }

  /** Has a client wait for keys of a call. False: too many are waited for. */
  wait(
    client: Client,
    call: Call,
    command: Command,
    firstKey: i32,
    lastKey: i32,
    timeoutMs: i64,
  ): bool {
    const limits = this.limits;
    if (this.keys + lastKey - firstKey + 1 > limits.awaited) return false;
    let wait = client.wait;
    if (wait === null) {
      wait = new Wait(client, this, this.budget);
      client.wait = wait;
    }
    if (!wait.request.put(call, limits.transactionBytes)) return false;
    wait.command = command;
    wait.isOpen = true;
    for (let i = firstKey; i <= lastKey; i++) {
      const queue = this.queueOf(call.at(i), call.bytes(i));
      // A key that is named twice: it was the last to come.
      const waits = queue.waits;
      if (waits.length > 0 && waits[waits.length - 1] === wait) continue;
      queue.waits.push(wait);
      wait.queues.push(queue);
      this.keys++;
    }
    this.clients++;
    wait.limit(timeoutMs, this.clock);
    this.db.listener = this;
    return true;
  }

  private queueOf(key: usize, bytes: i32): Queue {
    const entry = this.table.find(key, bytes);
    if (entry !== null) return this.queues[<i32>entry.value - 1]!;
    const name = new Uint8Array(bytes);
    memory.copy(name.dataStart, key, <usize>bytes);
    let place = this.queues.length;
    if (this.free.length > 0) place = this.free.pop();
    else this.queues.push(null);
    const queue = new Queue(name, place);
    this.queues[place] = queue;
    this.table.add(key, bytes).value = <u32>place + 1;
    return queue;
  }

  /** It waits no more. */
  leave(wait: Wait): void {
    if (!wait.isOpen) return;
    wait.isOpen = false;
    wait.stop();
    wait.request.clear();
    this.clients--;
    while (wait.queues.length > 0) {
      const queue = wait.queues.pop();
      queue.waits.splice(queue.waits.indexOf(wait), 1);
      this.keys--;
      if (queue.waits.length > 0) continue;
      this.queues[queue.place] = null;
      this.free.push(queue.place);
      const entry = this.table.find(queue.key.dataStart, queue.key.length);
      if (entry !== null) this.table.remove(entry);
    }
    if (this.keys == 0) this.db.listener = null;
  }

  // ---- keys come to be

  onKey(key: usize, bytes: i32): void {
    const entry = this.table.find(key, bytes);
    if (entry === null) return;
    const queue = this.queues[<i32>entry.value - 1]!;
    if (queue.isReady) return;
    queue.isReady = true;
    this.ready.push(queue);
  }

  get hasReady(): bool {
    return this.ready.length > 0;
  }

  /** After a command: those who wait for what it made. What they do may make more. */
  serve(): void {
    for (let next = 0; next < this.ready.length; next++) {
      const queue = this.ready[next];
      queue.isReady = false;
      let at = 0;
      for (let left = queue.waits.length; left > 0 && at < queue.waits.length; left--)
        if (!this.serveOne(queue.waits[at], queue)) at++;
    }
    this.ready.length = 0;
  }

  private serveOne(wait: Wait, queue: Queue): bool {
    const call = this.call;
    const reply = this.reply;
    reply.clear();
    reply.isResp3 = wait.client.isResp3;
    wait.request.rewind();
    wait.request.next(call);
    this.db.journal.begin();
    if (!serveKey(wait.command, call, queue.key)) return false;
    this.answer(wait);
    return true;
  }

  private answer(wait: Wait): void {
    this.leave(wait);
    wait.client.answer(this.reply);
    this.reply.clear();
  }

  // ---- without a key

  /** Its time is over, if it is that late. */
  giveUpAt(wait: Wait, deadlineNs: i64): void {
    if (this.clock.now() >= deadlineNs) this.giveUp(wait, null);
  }

  /** @param why null: as if the time was over */
  giveUp(wait: Wait, why: string | null): void {
    const reply = this.reply;
    reply.clear();
    reply.isResp3 = wait.client.isResp3;
    if (why !== null) reply.error(why);
    else reply.nothingArray();
    this.answer(wait);
  }
}
