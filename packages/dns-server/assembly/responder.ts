/** From a query to its answer: bytes in, bytes out. Nothing here allocates, waits, or knows of sockets. */
import {
  Flag,
  HEADER_BYTES,
  NAME_BUFFER_BYTES,
  NAME_BYTES_MAX,
  Rcode,
  equalNames,
  lowerName,
  nameOfText,
} from "@phantasm/dns/wire";
import { Cookies, SERVER_COOKIE_BYTES } from "./cookies";
import { ServerCounters } from "./counters";
import { Message, Section, copy } from "./message";
import { AXFR, BAD_VERSION, DISCARD, IXFR, Query } from "./query";
import { AnswerKind, RateLimit, Verdict } from "./rate-limit";
import { Walk } from "./walk";
import {
  NodeFlag,
  Zones,
  firstRecord,
  firstSet,
  flagsOf,
  labelAt,
  labelBytes,
  nextSet,
  setCount,
  setFields,
  setOf,
  setType,
} from "./zone-data";

/** `respond` answers it for a zone transfer, which the caller carries out: `responder.query` says of what. */
export const TRANSFER: i32 = -1;

const A: i32 = 1;
const NS: i32 = 2;
const CNAME: i32 = 5;
const SOA: i32 = 6;
const TXT: i32 = 16;
const AAAA: i32 = 28;
const DNAME: i32 = 39;
const DS: i32 = 43;
const ANY: i32 = 255;
const CLASS_IN: i32 = 1;
const CLASS_CHAOS: i32 = 3;
const CLASS_ANY: i32 = 255;
/** RFC 2136 §2.2: a name that would be too long. */
const NAME_TOO_LONG: i32 = 6;

/** The name at hand is an alias: what it leads to comes next. */
const NOT_YET: i32 = -1;

/** RFC 6891 §6.2.5: a datagram without EDNS. */
const PLAIN_BYTES: i32 = 512;
const OPT_BYTES: i32 = 11;
/** Aliases that are followed in one answer. */
const ALIASES_MAX: i32 = 16;
const HOLD_IN_ORDER: u64 = 0x0000_0000_0300_1000; // TXT, CH, TTL 0, as they are sent

/** Bytes of a text that is told about the server. */
export const TEXT_BYTES_MAX: i32 = 255;

@final
export class Responder {
  readonly query: Query = new Query();
  readonly counters: ServerCounters = new ServerCounters();
  readonly walk: Walk;
  readonly message: Message;
  /** The largest datagram that is sent (RFC 9715); 512 to 4096. */
  udpBytesMax: i32 = 1232;
  /** Answers version.bind and id.server (RFC 4892); empty: refused. */
  version: string = "";
  identity: string = "";
  cookies: Cookies | null = null;
  limit: RateLimit | null = null;
  /** Seconds since 1970, for cookies. */
  wallS: u32 = 0;
  /** For the rate limit. */
  nowNs: i64 = 0;

  private flags: i32 = 0;
  private kind: u32 = 0;
  private isTruncated: bool = false;
  private optBytes: i32 = 0;
  private hasGoodCookie: bool = false;
  private readonly made: usize = heap.alloc(<usize>NAME_BUFFER_BYTES);
  private readonly followed: usize = heap.alloc(<usize>ALIASES_MAX * sizeof<usize>());
  private readonly other: usize = heap.alloc(<usize>NAME_BUFFER_BYTES);
  private readonly labels: usize = heap.alloc(128);

