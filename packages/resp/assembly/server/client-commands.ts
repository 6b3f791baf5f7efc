/** CLIENT: who is connected, and what becomes of them. */
import { Call } from "../commands/call";
import { help } from "../commands/subcommands";
import { Command } from "../commands/table";
import { isNumber, readInteger } from "../protocol/numbers";
import { Reply } from "../protocol/reply";
import { Client } from "./client";
import { StoreServer } from "./server";

const BAD_NAME: string = "ERR Client names cannot contain spaces, newlines or special characters.";
const NAME_BYTES_MAX: i32 = 1024;

/** False: a name may not be so, and the error is written. */
export function isName(call: Call, index: i32): bool {
  let isGood = call.bytes(index) <= NAME_BYTES_MAX;
  for (let i = 0; isGood && i < call.bytes(index); i++) {
    const byte = load<u8>(call.at(index) + <usize>i);
    isGood = byte > 0x20 && byte < 0x7f;
  }
  if (!isGood) call.reply.error(BAD_NAME);
  return isGood;
}

export function setName(call: Call, client: Client, index: i32): void {
  client.name = new Uint8Array(call.bytes(index));
  memory.copy(client.name.dataStart, call.at(index), <usize>call.bytes(index));
}

/** What Redis says of itself in letters. */
function flagsOf(server: StoreServer, client: Client): string {
  const transaction = client.transaction;
  let flags = "";
  if (server.monitors.clients.includes(client)) flags += "O";
  if (client.isBlocked) flags += "b";
  if (client.subscriptions > 0) flags += "P";
  if (transaction !== null && transaction.isOpen) flags += "x";
  return flags.length > 0 ? flags : "N";
}

function put(reply: Reply, name: string, value: i64): void {
  reply.text(name);
  reply.number(value);
}

/** Written piece by piece: of ten thousand lines, text that is put together first would fill memory. */
function putLine(server: StoreServer, client: Client): void {
  const reply = server.reply;
  const now = server.db.nowMs;
  const transaction = client.transaction;
  const isOpen = transaction !== null && transaction.isOpen;
  const command = server.commands.names[client.lastCommand];
  put(reply, "id=", <i64>client.id);
  reply.text(" addr=");
  reply.text(client.address);
  reply.text(" laddr=");
  reply.text(`${client.tcp.local}`);
  put(reply, " fd=", <i64>client.id);
  reply.text(" name=");
  reply.bytes(client.name.dataStart, client.name.length);
  put(reply, " age=", (now - client.sinceMs) / 1000);
  put(reply, " idle=", (now - client.lastMs) / 1000);
  reply.text(" flags=");
  reply.text(flagsOf(server, client));
  put(reply, " db=0 sub=", <i64>client.interests.channelCount);
  put(reply, " psub=", <i64>client.interests.patternCount);
  put(reply, " ssub=0 multi=", isOpen ? <i64>transaction!.queued.count : -1);
  put(reply, " qbuf=", <i64>client.waitingBytes);
  put(reply, " qbuf-free=0 omem=", <i64>client.unsentBytes);
  reply.text(" cmd=");
  reply.text(command.length > 0 ? command : "NULL");
  put(reply, " user=default redir=-1 resp=", client.isResp3 ? 3 : 2);
  reply.byte(0x0a);
}

export function clientCommand(server: StoreServer, client: Client): void {
  const call = server.call;
  const reply = server.reply;
  if (call.is(1, "id")) reply.integer(<i64>client.id);
  else if (call.is(1, "getname")) {
    if (client.name.length == 0) reply.nothing();
    else reply.bulk(client.name.dataStart, client.name.length);
  } else if (call.is(1, "setname")) {
    if (!isName(call, 2)) return;
    setName(call, client, 2);
    reply.ok();
  } else if (call.is(1, "setinfo")) reply.ok();
  else if (call.is(1, "info")) {
    const from = reply.used;
    putLine(server, client);
    reply.verbatimSince(from);
  } else if (call.is(1, "list")) list(server);
  else if (call.is(1, "kill")) kill(server, client);
  else if (call.is(1, "unblock")) unblock(server);
  else if (call.is(1, "pause")) pause(server);
  else if (call.is(1, "getredir")) reply.integer(-1);
  else if (call.is(1, "help")) help(Command.CLIENT, "client", call);
  else if (call.is(1, "unpause")) {
    server.pauses.end();
    reply.ok();
  } else if (call.is(2, "on") || call.is(2, "off")) reply.ok();
  else call.syntax();
}

/** Of TYPE: whether a client is of that type. */
enum Type {
  ANY,
  NORMAL,
  PUBSUB,
  /** Those there are none of. */
  OTHER,
  UNKNOWN,
}

function typeAt(call: Call, index: i32): Type {
  if (call.is(index, "normal")) return Type.NORMAL;
  if (call.is(index, "pubsub")) return Type.PUBSUB;
  if (call.is(index, "master") || call.is(index, "replica") || call.is(index, "slave"))
    return Type.OTHER;
  call.reply.error(`ERR Unknown client type '${call.text(index)}'`);
  return Type.UNKNOWN;
}

