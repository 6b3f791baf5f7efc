/**
 * Domain names in wire form (RFC 1035 §3.1): labels, each behind its length, and a zero. At most 255 bytes in all and
 * 63 in a label. Nothing here allocates, except for what makes text.
 *
 * A length is at most 63 and a letter at least 65, so a name is put into lower case, compared and hashed without
 * looking where its labels begin. For that, eight bytes at a time, a name lies in NAME_BUFFER_BYTES bytes.
 */

export const NAME_BYTES_MAX: i32 = 255;
export const LABEL_BYTES_MAX: i32 = 63;

/** Room for a name: it is read, and changed, in steps of eight bytes, from any of its labels on. */
export const NAME_BUFFER_BYTES: i32 = 264;

/** What a function answers for bytes that are no name. */
export const MALFORMED: i32 = -1;

/** Pointers that are followed in one name: more than it can have labels make no sense. */
const POINTERS_MAX: i32 = 127;

const POINTER: i32 = 0xc0;

/** Eight bytes with A to Z turned into a to z. */
// @ts-ignore: decorator
@inline
export function lower8(bytes: u64): u64 {
  const low = bytes & 0x7f7f7f7f7f7f7f7f;
  const fromA = low + 0x3f3f3f3f3f3f3f3f;
  const beyondZ = low + 0x2525252525252525;
  return bytes | (((fromA ^ beyondZ) & ~bytes & 0x8080808080808080) >> 2);
}

/** Offset behind the name at `at` of a message of `bytes` bytes; MALFORMED. Pointers are not followed. */
export function skipName(message: usize, bytes: i32, at: i32): i32 {
  const limit = min(bytes, at + NAME_BYTES_MAX);
  while (at < limit) {
    const length = <i32>load<u8>(message + at);
    if (length == 0) return at + 1;
    if (length >= POINTER) return at + 2 <= bytes ? at + 2 : MALFORMED;
    if (length > LABEL_BYTES_MAX) return MALFORMED;
    at += 1 + length;
  }
  return MALFORMED;
}

/**
 * Writes the name at `at` of a message to `to`, without pointers (RFC 1035 §4.1.4), and returns its bytes; MALFORMED.
 * A pointer leads further to the front than any before it, so there is no loop.
 *
 * @param to NAME_BUFFER_BYTES bytes, not in the message; what is behind the name is undefined
 */
export function readName(message: usize, bytes: i32, at: i32, to: usize): i32 {
  let written = 0;
  let front = at;
  let pointers = 0;
  while (at < bytes) {
    const length = <i32>load<u8>(message + at);
    if (length == 0) {
      store<u8>(to + written, 0);
      return written + 1;
    }
    if (length >= POINTER) {
      if (at + 2 > bytes || ++pointers > POINTERS_MAX) return MALFORMED;
      at = (<i32>bswap(load<u16>(message + at))) & 0x3fff;
      if (at >= front) return MALFORMED;
      front = at;
      continue;
    }
    // One more byte than the label: at least the zero follows.
    if (length > LABEL_BYTES_MAX || written + length + 2 > NAME_BYTES_MAX) return MALFORMED;
    if (at + 1 + length > bytes) return MALFORMED;
    if (at + length + 8 <= bytes) {
      // Up to seven bytes too many, of the message and of the buffer: faster than to count them.
      for (let done = 0; done <= length; done += 8)
        store<u64>(to + written + done, load<u64>(message + at + done));
    } else memory.copy(to + written, message + at, length + 1);
    written += length + 1;
    at += length + 1;
  }
  return MALFORMED;
}

/** Puts a name into lower case, where it lies. */
export function lowerName(name: usize, bytes: i32): void {
  for (const end = name + bytes; name < end; name += 8) store<u64>(name, lower8(load<u64>(name)));
}

/** Same name, whatever the case (RFC 4343). Both lie in NAME_BUFFER_BYTES bytes. */
export function equalNames(a: usize, aBytes: i32, b: usize, bBytes: i32): bool {
  if (aBytes != bBytes) return false;
  let left = aBytes;
  for (; left >= 8; left -= 8, a += 8, b += 8)
    if (lower8(load<u64>(a)) != lower8(load<u64>(b))) return false;
  if (left == 0) return true;
  const unused = 64 - (left << 3);
  return lower8(load<u64>(a)) << unused == lower8(load<u64>(b)) << unused;
}

/** True if `name` is `ancestor` or lies below it. */
export function isWithin(name: usize, bytes: i32, ancestor: usize, ancestorBytes: i32): bool {
  while (bytes > ancestorBytes) {
    const label = <i32>load<u8>(name) + 1;
    name += label;
    bytes -= label;
  }
  return equalNames(name, bytes, ancestor, ancestorBytes);
}

