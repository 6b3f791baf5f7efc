/** Which characters may stand where (RFC 9110 §5.6, RFC 3986 §2), and eight of them at a time; numbers and texts as bytes. */
import { isUtf8 } from "./utf8";

const TOKEN: u8 = 1;
const TARGET: u8 = 2;
const FIELD: u8 = 4;
const HOST: u8 = 8;

// prettier-ignore
const CLASSES: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  4, 15, 6, 5, 15, 15, 15, 15, 14, 14, 15, 15, 6, 15, 15, 6,
  15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 14, 14, 6, 14, 6, 6,
  6, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
  15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 14, 6, 14, 7, 15,
  7, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
  15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 6, 7, 6, 15, 0,
  4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
  4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
  4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
  4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
  4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
  4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
  4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
  4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
]);

const ONES: u64 = 0x0101010101010101;
const HIGHS: u64 = 0x8080808080808080;

/** A character of a method or a field name (RFC 9110 §5.6.2). */
// @ts-ignore: decorator
@inline
export function isToken(c: i32): bool {
  return (load<u8>(CLASSES + <usize>c) & TOKEN) != 0;
}

/** A character of a request target: visible ASCII without `#`. What RFC 3986 would have encoded, but is harmless, may stand. */
// @ts-ignore: decorator
@inline
export function isTarget(c: i32): bool {
  return (load<u8>(CLASSES + <usize>c) & TARGET) != 0;
}

/** A character of a field value: no control but the tabulator (RFC 9110 §5.5). */
// @ts-ignore: decorator
@inline
export function isFieldValue(c: i32): bool {
  return (load<u8>(CLASSES + <usize>c) & FIELD) != 0;
}

/** A character of a host and port (RFC 3986 §3.2.2), without the comma: two hosts in one field are not one. */
// @ts-ignore: decorator
@inline
export function isHost(c: i32): bool {
  return (load<u8>(CLASSES + <usize>c) & HOST) != 0;
}

// @ts-ignore: decorator
@inline
export function isDigit(c: i32): bool {
  return <u32>(c - 0x30) < 10;
}

/** The value of a hexadecimal digit; -1: it is none. */
export function hexDigit(c: i32): i32 {
  if (<u32>(c - 0x30) < 10) return c - 0x30;
  const letter = (c | 0x20) - 0x61;
  return <u32>letter < 6 ? letter + 10 : -1;
}

/** True if a text can be the name of a field, and is none of those that say how long a message is. */
export function isFieldName(name: string): bool {
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    if (c > 0x7f || !isToken(c)) return false;
  }
  if (name.length == 0) return false;
  return !isIgnoringCase(name, "content-length") && !isIgnoringCase(name, "transfer-encoding");
}

/** True if a text is that one, whatever its case. That one is ASCII in lower case. */
function isIgnoringCase(text: string, known: string): bool {
  if (text.length != known.length) return false;
  for (let i = 0; i < text.length; i++)
    if (lower(text.charCodeAt(i)) != known.charCodeAt(i)) return false;
  return true;
}

/** True if a text can be the value of a field: what would end it is not in it. */
export function isFieldText(text: string): bool {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if ((c < 0x20 && c != 0x09) || c == 0x7f) return false;
  }
  return true;
}

/** A to Z as a to z. */
// @ts-ignore: decorator
@inline
export function lower(c: i32): i32 {
  return <u32>(c - 0x41) < 26 ? c | 0x20 : c;
}

// @ts-ignore: decorator
@inline
export function isSpace(c: i32): bool {
  return c == 0x20 || c == 0x09;
}

/** Where the byte stands first at or after `at`, before `end`; `end`: nowhere. */
export function findByte(at: usize, end: usize, byte: u8): usize {
  const pattern = ONES * <u64>byte;
  for (; at + 8 <= end; at += 8) {
    const word = load<u64>(at) ^ pattern;
    const zeros = (word - ONES) & ~word & HIGHS;
    if (zeros != 0) return at + <usize>(ctz(zeros) >> 3);
  }
  for (; at < end; at++) if (load<u8>(at) == byte) return at;
  return end;
}

/** Where a control character stands first at or after `at`, before `end`: 0 to 31, or 127; `end`: nowhere. */
export function findControl(at: usize, end: usize): usize {
  for (; at + 8 <= end; at += 8) {
    const word = load<u64>(at);
    const deletes = word ^ 0x7f7f7f7f7f7f7f7f;
    // A byte above one that borrowed may be marked though it is none: the lowest mark is right.
    const controls =
      (((word - 0x2020202020202020) & ~word) | ((deletes - ONES) & ~deletes)) & HIGHS;
    if (controls != 0) return at + <usize>(ctz(controls) >> 3);
  }
  for (; at < end; at++) {
    const c = <i32>load<u8>(at);
    if (c < 0x20 || c == 0x7f) return at;
  }
  return end;
}

