/**
 * Reads JSON (RFC 8259) token by token, strictly, from bytes that anybody may have sent. Nothing is built: who wants
 * little reads little.
 *
 *     reader.begin(bytes, 0, length);
 *     if (reader.next() != JsonToken.OBJECT) return false;
 *     while (reader.next() == JsonToken.KEY) {
 *       if (reader.is("title") && reader.next() == JsonToken.TEXT) title = reader.text();
 *       else reader.skip();
 *     }
 *     return reader.isWhole();
 *
 * Bounded by its depth; its time is linear in the bytes. After INVALID, there is nothing but INVALID. The bytes must
 * stay as they are while it reads.
 */
import { hexDigit, isDigit } from "../wire/characters";
import { isUtf8 } from "../wire/utf8";

/** Objects and arrays within each other: deeper is INVALID. */
export const JSON_DEPTH_MAX: i32 = 64;

export enum JsonToken {
  /** It is no JSON, or it is too deep. */
  INVALID,
  /** Behind the value. */
  END,
  OBJECT,
  OBJECT_END,
  ARRAY,
  ARRAY_END,
  /** Its value follows. */
  KEY,
  TEXT,
  NUMBER,
  TRUE,
  FALSE,
  NULL,
}

/** What may come. */
enum Expect {
  VALUE,
  /** A value or the end of the array. */
  FIRST_ELEMENT,
  /** A key or the end of the object. */
  FIRST_KEY,
  KEY,
  /** A comma or an end. */
  MORE,
  END,
}

const QUOTE: i32 = 0x22;
const BACKSLASH: i32 = 0x5c;


@final
export class JsonReader {
  private at: usize = 0;
  private end: usize = 0;
  private expect: Expect = Expect.END;
  private isBroken: bool = false;
  private depth: i32 = 0;
  /** Whether each level is an object. */
  private readonly objects: StaticArray<bool> = new StaticArray<bool>(JSON_DEPTH_MAX);
  private last: JsonToken = JsonToken.INVALID;
  /** What the last token consists of, without quotes. */
  private tokenAt: usize = 0;
  private tokenBytes: i32 = 0;
  private hasEscapes: bool = false;
  private owner: Uint8Array | null = null;

  /** Begins with `length` bytes from `offset`. */
  begin(bytes: Uint8Array, offset: i32, length: i32): void {
    assert(
      offset >= 0 && length >= 0 && offset <= bytes.length - length,
      "json: read from a range outside its array",
    );
    this.owner = bytes;
    this.at = bytes.dataStart + <usize>offset;
    this.end = this.at + <usize>length;
    this.depth = 0;
    this.isBroken = false;
    this.expect = Expect.VALUE;
  }

  next(): JsonToken {
    this.last = this.isBroken ? JsonToken.INVALID : this.read();
    if (this.last == JsonToken.INVALID) this.isBroken = true;
    return this.last;
  }

  /** Passes over the value that comes. False: there is none. */
  skip(): bool {
    const outer = this.depth;
    let token = this.next();
    while (this.depth > outer && token != JsonToken.INVALID) token = this.next();
    return token != JsonToken.INVALID && token != JsonToken.END;
  }

  /** True if everything has been read, and nothing but white space is left. */
  isWhole(): bool {
    return this.next() == JsonToken.END;
  }

  /** True if the key or text is this one. */
  is(text: string): bool {
    if (this.hasEscapes) return this.text() == text;
    if (this.tokenBytes < text.length) return false;
    const bytes = String.UTF8.byteLength(text);
    if (this.tokenBytes != bytes) return false;
    return String.UTF8.decodeUnsafe(this.tokenAt, <usize>bytes) == text;
  }

  /** The key or text. */
  text(): string {
    assert(this.last == JsonToken.TEXT || this.last == JsonToken.KEY, "json: the token is no text");
    if (!this.hasEscapes) return String.UTF8.decodeUnsafe(this.tokenAt, <usize>this.tokenBytes);
    return this.unescaped();
  }

  /** Bytes of the key or text as it stands there: its UTF-8 is not longer. */
  get textBytes(): i32 {
    return this.tokenBytes;
  }

