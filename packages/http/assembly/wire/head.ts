/**
 * The head of a message: a start line, field lines, an empty line (RFC 9112 §2.1). It is read where it lies and
 * stays there: a Head only has numbers that say what lies where, from `base` on, so that it can be moved with its
 * bytes. Nothing allocates.
 *
 * A line is judged when its line feed has come, never before, and in the order of the lines. So the answer does
 * not depend on how the bytes were cut into pieces.
 */
import {
  equalsIgnoringCase,
  findByte,
  findControl,
  isDigit,
  isSpace,
  isToken,
  textOf,
} from "./characters";

/** The head goes on: more bytes are needed. */
export const INCOMPLETE: i32 = 0;

/** Offsets are 16 bits wide. */
export const HEAD_BYTES_LIMIT: i32 = 65_535;

/** What stands in the way, as a status with a minus in front of it: a request is answered with it. */
export namespace Refusal {
  export const BAD_REQUEST: i32 = -400;
  export const CONTENT_TOO_LARGE: i32 = -413;
  export const URI_TOO_LONG: i32 = -414;
  export const EXPECTATION_FAILED: i32 = -417;
  export const FIELDS_TOO_LARGE: i32 = -431;
  export const NOT_IMPLEMENTED: i32 = -501;
  export const VERSION_NOT_SUPPORTED: i32 = -505;
}

/** How much the head of one message may be. */
export class HeadLimits {
  /** Start line, without its end. */
  lineBytesMax: i32 = 8_192;
  /** All of it. At most HEAD_BYTES_LIMIT. */
  headBytesMax: i32 = 16_384;
  /** Field lines. */
  fieldsMax: i32 = 64;
}

const CR: i32 = 0x0d;
const LF: u8 = 0x0a;
const COLON: i32 = 0x3a;
const COMMA: i32 = 0x2c;
const TAB: i32 = 0x09;
const CR_LF: u16 = 0x0a0d;

/** u16 name at, name bytes, value at, value bytes. */
const FIELD_BYTES: i32 = 8;

/** Digits of a length: 10^18 fits into an i64. */
const LENGTH_DIGITS_MAX: i32 = 18;

export class Head {
  /** Where its first byte lies. Whoever moves the bytes says so here. */
  base: usize = 0;
  /** Of the whole head, with the empty line at its end. */
  bytes: i32 = 0;
  /** Field lines. */
  fieldCount: i32 = 0;
  /** Minor version: 0 or 1 (HTTP/1.0, HTTP/1.1). */
  minor: i32 = 1;
  /** Content-Length; -1: there is none. */
  contentLength: i64 = -1;
  /** Transfer codings that were named, and whether `chunked` is the last of them. */
  codings: i32 = 0;
  isChunked: bool = false;
  /** Options of Connection (RFC 9110 §7.6.1). */
  saysClose: bool = false;
  saysKeepAlive: bool = false;
  saysUpgrade: bool = false;
  /** Expect: 100-continue. */
  expectsContinue: bool = false;
  protected expectsOther: bool = false;
  /** Number of the Host line; -1: there is none. */
  host: i32 = -1;
  private readonly table: usize;
  /** A bit for each length of a name, modulo 64: most questions for a field end here. */
  private lengths: u64 = 0;

  constructor(readonly limits: HeadLimits) {
    assert(
      limits.headBytesMax > 0 && limits.headBytesMax <= HEAD_BYTES_LIMIT,
      "http: a head has at most 65535 bytes",
    );
    this.table = heap.alloc(<usize>(FIELD_BYTES * limits.fieldsMax));
  }

  /** Gives its memory back. */
  free(): void {
    heap.free(this.table);
  }

  protected clear(base: usize): void {
    this.base = base;
    this.bytes = 0;
    this.fieldCount = 0;
    this.contentLength = -1;
    this.codings = 0;
    this.isChunked = false;
    this.saysClose = false;
    this.saysKeepAlive = false;
    this.saysUpgrade = false;
    this.expectsContinue = false;
    this.expectsOther = false;
    this.host = -1;
    this.lengths = 0;
  }

  // ---- what it says

  /** Number of the first line of that name, at or after `from`; -1: there is none. @param name in lower case */
  find(name: string, from: i32 = 0): i32 {
    const length = name.length;
    if ((this.lengths & ((<u64>1) << ((<u64>length) & 63))) == 0) return -1;
    for (let i = from; i < this.fieldCount; i++) {
      const entry = this.table + <usize>(i * FIELD_BYTES);
      if (<i32>load<u16>(entry, 2) != length) continue;
      if (equalsIgnoringCase(this.base + load<u16>(entry), length, name)) return i;
    }
    return -1;
  }

