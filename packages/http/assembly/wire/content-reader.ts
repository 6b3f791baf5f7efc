/**
 * Finds the content of a message in the bytes of a connection: as long as Content-Length says, in chunks (RFC 9112
 * §7.1), or all until the connection closes. The content is not copied: `next` says where it lies.
 *
 * Lines between chunks are read byte by byte and strictly: exactly CR LF, digits and nothing around them. Where
 * parsers disagree about such lines, requests are smuggled.
 */
import { hexDigit, isFieldValue, isSpace, isToken } from "./characters";

/** What `next` found. */
export enum Content {
  /** Nothing: more bytes are needed. */
  MORE,
  /** `dataBytes` bytes at `dataAt`. */
  DATA,
  /** The content has ended. */
  END,
  /** It is no content; the connection cannot be used further. */
  BROKEN,
}

enum State {
  NONE,
  FIXED,
  UNTIL_CLOSE,
  /** In front of the first digit of a size. */
  SIZE_BEGIN,
  SIZE,
  /** White space behind a size or an extension. */
  SIZE_SPACE,
  EXTENSION,
  QUOTED,
  ESCAPED,
  SIZE_LF,
  DATA,
  DATA_CR,
  DATA_LF,
  TRAILER_BEGIN,
  TRAILER_NAME,
  TRAILER_VALUE,
  TRAILER_LF,
  LAST_LF,
  BROKEN,
}

const CR: i32 = 0x0d;
const LF: i32 = 0x0a;
const SEMICOLON: i32 = 0x3b;
const QUOTE: i32 = 0x22;
const BACKSLASH: i32 = 0x5c;
const COLON: i32 = 0x3a;

/** Digits of a chunk's size: 2^60 is more than anybody sends. */
const SIZE_DIGITS_MAX: i32 = 15;

/** Bytes of extensions that one body may have, and as many again for each 64 bytes of content: they are only passed over. */
const EXTENSION_BYTES_MAX: i32 = 16_384;

/** Bytes of trailers: they are checked and dropped. */
const TRAILER_BYTES_MAX: i32 = 8_192;


@final
export class ContentReader {
  /** After DATA. */
  dataAt: usize = 0;
  dataBytes: i32 = 0;
  /** Bytes that `next` went over, data included: they are to be consumed. */
  taken: i32 = 0;
  /** Bytes of content so far. */
  total: i64 = 0;
  private state: State = State.NONE;
  /** Bytes of content, or of this chunk, that are to come. */
  private left: i64 = 0;
  private digits: i32 = 0;
  private extensionRoom: i32 = 0;
  private trailerRoom: i32 = 0;

  beginFixed(bytes: i64): void {
    this.total = 0;
    this.left = bytes;
    this.state = bytes > 0 ? State.FIXED : State.NONE;
  }

  beginChunked(): void {
    this.total = 0;
    this.state = State.SIZE_BEGIN;
    this.extensionRoom = EXTENSION_BYTES_MAX;
    this.trailerRoom = TRAILER_BYTES_MAX;
  }

  beginUntilClose(): void {
    this.total = 0;
    this.state = State.UNTIL_CLOSE;
  }

  /** True if no content is to come any more. */
  get isDone(): bool {
    return this.state == State.NONE;
  }

  /** How much is to come at least, as far as it is known. */
  get remaining(): i64 {
    return this.state == State.FIXED || this.state == State.DATA ? this.left : 0;
  }

  /** The connection has closed: true if the content is whole. */
  end(): bool {
    const whole = this.state == State.NONE || this.state == State.UNTIL_CLOSE;
    this.state = State.NONE;
    return whole;
  }

  /** Goes on with the bytes at `at`, up to the first piece of content. */
  next(at: usize, bytes: i32): Content {
    this.taken = 0;
    switch (this.state) {
      case State.NONE:
        return Content.END;
      case State.FIXED: {
        if (bytes == 0) return Content.MORE;
        const found = this.data(at, bytes);
        if (this.left == 0) this.state = State.NONE;
        return found;
      }
      case State.UNTIL_CLOSE:
        this.left = i64.MAX_VALUE;
        return bytes == 0 ? Content.MORE : this.data(at, bytes);
      case State.BROKEN:
        return Content.BROKEN;
      default:
        return this.nextOfChunks(at, bytes);
    }
  }

