/** Members by chance: SRANDMEMBER, HRANDFIELD, ZRANDMEMBER. */
import { Kind, blobAt, freeTable, sortedSetAt, tableAt } from "../data/database";
import { scoreOf } from "../data/sorted-set";
import { Entry, Table, anyEntry, newTable } from "../memory/table";
import { isNumber } from "../protocol/numbers";
import { Call } from "./call";
import { walk } from "./results";

/** Of so many, or more of them, all are looked at once; else they are drawn until enough are different. */
const DRAWN_PART: i64 = 3;

function put(call: Call, table: Table, entry: Entry, kind: Kind, withValues: bool): void {
  const reply = call.reply;
  if (withValues && reply.isResp3) reply.array(2);
  reply.bulk(table.keyOf(entry), entry.keyLength);
  if (!withValues) return;
  if (kind == Kind.HASH) reply.bulk(blobAt(entry).bytes, blobAt(entry).length);
  else reply.double(scoreOf(entry));
}

/** Some that are all different, fewer than there are. */
function different(call: Call, table: Table, count: i64, kind: Kind, withValues: bool): void {
  if (count * DRAWN_PART >= <i64>table.count) {
    // Each is taken with the chance that is left for it (Knuth, TAOCP 2, 3.4.2, algorithm S).
    let left = <u32>table.count;
    let wanted = <u32>count;
    walk.over(table);
    for (let entry = walk.next(); entry !== null && wanted > 0; entry = walk.next(), left--) {
      if (call.random.below(left) >= wanted) continue;
      wanted--;
      put(call, table, entry, kind, withValues);
    }
    return;
  }
  const drawn = newTable();
  while (<i64>drawn.count < count) {
    const entry = anyEntry(table, call.random.u64());
    const key = table.keyOf(entry);
    if (drawn.find(key, entry.keyLength) !== null) continue;
    drawn.add(key, entry.keyLength);
    put(call, table, entry, kind, withValues);
  }
  freeTable(drawn, false);
}

/** @param option what asks for values too, empty: nothing does */
export function draw(call: Call, kind: Kind, option: string): void {
  const reply = call.reply;
  const isCounted = call.count > 2;
  let count: i64 = 1;
  let withValues = false;
  if (isCounted) {
    if (option.length == 0 && call.count > 3) return call.syntax();
    count = call.integer(2);
    if (!isNumber) return;
    if (count == i64.MIN_VALUE)
      return reply.error(
        `ERR value is out of range, value must between -${i64.MAX_VALUE} and ${i64.MAX_VALUE}`,
      );
    if (call.count > 4 || (call.count == 4 && !call.is(3, option))) return call.syntax();
    withValues = call.count == 4;
    if (withValues && (count < -(i64.MAX_VALUE / 2) || count > i64.MAX_VALUE / 2))
      return reply.error("ERR value is out of range");
  }
  const owner = call.key(1, kind);
  if (call.isWrong) return;
  if (owner === null) {
    if (isCounted) reply.array(0);
    else reply.nothing();
    return;
  }
  const table = kind == Kind.SORTED_SET ? sortedSetAt(owner).table : tableAt(owner);
  if (!isCounted) return put(call, table, anyEntry(table, call.random.u64()), kind, false);
  const shown = count < 0 ? -count : min<i64>(count, <i64>table.count);
  reply.many(withValues && !reply.isResp3 ? 2 * shown : shown);
  if (count < 0) {
    for (let i: i64 = 0; i < shown && !reply.isOverflowing; i++)
      put(call, table, anyEntry(table, call.random.u64()), kind, withValues);
  } else if (shown < <i64>table.count) different(call, table, shown, kind, withValues);
  else {
    walk.over(table);
    for (let entry = walk.next(); entry !== null; entry = walk.next())
      put(call, table, entry, kind, withValues);
  }
}
