/**
 * The header of a member of a tar archive: one block of 512 bytes, POSIX.1-2017 "ustar Interchange Format"
 * and what GNU tar makes of it.
 *
 *     0 name 100 │ 100 mode, owner │ 124 size 12 │ 136 mtime 12 │ 148 checksum 8 │ 156 type │ 157 link 100
 *     257 magic 6 │ 345 prefix 155 (GNU: times and a map of holes) │ 482 GNU: more of the map follows
 */

export const BLOCK_BYTES: i32 = 512;

export namespace MemberType {
  export const FILE: u8 = 0x30;
  /** Of the time before POSIX. */
  export const OLD_FILE: u8 = 0;
  export const HARD_LINK: u8 = 0x31;
  export const SYMBOLIC_LINK: u8 = 0x32;
  export const DIRECTORY: u8 = 0x35;
  export const CONTIGUOUS: u8 = 0x37;
  /** Extended header for the next member, and for all that follow. */
  export const PAX: u8 = 0x78;
  export const PAX_GLOBAL: u8 = 0x67;
  export const GNU_LONG_NAME: u8 = 0x4c;
  export const GNU_LONG_LINK: u8 = 0x4b;
  export const GNU_SPARSE: u8 = 0x53;
}

/** What a block is, where a header should be. */
export enum Block512 {
  HEADER,
  /** The end of the archive. */
  ZEROS,
  /** The checksum does not fit, or a number is none. */
  DAMAGED,
}

const NAME: usize = 0;
const NAME_BYTES: i32 = 100;
const SIZE: usize = 124;
const MODIFIED: usize = 136;
const NUMBER_BYTES: i32 = 12;
const CHECKSUM: usize = 148;
const CHECKSUM_BYTES: i32 = 8;
const TYPE: usize = 156;
const LINK: usize = 157;
const MAGIC: usize = 257;
const PREFIX: usize = 345;
const PREFIX_BYTES: i32 = 155;
const IS_EXTENDED: usize = 482;
/** In the blocks that follow, with more of a map of holes. */
export const MAP_IS_EXTENDED: usize = 504;

/** "ustar" and a zero: then there is a prefix. */
const USTAR_LOW: u32 = 0x61747375;
const USTAR_HIGH: u16 = 0x0072;

const SPACE: u8 = 0x20;

/** A header, made once and used for each. Names point into the block. */
@final
export class Header {
  type: u8 = 0;
  size: i64 = 0;
  /** Seconds since 1970. */
  modified: i64 = 0;
  name: usize = 0;
  nameBytes: i32 = 0;
  /** Stands before the name, with a slash between; 0 bytes: nothing does. */
  prefix: usize = 0;
  prefixBytes: i32 = 0;
  link: usize = 0;
  linkBytes: i32 = 0;
  /** Of GNU_SPARSE: blocks with more of the map follow. */
  isExtended: bool = false;

  read(at: usize): Block512 {
    if (isZero(at)) return Block512.ZEROS;
    const sum = number(at + CHECKSUM, CHECKSUM_BYTES);
    if (sum != checksum(at, false) && sum != checksum(at, true)) return Block512.DAMAGED;
    this.size = number(at + SIZE, NUMBER_BYTES);
    if (this.size < 0) return Block512.DAMAGED;
    this.modified = max<i64>(0, number(at + MODIFIED, NUMBER_BYTES));
    this.type = load<u8>(at + TYPE);
    this.name = at + NAME;
    this.nameBytes = textBytes(at + NAME, NAME_BYTES);
    this.link = at + LINK;
    this.linkBytes = textBytes(at + LINK, NAME_BYTES);
    const ustar = load<u32>(at + MAGIC) == USTAR_LOW && load<u16>(at + MAGIC + 4) == USTAR_HIGH;
    this.prefix = at + PREFIX;
    this.prefixBytes = ustar ? textBytes(at + PREFIX, PREFIX_BYTES) : 0;
    this.isExtended = load<u8>(at + IS_EXTENDED) != 0;
    return Block512.HEADER;
  }
}

function isZero(at: usize): bool {
  for (let offset: usize = 0; offset < <usize>BLOCK_BYTES; offset += 8)
    if (load<u64>(at + offset) != 0) return false;
  return true;
}

/** The sum of all bytes, those of the checksum as spaces; old archives add signed bytes. */
function checksum(at: usize, signed: bool): i64 {
  let sum: i32 = CHECKSUM_BYTES * <i32>SPACE;
  for (let offset: usize = 0; offset < <usize>BLOCK_BYTES; offset++) {
    if (offset >= CHECKSUM && offset < CHECKSUM + <usize>CHECKSUM_BYTES) continue;
    sum += signed ? <i32>load<i8>(at + offset) : <i32>load<u8>(at + offset);
  }
  return sum;
}

/** Bytes before the first zero. */
export function textBytes(at: usize, bytesMax: i32): i32 {
  let bytes = 0;
  while (bytes < bytesMax && load<u8>(at + bytes) != 0) bytes++;
  return bytes;
}

/** Octal digits between spaces and zeros, or GNU's binary form; -1: neither, negative, or 2^63 and more. */
export function number(at: usize, bytes: i32): i64 {
  const end = at + bytes;
  const first = load<u8>(at);
  if (first & 0x80) {
    // Bit 7 says binary, bit 6 is the sign.
    if (first & 0x40) return -1;
    let value: u64 = first & 0x3f;
    while (++at < end) {
      if (value >> 55 != 0) return -1;
      value = (value << 8) | load<u8>(at);
    }
    return <i64>value;
  }
  while (at < end && load<u8>(at) == SPACE) at++;
  let value: i64 = 0;
  for (; at < end; at++) {
    const digit = load<u8>(at);
    if (digit == 0 || digit == SPACE) break;
    if (digit < 0x30 || digit > 0x37) return -1;
    value = (value << 3) | (digit & 7);
  }
  return value;
}
