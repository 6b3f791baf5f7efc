/**
 * Names: long ones of up to 255 UTF-16 units, and the short ones, 8 and 3 bytes, that each entry has too.
 *
 * Names that differ in case only are the same: as `fold` says, which knows the letters of Latin-1, Latin
 * Extended-A, Greek, Cyrillic, Armenian and the full-width ones.
 */

export const NAME_UNITS_MAX: i32 = 255;
export const SHORT_BYTES: i32 = 11;

/** Units of a short name with its dot. */
export const SHORT_UNITS_MAX: i32 = 12;

/** Bits of byte 12 of an entry: the short name, or its extension, is shown in lower case. */
const LOWER_BASE: i32 = 0x08;
const LOWER_EXTENSION: i32 = 0x10;

const SPACE: u8 = 0x20;
const DOT: i32 = 0x2e;
const UNDERSCORE: u8 = 0x5f;
const TILDE: u8 = 0x7e;

/** Numeric tails that are tried: `~1` to `~63`. */
export const TAILS_MAX: i32 = 63;

/** Bytes 0x80 to 0xff of a short name: code page 850, as dosfstools and mtools take it. */
const CODE_PAGE: StaticArray<u16> = [
  0xc7, 0xfc, 0xe9, 0xe2, 0xe4, 0xe0, 0xe5, 0xe7, 0xea, 0xeb, 0xe8, 0xef, 0xee, 0xec, 0xc4, 0xc5,
  0xc9, 0xe6, 0xc6, 0xf4, 0xf6, 0xf2, 0xfb, 0xf9, 0xff, 0xd6, 0xdc, 0xf8, 0xa3, 0xd8, 0xd7, 0x192,
  0xe1, 0xed, 0xf3, 0xfa, 0xf1, 0xd1, 0xaa, 0xba, 0xbf, 0xae, 0xac, 0xbd, 0xbc, 0xa1, 0xab, 0xbb,
  0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0xc1, 0xc2, 0xc0, 0xa9, 0x2563, 0x2551, 0x2557, 0x255d,
  0xa2, 0xa5, 0x2510, 0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0xe3, 0xc3, 0x255a, 0x2554,
  0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0xa4, 0xf0, 0xd0, 0xca, 0xcb, 0xc8, 0x131, 0xcd, 0xce,
  0xcf, 0x2518, 0x250c, 0x2588, 0x2584, 0xa6, 0xcc, 0x2580, 0xd3, 0xdf, 0xd4, 0xd2, 0xf5, 0xd5,
  0xb5, 0xfe, 0xde, 0xda, 0xdb, 0xd9, 0xfd, 0xdd, 0xaf, 0xb4, 0xad, 0xb1, 0x2017, 0xbe, 0xb6, 0xa7,
  0xf7, 0xb8, 0xb0, 0xa8, 0xb7, 0xb9, 0xb3, 0xb2, 0x25a0, 0xa0,
];

/** The upper case of a UTF-16 unit, for comparing. */
export function fold(unit: u32): u32 {
  if (unit < 0x80) return unit - 0x61 < 26 ? unit - 32 : unit;
  if (unit < 0x100) return unit >= 0xe0 && unit != 0xf7 && unit != 0xff ? unit - 32 : unit;
  if (unit < 0x180) return foldLatinExtended(unit);
  if (unit >= 0x3b1 && unit <= 0x3cb) return unit == 0x3c2 ? 0x3a3 : unit - 32;
  if (unit >= 0x430 && unit <= 0x44f) return unit - 32;
  if (unit >= 0x450 && unit <= 0x45f) return unit - 80;
  if (unit >= 0x460 && unit <= 0x481) return unit & ~1;
  if (unit >= 0x48a && unit <= 0x4bf) return unit & ~1;
  if (unit >= 0x561 && unit <= 0x586) return unit - 48;
  if (unit >= 0xff41 && unit <= 0xff5a) return unit - 32;
  return unit;
}

/** U+0100 to U+017F: pairs, of which the capital is even up to a gap, then odd. */
function foldLatinExtended(unit: u32): u32 {
  if (unit <= 0x137) return unit == 0x131 ? unit : unit & ~1;
  if (unit >= 0x139 && unit <= 0x148) return unit & 1 ? unit : unit - 1;
  if (unit >= 0x14a && unit <= 0x177) return unit & ~1;
  if (unit >= 0x179 && unit <= 0x17e) return unit & 1 ? unit : unit - 1;
  return unit;
}

