/** The head of a request (RFC 9112 §3 to §6): what is wanted, of whom, and how long the content is. */
import { equalsIgnoringCase, isDigit, isHost, isTarget, isToken, textOf } from "./characters";
import { Head, HeadLimits, INCOMPLETE, Refusal } from "./head";
import { Method, methodOf } from "./method";

const CR: i32 = 0x0d;
const LF: i32 = 0x0a;
const SPACE: i32 = 0x20;
const SLASH: i32 = 0x2f;
const QUESTION: i32 = 0x3f;
const STAR: i32 = 0x2a;

/** ` HTTP/1.1` */
const VERSION_BYTES: i32 = 9;
const HTTP_1_1: u64 = 0x312e_312f_5054_5448;
const HTTP_1_0: u64 = 0x302e_312f_5054_5448;
/** The same with both digits left out. */
const HTTP_MASK: u64 = 0x00ff_00ff_ffff_ffff;
const HTTP_X_X: u64 = 0x002e_002f_5054_5448;

/** What an absolute target without a path asks for. */
const ROOT: usize = memory.data<u8>([0x2f]);

/** What kind of target it is (RFC 9112 §3.2). */
export enum TargetForm {
  ORIGIN,
  ABSOLUTE,
  /** Of OPTIONS: the server as a whole. */
  ASTERISK,
  /** Of CONNECT. */
  AUTHORITY,
}


@final
export class RequestHead extends Head {
  method: Method = Method.OTHER;
  form: TargetForm = TargetForm.ORIGIN;
  private methodAt: i32 = 0;
  private methodBytes: i32 = 0;
  private targetAt: i32 = 0;
  private targetLength: i32 = 0;
  private pathAt: i32 = 0;
  private pathLength: i32 = 0;
  private queryAt: i32 = 0;
  /** -1: there is no query. */
  private queryLength: i32 = -1;
  private authorityAt: i32 = 0;
  private authorityLength: i32 = 0;

  constructor(limits: HeadLimits) {
    super(limits);
  }

  /**
   * Reads a head that begins at `base`, of which `available` bytes have come. Returns its bytes; INCOMPLETE: it has
   * not come as a whole; else negative: the status that refuses it. What lies behind the head is not looked at.
   */
  parse(base: usize, available: i32): i32 {
    this.clear(base);
    if (available == 0) return INCOMPLETE;
    // RFC 9112 §2.2: an empty line in front of a request is passed over. One.
    let start = 0;
    if (<i32>load<u8>(base) == CR) {
      if (available < 3)
        return available == 2 && <i32>load<u8>(base, 1) != LF ? Refusal.BAD_REQUEST : INCOMPLETE;
      if (<i32>load<u8>(base, 1) != LF) return Refusal.BAD_REQUEST;
      start = 2;
    }
    // Not even the first character of a method: somebody speaks another protocol, such as TLS.
    if (!isToken(load<u8>(base + <usize>start))) return Refusal.BAD_REQUEST;
    const feed = this.lineEnd(start, min(available, start + this.limits.lineBytesMax + 2));
    if (feed <= 0) {
      if (feed == Refusal.BAD_REQUEST) return feed;
      // RFC 9112 §3: a target longer than we take is 414.
      return available >= start + this.limits.lineBytesMax + 2 ? Refusal.URI_TOO_LONG : feed;
    }
    const refusal = this.readRequestLine(start, feed - 1);
    if (refusal != 0) return refusal;
    const end = this.readFields(feed + 1, available);
    if (end <= 0) return end;
    this.bytes = end;
    const problem = this.judge();
    return problem != 0 ? problem : end;
  }

  /** RFC 9112 §3: method, one space, target, one space, version. We are not lenient about white space. */
  private readRequestLine(start: i32, end: i32): i32 {
    const base = this.base;
    let at = start;
    while (at < end && isToken(load<u8>(base + <usize>at))) at++;
    if (at == end || <i32>load<u8>(base + <usize>at) != SPACE) return Refusal.BAD_REQUEST;
    this.methodAt = start;
    this.methodBytes = at - start;
    this.targetAt = ++at;
    // At least one character of a target, and the version.
    const targetEnd = end - VERSION_BYTES;
    if (targetEnd <= at || <i32>load<u8>(base + <usize>targetEnd) != SPACE)
      return Refusal.BAD_REQUEST;
    const version = load<u64>(base + <usize>(targetEnd + 1));
    if (version == HTTP_1_1) this.minor = 1;
    else if (version == HTTP_1_0) this.minor = 0;
    else {
      const major = <i32>((version >> 40) & 0xff);
      const minor = <i32>(version >> 56);
      if ((version & HTTP_MASK) != HTTP_X_X || !isDigit(major) || !isDigit(minor))
        return Refusal.BAD_REQUEST;
      // RFC 9110 §2.5: a higher minor version is understood as the highest that we know.
      if (major != 0x31) return Refusal.VERSION_NOT_SUPPORTED;
      this.minor = 1;
    }
    this.targetLength = targetEnd - at;
    this.method = methodOf(base + <usize>start, this.methodBytes);
    return this.readTarget(at, targetEnd);
  }

