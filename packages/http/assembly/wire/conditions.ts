/** Conditions of a request (RFC 9110 §13) and ranges (§14), judged against what there is now. */
import { equalsIgnoringCase, isDigit } from "./characters";
import { NO_DATE, readDate } from "./date";
import { Head, skipSpace, trimmed } from "./head";
import { Method } from "./method";

const COMMA: i32 = 0x2c;
const QUOTE: i32 = 0x22;
const STAR: i32 = 0x2a;
const DASH: i32 = 0x2d;
/** `W/` */
const WEAK: u16 = 0x2f57;

/** What is there. */
export class Validators {
  /** The entity tag with its quotes, as bytes in memory; 0: there is none. Strong unless it begins with `W/`. */
  tag: usize = 0;
  tagBytes: i32 = 0;
  /** When it was last changed, in seconds since 1970; NO_DATE: not known. */
  modified: i64 = NO_DATE;
  /** False: nothing is there, only `*` is of interest. */
  exists: bool = true;
}

/** What to do. */
export enum Verdict {
  PERFORM,
  /** 304. */
  NOT_MODIFIED,
  /** 412. */
  FAILED,
}

/** Compares two tags in their quotes; weakly: without `W/` (RFC 9110 §8.8.3.2). */
function sameTag(a: usize, aBytes: i32, b: usize, bBytes: i32, weakly: bool): bool {
  const aWeak = aBytes > 2 && load<u16>(a) == WEAK;
  const bWeak = bBytes > 2 && load<u16>(b) == WEAK;
  if (!weakly && (aWeak || bWeak)) return false;
  if (aWeak) {
    a += 2;
    aBytes -= 2;
  }
  if (bWeak) {
    b += 2;
    bBytes -= 2;
  }
  return aBytes == bBytes && memory.compare(a, b, <usize>aBytes) == 0;
}

/** True if a list of tags, or `*`, names the one that is there. */
function namesTag(head: Head, name: string, now: Validators, weakly: bool): bool {
  for (let field = head.find(name); field >= 0; field = head.find(name, field + 1)) {
    let at = head.valueAt(field);
    const end = at + <usize>head.valueBytes(field);
    if (end - at == 1 && <i32>load<u8>(at) == STAR) return now.exists;
    if (now.tag == 0) continue;
    while (at < end) {
      at = skipSpace(at, end);
      const start = at;
      if (end - at >= 2 && load<u16>(at) == WEAK) at += 2;
      if (at < end && <i32>load<u8>(at) == QUOTE) {
        at++;
        while (at < end && <i32>load<u8>(at) != QUOTE) at++;
        if (at == end) break;
        at++;
        if (sameTag(start, <i32>(at - start), now.tag, now.tagBytes, weakly)) return true;
      }
      // Whatever stands here up to the comma is no tag.
      while (at < end && <i32>load<u8>(at) != COMMA) at++;
      at++;
    }
  }
  return false;
}

/** The date of a field; NO_DATE: there is none, or it is malformed, which is the same as none. */
function dateOf(head: Head, name: string, now: i64): i64 {
  const field = head.find(name);
  return field < 0 ? NO_DATE : readDate(head.valueAt(field), head.valueBytes(field), now);
}

/**
 * RFC 9110 §13.2.2, in its order.
 *
 * @param seconds the time of day, since 1970
 */
export function judgeConditions(
  head: Head,
  method: Method,
  there: Validators,
  seconds: i64,
): Verdict {
  const reads = method == Method.GET || method == Method.HEAD;
  if (head.find("if-match") >= 0) {
    if (!namesTag(head, "if-match", there, false)) return Verdict.FAILED;
  } else if (there.modified != NO_DATE) {
    const date = dateOf(head, "if-unmodified-since", seconds);
    if (date != NO_DATE && there.modified > date) return Verdict.FAILED;
  }
  if (head.find("if-none-match") >= 0) {
    if (namesTag(head, "if-none-match", there, true))
      return reads ? Verdict.NOT_MODIFIED : Verdict.FAILED;
  } else if (reads && there.modified != NO_DATE) {
    const date = dateOf(head, "if-modified-since", seconds);
    if (date != NO_DATE && there.modified <= date) return Verdict.NOT_MODIFIED;
  }
  return Verdict.PERFORM;
}

