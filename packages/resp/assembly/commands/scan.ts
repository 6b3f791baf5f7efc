/** SCAN, HSCAN, SSCAN, ZSCAN: some buckets of a table, and a cursor for those that follow. */
import { Kind, blobAt, kindOf } from "../data/database";
import { scoreOf } from "../data/sorted-set";
import { Entry, Table } from "../memory/table";
import { isNumber } from "../protocol/numbers";
import { Call } from "./call";
import { matches } from "./glob";

const COUNT_DEFAULT: i64 = 10;
const COUNT_MAX: i64 = 100_000;
const KINDS: StaticArray<string> = ["string", "list", "hash", "set", "zset"];

/** What is looked for. */
let patternAt: i32 = 0;
let kindWanted: i32 = -1;

function fits(call: Call, table: Table, entry: Entry, ofKeys: bool): bool {
  if (ofKeys) {
    if (entry.extra != 0 && entry.extra <= call.db.nowMs) return false;
    if (kindWanted >= 0 && <i32>kindOf(entry) != kindWanted) return false;
  }
  if (patternAt == 0) return true;
  return matches(call.at(patternAt), call.bytes(patternAt), table.keyOf(entry), entry.keyLength);
}

/** @param option of the call from which options follow @param kind of the collection */
export function scanReply(
  call: Call,
  table: Table,
  cursor: u64,
  option: i32,
  kind: Kind,
  ofKeys: bool,
): void {
  let count = COUNT_DEFAULT;
  patternAt = 0;
  kindWanted = -1;
  for (let i = option; i < call.count; i += 2) {
    if (i + 1 == call.count) return call.syntax();
    if (call.is(i, "count")) {
      count = call.integer(i + 1);
      if (!isNumber) return;
      if (count < 1) return call.syntax();
    } else if (call.is(i, "match")) patternAt = i + 1;
    else if (ofKeys && call.is(i, "type")) {
      kindWanted = KINDS.length;
      for (let one = 0; one < KINDS.length; one++) if (call.is(i + 1, KINDS[one])) kindWanted = one;
    } else return call.syntax();
  }
  count = min<i64>(count, COUNT_MAX);
  const reply = call.reply;
  // Twice the same way: how many there are stands before them, and the cursor before that.
  let found = 0;
  let end = cursor;
  for (let pass = 0; pass < 2; pass++) {
    if (pass == 1) {
      reply.array(2);
      reply.bulkInteger(<i64>end);
      reply.array(kind == Kind.HASH || kind == Kind.SORTED_SET ? 2 * found : found);
    }
    let seen: i64 = 0;
    let at = cursor;
    // As Redis does, empty buckets count for a tenth.
    for (let buckets: i64 = 0; buckets < count * 10 && seen < count; buckets++) {
      for (let which = 0; which < table.scannedBuckets; which++) {
        for (
          let one = table.scanned(at, which);
          one != 0;
          one = <usize>changetype<Entry>(one).next
        ) {
          const entry = changetype<Entry>(one);
          seen++;
          if (!fits(call, table, entry, ofKeys)) continue;
          if (pass == 0) found++;
          else put(call, table, entry, kind);
        }
      }
      at = table.after(at);
      if (at == 0) break;
    }
    end = at;
  }
}

function put(call: Call, table: Table, entry: Entry, kind: Kind): void {
  call.reply.bulk(table.keyOf(entry), entry.keyLength);
  if (kind == Kind.HASH) call.reply.bulk(blobAt(entry).bytes, blobAt(entry).length);
  else if (kind == Kind.SORTED_SET) call.reply.bulkDouble(scoreOf(entry));
}

export function scanEmpty(call: Call): void {
  call.reply.array(2);
  call.reply.bulkInteger(0);
  call.reply.array(0);
}