  /** Where the value of a line lies, without white space around it, and how long it is. */
  // @ts-ignore: decorator
  @inline
  valueAt(field: i32): usize {
    return this.base + load<u16>(this.table + <usize>(field * FIELD_BYTES), 4);
  }

  // @ts-ignore: decorator
  @inline
  valueBytes(field: i32): i32 {
    return load<u16>(this.table + <usize>(field * FIELD_BYTES), 6);
  }

  /** The value of the first line of that name; null: there is none. @param name in lower case */
  value(name: string): string | null {
    const field = this.find(name);
    return field < 0 ? null : textOf(this.valueAt(field), this.valueBytes(field));
  }

  nameOf(field: i32): string {
    const entry = this.table + <usize>(field * FIELD_BYTES);
    return textOf(this.base + load<u16>(entry), load<u16>(entry, 2));
  }

  valueOf(field: i32): string {
    return textOf(this.valueAt(field), this.valueBytes(field));
  }

  // ---- how it is read

  /**
   * Where the line at `from` ends, as an offset of its line feed; INCOMPLETE or a refusal.
   *
   * @param available bytes from `base` on that have come
   */
  protected lineEnd(from: i32, available: i32): i32 {
    const limit = min(available, this.limits.headBytesMax);
    const end = this.base + <usize>limit;
    const feed = findByte(this.base + <usize>from, end, LF);
    if (feed == end)
      return available >= this.limits.headBytesMax ? Refusal.FIELDS_TOO_LARGE : INCOMPLETE;
    const at = <i32>(feed - this.base);
    // RFC 9112 §2.2 lets us take a line feed alone for the end of a line. Whoever sent it and whoever passed it on may
    // not agree, so we do not.
    if (at == from || <i32>load<u8>(feed - 1) != CR) return Refusal.BAD_REQUEST;
    return at;
  }

  /** What is wrong with the line at `at`, or that it goes on: it is judged when it has ended. */
  private refuseLine(at: usize, available: i32): i32 {
    const end = this.lineEnd(<i32>(at - this.base), available);
    return end > 0 ? Refusal.BAD_REQUEST : end;
  }

  /** Reads the field lines from `from` on. Returns the offset behind the empty line; INCOMPLETE or a refusal. */
  protected readFields(from: i32, available: i32): i32 {
    const base = this.base;
    const end = base + <usize>min(available, this.limits.headBytesMax);
    let line = base + <usize>from;
    while (true) {
      let colon = line;
      while (colon < end && isToken(load<u8>(colon))) colon++;
      if (colon == end) return this.refuseLine(line, available);
      const c = <i32>load<u8>(colon);
      if (colon == line) {
        // The empty line; or white space in front of a name, which continues a line (obs-fold, RFC 9112 §5.2) or
        // follows the start line (§2.2); or no name.
        if (c != CR || colon + 1 == end || load<u8>(colon, 1) != LF)
          return this.refuseLine(line, available);
        return <i32>(colon - base) + 2;
      }
      // White space in front of the colon (§5.1: MUST be refused), a control, no colon.
      if (c != COLON) return this.refuseLine(line, available);
      let value = colon + 1;
      while (value < end && isSpace(load<u8>(value))) value++;
      let feed = findControl(value, end);
      while (feed < end && <i32>load<u8>(feed) == TAB) feed = findControl(feed + 1, end);
      // NUL, CR alone and other controls (RFC 9110 §5.5); or it goes on.
      if (feed + 1 >= end || load<u16>(feed) != CR_LF) return this.refuseLine(line, available);
      let valueEnd = feed;
      while (valueEnd > value && isSpace(load<u8>(valueEnd - 1))) valueEnd--;
      const refusal = this.addField(line, colon, value, valueEnd);
      if (refusal != 0) return refusal;
      line = feed + 2;
    }
  }

  /** 0 or a refusal. */
  private addField(at: usize, colon: usize, value: usize, valueEnd: usize): i32 {
    if (this.fieldCount == this.limits.fieldsMax) return Refusal.FIELDS_TOO_LARGE;
    const nameBytes = <i32>(colon - at);
    const entry = this.table + <usize>(this.fieldCount * FIELD_BYTES);
    store<u16>(entry, <u16>(at - this.base));
    store<u16>(entry, <u16>nameBytes, 2);
    store<u16>(entry, <u16>(value - this.base), 4);
    store<u16>(entry, <u16>(valueEnd - value), 6);
    this.lengths |= (<u64>1) << ((<u64>nameBytes) & 63);
    this.fieldCount++;
    return this.note(at, nameBytes, value, <i32>(valueEnd - value));
  }

