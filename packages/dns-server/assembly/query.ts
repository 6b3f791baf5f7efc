/** A query as it arrived: checked once, here. */
import {
  Flag,
  HEADER_BYTES,
  LABEL_BYTES_MAX,
  NAME_BUFFER_BYTES,
  NAME_BYTES_MAX,
  Rcode,
  lowerName,
  skipName,
  u16At,
} from "@phantasm/dns/wire";
import { copy } from "./message";

/** What `parse` answers besides response codes: no answer at all. */
export const DISCARD: i32 = -1;
/** RFC 6891 §9. */
export const BAD_VERSION: i32 = 16;
/** RFC 8945 §5.2: no key of ours. */
export const NOT_AUTH: i32 = 9;

export namespace Opcode {
  export const QUERY: i32 = 0;
  export const NOTIFY: i32 = 4;
}

const OPT: i32 = 41;
const SOA: i32 = 6;
const TSIG: i32 = 250;
export const IXFR: i32 = 251;
export const AXFR: i32 = 252;

const OPTION_COOKIE: i32 = 10;
const CLIENT_COOKIE_BYTES: i32 = 8;
/** RFC 7873 §4: a server's part has 8 to 32 bytes. */
const COOKIE_BYTES_MIN: i32 = 16;
const COOKIE_BYTES_MAX: i32 = 40;

/** One object, used again for each query. */
@final
export class Query {
  id: u16 = 0;
  flags: i32 = 0;
  opcode: i32 = 0;
  type: i32 = 0;
  class: i32 = 0;
  /** The name, in lower case. */
  readonly name: usize = heap.alloc(<usize>NAME_BUFFER_BYTES);
  nameBytes: i32 = 0;
  /** Offset of each of its labels, from the first. */
  readonly labels: usize = heap.alloc(128);
  labelCount: i32 = 0;
  /** Offset behind the question; HEADER_BYTES: there is none. */
  questionEnd: i32 = 0;

  hasEdns: bool = false;
  /** The largest datagram the client takes. */
  udpBytes: i32 = 0;
  /** RFC 3225. */
  dnssecOk: bool = false;
  /** 0: none; 8: the client's part only; else both (RFC 7873). */
  cookieBytes: i32 = 0;
  readonly cookie: usize = heap.alloc(<usize>COOKIE_BYTES_MAX);

  /** Of IXFR: what the client has; `hasSerial` false: it did not say. */
  serial: u32 = 0;
  hasSerial: bool = false;

  /** NO_ERROR: it can be answered; else the code to answer with, or DISCARD. */
  parse(message: usize, bytes: i32): i32 {
    this.hasEdns = false;
    this.cookieBytes = 0;
    this.dnssecOk = false;
    this.hasSerial = false;
    this.questionEnd = HEADER_BYTES;
    if (bytes < HEADER_BYTES) return DISCARD;
    this.id = load<u16>(message);
    const flags = u16At(message + 2);
    this.flags = flags;
    this.opcode = (flags & Flag.OPCODE) >> 11;
    // Two servers that answer each other's answers would never end.
    if (flags & Flag.RESPONSE) return DISCARD;
    if (this.opcode != Opcode.QUERY && this.opcode != Opcode.NOTIFY) return Rcode.NOT_IMPLEMENTED;
    const questions = u16At(message + 4);
    const others = u16At(message + 10);
    if (flags & Flag.RCODE) return Rcode.FORMAT_ERROR;
    // RFC 7873 §5.4: a cookie alone may be asked for.
    if (questions != 1 && !(questions == 0 && others == 1)) return Rcode.FORMAT_ERROR;
    let at = HEADER_BYTES;
    if (questions == 1) {
      at = this.question(message, bytes);
      if (at < 0) return Rcode.FORMAT_ERROR;
    }
    const isNotify = this.opcode == Opcode.NOTIFY;
    const answers = u16At(message + 6);
    const authorities = u16At(message + 8);
    if (isNotify) {
      if (questions == 0 || this.type != SOA) return Rcode.FORMAT_ERROR;
      // RFC 1996 §3.7: what the primary adds is a hint at best.
      for (let left = answers + authorities; left > 0 && at >= 0; left--)
        at = behindRecord(message, bytes, at);
      if (at < 0) return Rcode.FORMAT_ERROR;
    } else if (answers != 0) return Rcode.FORMAT_ERROR;
    else if (authorities != 0) {
      // RFC 1995 §3: an SOA record says what the client has.
      if (authorities != 1 || this.type != IXFR || questions == 0) return Rcode.FORMAT_ERROR;
      at = this.soa(message, bytes, at);
      if (at < 0) return Rcode.FORMAT_ERROR;
    }
    let status: i32 = Rcode.NO_ERROR;
    for (let left = others; left > 0; left--) {
      const end = skipName(message, bytes, at);
      if (end < 0 || end > bytes - 10) return Rcode.FORMAT_ERROR;
      const type = u16At(message + end);
      const next = end + 10 + u16At(message + end + 8);
      if (next > bytes) return Rcode.FORMAT_ERROR;
      if (isNotify && type != OPT) {
        at = next;
        continue;
      }
      if (type == TSIG) return left == 1 ? NOT_AUTH : Rcode.FORMAT_ERROR;
      if (type != OPT || this.hasEdns || end != at + 1) return Rcode.FORMAT_ERROR;
      status = this.edns(message + end, next - end);
      if (status != Rcode.NO_ERROR) return status;
      at = next;
    }
    if (questions == 0 && this.cookieBytes == 0) return Rcode.FORMAT_ERROR;
    return Rcode.NO_ERROR;
  }

