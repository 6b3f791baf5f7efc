/** Commands about connections and the server: AUTH, HELLO, PING, CLIENT, COMMAND, CONFIG, INFO … */
import { Call, NOT_INTEGER } from "../commands/call";
import { matches } from "../commands/glob";
import { Command, Flag } from "../commands/table";
import { isNumber, readInteger } from "../protocol/numbers";
import { Client } from "./client";
import { infoText } from "./info";
import { StoreServer } from "./server";
import { unsubscribeAll } from "./subscribing";

const WRONG_PASSWORD: string = "WRONGPASS invalid username-password pair or user is disabled.";

export function administer(command: Command, server: StoreServer, client: Client): void {
  const call = server.call;
  const reply = server.reply;
  switch (<i32>command) {
    case Command.PING:
      return ping(server, client);
    case Command.ECHO:
      return reply.bulk(call.at(1), call.bytes(1));
    case Command.SELECT: {
      const index = readInteger(call.at(1), call.bytes(1));
      if (!isNumber) return reply.error(NOT_INTEGER);
      if (index != 0) return reply.error("ERR DB index is out of range");
      return reply.ok();
    }
    case Command.QUIT:
      client.isLeaving = true;
      return reply.ok();
    case Command.RESET:
      return reset(server, client);
    case Command.AUTH:
      return auth(server, client);
    case Command.HELLO:
      return hello(server, client);
    case Command.CLIENT:
      return clientCommand(server, client);
    case Command.COMMAND:
      return commandCommand(server);
    case Command.CONFIG:
      return config(server);
    case Command.INFO:
      return reply.verbatim(infoText(server));
    default: {
      const ms = server.db.nowMs;
      reply.array(2);
      reply.bulkInteger(ms / 1000);
      reply.bulkInteger((ms % 1000) * 1000);
    }
  }
}

function ping(server: StoreServer, client: Client): void {
  const call = server.call;
  const reply = server.reply;
  if (call.count > 2) return call.wrongArity("ping");
  if (client.subscriptions > 0 && !client.isResp3) {
    reply.array(2);
    reply.bulkText("pong");
    if (call.count == 2) reply.bulk(call.at(1), call.bytes(1));
    else reply.bulkText("");
  } else if (call.count == 2) reply.bulk(call.at(1), call.bytes(1));
  else reply.simple("PONG");
}

function reset(server: StoreServer, client: Client): void {
  const transaction = client.transaction;
  if (transaction !== null) transaction.close();
  unsubscribeAll(server, client);
  client.isResp3 = false;
  server.reply.isResp3 = false;
  client.name = new Uint8Array(0);
  if (server.hasPassword) client.isKnown = false;
  server.reply.simple("RESET");
}

/** Takes as long for a wrong password as for the right one. */
function isPassword(server: StoreServer, at: usize, bytes: i32): bool {
  const password = Uint8Array.wrap(String.UTF8.encode(server.password));
  let difference = bytes ^ password.length;
  for (let i = 0; i < min(bytes, password.length); i++)
    difference |= <i32>(load<u8>(at + <usize>i) ^ password[i]);
  return difference == 0;
}

/** @param user of the call; -1: the default one */
function logsIn(server: StoreServer, client: Client, user: i32, password: i32): bool {
  const call = server.call;
  const isDefault = user < 0 || call.is(user, "default");
  const isRight =
    !server.hasPassword || isPassword(server, call.at(password), call.bytes(password));
  if (isDefault && isRight) client.becomeKnown();
  else server.reply.error(WRONG_PASSWORD);
  return isDefault && isRight;
}

function auth(server: StoreServer, client: Client): void {
  const call = server.call;
  if (call.count > 3) return call.syntax();
  if (call.count == 2 && !server.hasPassword)
    return server.reply.error(
      "ERR AUTH <password> called without any password configured for the default user. " +
        "Are you sure your configuration is correct?",
    );
  if (logsIn(server, client, call.count == 3 ? 1 : -1, call.count - 1)) server.reply.ok();
}

function hello(server: StoreServer, client: Client): void {
  const call = server.call;
  const reply = server.reply;
  let version: i64 = client.isResp3 ? 3 : 2;
  if (call.count > 1) {
    version = readInteger(call.at(1), call.bytes(1));
    if (!isNumber) return reply.error("ERR Protocol version is not an integer or out of range");
    if (version != 2 && version != 3) return reply.error("NOPROTO unsupported protocol version");
  }
  let name = -1;
  for (let i = 2; i < call.count; i++) {
    if (call.is(i, "auth") && i + 2 < call.count) {
      if (!logsIn(server, client, i + 1, i + 2)) return;
      i += 2;
    } else if (call.is(i, "setname") && i + 1 < call.count) {
      name = ++i;
      if (!isName(call, name)) return;
    } else return reply.error(`ERR Syntax error in HELLO option '${call.text(i)}'`);
  }
  if (!client.isKnown)
    return reply.error(
      "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO " +
        "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the " +
        "RESP protocol version at the same time",
    );
  if (name >= 0) setName(call, client, name);
  client.isResp3 = version == 3;
  reply.isResp3 = client.isResp3;
  reply.map(7);
  reply.bulkText("server");
  reply.bulkText("redis");
  reply.bulkText("version");
  reply.bulkText("7.0.0");
  reply.bulkText("proto");
  reply.integer(version);
  reply.bulkText("id");
  reply.integer(<i64>client.id);
  reply.bulkText("mode");
  reply.bulkText("standalone");
  reply.bulkText("role");
  reply.bulkText("master");
  reply.bulkText("modules");
  reply.array(0);
}

