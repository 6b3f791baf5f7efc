/** BLPOP and its kind: at once what is there, else the client waits; between MULTI and EXEC it does not. */
import { Call } from "../commands/call";
import { isSide, move } from "../commands/list-edits";
import { manyPop, popMany, popMember, popMembers, popOne } from "../commands/pops";
import { Command } from "../commands/table";
import { Kind, kindOf } from "../data/database";
import { Entry } from "../memory/table";
import { isNumber, readDouble } from "../protocol/numbers";
import { Client } from "./client";
import { StoreServer } from "./server";

const MS_MAX: f64 = 9223372036854775807;

/** Seconds with a fraction, as ms; -1: the error is written. */
function timeoutOf(call: Call, index: i32): i64 {
  const seconds = readDouble(call.at(index), call.bytes(index));
  let why = "";
  if (!isNumber) why = "ERR timeout is not a float or out of range";
  // What is too large overflows there.
  else if (seconds < 0 || seconds * 1000 > MS_MAX) why = "ERR timeout is negative";
  if (why.length == 0) return <i64>Math.ceil(seconds * 1000);
  call.reply.error(why);
  return -1;
}

function isOfLists(command: Command): bool {
  return command <= Command.BLMPOP;
}

/** Takes from a key that has something of the right kind. */
function take(command: Command, call: Call, owner: Entry, key: i32): void {
  if (command == Command.BLPOP) popOne(call, owner, key, true);
  else if (command == Command.BRPOP) popOne(call, owner, key, false);
  else if (command == Command.BLMPOP) popMany(call, owner, key);
  else if (command == Command.BZPOPMIN) popMember(call, owner, key, true);
  else if (command == Command.BZPOPMAX) popMember(call, owner, key, false);
  else popMembers(call, owner, key);
}

function moves(command: Command): bool {
  return command == Command.BLMOVE || command == Command.BRPOPLPUSH;
}

function moveNow(command: Command, call: Call): bool {
  if (command == Command.BRPOPLPUSH) return move(call, 1, 2, false, true);
  return move(call, 1, 2, call.is(3, "left"), call.is(4, "left"));
}

function readMany(command: Command, call: Call): bool {
  if (command == Command.BLMPOP) return manyPop.read(call, 2, "left", "right");
  return manyPop.read(call, 2, "min", "max");
}

export function block(command: Command, server: StoreServer, client: Client): void {
  const call = server.call;
  const reply = server.reply;
  let firstKey = 1;
  let lastKey = call.count - 2;
  let timeoutAt = call.count - 1;
  const isMany = command == Command.BLMPOP || command == Command.BZMPOP;
  if (isMany) timeoutAt = 1;
  if (command == Command.BLMOVE && (!isSide(call, 3) || !isSide(call, 4))) return call.syntax();
  if (isMany && !readMany(command, call)) return;
  const timeoutMs = timeoutOf(call, timeoutAt);
  if (timeoutMs < 0) return;
  if (isMany) {
    firstKey = manyPop.firstKey;
    lastKey = manyPop.lastKey;
  } else if (moves(command)) {
    lastKey = 1;
    if (moveNow(command, call)) return;
  }
  const kind = isOfLists(command) ? Kind.LIST : Kind.SORTED_SET;
  for (let key = firstKey; key <= lastKey && !moves(command); key++) {
    const owner = call.key(key, kind);
    if (call.isWrong) return;
    if (owner !== null) return take(command, call, owner, key);
  }
  if (!server.isTransacting) {
    if (!server.blocking.wait(client, call, command, firstKey, lastKey, timeoutMs))
      reply.error("ERR too many keys are waited for");
  } else if (moves(command)) reply.nothing();
  else reply.nothingArray();
}

/** For a client that waited: whether the key has what it waited for, and the reply is written. */
export function serveKey(command: Command, call: Call, name: Uint8Array): bool {
  const owner = call.db.find(name.dataStart, name.length);
  const kind = isOfLists(command) ? Kind.LIST : Kind.SORTED_SET;
  if (owner === null || kindOf(owner) != kind) return false;
  if (moves(command)) return moveNow(command, call);
  const isMany = command == Command.BLMPOP || command == Command.BZMPOP;
  let key = 1;
  if (isMany && readMany(command, call)) key = manyPop.firstKey;
  // It is one of them.
  while (
    call.bytes(key) != name.length ||
    memory.compare(call.at(key), name.dataStart, <usize>name.length) != 0
  )
    key++;
  take(command, call, owner, key);
  return true;
}