/** Characters of ASCII that a long name must not have; `/` never comes here. */
function isForbidden(unit: i32): bool {
  // " * : < > ? \ |
  return (
    unit < 0x20 ||
    unit == 0x7f ||
    unit == 0x22 ||
    unit == 0x2a ||
    unit == 0x2f ||
    unit == 0x3a ||
    unit == 0x3c ||
    unit == 0x3e ||
    unit == 0x3f ||
    unit == 0x5c ||
    unit == 0x7c
  );
}

/** True when a part of a path can be a name on this volume. */
export function isName(path: string, start: i32, end: i32): bool {
  if (end - start < 1 || end - start > NAME_UNITS_MAX) return false;
  for (let at = start; at < end; at++) if (isForbidden(path.charCodeAt(at))) return false;
  // Windows and Linux take off dots and spaces at the end: who writes them would not find them there.
  const last = path.charCodeAt(end - 1);
  return last != DOT && last != 0x20;
}

/** True when units that a disk holds can be a name. */
export function isStoredName(units: Uint16Array, length: i32): bool {
  if (length < 1 || length > NAME_UNITS_MAX) return false;
  for (let i = 0; i < length; i++) {
    const unit = <i32>units[i];
    if (unit < 0x20 || unit == 0x2f || (unit >= 0x7f && unit < 0xa0)) return false;
  }
  return !(units[0] == DOT && (length == 1 || (length == 2 && units[1] == DOT)));
}

/** VFAT's checksum of a short name, which ties a long one to it. */
export function shortChecksum(at: usize): u32 {
  let sum: u32 = 0;
  for (let i = 0; i < SHORT_BYTES; i++)
    sum = ((((sum & 1) << 7) | (sum >> 1)) + <u32>load<u8>(at + i)) & 0xff;
  return sum;
}

/** Writes the name of a short entry as text. Returns its length. */
export function readShortName(at: usize, units: Uint16Array): i32 {
  const flags = <i32>load<u8>(at, 12);
  let length = 0;
  let end = 8;
  while (end > 0 && load<u8>(at + end - 1) == SPACE) end--;
  for (let i = 0; i < end; i++) {
    let byte = load<u8>(at + i);
    // 0xe5 would say that the entry is free.
    if (i == 0 && byte == 0x05) byte = 0xe5;
    units[length++] = shortUnit(byte, (flags & LOWER_BASE) != 0);
  }
  end = SHORT_BYTES;
  while (end > 8 && load<u8>(at + end - 1) == SPACE) end--;
  if (end > 8) units[length++] = DOT;
  for (let i = 8; i < end; i++)
    units[length++] = shortUnit(load<u8>(at + i), (flags & LOWER_EXTENSION) != 0);
  return length;
}

function shortUnit(byte: u8, lower: bool): u16 {
  if (byte >= 0x80) {
    const unit = CODE_PAGE[byte - 0x80];
    return lower && unit >= 0xc0 && unit <= 0xde && unit != 0xd7 ? unit + 32 : unit;
  }
  // No path could name it, and no terminal should see it.
  if (byte < 0x20 || byte == 0x2f || byte == 0x7f) return UNDERSCORE;
  return lower && byte - 0x41 < 26 ? byte + 32 : byte;
}

/** The short name that is made for a long one. */
@final
export class ShortName {
  /** It says the same as the long one, which therefore need not be written. */
  exact: bool = false;
  /** It does not say all: it gets a numeric tail. */
  lossy: bool = false;
  /** Bit 0: the name is taken; bit n: with the tail `~n`. */
  private taken: u64 = 0;
  private readonly bytes: StaticArray<u8> = new StaticArray<u8>(SHORT_BYTES);
  private baseLength: i32 = 0;

  /** Begins with a part of a path. */
  make(path: string, start: i32, end: i32): void {
    this.bytes.fill(SPACE);
    this.exact = true;
    this.lossy = false;
    this.taken = 0;
    let dot = end - 1;
    while (dot > start && path.charCodeAt(dot) != DOT) dot--;
    // A dot at the beginning begins no extension.
    let first = start;
    while (first < end && path.charCodeAt(first) == DOT) first++;
    if (dot < first || dot == start) dot = end;
    this.baseLength = this.part(path, start, dot, 0, 8);
    this.part(path, dot + 1, end, 8, 3);
    if (this.lossy) this.exact = false;
  }

