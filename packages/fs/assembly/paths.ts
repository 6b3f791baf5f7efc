/** Paths as `Files` takes them: `/docs/index.html`. */
import { BAD_NAME } from "@phantasm/interfaces";

/** UTF-16 units of a path; a longer one is BAD_NAME. */
export const PATH_UNITS_MAX: i32 = 4096;

const SLASH: i32 = 0x2f;
const DOT: i32 = 0x2e;
const DELETE: i32 = 0x7f;

/** Control characters: no name has them, and a terminal that prints one may do as it says. */
function isControl(unit: i32): bool {
  return unit < 0x20 || (unit >= DELETE && unit < 0xa0);
}

/** True for a surrogate that is not one of a pair. */
function isLone(path: string, index: i32, unit: i32): bool {
  if ((unit & 0xf800) != 0xd800) return false;
  const high = unit < 0xdc00;
  const other = high ? index + 1 : index - 1;
  if (other < 0 || other >= path.length) return true;
  return (path.charCodeAt(other) & 0xfc00) != (high ? 0xdc00 : 0xd800);
}

/** `.` and `..`, and nothing at all. */
function isDots(path: string, start: i32, end: i32): bool {
  const length = end - start;
  if (length > 2) return false;
  for (let at = start; at < end; at++) if (path.charCodeAt(at) != DOT) return false;
  return true;
}

/** 0 if a path has the form that `Files` takes, else BAD_NAME. Allocates nothing. */
export function checkPath(path: string): i32 {
  const length = path.length;
  if (length == 0 || length > PATH_UNITS_MAX || path.charCodeAt(0) != SLASH) return BAD_NAME;
  if (length == 1) return 0;
  let start = 1;
  for (let at = 1; at <= length; at++) {
    const unit = at < length ? path.charCodeAt(at) : SLASH;
    if (unit == SLASH) {
      if (isDots(path, start, at)) return BAD_NAME;
      start = at + 1;
    } else if (isControl(unit) || isLone(path, at, unit)) {
      return BAD_NAME;
    }
  }
  return 0;
}

/**
 * Makes a path of what a client sent: `docs//./a/../index.html/` becomes `/docs/index.html`. Decoding, as of
 * `%20`, comes before.
 *
 * Returns the empty string, which is no path, for what leads above the root, has control characters or half
 * a character, or is too long.
 */
export function normalPath(text: string): string {
  const length = text.length;
  if (length > PATH_UNITS_MAX) return "";
  const units = new Uint16Array(length + 1);
  let used = 0;
  let start = 0;
  for (let at = 0; at <= length; at++) {
    const unit = at < length ? text.charCodeAt(at) : SLASH;
    if (unit != SLASH) {
      if (isControl(unit) || isLone(text, at, unit)) return "";
      continue;
    }
    if (!isDots(text, start, at)) {
      units[used++] = <u16>SLASH;
      while (start < at) units[used++] = <u16>text.charCodeAt(start++);
    } else if (at - start == 2) {
      if (used == 0) return "";
      while (units[--used] != <u16>SLASH);
    }
    start = at + 1;
  }
  if (used == 0) return "/";
  return used > PATH_UNITS_MAX ? "" : String.UTF16.decodeUnsafe(units.dataStart, used << 1);
}

/** What stands behind the last `/`. */
export function baseName(path: string): string {
  return path.substring(path.lastIndexOf("/") + 1);
}

/** The directory that a path lies in; of the root the root. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.substring(0, slash);
}
