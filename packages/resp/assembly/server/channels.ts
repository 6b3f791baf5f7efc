/** Who listens to what: channels by name in a table, patterns in a list. */
import { Entry, Table, newTable } from "../memory/table";
import { matches } from "../commands/glob";
import { Reply } from "../protocol/reply";
import { Client } from "./client";


@final
export class Channel {
  readonly clients: Client[] = [];
  /** Who is told next, while a message is: who hears it may have to close, himself or another. */
  next: i32 = 0;
  constructor(readonly name: Uint8Array) {}

  /** False: it is not subscribed. */
  remove(client: Client): bool {
    const at = this.clients.indexOf(client);
    if (at < 0) return false;
    this.clients.splice(at, 1);
    if (at < this.next) this.next--;
    return true;
  }
}


@final
export class Channels {
  private readonly table: Table = newTable();
  /** By the value of the entry, less 1. */
  private readonly all: (Channel | null)[] = [];
  private readonly free: i32[] = [];
  readonly patterns: Channel[] = [];
  /** The next to be told of a message. */
  private nextPattern: i32 = 0;
  /** Subscriptions of all clients. */
  count: i32 = 0;
  /** Of all names. */
  nameBytes: i32 = 0;
  private readonly message: Reply = new Reply(4096, 2 << 20);

  get channelCount(): i32 {
    return this.table.count;
  }

  find(at: usize, bytes: i32): Channel | null {
    const entry = this.table.find(at, bytes);
    return entry === null ? null : this.all[<i32>entry.value - 1];
  }

  findPattern(at: usize, bytes: i32): Channel | null {
    for (let i = 0; i < this.patterns.length; i++) {
      const name = this.patterns[i].name;
      if (name.length == bytes && memory.compare(name.dataStart, at, <usize>bytes) == 0)
        return this.patterns[i];
    }
    return null;
  }

  /** The channel, made if nobody listens to it yet. */
  open(at: usize, bytes: i32, isPattern: bool): Channel {
    const known = isPattern ? this.findPattern(at, bytes) : this.find(at, bytes);
    if (known !== null) return known;
    const name = new Uint8Array(bytes);
    memory.copy(name.dataStart, at, <usize>bytes);
    const channel = new Channel(name);
    this.nameBytes += bytes;
    if (isPattern) {
      this.patterns.push(channel);
      return channel;
    }
    let index = this.all.length;
    if (this.free.length > 0) {
      index = this.free.pop();
      this.all[index] = channel;
    } else this.all.push(channel);
    this.table.add(at, bytes).value = <u32>index + 1;
    return channel;
  }

  /** A client leaves; nobody else may be left. */
  leave(channel: Channel, client: Client, isPattern: bool): void {
    if (channel.remove(client)) this.count--;
    if (channel.clients.length > 0) return;
    this.nameBytes -= channel.name.length;
    if (isPattern) {
      const at = this.patterns.indexOf(channel);
      this.patterns.splice(at, 1);
      if (at < this.nextPattern) this.nextPattern--;
      return;
    }
    const entry = this.table.find(channel.name.dataStart, channel.name.length);
    if (entry === null) return;
    const index = <i32>entry.value - 1;
    this.all[index] = null;
    this.free.push(index);
    this.table.remove(entry);
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
    const channel = this.find(at, bytes);
    if (channel !== null) {
      channel.next = 0;
      while (channel.next < channel.clients.length) {
        const client = channel.clients[channel.next++];
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
      pattern.next = 0;
      while (pattern.next < pattern.clients.length) {
        const client = pattern.clients[pattern.next++];
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
    const table = this.table;
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
