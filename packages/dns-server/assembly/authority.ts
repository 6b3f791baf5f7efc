/** What the zones say to a question (RFC 1034 §4.3.2), written into a message. */
import { NAME_BUFFER_BYTES, NAME_BYTES_MAX, Rcode, hashName, lowerName } from "@phantasm/dns/wire";
import { Message, Section, copy } from "./message";
import { Query } from "./query";
import { AnswerKind } from "./rate-limit";
import { Walk } from "./walk";
import {
  NodeFlag,
  Zones,
  firstRecord,
  firstSet,
  flagsOf,
  labelAt,
  labelBytes,
  setCount,
  setFields,
  setOf,
} from "./zone-data";
import { ZoneSet } from "./zone-set";

const A: i32 = 1;
const NS: i32 = 2;
const CNAME: i32 = 5;
const SOA: i32 = 6;
const AAAA: i32 = 28;
const DNAME: i32 = 39;
const DS: i32 = 43;
const ANY: i32 = 255;
const CLASS_IN: i32 = 1;
/** RFC 2136 §2.2: a name that would be too long. */
const NAME_TOO_LONG: i32 = 6;

/** The name at hand is an alias: what it leads to comes next. */
const NOT_YET: i32 = -1;
/** Aliases that are followed in one answer. */
const ALIASES_MAX: i32 = 16;
/** Names are told apart in one answer only: nobody gains anything from a collision. */
const HASH_KEY: u64 = 0x9e3779b97f4a7c15;

