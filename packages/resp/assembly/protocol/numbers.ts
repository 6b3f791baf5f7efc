/** Numbers as text, as strictly as Redis reads them. */
import { dtoa_buffered } from "util/number";

/** Set by the readers below: the text was a number. */
export let isNumber: bool = false;

/** Digits of the longest i64, with its sign. */
export const INTEGER_BYTES_MAX: i32 = 20;
/** Of what `putDouble` writes. */
export const DOUBLE_BYTES_MAX: i32 = 32;

const SAFE_INTEGER_MAX: f64 = 9007199254740992;
/** So many digits are exact as an f64, and so is ten to the power of so many. */
const EXACT_DIGITS_MAX: i32 = 15;
/** UTF-16 of a number on its way to bytes. */
const units: usize = memory.data(64);

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
  const exact = readExact(from, rest);
  isNumber = !isNaN(exact);
  if (isNumber) return first == 0x2d ? -exact : exact;
  const value = F64.parseFloat(String.UTF8.decodeUnsafe(at, <usize>bytes));
  if (isNaN(value) || !isFinite(value)) return 0;
  isNumber = true;
  return value;
}

/**
 * A decimal of few digits without an exponent: both its digits and the power of ten that divides them are exact, so
 * the quotient is rounded once (Clinger 1990). NaN: it is another; its text has to become an object.
 */
function readExact(at: usize, bytes: i32): f64 {
  if (bytes > EXACT_DIGITS_MAX + 1) return NaN;
  let digits: i64 = 0;
  let power: f64 = 1;
  let isFraction = false;
  let count = 0;
  for (let i = 0; i < bytes; i++) {
    const byte = load<u8>(at + <usize>i);
    if (byte == 0x2e) {
      isFraction = true;
      continue;
    }
    if (byte > 0x39 || ++count > EXACT_DIGITS_MAX) return NaN;
    digits = digits * 10 + <i64>(byte - 0x30);
    if (isFraction) power *= 10;
  }
  return <f64>digits / power;
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
  let length = <usize>dtoa_buffered(units, value);
  const isWhole =
    length > 2 &&
    load<u16>(units + ((length - 1) << 1)) == 0x30 &&
    load<u16>(units + ((length - 2) << 1)) == 0x2e;
  if (isWhole) length -= 2;
  for (let i: usize = 0; i < length; i++) store<u8>(at + i, <u8>load<u16>(units + (i << 1)));
  return at + length;
}

/** Writes characters below 128. */
export function putText(at: usize, text: string): usize {
  for (let i = 0; i < text.length; i++) store<u8>(at + <usize>i, <u8>text.charCodeAt(i));
  return at + <usize>text.length;
}
