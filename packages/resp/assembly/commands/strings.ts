import { Kind, blobAt, kindOf } from "../data/database";
import { Entry } from "../memory/table";
import { isNumber, putDouble, putInteger, readDouble, readInteger } from "../protocol/numbers";
import { BULK_HEAD_BYTES } from "../protocol/reply";
import { Call, NOT_FLOAT, NOT_INTEGER, TOO_LONG, WRONG_TYPE } from "./call";

/** Where numbers become text. */
const scratch: usize = memory.data(64);

/** How an expiry was given: EX, PX, EXAT, PXAT. */
enum Unit {
  NONE,
  SECONDS,
  MS,
  AT_SECONDS,
  AT_MS,
}

function unitOf(call: Call, index: i32): Unit {
  if (call.is(index, "ex")) return Unit.SECONDS;
  if (call.is(index, "px")) return Unit.MS;
  if (call.is(index, "exat")) return Unit.AT_SECONDS;
  return call.is(index, "pxat") ? Unit.AT_MS : Unit.NONE;
}

/** When that is, in ms since 1970; 0: the error is written. */
function expiryOf(call: Call, index: i32, unit: Unit, command: string): i64 {
  let value = call.integer(index);
  if (!isNumber) return 0;
  const inSeconds = unit == Unit.SECONDS || unit == Unit.AT_SECONDS;
  const isRelative = unit == Unit.SECONDS || unit == Unit.MS;
  if (value <= 0 || (inSeconds && value > i64.MAX_VALUE / 1000)) return invalid(call, command);
  if (inSeconds) value *= 1000;
  if (!isRelative) return value;
  if (value > i64.MAX_VALUE - call.db.nowMs) return invalid(call, command);
  return value + call.db.nowMs;
}

function invalid(call: Call, command: string): i64 {
  call.reply.error(`ERR invalid expire time in '${command}' command`);
  return 0;
}

function bulkOf(call: Call, entry: Entry | null): void {
  if (entry === null) call.reply.nothing();
  else call.reply.bulk(blobAt(entry).bytes, blobAt(entry).length);
}

/** Whether what a key has fits the reply, before it is replaced or removed. */
function bulkFits(call: Call, entry: Entry | null): bool {
  return entry === null || call.fits(<i64>(blobAt(entry).length + BULK_HEAD_BYTES));
}

function keepString(call: Call, key: i32, found: Entry | null, value: i32, expiry: i64): void {
  const db = call.db;
  const entry = db.setString(
    call.at(key),
    call.bytes(key),
    found,
    call.at(value),
    call.bytes(value),
  );
  db.expireAt(entry, expiry);
  db.keep(entry);
}

export function get(call: Call): void {
  const entry = call.key(1, Kind.STRING);
  if (!call.isWrong) bulkOf(call, entry);
}

export function set(call: Call): void {
  let expiry: i64 = 0;
  let unit = Unit.NONE;
  let unitAt = 0;
  let isNew = false;
  let isThere = false;
  let keeps = false;
  let gets = false;
  for (let i = 3; i < call.count; i++) {
    const given = unitOf(call, i);
    if (call.is(i, "nx") && !isThere) isNew = true;
    else if (call.is(i, "xx") && !isNew) isThere = true;
    else if (call.is(i, "get")) gets = true;
    else if (call.is(i, "keepttl") && unit == Unit.NONE) keeps = true;
    else if (
      given != Unit.NONE &&
      (unit == Unit.NONE || unit == given) &&
      !keeps &&
      i + 1 < call.count
    ) {
      unit = given;
      unitAt = ++i;
    } else return call.syntax();
  }
  if (unit != Unit.NONE) {
    expiry = expiryOf(call, unitAt, unit, "set");
    if (expiry == 0) return;
  }
  const found = call.find(1);
  if (gets) {
    if (found !== null && kindOf(found) != Kind.STRING) return call.reply.error(WRONG_TYPE);
    if (!bulkFits(call, found)) return;
    bulkOf(call, found);
  }
  if ((isNew && found !== null) || (isThere && found === null)) {
    if (!gets) call.reply.nothing();
    return;
  }
  if (keeps && found !== null) expiry = found.extra;
  keepString(call, 1, found, 2, expiry);
  if (!gets) call.reply.ok();
}

export function setnx(call: Call): void {
  const found = call.find(1);
  if (found === null) keepString(call, 1, null, 2, 0);
  call.reply.integer(found === null ? 1 : 0);
}

export function setex(call: Call, inSeconds: bool): void {
  const unit = inSeconds ? Unit.SECONDS : Unit.MS;
  const expiry = expiryOf(call, 2, unit, inSeconds ? "setex" : "psetex");
  if (expiry == 0) return;
  keepString(call, 1, call.find(1), 3, expiry);
  call.reply.ok();
}

export function getset(call: Call): void {
  const found = call.key(1, Kind.STRING);
  if (call.isWrong || !bulkFits(call, found)) return;
  bulkOf(call, found);
  keepString(call, 1, found, 2, 0);
}

export function getdel(call: Call): void {
  const found = call.key(1, Kind.STRING);
  if (call.isWrong || !bulkFits(call, found)) return;
  bulkOf(call, found);
  if (found !== null) call.db.remove(found);
}

