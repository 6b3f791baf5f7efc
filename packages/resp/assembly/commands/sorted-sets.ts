import { Kind, sortedSetAt } from "../data/database";
import { SortedSet, entryOf, scoreOf } from "../data/sorted-set";
import { Entry } from "../memory/table";
import { isNumber, readInteger } from "../protocol/numbers";
import { Call, NOT_POSITIVE } from "./call";
import { bytesOfMembers } from "./pops";
import { scanEmpty, scanReply } from "./scan";

const NOT_A_NUMBER: string = "ERR resulting score is not a number (NaN)";

function find(call: Call, set: SortedSet, index: i32): Entry | null {
  return set.table.find(call.at(index), call.bytes(index));
}

function memberOf(call: Call, owner: Entry | null, index: i32): Entry | null {
  if (owner === null) return null;
  return find(call, sortedSetAt(owner), index);
}

/** Gives a member a score. */
function put(call: Call, owner: Entry, index: i32, found: Entry | null, score: f64): void {
  const set = sortedSetAt(owner);
  let element = found;
  if (element === null) element = set.add(call.at(index), call.bytes(index), score);
  else set.move(element, score);
  call.db.elementChanged(owner, element, set.table.keyOf(element), false, 0);
}

export function zadd(call: Call): void {
  let onlyNew = false;
  let onlyThere = false;
  let greater = false;
  let less = false;
  let counts = false;
  let increments = false;
  let at = 2;
  for (; at < call.count; at++) {
    if (call.is(at, "nx")) onlyNew = true;
    else if (call.is(at, "xx")) onlyThere = true;
    else if (call.is(at, "gt")) greater = true;
    else if (call.is(at, "lt")) less = true;
    else if (call.is(at, "ch")) counts = true;
    else if (call.is(at, "incr")) increments = true;
    else break;
  }
  const pairs = call.count - at;
  if ((pairs & 1) != 0 || pairs == 0) return call.syntax();
  if (onlyNew && onlyThere)
    return call.reply.error("ERR XX and NX options at the same time are not compatible");
  if ((greater && onlyNew) || (less && onlyNew) || (greater && less))
    return call.reply.error("ERR GT, LT, and/or NX options at the same time are not compatible");
  if (increments && pairs > 2)
    return call.reply.error("ERR INCR option supports a single increment-element pair");
  // All of them are numbers, or none is taken.
  for (let i = at; i < call.count; i += 2) {
    call.double(i);
    if (!isNumber) return;
  }
  let owner = call.key(1, Kind.SORTED_SET);
  if (call.isWrong) return;
  if (owner === null) {
    if (onlyThere) {
      if (increments) call.reply.nothing();
      else call.reply.integer(0);
      return;
    }
    owner = call.db.addCollection(call.at(1), call.bytes(1), Kind.SORTED_SET);
  }
  let added: i64 = 0;
  let changed: i64 = 0;
  let result: f64 = 0;
  let isRefused = false;
  for (let i = at; i < call.count; i += 2) {
    let score = call.double(i);
    const element = find(call, sortedSetAt(owner), i + 1);
    isRefused = element === null ? onlyThere : onlyNew;
    if (isRefused) continue;
    if (element !== null) {
      const before = scoreOf(element);
      if (increments) score += before;
      if (isNaN(score)) return call.reply.error(NOT_A_NUMBER);
      isRefused = (less && score >= before) || (greater && score <= before);
      result = score;
      if (isRefused || score == before) continue;
      changed++;
    } else added++;
    result = score;
    put(call, owner, i + 1, element, score);
  }
  if (added + changed > 0) call.db.touch(owner);
  if (!increments) call.reply.integer(counts ? added + changed : added);
  else if (isRefused) call.reply.nothing();
  else call.reply.double(result);
}

