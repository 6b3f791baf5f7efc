/** CONFIG: what a client may ask for, and the little that it may change. */
import { Call } from "../commands/call";
import { matches } from "../commands/glob";
import { help } from "../commands/subcommands";
import { Command } from "../commands/table";
import { isNumber, readInteger } from "../protocol/numbers";
import { StoreServer } from "./server";

/** Name and value after each other. */
function settings(server: StoreServer): string[] {
  return [
    "save",
    "",
    "appendonly",
    server.isDurable ? "yes" : "no",
    "appendfsync",
    server.durabilityText,
    "maxmemory",
    server.db.memoryBytesMax.toString(),
    "maxmemory-policy",
    "noeviction",
    "maxclients",
    server.clientsMax.toString(),
    "proto-max-bulk-len",
    server.limits.bulkBytes.toString(),
    "databases",
    "1",
    "timeout",
    "0",
  ];
}

export function config(server: StoreServer): void {
  const call = server.call;
  const reply = server.reply;
  if (call.is(1, "get")) get(server);
  else if (call.is(1, "set")) set(server);
  else if (call.is(1, "help")) help(Command.CONFIG, "config", call);
  else if (call.is(1, "rewrite")) reply.error("ERR The server is running without a config file");
  else {
    server.counters.reset();
    reply.ok();
  }
}

function get(server: StoreServer): void {
  const call = server.call;
  const reply = server.reply;
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

/** All of it, or nothing. */
function set(server: StoreServer): void {
  const call = server.call;
  if ((call.count & 1) != 0) return call.syntax();
  const all = settings(server);
  // A setting that is named twice ends it, so nobody can have more of them looked at than there are.
  let named: u32 = 0;
  for (let i = 2; i < call.count; i += 2) {
    let known = 0;
    while (known < all.length && !call.is(i, all[known])) known += 2;
    if (known == all.length) break;
    if (named & (1 << ((<u32>known) >> 1)))
      return call.reply.error(failed(call, i) + "duplicate parameter");
    named |= 1 << ((<u32>known) >> 1);
  }
  for (let pass = 0; pass < 2; pass++) {
    for (let i = 2; i < call.count; i += 2) {
      const why = change(server, all, i, pass == 1);
      if (why.length > 0) return call.reply.error(why);
    }
  }
  call.reply.ok();
}

function failed(call: Call, name: i32): string {
  return `ERR CONFIG SET failed (possibly related to argument '${call.text(name)}') - `;
}

/** Why it cannot be; empty: it can, and, if `now`, is. */
function change(server: StoreServer, all: string[], name: i32, now: bool): string {
  const call = server.call;
  let known = 0;
  while (known < all.length && !call.is(name, all[known])) known += 2;
  if (known == all.length)
    return "ERR Unknown option or number of arguments for CONFIG SET - " + `'${call.text(name)}'`;
  const isMemory = all[known] == "maxmemory";
  if (isMemory || all[known] == "maxclients") {
    const most = isMemory ? server.limits.memoryBytes : <i64>server.limits.clients;
    let value = isMemory
      ? memoryAt(call, name + 1)
      : readInteger(call.at(name + 1), call.bytes(name + 1));
    if (!isNumber)
      return (
        failed(call, name) +
        (isMemory
          ? "argument must be a memory value"
          : "argument couldn't be parsed into an integer")
      );
    // No limit is the largest that there can be.
    if (isMemory && value == 0) value = most;
    if (value < 1 || value > most)
      return failed(call, name) + `argument must be between 1 and ${most} inclusive`;
    if (now && isMemory) server.db.memoryBytesMax = value;
    else if (now) server.clientsMax = <i32>value;
    return "";
  }
  if (call.is(name + 1, all[known + 1])) return "";
  return failed(call, name) + "can't set immutable config";
}

/** A number of bytes, with a unit if need be; `isNumber` says whether it is one. */
function memoryAt(call: Call, index: i32): i64 {
  const at = call.at(index);
  let digits = call.bytes(index);
  while (digits > 0 && load<u8>(at + <usize>(digits - 1)) > 0x39) digits--;
  let unit: i64 = 0;
  for (let i = digits; i < call.bytes(index); i++) {
    const letter = load<u8>(at + <usize>i) | 0x20;
    const isLast = i + 1 == call.bytes(index);
    if (i == digits && letter == 0x6b) unit = isLast ? 1000 : 1024;
    else if (i == digits && letter == 0x6d) unit = isLast ? 1_000_000 : 1 << 20;
    else if (i == digits && letter == 0x67) unit = isLast ? 1_000_000_000 : 1 << 30;
    else if (letter != 0x62 || !isLast) unit = -1;
    else if (unit == 0) unit = 1;
    if (unit < 0) break;
  }
  const value = readInteger(at, unit < 0 ? 0 : digits);
  return unit > 0 && value < i64.MAX_VALUE / unit ? value * unit : value;
}
