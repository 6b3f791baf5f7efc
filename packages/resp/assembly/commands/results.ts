/** Collections that a command makes of others: read, counted and written to a reply, or kept under a key. */
import { Database, Kind, blobAt, freeTable, kindOf, sortedSetAt } from "../data/database";
import { SortedSet, entryOf, newSortedSet, scoreOf } from "../data/sorted-set";
import { blobOf } from "../memory/blob";
import { isRoomFor, usedBytes } from "../memory/heap";
import { Entry, Table, newTable } from "../memory/table";
import { Call, OUT_OF_MEMORY, WRONG_TYPE } from "./call";

/** Where memory has less room than it may take, a result has this much at least. */
const RESULT_BYTES_MIN: i64 = 256 << 10;

/** `usedBytes` beyond which a result is refused as if memory was full; all that was made of it is lost. */
let bound: i64 = 0;
let isGivenUp: bool = false;

/** A result begins to be made. */
export function beginResult(call: Call): void {
  let most = call.resultBytesMax;
  // As much again for the changes that keep it.
  while (most > RESULT_BYTES_MIN && !isRoomFor(<usize>(2 * most))) most >>= 1;
  bound = usedBytes + most;
  isGivenUp = false;
}

/** Once it was, it stays so, whatever is removed from it afterwards. */
export function isTooLarge(): bool {
  if (usedBytes > bound) isGivenUp = true;
  return isGivenUp;
}

const SOURCE_BYTES: i32 = 16;

/** Sets and sorted sets that a command reads: table u32, sorted set u32 (0: it is a set), weight f64. */
@final
class Sources {
  count: i32 = 0;
  private memory: usize = 0;
  private room: i32 = 0;

  private at(index: i32): usize {
    return this.memory + <usize>(index * SOURCE_BYTES);
  }

  /** Keys of a call, which may be sorted sets too. False: one is neither, or they are too many; the error is written. */
  read(call: Call, from: i32, count: i32, sortedToo: bool): bool {
    if (count > this.room || this.room > 4096) {
      if (this.memory != 0) heap.free(this.memory);
      this.memory = 0;
      this.room = 0;
      if (!isRoomFor(<usize>(count * SOURCE_BYTES))) {
        call.reply.error(OUT_OF_MEMORY);
        return false;
      }
      this.room = max(count, 16);
      this.memory = heap.alloc(<usize>(this.room * SOURCE_BYTES));
    }
    this.count = count;
    for (let i = 0; i < count; i++) {
      const entry = call.find(from + i);
      const at = this.at(i);
      store<u64>(at, 0);
      store<f64>(at, 1, 8);
      if (entry === null) continue;
      const kind = kindOf(entry);
      if (sortedToo && kind == Kind.SORTED_SET) {
        store<u32>(at, <u32>sortedSetAt(entry).table.address);
        store<u32>(at, entry.value, 4);
      } else if (kind == Kind.SET) store<u32>(at, entry.value);
      else {
        call.reply.error(WRONG_TYPE);
        return false;
      }
    }
    return true;
  }

  table(index: i32): Table | null {
    return changetype<Table | null>(<usize>load<u32>(this.at(index)));
  }

  /** Null: it is a set. */
  sorted(index: i32): SortedSet | null {
    return changetype<SortedSet | null>(<usize>load<u32>(this.at(index), 4));
  }

  weight(index: i32): f64 {
    return load<f64>(this.at(index), 8);
  }

  weigh(index: i32, weight: f64): void {
    store<f64>(this.at(index), weight, 8);
  }

  sizeOf(index: i32): i32 {
    const table = this.table(index);
    return table === null ? 0 : table.count;
  }

  /** The one with the fewest members. */
  get smallest(): i32 {
    let best = 0;
    for (let i = 1; i < this.count; i++) if (this.sizeOf(i) < this.sizeOf(best)) best = i;
    return best;
  }

  /** The members' score, times the weight; those of a set have 1. */
  scoreOf(index: i32, member: Entry): f64 {
    const score = this.weight(index) * (this.sorted(index) === null ? 1 : scoreOf(member));
    return isNaN(score) ? 0 : score;
  }

