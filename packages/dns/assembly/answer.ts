/**
 * What a message says to our question. It is believed only as far as it answers that question: records that belong to
 * other names, and the authority and additional sections (but for the SOA of a negative answer), count for nothing.
 */
import {
  Flag,
  MALFORMED,
  MessageReader,
  NAME_BUFFER_BYTES,
  Rcode,
  RecordClass,
  RecordType,
  equalNames,
  isWithin,
  readName,
  u32At,
} from "./wire";

/** Addresses of one answer that are kept; more are left out. */
export const ADDRESSES_MAX: i32 = 8;
/** Bytes of an address in memory: its two halves. */
export const ADDRESS_BYTES: i32 = 16;
/** Aliases (CNAME) from the name that was asked to the one that has addresses. */
export const ALIASES_MAX: i32 = 8;
/** Records of a message that are looked at, for each alias anew. */
export const RECORDS_MAX: i32 = 128;

/** Of RFC 1035 §4.1.1 and RFC 6891 §6.1.3; upper bits of the response code are in the TTL of the OPT record. */
const EXTENDED_RCODE_SHIFT: u32 = 24;

export enum AnswerKind {
  /** It is no answer to this question: forged, or late. */
  STRANGE,
  ADDRESSES,
  /** There is no such name, or it has no address of this kind. */
  NO_ADDRESS,
  /** The server cannot answer, or makes no sense: another may. */
  FAILED,
  /** The server does not understand EDNS (RFC 6891 §7): ask without. */
  PLAIN,
  /** It did not fit into a datagram; `count` addresses did. */
  TRUNCATED,
}

/** One object, used again for each message. */
export class Answer {
  /** `count` addresses of ADDRESS_BYTES: `high`, `low`. */
  readonly addresses: usize = heap.alloc(ADDRESSES_MAX * ADDRESS_BYTES);
  count: i32 = 0;
  /** Seconds for which it holds: the least on the way to it (RFC 2308 §5 for what there is not); 0: just this once. */
  ttl: u32 = 0;

  private readonly reader: MessageReader = new MessageReader();
  /** The name that is looked for: the question's, or an alias's target. */
  private readonly target: usize = heap.alloc(NAME_BUFFER_BYTES);
  private targetBytes: i32 = 0;
  private readonly owner: usize = heap.alloc(NAME_BUFFER_BYTES);

  /**
   * @param message of `bytes` bytes, from the address and port that was asked
   * @param name as it was sent, in NAME_BUFFER_BYTES bytes
   * @param type A or AAAA
   * @param exactCase the name must come back in the same case: 0x20 (draft-vixie-dnsext-dns0x20)
   */
  read(
    message: usize,
    bytes: i32,
    id: i32,
    name: usize,
    nameBytes: i32,
    type: i32,
    exactCase: bool,
  ): AnswerKind {
    const reader = this.reader;
    this.count = 0;
    this.ttl = 0;
    // RFC 5452 §9.1: an answer has the question's id, name, type and class.
    if (!reader.begin(message, bytes) || reader.id != id) return AnswerKind.STRANGE;
    if ((reader.flags & (Flag.RESPONSE | Flag.OPCODE)) != Flag.RESPONSE) return AnswerKind.STRANGE;
    // RFC 6891 §7: who knows no EDNS may have read nothing at all.
    if (reader.questions == 0 && reader.rcode == Rcode.FORMAT_ERROR) return AnswerKind.PLAIN;
    if (reader.questions != 1 || !reader.question()) return AnswerKind.STRANGE;
    if (reader.type != type || reader.class != RecordClass.IN) return AnswerKind.STRANGE;
    const echoed = readName(message, bytes, reader.name, this.target);
    if (!equalNames(this.target, echoed, name, nameBytes)) return AnswerKind.STRANGE;
    if (exactCase && memory.compare(this.target, name, nameBytes) != 0) return AnswerKind.STRANGE;
    this.targetBytes = nameBytes;

    const rcode = reader.rcode;
    if (rcode == Rcode.FORMAT_ERROR || rcode == Rcode.NOT_IMPLEMENTED) return AnswerKind.PLAIN;
    if (rcode != Rcode.NO_ERROR && rcode != Rcode.NAME_ERROR) return AnswerKind.FAILED;
    const isWhole = (reader.flags & Flag.TRUNCATED) == 0;
    const isRead = this.readAnswers(type);
    if (!isWhole) {
      this.ttl = 0; // RFC 2181 §9: not to be kept.
      return AnswerKind.TRUNCATED;
    }
    if (!isRead) return AnswerKind.FAILED;
    if (this.count > 0) return rcode == Rcode.NO_ERROR ? AnswerKind.ADDRESSES : AnswerKind.FAILED;
    return this.readNegative(rcode);
  }

