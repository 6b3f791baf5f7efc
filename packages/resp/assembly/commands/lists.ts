import { Kind, listAt } from "../data/database";
import { List } from "../data/list";
import { blobOf, freeBlob } from "../memory/blob";
import { isNumber, readInteger } from "../protocol/numbers";
import { BULK_HEAD_BYTES, bulkBytes } from "../protocol/reply";
import { Call, NOT_POSITIVE, NO_SUCH_KEY, OUT_OF_MEMORY, OUT_OF_RANGE } from "./call";

export function push(call: Call, left: bool, onlyThere: bool): void {
  let entry = call.key(1, Kind.LIST);
  if (call.isWrong) return;
  if (entry === null && onlyThere) return call.reply.integer(0);
  const db = call.db;
  if (entry === null) entry = db.addCollection(call.at(1), call.bytes(1), Kind.LIST);
  const list = listAt(entry);
  if (!list.hasPlacesFor(call.count - 2)) {
    if (list.count == 0) db.remove(entry);
    return call.reply.error(OUT_OF_MEMORY);
  }
  for (let i = 2; i < call.count; i++) {
    db.push(entry, blobOf(call.at(i), call.bytes(i)), left);
  }
  db.touch(entry);
  call.reply.integer(<i64>list.count);
}

/** What the elements at an end take in a reply, with the heads of arrays around them. */
export function bytesOfEnd(list: List, count: i32, left: bool): i64 {
  let bytes: i64 = 3 * BULK_HEAD_BYTES;
  for (let i = 0; i < count; i++)
    bytes += <i64>bulkBytes(list.at(left ? i : list.count - 1 - i).length);
  return bytes;
}

export function pop(call: Call, left: bool): void {
  if (call.count > 3) return call.wrongArity(left ? "lpop" : "rpop");
  let wanted: i64 = 1;
  if (call.count == 3) {
    wanted = readInteger(call.at(2), call.bytes(2));
    if (!isNumber || wanted < 0) return call.reply.error(NOT_POSITIVE);
  }
  const entry = call.key(1, Kind.LIST);
  if (call.isWrong) return;
  const reply = call.reply;
  if (entry === null) {
    if (call.count == 3) reply.nothingArray();
    else reply.nothing();
    return;
  }
  const list = listAt(entry);
  const count = <i32>min<i64>(wanted, <i64>list.count);
  if (!call.fits(bytesOfEnd(list, count, left))) return;
  if (call.count == 3) reply.array(count);
  if (count == 0) return;
  const db = call.db;
  for (let i = 0; i < count; i++) {
    const blob = db.pop(entry, left);
    reply.bulk(blob.bytes, blob.length);
    freeBlob(blob);
  }
  if (list.count == 0) db.remove(entry);
  else db.touch(entry);
}

export function llen(call: Call): void {
  const entry = call.key(1, Kind.LIST);
  if (!call.isWrong) call.reply.integer(entry === null ? 0 : <i64>listAt(entry).count);
}

export function lindex(call: Call): void {
  const entry = call.key(1, Kind.LIST);
  if (call.isWrong) return;
  if (entry === null) return call.reply.nothing();
  let index = call.integer(2);
  if (!isNumber) return;
  const list = listAt(entry);
  if (index < 0) index += <i64>list.count;
  if (index < 0 || index >= <i64>list.count) return call.reply.nothing();
  const blob = list.at(<i32>index);
  call.reply.bulk(blob.bytes, blob.length);
}

export function lset(call: Call): void {
  const entry = call.key(1, Kind.LIST);
  if (call.isWrong) return;
  if (entry === null) return call.reply.error(NO_SUCH_KEY);
  let index = call.integer(2);
  if (!isNumber) return;
  const list = listAt(entry);
  if (index < 0) index += <i64>list.count;
  if (index < 0 || index >= <i64>list.count) return call.reply.error(OUT_OF_RANGE);
  const db = call.db;
  db.replace(entry, <i32>index, blobOf(call.at(3), call.bytes(3)));
  db.touch(entry);
  call.reply.ok();
}

export function lrange(call: Call): void {
  let from = call.integer(2);
  if (!isNumber) return;
  let to = call.integer(3);
  if (!isNumber) return;
  const entry = call.key(1, Kind.LIST);
  if (call.isWrong) return;
  if (entry === null) return call.reply.array(0);
  const list = listAt(entry);
  const count = <i64>list.count;
  if (from < 0) from = max<i64>(from + count, 0);
  if (to < 0) to += count;
  to = min<i64>(to, count - 1);
  if (from > to) return call.reply.array(0);
  call.reply.array(<i32>(to - from + 1));
  for (let i = <i32>from; i <= <i32>to; i++) call.reply.bulk(list.at(i).bytes, list.at(i).length);
}

export function ltrim(call: Call): void {
  let from = call.integer(2);
  if (!isNumber) return;
  let to = call.integer(3);
  if (!isNumber) return;
  const entry = call.key(1, Kind.LIST);
  if (call.isWrong) return;
  if (entry === null) return call.reply.ok();
  const db = call.db;
  const list = listAt(entry);
  const count = <i64>list.count;
  if (from < 0) from = max<i64>(from + count, 0);
  if (to < 0) to += count;
  to = min<i64>(to, count - 1);
  if (from > to) db.remove(entry);
  else {
    for (let side = 0; side < 2; side++) {
      const left = side == 0;
      for (let i = left ? from : count - 1 - to; i > 0; i--) freeBlob(db.pop(entry, left));
    }
    db.touch(entry);
  }
  call.reply.ok();
}
