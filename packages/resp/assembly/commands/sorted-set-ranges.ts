/** Ranges of sorted sets, by rank, score or bytes: whatever they are given by, they are ranks from one to another. */
import { Kind, sortedSetAt } from "../data/database";
import { SortedSet, entryOf, newSortedSet, scoreOf } from "../data/sorted-set";
import { isNumber, readDouble } from "../protocol/numbers";
import { Call } from "./call";
import { beginResult, isTooLarge, keepSortedSet, refuseSortedSet } from "./results";

export enum By {
  /** Of ZRANGE: options may say otherwise. */
  ANY,
  RANK,
  SCORE,
  BYTES,
}

const PLUS: u8 = 0x2b;
const MINUS: u8 = 0x2d;
const PARENTHESIS: u8 = 0x28;
const BRACKET: u8 = 0x5b;

/** A range as it was given, and what that is in a set. */
@final
class Range {
  /** Ranks from the first to before the last. */
  first: i32 = 0;
  end: i32 = 0;
  private by: By = By.RANK;
  private from: i64 = 0;
  private to: i64 = 0;
  private low: f64 = 0;
  private high: f64 = 0;
  private minAt: i32 = 0;
  private maxAt: i32 = 0;

  /** False: that is no range, and the error is written. */
  read(call: Call, by: By, minAt: i32, maxAt: i32): bool {
    this.by = by;
    this.minAt = minAt;
    this.maxAt = maxAt;
    if (by == By.RANK) {
      this.from = call.integer(minAt);
      if (isNumber) this.to = call.integer(maxAt);
      return isNumber;
    }
    if (by == By.SCORE) {
      this.low = scoreAt(call, minAt);
      if (isNumber) this.high = scoreAt(call, maxAt);
      if (!isNumber) call.reply.error("ERR min or max is not a float");
      return isNumber;
    }
    if (isBound(call, minAt) && isBound(call, maxAt)) return true;
    call.reply.error("ERR min or max not valid string range item");
    return false;
  }

  /** @param reverse ranks are counted from the end */
  within(call: Call, set: SortedSet, reverse: bool): void {
    if (this.by == By.SCORE) {
      this.first = set.countBelow(this.low, isOpen(call, this.minAt));
      this.end = set.countBelow(this.high, !isOpen(call, this.maxAt));
    } else if (this.by == By.BYTES) {
      this.first = before(call, set, this.minAt, true);
      this.end = before(call, set, this.maxAt, false);
    } else {
      const count = <i64>set.count;
      const from = this.from < 0 ? max<i64>(this.from + count, 0) : this.from;
      const to = min<i64>(this.to < 0 ? this.to + count : this.to, count - 1);
      const length = from > to ? 0 : to - from + 1;
      if (length == 0) this.first = 0;
      else this.first = <i32>(reverse ? count - 1 - to : from);
      this.end = this.first + <i32>length;
    }
    this.end = max(this.end, this.first);
  }
}

const range: Range = new Range();

function isOpen(call: Call, index: i32): bool {
  return call.bytes(index) > 0 && load<u8>(call.at(index)) == PARENTHESIS;
}

/** Nothing is 0, as it is for strtod. */
const zero: usize = memory.data<u8>([0x30]);

function scoreAt(call: Call, index: i32): f64 {
  const skipped = isOpen(call, index) ? 1 : 0;
  if (call.bytes(index) == skipped) return readDouble(zero, 1);
  return readDouble(call.at(index) + <usize>skipped, call.bytes(index) - skipped);
}

function isBound(call: Call, index: i32): bool {
  if (call.bytes(index) == 0) return false;
  const first = load<u8>(call.at(index));
  if (first == PLUS || first == MINUS) return call.bytes(index) == 1;
  return first == PARENTHESIS || first == BRACKET;
}

/** How many members are before a bound. */
function before(call: Call, set: SortedSet, index: i32, isMin: bool): i32 {
  const at = call.at(index);
  const first = load<u8>(at);
  if (first == MINUS) return 0;
  if (first == PLUS) return set.count;
  return set.countBefore(at + 1, call.bytes(index) - 1, (first == PARENTHESIS) == isMin);
}

/**
 * ZRANGE and its kind.
 * @param key of the call; the range follows it @param into key for the result, 0: it is the reply
 */