  /** Offset behind it; negative: malformed. */
  private question(message: usize, bytes: i32): i32 {
    const labels = this.labels;
    let at = HEADER_BYTES;
    let count = 0;
    for (;;) {
      if (at >= bytes) return -1;
      const length = <i32>load<u8>(message + at);
      if (length == 0) break;
      // There is nothing yet that a pointer could lead to.
      if (length > LABEL_BYTES_MAX) return -1;
      store<u8>(labels + count++, <u8>(at - HEADER_BYTES));
      at += length + 1;
      if (at - HEADER_BYTES >= NAME_BYTES_MAX) return -1;
    }
    const nameBytes = at + 1 - HEADER_BYTES;
    if (at + 5 > bytes) return -1;
    copy(this.name, message + HEADER_BYTES, nameBytes);
    lowerName(this.name, nameBytes);
    this.labelCount = count;
    this.nameBytes = nameBytes;
    this.type = u16At(message + at + 1);
    this.class = u16At(message + at + 3);
    this.questionEnd = at + 5;
    return at + 5;
  }

  private soa(message: usize, bytes: i32, at: i32): i32 {
    const end = skipName(message, bytes, at);
    if (end < 0 || end > bytes - 10) return -1;
    const dataBytes = u16At(message + end + 8);
    const next = end + 10 + dataBytes;
    if (next > bytes || u16At(message + end) != SOA || dataBytes < 22) return -1;
    this.serial = bswap(load<u32>(message + next - 20));
    this.hasSerial = true;
    return next;
  }

  /** @param record the OPT record, behind its name */
  private edns(record: usize, bytes: i32): i32 {
    this.hasEdns = true;
    this.udpBytes = u16At(record + 2);
    this.dnssecOk = (load<u8>(record, 6) & 0x80) != 0;
    // RFC 6891 §6.1.3: what follows may mean something else in another version.
    if (load<u8>(record, 5) != 0) return BAD_VERSION;
    let at = 10;
    while (at < bytes) {
      if (at + 4 > bytes) return Rcode.FORMAT_ERROR;
      const length = u16At(record + at + 2);
      if (at + 4 + length > bytes) return Rcode.FORMAT_ERROR;
      if (u16At(record + at) == OPTION_COOKIE && this.cookieBytes == 0) {
        // RFC 7873 §5.2.2.
        if (
          length != CLIENT_COOKIE_BYTES &&
          (length < COOKIE_BYTES_MIN || length > COOKIE_BYTES_MAX)
        )
          return Rcode.FORMAT_ERROR;
        this.cookieBytes = length;
        copy(this.cookie, record + at + 4, length);
      }
      at += 4 + length;
    }
    return Rcode.NO_ERROR;
  }
}

/** Offset behind the record at `at`; negative: it is malformed. */
function behindRecord(message: usize, bytes: i32, at: i32): i32 {
  const end = skipName(message, bytes, at);
  if (end < 0 || end > bytes - 10) return -1;
  const next = end + 10 + u16At(message + end + 8);
  return next > bytes ? -1 : next;
}