/**
 * A number that only who knows the key can foresee, the same for all cases of a name: SipHash-1-3 (J.-P. Aumasson and
 * D. J. Bernstein, "SipHash: a fast short-input PRF", 2012) of its lower case. For tables that strangers fill.
 */
export function hashName(name: usize, bytes: i32, key0: u64, key1: u64): u64 {
  let v0 = key0 ^ 0x736f6d6570736575;
  let v1 = key1 ^ 0x646f72616e646f6d;
  let v2 = key0 ^ 0x6c7967656e657261;
  let v3 = key1 ^ 0x7465646279746573;
  let left = bytes;
  for (let rounds = 1; ;) {
    let block: u64 = 0;
    if (left >= 8) block = lower8(load<u64>(name));
    else if (left >= 0) {
      block = (<u64>bytes) << 56;
      if (left > 0) block |= (lower8(load<u64>(name)) << (64 - (left << 3))) >> (64 - (left << 3));
    } else {
      v2 ^= 0xff;
      rounds = 3;
    }
    v3 ^= block;
    for (let round = 0; round < rounds; round++) {
      v0 += v1;
      v1 = rotl<u64>(v1, 13) ^ v0;
      v0 = rotl<u64>(v0, 32);
      v2 += v3;
      v3 = rotl<u64>(v3, 16) ^ v2;
      v0 += v3;
      v3 = rotl<u64>(v3, 21) ^ v0;
      v2 += v1;
      v1 = rotl<u64>(v1, 17) ^ v2;
      v2 = rotl<u64>(v2, 32);
    }
    if (rounds == 3) break;
    v0 ^= block;
    name += 8;
    left = left >= 8 ? left - 8 : -1;
  }
  return v0 ^ v1 ^ v2 ^ v3;
}

/**
 * Writes a name that is given as text, in lower case, and returns its bytes; MALFORMED. A dot at the end is of no
 * account; `\X` and `\DDD` stand for a character and a byte (RFC 1035 §5.1). Letters beyond ASCII must already be in
 * A-labels (RFC 5890).
 *
 * @param to NAME_BUFFER_BYTES bytes
 */
export function nameOfText(text: string, to: usize): i32 {
  const length = text.length;
  let label = 0; // where its length goes
  let at = 1;
  if (length == 1 && text.charCodeAt(0) == 0x2e) {
    store<u8>(to, 0);
    return 1;
  }
  for (let i = 0; i < length; i++) {
    let c = text.charCodeAt(i);
    if (c == 0x2e) {
      const bytes = at - label - 1;
      if (bytes == 0 || bytes > LABEL_BYTES_MAX) return MALFORMED;
      store<u8>(to + label, <u8>bytes);
      label = at++;
      continue;
    }
    if (c <= 0x20 || c >= 0x7f) return MALFORMED;
    if (c == 0x5c) {
      c = escaped(text, i + 1);
      if (c < 0) return MALFORMED;
      i += c > 0xff ? 3 : 1;
    }
    // Its own zero at the end included.
    if (at + 2 > NAME_BYTES_MAX) return MALFORMED;
    store<u8>(to + at++, <u8>c);
  }
  const bytes = at - label - 1;
  if (bytes > LABEL_BYTES_MAX || at == 1) return MALFORMED;
  store<u8>(to + label, <u8>bytes);
  // After a dot at the end, this length is the zero.
  if (bytes > 0) store<u8>(to + at, 0);
  else at--;
  lowerName(to, at + 1);
  return at + 1;
}

/** What stands behind a backslash: a character, or 0x100 and a byte; negative: nothing. */
function escaped(text: string, at: i32): i32 {
  if (at >= text.length) return MALFORMED;
  const c = text.charCodeAt(at);
  if (c - 0x30 >= 10 || c < 0x30) return c > 0x20 && c < 0x7f ? c : MALFORMED;
  if (at + 3 > text.length) return MALFORMED;
  let value = 0;
  for (let i = at; i < at + 3; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return MALFORMED;
    value = value * 10 + digit;
  }
  return value > 0xff ? MALFORMED : 0x100 | value;
}

/** The name as text, without a dot at the end; "." for the root. */
export function textOfName(name: usize): string {
  let text = "";
  for (let length = <i32>load<u8>(name); length > 0; length = <i32>load<u8>(name)) {
    if (text.length > 0) text += ".";
    for (let at = 1; at <= length; at++) {
      const c = load<u8>(name + at);
      if (c <= 0x20 || c >= 0x7f) text += "\\" + c.toString().padStart(3, "0");
      else {
        if (c == 0x2e || c == 0x5c) text += "\\";
        text += String.fromCharCode(c);
      }
    }
    name += length + 1;
  }
  return text.length > 0 ? text : ".";
}