  /** What a line means for the message itself. 0 or a refusal. */
  private note(name: usize, nameBytes: i32, value: usize, bytes: i32): i32 {
    switch (nameBytes) {
      case 4:
        if (!equalsIgnoringCase(name, 4, "host")) return 0;
        // RFC 9112 §3.2: more than one is 400.
        if (this.host >= 0) return Refusal.BAD_REQUEST;
        this.host = this.fieldCount - 1;
        return 0;
      case 6:
        if (!equalsIgnoringCase(name, 6, "expect")) return 0;
        if (equalsIgnoringCase(value, bytes, "100-continue")) this.expectsContinue = true;
        else this.expectsOther = true;
        return 0;
      case 10:
        if (equalsIgnoringCase(name, 10, "connection")) this.readConnection(value, value + bytes);
        return 0;
      case 14:
        if (!equalsIgnoringCase(name, 14, "content-length")) return 0;
        return this.readLength(value, bytes);
      case 17:
        if (!equalsIgnoringCase(name, 17, "transfer-encoding")) return 0;
        return this.readCodings(value, value + bytes);
    }
    return 0;
  }

  /** RFC 9110 §8.6. A second one is refused even if it says the same, and so is a list. */
  private readLength(at: usize, bytes: i32): i32 {
    if (this.contentLength >= 0 || bytes == 0 || bytes > LENGTH_DIGITS_MAX)
      return Refusal.BAD_REQUEST;
    let length: i64 = 0;
    for (let i = 0; i < bytes; i++) {
      const c = <i32>load<u8>(at + <usize>i);
      if (!isDigit(c)) return Refusal.BAD_REQUEST;
      length = length * 10 + <i64>(c - 0x30);
    }
    this.contentLength = length;
    return 0;
  }

  /** RFC 9112 §6.1: `chunked` is the last one, and only once. */
  private readCodings(at: usize, end: usize): i32 {
    while (at < end) {
      let comma = at;
      while (comma < end && <i32>load<u8>(comma) != COMMA) comma++;
      const from = skipSpace(at, comma);
      const bytes = trimmed(from, comma);
      if (bytes > 0) {
        if (this.isChunked) return Refusal.BAD_REQUEST;
        this.isChunked = equalsIgnoringCase(from, bytes, "chunked");
        this.codings++;
      }
      at = comma + 1;
    }
    // A field that names nothing is still there.
    if (this.codings == 0) return Refusal.BAD_REQUEST;
    return 0;
  }

  private readConnection(at: usize, end: usize): void {
    while (at < end) {
      let comma = at;
      while (comma < end && <i32>load<u8>(comma) != COMMA) comma++;
      const from = skipSpace(at, comma);
      const bytes = trimmed(from, comma);
      if (bytes == 5 && equalsIgnoringCase(from, 5, "close")) this.saysClose = true;
      else if (bytes == 10 && equalsIgnoringCase(from, 10, "keep-alive")) this.saysKeepAlive = true;
      else if (bytes == 7 && equalsIgnoringCase(from, 7, "upgrade")) this.saysUpgrade = true;
      at = comma + 1;
    }
  }

  /** Whether the connection is used again after this message (RFC 9112 §9.3). */
  get keepsAlive(): bool {
    return !this.saysClose && (this.minor > 0 || this.saysKeepAlive);
  }

  /** The comma-separated lists of all lines of that name have this member. Both in lower case, without parameters. */
  lists(name: string, member: string): bool {
    for (let field = this.find(name); field >= 0; field = this.find(name, field + 1)) {
      const end = this.valueAt(field) + <usize>this.valueBytes(field);
      for (let at = this.valueAt(field); at < end;) {
        let comma = at;
        while (comma < end && <i32>load<u8>(comma) != COMMA) comma++;
        const from = skipSpace(at, comma);
        if (equalsIgnoringCase(from, trimmed(from, comma), member)) return true;
        at = comma + 1;
      }
    }
    return false;
  }
}

/** The first address at or after `at` that is not white space. */
export function skipSpace(at: usize, end: usize): usize {
  while (at < end && isSpace(load<u8>(at))) at++;
  return at;
}

/** Bytes from `at` to `end` without white space at the end. */
export function trimmed(at: usize, end: usize): i32 {
  while (end > at && isSpace(load<u8>(end - 1))) end--;
  return <i32>(end - at);
}
