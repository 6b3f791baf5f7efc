/** From a query to its answer: bytes in, bytes out. Nothing here allocates, waits, or knows of sockets. */
import {
  Flag,
  HEADER_BYTES,
  NAME_BUFFER_BYTES,
  Rcode,
  equalNames,
  nameOfText,
} from "@phantasm/dns/wire";
import { Authority } from "./authority";
import { Cookies, SERVER_COOKIE_BYTES } from "./cookies";
import { ServerCounters } from "./counters";
import { Message, Section, copy } from "./message";
import { AXFR, BAD_VERSION, DISCARD, IXFR, NOT_AUTH, Opcode, Query } from "./query";
import { AnswerKind, RateLimit, Verdict } from "./rate-limit";
import { Secondary } from "./secondary";
import { Changes, NoChanges } from "./zone-changes";
import { ZoneSet } from "./zone-set";

/** `respond` answers it for a zone transfer, which the caller carries out: `responder.query` says of what. */
export const TRANSFER: i32 = -1;

const TXT: i32 = 16;
const ANY: i32 = 255;
const CLASS_IN: i32 = 1;
const CLASS_CHAOS: i32 = 3;
const CLASS_ANY: i32 = 255;

/** RFC 6891 §6.2.5: a datagram without EDNS. */
const PLAIN_BYTES: i32 = 512;
const OPT_BYTES: i32 = 11;
/** TXT, CH, TTL 0, as they are sent. */
const TEXT_FIELDS: u64 = 0x0000_0000_0300_1000;

/** Bytes of a text that is told about the server. */
export const TEXT_BYTES_MAX: i32 = 255;


@final
export class Responder {
  readonly query: Query;
  readonly counters: ServerCounters = new ServerCounters();
  readonly message: Message;
  readonly authority: Authority;
  /** The largest datagram that is sent (RFC 9715); 512 to 4096. */
  udpBytesMax: i32 = 1232;
  /** Answers version.bind and id.server (RFC 4892); empty: refused. */
  version: string = "";
  identity: string = "";
  cookies: Cookies | null = null;
  /** Of the base of the zones. */
  changes: Changes = new NoChanges();
  limit: RateLimit | null = null;
  /** Told of NOTIFY; null: it is not understood. */
  secondary: Secondary | null = null;
  /** Seconds since 1970, for cookies. */
  wallS: u32 = 0;
  /** For the rate limit. */
  nowNs: i64 = 0;

  private flags: i32 = 0;
  private optBytes: i32 = 0;
  private hasGoodCookie: bool = false;
  private readonly other: usize = heap.alloc(<usize>NAME_BUFFER_BYTES);

  constructor(readonly zones: ZoneSet) {
    const query = new Query();
    const message = new Message(zones.base);
    this.query = query;
    this.message = message;
    this.authority = new Authority(zones, message, query);
  }

