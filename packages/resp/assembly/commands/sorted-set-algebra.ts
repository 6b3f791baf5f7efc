/** ZUNION, ZINTER, ZDIFF and their kind. */
import { SortedSet, newSortedSet, scoreOf } from "../data/sorted-set";
import { Entry, Table } from "../memory/table";
import { isNumber, readDouble } from "../protocol/numbers";
import { Call } from "./call";
import {
  beginResult,
  isTooLarge,
  keepSortedSet,
  putSortedSet,
  refuseSortedSet,
  sources,
  walk,
} from "./results";
import { Operation, cardinality, limitOf } from "./set-algebra";

enum Aggregate {
  SUM,
  MIN,
  MAX,
}

function aggregated(aggregate: Aggregate, one: f64, other: f64): f64 {
  if (aggregate == Aggregate.MIN) return min(one, other);
  if (aggregate == Aggregate.MAX) return max(one, other);
  const sum = one + other;
  // Infinities of both signs.
  return isNaN(sum) ? 0 : sum;
}

function union(aggregate: Aggregate): SortedSet {
  const result = newSortedSet();
  for (let i = 0; i < sources.count; i++) {
    const table = sources.table(i);
    if (table === null) continue;
    walk.over(table);
    for (let entry = walk.next(); entry !== null && !isTooLarge(); entry = walk.next()) {
      const key = table.keyOf(entry);
      const score = sources.scoreOf(i, entry);
      const member = result.table.find(key, entry.keyLength);
      if (member === null) result.add(key, entry.keyLength, score);
      else result.move(member, aggregated(aggregate, scoreOf(member), score));
    }
  }
  return result;
}

function intersection(aggregate: Aggregate): SortedSet {
  const result = newSortedSet();
  const smallest = sources.smallest;
  const driver = sources.table(smallest);
  if (driver === null) return result;
  walk.over(driver);
  for (let entry = walk.next(); entry !== null && !isTooLarge(); entry = walk.next()) {
    const key = driver.keyOf(entry);
    if (!sources.allHave(smallest, key, entry.keyLength)) continue;
    let score = sources.scoreOf(smallest, entry);
    for (let i = 0; i < sources.count; i++) {
      if (i == smallest) continue;
      const table = sources.table(i)!;
      const member = table === driver ? entry : table.find(key, entry.keyLength)!;
      score = aggregated(aggregate, score, sources.scoreOf(i, member));
    }
    result.add(key, entry.keyLength, score);
  }
  return result;
}

function isElsewhere(first: Table, entry: Entry): bool {
  for (let i = 1; i < sources.count; i++) {
    const table = sources.table(i);
    if (table === null) continue;
    if (table === first || table.find(first.keyOf(entry), entry.keyLength) !== null) return true;
  }
  return false;
}

function difference(): SortedSet {
  const result = newSortedSet();
  const first = sources.table(0);
  if (first === null) return result;
  walk.over(first);
  for (let entry = walk.next(); entry !== null && !isTooLarge(); entry = walk.next()) {
    if (isElsewhere(first, entry)) continue;
    result.add(first.keyOf(entry), entry.keyLength, sources.scoreOf(0, entry));
  }
  return result;
}

/** Reads the keys behind their number. Returns how many; -1: the error is written. */
function readKeys(call: Call, name: string, at: i32): i32 {
  const count = call.integer(at);
  if (!isNumber) return -1;
  if (count < 1) {
    call.reply.error(`ERR at least 1 input key is needed for '${name}' command`);
    return -1;
  }
  if (count > <i64>(call.count - at - 1)) {
    call.syntax();
    return -1;
  }
  return sources.read(call, at + 1, <i32>count, true) ? <i32>count : -1;
}

/** @param at of the number of keys; a key for the result stands before it, if there is one */
export function combineSorted(call: Call, name: string, operation: Operation, at: i32): void {
  const keys = readKeys(call, name, at);
  if (keys < 0) return;
  const stores = at == 2;
  let aggregate = Aggregate.SUM;
  let withScores = false;
  const isDifference = operation == Operation.DIFFERENCE;
  for (let i = at + 1 + keys; i < call.count; i++) {
    const left = call.count - i;
    if (!isDifference && left > keys && call.is(i, "weights")) {
      for (let key = 0; key < keys; key++) {
        const weight = readDouble(call.at(++i), call.bytes(i));
        if (!isNumber) return call.reply.error("ERR weight value is not a float");
        sources.weigh(key, weight);
      }
    } else if (!isDifference && left > 1 && call.is(i, "aggregate")) {
      i++;
      if (call.is(i, "sum")) aggregate = Aggregate.SUM;
      else if (call.is(i, "min")) aggregate = Aggregate.MIN;
      else if (call.is(i, "max")) aggregate = Aggregate.MAX;
      else return call.syntax();
    } else if (!stores && call.is(i, "withscores")) withScores = true;
    else return call.syntax();
  }
  beginResult(call);
  let result: SortedSet;
  if (operation == Operation.UNION) result = union(aggregate);
  else if (operation == Operation.INTERSECTION) result = intersection(aggregate);
  else result = difference();
  if (isTooLarge()) refuseSortedSet(call, result);
  else if (stores) keepSortedSet(call, 1, result);
  else putSortedSet(call, result, withScores);
}

export function zintercard(call: Call): void {
  const keys = readKeys(call, "zintercard", 1);
  if (keys < 0) return;
  const limit = limitOf(call, 2 + keys);
  if (limit >= 0) call.reply.integer(cardinality(limit));
}
