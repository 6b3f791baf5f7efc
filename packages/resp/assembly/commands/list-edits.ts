/** Inside of lists, and from one to another: LREM, LINSERT, LPOS, LMOVE. */
import { Kind, listAt, partsOf } from "../data/database";
import { ELEMENT_HEAD_BYTES, LARGE_BYTES, partsFor } from "../durable/journal";
import { Blob, blobOf, freeBlob } from "../memory/blob";
import { Entry } from "../memory/table";
import { isNumber, readInteger } from "../protocol/numbers";
import { BULK_HEAD_BYTES } from "../protocol/reply";
import { Call, OUT_OF_MEMORY } from "./call";

function isSame(call: Call, index: i32, blob: Blob): bool {
  const bytes = call.bytes(index);
  return blob.length == bytes && memory.compare(blob.bytes, call.at(index), <usize>bytes) == 0;
}

export function lrem(call: Call): void {
  const wanted = call.integer(2);
  if (!isNumber) return;
  const owner = call.key(1, Kind.LIST);
  if (call.isWrong) return;
  if (owner === null) return call.reply.integer(0);
  const db = call.db;
  const list = listAt(owner);
  const fromEnd = wanted < 0;
  // Of the smallest number there is no opposite.
  const most = wanted == 0 || wanted == i64.MIN_VALUE ? i64.MAX_VALUE : abs(wanted);
  let removed: i64 = 0;
  for (let i = 0; i < list.count && removed < most; i++) {
    const index = fromEnd ? list.count - 1 - i : i;
    if (!isSame(call, 3, list.at(index))) continue;
    const blob = list.empty(index);
    db.listRemoved(owner, list.numberAt(index), blob);
    freeBlob(blob);
    removed++;
  }
  if (removed > 0) list.close();
  if (list.count == 0) db.remove(owner);
  else if (removed > 0) db.touch(owner);
  call.reply.integer(removed);
}

export function linsert(call: Call): void {
  const after = call.is(2, "after");
  if (!after && !call.is(2, "before")) return call.syntax();
  const owner = call.key(1, Kind.LIST);
  if (call.isWrong) return;
  if (owner === null) return call.reply.integer(0);
  const list = listAt(owner);
  let index = 0;
  while (index < list.count && !isSame(call, 3, list.at(index))) index++;
  if (index == list.count) return call.reply.integer(-1);
  if (!list.hasPlacesFor(1)) return call.reply.error(OUT_OF_MEMORY);
  const blob = blobOf(call.at(4), call.bytes(4));
  if (after) index++;
  if (index == list.count) call.db.push(owner, blob, false);
  else call.db.insert(owner, index, blob);
  call.db.touch(owner);
  call.reply.integer(<i64>list.count);
}

/** A number that may not be negative; -1: the error is written. */
function positive(call: Call, index: i32, name: string): i64 {
  const value = readInteger(call.at(index), call.bytes(index));
  if (isNumber && value >= 0) return value;
  call.reply.error(`ERR ${name} can't be negative`);
  return -1;
}

export function lpos(call: Call): void {
  const reply = call.reply;
  let rank: i64 = 1;
  let wanted: i64 = -1;
  let looks: i64 = 0;
  for (let i = 3; i < call.count; i += 2) {
    if (i + 1 == call.count) return call.syntax();
    if (call.is(i, "rank")) {
      rank = call.integer(i + 1);
      if (!isNumber) return;
      // Of the smallest number there is no opposite; Redis 7.0 takes it for -1.
      if (rank == i64.MIN_VALUE) rank = -1;
      if (rank == 0)
        return reply.error(
          "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
            "or use negative to start from the end of the list",
        );
    } else if (call.is(i, "count")) {
      wanted = positive(call, i + 1, "COUNT");
      if (wanted < 0) return;
    } else if (call.is(i, "maxlen")) {
      looks = positive(call, i + 1, "MAXLEN");
      if (looks < 0) return;
    } else return call.syntax();
  }
  const owner = call.key(1, Kind.LIST);
  if (call.isWrong) return;
  const isCounted = wanted >= 0;
  if (owner === null) {
    if (isCounted) reply.array(0);
    else reply.nothing();
    return;
  }
  const list = listAt(owner);
  const from = reply.used;
  const most = isCounted ? wanted : 1;
  let skip = abs(rank) - 1;
  let found = 0;
  const end = looks == 0 ? list.count : <i32>min<i64>(looks, <i64>list.count);
  for (let i = 0; i < end; i++) {
    const index = rank < 0 ? list.count - 1 - i : i;
    if (!isSame(call, 2, list.at(index))) continue;
    if (skip-- > 0) continue;
    reply.integer(<i64>index);
    found++;
    if (most != 0 && <i64>found >= most) break;
  }
  if (isCounted) reply.arraySince(from, found);
  else if (found == 0) reply.nothing();
}

/** From an end of a list to an end of another, or of the same. False: there was none; nothing is replied. */
export function move(call: Call, from: i32, to: i32, fromLeft: bool, toLeft: bool): bool {
  const source = call.key(from, Kind.LIST);
  if (call.isWrong) return true;
  if (source === null) return false;
  let target = call.key(to, Kind.LIST);
  if (call.isWrong) return true;
  const db = call.db;
  const list = listAt(source);
  const blob = list.at(fromLeft ? 0 : list.count - 1);
  if (target !== null && !listAt(target).hasPlacesFor(1)) {
    call.reply.error(OUT_OF_MEMORY);
    return true;
  }
  if (!call.fits(<i64>(blob.length + BULK_HEAD_BYTES))) return true;
  call.reply.bulk(blob.bytes, blob.length);
  // What is taken first, and is not there yet where it goes, a crash would lose. For a moment both have it.
  const bytes = min(blob.length, LARGE_BYTES) + ELEMENT_HEAD_BYTES;
  const changes =
    2 * partsFor(bytes) + i32(target === null) + (list.count == 1 ? partsOf(source) : 0);
  db.journal.together(changes, bytes + (target === null ? call.bytes(to) : 0));
  if (target === null) target = db.addCollection(call.at(to), call.bytes(to), Kind.LIST);
  db.push(target, blob, toLeft);
  db.pop(source, fromLeft);
  if (source !== target) leave(call, source);
  db.touch(target);
  return true;
}

/** Something was taken from a list: it is gone if that was the last. */
export function leave(call: Call, owner: Entry): void {
  if (listAt(owner).count == 0) call.db.remove(owner);
  else call.db.touch(owner);
}

/** Whether an argument is LEFT or RIGHT, which `call.is` then tells. */
export function isSide(call: Call, index: i32): bool {
  return call.is(index, "left") || call.is(index, "right");
}

export function lmove(call: Call): void {
  if (!isSide(call, 3) || !isSide(call, 4)) return call.syntax();
  if (!move(call, 1, 2, call.is(3, "left"), call.is(4, "left"))) call.reply.nothing();
}

export function rpoplpush(call: Call): void {
  if (!move(call, 1, 2, false, true)) call.reply.nothing();
}
