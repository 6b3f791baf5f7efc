/** COPY, OBJECT, MEMORY USAGE. */
import { Kind, blobAt, freeTable, kindOf, listAt, sortedSetAt, tableAt } from "../data/database";
import { List, newList } from "../data/list";
import { blobOf } from "../memory/blob";
import { ENTRY_BYTES, Entry, Table } from "../memory/table";
import { INTEGER_BYTES_MAX, isNumber, readInteger } from "../protocol/numbers";
import { Call, OUT_OF_MEMORY } from "./call";
import { beginResult, copySortedSet, copyTable, isTooLarge, walk } from "./results";
import { help } from "./subcommands";
import { Command } from "./table";

export function copy(call: Call): void {
  let replaces = false;
  for (let i = 3; i < call.count; i++) {
    if (call.is(i, "replace")) replaces = true;
    else if (call.is(i, "db") && i + 1 < call.count) {
      const index = call.integer(++i);
      if (!isNumber) return;
      if (index != 0) return call.reply.error("ERR DB index is out of range");
    } else return call.syntax();
  }
  const bytes = call.bytes(2);
  if (call.bytes(1) == bytes && memory.compare(call.at(1), call.at(2), <usize>bytes) == 0)
    return call.reply.error("ERR source and destination objects are the same");
  const source = call.find(1);
  const target = call.find(2);
  if (source === null || (target !== null && !replaces)) return call.reply.integer(0);
  beginResult(call);
  if (put(call, source, target)) call.reply.integer(1);
}

/** False: it is too large, and the error is written. */
function put(call: Call, source: Entry, target: Entry | null): bool {
  const db = call.db;
  const kind = kindOf(source);
  const expiry = source.extra;
  if (kind == Kind.STRING) {
    const blob = blobAt(source);
    if (!call.hasMemory(blob.length)) return false;
    const entry = db.setString(call.at(2), call.bytes(2), target, blob.bytes, blob.length);
    db.expireAt(entry, expiry);
    db.keep(entry);
    return true;
  }
  const value = copyCollection(source, kind);
  if (value == 0) {
    call.reply.error(OUT_OF_MEMORY);
    return false;
  }
  db.adopt(call.at(2), call.bytes(2), kind, value, expiry);
  return true;
}

/** Address of a copy; 0: it is too large. */
function copyCollection(source: Entry, kind: Kind): usize {
  if (kind == Kind.LIST) {
    const list = copyList(listAt(source));
    if (!isTooLarge()) return list.address;
    list.free();
    return 0;
  }
  if (kind == Kind.SORTED_SET) {
    const set = copySortedSet(sortedSetAt(source));
    if (!isTooLarge()) return set.address;
    set.free();
    return 0;
  }
  const table = copyTable(tableAt(source), kind == Kind.HASH);
  if (!isTooLarge()) return table.address;
  freeTable(table, kind == Kind.HASH);
  return 0;
}

function copyList(list: List): List {
  const result = newList();
  for (let i = 0; i < list.count && !isTooLarge(); i++) {
    const blob = list.at(i);
    result.push(blobOf(blob.bytes, blob.length), false);
  }
  return result;
}

// ---- what Redis would say of an object, for tools that ask

/** Strings of at most so many bytes, and small collections of small elements, have encodings of their own. */
const EMBEDDED_BYTES_MAX: i32 = 44;
const LISTPACK_ENTRIES_MAX: i32 = 128;
const LISTPACK_BYTES_MAX: i32 = 64;
const INTSET_ENTRIES_MAX: i32 = 512;

function isSmall(table: Table, isHash: bool): bool {
  if (table.count > LISTPACK_ENTRIES_MAX) return false;
  walk.over(table);
  for (let entry = walk.next(); entry !== null; entry = walk.next()) {
    const valueBytes = isHash ? blobAt(entry).length : 0;
    if (max(entry.keyLength, valueBytes) > LISTPACK_BYTES_MAX) return false;
  }
  return true;
}

function isOfIntegers(table: Table): bool {
  if (table.count > INTSET_ENTRIES_MAX) return false;
  walk.over(table);
  for (let entry = walk.next(); entry !== null; entry = walk.next()) {
    readInteger(table.keyOf(entry), entry.keyLength);
    if (!isNumber) return false;
  }
  return true;
}

function encodingOf(entry: Entry): string {
  switch (<i32>kindOf(entry)) {
    case Kind.STRING: {
      const blob = blobAt(entry);
      readInteger(blob.bytes, min(blob.length, INTEGER_BYTES_MAX + 1));
      if (isNumber) return "int";
      return blob.length <= EMBEDDED_BYTES_MAX ? "embstr" : "raw";
    }
    case Kind.LIST:
      return "quicklist";
    case Kind.HASH:
      return isSmall(tableAt(entry), true) ? "listpack" : "hashtable";
    case Kind.SET:
      return isOfIntegers(tableAt(entry)) ? "intset" : "hashtable";
    default:
      return isSmall(sortedSetAt(entry).table, false) ? "listpack" : "skiplist";
  }
}

export function object(call: Call): void {
  const reply = call.reply;
  if (call.is(1, "help")) return help(Command.OBJECT, "object", call);
  const entry = call.find(2);
  if (entry === null) reply.nothing();
  else if (call.is(1, "encoding")) reply.bulkText(encodingOf(entry));
  else if (call.is(1, "freq"))
    reply.error(
      "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note " +
        "that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
    );
  // Who refers to it, and when it was used last, is not known here.
  else reply.integer(call.is(1, "refcount") ? 1 : 0);
}

/** Elements that are looked at for the size of the others. */
const SAMPLES: i32 = 5;
const BLOCK_BYTES: i64 = 12;

function averageBytes(entry: Entry): i64 {
  let bytes: i64 = 0;
  let seen: i64 = 0;
  if (kindOf(entry) == Kind.LIST) {
    const list = listAt(entry);
    for (let i = 0; i < min(list.count, SAMPLES); i++, seen++)
      bytes += <i64>list.at(i).room + 20 + BLOCK_BYTES;
  } else {
    const isSorted = kindOf(entry) == Kind.SORTED_SET;
    const table = isSorted ? sortedSetAt(entry).table : tableAt(entry);
    walk.over(table);
    for (let one = walk.next(); one !== null && seen < SAMPLES; one = walk.next(), seen++) {
      bytes += <i64>(ENTRY_BYTES + one.keyLength) + BLOCK_BYTES + 4;
      if (isSorted) bytes += 24 + BLOCK_BYTES;
      if (kindOf(entry) == Kind.HASH) bytes += <i64>blobAt(one).room + 8 + BLOCK_BYTES;
    }
  }
  return seen == 0 ? 0 : bytes / seen;
}

/** About as many bytes as an object takes. */
export function memoryUsage(call: Call): void {
  if (call.is(1, "help")) return help(Command.MEMORY, "memory", call);
  if (call.count > 3) {
    if (!call.is(3, "samples") || call.count != 5) return call.syntax();
    const samples = call.integer(4);
    if (!isNumber) return;
    if (samples < 0) return call.syntax();
  }
  const entry = call.find(2);
  if (entry === null) return call.reply.nothing();
  const head = <i64>(ENTRY_BYTES + 16 + entry.keyLength) + 2 * BLOCK_BYTES + 4;
  if (kindOf(entry) == Kind.STRING) return call.reply.integer(head + 8 + <i64>blobAt(entry).room);
  call.reply.integer(head + 64 + averageBytes(entry) * <i64>call.db.countOf(entry));
}
