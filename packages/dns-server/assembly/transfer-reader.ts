/**
 * A zone that arrives, message after message: AXFR (RFC 5936) and IXFR (RFC 1995), into a draft. What a primary sends
 * is believed only as far as it is the zone that was asked for.
 */
import {
  Flag,
  MALFORMED,
  MessageReader,
  NAME_BUFFER_BYTES,
  Rcode,
  RecordClass,
  equalNames,
  isWithin,
  readName,
  u32At,
} from "@phantasm/dns/wire";
import { Draft, DraftError } from "./draft";
import { IXFR, NOT_AUTH } from "./query";
import { RecordData, mayBeInZone } from "./record-data";
import { isNewer } from "./serial";

const SOA: i32 = 6;
const SOA_TAIL_BYTES: usize = 20;

/** What `read` answers. Negative: it is no such zone, see also DraftError. */
export namespace ReadStatus {
  /** Another message follows. */
  export const MORE: i32 = 0;
  export const DONE: i32 = 1;
  /** Of IXFR: there is nothing newer. */
  export const CURRENT: i32 = 2;
  /** Of IXFR: changes follow, to the records of the version that was named; call `read` again when they are there. */
  export const CHANGES: i32 = 3;
  /** Not well-formed, or not an answer to the request. */
  export const MALFORMED: i32 = -16;
  /** The zone does not begin with its SOA record, ends with another one, or has one that is not at its apex. */
  export const SOA: i32 = -17;
  /** More records than a zone may have. */
  export const ENDLESS: i32 = -18;
  /** Changes do not follow from each other, or what they remove is not there. */
  export const CHANGED: i32 = -19;
  /** A response code lies in the lowest four bits. */
  export const RCODE: i32 = -48;
}

enum Stage {
  /** Nothing has arrived. */
  FIRST,
  /** The first SOA record of IXFR has. */
  SECOND,
  RECORDS,
  REMOVALS,
  ADDITIONS,
  DONE,
}

/** Used again for the next transfer. */
@final
export class TransferReader {
  /** The version that arrives. */
  serial: u32 = 0;
  /** The SOA record's five numbers, as they are sent. */
  readonly soa: usize = heap.alloc(SOA_TAIL_BYTES);
  /** Only changes were sent. */
  isIncremental: bool = false;
  /** Records of other zones, which were left out. */
  strays: u32 = 0;

  private readonly reader: MessageReader = new MessageReader();
  private readonly loader: MessageReader = new MessageReader();
  private readonly data: RecordData = new RecordData();
  private readonly owner: usize = heap.alloc(<usize>NAME_BUFFER_BYTES);
  private ownerBytes: i32 = 0;
  private name: usize = 0;
  private nameBytes: i32 = 0;
  private id: i32 = 0;
  private type: i32 = 0;
  private oldSerial: u32 = 0;
  private stage: i32 = Stage.DONE;
  /** What the removals begin from, or the additions lead to. */
  private step: u32 = 0;
  private isFirstMessage: bool = false;
  /** Answers of the message at hand that have not been looked at. */
  private left: i32 = 0;
  private isAlone: bool = false;
  private taken: u32 = 0;

  constructor(
    private readonly draft: Draft,
    private readonly recordsMax: u32,
  ) {}

  /**
   * @param name the apex, in lower case, in NAME_BUFFER_BYTES bytes that stay
   * @param type AXFR or IXFR, from `oldSerial` on
   */
  begin(name: usize, nameBytes: i32, id: i32, type: i32, oldSerial: u32): void {
    this.name = name;
    this.nameBytes = nameBytes;
    this.id = id;
    this.type = type;
    this.oldSerial = oldSerial;
    this.isIncremental = false;
    this.strays = 0;
    this.taken = 0;
    this.isFirstMessage = true;
    this.stage = Stage.FIRST;
  }