export function getex(call: Call): void {
  let unit = Unit.NONE;
  let persists = false;
  if (call.count == 3 && call.is(2, "persist")) persists = true;
  else if (call.count == 4) unit = unitOf(call, 2);
  if (call.count > 2 && !persists && unit == Unit.NONE) return call.syntax();
  const found = call.key(1, Kind.STRING);
  if (call.isWrong) return;
  if (found === null) return call.reply.nothing();
  let expiry: i64 = 0;
  if (unit != Unit.NONE) {
    expiry = expiryOf(call, 3, unit, "getex");
    if (expiry == 0) return;
  }
  bulkOf(call, found);
  if (call.count == 2 || found.extra == expiry) return;
  const db = call.db;
  if (expiry != 0 && expiry <= db.nowMs) return db.remove(found);
  db.expireAt(found, expiry);
  db.touch(found);
  db.keep(found);
}

export function mget(call: Call): void {
  call.reply.array(call.count - 1);
  for (let i = 1; i < call.count; i++) {
    const entry = call.find(i);
    bulkOf(call, entry !== null && kindOf(entry) == Kind.STRING ? entry : null);
  }
}

export function mset(call: Call, onlyNew: bool): void {
  if ((call.count & 1) == 0) return call.wrongArity(onlyNew ? "msetnx" : "mset");
  if (onlyNew) {
    for (let i = 1; i < call.count; i += 2) if (call.find(i) !== null) return call.reply.integer(0);
  }
  for (let i = 1; i < call.count; i += 2) keepString(call, i, call.find(i), i + 1, 0);
  if (onlyNew) call.reply.integer(1);
  else call.reply.ok();
}

export function strlen(call: Call): void {
  const entry = call.key(1, Kind.STRING);
  if (!call.isWrong) call.reply.integer(entry === null ? 0 : <i64>blobAt(entry).length);
}

export function append(call: Call): void {
  let entry = call.key(1, Kind.STRING);
  if (call.isWrong) return;
  const more = call.bytes(2);
  const before = entry === null ? 0 : blobAt(entry).length;
  if (before + more > call.stringBytesMax) return call.reply.error(TOO_LONG);
  if (!call.hasMemory(before + more)) return;
  const db = call.db;
  entry = db.extendString(call.at(1), call.bytes(1), entry, before + more);
  memory.copy(blobAt(entry).bytes + <usize>before, call.at(2), <usize>more);
  db.keep(entry);
  call.reply.integer(<i64>(before + more));
}

export function getrange(call: Call): void {
  let from = call.integer(2);
  if (!isNumber) return;
  let to = call.integer(3);
  if (!isNumber) return;
  const entry = call.key(1, Kind.STRING);
  if (call.isWrong) return;
  const length = entry === null ? 0 : <i64>blobAt(entry).length;
  if (from < 0 && to < 0 && from > to) return call.reply.bulk(0, 0);
  if (from < 0) from = max<i64>(from + length, 0);
  if (to < 0) to = max<i64>(to + length, 0);
  to = min<i64>(to, length - 1);
  if (entry === null || from > to || length == 0) return call.reply.bulk(0, 0);
  call.reply.bulk(blobAt(entry).bytes + <usize>from, <i32>(to - from + 1));
}

export function setrange(call: Call): void {
  const offset = call.integer(2);
  if (!isNumber) return;
  if (offset < 0) return call.reply.error("ERR offset is out of range");
  let entry = call.key(1, Kind.STRING);
  if (call.isWrong) return;
  const bytes = call.bytes(3);
  const before = entry === null ? 0 : blobAt(entry).length;
  if (bytes == 0) return call.reply.integer(<i64>before);
  if (offset > <i64>(call.stringBytesMax - bytes)) return call.reply.error(TOO_LONG);
  const length = max(before, <i32>offset + bytes);
  if (!call.hasMemory(length)) return;
  const db = call.db;
  entry = db.extendString(call.at(1), call.bytes(1), entry, length);
  memory.copy(blobAt(entry).bytes + <usize>offset, call.at(3), <usize>bytes);
  db.keep(entry);
  call.reply.integer(<i64>length);
}

function storeScratch(call: Call, found: Entry | null, bytes: i32): void {
  const db = call.db;
  const entry = db.setString(call.at(1), call.bytes(1), found, scratch, bytes);
  db.keep(entry);
}

export function increment(call: Call, by: i64): void {
  const found = call.key(1, Kind.STRING);
  if (call.isWrong) return;
  let value: i64 = 0;
  if (found !== null) {
    value = readInteger(blobAt(found).bytes, blobAt(found).length);
    if (!isNumber) return call.reply.error(NOT_INTEGER);
  }
  if ((by < 0 && value < i64.MIN_VALUE - by) || (by > 0 && value > i64.MAX_VALUE - by))
    return call.reply.error("ERR increment or decrement would overflow");
  value += by;
  storeScratch(call, found, <i32>(putInteger(scratch, value) - scratch));
  call.reply.integer(value);
}

export function incrby(call: Call): void {
  const by = call.integer(2);
  if (isNumber) increment(call, by);
}

export function decrby(call: Call): void {
  const by = call.integer(2);
  if (!isNumber) return;
  if (by == i64.MIN_VALUE) return call.reply.error("ERR decrement would overflow");
  increment(call, -by);
}

export function incrbyfloat(call: Call): void {
  const found = call.key(1, Kind.STRING);
  if (call.isWrong) return;
  let value: f64 = 0;
  if (found !== null) {
    value = readDouble(blobAt(found).bytes, blobAt(found).length);
    if (!isNumber) return call.reply.error(NOT_FLOAT);
  }
  const by = call.double(2);
  if (!isNumber) return;
  value += by;
  if (isNaN(value) || !isFinite(value))
    return call.reply.error("ERR increment would produce NaN or Infinity");
  const bytes = <i32>(putDouble(scratch, value) - scratch);
  storeScratch(call, found, bytes);
  call.reply.bulk(scratch, bytes);
}
