/** The server: what connections share, and the rules that hold for every command. */
import {
  Clock,
  KeyValue,
  MILLISECOND,
  Random,
  Tcp,
  TcpAcceptor,
  TcpConnection,
  TcpListener,
  Timer,
  TimerHandler,
} from "@phantasm/interfaces";
import { ShutdownHandler, exit } from "@phantasm/runtime";
import { Call, OUT_OF_MEMORY, REPLY_TOO_LARGE } from "../commands/call";
import { execute } from "../commands/execute";
import { subcommandRefusal } from "../commands/subcommands";
import { Command, Commands, Flag } from "../commands/table";
import { Database } from "../data/database";
import { seedHeights } from "../data/sorted-set";
import { Journal } from "../durable/journal";
import { CommitListener, Durability, Keeper } from "../durable/keeper";
import { Intents } from "../durable/intents";
import { LoadListener, Loader } from "../durable/loader";
import { seedHash } from "../memory/siphash";
import { Reply } from "../protocol/reply";
import { administer } from "./administration";
import { block } from "./block-commands";
import { Blocking } from "./blocking";
import { Channels } from "./channels";
import { Client } from "./client";
import { StoreCounters, StoreLimits } from "./limits";
import { Monitors } from "./monitors";
import { Pauses } from "./pauses";
import { Budget } from "./requests";
import { subscribeCommand } from "./subscribing";
import { queueOrRefuse, transact } from "./transacting";
import { isRoomFor, spare } from "../memory/heap";

/** About what a client takes while nothing of it waits. */
const CLIENT_BYTES: usize = 4096;
const KEEP_ALIVE_PROBES: i32 = 3;
const INPUT_BYTES: i32 = 64 << 10;
const REPLY_BYTES_MIN: i32 = 128 << 10;
const SWEEP_NS: i64 = 100 * MILLISECOND;
const SWEEP_PLACES: i32 = 1000;
/** What a command may need besides its request. */
const COMMAND_BYTES: usize = 512 << 10;
/** Of each byte of a request: small members take several times their length, and their changes as much again. */
const REQUEST_SHARE: usize = 8;
const STORE_FAILED: string = "MISCONF The store has failed: nothing can be changed any more.";

/** Told once, when all that was kept has been read. */
export interface StoreListener {
  /** 0: clients are served from now on. Else why the store cannot be used. */
  onStoreReady(result: i32): void;
  /** Nothing is kept any more; reads go on. */
  onStoreFailed(reason: i32): void;
}