/** True if the bytes are that text, which is ASCII. */
export function equals(at: usize, bytes: i32, text: string): bool {
  if (bytes != text.length) return false;
  for (let i = 0; i < bytes; i++)
    if (<i32>load<u8>(at + <usize>i) != text.charCodeAt(i)) return false;
  return true;
}

/** True if the bytes are that text, whatever their case. The text is ASCII in lower case. */
export function equalsIgnoringCase(at: usize, bytes: i32, text: string): bool {
  if (bytes != text.length) return false;
  for (let i = 0; i < bytes; i++)
    if (lower(load<u8>(at + <usize>i)) != text.charCodeAt(i)) return false;
  return true;
}

/** Writes ASCII text to memory; returns the address behind it. */
export function putText(to: usize, text: string): usize {
  const length = text.length;
  for (let i = 0; i < length; i++) store<u8>(to + <usize>i, <u8>text.charCodeAt(i));
  return to + <usize>length;
}

/** Writes a number in decimal; returns the address behind it. At most 20 bytes. */
export function putNumber(to: usize, value: u64): usize {
  let digits = 1;
  for (let rest = value; rest >= 10; rest /= 10) digits++;
  for (let at = digits - 1; at >= 0; at--) {
    store<u8>(to + <usize>at, <u8>(0x30 + (value % 10)));
    value /= 10;
  }
  return to + <usize>digits;
}

/** Writes a number in hexadecimal; returns the address behind it. At most 16 bytes. */
export function putHexadecimal(to: usize, value: u64): usize {
  let shift = 60;
  while (shift > 0 && value >> shift == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) {
    const digit = (<i32>(value >> shift)) & 15;
    store<u8>(to++, <u8>(digit < 10 ? 0x30 + digit : 0x57 + digit));
  }
  return to;
}

/**
 * The bytes as text: UTF-8, or else a character for each byte (ISO 8859-1, as HTTP once said). A lenient decoder would
 * make characters that were not there of other bytes, a line feed of C0 8A.
 */
export function textOf(at: usize, bytes: i32): string {
  if (isUtf8(at, bytes)) return String.UTF8.decodeUnsafe(at, <usize>bytes);
  const units = new Uint16Array(bytes);
  for (let i = 0; i < bytes; i++) units[i] = load<u8>(at + <usize>i);
  return String.UTF16.decode(units.buffer);
}

/** Bytes of a text in UTF-8; half of a pair counts as U+FFFD, three bytes. */
export function utf8Bytes(text: string): i32 {
  let bytes = 0;
  const length = text.length;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes++;
    else if (unit < 0x800) bytes += 2;
    else if (isPair(text, i)) {
      bytes += 4;
      i++;
    } else bytes += 3;
  }
  return bytes;
}

/** Writes a text in UTF-8; returns the address behind it. */
export function putUtf8(to: usize, text: string): usize {
  const length = text.length;
  for (let i = 0; i < length; i++) {
    let unit = text.charCodeAt(i);
    if (unit < 0x80) {
      store<u8>(to++, <u8>unit);
      continue;
    }
    if (unit < 0x800) {
      store<u8>(to++, <u8>(0xc0 | (unit >> 6)));
      store<u8>(to++, <u8>(0x80 | (unit & 63)));
      continue;
    }
    if (isPair(text, i)) {
      unit = 0x10000 + ((unit & 0x3ff) << 10) + (text.charCodeAt(++i) & 0x3ff);
      store<u8>(to++, <u8>(0xf0 | (unit >> 18)));
      store<u8>(to++, <u8>(0x80 | ((unit >> 12) & 63)));
    } else {
      if ((unit & 0xf800) == 0xd800) unit = 0xfffd;
      store<u8>(to++, <u8>(0xe0 | (unit >> 12)));
    }
    store<u8>(to++, <u8>(0x80 | ((unit >> 6) & 63)));
    store<u8>(to++, <u8>(0x80 | (unit & 63)));
  }
  return to;
}

/** True if two surrogates at `i` are one character. */
function isPair(text: string, i: i32): bool {
  return (
    (text.charCodeAt(i) & 0xfc00) == 0xd800 &&
    i + 1 < text.length &&
    (text.charCodeAt(i + 1) & 0xfc00) == 0xdc00
  );
}