  /** Follows aliases to addresses. False: malformed, or too long a way. */
  private readAnswers(type: i32): bool {
    const reader = this.reader;
    const start = reader.at;
    const records = min(reader.answers, RECORDS_MAX);
    let leastTtl: u32 = i32.MAX_VALUE;
    for (let aliases = 0; aliases <= ALIASES_MAX; aliases++) {
      let alias = 0;
      let aliasTtl: u32 = 0;
      reader.at = start;
      for (let left = records; left > 0; left--) {
        if (!reader.record()) return false;
        if (reader.class != RecordClass.IN) continue;
        const isAlias = reader.type == RecordType.CNAME;
        if (!isAlias && reader.type != type) continue;
        const owner = readName(reader.message, reader.bytes, reader.name, this.owner);
        if (owner == MALFORMED) return false;
        if (!equalNames(this.owner, owner, this.target, this.targetBytes)) continue;
        if (isAlias) {
          alias = reader.data;
          aliasTtl = reader.ttl;
        } else {
          leastTtl = min(leastTtl, seconds(reader.ttl));
          if (!this.take(type)) return false;
        }
      }
      if (this.count > 0 || alias == 0) {
        this.ttl = leastTtl;
        return true;
      }
      leastTtl = min(leastTtl, seconds(aliasTtl));
      this.targetBytes = readName(reader.message, reader.bytes, alias, this.target);
      if (this.targetBytes == MALFORMED) return false;
    }
    return false;
  }

  /** Keeps the address in the record, if it can be one. False: it has the wrong size. */
  private take(type: i32): bool {
    const reader = this.reader;
    const data = reader.message + reader.data;
    let high: u64 = 0;
    let low: u64;
    if (type == RecordType.A) {
      if (reader.dataBytes != 4) return false;
      const address = u32At(data);
      // No host is "this network" (RFC 1122 §3.2.1.3) or a group.
      if (address >> 24 == 0 || address >= 0xe0000000) return true;
      low = 0xffff_0000_0000 | (<u64>address);
    } else {
      if (reader.dataBytes != 16) return false;
      high = bswap(load<u64>(data));
      low = bswap(load<u64>(data, 8));
      // `::`, addresses of IPv4 in those of IPv6 (RFC 4291 §2.5.5), groups.
      if (high >> 56 == 0xff || (high == 0 && low >> 32 == 0xffff)) return true;
      if (high == 0 && low == 0) return true;
    }
    if (this.count == ADDRESSES_MAX) return true;
    const at = this.addresses + this.count * ADDRESS_BYTES;
    store<u64>(at, high);
    store<u64>(at, low, 8);
    this.count++;
    return true;
  }

  /** No addresses: is that what the server says, and for how long? */
  private readNegative(rcode: i32): AnswerKind {
    const reader = this.reader;
    const aliasTtl = this.ttl;
    this.ttl = 0;
    // Further answers are passed over.
    for (let left = reader.answers - RECORDS_MAX; left > 0; left--)
      if (!reader.record()) return AnswerKind.FAILED;
    let hasServers = false;
    let hasSoa = false;
    for (let left = reader.authorities; left > 0; left--) {
      if (!reader.record()) return AnswerKind.FAILED;
      if (reader.type == RecordType.NS) hasServers = true;
      if (reader.type != RecordType.SOA || hasSoa) continue;
      const owner = readName(reader.message, reader.bytes, reader.name, this.owner);
      if (owner == MALFORMED) return AnswerKind.FAILED;
      if (reader.dataBytes < 22 || !isWithin(this.target, this.targetBytes, this.owner, owner))
        continue;
      hasSoa = true;
      // RFC 2308 §5: the lesser of the SOA's TTL and its last field.
      const minimum = u32At(reader.message + reader.at - 4);
      this.ttl = min(min(seconds(reader.ttl), seconds(minimum)), aliasTtl);
    }
    for (let left = reader.additionals; left > 0; left--) {
      if (!reader.record()) return AnswerKind.FAILED;
      if (reader.type == RecordType.OPT && reader.ttl >> EXTENDED_RCODE_SHIFT != 0)
        return AnswerKind.PLAIN; // BADVERS and whatever else EDNS brings.
    }
    // RFC 2308 §2.2: that is a referral, and we asked for an answer.
    if (rcode == Rcode.NO_ERROR && hasServers && !hasSoa) return AnswerKind.FAILED;
    return AnswerKind.NO_ADDRESS;
  }
}

/** RFC 2181 §8: with the highest bit set it is 0. */
function seconds(ttl: u32): u32 {
  return ttl > <u32>i32.MAX_VALUE ? 0 : ttl;
}