  /**
   * Answers the query of `bytes` bytes at `query`; returns the bytes of the answer at `into`, 0 for none, or TRANSFER.
   *
   * @param into `room` bytes, at least 512; may be the query's own place
   * @param isTcp the answer is as long as there is room, and zones may be transferred
   * @param high source, for cookies and the rate limit
   */
  respond(query: usize, bytes: i32, into: usize, room: i32, isTcp: bool, high: u64, low: u64): i32 {
    const request = this.query;
    const counters = this.counters;
    if (isTcp) counters.tcpQueries++;
    else counters.udpQueries++;
    const status = request.parse(query, bytes);
    if (status == DISCARD) {
      counters.discarded++;
      return 0;
    }
    this.hasGoodCookie = false;
    this.authority.begin();
    this.flags = Flag.RESPONSE | (request.flags & (Flag.OPCODE | Flag.RECURSION_DESIRED));
    if (request.hasEdns && request.cookieBytes != 0) this.checkCookie(high, low);
    this.optBytes = request.hasEdns
      ? request.cookieBytes != 0
        ? OPT_BYTES + 4 + SERVER_COOKIE_BYTES
        : OPT_BYTES
      : 0;
    let limit = isTcp
      ? 0xffff
      : request.hasEdns
        ? min(request.udpBytes, this.udpBytesMax)
        : PLAIN_BYTES;
    limit = min(max(limit, PLAIN_BYTES), room);
    const message = this.message;
    // A query that cannot be answered may not even have a question to send back.
    const hasQuestion = status == Rcode.NO_ERROR || status == BAD_VERSION;
    const questionEnd = hasQuestion ? request.questionEnd : HEADER_BYTES;
    if (into != query) copy(into + HEADER_BYTES, query + HEADER_BYTES, questionEnd - HEADER_BYTES);
    message.begin(into, into + <usize>questionEnd, into + <usize>(limit - this.optBytes));
    store<u16>(into, request.id);
    store<u64>(into, questionEnd > HEADER_BYTES ? 0x0100 : 0, 4);
    let rcode = status;
    if (status == Rcode.NO_ERROR && questionEnd > HEADER_BYTES) {
      const type = request.type;
      if (request.opcode == Opcode.NOTIFY) rcode = this.notified(high, low);
      else if (request.class == CLASS_CHAOS) rcode = this.chaos();
      else if (request.class != CLASS_IN && request.class != CLASS_ANY) rcode = Rcode.REFUSED;
      else if (type == IXFR && !request.hasSerial) rcode = Rcode.FORMAT_ERROR;
      else if (type == AXFR || type == IXFR) {
        if (isTcp) return TRANSFER;
        rcode = type == AXFR ? Rcode.NOT_IMPLEMENTED : this.authority.tellSerial();
      } else rcode = this.authority.answer();
    }
    this.count(rcode);
    if (!isTcp && !this.hasGoodCookie) {
      const verdict = this.judge(high, low);
      if (verdict == Verdict.DROP) return 0;
      if (verdict == Verdict.SLIP) this.authority.isTruncated = true;
    }
    return this.finish(rcode, questionEnd);
  }

  /** The answer instead of a transfer that `respond` has asked for: a response code. Returns its bytes. */
  refuse(rcode: i32): i32 {
    this.count(rcode);
    return this.finish(rcode, this.query.questionEnd);
  }

  /** Writes header and EDNS; the sections are complete. */
  private finish(rcode: i32, questionEnd: i32): i32 {
    const message = this.message;
    const start = message.start;
    let flags = this.flags;
    if (this.authority.isAuthoritative) flags |= Flag.AUTHORITATIVE;
    if (this.authority.isTruncated) {
      flags |= Flag.TRUNCATED;
      message.at = start + <usize>questionEnd;
      store<u32>(start, 0, 6);
      store<u16>(start, 0, 10);
    }
    if (this.optBytes > 0) this.writeOpt(rcode);
    store<u16>(start, bswap(<u16>(flags | (rcode & Flag.RCODE))), 2);
    return message.bytes;
  }

  private writeOpt(rcode: i32): void {
    const request = this.query;
    const message = this.message;
    const at = message.at;
    message.limit += <usize>this.optBytes;
    store<u8>(at, 0);
    store<u16>(at, 0x2900, 1);
    store<u16>(at, bswap(<u16>this.udpBytesMax), 3);
    store<u32>(at, (<u32>(rcode >> 4)) | (request.dnssecOk ? 0x0080_0000 : 0), 5);
    store<u16>(at, 0, 9);
    message.at = at + <usize>OPT_BYTES;
    if (this.optBytes > OPT_BYTES) {
      const cookies = this.cookies;
      if (cookies !== null) {
        store<u16>(at, bswap(<u16>(4 + SERVER_COOKIE_BYTES)), 9);
        store<u16>(at, 0x0a00, 11);
        store<u16>(at, bswap(<u16>SERVER_COOKIE_BYTES), 13);
        copy(at + 15, request.cookie, SERVER_COOKIE_BYTES);
        message.at = at + 15 + <usize>SERVER_COOKIE_BYTES;
      }
    }
    message.count(Section.ADDITIONAL, 1);
  }

