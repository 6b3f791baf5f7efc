/** SUBSCRIBE, PUBLISH and their kind. */
import { Call } from "../commands/call";
import { help } from "../commands/subcommands";
import { Command } from "../commands/table";
import { Reply } from "../protocol/reply";
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
  const limits = server.limits;
  const what = isPattern ? "psubscribe" : "subscribe";
  for (let i = 1; i < call.count; i++) {
    const known = channels.find(call.at(i), call.bytes(i), isPattern);
    if (known === null || channels.subscriptionOf(client, known) === null) {
      const bytes = known === null ? call.bytes(i) : 0;
      const tooMany = isPattern && known === null && channels.patterns.length >= limits.patterns;
      const tooLong = channels.nameBytes + bytes > limits.subscriptionBytes;
      if (tooMany || tooLong || channels.count >= limits.subscriptions)
        return server.reply.error("ERR too many subscriptions");
      channels.join(client, call.at(i), call.bytes(i), isPattern);
    }
    tell(server.reply, what, call.at(i), call.bytes(i), client.subscriptions);
  }
}

function unsubscribe(server: StoreServer, client: Client, isPattern: bool): void {
  const call = server.call;
  const reply = server.reply;
  const channels = server.channels;
  const what = isPattern ? "punsubscribe" : "unsubscribe";
  if (call.count == 1) {
    const own = client.interests.of(isPattern);
    if (own.count == 0) return tell(reply, what, 0, 0, client.subscriptions);
    for (let one = own.first; one !== null; one = own.first) {
      const name = one.channel.name;
      channels.leave(one);
      tell(reply, what, name.dataStart, name.length, client.subscriptions);
    }
    return;
  }
  for (let i = 1; i < call.count; i++) {
    const channel = channels.find(call.at(i), call.bytes(i), isPattern);
    if (channel !== null) {
      const own = channels.subscriptionOf(client, channel);
      if (own !== null) channels.leave(own);
    }
    tell(reply, what, call.at(i), call.bytes(i), client.subscriptions);
  }
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
      const channel = server.channels.find(call.at(i), call.bytes(i), false);
      reply.bulk(call.at(i), call.bytes(i));
      reply.integer(channel === null ? 0 : <i64>channel.subscriptions.count);
    }
  } else if (call.is(1, "help")) help(Command.PUBSUB, "pubsub", call);
  else call.syntax();
}