export function zincrby(call: Call): void {
  let score = call.double(2);
  if (!isNumber) return;
  const owner = call.keyToFill(1, Kind.SORTED_SET);
  if (owner === null) return;
  const element = find(call, sortedSetAt(owner), 3);
  if (element !== null) score += scoreOf(element);
  if (isNaN(score)) return call.reply.error(NOT_A_NUMBER);
  put(call, owner, 3, element, score);
  call.db.touch(owner);
  call.reply.double(score);
}

export function zrem(call: Call): void {
  const owner = call.key(1, Kind.SORTED_SET);
  if (call.isWrong) return;
  if (owner === null) return call.reply.integer(0);
  const set = sortedSetAt(owner);
  let removed: i64 = 0;
  for (let i = 2; i < call.count; i++) {
    const element = find(call, set, i);
    if (element === null) continue;
    call.db.elementRemoved(owner, element, false);
    set.remove(element);
    removed++;
  }
  if (set.count == 0) call.db.remove(owner);
  else if (removed > 0) call.db.touch(owner);
  call.reply.integer(removed);
}

export function zscore(call: Call): void {
  const owner = call.key(1, Kind.SORTED_SET);
  if (call.isWrong) return;
  const element = memberOf(call, owner, 2);
  if (element === null) call.reply.nothing();
  else call.reply.double(scoreOf(element));
}

export function zmscore(call: Call): void {
  const owner = call.key(1, Kind.SORTED_SET);
  if (call.isWrong) return;
  call.reply.array(call.count - 2);
  for (let i = 2; i < call.count; i++) {
    const element = memberOf(call, owner, i);
    if (element === null) call.reply.nothing();
    else call.reply.double(scoreOf(element));
  }
}

export function zcard(call: Call): void {
  const owner = call.key(1, Kind.SORTED_SET);
  if (!call.isWrong) call.reply.integer(owner === null ? 0 : <i64>sortedSetAt(owner).count);
}

export function zrank(call: Call, reverse: bool): void {
  const owner = call.key(1, Kind.SORTED_SET);
  if (call.isWrong) return;
  if (owner === null) return call.reply.nothing();
  const set = sortedSetAt(owner);
  const element = find(call, set, 2);
  if (element === null) return call.reply.nothing();
  const rank = set.rank(element);
  call.reply.integer(<i64>(reverse ? set.count - 1 - rank : rank));
}

/** ZPOPMIN, ZPOPMAX. */
export function zpop(call: Call, highest: bool): void {
  if (call.count > 3) return call.wrongArity(highest ? "zpopmax" : "zpopmin");
  let wanted: i64 = 1;
  const reply = call.reply;
  if (call.count == 3) {
    wanted = readInteger(call.at(2), call.bytes(2));
    if (!isNumber || wanted < 0) return reply.error(NOT_POSITIVE);
  }
  const owner = call.key(1, Kind.SORTED_SET);
  if (call.isWrong) return;
  if (owner === null) return reply.array(0);
  const set = sortedSetAt(owner);
  const count = <i32>min<i64>(wanted, <i64>set.count);
  if (!call.fits(bytesOfMembers(set, count, !highest))) return;
  const nested = reply.isResp3 && call.count == 3;
  reply.array(nested ? count : 2 * count);
  for (let i = 0; i < count; i++) {
    const element = entryOf(highest ? set.last : set.first);
    if (nested) reply.array(2);
    reply.bulk(set.table.keyOf(element), element.keyLength);
    reply.double(scoreOf(element));
    call.db.elementRemoved(owner, element, false);
    set.remove(element);
  }
  if (set.count == 0) call.db.remove(owner);
  else if (count > 0) call.db.touch(owner);
}

export function zscan(call: Call): void {
  const cursor = readInteger(call.at(2), call.bytes(2));
  if (!isNumber || cursor < 0) return call.reply.error("ERR invalid cursor");
  const owner = call.key(1, Kind.SORTED_SET);
  if (call.isWrong) return;
  if (owner === null) scanEmpty(call);
  else scanReply(call, sortedSetAt(owner).table, <u64>cursor, 3, Kind.SORTED_SET, false);
}
