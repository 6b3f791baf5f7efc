/** Who listens to what: channels and patterns by name in tables, and each subscription in the lists of both its ends. */
import { Entry, Table, newTable } from "../memory/table";
import { matches } from "../commands/glob";
import { Reply } from "../protocol/reply";
import { Client } from "./client";
import { Subscription, Subscriptions } from "./subscription";


@final
export class Channel {
  readonly subscriptions: Subscriptions = new Subscriptions();
  /** Who is told next, while a message is: who hears it may have to close, himself or another. */
  next: Subscription | null = null;
  constructor(
    readonly name: Uint8Array,
    readonly isPattern: bool,
    /** Its number, while somebody listens to it. */
    readonly place: i32,
  ) {}
}

/** Client and channel by their numbers, as a key. */
const pair: usize = memory.data(16, 8);
const PAIR_BYTES: i32 = 12;

function pairOf(client: Client, channel: Channel): usize {
  store<u64>(pair, client.id);
  store<i32>(pair, channel.place, 8);
  return pair;
}


@final
export class Channels {
  private readonly channelTable: Table = newTable();
  private readonly patternTable: Table = newTable();
  /** By the value of an entry of these tables, less 1. */
  private readonly all: (Channel | null)[] = [];
  private readonly free: i32[] = [];
  /** Of pairs of a client and a channel. */
  private readonly pairTable: Table = newTable();
  /** By the value of its entries, less 1. */
  private readonly subscriptions: (Subscription | null)[] = [];
  private readonly freeSubscriptions: i32[] = [];
  readonly patterns: Channel[] = [];
  /** The next to be told of a message. */
  private nextPattern: i32 = 0;
  /** Of all names. */
  nameBytes: i32 = 0;
  private readonly message: Reply = new Reply(4096, 2 << 20);

  /** Subscriptions of all clients. */
  get count(): i32 {
    return this.pairTable.count;
  }

  get channelCount(): i32 {
    return this.channelTable.count;
  }

  private tableFor(isPattern: bool): Table {
    return isPattern ? this.patternTable : this.channelTable;
  }

  /** Null: nobody listens to it. */
  find(at: usize, bytes: i32, isPattern: bool): Channel | null {
    const entry = this.tableFor(isPattern).find(at, bytes);
    return entry === null ? null : this.all[<i32>entry.value - 1];
  }

  /** Null: that client does not listen to it. */
  subscriptionOf(client: Client, channel: Channel): Subscription | null {
    const entry = this.pairTable.find(pairOf(client, channel), PAIR_BYTES);
    return entry === null ? null : this.subscriptions[<i32>entry.value - 1];
  }

  /** A client that does not listen to it yet does from now on. */
  join(client: Client, at: usize, bytes: i32, isPattern: bool): void {
    const known = this.find(at, bytes, isPattern);
    const channel = known !== null ? known : this.open(at, bytes, isPattern);
    let place = this.subscriptions.length;
    if (this.freeSubscriptions.length > 0) place = this.freeSubscriptions.pop();
    else this.subscriptions.push(null);
    const subscription = new Subscription(client, channel, place);
    this.subscriptions[place] = subscription;
    this.pairTable.add(pairOf(client, channel), PAIR_BYTES).value = <u32>place + 1;
    channel.subscriptions.add(subscription, true);
    client.interests.of(isPattern).add(subscription, false);
  }

  private open(at: usize, bytes: i32, isPattern: bool): Channel {
    const name = new Uint8Array(bytes);
    memory.copy(name.dataStart, at, <usize>bytes);
    let place = this.all.length;
    if (this.free.length > 0) place = this.free.pop();
    else this.all.push(null);
    const channel = new Channel(name, isPattern, place);
    this.all[place] = channel;
    this.tableFor(isPattern).add(at, bytes).value = <u32>place + 1;
    this.nameBytes += bytes;
    if (isPattern) this.patterns.push(channel);
    return channel;
  }

