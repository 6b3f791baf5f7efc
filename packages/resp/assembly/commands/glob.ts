/** Patterns of KEYS, SCAN and PSUBSCRIBE: `*`, `?`, `[a-c]`, `[^a]`, `\`. Never looks back further than to the last star. */

/** Bytes of a pattern that may be looked at for each byte of it and of the text, and at least; beyond, it does not fit. */
const LOOKS_SHIFT: i64 = 6;
const LOOKS_MIN: i64 = 4096;
/** What is left of them. */
let looks: i64 = 0;

const STAR: u8 = 0x2a;
const QUESTION: u8 = 0x3f;
const OPEN: u8 = 0x5b;
const CLOSE: u8 = 0x5d;
const CARET: u8 = 0x5e;
const BACKSLASH: u8 = 0x5c;
const MINUS: u8 = 0x2d;

/** Where the pattern goes on after one that is not a star; 0: it does not fit. */
function one(pattern: usize, end: usize, byte: u8): usize {
  const kind = load<u8>(pattern);
  if (kind == QUESTION) return pattern + 1;
  if (kind == OPEN) return set(pattern + 1, end, byte);
  if (kind == BACKSLASH && pattern + 1 < end) pattern++;
  return load<u8>(pattern) == byte ? pattern + 1 : 0;
}

function set(at: usize, end: usize, byte: u8): usize {
  const negated = at < end && load<u8>(at) == CARET;
  if (negated) at++;
  let found = false;
  const start = at;
  // A set that is not closed ends with the pattern.
  while (at < end && load<u8>(at) != CLOSE) {
    if (load<u8>(at) == BACKSLASH && at + 1 < end) at++;
    let low = load<u8>(at++);
    if (at + 1 < end && load<u8>(at) == MINUS) {
      let high = load<u8>(at + 1);
      at += 2;
      if (low > high) {
        const swapped = low;
        low = high;
        high = swapped;
      }
      if (byte >= low && byte <= high) found = true;
    } else if (low == byte) found = true;
  }
  looks -= <i64>(at - start);
  if (found == negated) return 0;
  return at < end ? at + 1 : at;
}

/** In time that grows with both lengths together, not with their product. */
export function matches(pattern: usize, patternBytes: i32, text: usize, bytes: i32): bool {
  const end = pattern + <usize>patternBytes;
  const textEnd = text + <usize>bytes;
  let afterStar: usize = 0;
  let resume: usize = 0;
  looks = LOOKS_MIN + ((<i64>patternBytes + <i64>bytes) << LOOKS_SHIFT);
  while (looks-- > 0) {
    if (pattern < end && load<u8>(pattern) == STAR) {
      afterStar = ++pattern;
      resume = text;
      continue;
    }
    if (text == textEnd) {
      if (pattern == end) return true;
    } else if (pattern < end) {
      const next = one(pattern, end, load<u8>(text));
      if (next != 0) {
        pattern = next;
        text++;
        continue;
      }
    }
    if (afterStar == 0 || resume == textEnd) return false;
    pattern = afterStar;
    text = ++resume;
  }
  return false;
}
