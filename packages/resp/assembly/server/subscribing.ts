/** SUBSCRIBE, PUBLISH and their kind. */
import { Call } from "../commands/call";
import { help } from "../commands/subcommands";
import { Command } from "../commands/table";
import { Reply } from "../protocol/reply";
import { Channel } from "./channels";
import { Client } from "./client";
import { StoreServer } from "./server";

/** Of a message, besides channel and text: the pattern, at most so long, has to fit as well. */
const PUSH_HEAD_BYTES: i32 = 64 << 10;

export function subscribeCommand(command: Command, server: StoreServer, client: Client): void {
  const call = server.call;
  switch (<i32>command) {
    case Command.SUBSCRIBE:
      return subscribe(server, client, false);
    case Command.PSUBSCRIBE:
      return subscribe(server, client, true);
    case Command.UNSUBSCRIBE:
      return unsubscribe(server, client, false);
    case Command.PUNSUBSCRIBE:
      return unsubscribe(server, client, true);
    case Command.PUBLISH: {
      if (call.bytes(1) + call.bytes(2) > server.limits.pushBytes - PUSH_HEAD_BYTES)
        return server.reply.error("ERR message is too large");
      server.counters.messages++;
      const heard = server.channels.publish(
        call.at(1),
        call.bytes(1),
        call.at(2),
        call.bytes(2),
        client,
        server.reply,
      );
      return server.reply.integer(<i64>heard);
    }
    default:
      return pubsub(server, call);
  }
}

function tell(reply: Reply, what: string, name: usize, bytes: i32, count: i32): void {
  reply.push(3);
  reply.bulkText(what);
  if (name == 0) reply.nothing();
  else reply.bulk(name, bytes);
  reply.integer(<i64>count);
}

function subscribe(server: StoreServer, client: Client, isPattern: bool): void {
  const call = server.call;
  const channels = server.channels;
  const own = isPattern ? client.patterns : client.channels;
  const what = isPattern ? "psubscribe" : "subscribe";
  for (let i = 1; i < call.count; i++) {
    const known = isPattern
      ? channels.findPattern(call.at(i), call.bytes(i))
      : channels.find(call.at(i), call.bytes(i));
    if (known === null || !own.includes(known)) {
      const tooMany =
        isPattern && known === null && channels.patterns.length >= server.limits.patterns;
      const isLong = channels.nameBytes + call.bytes(i) > server.limits.subscriptionBytes;
      if (tooMany || isLong || channels.count >= server.limits.subscriptions)
        return server.reply.error("ERR too many subscriptions");
      const channel = channels.open(call.at(i), call.bytes(i), isPattern);
      channel.clients.push(client);
      own.push(channel);
      channels.count++;
    }
    tell(server.reply, what, call.at(i), call.bytes(i), client.subscriptions);
  }
}

function leave(server: StoreServer, client: Client, channel: Channel, isPattern: bool): void {
  const own = isPattern ? client.patterns : client.channels;
  own.splice(own.indexOf(channel), 1);
  server.channels.leave(channel, client, isPattern);
}

function unsubscribe(server: StoreServer, client: Client, isPattern: bool): void {
  const call = server.call;
  const reply = server.reply;
  const channels = server.channels;
  const own = isPattern ? client.patterns : client.channels;
  const what = isPattern ? "punsubscribe" : "unsubscribe";
  if (call.count == 1) {
    if (own.length == 0) return tell(reply, what, 0, 0, client.subscriptions);
    while (own.length > 0) {
      const channel = own[0];
      leave(server, client, channel, isPattern);
      tell(reply, what, channel.name.dataStart, channel.name.length, client.subscriptions);
    }
    return;
  }
  for (let i = 1; i < call.count; i++) {
    const channel = isPattern
      ? channels.findPattern(call.at(i), call.bytes(i))
      : channels.find(call.at(i), call.bytes(i));
    if (channel !== null && own.includes(channel)) leave(server, client, channel, isPattern);
    tell(reply, what, call.at(i), call.bytes(i), client.subscriptions);
  }
}

/** A client that says RESET hears nothing any more. */
export function unsubscribeAll(server: StoreServer, client: Client): void {
  while (client.channels.length > 0) leave(server, client, client.channels[0], false);
  while (client.patterns.length > 0) leave(server, client, client.patterns[0], true);
}

function pubsub(server: StoreServer, call: Call): void {
  const reply = server.reply;
  if (call.is(1, "channels") && call.count <= 3) {
    const all = call.count == 2;
    server.channels.list(reply, all ? 0 : call.at(2), all ? 0 : call.bytes(2), all);
  } else if (call.is(1, "numpat") && call.count == 2)
    reply.integer(<i64>server.channels.patterns.length);
  else if (call.is(1, "numsub")) {
    reply.array(2 * (call.count - 2));
    for (let i = 2; i < call.count; i++) {
      const channel = server.channels.find(call.at(i), call.bytes(i));
      reply.bulk(call.at(i), call.bytes(i));
      reply.integer(channel === null ? 0 : <i64>channel.clients.length);
    }
  } else if (call.is(1, "help")) help(Command.PUBSUB, "pubsub", call);
  else call.syntax();
}