@final
export class StoreServer
  implements TcpAcceptor, TimerHandler, CommitListener, LoadListener, ShutdownHandler
{
  readonly counters: StoreCounters = new StoreCounters();
  readonly commands: Commands = new Commands();
  readonly channels: Channels;
  readonly db: Database;
  readonly call: Call;
  readonly blocking: Blocking;
  readonly pauses: Pauses;
  readonly monitors: Monitors = new Monitors();
  /** Of requests that are queued, or wait for a key. */
  readonly copies: Budget;
  /** As `limits` say, or fewer. */
  clientsMax: i32;
  /** Of this boot: 40 digits. */
  readonly runId: string;
  /** There is so little memory that nothing may be added to it. */
  isShort: bool = false;
  /** What is between MULTI and EXEC is performed. */
  isTransacting: bool = false;
  readonly reply: Reply;
  readonly clients: Client[] = [];
  /** Where requests are read to. */
  readonly input: usize = heap.alloc(<usize>INPUT_BYTES);
  readonly inputBytes: i32 = INPUT_BYTES;
  waitingBytes: i32 = 0;
  unsentBytes: i32 = 0;
  readonly startedMs: i64;
  private readonly journal: Journal;
  private keeper: Keeper | null = null;
  private readonly store: KeyValue | null;
  private tcp: Tcp | null = null;
  private port: u16 = 0;
  private listener: TcpListener | null = null;
  private starting: StoreListener | null = null;
  private lastId: u64 = 0;
  private readonly byId: Map<u64, Client> = new Map<u64, Client>();
  private readonly waiting: Client[] = [];
  private readonly doomed: Client[] = [];
  private isEnding: bool = false;

  /**
   * @param store null: nothing outlives the domain
   * @param password empty: nobody is asked for one
   */
  constructor(
    readonly clock: Clock,
    random: Random,
    store: KeyValue | null,
    readonly durability: Durability,
    readonly password: string = "",
    readonly limits: StoreLimits = new StoreLimits(),
  ) {
    assert(limits.bulkBytes <= 8 << 20, "resp: an argument has at most 8 MiB");
    spare(limits.spareBytes);
    seedHash(random);
    seedHeights(random.u64());
    this.channels = new Channels();
    this.store = store;
    const journal = new Journal(store !== null);
    const db = new Database(journal, limits.memoryBytes);
    const reply = new Reply(REPLY_BYTES_MIN, limits.replyBytes);
    this.journal = journal;
    this.db = db;
    this.reply = reply;
    this.call = new Call(db, reply, random, limits.bulkBytes, limits.resultBytes);
    const copies = new Budget(limits.waitingBytes);
    this.copies = copies;
    this.blocking = new Blocking(db, random, clock, limits, copies);
    this.pauses = new Pauses(clock);
    this.clientsMax = limits.clients;
    this.runId = runIdOf(random);
    this.startedMs = clock.wall() / MILLISECOND;
    db.nowMs = this.startedMs;
    if (store !== null) this.keeper = new Keeper(store, journal, durability, clock, this);
    clock.every(SWEEP_NS, this).background();
  }

  get hasPassword(): bool {
    return this.password.length > 0;
  }

  get isDurable(): bool {
    return this.keeper !== null;
  }

  get durabilityText(): string {
    if (this.durability == Durability.ALWAYS) return "always";
    return this.durability == Durability.EVERY_SECOND ? "everysec" : "no";
  }

  /** Changes that were too large for a batch, and written twice for it. */
  get announced(): u64 {
    return this.journal.announced;
  }

  /** Those for which memory had no room to. */
  get torn(): u64 {
    return this.journal.torn;
  }

  get commits(): u64 {
    const keeper = this.keeper;
    return keeper === null ? 0 : keeper.commits;
  }

  /** Reads what was kept, then listens. */
  start(tcp: Tcp, port: u16, listener: StoreListener): void {
    this.tcp = tcp;
    this.port = port;
    this.starting = listener;
    const store = this.store;
    if (store === null) this.onLoaded(0);
    else new Intents(store, this.journal, new Loader(store, this.db, this)).start();
  }

  onLoaded(result: i32): void {
    const tcp = this.tcp!;
    let outcome = result;
    if (outcome == 0) {
      this.listener = tcp.listen(this.port, this, this.limits.backlog);
      if (this.listener === null) outcome = tcp.lastError;
    }
    this.commitLater();
    this.starting!.onStoreReady(outcome);
  }

  onAccept(listener: TcpListener, connection: TcpConnection): void {
    if (this.clients.length >= this.clientsMax || !isRoomFor(CLIENT_BYTES)) {
      this.counters.refusedClients++;
      this.reply.clear();
      this.reply.error("ERR max number of clients reached");
      connection.writeFrom(this.reply.start, this.reply.used);
      this.reply.clear();
      connection.close();
      return;
    }
    this.counters.clients++;
    connection.noDelay = true;
    const silenceNs = this.limits.keepAliveNs;
    connection.keepAlive(silenceNs, silenceNs / 3, KEEP_ALIVE_PROBES);
    const client = new Client(this, connection, ++this.lastId);
    client.place = this.clients.length;
    this.clients.push(client);
    this.byId.set(client.id, client);
    connection.setHandler(client);
    client.turn();
  }

  /**
   * Closes the client that has been stalled longest, for one that needs so many bytes; where none has been for long
   * enough, the one that holds most, if that is more than the needy one would. False: there is no such client.
   */
  makeRoom(needy: Client, bytes: i32): bool {
    let longest: Client | null = null;
    let largest: Client | null = null;
    let sinceNs = this.clock.now() - this.limits.stallNs;
    let most = needy.holdsBytes + bytes;
    for (let i = 0; i < this.clients.length; i++) {
      const client = this.clients[i];
      if (client === needy || client.stalledSinceNs == i64.MAX_VALUE) continue;
      if (client.stalledSinceNs <= sinceNs) {
        sinceNs = client.stalledSinceNs;
        longest = client;
      }
      if (client.holdsBytes <= most) continue;
      most = client.holdsBytes;
      largest = client;
    }
    const closed = longest !== null ? longest : largest;
    if (closed === null) return false;
    closed.giveWay();
    return true;
  }

  forget(client: Client): void {
    const wait = client.wait;
    if (wait !== null) this.blocking.leave(wait);
    this.pauses.forget(client);
    this.monitors.forget(client);
    const last = this.clients.pop();
    if (last !== client) {
      this.clients[client.place] = last;
      last.place = client.place;
    }
    this.channels.leaveAll(client);
    this.byId.delete(client.id);
  }

  /** Null: there is none. */
  clientOf(id: u64): Client | null {
    return this.byId.has(id) ? this.byId.get(id) : null;
  }

  onTimer(timer: Timer): void {
    this.db.nowMs = this.clock.wall() / MILLISECOND;
    if (this.keeper !== null && this.keeper!.failure != 0) return;
    if (this.journal.isBehind) return;
    this.journal.end();
    this.db.sweep(SWEEP_PLACES);
    this.commitLater();
  }

  // ---- commits

  private commitLater(): void {
    const keeper = this.keeper;
    if (keeper !== null) keeper.schedule();
  }

  get barrier(): u64 {
    const keeper = this.keeper;
    return keeper === null ? 0 : keeper.barrier;
  }

  get isOverloaded(): bool {
    return this.journal.isOverloaded;
  }

  get isBehind(): bool {
    return this.keeper !== null && this.keeper!.failure == 0 && this.journal.isBehind;
  }

  /** Whether a client has to wait until some of the changes are committed; at the end, all do: nothing more is kept. */
  isBusy(client: Client): bool {
    if (this.isEnding) return true;
    this.db.nowMs = this.clock.wall() / MILLISECOND;
    if (!this.isBehind) return false;
    this.wait(client);
    this.commitLater();
    return true;
  }

  /** Whether replies may leave that wait for a batch; else their client is called when it is committed. */
  mayLeave(barrier: u64, client: Client): bool {
    const keeper = this.keeper;
    if (keeper === null || barrier <= keeper.committed || keeper.failure != 0) return true;
    this.wait(client);
    return false;
  }

  private wait(client: Client): void {
    if (client.isWaiting) return;
    client.isWaiting = true;
    this.waiting.push(client);
  }

  onCommitted(): void {
    // Who has to wait again is put into the list anew.
    for (let i = 0; i < this.waiting.length; i++) {
      this.waiting[i].isWaiting = false;
      this.waiting[i].schedule();
    }
    this.waiting.length = 0;
    if (this.isEnding && this.journal.isEmpty) this.finish();
  }

  onFailed(reason: i32): void {
    // What was not kept is not acknowledged either.
    for (let i = this.clients.length - 1; i >= 0; i--)
      if (i < this.clients.length && this.clients[i].waitsForCommit) this.clients[i].abort();
    this.waiting.length = 0;
    for (let i = 0; i < this.clients.length; i++) {
      this.clients[i].isWaiting = false;
      this.clients[i].schedule();
    }
    this.starting!.onStoreFailed(reason);
    if (this.isEnding) exit(1);
  }

  // ---- commands

  /** Whether what is called has to wait, since there is a pause. */
  holds(client: Client): bool {
    const command = this.commands.find(this.call);
    return this.pauses.holds(client, command, this.commands.flags[command]);
  }

  execute(client: Client): void {
    const call = this.call;
    const reply = this.reply;
    this.counters.commands++;
    const command = this.commands.find(call);
    const flags = this.commands.flags[command];
    client.lastCommand = <i32>command;
    client.lastMs = this.db.nowMs;
    const why = this.refusal(command, flags, client);
    if (why !== null) return queueOrRefuse(client, reply, why);
    const transaction = client.transaction;
    if (transaction !== null && transaction.isOpen && (flags & Flag.NOT_QUEUED) == 0) {
      if (transaction.queued.put(call, this.limits.transactionBytes)) reply.simple("QUEUED");
      else queueOrRefuse(client, reply, "ERR transaction is too large");
      return;
    }
    if (this.monitors.clients.length > 0) this.monitors.tell(command, this, client);
    this.journal.begin();
    const from = reply.used;
    if (command == Command.EXEC) transact(command, this, client);
    else this.perform(command, client);
    if (reply.isOverflowing) this.refuseReply(from);
    if (this.blocking.hasReady) this.blocking.serve();
    this.commitLater();
    while (this.doomed.length > 0) this.doomed.pop().abort();
  }

  /** An error instead of a reply that is too large; what the command changed stays. */
  refuseReply(from: i32): void {
    this.counters.refusedReplies++;
    this.reply.refuse(from, REPLY_TOO_LARGE);
  }

  /** Closed at the end of the command that is performed. */
  doom(client: Client): void {
    if (client.isDoomed) return;
    client.isDoomed = true;
    this.doomed.push(client);
  }

  /**
   * Looks whether memory is so full that commands that may add something are refused; who is stalled makes room first.
   * @param bytes of the request
   */
  isTight(bytes: i32, client: Client): bool {
    this.isShort = false;
    while (!isRoomFor(COMMAND_BYTES + <usize>bytes * REQUEST_SHARE) && !this.isShort)
      this.isShort = !this.makeRoom(client, bytes);
    return this.isShort;
  }

  perform(command: Command, client: Client): void {
    if (execute(command, this.call)) return;
    if (command >= Command.MULTI && command <= Command.UNWATCH) transact(command, this, client);
    else if (command >= Command.BLPOP && command <= Command.BZMPOP) block(command, this, client);
    else if (command >= Command.SUBSCRIBE && command <= Command.PUBSUB)
      subscribeCommand(command, this, client);
    else administer(command, this, client);
  }

  /** Why a command cannot be executed, whatever its arguments; null: it can. */
  private refusal(command: Command, flags: i32, client: Client): string | null {
    const call = this.call;
    if (command == Command.NONE) return this.unknown();
    const arity = this.commands.arity[command];
    const name = this.commands.names[command];
    if (arity > 0 ? call.count != arity : call.count < -arity)
      return `ERR wrong number of arguments for '${name}' command`;
    if (flags & Flag.CONTAINER) {
      const why = subcommandRefusal(command, name, call);
      if (why !== null) return why;
    }
    if (!client.isKnown && (flags & Flag.STRANGER) == 0) return "NOAUTH Authentication required.";
    if (flags & Flag.WRITE && this.keeper !== null && this.keeper!.failure != 0)
      return STORE_FAILED;
    if (flags & Flag.GROWS && (this.db.isFull || this.isShort)) return OUT_OF_MEMORY;
    if (client.subscriptions > 0 && !client.isResp3 && (flags & Flag.SUBSCRIBED) == 0)
      return (
        `ERR Can't execute '${flags & Flag.CONTAINER ? fullName(name, call) : name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET ` +
        "are allowed in this context"
      );
    const transaction = client.transaction;
    if (flags & Flag.NOT_IN_MULTI && transaction !== null && transaction.isOpen)
      return "ERR Command not allowed inside a transaction";
    return null;
  }

  private unknown(): string {
    const call = this.call;
    let given = "";
    for (let i = 1; i < call.count && given.length < 128; i++)
      given += `'${call.text(i, 128 - given.length)}' `;
    return `ERR unknown command '${call.text(0)}', with args beginning with: ${given}`;
  }

  // ---- the end

  /** Accepts no more, keeps what is not kept yet, ends the domain. */
  onShutdown(): void {
    if (this.isEnding) return;
    this.isEnding = true;
    const listener = this.listener;
    if (listener !== null) listener.close();
    if (this.keeper === null || this.keeper!.failure != 0) exit(0);
    else if (this.journal.isEmpty) this.finish();
    else this.commitLater();
  }

  private finish(): void {
    this.keeper!.finish();
  }
}

/** With the subcommand, which is known: `client|list`. */
function fullName(name: string, call: Call): string {
  return call.count > 1 ? `${name}|${call.text(1).toLowerCase()}` : name;
}

function runIdOf(random: Random): string {
  let text = "";
  while (text.length < 40) text += random.u32().toString(16).padStart(8, "0");
  return text;
}
