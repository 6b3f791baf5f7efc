import { Kind, blobAt, tableAt } from "../data/database";
import { Blob, blobOf, freeBlob } from "../memory/blob";
import { Entry } from "../memory/table";
import {
  INTEGER_BYTES_MAX,
  isNumber,
  putDouble,
  putInteger,
  readDouble,
  readInteger,
} from "../protocol/numbers";
import { Call } from "./call";
import { scanEmpty, scanReply } from "./scan";

const scratch: usize = memory.data(32);

/** Returns true if the field is new. */
function setField(call: Call, owner: Entry, field: i32, value: usize, bytes: i32): bool {
  const db = call.db;
  const table = tableAt(owner);
  let element = table.find(call.at(field), call.bytes(field));
  const isNew = element === null;
  let before = 0;
  if (element === null) element = table.add(call.at(field), call.bytes(field));
  else {
    before = blobAt(element).length;
    freeBlob(blobAt(element));
  }
  element.value = <u32>blobOf(value, bytes).address;
  db.elementChanged(owner, element, table.keyOf(element), true, before);
  return isNew;
}

export function hset(call: Call, name: string): void {
  if ((call.count & 1) != 0) return call.wrongArity(name);
  const entry = call.keyToFill(1, Kind.HASH);
  if (entry === null) return;
  let added: i64 = 0;
  for (let i = 2; i < call.count; i += 2)
    if (setField(call, entry, i, call.at(i + 1), call.bytes(i + 1))) added++;
  call.db.touch(entry);
  if (name == "hset") call.reply.integer(added);
  else call.reply.ok();
}

export function hsetnx(call: Call): void {
  const entry = call.keyToFill(1, Kind.HASH);
  if (entry === null) return;
  if (tableAt(entry).find(call.at(2), call.bytes(2)) !== null) return call.reply.integer(0);
  setField(call, entry, 2, call.at(3), call.bytes(3));
  call.db.touch(entry);
  call.reply.integer(1);
}

function valueOf(call: Call, entry: Entry | null, field: i32): Blob | null {
  if (entry === null) return null;
  const element = tableAt(entry).find(call.at(field), call.bytes(field));
  return element === null ? null : blobAt(element);
}

function putValue(call: Call, blob: Blob | null): void {
  if (blob === null) call.reply.nothing();
  else call.reply.bulk(blob.bytes, blob.length);
}

export function hget(call: Call): void {
  const entry = call.key(1, Kind.HASH);
  if (!call.isWrong) putValue(call, valueOf(call, entry, 2));
}

export function hmget(call: Call): void {
  const entry = call.key(1, Kind.HASH);
  if (call.isWrong) return;
  call.reply.array(call.count - 2);
  for (let i = 2; i < call.count; i++) putValue(call, valueOf(call, entry, i));
}

export function hexists(call: Call): void {
  const entry = call.key(1, Kind.HASH);
  if (!call.isWrong) call.reply.integer(valueOf(call, entry, 2) !== null ? 1 : 0);
}

export function hstrlen(call: Call): void {
  const entry = call.key(1, Kind.HASH);
  if (call.isWrong) return;
  const blob = valueOf(call, entry, 2);
  call.reply.integer(blob === null ? 0 : <i64>blob.length);
}

export function hlen(call: Call): void {
  const entry = call.key(1, Kind.HASH);
  if (!call.isWrong) call.reply.integer(entry === null ? 0 : <i64>tableAt(entry).count);
}

export function hdel(call: Call): void {
  const entry = call.key(1, Kind.HASH);
  if (call.isWrong) return;
  if (entry === null) return call.reply.integer(0);
  const table = tableAt(entry);
  let removed: i64 = 0;
  for (let i = 2; i < call.count; i++) {
    const element = table.find(call.at(i), call.bytes(i));
    if (element === null) continue;
    call.db.elementRemoved(entry, element, true);
    freeBlob(blobAt(element));
    table.remove(element);
    removed++;
  }
  if (table.count == 0) call.db.remove(entry);
  else if (removed > 0) call.db.touch(entry);
  call.reply.integer(removed);
}

/** HGETALL, HKEYS, HVALS. */
export function hgetall(call: Call, withKeys: bool, withValues: bool): void {
  const entry = call.key(1, Kind.HASH);
  if (call.isWrong) return;
  const count = entry === null ? 0 : tableAt(entry).count;
  if (withKeys && withValues) call.reply.map(count);
  else call.reply.array(count);
  if (entry === null) return;
  const table = tableAt(entry);
  for (let place: u32 = 0; place < table.places; place++) {
    for (let at = table.firstAt(place); at != 0; at = <usize>changetype<Entry>(at).next) {
      const element = changetype<Entry>(at);
      if (withKeys) call.reply.bulk(table.keyOf(element), element.keyLength);
      if (withValues) call.reply.bulk(blobAt(element).bytes, blobAt(element).length);
    }
  }
}

export function hincrby(call: Call): void {
  const by = call.integer(3);
  if (!isNumber) return;
  const found = call.key(1, Kind.HASH);
  if (call.isWrong) return;
  const blob = valueOf(call, found, 2);
  let value: i64 = 0;
  if (blob !== null) {
    value = readInteger(blob.bytes, min(blob.length, INTEGER_BYTES_MAX + 1));
    if (!isNumber) return call.reply.error("ERR hash value is not an integer");
  }
  if ((by < 0 && value < i64.MIN_VALUE - by) || (by > 0 && value > i64.MAX_VALUE - by))
    return call.reply.error("ERR increment or decrement would overflow");
  value += by;
  const entry = call.keyToFill(1, Kind.HASH);
  if (entry === null) return;
  setField(call, entry, 2, scratch, <i32>(putInteger(scratch, value) - scratch));
  call.db.touch(entry);
  call.reply.integer(value);
}

export function hincrbyfloat(call: Call): void {
  const by = call.double(3);
  if (!isNumber) return;
  if (!isFinite(by)) return call.reply.error("ERR value is NaN or Infinity");
  const found = call.key(1, Kind.HASH);
  if (call.isWrong) return;
  const blob = valueOf(call, found, 2);
  let value: f64 = 0;
  if (blob !== null) {
    value = readDouble(blob.bytes, blob.length);
    if (!isNumber) return call.reply.error("ERR hash value is not a float");
  }
  value += by;
  if (isNaN(value) || !isFinite(value))
    return call.reply.error("ERR increment would produce NaN or Infinity");
  const entry = call.keyToFill(1, Kind.HASH);
  if (entry === null) return;
  const bytes = <i32>(putDouble(scratch, value) - scratch);
  setField(call, entry, 2, scratch, bytes);
  call.db.touch(entry);
  call.reply.bulk(scratch, bytes);
}

export function hscan(call: Call): void {
  const cursor = readInteger(call.at(2), call.bytes(2));
  if (!isNumber || cursor < 0) return call.reply.error("ERR invalid cursor");
  const entry = call.key(1, Kind.HASH);
  if (call.isWrong) return;
  if (entry === null) scanEmpty(call);
  else scanReply(call, tableAt(entry), <u64>cursor, 3, Kind.HASH, false);
}
