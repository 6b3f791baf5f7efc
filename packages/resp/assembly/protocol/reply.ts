/** Replies, composed in memory that all connections share: RESP2, or RESP3 where `isResp3` says so. */
import { DOUBLE_BYTES_MAX, INTEGER_BYTES_MAX, putDouble, putInteger, putText } from "./numbers";
import { isRoomFor } from "../memory/heap";

const CRLF: u16 = 0x0a0d;
/** Beyond the limit, for the error that says so. */
const SPARE_BYTES: i32 = 512;
/** What the head of a bulk string takes, and its end. */
export const BULK_HEAD_BYTES: i32 = INTEGER_BYTES_MAX + 5;

/** What a bulk string of so many bytes takes. The last one of a reply is written only if there is place for BULK_HEAD_BYTES more. */
export function bulkBytes(bytes: i32): i32 {
  let digits = 1;
  for (let rest = bytes; rest > 9; rest /= 10) digits++;
  return digits + 5 + bytes;
}

/** A head on its way to its place. */
const headBytes: usize = memory.data(32);


@final
export class Reply {
  /** What is composed begins here, and has `used` bytes. */
  start: usize;
  isResp3: bool = false;
  /** What was to be written is larger than `bytesMax`, or than memory has room for: the rest of it is left out. */
  isOverflowing: bool = false;
  private at: usize;
  private end: usize;

  constructor(
    private readonly bytesMin: i32,
    private readonly bytesMax: i32,
  ) {
    this.start = heap.alloc(<usize>bytesMin);
    this.at = this.start;
    this.end = this.start + <usize>bytesMin;
  }

  get used(): i32 {
    return <i32>(this.at - this.start);
  }

  /** Takes back what was written after `used` was this. */
  truncate(used: i32): void {
    this.at = this.start + <usize>used;
  }

  /** Puts an error in the place of what was written after `used` was this, and did not fit. */
  refuse(used: i32, why: string): void {
    this.truncate(used);
    this.isOverflowing = false;
    const bytes = why.length + 3;
    // Of the last bytes, so that many refusals after each other find an end too.
    if (this.used + bytes <= this.bytesMax + SPARE_BYTES && this.grow(bytes)) this.error(why);
    else this.isOverflowing = true;
  }

  /** Whether so many bytes more can be written; then they can. To be asked before something is taken away for a reply. */
  holds(bytes: i64): bool {
    if (this.isOverflowing || bytes > <i64>(this.bytesMax - this.used)) return false;
    return this.grow(<i32>bytes);
  }

  /** Forgets what was composed, and gives back what an unusual reply took. */
  clear(): void {
    this.isOverflowing = false;
    if (<i32>(this.end - this.start) > this.bytesMin << 2) {
      heap.free(this.start);
      this.start = heap.alloc(<usize>this.bytesMin);
      this.end = this.start + <usize>this.bytesMin;
    }
    this.at = this.start;
  }

  /** False: there is no place for so much, and nothing is written from now on. */
  private reserve(bytes: i32): bool {
    if (this.at + <usize>bytes <= this.end && !this.isOverflowing) return true;
    const isTooMuch = this.used + bytes > this.bytesMax;
    if (this.isOverflowing || isTooMuch || !this.grow(bytes)) this.isOverflowing = true;
    return !this.isOverflowing;
  }

  private grow(bytes: i32): bool {
    if (this.at + <usize>bytes <= this.end) return true;
    const used = this.used;
    const needed = used + bytes;
    let room = max(needed, min(2 * <i32>(this.end - this.start), this.bytesMax + SPARE_BYTES));
    if (!isRoomFor(<usize>room)) {
      room = needed;
      if (!isRoomFor(<usize>room)) return false;
    }
    const larger = heap.alloc(<usize>room);
    memory.copy(larger, this.start, <usize>used);
    heap.free(this.start);
    this.at = larger + <usize>used;
    this.start = larger;
    this.end = larger + <usize>room;
    return true;
  }

  private line(): void {
    store<u16>(this.at, CRLF);
    this.at += 2;
  }

  private head(kind: u8, value: i64): void {
    if (!this.reserve(INTEGER_BYTES_MAX + 3)) return;
    store<u8>(this.at, kind);
    this.at = putInteger(this.at + 1, value);
    this.line();
  }

  private textLine(kind: u8, text: string): void {
    if (!this.reserve(text.length + 3)) return;
    store<u8>(this.at, kind);
    this.at = putText(this.at + 1, text);
    this.line();
  }

  /** A part of a reply, or of a line of one, as it is. */
  text(text: string): void {
    if (this.reserve(text.length)) this.at = putText(this.at, text);
  }

  number(value: i64): void {
    if (this.reserve(INTEGER_BYTES_MAX)) this.at = putInteger(this.at, value);
  }

