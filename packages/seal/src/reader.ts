import { SealError } from "./error.js";
import { NAME_BYTES_MAX } from "./limits.js";
import type { SealRule } from "./rules.js";

const U32_LAST_BYTE_MAX = 0x0f;
const ASCII_MAX = 0x7f;

let utf8: InstanceType<typeof TextDecoder> | undefined;

/** Decodes UTF-8, or returns null. A byte order mark is kept: it is part of the text. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  utf8 ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** Two-digit hexadecimal, as in `0x0b`. */
export function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, "0")}`;
}

/**
 * Reads the binary format of WebAssembly from a range of bytes, never past its end.
 *
 * `what` names the thing being read; it appears in the message of a SealError.
 */
export class Reader {
  readonly bytes: Uint8Array;
  /** Of the next byte, from the start of `bytes`. */
  position: number;
  /** Of the first byte that is out of bounds. */
  readonly end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** Refuses, pointing at the next byte unless told otherwise. */
  fail(code: SealRule, message: string, offset = this.position): never {
    throw new SealError(code, message, offset);
  }

  u8(what: string): number {
    if (this.position >= this.end) this.#truncated(what);
    return this.bytes[this.position++] as number;
  }

  /** Unsigned LEB128 of at most five bytes. Padding is allowed, bits beyond 32 are not. */
  u32(what: string): number {
    const start = this.position;
    let result = 0;
    for (let shift = 0; ; shift += 7) {
      if (this.position >= this.end) this.#truncated(what);
      const byte = this.bytes[this.position++] as number;
      if (shift === 28 && byte > U32_LAST_BYTE_MAX)
        this.fail("leb128", `${what} is not a 32-bit number`, start);
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return result >>> 0;
    }
  }

  /** Signed LEB128 of at most five bytes; the bits beyond 32 must repeat the sign. */
  s32(what: string): number {
    const start = this.position;
    let result = 0;
    for (let shift = 0; ; shift += 7) {
      if (this.position >= this.end) this.#truncated(what);
      const byte = this.bytes[this.position++] as number;
      if (shift === 28 && !(byte <= 0x07 || (byte >= 0x78 && byte <= 0x7f)))
        this.fail("leb128", `${what} is not a 32-bit number`, start);
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        const unused = 25 - shift;
        return unused > 0 ? (result << unused) >> unused : result;
      }
    }
  }

  /** Signed LEB128 of at most ten bytes; the bits beyond 64 must repeat the sign. */
  s64(what: string): bigint {
    const start = this.position;
    this.skipS64(what);
    let result = 0n;
    let bits = 0;
    for (let at = start; at < this.position; at++, bits += 7)
      result |= BigInt((this.bytes[at] as number) & 0x7f) << BigInt(bits);
    return BigInt.asIntN(Math.min(bits, 64), result);
  }

  /** Checks an s64 and moves past it. */
  skipS64(what: string): void {
    const start = this.position;
    for (let shift = 0; ; shift += 7) {
      if (this.position >= this.end) this.#truncated(what);
      const byte = this.bytes[this.position++] as number;
      if (shift === 63 && byte !== 0x00 && byte !== 0x7f)
        this.fail("leb128", `${what} is not a 64-bit number`, start);
      if (byte < 0x80) return;
    }
  }

  /** A u32 that counts items of at least `itemBytes` each: refused when they cannot all be there. */
  count(what: string, itemBytes = 1): number {
    const start = this.position;
    const count = this.u32(`the number of ${what}`);
    if (count * itemBytes > this.remaining)
      this.fail(
        "length",
        `the number of ${what} is ${String(count)}, but only ${String(this.remaining)} bytes are left`,
        start,
      );
    return count;
  }

  /** The next `length` bytes: a view, not a copy. */
  take(length: number, what: string): Uint8Array {
    const start = this.position;
    this.skip(length, what);
    return this.bytes.subarray(start, this.position);
  }

  skip(length: number, what: string): void {
    if (length > this.remaining) {
      if (this.remaining === 0) this.#truncated(what);
      this.fail(
        "length",
        `${what} takes ${String(length)} bytes, but only ${String(this.remaining)} are left`,
      );
    }
    this.position += length;
  }

  /** A length and as many bytes of UTF-8. */
  name(what: string): string {
    const start = this.position;
    const length = this.u32(what);
    if (length > NAME_BYTES_MAX)
      this.fail(
        "name-length",
        `${what} takes ${String(length)} bytes, at most ${String(NAME_BYTES_MAX)} are allowed`,
        start,
      );
    const bytes = this.take(length, what);
    let ascii = "";
    for (const byte of bytes) {
      if (byte > ASCII_MAX) {
        const text = decodeUtf8(bytes);
        if (text === null) this.fail("utf8", `${what} is not UTF-8`, start);
        return text;
      }
      ascii += String.fromCharCode(byte);
    }
    return ascii;
  }

  /** Refuses what is left over. */
  finish(what: string): void {
    if (this.remaining > 0)
      this.fail("section-length", `${what} has ${String(this.remaining)} bytes too many`);
  }

  #truncated(what: string): never {
    this.fail("truncated", `the bytes end where ${what} should be`);
  }
}