  /** A message of `bytes` bytes, which stays until `read` has answered MORE. False: it is no part of the answer. */
  message(at: usize, bytes: i32): i32 {
    const reader = this.reader;
    if (!reader.begin(at, bytes) || reader.id != this.id) return ReadStatus.MALFORMED;
    const flags = reader.flags;
    if ((flags & (Flag.RESPONSE | Flag.OPCODE)) != Flag.RESPONSE) return ReadStatus.MALFORMED;
    if (reader.rcode != 0) return ReadStatus.RCODE + reader.rcode;
    if (flags & Flag.TRUNCATED) return ReadStatus.MALFORMED;
    // RFC 5936 §2.2.1: the first message repeats the question; later ones may.
    if (reader.questions > 1 || (reader.questions == 0 && this.isFirstMessage))
      return ReadStatus.MALFORMED;
    if (reader.questions == 1 && !this.isOurQuestion()) return ReadStatus.MALFORMED;
    this.isFirstMessage = false;
    this.left = reader.answers;
    this.isAlone = reader.answers == 1;
    // An empty message counts too: there is no end to them otherwise.
    return this.countOne() ? ReadStatus.MORE : ReadStatus.ENDLESS;
  }

  private isOurQuestion(): bool {
    const reader = this.reader;
    if (!reader.question() || reader.type != this.type || reader.class != RecordClass.IN)
      return false;
    this.ownerBytes = readName(reader.message, reader.bytes, reader.name, this.owner);
    return equalNames(this.owner, this.ownerBytes, this.name, this.nameBytes);
  }

  private countOne(): bool {
    return ++this.taken <= 2 * this.recordsMax + 16;
  }

  /** Reads the records of the message. See ReadStatus. */
  read(): i32 {
    while (this.left > 0) {
      const at = this.reader.at;
      const status = this.record();
      if (status == ReadStatus.CHANGES) {
        // This record once more when the old ones are there.
        this.reader.at = at;
        return status;
      }
      if (status < 0) return status;
      this.left--;
      if (status != ReadStatus.MORE) return this.left == 0 ? status : ReadStatus.MALFORMED;
    }
    // RFC 1995 §4: a SOA record alone, of what we have. Of something newer, more may follow.
    if (this.stage == Stage.SECOND && !isNewer(this.serial, this.oldSerial))
      return ReadStatus.CURRENT;
    return ReadStatus.MORE;
  }

  private record(): i32 {
    const reader = this.reader;
    if (!this.countOne()) return ReadStatus.ENDLESS;
    if (!reader.record()) return ReadStatus.MALFORMED;
    const type = reader.type;
    if (reader.class != RecordClass.IN || !mayBeInZone(type)) return ReadStatus.MALFORMED;
    const owner = this.owner;
    this.ownerBytes = readName(reader.message, reader.bytes, reader.name, owner);
    if (this.ownerBytes == MALFORMED) return ReadStatus.MALFORMED;
    if (!isWithin(owner, this.ownerBytes, this.name, this.nameBytes)) {
      if (this.stage == Stage.FIRST) return ReadStatus.SOA;
      this.strays++;
      return ReadStatus.MORE;
    }
    const isRead = this.data.read(
      reader.message,
      reader.bytes,
      type,
      reader.data,
      reader.dataBytes,
    );
    if (!isRead) return ReadStatus.MALFORMED;
    if (type == SOA) return this.atSoa();
    if (this.stage == Stage.FIRST) return ReadStatus.SOA;
    if (this.stage == Stage.SECOND) this.stage = Stage.RECORDS;
    if (this.stage != Stage.REMOVALS) return this.add();
    const status = this.draft.remove(owner, this.ownerBytes, type, this.data);
    return status == DraftError.MISSING ? ReadStatus.CHANGED : status;
  }

  private add(): i32 {
    const ttl = this.reader.ttl;
    // RFC 2181 §8.
    const seconds: u32 = ttl > <u32>i32.MAX_VALUE ? 0 : ttl;
    return this.draft.add(this.owner, this.ownerBytes, this.reader.type, seconds, this.data);
  }

  private get tail(): usize {
    return this.data.data + <usize>this.data.bytes - SOA_TAIL_BYTES;
  }