  /** Looks whether an entry has one of the names that this one could get. */
  meet(at: usize): void {
    for (let i = 8; i < SHORT_BYTES; i++) if (load<u8>(at + i) != this.bytes[i]) return;
    let number = 0;
    let tilde = 8;
    for (let i = 7; i >= 0; i--) {
      if (load<u8>(at + i) != TILDE) continue;
      tilde = i;
      break;
    }
    let base = 8;
    if (tilde < 8) {
      for (let i = tilde + 1; i < 8 && load<u8>(at + i) != SPACE; i++) {
        const digit = load<u8>(at + i) - 0x30;
        if (digit > 9) return this.meetPlain(at);
        number = number * 10 + <i32>digit;
      }
      if (number < 1 || number > TAILS_MAX) return this.meetPlain(at);
      base = this.baseWith(number);
      if (tilde != base) return this.meetPlain(at);
    }
    for (let i = 0; i < base; i++) if (load<u8>(at + i) != this.bytes[i]) return this.meetPlain(at);
    this.taken |= (<u64>1) << number;
    if (number > 0) this.meetPlain(at);
  }

  /** Chooses a name that nobody has. Returns false when all tails are taken: then `scramble`, and look again. */
  choose(into: usize): bool {
    let number = 0;
    if (this.lossy || this.taken & 1) {
      number = 1;
      while (number <= TAILS_MAX && (this.taken >> number) & 1) number++;
      if (number > TAILS_MAX) return false;
    }
    for (let i = 0; i < SHORT_BYTES; i++) store<u8>(into + i, this.bytes[i]);
    if (number == 0) return true;
    let at = this.baseWith(number);
    store<u8>(into + at++, TILDE);
    if (number >= 10) store<u8>(into + at++, <u8>(0x30 + number / 10));
    store<u8>(into + at++, <u8>(0x30 + (number % 10)));
    while (at < 8) store<u8>(into + at++, SPACE);
    return true;
  }

  /** Another base, of two characters and four digits that follow from the long name and the number of the try. */
  scramble(path: string, start: i32, end: i32, attempt: i32): void {
    let hash: u32 = 0x811c_9dc5 + <u32>attempt;
    for (let i = start; i < end; i++) hash = (hash ^ (<u32>path.charCodeAt(i))) * 0x0100_0193;
    hash ^= hash >> 16;
    const from = min(this.baseLength, 2);
    for (let i = 0; i < 4; i++) {
      const digit = (hash >> (4 * i)) & 15;
      this.bytes[from + i] = <u8>(digit < 10 ? 0x30 + digit : 0x41 + digit - 10);
    }
    for (let i = from + 4; i < 8; i++) this.bytes[i] = SPACE;
    this.baseLength = from + 4;
    this.taken = 0;
    this.lossy = true;
    this.exact = false;
  }

  private meetPlain(at: usize): void {
    for (let i = 0; i < 8; i++) if (load<u8>(at + i) != this.bytes[i]) return;
    this.taken |= 1;
  }

  /** Characters of the base that a tail leaves room for. */
  private baseWith(number: i32): i32 {
    return min(this.baseLength, number >= 10 ? 5 : 6);
  }

  private part(path: string, start: i32, end: i32, at: i32, room: i32): i32 {
    let length = 0;
    for (let i = start; i < end; i++) {
      const unit = path.charCodeAt(i);
      if (unit == 0x20 || unit == DOT) {
        this.lossy = true;
        continue;
      }
      if (length == room) {
        this.lossy = true;
        break;
      }
      let byte = UNDERSCORE;
      if (unit >= 0x80 || unit == 0x2b || unit == 0x2c || unit == 0x3b || unit == 0x3d) {
        this.lossy = true;
      } else if (unit == 0x5b || unit == 0x5d) {
        this.lossy = true;
      } else {
        byte = <u8>fold(unit);
        if (byte != unit) this.exact = false;
      }
      this.bytes[at + length++] = byte;
    }
    return length;
  }
}
