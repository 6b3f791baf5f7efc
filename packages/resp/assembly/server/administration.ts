/** Commands about connections and the server: AUTH, HELLO, PING, CLIENT, COMMAND, CONFIG, INFO … */
import { NOT_INTEGER } from "../commands/call";
import { Command } from "../commands/table";
import { isNumber, readInteger } from "../protocol/numbers";
import { Client } from "./client";
import { clientCommand, isName, setName } from "./client-commands";
import { config } from "./configuration";
import { info } from "./info";
import { commandCommand } from "./introspection";
import { StoreServer } from "./server";

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
      return info(server);
    case Command.MONITOR:
      return server.monitors.add(client, reply);
    case Command.WAIT:
      return wait(server);
    case Command.ROLE: {
      reply.array(3);
      reply.bulkText("master");
      reply.integer(0);
      return reply.array(0);
    }
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
  server.channels.leaveAll(client);
  server.monitors.forget(client);
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

/** WAIT: there are no replicas that could have been written to. */
function wait(server: StoreServer): void {
  const call = server.call;
  call.integer(1);
  if (!isNumber) return;
  const timeoutMs = readInteger(call.at(2), call.bytes(2));
  if (!isNumber) server.reply.error("ERR timeout is not an integer or out of range");
  else if (timeoutMs < 0) server.reply.error("ERR timeout is negative");
  else server.reply.integer(0);
}