  byte(value: u8): void {
    if (!this.reserve(1)) return;
    store<u8>(this.at++, value);
  }

  bytes(at: usize, bytes: i32): void {
    if (!this.reserve(bytes)) return;
    memory.copy(this.at, at, <usize>bytes);
    this.at += <usize>bytes;
  }

  endLine(): void {
    if (this.reserve(2)) this.line();
  }

  simple(text: string): void {
    this.textLine(0x2b, text);
  }

  ok(): void {
    if (!this.reserve(5)) return;
    store<u32>(this.at, 0x0d_4b_4f_2b);
    store<u8>(this.at, 0x0a, 4);
    this.at += 5;
  }

  /** With its code: `ERR syntax error`. Ends of lines in it become blanks. */
  error(text: string): void {
    if (!this.reserve(text.length + 3)) return;
    store<u8>(this.at++, 0x2d);
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      store<u8>(this.at++, unit == 10 || unit == 13 ? 0x20 : <u8>unit);
    }
    this.line();
  }

  integer(value: i64): void {
    this.head(0x3a, value);
  }

  bulk(at: usize, bytes: i32): void {
    if (!this.reserve(bytes + INTEGER_BYTES_MAX + 5)) return;
    this.head(0x24, <i64>bytes);
    memory.copy(this.at, at, <usize>bytes);
    this.at += <usize>bytes;
    this.line();
  }

  bulkText(text: string): void {
    this.head(0x24, <i64>text.length);
    if (!this.reserve(text.length + 2)) return;
    this.at = putText(this.at, text);
    this.line();
  }

  /** A number as a bulk string. */
  bulkInteger(value: i64): void {
    if (!this.reserve(2 * INTEGER_BYTES_MAX + 10)) return;
    const digits = putInteger(this.at, value) - this.at;
    this.head(0x24, <i64>digits);
    this.at = putInteger(this.at, value);
    this.line();
  }

  bulkDouble(value: f64): void {
    if (!this.reserve(2 * DOUBLE_BYTES_MAX + 10)) return;
    const digits = putDouble(this.at, value) - this.at;
    this.head(0x24, <i64>digits);
    this.at = putDouble(this.at, value);
    this.line();
  }

  double(value: f64): void {
    if (!this.isResp3) return this.bulkDouble(value);
    if (!this.reserve(DOUBLE_BYTES_MAX + 3)) return;
    store<u8>(this.at, 0x2c);
    this.at = putDouble(this.at + 1, value);
    this.line();
  }

  nothing(): void {
    if (this.isResp3) this.raw("_");
    else this.raw("$-1");
  }

  nothingArray(): void {
    if (this.isResp3) this.raw("_");
    else this.raw("*-1");
  }

  private raw(text: string): void {
    if (!this.reserve(text.length + 2)) return;
    this.at = putText(this.at, text);
    this.line();
  }

  /** `count` replies follow. */
  array(count: i32): void {
    this.head(0x2a, <i64>count);
  }

  /** More than fit are never sent: the reply overflows before. */
  many(count: i64): void {
    this.head(0x2a, count);
  }

  /** `count` replies were written since `used` was `from`: the head of their array goes before them. */
  arraySince(from: i32, count: i32): void {
    this.headSince(from, 0x2a, count, "");
  }

  setSince(from: i32, count: i32): void {
    this.headSince(from, this.isResp3 ? 0x7e : 0x2a, count, "");
  }

  /** What was written since `used` was `from` becomes one text for people to read: RESP3 says so. */
  verbatimSince(from: i32): void {
    const bytes = this.used - from;
    if (this.isResp3) this.headSince(from, 0x3d, bytes + 4, "txt:");
    else this.headSince(from, 0x24, bytes, "");
    this.endLine();
  }

  private headSince(from: i32, kind: u8, count: i32, text: string): void {
    if (this.isOverflowing) return;
    const end = this.used;
    this.head(kind, <i64>count);
    this.text(text);
    if (this.isOverflowing) return;
    const bytes = this.used - end;
    memory.copy(headBytes, this.start + <usize>end, <usize>bytes);
    const place = this.start + <usize>from;
    memory.copy(place + <usize>bytes, place, <usize>(end - from));
    memory.copy(place, headBytes, <usize>bytes);
  }

  /** `count` pairs follow. */
  map(count: i32): void {
    if (this.isResp3) this.head(0x25, <i64>count);
    else this.head(0x2a, 2 * <i64>count);
  }

  set(count: i32): void {
    this.head(this.isResp3 ? 0x7e : 0x2a, <i64>count);
  }

  /** Something that was not asked for. */
  push(count: i32): void {
    this.head(this.isResp3 ? 0x3e : 0x2a, <i64>count);
  }
}
