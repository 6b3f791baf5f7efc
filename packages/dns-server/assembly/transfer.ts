/** A zone, message after message (RFC 5936), in the order that it lies in; or what has changed in it (RFC 1995). */
import { Flag, HEADER_BYTES, Rcode, u16At } from "@phantasm/dns/wire";
import { Message, Section, copy } from "./message";
import { Responder } from "./responder";
import {
  Zones,
  firstRecord,
  firstSet,
  nextSet,
  recordCount,
  setCount,
  setFields,
  setType,
} from "./zone-data";
import { IXFR } from "./query";
import { Change, Changes } from "./zone-changes";

const SOA: i32 = 6;
/** Header, a name of 255 bytes, type and class. */
const QUESTION_BYTES_MAX: usize = 12 + 255 + 4;
const ROOT_HEAD_BYTES: usize = 12 + 1 + 4;
const OPT_BYTES: usize = 11;
/** What pointers can reach, so that names are compressed everywhere. */
const SOFT_ROOM: usize = 16384;

enum Stage {
  FIRST,
  CHANGES,
  RECORDS,
  LAST,
  DONE,
}

/** One transfer; used again for the next. The zones that it began with stay until it is done. */
@final
export class Transfer {
  private readonly head: usize = heap.alloc(QUESTION_BYTES_MAX);
  private headBytes: usize = 0;
  private stage: i32 = Stage.DONE;
  private apex: usize = 0;
  private soa: usize = 0;
  private end: usize = 0;
  // Where it goes on.
  private node: usize = 0;
  private sets: i32 = 0;
  private set: usize = 0;
  private records: i32 = 0;
  private record: usize = 0;
  private hasEdns: bool = false;
  /** Of the message at hand: nothing more fits, and there is no record in it. */
  private isFull: bool = false;
  private isEmpty: bool = false;

  private zones: Zones | null = null;
  /** Of an incremental transfer: what is told in the place of the whole zone, and how far that has come. */
  private readonly changes: Change[] = [];
  private change: i32 = 0;
  private changeAt: usize = 0;

  get isDone(): bool {
    return this.stage == Stage.DONE;
  }

  /** Begins with the first of the zones, for whoever reads it here. Its question is the root's. */
  open(zones: Zones): void {
    const head = this.head;
    memory.fill(head, 0, ROOT_HEAD_BYTES);
    store<u64>(head, 0x0100, 4);
    this.headBytes = ROOT_HEAD_BYTES;
    this.hasEdns = false;
    this.stage = Stage.FIRST;
    this.enter(zones, zones.zone(0));
  }

  /**
   * Begins with a request that `responder.respond` answered TRANSFER for. NO_ERROR, or the response code to answer
   * with: REFUSED, when the name is not the apex of a zone.
   *
   * @param query the request as it arrived
   */
  begin(responder: Responder, query: usize): i32 {
    const request = responder.query;
    const authority = responder.authority;
    const walk = authority.walk;
    if (!authority.seek(request.name, request.labels, request.labelCount, null))
      return Rcode.SERVER_FAILURE;
    const zones = authority.zones;
    const apex = walk.apex;
    if (apex == 0 || !walk.isExact || walk.closest != apex) return Rcode.REFUSED;
    const zone = zones.zoneOfApex(apex);
    this.hasEdns = request.hasEdns;
    const headBytes = <usize>request.questionEnd;
    this.headBytes = headBytes;
    const head = this.head;
    copy(head, query, headBytes);
    const flags = Flag.RESPONSE | Flag.AUTHORITATIVE | (u16At(query + 2) & Flag.RECURSION_DESIRED);
    store<u16>(head, bswap(<u16>flags), 2);
    store<u64>(head, 0x0100, 4);
    // RFC 1995 §2: whoever has it already, or what is newer, gets the SOA record alone.
    const serial = load<u32>(zone, 12);
    const isCurrent =
      request.type == IXFR && request.hasSerial && <i32>(request.serial - serial) >= 0;
    this.stage = isCurrent ? Stage.LAST : Stage.FIRST;
    this.enter(zones, zone);
    if (request.type == IXFR && !isCurrent && zones === responder.zones.base)
      this.findChanges(responder.changes, request.serial, serial);
    if (this.changes.length > 0) responder.counters.incremental++;
    return Rcode.NO_ERROR;
  }

  /** RFC 1995 §4: others get the whole, as does whom the changes would cost more. */
  private findChanges(known: Changes, from: u32, to: u32): void {
    const changes = this.changes;
    if (!known.collect(this.zones!, this.apex, from, to, changes)) return;
    let bytes: usize = 0;
    for (let i = 0; i < changes.length; i++) bytes += changes[i].bytes;
    if (bytes > this.end - this.node) return this.releaseChanges();
    this.change = 0;
    this.changeAt = 0;
  }

  private releaseChanges(): void {
    while (this.changes.length > 0) this.changes.pop().release();
  }

