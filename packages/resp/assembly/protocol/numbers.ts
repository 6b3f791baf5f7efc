/** Numbers as text, as strictly as Redis reads them. */
/** Set by the readers below: the text was a number. */
export let isNumber: bool = false;

/** Digits of the longest i64, with its sign. */
export const INTEGER_BYTES_MAX: i32 = 20;
/** Of what `putDouble` writes. */
export const DOUBLE_BYTES_MAX: i32 = 32;

const SAFE_INTEGER_MAX: f64 = 9007199254740992;

/** No blanks, no plus, no leading zeros, no "-0", nothing beyond 64 bits. */
export function readInteger(at: usize, bytes: i32): i64 {
  isNumber = false;
  if (bytes == 0 || bytes > INTEGER_BYTES_MAX) return 0;
  if (bytes == 1 && load<u8>(at) == 0x30) {
    isNumber = true;
    return 0;
  }
  const end = at + <usize>bytes;
  const isNegative = load<u8>(at) == 0x2d;
  if (isNegative) at++;
  if (at == end || load<u8>(at) == 0x30) return 0;
  let value: u64 = 0;
  for (; at < end; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) return 0;
    if (value > u64.MAX_VALUE / 10) return 0;
    value *= 10;
    if (value > u64.MAX_VALUE - <u64>digit) return 0;
    value += <u64>digit;
  }
  const limit: u64 = isNegative ? 0x8000_0000_0000_0000 : 0x7fff_ffff_ffff_ffff;
  if (value > limit) return 0;
  isNumber = true;
  return isNegative ? -(<i64>value) : <i64>value;
}

function lower(at: usize): u8 {
  const byte = load<u8>(at);
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

function isWord(at: usize, bytes: i32, word: string): bool {
  if (bytes != word.length) return false;
  for (let i = 0; i < bytes; i++) if (lower(at + <usize>i) != <u8>word.charCodeAt(i)) return false;
  return true;
}

/** Decimal, with an exponent if need be; inf and infinity; NaN is none. */
export function readDouble(at: usize, bytes: i32): f64 {
  isNumber = false;
  if (bytes == 0 || bytes > 255) return 0;
  const first = load<u8>(at);
  const sign = first == 0x2d || first == 0x2b ? 1 : 0;
  const from = at + <usize>sign;
  const rest = bytes - sign;
  if (isWord(from, rest, "inf") || isWord(from, rest, "infinity")) {
    isNumber = true;
    return first == 0x2d ? -Infinity : Infinity;
  }
  if (!isDecimal(from, rest)) return 0;
  const value = F64.parseFloat(String.UTF8.decodeUnsafe(at, <usize>bytes));
  if (isNaN(value) || !isFinite(value)) return 0;
  isNumber = true;
  return value;
}

/** Digits with at most one point, and an exponent of digits. */
function isDecimal(at: usize, bytes: i32): bool {
  const end = at + <usize>bytes;
  let digits = 0;
  let points = 0;
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if (byte >= 0x30 && byte <= 0x39) digits++;
    else if (byte == 0x2e && points == 0) points++;
    else break;
  }
  if (digits == 0) return false;
  if (at == end) return true;
  if ((load<u8>(at) | 0x20) != 0x65) return false;
  at++;
  if (at < end && (load<u8>(at) == 0x2d || load<u8>(at) == 0x2b)) at++;
  if (at == end) return false;
  for (; at < end; at++) if (<u32>load<u8>(at) - 0x30 > 9) return false;
  return true;
}

/** Writes a number in decimal; returns where it ends. */
export function putInteger(at: usize, value: i64): usize {
  let rest = <u64>value;
  if (value < 0) {
    store<u8>(at++, 0x2d);
    rest = 0 - rest;
  }
  let digits: usize = 1;
  for (let bound: u64 = 10; digits < 20 && rest >= bound; digits++) {
    if (bound > u64.MAX_VALUE / 10) {
      digits++;
      break;
    }
    bound *= 10;
  }
  for (let i = digits; i > 0; i--) {
    store<u8>(at + i - 1, <u8>(0x30 + <u32>(rest % 10)));
    rest /= 10;
  }
  return at + digits;
}

/** Writes the shortest text that is read as this number again: 3, 0.1, 1e+21, inf. Returns where it ends. */
export function putDouble(at: usize, value: f64): usize {
  if (isNaN(value)) return putText(at, "nan");
  if (!isFinite(value)) return putText(at, value < 0 ? "-inf" : "inf");
  if (value == trunc(value) && abs(value) < SAFE_INTEGER_MAX) {
    if (value == 0 && Math.signbit(value)) return putText(at, "-0");
    return putInteger(at, <i64>value);
  }
  // A fraction is the one thing that needs an object.
  const text = value.toString();
  return putText(at, text.endsWith(".0") ? text.substring(0, text.length - 2) : text);
}

/** Writes characters below 128. */
export function putText(at: usize, text: string): usize {
  for (let i = 0; i < text.length; i++) store<u8>(at + <usize>i, <u8>text.charCodeAt(i));
  return at + <usize>text.length;
}