  private checkCookie(high: u64, low: u64): void {
    const cookies = this.cookies;
    if (cookies === null) return;
    const request = this.query;
    const cookie = request.cookie;
    const bytes = request.cookieBytes;
    if (cookies.isValid(cookie, bytes, high, low, this.wallS)) {
      this.hasGoodCookie = true;
      this.counters.goodCookies++;
      if (cookies.isFresh(cookie, this.wallS)) return;
    } else if (bytes > 8) this.counters.badCookies++;
    cookies.complete(cookie, high, low, this.wallS);
  }

  private judge(high: u64, low: u64): i32 {
    const limit = this.limit;
    if (limit === null || !limit.isOn) return Verdict.SEND;
    // Names that do not exist, and what is below a delegation, are without number: there the zone counts.
    let name: u32 = 0;
    const walk = this.authority.walk;
    const kind = this.authority.kind;
    if (kind == AnswerKind.POSITIVE || kind == AnswerKind.NO_DATA)
      name = (<u32>walk.closest) ^ ((<u32>this.query.type) << 20);
    else if (kind != AnswerKind.ERROR)
      name = <u32>(kind == AnswerKind.REFERRAL ? walk.cut : walk.apex);
    const verdict = limit.judge(high, low, kind, name, this.nowNs);
    if (verdict != Verdict.SEND) {
      this.counters.limited++;
      if (verdict == Verdict.SLIP) this.counters.slipped++;
    }
    return verdict;
  }

  private count(rcode: i32): void {
    const counters = this.counters;
    const kind = this.authority.kind;
    if (this.authority.isTruncated) counters.truncated++;
    if (rcode == Rcode.NO_ERROR) {
      if (kind == AnswerKind.REFERRAL) counters.referrals++;
      else if (kind == AnswerKind.NO_DATA) counters.noData++;
      else counters.answers++;
    } else if (rcode == Rcode.NAME_ERROR) counters.noSuchName++;
    else if (rcode == Rcode.REFUSED) counters.refused++;
    else if (rcode == Rcode.NOT_IMPLEMENTED) counters.notImplemented++;
    else if (rcode == BAD_VERSION) counters.badVersion++;
    else if (rcode == Rcode.SERVER_FAILURE) counters.notLoaded++;
    else counters.malformed++;
  }

  /** RFC 1996 §3.7. */
  private notified(high: u64, low: u64): i32 {
    const request = this.query;
    const secondary = this.secondary;
    if (secondary === null) return Rcode.NOT_IMPLEMENTED;
    if (request.class != CLASS_IN) return NOT_AUTH;
    return secondary.notified(request.name, request.nameBytes, high, low);
  }

  /** RFC 4892: who and what answers. */
  private chaos(): i32 {
    const request = this.query;
    if (request.type != TXT && request.type != ANY) return Rcode.REFUSED;
    const isVersion = this.isAsked("version.bind") || this.isAsked("version.server");
    const isIdentity = this.isAsked("id.server") || this.isAsked("hostname.bind");
    const text = isVersion ? this.version : isIdentity ? this.identity : "";
    if (text.length == 0) return Rcode.REFUSED;
    const message = this.message;
    const bytes = min(text.length, TEXT_BYTES_MAX);
    // Its kind stays that of errors, which the rate limit counts together: no name of a zone tells it from others.
    this.authority.isAuthoritative = true;
    if (!message.writeHead(0, TEXT_FIELDS) || message.at + <usize>bytes + 1 > message.limit) {
      this.authority.isTruncated = true;
      return Rcode.NO_ERROR;
    }
    const from = message.at;
    store<u8>(from, <u8>bytes);
    for (let i = 0; i < bytes; i++) store<u8>(from + 1 + <usize>i, <u8>text.charCodeAt(i));
    message.at = from + 1 + <usize>bytes;
    message.endData(from);
    message.count(Section.ANSWER, 1);
    return Rcode.NO_ERROR;
  }

  private isAsked(name: string): bool {
    const bytes = nameOfText(name, this.other);
    return equalNames(this.query.name, this.query.nameBytes, this.other, bytes);
  }
}