export function zrange(call: Call, given: By, givenReverse: bool, key: i32, into: i32): void {
  let by = given;
  let reverse = givenReverse;
  let withScores = false;
  let offset: i64 = 0;
  let limit: i64 = -1;
  for (let i = key + 3; i < call.count; i++) {
    if (into == 0 && call.is(i, "withscores")) withScores = true;
    else if (call.is(i, "limit") && call.count - i > 2) {
      offset = call.integer(++i);
      if (!isNumber) return;
      limit = call.integer(++i);
      if (!isNumber) return;
    } else if (given == By.ANY && !reverse && call.is(i, "rev")) reverse = true;
    else if (by == By.ANY && call.is(i, "bylex")) by = By.BYTES;
    else if (by == By.ANY && call.is(i, "byscore")) by = By.SCORE;
    else return call.syntax();
  }
  if (by == By.ANY) by = By.RANK;
  // A limit that is none may stand there.
  if (by == By.RANK) offset = 0;
  if (limit != -1 && by == By.RANK)
    return call.reply.error(
      "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
    );
  if (withScores && by == By.BYTES)
    return call.reply.error("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  const swapped = reverse && by != By.RANK ? 1 : 0;
  if (!range.read(call, by, key + 1 + swapped, key + 2 - swapped)) return;
  const owner = call.key(key, Kind.SORTED_SET);
  if (call.isWrong) return;
  if (owner === null) {
    if (into != 0) keepSortedSet(call, into, newSortedSet());
    else call.reply.array(0);
    return;
  }
  const set = sortedSetAt(owner);
  range.within(call, set, reverse);
  let length = <i64>(range.end - range.first);
  length = offset < 0 ? 0 : max<i64>(length - offset, 0);
  if (limit >= 0) length = min(length, limit);
  const first = reverse ? range.end - 1 - <i32>offset : range.first + <i32>offset;
  const node = length > 0 ? set.at(first) : 0;
  if (into == 0) put(call, set, node, <i32>length, reverse, withScores);
  else keep(call, set, node, <i32>length, reverse, into);
}

function put(
  call: Call,
  set: SortedSet,
  from: usize,
  length: i32,
  reverse: bool,
  withScores: bool,
): void {
  const reply = call.reply;
  const nested = withScores && reply.isResp3;
  reply.array(withScores && !nested ? 2 * length : length);
  let node = from;
  for (let i = 0; i < length; i++) {
    const element = entryOf(node);
    if (nested) reply.array(2);
    reply.bulk(set.table.keyOf(element), element.keyLength);
    if (withScores) reply.double(scoreOf(element));
    node = reverse ? set.previous(node) : set.next(node);
  }
}

function keep(
  call: Call,
  set: SortedSet,
  from: usize,
  length: i32,
  reverse: bool,
  into: i32,
): void {
  beginResult(call);
  const result = newSortedSet();
  let node = from;
  for (let i = 0; i < length && !isTooLarge(); i++) {
    const element = entryOf(node);
    result.add(set.table.keyOf(element), element.keyLength, scoreOf(element));
    node = reverse ? set.previous(node) : set.next(node);
  }
  if (isTooLarge()) refuseSortedSet(call, result);
  else keepSortedSet(call, into, result);
}

/** ZCOUNT, ZLEXCOUNT. */
export function zcount(call: Call, by: By): void {
  if (!range.read(call, by, 2, 3)) return;
  const owner = call.key(1, Kind.SORTED_SET);
  if (call.isWrong) return;
  if (owner === null) return call.reply.integer(0);
  range.within(call, sortedSetAt(owner), false);
  call.reply.integer(<i64>(range.end - range.first));
}

export function zremrange(call: Call, by: By): void {
  if (!range.read(call, by, 2, 3)) return;
  const owner = call.key(1, Kind.SORTED_SET);
  if (call.isWrong) return;
  if (owner === null) return call.reply.integer(0);
  const set = sortedSetAt(owner);
  range.within(call, set, false);
  const count = range.end - range.first;
  let node = count > 0 ? set.at(range.first) : 0;
  for (let i = 0; i < count; i++) {
    const element = entryOf(node);
    node = set.next(node);
    call.db.elementRemoved(owner, element, false);
    set.remove(element);
  }
  if (set.count == 0) call.db.remove(owner);
  else if (count > 0) call.db.touch(owner);
  call.reply.integer(<i64>count);
}