  /** The number; infinite if it is too large. */
  number(): f64 {
    assert(this.last == JsonToken.NUMBER, "json: the token is no number");
    return F64.parseFloat(String.UTF8.decodeUnsafe(this.tokenAt, <usize>this.tokenBytes));
  }

  /** The number, if it is a whole one from `lowest` to `highest` that is written without point and exponent; else `otherwise`. */
  integer(lowest: i64, highest: i64, otherwise: i64): i64 {
    assert(this.last == JsonToken.NUMBER, "json: the token is no number");
    let at = this.tokenAt;
    const end = at + <usize>this.tokenBytes;
    const isNegative = load<u8>(at) == 0x2d;
    if (isNegative) at++;
    // 10^18 fits.
    if (end - at > 18) return otherwise;
    let value: i64 = 0;
    for (; at < end; at++) {
      const c = <i32>load<u8>(at);
      if (!isDigit(c)) return otherwise;
      value = value * 10 + <i64>(c - 0x30);
    }
    if (isNegative) value = -value;
    return value < lowest || value > highest ? otherwise : value;
  }

  // ---- grammar

  private read(): JsonToken {
    let c = this.skipSpace();
    if (this.expect == Expect.END) return c < 0 ? JsonToken.END : JsonToken.INVALID;
    if (c < 0) return JsonToken.INVALID;
    if (this.expect == Expect.MORE) {
      const isObject = this.objects[this.depth - 1];
      if (c == (isObject ? 0x7d : 0x5d)) return this.close(isObject);
      if (c != 0x2c) return JsonToken.INVALID;
      this.at++;
      this.expect = isObject ? Expect.KEY : Expect.VALUE;
      c = this.skipSpace();
    }
    if (this.expect == Expect.FIRST_ELEMENT && c == 0x5d) return this.close(false);
    if (this.expect == Expect.FIRST_KEY && c == 0x7d) return this.close(true);
    if (this.expect == Expect.FIRST_KEY || this.expect == Expect.KEY) return this.key(c);
    return this.value(c);
  }

  private key(c: i32): JsonToken {
    if (c != QUOTE || !this.quoted()) return JsonToken.INVALID;
    if (this.skipSpace() != 0x3a) return JsonToken.INVALID;
    this.at++;
    this.expect = Expect.VALUE;
    return JsonToken.KEY;
  }

  private value(c: i32): JsonToken {
    switch (c) {
      case 0x7b:
        return this.open(true);
      case 0x5b:
        return this.open(false);
      case QUOTE:
        if (!this.quoted()) return JsonToken.INVALID;
        return this.afterValue(JsonToken.TEXT);
      case 0x74:
        return this.literal("true", JsonToken.TRUE);
      case 0x66:
        return this.literal("false", JsonToken.FALSE);
      case 0x6e:
        return this.literal("null", JsonToken.NULL);
      default:
        return this.numeral() ? this.afterValue(JsonToken.NUMBER) : JsonToken.INVALID;
    }
  }

  private open(isObject: bool): JsonToken {
    if (this.depth == JSON_DEPTH_MAX) return JsonToken.INVALID;
    this.at++;
    this.objects[this.depth++] = isObject;
    this.expect = isObject ? Expect.FIRST_KEY : Expect.FIRST_ELEMENT;
    return isObject ? JsonToken.OBJECT : JsonToken.ARRAY;
  }

  private close(isObject: bool): JsonToken {
    this.at++;
    this.depth--;
    return this.afterValue(isObject ? JsonToken.OBJECT_END : JsonToken.ARRAY_END);
  }

  private afterValue(token: JsonToken): JsonToken {
    this.expect = this.depth == 0 ? Expect.END : Expect.MORE;
    return token;
  }

  private literal(text: string, token: JsonToken): JsonToken {
    for (let i = 0; i < text.length; i++)
      if (this.at == this.end || <i32>load<u8>(this.at++) != text.charCodeAt(i))
        return JsonToken.INVALID;
    return this.afterValue(token);
  }

