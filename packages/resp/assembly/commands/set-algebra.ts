/** SINTER, SUNION, SDIFF and their kind, SMOVE. */
import { Kind, tableAt } from "../data/database";
import { Table, newTable } from "../memory/table";
import { isNumber, readInteger } from "../protocol/numbers";
import { Call } from "./call";
import {
  beginResult,
  copyTable,
  isTooLarge,
  keepSet,
  putSet,
  refuseSet,
  sources,
  walk,
} from "./results";

export enum Operation {
  UNION,
  INTERSECTION,
  DIFFERENCE,
}

function union(): Table {
  const result = newTable();
  for (let i = 0; i < sources.count; i++) {
    const table = sources.table(i);
    if (table === null) continue;
    walk.over(table);
    for (let entry = walk.next(); entry !== null && !isTooLarge(); entry = walk.next()) {
      const key = table.keyOf(entry);
      if (result.find(key, entry.keyLength) === null) result.add(key, entry.keyLength);
    }
  }
  return result;
}

function intersection(): Table {
  const result = newTable();
  const smallest = sources.smallest;
  const table = sources.table(smallest);
  if (table === null) return result;
  walk.over(table);
  for (let entry = walk.next(); entry !== null && !isTooLarge(); entry = walk.next()) {
    const key = table.keyOf(entry);
    if (sources.allHave(smallest, key, entry.keyLength)) result.add(key, entry.keyLength);
  }
  return result;
}

/** Whichever looks at fewer members: those of the first in all others, or those of all others in the first. */
function difference(): Table {
  const first = sources.table(0);
  if (first === null) return newTable();
  let others: i64 = 0;
  let looks: i64 = 0;
  for (let i = 1; i < sources.count; i++) {
    const table = sources.table(i);
    if (table === first) return newTable();
    if (table === null) continue;
    others += <i64>table.count;
    looks += <i64>first.count;
  }
  if (looks > others) {
    const result = copyTable(first, false);
    for (let i = 1; i < sources.count; i++) {
      const table = sources.table(i);
      if (table === null) continue;
      walk.over(table);
      for (let entry = walk.next(); entry !== null && result.count > 0; entry = walk.next()) {
        const member = result.find(table.keyOf(entry), entry.keyLength);
        if (member !== null) result.remove(member);
      }
    }
    return result;
  }
  const result = newTable();
  walk.over(first);
  for (let entry = walk.next(); entry !== null && !isTooLarge(); entry = walk.next()) {
    const key = first.keyOf(entry);
    let isElsewhere = false;
    for (let i = 1; i < sources.count && !isElsewhere; i++) {
      const table = sources.table(i);
      isElsewhere = table !== null && table.find(key, entry.keyLength) !== null;
    }
    if (!isElsewhere) result.add(key, entry.keyLength);
  }
  return result;
}

/** @param from first key that is read @param into key for the result, 0: it is the reply */
export function combine(call: Call, operation: Operation, from: i32, into: i32): void {
  if (!sources.read(call, from, call.count - from, false)) return;
  beginResult(call);
  let result: Table;
  if (operation == Operation.UNION) result = union();
  else if (operation == Operation.INTERSECTION) result = intersection();
  else result = difference();
  if (isTooLarge()) refuseSet(call, result);
  else if (into == 0) putSet(call, result);
  else keepSet(call, into, result);
}

/** LIMIT of SINTERCARD and ZINTERCARD, from an option on; -1: the error is written. */
export function limitOf(call: Call, option: i32): i64 {
  let limit: i64 = 0;
  for (let i = option; i < call.count; i += 2) {
    if (!call.is(i, "limit") || i + 1 == call.count) {
      call.syntax();
      return -1;
    }
    limit = readInteger(call.at(i + 1), call.bytes(i + 1));
    if (isNumber && limit >= 0) continue;
    call.reply.error("ERR LIMIT can't be negative");
    return -1;
  }
  return limit;
}

/** How many members are in all sources; counts to a limit, 0: to the end. */
export function cardinality(limit: i64): i64 {
  const smallest = sources.smallest;
  const table = sources.table(smallest);
  let count: i64 = 0;
  walk.over(table);
  if (table === null) return 0;
  for (let entry = walk.next(); entry !== null; entry = walk.next()) {
    if (!sources.allHave(smallest, table.keyOf(entry), entry.keyLength)) continue;
    if (++count == limit) break;
  }
  return count;
}

export function sintercard(call: Call): void {
  const keys = readInteger(call.at(1), call.bytes(1));
  if (!isNumber || keys < 1) return call.reply.error("ERR numkeys should be greater than 0");
  if (keys > <i64>(call.count - 2))
    return call.reply.error("ERR Number of keys can't be greater than number of args");
  const limit = limitOf(call, 2 + <i32>keys);
  if (limit < 0 || !sources.read(call, 2, <i32>keys, false)) return;
  call.reply.integer(cardinality(limit));
}

export function smove(call: Call): void {
  const db = call.db;
  const from = call.key(1, Kind.SET);
  if (call.isWrong) return;
  if (from === null) return call.reply.integer(0);
  // Looking for the other may remove it, as it has expired; that does not move this one.
  let to = call.key(2, Kind.SET);
  if (call.isWrong) return;
  const table = tableAt(from);
  const member = table.find(call.at(3), call.bytes(3));
  if (member === null) return call.reply.integer(0);
  if (from === to) return call.reply.integer(1);
  db.elementRemoved(from, member, false);
  table.remove(member);
  if (table.count == 0) db.remove(from);
  else db.touch(from);
  if (to === null) to = db.addCollection(call.at(2), call.bytes(2), Kind.SET);
  const other = tableAt(to);
  if (other.find(call.at(3), call.bytes(3)) === null) {
    const element = other.add(call.at(3), call.bytes(3));
    db.elementChanged(to, element, other.keyOf(element), false, 0);
    db.touch(to);
  }
  call.reply.integer(1);
}