/** The label `*`. */
const ASTERISK: usize = memory.data<u8>([1, 0x2a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);


@final
export class Authority {
  readonly walk: Walk;
  /** Where the walk went: nodes are of these. */
  zones: Zones;
  // Of the answer at hand.
  kind: u32 = 0;
  isAuthoritative: bool = false;
  isTruncated: bool = false;
  /** The name at hand; its case does not matter. */
  private name: usize = 0;
  private nameBytes: i32 = 0;
  private toldCount: i32 = 0;

  private readonly made: usize = heap.alloc(<usize>NAME_BUFFER_BYTES);
  private readonly above: usize = heap.alloc(<usize>NAME_BUFFER_BYTES);
  private readonly labels: usize = heap.alloc(128);
  /** Hashes of names that were aliases in this answer, and DNAME sets in it. */
  private readonly names: usize = heap.alloc((<usize>ALIASES_MAX) << 3);
  private readonly told: usize = heap.alloc(<usize>ALIASES_MAX * sizeof<usize>());

  constructor(
    private readonly set: ZoneSet,
    private readonly message: Message,
    private readonly request: Query,
  ) {
    this.zones = set.base;
    this.walk = new Walk(set.base);
  }

  /** Before each query, also one that is not for the zones. */
  begin(): void {
    this.kind = AnswerKind.ERROR;
    this.isAuthoritative = false;
    this.isTruncated = false;
  }

  /** RFC 1034 §4.3.2. Returns the response code. */
  answer(): i32 {
    const request = this.request;
    this.name = request.name;
    this.nameBytes = request.nameBytes;
    this.toldCount = 0;
    const isHere = this.seek(request.name, request.labels, request.labelCount, this.message);
    if (!isHere) return Rcode.SERVER_FAILURE;
    if (this.walk.apex == 0) return Rcode.REFUSED;
    this.kind = AnswerKind.POSITIVE;
    let status = NOT_YET;
    for (let aliases = 0; status == NOT_YET; aliases++) status = this.answerName(aliases);
    return status;
  }

  /**
   * Walks to a name in lower case, in whichever zones it is. False: in one that is not there to be answered from.
   *
   * @param message see Walk.toName
   */
  // @ts-ignore: decorator
  @inline
  seek(name: usize, labels: usize, count: i32, message: Message | null): bool {
    const set = this.set;
    const base = set.base;
    // A transfer uses the message too.
    if (this.zones !== base || this.message.zones !== base) this.use(base);
    this.walk.toName(name, labels, count, message);
    return set.hasOthers ? this.seekOther(name, labels, count, message) : set.hasBase;
  }

  /** The same in zones by themselves, behind a walk through the base. */
  private seekOther(name: usize, labels: usize, count: i32, message: Message | null): bool {
    const set = this.set;
    const walk = this.walk;
    const depth = walk.apex == 0 ? -1 : count - walk.apexLabels;
    const other = set.find(name, labels, count, depth);
    if (other === null) return set.hasBase;
    const zones = other.zones;
    if (zones === null) {
      walk.apex = 0;
      return false;
    }
    this.use(zones);
    walk.toName(name, labels, count, message);
    return true;
  }

  private use(zones: Zones): void {
    this.zones = zones;
    this.walk.zones = zones;
    this.message.zones = zones;
  }

  /** For the name at hand, to which so many aliases have led. NOT_YET: it is one itself. */
  private answerName(aliases: i32): i32 {
    const walk = this.walk;
    const zones = this.zones;
    const type = this.request.type;
    const apex = walk.apex;
    // The alias leads to where somebody else answers.
    if (apex == 0) return Rcode.NO_ERROR;
    let node = walk.isExact ? walk.closest : 0;
    // RFC 1035 §6.2: nobody is an authority for all classes.
    if (this.request.class == CLASS_IN) this.isAuthoritative = true;
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
    if (aliases == ALIASES_MAX || this.isCircle(aliases)) return Rcode.NO_ERROR;
    const owner = this.message.at;
    this.put(set);
    if (this.isTruncated) return Rcode.NO_ERROR;
    this.message.name = this.nameAt(this.dataOf(owner));
    const target = zones.nodeAt(firstRecord(set));
    this.name = this.made;
    this.nameBytes = this.nameOf(target, this.made, NAME_BYTES_MAX);
    if (this.set.hasOthers) this.enterMade(this.nameBytes);
    else walk.toNode(target);
    return NOT_YET;
  }

  /** True if the name at hand was an alias in this answer before; remembers it. */
  private isCircle(aliases: i32): bool {
    const hash = hashName(this.name, this.nameBytes, HASH_KEY, HASH_KEY);
    const names = this.names;
    for (let i = 0; i < aliases; i++) if (load<u64>(names + ((<usize>i) << 3)) == hash) return true;
    store<u64>(names + ((<usize>aliases) << 3), hash);
    return false;
  }

  /** True if the set was told in this answer before; remembers it. */
  private isTold(redirection: usize): bool {
    const told = this.told;
    const count = this.toldCount;
    for (let i = 0; i < count; i++)
      if (load<usize>(told + <usize>i * sizeof<usize>()) == redirection) return true;
    store<usize>(told + <usize>count * sizeof<usize>(), redirection);
    this.toldCount = count + 1;
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
    if (!this.message.writeSet(Section.ANSWER, this.owner(), set, setFields(set)))
      this.isTruncated = true;
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
    let node: usize = 0;
    let outer: usize = 0;
    // A zone that lies elsewhere may be nearer, or have taken the place of the one that lies here.
    if (this.set.hasOthers && labelBytes(apex) > 0) {
      node = this.seekAbove(zones, apex);
      outer = this.walk.apex;
    }
    if (node == 0) {
      const above = load<u32>(zones.zoneOfApex(apex), 28);
      if (above == 0) return false;
      node = zones.base + <usize>above;
      outer = zones.apexOf(zones.parentOf(apex));
    }
    const set = setOf(node, DS);
    if (set != 0) this.put(set);
    else {
      this.kind = AnswerKind.NO_DATA;
      this.deny(outer);
    }
    return true;
  }

  /** The node that a zone above, which lies elsewhere, has for an apex; 0, and nothing has changed: there is none. */
  private seekAbove(zones: Zones, apex: usize): usize {
    const walk = this.walk;
    const name = this.above;
    const count = this.labelsOf(name, this.nameOf(apex, name, NAME_BYTES_MAX));
    if (this.seek(name, this.labels + 1, count - 1, null) && walk.apex != 0)
      if (this.zones !== zones) {
        walk.toName(name, this.labels, count, null);
        if (walk.isExact) return walk.closest;
      }
    this.use(zones);
    walk.toName(name, this.labels, count, null);
    return 0;
  }

  /** Makes a name lower case, finds its labels, and returns how many. */
  private labelsOf(name: usize, bytes: i32): i32 {
    lowerName(name, bytes);
    let count = 0;
    for (let at = 0; load<u8>(name + <usize>at) != 0; count++) {
      store<u8>(this.labels + <usize>count, <u8>at);
      at += <i32>load<u8>(name + <usize>at) + 1;
    }
    return count;
  }

  private refer(aliases: i32): i32 {
    const cut = this.walk.cut;
    const message = this.message;
    if (aliases == 0) {
      this.isAuthoritative = false;
      this.kind = AnswerKind.REFERRAL;
    }
    message.targetCount = 0;
    const set = setOf(cut, NS);
    if (message.writeSet(Section.AUTHORITY, cut, set, setFields(set)))
      this.addAddresses(this.walk.apex, true, cut);
    else this.isTruncated = true;
    return Rcode.NO_ERROR;
  }

  /** RFC 6672 §3.2. */
  private redirect(aliases: i32): i32 {
    const walk = this.walk;
    const message = this.message;
    const redirection = walk.redirection;
    const set = setOf(redirection, DNAME);
    const target = this.zones.nodeAt(firstRecord(set));
    if (aliases == ALIASES_MAX || this.isCircle(aliases)) return Rcode.NO_ERROR;
    const isKnown = this.isTold(set);
    // It leads below itself, for ever: the client goes on with where the first time led to, if it likes.
    if (isKnown && this.isBelow(target, redirection)) return Rcode.NO_ERROR;
    if (!isKnown && !message.writeSet(Section.ANSWER, redirection, set, setFields(set)))
      return this.truncate();
    // The labels below the DNAME, in the case of whoever wrote them, in front of its target.
    const made = this.made;
    const bytes = this.prefix(walk.redirectionLabels, made);
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
    const type = this.request.type;
    if (type == CNAME || type == ANY) return Rcode.NO_ERROR;
    message.name = this.nameAt(from);
    this.enterMade(bytes + targetBytes);
    return NOT_YET;
  }

  private isBelow(node: usize, ancestor: usize): bool {
    while (labelBytes(node) > 0) {
      node = this.zones.parentOf(node);
      if (node == ancestor) return true;
    }
    return false;
  }

  private truncate(): i32 {
    this.isTruncated = true;
    return Rcode.NO_ERROR;
  }

  /** Goes on with the name in `made`. */
  private enterMade(bytes: i32): void {
    const made = this.made;
    this.name = made;
    this.nameBytes = bytes;
    const count = this.labelsOf(made, bytes);
    this.seek(made, this.labels, count, null);
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
  tellSerial(): i32 {
    const request = this.request;
    const walk = this.walk;
    if (!this.seek(request.name, request.labels, request.labelCount, this.message))
      return Rcode.SERVER_FAILURE;
    if (walk.apex == 0 || !walk.isExact || walk.closest != walk.apex) return Rcode.REFUSED;
    this.kind = AnswerKind.POSITIVE;
    this.isAuthoritative = true;
    this.put(setOf(walk.apex, SOA));
    return Rcode.NO_ERROR;
  }
}
