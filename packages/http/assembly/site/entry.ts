/** What a site knows of one path: the file and its compressed neighbours, and how answers about them begin. */
import { putHexadecimal, putNumber, putText } from "../wire/characters";
import { NO_DATE, putDate } from "../wire/date";
import { Validators } from "../wire/conditions";

/** Codings in the order of what a client would rather have, if it has no preference: the smallest first. */
export enum Coding {
  BROTLI,
  GZIP,
  IDENTITY,
}

export const CODINGS: i32 = 3;

export function codingName(coding: i32): string {
  return coding == <i32>Coding.BROTLI ? "br" : coding == <i32>Coding.GZIP ? "gzip" : "identity";
}

export function codingSuffix(coding: i32): string {
  return coding == <i32>Coding.BROTLI ? ".br" : coding == <i32>Coding.GZIP ? ".gz" : "";
}

const FIELDS_ROOM: usize = 1024;
/** Of a digest, this many hexadecimal digits are enough to tell versions apart: 128 bits. */
const DIGEST_DIGITS: i32 = 32;

/** A representation (RFC 9110 §3.2). */
@final
export class Variant {
  readonly there: Validators = new Validators();
  /** Whole lines: first those of 200, then those that 304 has as well. */
  readonly fields: usize;
  readonly fieldBytes: i32;
  readonly commonFields: usize;
  readonly commonBytes: i32;

  /**
   * @param path of the file
   * @param address where its bytes lie in memory; 0: they do not
   * @param varies there are several representations
   */
  constructor(
    readonly path: string,
    readonly address: usize,
    readonly size: i64,
    readonly mediaType: string,
    readonly coding: i32,
    digest: string,
    modifiedNs: i64,
    varies: bool,
    cacheControl: string,
  ) {
    assert(
      mediaType.length <= 256 && cacheControl.length <= 256,
      "http: a media type or Cache-Control is too long",
    );
    const start = heap.alloc(FIELDS_ROOM);
    this.fields = start;
    let at = start;
    if (mediaType.length > 0) at = putText(at, `Content-Type: ${mediaType}\r\n`);
    at = putText(at, "Content-Length: ");
    at = putNumber(at, size);
    at = putText(at, "\r\nAccept-Ranges: bytes\r\n");
    if (coding != <i32>Coding.IDENTITY)
      at = putText(at, `Content-Encoding: ${codingName(coding)}\r\n`);
    this.commonFields = at;
    const there = this.there;
    if (modifiedNs != 0) {
      there.modified = modifiedNs / 1_000_000_000;
      at = putText(at, "Last-Modified: ");
      putDate(at, there.modified);
      at = putText(at + 29, "\r\n");
    } else there.modified = NO_DATE;
    if (digest.length > 0 || modifiedNs != 0) {
      at = putText(at, "ETag: ");
      there.tag = at;
      if (digest.length > 0) at = putText(at, `"${digest.substring(0, DIGEST_DIGITS)}"`);
      else {
        // Weak (RFC 9110 §8.8.1): it may change twice before the clock of a volume moves.
        at = putHexadecimal(putText(at, 'W/"'), size);
        at = putHexadecimal(putText(at, "-"), modifiedNs);
        at = putText(at, '"');
      }
      there.tagBytes = <i32>(at - there.tag);
      at = putText(at, "\r\n");
    }
    if (varies) at = putText(at, "Vary: Accept-Encoding\r\n");
    if (cacheControl.length > 0) at = putText(at, `Cache-Control: ${cacheControl}\r\n`);
    this.fieldBytes = <i32>(at - start);
    this.commonBytes = <i32>(at - this.commonFields);
  }

  free(): void {
    heap.free(this.fields);
  }
}

/** What there is for a path. */
@final
export class Entry {
  readonly variants: StaticArray<Variant | null> = new StaticArray<Variant | null>(CODINGS);
  /** There are several of them. */
  isNegotiated: bool = false;
  /** Bytes of the path as it is asked for. */
  key: usize = 0;
  keyBytes: i32 = 0;
  hash: u32 = 0;
  /** Looked at anew after this. */
  untilNs: i64 = 0;
  /** Answers that use it: it is not freed before. */
  users: i32 = 0;
  isForgotten: bool = false;

  free(): void {
    if (this.key != 0) heap.free(this.key);
    for (let i = 0; i < CODINGS; i++) {
      const variant = this.variants[i];
      if (variant !== null) variant.free();
    }
  }
}