  private enter(zones: Zones, zone: usize): void {
    this.apex = zones.nodeAt(zone);
    this.soa = zones.base + <usize>load<u32>(zone, 16);
    this.node = zones.base + <usize>load<u32>(zone, 4);
    this.end = zones.base + <usize>load<u32>(zone, 8);
    this.enterNode();
    zones.hold();
    this.zones = zones;
  }

  /** To be called after each that has begun, whether it is done or not. */
  finish(): void {
    const zones = this.zones;
    this.zones = null;
    this.stage = Stage.DONE;
    this.releaseChanges();
    if (zones !== null) zones.release();
  }

  /** Writes the next message; returns its bytes, 0: there are no more. `room` is at least 65535 bytes. */
  next(message: Message, into: usize, room: i32): i32 {
    if (this.stage == Stage.DONE) return 0;
    const optBytes = this.hasEdns ? OPT_BYTES : 0;
    this.beginMessage(message, into, SOFT_ROOM - optBytes);
    this.writeStages(message);
    if (this.isEmpty) {
      // A record that is longer than usual messages.
      this.beginMessage(message, into, <usize>room - optBytes);
      this.writeStages(message);
    }
    if (this.hasEdns) {
      // An OPT record without options, of 1232 bytes.
      memory.fill(message.at, 0, OPT_BYTES);
      store<u32>(message.at, 0xd004_2900, 1);
      message.at += OPT_BYTES;
      message.count(Section.ADDITIONAL, 1);
    }
    return message.bytes;
  }

  private beginMessage(message: Message, into: usize, room: usize): void {
    const headBytes = this.headBytes;
    message.zones = this.zones!;
    copy(into, this.head, headBytes);
    message.begin(into, into + headBytes, into + room);
    // Owners point to the question: the largest record has room only so. Whoever has opened it asked for the root.
    if (headBytes > ROOT_HEAD_BYTES) message.remember(this.apex, HEADER_BYTES);
    this.isFull = false;
    this.isEmpty = true;
  }

  private writeStages(message: Message): void {
    const fields = setFields(this.soa);
    if (
      this.stage == Stage.FIRST &&
      message.writeSet(Section.ANSWER, this.apex, this.soa, fields)
    ) {
      this.stage = this.changes.length > 0 ? Stage.CHANGES : Stage.RECORDS;
      this.isEmpty = false;
    }
    if (this.stage == Stage.CHANGES && this.writeChanges(message)) this.stage = Stage.LAST;
    if (this.stage == Stage.RECORDS && this.writeRecords(message)) this.stage = Stage.LAST;
    if (
      this.stage == Stage.LAST &&
      !this.isFull &&
      message.writeSet(Section.ANSWER, this.apex, this.soa, fields)
    ) {
      this.stage = Stage.DONE;
      this.isEmpty = false;
    }
  }

  /** True: all that there are. */
  private writeChanges(message: Message): bool {
    for (; this.change < this.changes.length; this.change++, this.changeAt = 0) {
      const change = this.changes[this.change];
      while (this.changeAt < change.bytes) {
        const record = change.records + this.changeAt;
        const bytes = recordBytes(record);
        if (message.at + bytes > message.limit) {
          this.isFull = true;
          return false;
        }
        copy(message.at, record, bytes);
        message.at += bytes;
        message.count(Section.ANSWER, 1);
        this.isEmpty = false;
        this.changeAt += bytes;
      }
    }
    return true;
  }

  /** True: all that there are. */
  private writeRecords(message: Message): bool {
    while (this.node < this.end) {
      while (this.sets > 0) {
        const set = this.set;
        const fields = setFields(set);
        // The SOA record stands at both ends.
        while (this.records > 0 && !(setType(set) == SOA && this.node == this.apex)) {
          const start = message.at;
          const next = message.writeRecord(this.node, set, this.record, fields);
          if (next == 0) {
            message.at = start;
            this.isFull = true;
            return false;
          }
          message.count(Section.ANSWER, 1);
          this.isEmpty = false;
          this.record = next;
          this.records--;
        }
        this.set = nextSet(set);
        if (--this.sets > 0) this.enterSet();
      }
      this.node = (this.set + 3) & ~3;
      this.enterNode();
    }
    return true;
  }

  private enterNode(): void {
    if (this.node >= this.end) return;
    this.sets = setCount(this.node);
    this.set = firstSet(this.node);
    if (this.sets > 0) this.enterSet();
  }

  private enterSet(): void {
    this.records = recordCount(this.set);
    this.record = firstRecord(this.set);
  }
}

/** Of a record as it is sent, without pointers. */
function recordBytes(record: usize): usize {
  let at = record;
  while (load<u8>(at) != 0) at += <usize>load<u8>(at) + 1;
  return at + 11 + <usize>bswap(load<u16>(at, 9)) - record;
}
