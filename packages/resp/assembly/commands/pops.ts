/** Pops from the first of several keys that has something: LMPOP, ZMPOP, and what those do that wait for it. */
import { Kind, listAt, sortedSetAt } from "../data/database";
import { SortedSet, entryOf, scoreOf } from "../data/sorted-set";
import { freeBlob } from "../memory/blob";
import { Entry } from "../memory/table";
import { DOUBLE_BYTES_MAX, isNumber, putDouble, readInteger } from "../protocol/numbers";
import { BULK_HEAD_BYTES, bulkBytes } from "../protocol/reply";
import { Call } from "./call";
import { leave } from "./list-edits";
import { bytesOfEnd } from "./lists";

/** Where scores become text. */
const scratch: usize = memory.data(32);
/** `*2`, and its end. */
const PAIR_HEAD_BYTES: i32 = 4;

/** Of LMPOP and ZMPOP: keys, from which end, how many. One for all. */
@final
export class ManyPop {
  firstKey: i32 = 0;
  lastKey: i32 = 0;
  /** Left, or lowest. */
  first: bool = false;
  most: i64 = 1;

  /** @param at of the number of keys. False: the error is written. */
  read(call: Call, at: i32, first: string, last: string): bool {
    const keys = readInteger(call.at(at), call.bytes(at));
    if (!isNumber || keys < 1) {
      call.reply.error("ERR numkeys should be greater than 0");
      return false;
    }
    if (keys >= <i64>(call.count - at - 1)) {
      call.syntax();
      return false;
    }
    const where = at + 1 + <i32>keys;
    this.firstKey = at + 1;
    this.lastKey = where - 1;
    this.first = call.is(where, first);
    this.most = 0;
    if (!this.first && !call.is(where, last)) {
      call.syntax();
      return false;
    }
    for (let i = where + 1; i < call.count; i += 2) {
      if (this.most != 0 || i + 1 == call.count || !call.is(i, "count")) {
        call.syntax();
        return false;
      }
      this.most = readInteger(call.at(i + 1), call.bytes(i + 1));
      if (isNumber && this.most > 0) continue;
      call.reply.error("ERR count should be greater than 0");
      return false;
    }
    this.most = max<i64>(this.most, 1);
    return true;
  }
}

export const manyPop: ManyPop = new ManyPop();

/** `[key, [element, …]]` */
export function popMany(call: Call, owner: Entry, key: i32): void {
  const list = listAt(owner);
  const count = <i32>min<i64>(manyPop.most, <i64>list.count);
  const reply = call.reply;
  const keyBytes = <i64>(call.bytes(key) + BULK_HEAD_BYTES);
  if (!call.fits(keyBytes + bytesOfEnd(list, count, manyPop.first))) return;
  reply.array(2);
  reply.bulk(call.at(key), call.bytes(key));
  reply.array(count);
  for (let i = 0; i < count; i++) {
    const blob = call.db.pop(owner, manyPop.first);
    reply.bulk(blob.bytes, blob.length);
    freeBlob(blob);
  }
  leave(call, owner);
}

/** `[key, element]` */
export function popOne(call: Call, owner: Entry, key: i32, left: bool): void {
  const reply = call.reply;
  const keyBytes = <i64>(call.bytes(key) + BULK_HEAD_BYTES);
  if (!call.fits(keyBytes + bytesOfEnd(listAt(owner), 1, left))) return;
  const blob = call.db.pop(owner, left);
  reply.array(2);
  reply.bulk(call.at(key), call.bytes(key));
  reply.bulk(blob.bytes, blob.length);
  freeBlob(blob);
  leave(call, owner);
}

/** What the members at an end take in a reply, with their scores, and the heads of arrays around them. */
export function bytesOfMembers(set: SortedSet, count: i32, lowest: bool): i64 {
  // The last score, which may be the only one, is written only if there is place for two as long as one may be.
  let bytes: i64 = 2 * DOUBLE_BYTES_MAX + 4 * BULK_HEAD_BYTES;
  let node = lowest ? set.first : set.last;
  for (let i = 0; i < count; i++) {
    const element = entryOf(node);
    const scoreBytes = count == 1 ? 0 : <i32>(putDouble(scratch, scoreOf(element)) - scratch);
    bytes += <i64>(bulkBytes(element.keyLength) + bulkBytes(scoreBytes) + PAIR_HEAD_BYTES);
    node = lowest ? set.next(node) : set.previous(node);
  }
  return bytes;
}

function takeMember(call: Call, owner: Entry, lowest: bool): void {
  const set = sortedSetAt(owner);
  const element = entryOf(lowest ? set.first : set.last);
  call.reply.bulk(set.table.keyOf(element), element.keyLength);
  call.reply.double(scoreOf(element));
  call.db.elementRemoved(owner, element, false);
  set.remove(element);
}

function leaveSorted(call: Call, owner: Entry): void {
  if (sortedSetAt(owner).count == 0) call.db.remove(owner);
  else call.db.touch(owner);
}

/** `[key, member, score]` */
export function popMember(call: Call, owner: Entry, key: i32, lowest: bool): void {
  const keyBytes = <i64>(call.bytes(key) + BULK_HEAD_BYTES);
  if (!call.fits(keyBytes + bytesOfMembers(sortedSetAt(owner), 1, lowest))) return;
  call.reply.array(3);
  call.reply.bulk(call.at(key), call.bytes(key));
  takeMember(call, owner, lowest);
  leaveSorted(call, owner);
}

/** `[key, [[member, score], …]]` */
export function popMembers(call: Call, owner: Entry, key: i32): void {
  const set = sortedSetAt(owner);
  const count = <i32>min<i64>(manyPop.most, <i64>set.count);
  const keyBytes = <i64>(call.bytes(key) + BULK_HEAD_BYTES);
  if (!call.fits(keyBytes + bytesOfMembers(set, count, manyPop.first))) return;
  call.reply.array(2);
  call.reply.bulk(call.at(key), call.bytes(key));
  call.reply.array(count);
  for (let i = 0; i < count; i++) {
    call.reply.array(2);
    takeMember(call, owner, manyPop.first);
  }
  leaveSorted(call, owner);
}

/** LMPOP, ZMPOP. */
export function popFirst(call: Call, kind: Kind): void {
  const isList = kind == Kind.LIST;
  if (!manyPop.read(call, 1, isList ? "left" : "min", isList ? "right" : "max")) return;
  for (let key = manyPop.firstKey; key <= manyPop.lastKey; key++) {
    const owner = call.key(key, kind);
    if (call.isWrong) return;
    if (owner === null) continue;
    return isList ? popMany(call, owner, key) : popMembers(call, owner, key);
  }
  call.reply.nothingArray();
}
