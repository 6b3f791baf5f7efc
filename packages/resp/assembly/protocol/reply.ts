/** Replies, composed in memory that all connections share: RESP2, or RESP3 where `isResp3` says so. */
import { DOUBLE_BYTES_MAX, INTEGER_BYTES_MAX, putDouble, putInteger, putText } from "./numbers";

const CRLF: u16 = 0x0a0d;
/** A head on its way to its place. */
const headBytes: usize = memory.data(32);


@final
export class Reply {
  /** What is composed begins here, and has `used` bytes. */
  start: usize;
  isResp3: bool = false;
  /** What was to be written is larger than `bytesMax`: nothing of it is good. */
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

  private reserve(bytes: i32): void {
    if (this.at + <usize>bytes <= this.end) return;
    const used = this.used;
    const needed = used + bytes;
    if (needed > this.bytesMax) {
      // The bytes still need a place.
      this.isOverflowing = true;
      this.at = this.start;
      if (this.start + <usize>bytes <= this.end) return;
    }
    const room = max(needed, 2 * <i32>(this.end - this.start));
    const larger = heap.alloc(<usize>room);
    memory.copy(larger, this.start, <usize>used);
    heap.free(this.start);
    this.at = larger + (this.at - this.start);
    this.start = larger;
    this.end = larger + <usize>room;
  }

  private line(): void {
    store<u16>(this.at, CRLF);
    this.at += 2;
  }

  private head(kind: u8, value: i64): void {
    this.reserve(INTEGER_BYTES_MAX + 3);
    store<u8>(this.at, kind);
    this.at = putInteger(this.at + 1, value);
    this.line();
  }

  private textLine(kind: u8, text: string): void {
    this.reserve(text.length + 3);
    store<u8>(this.at, kind);
    this.at = putText(this.at + 1, text);
    this.line();
  }

  simple(text: string): void {
    this.textLine(0x2b, text);
  }

  ok(): void {
    this.reserve(5);
    store<u32>(this.at, 0x0d_4b_4f_2b);
    store<u8>(this.at, 0x0a, 4);
    this.at += 5;
  }

  /** With its code: `ERR syntax error`. Ends of lines in it become blanks. */
  error(text: string): void {
    this.reserve(text.length + 3);
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
    this.reserve(bytes + INTEGER_BYTES_MAX + 5);
    this.head(0x24, <i64>bytes);
    memory.copy(this.at, at, <usize>bytes);
    this.at += <usize>bytes;
    this.line();
  }

  bulkText(text: string): void {
    this.head(0x24, <i64>text.length);
    this.reserve(text.length + 2);
    this.at = putText(this.at, text);
    this.line();
  }

  /** Text for people to read, as it is: RESP3 says so. */
  verbatim(text: string): void {
    if (!this.isResp3) return this.bulkText(text);
    this.head(0x3d, <i64>text.length + 4);
    this.reserve(text.length + 6);
    this.at = putText(putText(this.at, "txt:"), text);
    this.line();
  }

  /** A number as a bulk string. */
  bulkInteger(value: i64): void {
    this.reserve(2 * INTEGER_BYTES_MAX + 10);
    const digits = putInteger(this.at, value) - this.at;
    this.head(0x24, <i64>digits);
    this.at = putInteger(this.at, value);
    this.line();
  }

  bulkDouble(value: f64): void {
    this.reserve(2 * DOUBLE_BYTES_MAX + 10);
    const digits = putDouble(this.at, value) - this.at;
    this.head(0x24, <i64>digits);
    this.at = putDouble(this.at, value);
    this.line();
  }

  double(value: f64): void {
    if (!this.isResp3) return this.bulkDouble(value);
    this.reserve(DOUBLE_BYTES_MAX + 3);
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
    this.reserve(text.length + 2);
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
    this.headSince(from, 0x2a, count);
  }

  setSince(from: i32, count: i32): void {
    this.headSince(from, this.isResp3 ? 0x7e : 0x2a, count);
  }

  private headSince(from: i32, kind: u8, count: i32): void {
    if (this.isOverflowing) return;
    const end = this.used;
    this.head(kind, <i64>count);
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
