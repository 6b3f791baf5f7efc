/** Names in an archive: any bytes, of which those that can be paths are taken. */

const SLASH: u32 = 0x2f;
const DOT: u32 = 0x2e;

/** Bytes of a path without the slash in front: with it, what `checkPath` allows. */
export const PATH_BYTES_MAX: i32 = 4095;

/** True if the bytes are UTF-8 (RFC 3629 §4) without control characters. */
export function isText(at: usize, bytes: i32): bool {
  const end = at + bytes;
  while (at < end) {
    const first = <u32>load<u8>(at++);
    if (first < 0x80) {
      if (first < 0x20 || first == 0x7f) return false;
      continue;
    }
    let more: i32 = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4 || at + more > end) return false;
    let code: u32 = first & (0x3f >> more);
    const length = more;
    for (; more > 0; more--) {
      const next = <u32>load<u8>(at++);
      if ((next & 0xc0) != 0x80) return false;
      code = (code << 6) | (next & 0x3f);
    }
    if (length == 1 && code < 0xa0) return false;
    if (length == 2 && (code < 0x800 || (code & 0xf800) == 0xd800)) return false;
    if (length == 3 && (code < 0x10000 || code > 0x10ffff)) return false;
  }
  return true;
}

/**
 * Writes the path that a name stands for, without slashes at its ends, behind one of `used` bytes that is
 * there: `./a//b/` is `a/b`. Returns its bytes with what was there, or -1: it leads up, or is too long.
 * `to` has room for PATH_BYTES_MAX.
 */
export function appendPath(to: usize, used: i32, from: usize, bytes: i32): i32 {
  let start = 0;
  for (let at = 0; at <= bytes; at++) {
    if (at < bytes && <u32>load<u8>(from + at) != SLASH) continue;
    const length = at - start;
    const name = from + start;
    start = at + 1;
    if (length == 0) continue;
    if (length <= 2 && <u32>load<u8>(name) == DOT) {
      if (length == 1) continue;
      if (<u32>load<u8>(name + 1) == DOT) return -1;
    }
    if (used + length + 1 > PATH_BYTES_MAX) return -1;
    if (used > 0) store<u8>(to + used++, SLASH);
    memory.copy(to + used, name, length);
    used += length;
  }
  return used;
}

/** Orders paths so that what is in a directory follows it: bytes, the slash before all others. */
export function comparePaths(a: usize, aBytes: i32, b: usize, bBytes: i32): i32 {
  const common = min(aBytes, bBytes);
  for (let at = 0; at < common; at++) {
    const left = <u32>load<u8>(a + at);
    const right = <u32>load<u8>(b + at);
    if (left == right) continue;
    if (left == SLASH) return -1;
    if (right == SLASH) return 1;
    return left < right ? -1 : 1;
  }
  return aBytes - bBytes;
}
