import { Kind, tableAt } from "../data/database";
import { Entry, anyEntry } from "../memory/table";
import { isNumber, readInteger } from "../protocol/numbers";
import { BULK_HEAD_BYTES } from "../protocol/reply";
import { Call, NOT_POSITIVE, REPLY_TOO_LARGE } from "./call";
import { scanEmpty, scanReply } from "./scan";

export function sadd(call: Call): void {
  const db = call.db;
  const entry = call.keyToFill(1, Kind.SET);
  if (entry === null) return;
  const table = tableAt(entry);
  let added: i64 = 0;
  for (let i = 2; i < call.count; i++) {
    if (table.find(call.at(i), call.bytes(i)) !== null) continue;
    const element = table.add(call.at(i), call.bytes(i));
    db.elementChanged(entry, element, table.keyOf(element), false, 0);
    added++;
  }
  if (added > 0) db.touch(entry);
  call.reply.integer(added);
}

export function srem(call: Call): void {
  const entry = call.key(1, Kind.SET);
  if (call.isWrong) return;
  if (entry === null) return call.reply.integer(0);
  const table = tableAt(entry);
  let removed: i64 = 0;
  for (let i = 2; i < call.count; i++) {
    const element = table.find(call.at(i), call.bytes(i));
    if (element === null) continue;
    call.db.elementRemoved(entry, element, false);
    table.remove(element);
    removed++;
  }
  if (table.count == 0) call.db.remove(entry);
  else if (removed > 0) call.db.touch(entry);
  call.reply.integer(removed);
}

export function spop(call: Call): void {
  if (call.count > 3) return call.syntax();
  let wanted: i64 = 1;
  if (call.count == 3) {
    wanted = readInteger(call.at(2), call.bytes(2));
    if (!isNumber || wanted < 0) return call.reply.error(NOT_POSITIVE);
  }
  const entry = call.key(1, Kind.SET);
  if (call.isWrong) return;
  const reply = call.reply;
  if (entry === null) {
    if (call.count == 3) reply.set(0);
    else reply.nothing();
    return;
  }
  const table = tableAt(entry);
  const count = <i32>min<i64>(wanted, <i64>table.count);
  // Which ones is not known before they are drawn: as many are taken as the reply holds.
  const from = reply.used;
  let taken = 0;
  for (; taken < count; taken++) {
    const element = anyEntry(table, call.random.u64());
    if (!reply.holds(<i64>(element.keyLength + 2 * BULK_HEAD_BYTES))) break;
    reply.bulk(table.keyOf(element), element.keyLength);
    call.db.elementRemoved(entry, element, false);
    table.remove(element);
  }
  if (table.count == 0) call.db.remove(entry);
  else if (taken > 0) call.db.touch(entry);
  if (taken == 0 && count > 0) reply.error(REPLY_TOO_LARGE);
  else if (call.count == 3) reply.setSince(from, taken);
}

export function smembers(call: Call): void {
  const entry = call.key(1, Kind.SET);
  if (call.isWrong) return;
  if (entry === null) return call.reply.set(0);
  const table = tableAt(entry);
  call.reply.set(table.count);
  for (let place: u32 = 0; place < table.places; place++) {
    for (let at = table.firstAt(place); at != 0; at = <usize>changetype<Entry>(at).next)
      call.reply.bulk(table.keyOf(changetype<Entry>(at)), changetype<Entry>(at).keyLength);
  }
}

export function sismember(call: Call): void {
  const entry = call.key(1, Kind.SET);
  if (call.isWrong) return;
  const isMember = entry !== null && tableAt(entry).find(call.at(2), call.bytes(2)) !== null;
  call.reply.integer(isMember ? 1 : 0);
}

export function smismember(call: Call): void {
  const entry = call.key(1, Kind.SET);
  if (call.isWrong) return;
  call.reply.array(call.count - 2);
  for (let i = 2; i < call.count; i++) {
    const isMember = entry !== null && tableAt(entry).find(call.at(i), call.bytes(i)) !== null;
    call.reply.integer(isMember ? 1 : 0);
  }
}

export function scard(call: Call): void {
  const entry = call.key(1, Kind.SET);
  if (!call.isWrong) call.reply.integer(entry === null ? 0 : <i64>tableAt(entry).count);
}

export function sscan(call: Call): void {
  const cursor = readInteger(call.at(2), call.bytes(2));
  if (!isNumber || cursor < 0) return call.reply.error("ERR invalid cursor");
  const entry = call.key(1, Kind.SET);
  if (call.isWrong) return;
  if (entry === null) scanEmpty(call);
  else scanReply(call, tableAt(entry), <u64>cursor, 3, Kind.SET, false);
}
