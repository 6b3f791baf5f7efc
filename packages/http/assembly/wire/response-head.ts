/** The head of a response (RFC 9112 §4), for clients. */
import { isDigit, isFieldValue, textOf } from "./characters";
import { Head, HeadLimits, Refusal } from "./head";
import { ContentReader } from "./content-reader";

const SPACE: i32 = 0x20;
/** `HTTP/1.` and the digit left out. */
const HTTP_1: u64 = 0x002e_312f_5054_5448;
const HTTP_1_MASK: u64 = 0x00ff_ffff_ffff_ffff;
/** `HTTP/1.1 200`; the space behind it may be missing with the reason. */
const STATUS_LINE_BYTES_MIN: i32 = 12;


@final
export class ResponseHead extends Head {
  status: i32 = 0;

  constructor(limits: HeadLimits) {
    super(limits);
  }

  /** Reads a head, as `RequestHead.parse` does: its bytes, INCOMPLETE, or negative. */
  parse(base: usize, available: i32): i32 {
    this.clear(base);
    const feed = this.lineEnd(0, available);
    if (feed <= 0) return feed;
    const end = feed - 1;
    if (end < STATUS_LINE_BYTES_MIN) return Refusal.BAD_REQUEST;
    const version = load<u64>(base);
    const minor = <i32>(version >> 56);
    if ((version & HTTP_1_MASK) != HTTP_1 || !isDigit(minor)) return Refusal.BAD_REQUEST;
    this.minor = minor == 0x30 ? 0 : 1;
    if (<i32>load<u8>(base, 8) != SPACE) return Refusal.BAD_REQUEST;
    let status = 0;
    for (let i: usize = 9; i < 12; i++) {
      const c = <i32>load<u8>(base + i);
      if (!isDigit(c)) return Refusal.BAD_REQUEST;
      status = status * 10 + c - 0x30;
    }
    if (status < 100) return Refusal.BAD_REQUEST;
    if (end > 12 && <i32>load<u8>(base, 12) != SPACE) return Refusal.BAD_REQUEST;
    for (let i = 12; i < end; i++)
      if (!isFieldValue(load<u8>(base + <usize>i))) return Refusal.BAD_REQUEST;
    this.status = status;
    const bytes = this.readFields(feed + 1, available);
    if (bytes <= 0) return bytes;
    this.bytes = bytes;
    // RFC 9112 §6.3: a length beside a transfer coding is a mistake, or an attack on whoever comes next.
    if (this.codings > 0 && (this.minor == 0 || this.contentLength >= 0))
      return Refusal.BAD_REQUEST;
    if (this.codings > 1) return Refusal.NOT_IMPLEMENTED;
    return bytes;
  }

  /**
   * Begins to read the content that follows (RFC 9112 §6.3).
   *
   * @param toHead it answers a HEAD: there is none
   */
  beginContent(reader: ContentReader, toHead: bool): void {
    const status = this.status;
    if (toHead || status < 200 || status == 204 || status == 304) reader.beginFixed(0);
    else if (this.isChunked) reader.beginChunked();
    else if (this.codings > 0) reader.beginUntilClose();
    else if (this.contentLength >= 0) reader.beginFixed(this.contentLength);
    else reader.beginUntilClose();
  }

  /** The content goes on until the connection closes. */
  get endsWithConnection(): bool {
    return !this.isChunked && (this.codings > 0 || this.contentLength < 0);
  }

  /** What is said behind the status: for people. */
  get reason(): string {
    if (<i32>load<u8>(this.base, 12) != SPACE) return "";
    let end = 13;
    while (<i32>load<u8>(this.base + <usize>end) != 0x0d) end++;
    return textOf(this.base + 13, end - 13);
  }
}