  private atSoa(): i32 {
    if (this.ownerBytes != this.nameBytes) return ReadStatus.SOA;
    const serial = u32At(this.tail);
    switch (this.stage) {
      case Stage.FIRST:
        this.serial = serial;
        memory.copy(this.soa, this.tail, SOA_TAIL_BYTES);
        this.stage = this.type == IXFR ? Stage.SECOND : Stage.RECORDS;
        return this.stage == Stage.RECORDS || isNewer(serial, this.oldSerial) ? this.add() : 0;
      case Stage.SECOND:
        if (serial == this.oldSerial && isNewer(this.serial, serial)) {
          if (!this.isIncremental) {
            this.isIncremental = true;
            return ReadStatus.CHANGES;
          }
          this.step = serial;
          this.stage = Stage.REMOVALS;
          return ReadStatus.MORE;
        }
        return this.end(serial);
      case Stage.REMOVALS:
        // RFC 1995 §4: from one version to a newer one.
        if (!isNewer(serial, this.step)) return ReadStatus.CHANGED;
        this.step = serial;
        this.stage = Stage.ADDITIONS;
        return this.add();
      case Stage.ADDITIONS:
        if (serial != this.step) return ReadStatus.CHANGED;
        if (serial == this.serial) return this.end(serial);
        this.stage = Stage.REMOVALS;
        return ReadStatus.MORE;
      default:
        return this.end(serial);
    }
  }

  /** RFC 5936 §2.2: the SOA record that it began with is the last one. */
  private end(serial: u32): i32 {
    if (serial != this.serial) return ReadStatus.SOA;
    this.stage = Stage.DONE;
    return ReadStatus.DONE;
  }

  /** Takes records of a message that `Transfer` has made of the old version, whose SOA record was taken before. */
  load(at: usize, bytes: i32): i32 {
    const reader = this.loader;
    if (!reader.begin(at, bytes) || !reader.question()) return ReadStatus.MALFORMED;
    for (let left = reader.answers; left > 0; left--) {
      if (!reader.record()) return ReadStatus.MALFORMED;
      if (reader.type == SOA) continue;
      const ownerBytes = readName(at, bytes, reader.name, this.owner);
      if (!this.data.read(at, bytes, reader.type, reader.data, reader.dataBytes))
        return ReadStatus.MALFORMED;
      const status = this.draft.add(this.owner, ownerBytes, reader.type, reader.ttl, this.data);
      if (status < 0) return status;
    }
    return ReadStatus.MORE;
  }
}

/** What a response code of a primary means, for the log. */
export function refusalOf(rcode: i32): string {
  switch (rcode) {
    case Rcode.NO_ERROR:
      return "it is no authority for the zone";
    case Rcode.SERVER_FAILURE:
      return "it cannot answer for the zone at the moment (SERVFAIL)";
    case Rcode.REFUSED:
      return "it refuses: it does not serve the zone, or not to this address (REFUSED)";
    case NOT_AUTH:
      return "it does not serve the zone (NOTAUTH)";
    default:
      return `it answers with code ${rcode}`;
  }
}

/** For the log. */
export function reasonOf(status: i32): string {
  if (status >= ReadStatus.RCODE && status < ReadStatus.RCODE + 16)
    return refusalOf(status - ReadStatus.RCODE);
  switch (status) {
    case ReadStatus.SOA:
      return "it does not begin and end with the zone's SOA record";
    case ReadStatus.ENDLESS:
    case DraftError.LIMIT:
      return "it is larger than a zone may be";
    case ReadStatus.CHANGED:
    case DraftError.MISSING:
      return "its changes do not fit";
    case DraftError.CROWDED:
      return "its names were chosen to be slow to find";
    case DraftError.SET:
      return "a set of records is larger than a message";
    case DraftError.ALIAS:
      return "an alias is not alone";
    case DraftError.NO_SOA:
      return "it has no SOA record";
    default:
      return "it is malformed";
  }
}

/** AXFR or IXFR. */
export function nameOfTransfer(isIncremental: bool): string {
  return isIncremental ? "IXFR" : "AXFR";
}