const BAD_NAME: string = "ERR Client names cannot contain spaces, newlines or special characters.";
const NAME_BYTES_MAX: i32 = 1024;

function isName(call: Call, index: i32): bool {
  let isGood = call.bytes(index) <= NAME_BYTES_MAX;
  for (let i = 0; isGood && i < call.bytes(index); i++) {
    const byte = load<u8>(call.at(index) + <usize>i);
    isGood = byte > 0x20 && byte < 0x7f;
  }
  if (!isGood) call.reply.error(BAD_NAME);
  return isGood;
}

function setName(call: Call, client: Client, index: i32): void {
  client.name = new Uint8Array(call.bytes(index));
  memory.copy(client.name.dataStart, call.at(index), <usize>call.bytes(index));
}

function clientLine(client: Client): string {
  const name = String.UTF8.decodeUnsafe(client.name.dataStart, <usize>client.name.length);
  const version = client.isResp3 ? 3 : 2;
  return (
    `id=${client.id} addr=${client.tcp.remote} laddr=${client.tcp.local} name=${name} db=0 ` +
    `sub=${client.channels.length} psub=${client.patterns.length} resp=${version}\n`
  );
}

function clientCommand(server: StoreServer, client: Client): void {
  const call = server.call;
  const reply = server.reply;
  if (call.is(1, "id") && call.count == 2) reply.integer(<i64>client.id);
  else if (call.is(1, "getname") && call.count == 2) {
    if (client.name.length == 0) reply.nothing();
    else reply.bulk(client.name.dataStart, client.name.length);
  } else if (call.is(1, "setname") && call.count == 3) {
    if (!isName(call, 2)) return;
    setName(call, client, 2);
    reply.ok();
  } else if (call.is(1, "setinfo") && call.count == 4) reply.ok();
  else if (call.is(1, "info") && call.count == 2) reply.verbatim(clientLine(client));
  else if (call.is(1, "list") && call.count == 2) {
    let text = "";
    for (let i = 0; i < server.clients.length; i++) text += clientLine(server.clients[i]);
    reply.verbatim(text);
  } else unknownSubcommand(call, "CLIENT");
}

function unknownSubcommand(call: Call, command: string): void {
  call.reply.error(`ERR unknown subcommand '${call.text(1)}'. Try ${command} HELP.`);
}

function putCommand(server: StoreServer, command: i32): void {
  const commands = server.commands;
  const reply = server.reply;
  const flags = commands.flags[command];
  reply.array(6);
  reply.bulkText(commands.names[command]);
  reply.integer(<i64>commands.arity[command]);
  const writes = (flags & Flag.WRITE) != 0;
  const reads = (flags & Flag.READ) != 0;
  const grows = (flags & Flag.GROWS) != 0;
  reply.set((writes || reads ? 1 : 0) + (grows ? 1 : 0));
  if (writes || reads) reply.simple(writes ? "write" : "readonly");
  if (grows) reply.simple("denyoom");
  for (let i = 0; i < 3; i++) reply.integer(<i64>commands.keys[3 * command + i]);
}

function commandCommand(server: StoreServer): void {
  const call = server.call;
  const reply = server.reply;
  const count = server.commands.names.length - 1;
  if (call.count == 1) {
    reply.array(count);
    for (let command = 1; command <= count; command++) putCommand(server, command);
  } else if (call.is(1, "count") && call.count == 2) reply.integer(<i64>count);
  else if (call.is(1, "docs")) reply.map(0);
  else unknownSubcommand(call, "COMMAND");
}

/** What a client may ask for: name and value after each other. */
function settings(server: StoreServer): string[] {
  return [
    "save",
    "",
    "appendonly",
    server.isDurable ? "yes" : "no",
    "appendfsync",
    server.durabilityText,
    "maxmemory",
    server.limits.memoryBytes.toString(),
    "maxmemory-policy",
    "noeviction",
    "maxclients",
    server.limits.clients.toString(),
    "proto-max-bulk-len",
    server.limits.bulkBytes.toString(),
    "databases",
    "1",
    "timeout",
    "0",
  ];
}

function config(server: StoreServer): void {
  const call = server.call;
  const reply = server.reply;
  if (call.is(1, "resetstat") && call.count == 2) return reply.ok();
  if (!call.is(1, "get") || call.count < 3) return unknownSubcommand(call, "CONFIG");
  const all = settings(server);
  let count = 0;
  for (let pass = 0; pass < 2; pass++) {
    if (pass == 1) reply.map(count);
    for (let i = 0; i < all.length; i += 2) {
      if (!isAsked(call, all[i])) continue;
      if (pass == 0) {
        count++;
        continue;
      }
      reply.bulkText(all[i]);
      reply.bulkText(all[i + 1]);
    }
  }
}

function isAsked(call: Call, name: string): bool {
  const bytes = Uint8Array.wrap(String.UTF8.encode(name));
  for (let i = 2; i < call.count; i++)
    if (matches(call.at(i), call.bytes(i), bytes.dataStart, bytes.length)) return true;
  return false;
}
