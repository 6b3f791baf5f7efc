/** CONFIG: what a client may ask for, and the little that it may change. */
import { SECOND } from "@phantasm/interfaces";
import { Call } from "../commands/call";
import { matches } from "../commands/glob";
import { help } from "../commands/subcommands";
import { Command } from "../commands/table";
import { isNumber, readInteger } from "../protocol/numbers";
import { StoreServer } from "./server";

const NAMES: StaticArray<string> = [
  "save",
  "appendonly",
  "appendfsync",
  "maxmemory",
  "maxmemory-policy",
  "maxclients",
  "proto-max-bulk-len",
  "databases",
  "timeout",
  "tcp-keepalive",
];

const MEMORY: i32 = 3;
const CLIENTS: i32 = 5;

function valueOf(server: StoreServer, setting: i32): string {
  const limits = server.limits;
  switch (setting) {
    case 1:
      return server.isDurable ? "yes" : "no";
    case 2:
      return server.durabilityText;
    case MEMORY:
      return server.db.memoryBytesMax.toString();
    case 4:
      return "noeviction";
    case CLIENTS:
      return server.clientsMax.toString();
    case 6:
      return limits.bulkBytes.toString();
    case 7:
      return "1";
    case 8:
      return "0";
    case 9:
      return (limits.keepAliveNs / SECOND).toString();
    default:
      return "";
  }
}

/** Of an argument; -1: there is no such setting. */
function settingAt(call: Call, index: i32): i32 {
  for (let setting = 0; setting < NAMES.length; setting++)
    if (call.is(index, NAMES[setting])) return setting;
  return -1;
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
  let count = 0;
  for (let pass = 0; pass < 2; pass++) {
    if (pass == 1) reply.map(count);
    for (let setting = 0; setting < NAMES.length; setting++) {
      if (!isAsked(call, NAMES[setting])) continue;
      if (pass == 0) {
        count++;
        continue;
      }
      reply.bulkText(NAMES[setting]);
      reply.bulkText(valueOf(server, setting));
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
  // A setting that is named twice ends it, so nobody can have more of them looked at than there are.
  let named: u32 = 0;
  for (let i = 2; i < call.count; i += 2) {
    const setting = settingAt(call, i);
    if (setting < 0)
      return call.reply.error(
        "ERR Unknown option or number of arguments for CONFIG SET - " + `'${call.text(i)}'`,
      );
    if (named & (1 << (<u32>setting)))
      return call.reply.error(failed(call, i) + "duplicate parameter");
    named |= 1 << (<u32>setting);
  }
  for (let pass = 0; pass < 2; pass++) {
    for (let i = 2; i < call.count; i += 2) {
      const why = change(server, i, pass == 1);
      if (why.length > 0) return call.reply.error(why);
    }
  }
  call.reply.ok();
}

function failed(call: Call, name: i32): string {
  return `ERR CONFIG SET failed (possibly related to argument '${call.text(name)}') - `;
}

/** Why it cannot be; empty: it can, and, if `now`, is. */
function change(server: StoreServer, name: i32, now: bool): string {
  const call = server.call;
  const setting = settingAt(call, name);
  const isMemory = setting == MEMORY;
  if (isMemory || setting == CLIENTS) {
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
  if (call.is(name + 1, valueOf(server, setting))) return "";
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