  /** The next character that is no white space; -1: there is none. */
  private skipSpace(): i32 {
    let at = this.at;
    let c = -1;
    for (; at < this.end; at++) {
      c = load<u8>(at);
      if (c != 0x20 && c != 0x0a && c != 0x0d && c != 0x09) break;
      c = -1;
    }
    this.at = at;
    return c;
  }

  // @ts-ignore: decorator
  @inline
  private peek(): i32 {
    return this.at < this.end ? <i32>load<u8>(this.at) : -1;
  }

  /** RFC 8259 §6: no zeros in front, digits on both sides of the point. */
  private numeral(): bool {
    const start = this.at;
    if (this.peek() == 0x2d) this.at++;
    if (this.peek() == 0x30) this.at++;
    else if (this.digits() == 0) return false;
    if (this.peek() == 0x2e) {
      this.at++;
      if (this.digits() == 0) return false;
    }
    if ((this.peek() | 0x20) == 0x65) {
      this.at++;
      const sign = this.peek();
      if (sign == 0x2b || sign == 0x2d) this.at++;
      if (this.digits() == 0) return false;
    }
    this.tokenAt = start;
    this.tokenBytes = <i32>(this.at - start);
    this.hasEscapes = false;
    return true;
  }

  private digits(): i32 {
    const start = this.at;
    while (isDigit(this.peek())) this.at++;
    return <i32>(this.at - start);
  }

  /** RFC 8259 §7. Goes behind the quote that closes. */
  private quoted(): bool {
    const start = this.at + 1;
    let at = start;
    this.hasEscapes = false;
    while (true) {
      if (at >= this.end) return false;
      const c = <i32>load<u8>(at);
      if (c == QUOTE) break;
      if (c < 0x20) return false;
      if (c != BACKSLASH) {
        at++;
        continue;
      }
      this.hasEscapes = true;
      const bytes = this.escape(at);
      if (bytes == 0) return false;
      at += <usize>bytes;
    }
    this.tokenAt = start;
    this.tokenBytes = <i32>(at - start);
    this.at = at + 1;
    return isUtf8(start, this.tokenBytes);
  }

  /** Bytes of the escape at `at`; 0: it is none. A surrogate without its other half is none either. */
  private escape(at: usize): i32 {
    if (this.end - at < 2) return 0;
    switch (load<u8>(at, 1)) {
      case 0x22:
      case 0x5c:
      case 0x2f:
      case 0x62:
      case 0x66:
      case 0x6e:
      case 0x72:
      case 0x74:
        return 2;
      case 0x75: {
        const unit = this.unit(at);
        if (unit < 0 || (unit & 0xfc00) == 0xdc00) return 0;
        if ((unit & 0xfc00) != 0xd800) return 6;
        return (this.unit(at + 6) & 0xfc00) == 0xdc00 ? 12 : 0;
      }
      default:
        return 0;
    }
  }

  /** The UTF-16 unit of `\\u1234`; -1: there is none. */
  private unit(at: usize): i32 {
    if (at + 6 > this.end || load<u8>(at) != BACKSLASH || load<u8>(at, 1) != 0x75) return -1;
    let unit = 0;
    for (let i: usize = 2; i < 6; i++) {
      const digit = hexDigit(load<u8>(at + i));
      if (digit < 0) return -1;
      unit = (unit << 4) | digit;
    }
    return unit;
  }

  private unescaped(): string {
    const end = this.tokenAt + <usize>this.tokenBytes;
    let text = "";
    let plain = this.tokenAt;
    for (let at = plain; at < end;) {
      if (load<u8>(at) != BACKSLASH) {
        at++;
        continue;
      }
      text += String.UTF8.decodeUnsafe(plain, at - plain);
      const c = <i32>load<u8>(at, 1);
      if (c == 0x75) {
        text += String.fromCharCode(this.unit(at));
        at += 6;
      } else {
        text += String.fromCharCode(meaning(c));
        at += 2;
      }
      plain = at;
    }
    return text + String.UTF8.decodeUnsafe(plain, end - plain);
  }
}

function meaning(c: i32): i32 {
  switch (c) {
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return c;
  }
}
