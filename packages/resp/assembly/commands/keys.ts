import { Kind, kindOf } from "../data/database";
import { Entry, anyEntry } from "../memory/table";
import { isNumber, readInteger } from "../protocol/numbers";
import { Call, NO_SUCH_KEY } from "./call";
import { matches } from "./glob";
import { scanReply } from "./scan";

const KINDS: StaticArray<string> = ["string", "list", "hash", "set", "zset"];

export function del(call: Call): void {
  let removed: i64 = 0;
  for (let i = 1; i < call.count; i++) {
    const entry = call.find(i);
    if (entry === null) continue;
    call.db.remove(entry);
    removed++;
  }
  call.reply.integer(removed);
}

export function exists(call: Call): void {
  let count: i64 = 0;
  for (let i = 1; i < call.count; i++) if (call.find(i) !== null) count++;
  call.reply.integer(count);
}

export function type(call: Call): void {
  const entry = call.find(1);
  call.reply.simple(entry === null ? "none" : KINDS[<i32>kindOf(entry)]);
}

/** EXPIRE and its kind. */
export function expire(call: Call, name: string, inSeconds: bool, isRelative: bool): void {
  let isNew = false;
  let isThere = false;
  let greater = false;
  let less = false;
  for (let i = 3; i < call.count; i++) {
    if (call.is(i, "nx")) isNew = true;
    else if (call.is(i, "xx")) isThere = true;
    else if (call.is(i, "gt")) greater = true;
    else if (call.is(i, "lt")) less = true;
    else return call.reply.error("ERR Unsupported option " + call.text(i));
  }
  if (isNew && (isThere || greater || less))
    return call.reply.error("ERR NX and XX, GT or LT options at the same time are not compatible");
  if (greater && less)
    return call.reply.error("ERR GT and LT options at the same time are not compatible");
  let value = call.integer(2);
  if (!isNumber) return;
  const invalid = `ERR invalid expire time in '${name}' command`;
  if (inSeconds) {
    if (value > i64.MAX_VALUE / 1000 || value < i64.MIN_VALUE / 1000)
      return call.reply.error(invalid);
    value *= 1000;
  }
  const db = call.db;
  if (isRelative) {
    if (value > i64.MAX_VALUE - db.nowMs) return call.reply.error(invalid);
    value += db.nowMs;
  }
  const entry = call.find(1);
  if (entry === null) return call.reply.integer(0);
  const before = entry.extra;
  if (
    (isNew && before != 0) ||
    (isThere && before == 0) ||
    (greater && (before == 0 || value <= before)) ||
    (less && before != 0 && value >= before)
  )
    return call.reply.integer(0);
  if (value <= db.nowMs) db.remove(entry);
  else {
    db.expireAt(entry, value);
    db.touch(entry);
    db.keep(entry);
  }
  call.reply.integer(1);
}

export function ttl(call: Call, inSeconds: bool): void {
  const entry = call.find(1);
  if (entry === null) return call.reply.integer(-2);
  if (entry.extra == 0) return call.reply.integer(-1);
  const left = max<i64>(entry.extra - call.db.nowMs, 0);
  call.reply.integer(inSeconds ? (left + 500) / 1000 : left);
}

export function expiretime(call: Call, inSeconds: bool): void {
  const entry = call.find(1);
  if (entry === null) return call.reply.integer(-2);
  if (entry.extra == 0) return call.reply.integer(-1);
  // The last half second of time would overflow.
  call.reply.integer(inSeconds ? <i64>((<u64>entry.extra + 500) / 1000) : entry.extra);
}

export function persist(call: Call): void {
  const entry = call.find(1);
  const expires = entry !== null && entry.extra != 0;
  if (expires && entry !== null) {
    call.db.expireAt(entry, 0);
    call.db.touch(entry);
    call.db.keep(entry);
  }
  call.reply.integer(expires ? 1 : 0);
}

export function rename(call: Call, onlyNew: bool): void {
  const entry = call.find(1);
  if (entry === null) return call.reply.error(NO_SUCH_KEY);
  const isSame =
    call.bytes(1) == call.bytes(2) &&
    memory.compare(call.at(1), call.at(2), <usize>call.bytes(1)) == 0;
  if (onlyNew && call.find(2) !== null) return call.reply.integer(0);
  if (!isSame) call.db.rename(entry, call.at(2), call.bytes(2));
  if (onlyNew) call.reply.integer(1);
  else call.reply.ok();
}

function isLive(call: Call, entry: Entry): bool {
  return entry.extra == 0 || entry.extra > call.db.nowMs;
}

export function keys(call: Call): void {
  // Counted first: the reply begins with how many there are.
  let count = 0;
  const table = call.db.table;
  for (let pass = 0; pass < 2; pass++) {
    if (pass == 1) call.reply.array(count);
    for (let place: u32 = 0; place < table.places; place++) {
      for (let at = table.firstAt(place); at != 0; at = <usize>changetype<Entry>(at).next) {
        const entry = changetype<Entry>(at);
        if (!isLive(call, entry)) continue;
        if (!matches(call.at(1), call.bytes(1), table.keyOf(entry), entry.keyLength)) continue;
        if (pass == 0) count++;
        else call.reply.bulk(table.keyOf(entry), entry.keyLength);
      }
    }
  }
}

export function dbsize(call: Call): void {
  call.reply.integer(<i64>call.db.table.count);
}

/** Tries that may hit a key that has expired. */
const DRAWS_MAX: i32 = 100;

export function randomkey(call: Call): void {
  const db = call.db;
  for (let draw = 0; draw < DRAWS_MAX && db.table.count > 0; draw++) {
    const entry = anyEntry(db.table, call.random.u64());
    if (isLive(call, entry)) return call.reply.bulk(db.keyOf(entry), entry.keyLength);
    db.remove(entry);
  }
  call.reply.nothing();
}

export function flush(call: Call): void {
  if (call.count > 2 || (call.count == 2 && !call.is(1, "sync") && !call.is(1, "async")))
    return call.syntax();
  call.db.flush();
  call.reply.ok();
}

export function scan(call: Call): void {
  const cursor = readInteger(call.at(1), call.bytes(1));
  if (!isNumber || cursor < 0) return call.reply.error("ERR invalid cursor");
  scanReply(call, call.db.table, <u64>cursor, 2, Kind.STRING, true);
}