  /** Whether all others have a member, too. Tables that are gone over must not be looked into: they are their own. */
  allHave(except: i32, key: usize, bytes: i32): bool {
    const own = this.table(except);
    for (let i = 0; i < this.count; i++) {
      const table = this.table(i);
      if (table === own) continue;
      if (table === null || table.find(key, bytes) === null) return false;
    }
    return true;
  }
}

export const sources: Sources = new Sources();

/** Members, one after the other, of a table that is not looked into in between. */
@final
class Walk {
  private table: Table | null = null;
  private place: u32 = 0;
  private at: usize = 0;

  over(table: Table | null): void {
    this.table = table;
    this.place = 0;
    this.at = 0;
  }

  /** Null: that was the last. */
  next(): Entry | null {
    const table = this.table;
    if (table === null) return null;
    while (this.at == 0) {
      if (this.place == table.places) return null;
      this.at = table.firstAt(this.place++);
    }
    const entry = changetype<Entry>(this.at);
    this.at = <usize>entry.next;
    return entry;
  }
}

export const walk: Walk = new Walk();

/** The reply of a command that made a set. */
export function putSet(call: Call, table: Table): void {
  call.reply.set(table.count);
  walk.over(table);
  for (let entry = walk.next(); entry !== null; entry = walk.next())
    call.reply.bulk(table.keyOf(entry), entry.keyLength);
  freeTable(table, false);
}

function removeKey(db: Database, call: Call, index: i32): void {
  const entry = call.find(index);
  if (entry !== null) db.remove(entry);
}

/** Keeps a set under a key, or, if it is empty, removes the key; replies how many members it has. */
export function keepSet(call: Call, index: i32, table: Table): void {
  const count = table.count;
  if (count == 0) {
    freeTable(table, false);
    removeKey(call.db, call, index);
  } else call.db.adopt(call.at(index), call.bytes(index), Kind.SET, table.address, 0);
  call.reply.integer(<i64>count);
}

export function keepSortedSet(call: Call, index: i32, set: SortedSet): void {
  const count = set.count;
  if (count == 0) {
    set.free();
    removeKey(call.db, call, index);
  } else call.db.adopt(call.at(index), call.bytes(index), Kind.SORTED_SET, set.address, 0);
  call.reply.integer(<i64>count);
}

export function putSortedSet(call: Call, set: SortedSet, withScores: bool): void {
  const reply = call.reply;
  const nested = withScores && reply.isResp3;
  reply.array(withScores && !nested ? 2 * set.count : set.count);
  for (let node = set.first; node != 0; node = set.next(node)) {
    const entry = entryOf(node);
    if (nested) reply.array(2);
    reply.bulk(set.table.keyOf(entry), entry.keyLength);
    if (withScores) reply.double(scoreOf(entry));
  }
  set.free();
}

/** @param isHash with values */
export function copyTable(table: Table, isHash: bool): Table {
  const copy = newTable();
  walk.over(table);
  for (let entry = walk.next(); entry !== null && !isTooLarge(); entry = walk.next()) {
    const element = copy.add(table.keyOf(entry), entry.keyLength);
    if (isHash) element.value = <u32>blobOf(blobAt(entry).bytes, blobAt(entry).length).address;
  }
  return copy;
}

export function copySortedSet(set: SortedSet): SortedSet {
  const copy = newSortedSet();
  for (let node = set.first; node != 0 && !isTooLarge(); node = set.next(node)) {
    const entry = entryOf(node);
    copy.add(set.table.keyOf(entry), entry.keyLength, scoreOf(entry));
  }
  return copy;
}

/** A result that was too large is given up. */
export function refuseSet(call: Call, table: Table): void {
  freeTable(table, false);
  call.reply.error(OUT_OF_MEMORY);
}

export function refuseSortedSet(call: Call, set: SortedSet): void {
  set.free();
  call.reply.error(OUT_OF_MEMORY);
}