  /** RFC 9112 §3.2. */
  private readTarget(at: i32, end: i32): i32 {
    const base = this.base;
    this.queryLength = -1;
    this.authorityLength = 0;
    const first = <i32>load<u8>(base + <usize>at);
    if (first == SLASH && this.method != Method.CONNECT) {
      this.form = TargetForm.ORIGIN;
      return this.readPath(at, end);
    }
    this.pathAt = at;
    this.pathLength = 0;
    if (first == STAR && end - at == 1 && this.method == Method.OPTIONS) {
      this.form = TargetForm.ASTERISK;
      this.pathLength = 1;
      return 0;
    }
    let authority = at;
    if (this.method == Method.CONNECT) this.form = TargetForm.AUTHORITY;
    else {
      // RFC 9112 §3.2.2: a server must accept it, though only proxies are asked that way.
      this.form = TargetForm.ABSOLUTE;
      if (startsWith(base + <usize>at, end - at, "http://")) authority += 7;
      else if (startsWith(base + <usize>at, end - at, "https://")) authority += 8;
      else return Refusal.BAD_REQUEST;
    }
    let after = authority;
    while (after < end && isHost(load<u8>(base + <usize>after))) after++;
    this.authorityAt = authority;
    this.authorityLength = after - authority;
    if (after == authority) return Refusal.BAD_REQUEST;
    if (after == end) return 0;
    const next = <i32>load<u8>(base + <usize>after);
    if (this.form == TargetForm.AUTHORITY || (next != SLASH && next != QUESTION))
      return Refusal.BAD_REQUEST;
    return this.readPath(after, end);
  }

  private readPath(at: i32, end: i32): i32 {
    const base = this.base;
    this.pathAt = at;
    let next = at;
    for (; next < end; next++) {
      const c = <i32>load<u8>(base + <usize>next);
      if (c == QUESTION) break;
      if (!isTarget(c)) return Refusal.BAD_REQUEST;
    }
    this.pathLength = next - at;
    if (next == end) return 0;
    this.queryAt = ++next;
    this.queryLength = end - next;
    for (; next < end; next++)
      if (!isTarget(load<u8>(base + <usize>next))) return Refusal.BAD_REQUEST;
    return 0;
  }

  /** What lines mean together. 0 or a refusal. */
  private judge(): i32 {
    if (this.codings > 0) {
      // RFC 9112 §6.1: HTTP/1.0 has no transfer codings; §6.3: with a length beside it, somebody lies.
      if (this.minor == 0 || this.contentLength >= 0) return Refusal.BAD_REQUEST;
      // §6.3: without chunked at the end, the length of a request cannot be known.
      if (!this.isChunked) return Refusal.BAD_REQUEST;
      if (this.codings > 1) return Refusal.NOT_IMPLEMENTED;
    }
    if (this.host < 0) {
      // §3.2: must be there since HTTP/1.1.
      if (this.minor > 0) return Refusal.BAD_REQUEST;
    } else {
      const at = this.valueAt(this.host);
      const end = at + <usize>this.valueBytes(this.host);
      for (let c = at; c < end; c++) if (!isHost(load<u8>(c))) return Refusal.BAD_REQUEST;
    }
    // RFC 9110 §10.1.1: only 100-continue is known. From HTTP/1.0 it counts for nothing.
    if (this.minor == 0) this.expectsContinue = false;
    else if (this.expectsOther) return Refusal.EXPECTATION_FAILED;
    return 0;
  }

  // ---- what it says

  get methodName(): string {
    return textOf(this.base + <usize>this.methodAt, this.methodBytes);
  }

  /** The target as it came. */
  get target(): usize {
    return this.base + <usize>this.targetAt;
  }

  get targetBytes(): i32 {
    return this.targetLength;
  }

  /** The request line, for a log. */
  get line(): usize {
    return this.base + <usize>this.methodAt;
  }

  get lineBytes(): i32 {
    return this.targetAt + this.targetLength + VERSION_BYTES - this.methodAt;
  }

  /** The path, still encoded: `/` and what follows, up to the query. `*` for the server as a whole. */
  // @ts-ignore: decorator
  @inline
  get path(): usize {
    return this.pathLength == 0 ? ROOT : this.base + <usize>this.pathAt;
  }

  // @ts-ignore: decorator
  @inline
  get pathBytes(): i32 {
    return this.pathLength == 0 ? 1 : this.pathLength;
  }

  /** What follows the question mark, still encoded. */
  get query(): usize {
    return this.base + <usize>this.queryAt;
  }

  /** -1: there is no question mark. */
  get queryBytes(): i32 {
    return this.queryLength;
  }

  /** Host and port that are asked for: of the target if it has them (RFC 9112 §3.2.2), else of Host. Empty: not said. */
  get authority(): string {
    if (this.authorityLength > 0)
      return textOf(this.base + <usize>this.authorityAt, this.authorityLength);
    return this.host < 0 ? "" : this.valueOf(this.host);
  }

  /** True if content follows, be it empty. */
  get hasContent(): bool {
    return this.isChunked || this.contentLength > 0;
  }
}

function startsWith(at: usize, bytes: i32, text: string): bool {
  return bytes >= text.length && equalsIgnoringCase(at, text.length, text);
}