function isOf(client: Client, type: Type): bool {
  if (type == Type.ANY) return true;
  return type == (client.subscriptions > 0 ? Type.PUBSUB : Type.NORMAL);
}

function list(server: StoreServer): void {
  const call = server.call;
  let type = Type.ANY;
  const reply = call.reply;
  const from = reply.used;
  if (call.count > 3 && call.is(2, "id")) {
    for (let i = 3; i < call.count; i++) {
      const id = readInteger(call.at(i), call.bytes(i));
      if (!isNumber || id < 1) {
        reply.truncate(from);
        return reply.error("ERR Invalid client ID");
      }
      const one = server.clientOf(<u64>id);
      if (one !== null && !reply.isOverflowing) putLine(server, one);
    }
    return reply.verbatimSince(from);
  }
  if (call.count == 4 && call.is(2, "type")) {
    type = typeAt(call, 3);
    if (type == Type.UNKNOWN) return;
  } else if (call.count != 2) return call.syntax();
  for (let i = 0; i < server.clients.length && !reply.isOverflowing; i++)
    if (isOf(server.clients[i], type)) putLine(server, server.clients[i]);
  reply.verbatimSince(from);
}

function isText(call: Call, index: i32, text: string): bool {
  if (call.bytes(index) != text.length) return false;
  for (let i = 0; i < text.length; i++)
    if (load<u8>(call.at(index) + <usize>i) != <u8>text.charCodeAt(i)) return false;
  return true;
}

/** CLIENT KILL address, or filters that all have to fit. */
function kill(server: StoreServer, own: Client): void {
  const call = server.call;
  const isOld = call.count == 3;
  let id: i64 = 0;
  let type = Type.ANY;
  let address = isOld ? 2 : 0;
  let local = 0;
  let skipsOwn = !isOld;
  for (let i = 2; i < call.count && !isOld; i += 2) {
    if (i + 1 == call.count) return call.syntax();
    if (call.is(i, "id")) {
      id = readInteger(call.at(i + 1), call.bytes(i + 1));
      if (!isNumber || id < 1) return call.reply.error("ERR client-id should be greater than 0");
    } else if (call.is(i, "type")) {
      type = typeAt(call, i + 1);
      if (type == Type.UNKNOWN) return;
    } else if (call.is(i, "addr")) address = i + 1;
    else if (call.is(i, "laddr")) local = i + 1;
    else if (call.is(i, "user")) {
      if (!isText(call, i + 1, "default"))
        return call.reply.error(`ERR No such user '${call.text(i + 1)}'`);
    } else if (call.is(i, "skipme") && call.is(i + 1, "yes")) skipsOwn = true;
    else if (call.is(i, "skipme") && call.is(i + 1, "no")) skipsOwn = false;
    else return call.syntax();
  }
  let killed: i64 = 0;
  // Who is closed leaves the list at once.
  for (let i = server.clients.length - 1; i >= 0; i--) {
    const client = server.clients[i];
    if (client.isDoomed || (client === own && skipsOwn)) continue;
    if (id != 0 && client.id != <u64>id) continue;
    if (!isOf(client, type)) continue;
    if (address != 0 && !isText(call, address, client.address)) continue;
    if (local != 0 && !isText(call, local, `${client.tcp.local}`)) continue;
    killed++;
    if (client === own) own.isLeaving = true;
    else server.doom(client);
  }
  if (!isOld) call.reply.integer(killed);
  else if (killed > 0) call.reply.ok();
  else call.reply.error("ERR No such client");
}

function tooMany(call: Call): void {
  call.reply.error(
    `ERR unknown subcommand or wrong number of arguments for '${call.text(1)}'. Try CLIENT HELP.`,
  );
}

function unblock(server: StoreServer): void {
  const call = server.call;
  if (call.count > 4) return tooMany(call);
  let why: string | null = null;
  if (call.count == 4) {
    if (call.is(3, "error")) why = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
    else if (!call.is(3, "timeout"))
      return call.reply.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  const id = call.integer(2);
  if (!isNumber) return;
  const client = id > 0 ? server.clientOf(<u64>id) : null;
  const isBlocked = client !== null && client.isBlocked;
  if (isBlocked) server.blocking.giveUp(client!.wait!, why);
  call.reply.integer(isBlocked ? 1 : 0);
}

function pause(server: StoreServer): void {
  const call = server.call;
  let onlyWrites: bool = false;
  if (call.count > 4) return tooMany(call);
  if (call.count == 4) {
    onlyWrites = call.is(3, "write");
    if (!onlyWrites && !call.is(3, "all"))
      return call.reply.error("ERR CLIENT PAUSE mode must be WRITE or ALL");
  }
  const ms = readInteger(call.at(2), call.bytes(2));
  if (!isNumber) return call.reply.error("ERR timeout is not an integer or out of range");
  if (ms < 0) return call.reply.error("ERR timeout is negative");
  server.pauses.begin(ms, onlyWrites);
  call.reply.ok();
}