/** Ranges that one request may have: more are answered with everything (RFC 9110 §14.2 lets us). */
export const RANGES_MAX: i32 = 8;

/** Which ranges of bytes are wanted. Made once, and used again. */
export class Ranges {
  count: i32 = 0;
  readonly first: StaticArray<i64> = new StaticArray<i64>(RANGES_MAX);
  /** The byte behind the last one. */
  readonly end: StaticArray<i64> = new StaticArray<i64>(RANGES_MAX);

  /**
   * Reads Range and If-Range of a GET. Returns 200: send everything; 206: `count` ranges; 416: none of them is there.
   */
  judge(head: Head, there: Validators, size: i64, seconds: i64): i32 {
    this.count = 0;
    const field = head.find("range");
    // No Content-Range tells of a range of nothing.
    if (size == 0) return 200;
    if (field < 0 || head.find("range", field + 1) >= 0) return 200;
    if (!ifRangeHolds(head, there, seconds)) return 200;
    const at = head.valueAt(field);
    const bytes = head.valueBytes(field);
    // An unknown unit is ignored (§14.2).
    if (bytes < 7 || !equalsIgnoringCase(at, 6, "bytes=")) return 200;
    return this.read(at + 6, at + <usize>bytes, size);
  }

  private read(at: usize, end: usize, size: i64): i32 {
    let given = 0;
    let covered: i64 = 0;
    while (at < end) {
      let comma = at;
      while (comma < end && <i32>load<u8>(comma) != COMMA) comma++;
      const from = skipSpace(at, comma);
      const bytes = trimmed(from, comma);
      at = comma + 1;
      if (bytes == 0) continue;
      if (++given > RANGES_MAX) return 200;
      if (!this.readOne(from, from + <usize>bytes, size)) return 200;
    }
    if (given == 0) return 200;
    for (let i = 0; i < this.count; i++) covered += this.end[i] - this.first[i];
    // Ranges that overlap so much that everything is less: an old attack (CVE-2011-3192; RFC 9110 §17.15).
    if (covered > size) return 200;
    return this.count == 0 ? 416 : 206;
  }

  /** False: it is malformed, and with it the field. A range beyond the end is left out. */
  private readOne(at: usize, end: usize, size: i64): bool {
    let dash = at;
    while (dash < end && <i32>load<u8>(dash) != DASH) dash++;
    if (dash == end) return false;
    const first = readPosition(at, dash);
    const last = readPosition(dash + 1, end);
    if (first == MALFORMED || last == MALFORMED) return false;
    if (first < 0) {
      // The last so many bytes.
      if (last < 0) return false;
      if (last > 0) this.add(max(size - last, 0), size);
      return true;
    }
    if (last >= 0 && last < first) return false;
    if (first < size) this.add(first, last < 0 ? size : min(last + 1, size));
    return true;
  }

  private add(first: i64, end: i64): void {
    this.first[this.count] = first;
    this.end[this.count++] = end;
  }
}

const MALFORMED: i64 = -2;

/** Farther than any file goes: what is more counts as this much. */
const POSITION_MAX: i64 = 1_000_000_000_000_000_000;

/** A number; -1: nothing stands there; MALFORMED. */
function readPosition(at: usize, end: usize): i64 {
  if (at == end) return -1;
  let value: i64 = 0;
  for (; at < end; at++) {
    const c = <i32>load<u8>(at);
    if (!isDigit(c)) return MALFORMED;
    value = value >= POSITION_MAX / 10 ? POSITION_MAX : value * 10 + <i64>(c - 0x30);
  }
  return value;
}

/** RFC 9110 §13.1.5: a strong tag, or the very date, if the second is over in which it may have changed again (§8.8.2.2). */
function ifRangeHolds(head: Head, there: Validators, seconds: i64): bool {
  const field = head.find("if-range");
  if (field < 0) return true;
  const at = head.valueAt(field);
  const bytes = head.valueBytes(field);
  if (bytes > 0 && (<i32>load<u8>(at) == QUOTE || (bytes > 1 && load<u16>(at) == WEAK)))
    return there.tag != 0 && sameTag(at, bytes, there.tag, there.tagBytes, false);
  if (there.modified == NO_DATE || there.modified >= seconds) return false;
  return readDate(at, bytes, seconds) == there.modified;
}
