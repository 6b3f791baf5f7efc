/** Percent-encoding and queries (RFC 3986 §2.1, WHATWG URL §5). */
import { equals, hexDigit, isDigit, textOf } from "./characters";
import { Utf8Check } from "./utf8";

const PERCENT: i32 = 0x25;
const PLUS: i32 = 0x2b;
const AMPERSAND: i32 = 0x26;
const EQUALS: i32 = 0x3d;

const utf8 = new Utf8Check();

/**
 * Decodes `bytes` bytes at `at` to `to`, which has as much room and may be the same place. Returns how many bytes
 * there are then; -1: a percent sign without two digits, or NUL, which no name has.
 */
export function percentDecode(at: usize, bytes: i32, to: usize, plusIsSpace: bool): i32 {
  const end = at + <usize>bytes;
  const start = to;
  while (at < end) {
    let c = <i32>load<u8>(at++);
    if (c == PERCENT) {
      if (end - at < 2) return -1;
      const high = hexDigit(load<u8>(at));
      const low = hexDigit(load<u8>(at, 1));
      if (high < 0 || low < 0) return -1;
      c = (high << 4) | low;
      if (c == 0) return -1;
      at += 2;
    } else if (c == PLUS && plusIsSpace) c = 0x20;
    store<u8>(to++, <u8>c);
  }
  return <i32>(to - start);
}

/** The decoded text; null: it is not decodable, or no UTF-8. */
export function decodedText(at: usize, bytes: i32, plusIsSpace: bool): string | null {
  let plain = true;
  for (let i = 0; i < bytes && plain; i++) {
    const c = <i32>load<u8>(at + <usize>i);
    plain = c != PERCENT && c != PLUS;
  }
  if (plain) return textOf(at, bytes);
  const room = heap.alloc(<usize>bytes);
  const length = percentDecode(at, bytes, room, plusIsSpace);
  let text: string | null = null;
  if (length >= 0) {
    // What a lenient decoder makes of other bytes may be the name of something else.
    utf8.clear();
    if (utf8.follow(room, length) && utf8.isWhole) text = textOf(room, length);
  }
  heap.free(room);
  return text;
}

/**
 * The value of the first parameter of that name, decoded; null: there is none, or it is not decodable. A name
 * without a value has the empty one. Names are compared as they came: write plain ASCII ones.
 */
export function queryValue(at: usize, bytes: i32, name: string): string | null {
  const end = at + <usize>max(bytes, 0);
  while (at < end) {
    let next = at;
    while (next < end && <i32>load<u8>(next) != AMPERSAND) next++;
    let value = at;
    while (value < next && <i32>load<u8>(value) != EQUALS) value++;
    if (equals(at, <i32>(value - at), name)) {
      if (value < next) value++;
      return decodedText(value, <i32>(next - value), true);
    }
    at = next + 1;
  }
  return null;
}

/** A path as it stands in a URL: everything but letters, digits and `/-._~` is encoded (RFC 3986 §2). */
export function encodedPath(path: string): string {
  const bytes = String.UTF8.encode(path);
  const view = Uint8Array.wrap(bytes);
  let text = "";
  for (let i = 0; i < view.length; i++) {
    const c = <i32>view[i];
    const isLetter = <u32>((c | 0x20) - 0x61) < 26;
    if (isLetter || isDigit(c) || c == 0x2f || c == 0x2d || c == 0x2e || c == 0x5f || c == 0x7e)
      text += String.fromCharCode(c);
    else text += "%" + HEXADECIMAL.charAt(c >> 4) + HEXADECIMAL.charAt(c & 15);
  }
  return text;
}

const HEXADECIMAL: string = "0123456789ABCDEF";