  /** It ends; nobody else may be left. */
  leave(subscription: Subscription): void {
    const channel = subscription.channel;
    const client = subscription.client;
    if (channel.next === subscription) channel.next = subscription.nextOfChannel;
    channel.subscriptions.remove(subscription, true);
    client.interests.of(channel.isPattern).remove(subscription, false);
    remove(this.pairTable, pairOf(client, channel), PAIR_BYTES);
    this.subscriptions[subscription.place] = null;
    this.freeSubscriptions.push(subscription.place);
    if (channel.subscriptions.count == 0) this.close(channel);
  }

  private close(channel: Channel): void {
    const name = channel.name;
    this.nameBytes -= name.length;
    remove(this.tableFor(channel.isPattern), name.dataStart, name.length);
    this.all[channel.place] = null;
    this.free.push(channel.place);
    if (!channel.isPattern) return;
    const at = this.patterns.indexOf(channel);
    this.patterns.splice(at, 1);
    if (at < this.nextPattern) this.nextPattern--;
  }

  /** A client that is gone, or says RESET, hears nothing any more. */
  leaveAll(client: Client): void {
    for (let kind = 0; kind < 2; kind++) {
      if (client.subscriptions == 0) return;
      const interests = client.interests.of(kind == 1);
      for (let one = interests.first; one !== null; one = interests.first) this.leave(one);
    }
  }

  /** Returns how many heard it. @param own the publisher, whose reply is being composed */
  publish(
    at: usize,
    bytes: i32,
    message: usize,
    messageBytes: i32,
    own: Client,
    ownReply: Reply,
  ): i32 {
    let heard = 0;
    const channel = this.find(at, bytes, false);
    if (channel !== null) {
      for (let client = first(channel); client !== null; client = next(channel)) {
        const into = this.replyFor(client, own, ownReply);
        into.push(3);
        into.bulkText("message");
        into.bulk(at, bytes);
        into.bulk(message, messageBytes);
        if (client !== own) client.hear(into);
        heard++;
      }
    }
    this.nextPattern = 0;
    while (this.nextPattern < this.patterns.length) {
      const pattern = this.patterns[this.nextPattern++];
      const name = pattern.name;
      if (!matches(name.dataStart, name.length, at, bytes)) continue;
      for (let client = first(pattern); client !== null; client = next(pattern)) {
        const into = this.replyFor(client, own, ownReply);
        into.push(4);
        into.bulkText("pmessage");
        into.bulk(name.dataStart, name.length);
        into.bulk(at, bytes);
        into.bulk(message, messageBytes);
        if (client !== own) client.hear(into);
        heard++;
      }
    }
    return heard;
  }

  private replyFor(client: Client, own: Client, ownReply: Reply): Reply {
    if (client === own) return ownReply;
    this.message.clear();
    this.message.isResp3 = client.isResp3;
    return this.message;
  }

  /** Names of channels, or of those that a pattern fits. */
  list(reply: Reply, pattern: usize, patternBytes: i32, all: bool): void {
    const table = this.channelTable;
    let count = 0;
    for (let pass = 0; pass < 2; pass++) {
      if (pass == 1) reply.array(count);
      for (let place: u32 = 0; place < table.places; place++) {
        for (let at = table.firstAt(place); at != 0; at = <usize>changetype<Entry>(at).next) {
          const entry = changetype<Entry>(at);
          const name = table.keyOf(entry);
          if (!all && !matches(pattern, patternBytes, name, entry.keyLength)) continue;
          if (pass == 0) count++;
          else reply.bulk(name, entry.keyLength);
        }
      }
    }
  }
}

function remove(table: Table, key: usize, bytes: i32): void {
  const entry = table.find(key, bytes);
  if (entry !== null) table.remove(entry);
}

/** The first who is told. */
function first(channel: Channel): Client | null {
  channel.next = channel.subscriptions.first;
  return next(channel);
}

/** Who is told then; null: that was the last. */
function next(channel: Channel): Client | null {
  const subscription = channel.next;
  if (subscription === null) return null;
  channel.next = subscription.nextOfChannel;
  return subscription.client;
}