  constructor(readonly zones: Zones) {
    this.walk = new Walk(zones);
    this.message = new Message(zones);
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
    this.isTruncated = false;
    this.kind = AnswerKind.ERROR;
    this.flags = Flag.RESPONSE | (request.flags & (Flag.OPCODE | Flag.RECURSION_DESIRED));
    if (request.hasEdns && request.cookieBytes != 0) this.checkCookie(high, low);
    this.optBytes = request.hasEdns
      ? request.cookieBytes != 0
        ? OPT_BYTES + 4 + SERVER_COOKIE_BYTES
        : OPT_BYTES
      : 0;
    let limit = isTcp ? 0xffff : request.hasEdns ? min(request.udpBytes, this.udpBytesMax) : PLAIN_BYTES;
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
      if (request.class == CLASS_CHAOS) rcode = this.chaos();
      else if (request.class != CLASS_IN && request.class != CLASS_ANY) rcode = Rcode.REFUSED;
      else if (type == IXFR && !request.hasSerial) rcode = Rcode.FORMAT_ERROR;
      else if (type == AXFR || type == IXFR) {
        if (isTcp) return TRANSFER;
        rcode = type == AXFR ? Rcode.NOT_IMPLEMENTED : this.tellSerial();
      } else rcode = this.answer();
    }
    this.count(rcode);
    if (!isTcp && !this.hasGoodCookie) {
      const verdict = this.judge(high, low);
      if (verdict == Verdict.DROP) return 0;
      if (verdict == Verdict.SLIP) this.isTruncated = true;
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
    if (this.isTruncated) {
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
    store<u32>(at, <u32>(rcode >> 4) | (request.dnssecOk ? 0x0080_0000 : 0), 5);
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
    const kind = this.kind;
    if (kind == AnswerKind.POSITIVE || kind == AnswerKind.NO_DATA) name = <u32>this.walk.closest ^ (<u32>this.query.type << 20);
    else if (kind != AnswerKind.ERROR) name = <u32>(kind == AnswerKind.REFERRAL ? this.walk.cut : this.walk.apex);
    const verdict = limit.judge(high, low, kind, name, this.nowNs);
    if (verdict != Verdict.SEND) {
      this.counters.limited++;
      if (verdict == Verdict.SLIP) this.counters.slipped++;
    }
    return verdict;
  }

  private count(rcode: i32): void {
    const counters = this.counters;
    if (this.isTruncated) counters.truncated++;
    if (rcode == Rcode.NO_ERROR) {
      if (this.kind == AnswerKind.REFERRAL) counters.referrals++;
      else if (this.kind == AnswerKind.NO_DATA) counters.noData++;
      else counters.answers++;
    } else if (rcode == Rcode.NAME_ERROR) counters.noSuchName++;
    else if (rcode == Rcode.REFUSED) counters.refused++;
    else if (rcode == Rcode.NOT_IMPLEMENTED) counters.notImplemented++;
    else if (rcode == BAD_VERSION) counters.badVersion++;
    else counters.malformed++;
  }

  /** RFC 1034 §4.3.2. Returns the response code. */
  private answer(): i32 {
    const request = this.query;
    this.walk.toName(request.name, request.labels, request.labelCount, this.message);
    if (this.walk.apex == 0) return Rcode.REFUSED;
    this.kind = AnswerKind.POSITIVE;
    let status = NOT_YET;
    for (let aliases = 0; status == NOT_YET; aliases++) status = this.answerName(aliases);
    return status;
  }

  /** For the name at hand, to which so many aliases have led. NOT_YET: it is one itself. */
  private answerName(aliases: i32): i32 {
    const walk = this.walk;
    const zones = this.zones;
    const type = this.query.type;
    const apex = walk.apex;
    // The alias leads to where somebody else answers.
    if (apex == 0) return Rcode.NO_ERROR;
    let node = walk.isExact ? walk.closest : 0;
    // RFC 1035 §6.2: nobody is an authority for all classes.
    if (this.query.class == CLASS_IN) this.flags |= Flag.AUTHORITATIVE;
    if (type == DS && node != 0 && node == apex && this.answerAbove(apex)) return Rcode.NO_ERROR;
    // RFC 4035 §3.1.4.1: what is above a delegation answers for its DS.
    if (walk.cut != 0 && !(type == DS && node == walk.cut)) return this.refer(aliases);
    if (walk.redirection != 0) return this.redirect(aliases);
    if (node == 0) {
      // RFC 4592 §3.3.1: only a wildcard at the closest encloser.
      if (flagsOf(walk.closest) & NodeFlag.WILDCARD) node = zones.child(walk.closest, ASTERISK);
      if (node == 0) {
        this.kind = AnswerKind.NAME_ERROR;
        this.deny(apex);
        return Rcode.NAME_ERROR;
      }
    }
    // RFC 8482 §4.1: one of the sets is enough.
    let set = type != ANY ? setOf(node, type) : setCount(node) == 0 ? 0 : firstSet(node);
    if (set != 0) {
      this.put(set);
      if (type != ANY) this.addAddresses(apex, type == NS, 0);
      return Rcode.NO_ERROR;
    }
    if (!(flagsOf(node) & NodeFlag.CNAME)) {
      this.kind = AnswerKind.NO_DATA;
      this.deny(apex);
      return Rcode.NO_ERROR;
    }
    set = setOf(node, CNAME);
    if (aliases == ALIASES_MAX || this.isFollowed(set, aliases)) return Rcode.NO_ERROR;
    const owner = this.message.at;
    this.put(set);
    if (this.isTruncated) return Rcode.NO_ERROR;
    this.message.name = this.nameAt(this.dataOf(owner));
    walk.toNode(zones.nodeAt(firstRecord(set)));
    return NOT_YET;
  }

  /** Aliases that lead in a circle are told once; remembers the one at hand. */
  private isFollowed(set: usize, aliases: i32): bool {
    const followed = this.followed;
    for (let i = 0; i < aliases; i++)
      if (load<usize>(followed + <usize>i * sizeof<usize>()) == set) return true;
    store<usize>(followed + <usize>aliases * sizeof<usize>(), set);
    return false;
  }

  /** Where the data of the record at `at` begin. */
  private dataOf(at: usize): usize {
    while (load<u8>(at) < 0xc0) {
      if (load<u8>(at) == 0) return at + 11;
      at += <usize>load<u8>(at) + 1;
    }
    return at + 12;
  }

  /** Offset of the name at `at`, or of what it points to as a whole. */
  private nameAt(at: usize): i32 {
    const word = <i32>bswap(load<u16>(at));
    return word >= 0xc000 ? word & 0x3fff : <i32>(at - this.message.start);
  }

  /** A set of the name that was asked for or led to, into the answer. */
  private put(set: usize): void {
    if (!this.message.writeSet(Section.ANSWER, this.owner(), set, setFields(set))) this.isTruncated = true;
  }

  /** What `writeSet` takes for the name at hand: the root is shorter than a pointer to it. */
  private owner(): usize {
    const message = this.message;
    return load<u8>(message.start + <usize>message.name) == 0 ? this.zones.root : 0;
  }

  /** RFC 2308 §3: the SOA record says how long the answer holds. */
  private deny(apex: usize): void {
    const zone = this.zones.zoneOfApex(apex);
    const set = this.zones.base + <usize>load<u32>(zone, 16);
    const ttl = load<u32>(zone, 20);
    const fields = (setFields(set) & 0xffff_ffff) | ((<u64>bswap(ttl)) << 32);
    if (!this.message.writeSet(Section.AUTHORITY, apex, set, fields)) this.isTruncated = true;
  }

  /** DS of a zone whose zone above is here too, which answers. False: it is not here. */
  private answerAbove(apex: usize): bool {
    const zones = this.zones;
    const above = load<u32>(zones.zoneOfApex(apex), 28);
    if (above == 0) return false;
    const set = setOf(zones.base + <usize>above, DS);
    if (set != 0) this.put(set);
    else {
      this.kind = AnswerKind.NO_DATA;
      this.deny(zones.apexOf(zones.parentOf(apex)));
    }
    return true;
  }

  private refer(aliases: i32): i32 {
    const cut = this.walk.cut;
    const message = this.message;
    if (aliases == 0) {
      this.flags &= ~Flag.AUTHORITATIVE;
      this.kind = AnswerKind.REFERRAL;
    }
    message.targetCount = 0;
    const set = setOf(cut, NS);
    if (message.writeSet(Section.AUTHORITY, cut, set, setFields(set))) this.addAddresses(this.walk.apex, true, cut);
    else this.isTruncated = true;
    return Rcode.NO_ERROR;
  }

  /** RFC 6672 §3.2. */
  private redirect(aliases: i32): i32 {
    const walk = this.walk;
    const message = this.message;
    const redirection = walk.redirection;
    const set = setOf(redirection, DNAME);
    // The client goes on by itself with where the first time led to.
    if (this.isFollowed(set, aliases)) return Rcode.NO_ERROR;
    if (!message.writeSet(Section.ANSWER, redirection, set, setFields(set))) return this.truncate();
    // The labels below the DNAME, in the case of whoever wrote them, in front of its target.
    const made = this.made;
    const bytes = this.prefix(walk.redirectionLabels, made);
    const target = this.zones.nodeAt(firstRecord(set));
    const targetBytes = this.nameOf(target, made + <usize>bytes, NAME_BYTES_MAX - bytes);
    if (targetBytes < 0) return NAME_TOO_LONG;
    // Type CNAME, class and TTL of the DNAME.
    const fields = (setFields(set) & ~(<u64>0xffff)) | 0x0500;
    if (!message.writeHead(this.owner(), fields)) return this.truncate();
    const from = message.at;
    if (from + <usize>bytes > message.limit) return this.truncate();
    copy(from, made, bytes);
    message.at = from + <usize>bytes;
    if (!message.writeName(target)) return this.truncate();
    message.endData(from);
    message.count(Section.ANSWER, 1);
    const type = this.query.type;
    if (type == CNAME || type == ANY || aliases == ALIASES_MAX) return Rcode.NO_ERROR;
    message.name = this.nameAt(from);
    this.enterMade(bytes + targetBytes);
    return NOT_YET;
  }

  private truncate(): i32 {
    this.isTruncated = true;
    return Rcode.NO_ERROR;
  }

  /** Goes on with the name in `made`. */
  private enterMade(bytes: i32): void {
    const made = this.made;
    lowerName(made, bytes);
    let count = 0;
    for (let at = 0; load<u8>(made + <usize>at) != 0; at += <i32>load<u8>(made + <usize>at) + 1)
      store<u8>(this.labels + <usize>(count++), <u8>at);
    this.walk.toName(made, this.labels, count, null);
  }

  /** Writes the first `labels` labels of the name at hand, without pointers; returns their bytes. */
  private prefix(labels: i32, to: usize): i32 {
    const message = this.message;
    const start = message.start;
    let at = start + <usize>message.name;
    let bytes: usize = 0;
    for (; labels > 0; labels--) {
      while (load<u8>(at) >= 0xc0) at = start + <usize>(bswap(load<u16>(at)) & 0x3fff);
      const length = <usize>load<u8>(at) + 1;
      copy(to + bytes, at, length);
      bytes += length;
      at += length;
    }
    return <i32>bytes;
  }

  /** Writes the name of a node, without pointers; returns its bytes, negative when they are more than `room`. */
  private nameOf(node: usize, to: usize, room: i32): i32 {
    let bytes = 0;
    for (let length = labelBytes(node); length > 0; length = labelBytes(node)) {
      if (bytes + length + 2 > room) return -1;
      store<u8>(to + <usize>bytes, <u8>length);
      copy(to + <usize>bytes + 1, labelAt(node), <usize>length);
      bytes += length + 1;
      node = this.zones.parentOf(node);
    }
    if (bytes + 1 > room) return -1;
    store<u8>(to + <usize>bytes, 0);
    return bytes + 1;
  }

  /**
   * Addresses of names in what was written, as far as this zone has them and there is room.
   *
   * @param withGlue also of names that are below a delegation
   * @param cut the delegation that is told; 0: none is
   */
  private addAddresses(apex: usize, withGlue: bool, cut: usize): void {
    const message = this.message;
    const zones = this.zones;
    const count = message.targetCount;
    for (let index = 0; index < count && !this.isTruncated; index++) {
      const target = message.target(index);
      if (zones.apexOf(target) != apex) continue;
      let source = target;
      let isGlue = false;
      let isOwn = false;
      for (let node = target; node != apex; node = zones.parentOf(node))
        if (flagsOf(node) & NodeFlag.CUT) {
          isGlue = true;
          isOwn = node == cut;
        }
      if (isGlue && !withGlue) continue;
      if (!(flagsOf(target) & NodeFlag.EXISTS)) {
        if (isGlue) continue;
        while (!(flagsOf(source) & NodeFlag.EXISTS)) source = zones.parentOf(source);
        if (!(flagsOf(source) & NodeFlag.WILDCARD)) continue;
        source = zones.child(source, ASTERISK);
      }
      for (let family = 0; family < 2; family++) {
        const set = setOf(source, family == 0 ? A : AAAA);
        if (set == 0) continue;
        if (message.writeSet(Section.ADDITIONAL, target, set, setFields(set))) continue;
        // RFC 9471 §2.1: without an address inside what it serves, nobody gets any further.
        if (isOwn) this.isTruncated = true;
        return;
      }
    }
  }

  /** IXFR in a datagram: the SOA record, so that the client may come over TCP (RFC 1995 §2). */
  private tellSerial(): i32 {
    const request = this.query;
    const walk = this.walk;
    walk.toName(request.name, request.labels, request.labelCount, this.message);
    if (walk.apex == 0 || !walk.isExact || walk.closest != walk.apex) return Rcode.REFUSED;
    this.kind = AnswerKind.POSITIVE;
    this.flags |= Flag.AUTHORITATIVE;
    this.put(setOf(walk.apex, SOA));
    return Rcode.NO_ERROR;
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
    this.kind = AnswerKind.POSITIVE;
    this.flags |= Flag.AUTHORITATIVE;
    if (!message.writeHead(0, HOLD_IN_ORDER) || message.at + <usize>bytes + 1 > message.limit) {
      this.isTruncated = true;
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

/** The label `*`. */
const ASTERISK: usize = memory.data<u8>([1, 0x2a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
