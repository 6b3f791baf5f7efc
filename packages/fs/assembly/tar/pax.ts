/** Extended headers: records `LENGTH KEY=VALUE\n`, POSIX.1-2017 "pax Extended Header". */
import { PATH_BYTES_MAX } from "./names";

const NANOSECONDS: i64 = 1_000_000_000;
/** Seconds of the largest time that fits, rounded down. */
const SECONDS_MAX: i64 = 9_000_000_000;

/** What is said of the next member, in the place of its header. */
@final
export class Extension {
  /** Bytes, or -1: not said. */
  pathBytes: i32 = -1;
  linkBytes: i32 = -1;
  size: i64 = -1;
  modifiedNs: i64 = -1;
  /** Holes are left out, by one of GNU's three ways to say so. */
  sparse: bool = false;
  /** Something was said, and the member has not come yet. */
  isOpen: bool = false;
  /** A name is too long to be kept. */
  tooLong: bool = false;
  private readonly pathBuffer: Uint8Array = new Uint8Array(PATH_BYTES_MAX);
  private readonly linkBuffer: Uint8Array = new Uint8Array(PATH_BYTES_MAX);

  clear(): void {
    this.pathBytes = -1;
    this.linkBytes = -1;
    this.size = -1;
    this.modifiedNs = -1;
    this.sparse = false;
    this.tooLong = false;
    this.isOpen = false;
  }

  get path(): usize {
    return this.pathBuffer.dataStart;
  }

  get link(): usize {
    return this.linkBuffer.dataStart;
  }

  setPath(at: usize, bytes: i32): void {
    this.pathBytes = this.keep(this.pathBuffer, at, bytes);
  }

  setLink(at: usize, bytes: i32): void {
    this.linkBytes = this.keep(this.linkBuffer, at, bytes);
  }

  private keep(buffer: Uint8Array, at: usize, bytes: i32): i32 {
    if (bytes > buffer.length) {
      this.tooLong = true;
      return 0;
    }
    memory.copy(buffer.dataStart, at, bytes);
    return bytes;
  }

  /** Reads records. False: they have not this form. */
  read(at: usize, bytes: i32): bool {
    const end = at + bytes;
    while (at < end) {
      let cursor = at;
      let length: i32 = 0;
      while (cursor < end && isDigit(load<u8>(cursor)) && length < 100_000_000)
        length = length * 10 + <i32>(load<u8>(cursor++) & 15);
      if (cursor == end || load<u8>(cursor) != 0x20 || length <= <i32>(cursor - at)) return false;
      if (length > <i32>(end - at) || load<u8>(at + length - 1) != 0x0a) return false;
      const key = cursor + 1;
      let equals = key;
      const stop = at + length - 1;
      while (equals < stop && load<u8>(equals) != 0x3d) equals++;
      if (equals >= stop) return false;
      if (!this.take(key, <i32>(equals - key), equals + 1, <i32>(stop - equals - 1))) return false;
      at += length;
    }
    return true;
  }

  private take(key: usize, keyBytes: i32, value: usize, bytes: i32): bool {
    if (isKey(key, keyBytes, "path")) {
      this.setPath(value, bytes);
    } else if (isKey(key, keyBytes, "linkpath")) {
      this.setLink(value, bytes);
    } else if (isKey(key, keyBytes, "size")) {
      this.size = decimal(value, bytes);
      return this.size >= 0;
    } else if (isKey(key, keyBytes, "mtime")) {
      this.modifiedNs = nanoseconds(value, bytes);
    } else if (keyBytes > 11 && isKey(key, 11, "GNU.sparse.")) {
      this.sparse = true;
    }
    return true;
  }
}

function isDigit(byte: u8): bool {
  return byte >= 0x30 && byte <= 0x39;
}

function isKey(at: usize, bytes: i32, key: string): bool {
  if (bytes != key.length) return false;
  for (let i = 0; i < bytes; i++) if (<i32>load<u8>(at + i) != key.charCodeAt(i)) return false;
  return true;
}

/** -1: not a number, or too large. */
function decimal(at: usize, bytes: i32): i64 {
  if (bytes == 0 || bytes > 18) return -1;
  let value: i64 = 0;
  for (let i = 0; i < bytes; i++) {
    const digit = load<u8>(at + i);
    if (!isDigit(digit)) return -1;
    value = value * 10 + <i64>(digit & 15);
  }
  return value;
}

/** Seconds with a fraction. A time before 1970, or one that makes no sense, is not known: 0. */
function nanoseconds(at: usize, bytes: i32): i64 {
  let whole = 0;
  while (whole < bytes && load<u8>(at + whole) != 0x2e) whole++;
  const seconds = decimal(at, whole);
  let fraction: i64 = 0;
  let unit = NANOSECONDS;
  for (let i = whole + 1; i < bytes && unit > 1; i++) {
    const digit = load<u8>(at + i);
    if (!isDigit(digit)) return 0;
    unit /= 10;
    fraction += unit * <i64>(digit & 15);
  }
  return secondsToNs(seconds) == 0 ? 0 : secondsToNs(seconds) + fraction;
}

/** 0 for what does not fit. */
export function secondsToNs(seconds: i64): i64 {
  return seconds < 0 || seconds > SECONDS_MAX ? 0 : seconds * NANOSECONDS;
}
