/**
 * Writes JSON (RFC 8259) as UTF-8. Made once, and used again: `clear` keeps its memory.
 *
 *     json.clear().object().key("id").integer(7).key("tags").array().text("a").end().end();
 *
 * Commas and colons come by themselves. What would be no JSON (a value without a key in an object, two values) ends
 * the domain: it is a mistake.
 */
import { putNumber, putText, putUtf8, utf8Bytes } from "../wire/characters";

/** Objects and arrays within each other. */
const DEPTH_MAX: i32 = 32;
const NUMBER_BYTES_MAX: i32 = 40;
const HEXADECIMAL: string = "0123456789abcdef";

enum Place {
  /** Nothing has been written. */
  START,
  /** Behind the one value. */
  DONE,
  ARRAY,
  OBJECT,
  /** Behind a key. */
  VALUE,
}


@final
export class JsonWriter {
  /** What has been written: the first `length` bytes. A larger array takes its place when it has to. */
  bytes: Uint8Array;
  length: i32 = 0;
  private place: Place = Place.START;
  private isFirst: bool = true;
  private depth: i32 = 0;
  private readonly outer: StaticArray<u8> = new StaticArray<u8>(DEPTH_MAX);

  constructor(bytesExpected: i32 = 1024) {
    this.bytes = new Uint8Array(max(bytesExpected, 64));
  }

  clear(): JsonWriter {
    this.length = 0;
    this.place = Place.START;
    this.isFirst = true;
    this.depth = 0;
    return this;
  }

  /** Begins an object; `end` ends it. */
  object(): JsonWriter {
    return this.open(Place.OBJECT, 0x7b);
  }

  /** Begins an array; `end` ends it. */
  array(): JsonWriter {
    return this.open(Place.ARRAY, 0x5b);
  }

  private open(place: Place, bracket: u8): JsonWriter {
    assert(this.depth < DEPTH_MAX, "json: too deep");
    this.beginValue(1);
    this.put(bracket);
    this.outer[this.depth++] = <u8>this.place;
    this.place = place;
    this.isFirst = true;
    return this;
  }

  end(): JsonWriter {
    const place = this.place;
    assert(place == Place.OBJECT || place == Place.ARRAY, "json: nothing is there to end");
    this.reserve(1);
    this.put(place == Place.OBJECT ? 0x7d : 0x5d);
    this.place = this.outer[--this.depth];
    this.endValue();
    return this;
  }

  key(name: string): JsonWriter {
    assert(this.place == Place.OBJECT, "json: a key belongs into an object");
    this.reserve(1);
    if (!this.isFirst) this.put(0x2c);
    this.putQuoted(name);
    this.reserve(1);
    this.put(0x3a);
    this.place = Place.VALUE;
    return this;
  }

  /** Half of a surrogate pair becomes U+FFFD. */
  text(value: string): JsonWriter {
    this.beginValue(0);
    this.putQuoted(value);
    this.endValue();
    return this;
  }

  /** Beyond 2^53, clients in JavaScript see another number: send those as text. */
  integer(value: i64): JsonWriter {
    this.beginValue(NUMBER_BYTES_MAX);
    if (value < 0) this.put(0x2d);
    const at = this.bytes.dataStart + <usize>this.length;
    const magnitude = value < 0 ? <u64>-value : <u64>value;
    this.length += <i32>(putNumber(at, magnitude) - at);
    this.endValue();
    return this;
  }

  /** What is no number, or infinite, is null, as in JavaScript. */
  number(value: f64): JsonWriter {
    if (!isFinite(value)) return this.null();
    return this.literal(value.toString());
  }

  boolean(value: bool): JsonWriter {
    return this.literal(value ? "true" : "false");
  }

  null(): JsonWriter {
    return this.literal("null");
  }

  private literal(text: string): JsonWriter {
    this.beginValue(text.length);
    putText(this.bytes.dataStart + <usize>this.length, text);
    this.length += text.length;
    this.endValue();
    return this;
  }

  /** Everything as text. */
  toString(): string {
    return String.UTF8.decodeUnsafe(this.bytes.dataStart, <usize>this.length);
  }

  private beginValue(bytes: i32): void {
    const place = this.place;
    assert(place != Place.OBJECT, "json: a value in an object needs a key");
    assert(place != Place.DONE, "json: there is one value only");
    this.reserve(bytes + 1);
    if (place == Place.ARRAY && !this.isFirst) this.put(0x2c);
  }

  private endValue(): void {
    this.isFirst = false;
    if (this.place == Place.VALUE) this.place = Place.OBJECT;
    else if (this.place == Place.START) this.place = Place.DONE;
  }

  private putQuoted(text: string): void {
    let extra = 2;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c < 0x20) extra += 5;
      else if (c == 0x22 || c == 0x5c) extra++;
    }
    this.reserve(utf8Bytes(text) + extra);
    this.put(0x22);
    if (extra == 2) {
      const at = this.bytes.dataStart + <usize>this.length;
      this.length += <i32>(putUtf8(at, text) - at);
    } else this.putEscaped(text);
    this.put(0x22);
  }

  private putEscaped(text: string): void {
    let plain = 0;
    for (let i = 0; i <= text.length; i++) {
      const c = i < text.length ? text.charCodeAt(i) : 0;
      if (c >= 0x20 && c != 0x22 && c != 0x5c) continue;
      const at = this.bytes.dataStart + <usize>this.length;
      this.length += <i32>(putUtf8(at, text.substring(plain, i)) - at);
      plain = i + 1;
      if (i == text.length) return;
      this.put(0x5c);
      if (c >= 0x20) this.put(<u8>c);
      else this.putControl(c);
    }
  }

  private putControl(c: i32): void {
    const short = c == 0x0a ? 0x6e : c == 0x0d ? 0x72 : c == 0x09 ? 0x74 : 0;
    if (short != 0) {
      this.put(<u8>short);
      return;
    }
    putText(this.bytes.dataStart + <usize>this.length, "u00");
    this.length += 3;
    this.put(<u8>HEXADECIMAL.charCodeAt(c >> 4));
    this.put(<u8>HEXADECIMAL.charCodeAt(c & 15));
  }

  // @ts-ignore: decorator
  @inline
  private put(byte: u8): void {
    const at = this.length++;
    store<u8>(this.bytes.dataStart + <usize>at, byte);
  }

  private reserve(more: i32): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(max(needed, 2 * this.bytes.length));
    memory.copy(larger.dataStart, this.bytes.dataStart, <usize>this.length);
    this.bytes = larger;
  }
}
