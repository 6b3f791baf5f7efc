/**
 * The 32 bytes of a directory entry.
 *
 *      0  name, 11      short: padded with spaces
 *     11  attributes
 *     12  flags of case   13  tenths   14  made: time, date   18  read: date
 *     20  cluster, upper half   22  changed: time, date   26  cluster, lower half   28  size
 *
 * A long name is spread over entries before the short one, the end of it first:
 *
 *      0  number, from 1; 0x40 in the first   1  5 units   11  0x0f   12  0   13  checksum   14  6 units
 *     26  0   28  2 units
 */
import { ShortName } from "./names";

export const ENTRY_BYTES: i32 = 32;
export const ENTRY_ATTRIBUTES: usize = 11;
export const ENTRY_SIZE: usize = 28;

/** First bytes of a name: free, and free with all that follow. */
export const ENTRY_FREE: u8 = 0xe5;
export const ENTRY_LAST: u8 = 0;

export enum Attribute {
  READ_ONLY = 0x01,
  LABEL = 0x08,
  DIRECTORY = 0x10,
  ARCHIVE = 0x20,
  LONG = 0x0f,
  MASK = 0x3f,
}

export const LONG_LAST: i32 = 0x40;
export const LONG_UNITS: i32 = 13;
/** Entries of a long name of 255 units, and the short one. */
export const SET_ENTRIES_MAX: i32 = 21;

export function firstClusterOf(at: usize): u32 {
  return ((<u32>load<u16>(at, 20)) << 16) | (<u32>load<u16>(at, 26));
}

export function setFirstCluster(at: usize, cluster: u32): void {
  store<u16>(at, <u16>(cluster >> 16), 20);
  store<u16>(at, <u16>cluster, 26);
}

/** When it was changed: date in the upper half. */
export function changedTime(at: usize): u32 {
  return load<u32>(at, 22);
}

export function setChangedTime(at: usize, time: u32): void {
  store<u32>(at, time, 22);
  store<u16>(at, <u16>(time >> 16), 18);
}

/** Where unit `index` of a long entry lies. */
export function longUnitOffset(index: i32): usize {
  return 2 * index + (index < 5 ? 1 : index < 11 ? 4 : 6);
}

/** Writes an entry of a long name: number `ordinal` of `count`. */
export function writeLong(
  at: usize,
  ordinal: i32,
  count: i32,
  path: string,
  start: i32,
  end: i32,
  checksum: u32,
): void {
  memory.fill(at, 0, ENTRY_BYTES);
  store<u8>(at, <u8>(ordinal == count ? ordinal | LONG_LAST : ordinal));
  store<u8>(at, Attribute.LONG, ENTRY_ATTRIBUTES);
  store<u8>(at, <u8>checksum, 13);
  for (let i = 0; i < LONG_UNITS; i++) {
    const place = start + (ordinal - 1) * LONG_UNITS + i;
    const unit = place < end ? path.charCodeAt(place) : place == end ? 0 : 0xffff;
    store<u16>(at + longUnitOffset(i), <u16>unit);
  }
}

/** Entries that a name takes. */
export function entriesFor(short: ShortName, units: i32): i32 {
  return short.exact ? 1 : (units + LONG_UNITS - 1) / LONG_UNITS + 1;
}
