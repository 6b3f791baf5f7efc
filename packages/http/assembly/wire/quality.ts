/** Preferences of a client: `gzip, br;q=0.8, *;q=0` (RFC 9110 §12.4, §12.5.3). */
import { equalsIgnoringCase, isDigit, lower } from "./characters";
import { Head, skipSpace, trimmed } from "./head";

const COMMA: i32 = 0x2c;
const SEMICOLON: i32 = 0x3b;
const STAR: i32 = 0x2a;
const LETTER_Q: i32 = 0x71;

/** `q=0.8` as 800; 1000 if there is none. What is not understood is 0: then we do not send what was not asked for. */
function qualityIn(at: usize, end: usize): i32 {
  while (at < end) {
    let next = at;
    while (next < end && <i32>load<u8>(next) != SEMICOLON) next++;
    at = skipSpace(at, next);
    if (next - at >= 3 && lower(load<u8>(at)) == LETTER_Q && load<u8>(at, 1) == 0x3d)
      return readQuality(at + 2, trimmed(at + 2, next));
    at = next + 1;
  }
  return 1000;
}

function readQuality(at: usize, bytes: i32): i32 {
  const first = <i32>load<u8>(at) - 0x30;
  if (bytes < 1 || bytes > 5 || (first != 0 && first != 1)) return 0;
  let quality = first * 1000;
  if (bytes > 1 && load<u8>(at, 1) != 0x2e) return 0;
  for (let i = 2, weight = 100; i < bytes; i++, weight /= 10) {
    const c = <i32>load<u8>(at + <usize>i);
    if (!isDigit(c)) return 0;
    quality += (c - 0x30) * weight;
  }
  return min(quality, 1000);
}

/**
 * How much a coding is wanted, 0 to 1000; 0: not at all. `identity` is acceptable unless it is excluded.
 *
 * @param coding in lower case
 */
export function acceptedCoding(head: Head, coding: string): i32 {
  let any = -1;
  for (
    let field = head.find("accept-encoding");
    field >= 0;
    field = head.find("accept-encoding", field + 1)
  ) {
    const end = head.valueAt(field) + <usize>head.valueBytes(field);
    for (let at = head.valueAt(field); at < end;) {
      let comma = at;
      while (comma < end && <i32>load<u8>(comma) != COMMA) comma++;
      const from = skipSpace(at, comma);
      let name = from;
      while (name < comma && <i32>load<u8>(name) != SEMICOLON) name++;
      const bytes = trimmed(from, name);
      if (equalsIgnoringCase(from, bytes, coding) || isOldName(from, bytes, coding))
        return qualityIn(name + 1, comma);
      if (bytes == 1 && <i32>load<u8>(from) == STAR) any = qualityIn(name + 1, comma);
      at = comma + 1;
    }
  }
  if (any >= 0) return any;
  // Acceptable, but whoever names others wants those.
  return coding == "identity" ? 1 : 0;
}

/** RFC 9110 §8.4.1: `x-gzip` is gzip. */
function isOldName(at: usize, bytes: i32, coding: string): bool {
  return bytes == 6 && coding == "gzip" && equalsIgnoringCase(at, bytes, "x-gzip");
}
