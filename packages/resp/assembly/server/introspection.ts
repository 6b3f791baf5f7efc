/** COMMAND: what there is to be asked. */
import { help } from "../commands/subcommands";
import { matches } from "../commands/glob";
import { Command, Flag } from "../commands/table";
import { isNumber, readInteger } from "../protocol/numbers";
import { StoreServer } from "./server";

/** Name, arity, flags, first key, last key, step, categories, tips, where keys are, subcommands. */
const COMMAND_FIELDS: i32 = 10;

function putCommand(server: StoreServer, command: i32): void {
  const commands = server.commands;
  const reply = server.reply;
  const flags = commands.flags[command];
  reply.array(COMMAND_FIELDS);
  reply.bulkText(commands.names[command]);
  reply.integer(<i64>commands.arity[command]);
  const writes = (flags & Flag.WRITE) != 0;
  const reads = (flags & Flag.READ) != 0;
  const grows = (flags & Flag.GROWS) != 0;
  const blocks = (flags & Flag.BLOCKING) != 0;
  const moves = numberAt(<Command>command) > 0;
  const data = writes || reads;
  reply.set((data ? 1 : 0) + (grows ? 1 : 0) + (blocks ? 1 : 0) + (moves ? 1 : 0));
  if (data) reply.simple(writes ? "write" : "readonly");
  if (grows) reply.simple("denyoom");
  if (blocks) reply.simple("blocking");
  if (moves) reply.simple("movablekeys");
  for (let i = 0; i < 3; i++) reply.integer(<i64>commands.keys[3 * command + i]);
  reply.set(data ? 1 : 0);
  if (data) reply.simple(writes ? "@write" : "@read");
  for (let i = 0; i < 3; i++) reply.array(0);
}

/** Which argument says how many keys follow; 0: none does. */
function numberAt(command: Command): i32 {
  switch (<i32>command) {
    case Command.ZUNION:
    case Command.ZINTER:
    case Command.ZDIFF:
    case Command.ZINTERCARD:
    case Command.SINTERCARD:
    case Command.LMPOP:
    case Command.ZMPOP:
      return 1;
    case Command.ZUNIONSTORE:
    case Command.ZINTERSTORE:
    case Command.ZDIFFSTORE:
    case Command.BLMPOP:
    case Command.BZMPOP:
      return 2;
    default:
      return 0;
  }
}

export function commandCommand(server: StoreServer): void {
  const call = server.call;
  const reply = server.reply;
  const commands = server.commands;
  const count = commands.names.length - 1;
  if (call.count == 1 || (call.count == 2 && call.is(1, "info"))) {
    reply.array(count);
    for (let command = 1; command <= count; command++) putCommand(server, command);
  } else if (call.is(1, "info")) {
    reply.array(call.count - 2);
    for (let i = 2; i < call.count; i++) {
      const command = commands.named(call.at(i), call.bytes(i));
      if (command == Command.NONE) reply.nothing();
      else putCommand(server, <i32>command);
    }
  } else if (call.is(1, "count")) reply.integer(<i64>count);
  // Words about commands are for people, who have them elsewhere.
  else if (call.is(1, "docs")) reply.map(0);
  else if (call.is(1, "list")) list(server);
  else if (call.is(1, "getkeys")) getKeys(server);
  else help(Command.COMMAND, "command", call);
}

function list(server: StoreServer): void {
  const call = server.call;
  const reply = server.reply;
  const names = server.commands.names;
  let isFiltered: bool = false;
  if (call.count != 2) {
    if (call.count != 5 || !call.is(2, "filterby")) return call.syntax();
    isFiltered = call.is(3, "pattern");
    // There are no modules, and categories are not told apart.
    if (!isFiltered && (call.is(3, "module") || call.is(3, "aclcat"))) return reply.array(0);
    if (!isFiltered) return call.syntax();
  }
  const from = reply.used;
  let count = 0;
  for (let command = 1; command < names.length; command++) {
    const name = Uint8Array.wrap(String.UTF8.encode(names[command]));
    if (isFiltered && !matches(call.at(4), call.bytes(4), name.dataStart, name.length)) continue;
    reply.bulkText(names[command]);
    count++;
  }
  reply.arraySince(from, count);
}

/** Which of the arguments behind are keys of the command that they are. */
function getKeys(server: StoreServer): void {
  const call = server.call;
  const reply = server.reply;
  const commands = server.commands;
  const command = commands.named(call.at(2), call.bytes(2));
  if (command == Command.NONE) return reply.error("ERR Invalid command specified");
  const arity = commands.arity[command];
  const count = call.count - 2;
  const number = numberAt(command);
  let first = commands.keys[3 * command];
  if (first == 0 && number == 0) return reply.error("ERR The command has no key arguments");
  if (arity > 0 ? count != arity : count < -arity)
    return reply.error("ERR Invalid number of arguments specified for command");
  let last = commands.keys[3 * command + 1];
  const step = commands.keys[3 * command + 2];
  if (last < 0) last += count;
  const from = reply.used;
  let found = 0;
  for (; first != 0 && first <= last; first += step) {
    reply.bulk(call.at(2 + first), call.bytes(2 + first));
    found++;
  }
  if (number > 0) {
    const keys = readInteger(call.at(2 + number), call.bytes(2 + number));
    if (!isNumber || keys < 1 || keys >= <i64>(count - number)) {
      reply.truncate(from);
      return reply.error("ERR Invalid arguments specified for command");
    }
    for (let i = 0; i < <i32>keys; i++, found++)
      reply.bulk(call.at(3 + number + i), call.bytes(3 + number + i));
  }
  reply.arraySince(from, found);
}