  private data(at: usize, bytes: i32): Content {
    const count = this.left < <i64>bytes ? <i32>this.left : bytes;
    this.dataAt = at;
    this.dataBytes = count;
    this.taken += count;
    this.left -= count;
    this.total += count;
    return Content.DATA;
  }

  private nextOfChunks(at: usize, bytes: i32): Content {
    let state = this.state;
    while (this.taken < bytes) {
      if (state == State.DATA) {
        const found = this.data(at + <usize>this.taken, bytes - this.taken);
        // Who sends much may say much beside it.
        this.extensionRoom = min(EXTENSION_BYTES_MAX, this.extensionRoom + (this.dataBytes >> 6));
        this.state = this.left == 0 ? State.DATA_CR : State.DATA;
        return found;
      }
      const c = <i32>load<u8>(at + <usize>this.taken);
      this.taken++;
      state = this.follow(state, c);
      if (state == State.BROKEN || state == State.NONE) {
        this.state = state;
        return state == State.NONE ? Content.END : Content.BROKEN;
      }
    }
    this.state = state;
    return Content.MORE;
  }

  /** The state after a character that is not content. */
  private follow(state: State, c: i32): State {
    switch (state) {
      case State.SIZE_BEGIN: {
        const digit = hexDigit(c);
        if (digit < 0) return State.BROKEN;
        this.left = digit;
        this.digits = 1;
        return State.SIZE;
      }
      case State.SIZE: {
        const digit = hexDigit(c);
        if (digit < 0) return this.afterSize(c);
        if (++this.digits > SIZE_DIGITS_MAX) return State.BROKEN;
        this.left = (this.left << 4) | digit;
        return State.SIZE;
      }
      case State.SIZE_SPACE:
        // RFC 9112 §7.1.1: white space in front of an extension only.
        if (--this.extensionRoom < 0) return State.BROKEN;
        if (isSpace(c)) return State.SIZE_SPACE;
        return c == SEMICOLON ? State.EXTENSION : State.BROKEN;
      case State.EXTENSION:
        if (--this.extensionRoom < 0) return State.BROKEN;
        if (c == CR) return State.SIZE_LF;
        if (c == QUOTE) return State.QUOTED;
        return isToken(c) || isSpace(c) || c == SEMICOLON || c == 0x3d
          ? State.EXTENSION
          : State.BROKEN;
      case State.QUOTED:
        if (--this.extensionRoom < 0) return State.BROKEN;
        if (c == QUOTE) return State.EXTENSION;
        if (c == BACKSLASH) return State.ESCAPED;
        return isFieldValue(c) ? State.QUOTED : State.BROKEN;
      case State.ESCAPED:
        if (--this.extensionRoom < 0) return State.BROKEN;
        return isFieldValue(c) ? State.QUOTED : State.BROKEN;
      case State.SIZE_LF:
        if (c != LF) return State.BROKEN;
        return this.left == 0 ? State.TRAILER_BEGIN : State.DATA;
      case State.DATA_CR:
        return c == CR ? State.DATA_LF : State.BROKEN;
      case State.DATA_LF:
        return c == LF ? State.SIZE_BEGIN : State.BROKEN;
      case State.TRAILER_BEGIN:
        if (c == CR) return State.LAST_LF;
        return isToken(c) && this.trailerRoom > 0 ? State.TRAILER_NAME : State.BROKEN;
      case State.TRAILER_NAME:
        if (--this.trailerRoom <= 0) return State.BROKEN;
        if (c == COLON) return State.TRAILER_VALUE;
        return isToken(c) ? State.TRAILER_NAME : State.BROKEN;
      case State.TRAILER_VALUE:
        if (--this.trailerRoom <= 0) return State.BROKEN;
        if (c == CR) return State.TRAILER_LF;
        return isFieldValue(c) ? State.TRAILER_VALUE : State.BROKEN;
      case State.TRAILER_LF:
        return c == LF ? State.TRAILER_BEGIN : State.BROKEN;
      case State.LAST_LF:
        return c == LF ? State.NONE : State.BROKEN;
      default:
        return State.BROKEN;
    }
  }

  private afterSize(c: i32): State {
    if (c == CR) return State.SIZE_LF;
    if (c == SEMICOLON) return State.EXTENSION;
    return isSpace(c) ? State.SIZE_SPACE : State.BROKEN;
  }
}
