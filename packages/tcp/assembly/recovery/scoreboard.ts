/**
 * What is in flight, as ranges that lie without gaps from the first byte that is not acknowledged to the next one
 * to be sent, and how many of its bytes have which fate (RFC 6675 §3).
 *
 * Ranges are as long as they can be: what is sent in one burst is one, and what is sent within a small part of a
 * round trip as well. So an undisturbed connection has few, whatever its window.
 */
import { atOrBefore, before, earlier, later } from "../sequence";
import { recoveryCounters } from "./counters";
import { Rack } from "./rack";
import {
  Fate,
  RANGES_MAX,
  RANGES_PER_CONNECTION_MAX,
  RANGES_RESERVED,
  Range,
  ranges,
} from "./ranges";
import { SackBlocks } from "./sack-blocks";


@final
export class Scoreboard {
  /** Hears what arrives. */
  readonly rack: Rack = new Rack();
  /** SND.UNA and SND.NXT, as far as this knows. */
  unacknowledged: u32 = 0;
  next: u32 = 0;
  /** Of a connection without SACK: an estimate that its owner makes. */
  sackedBytes: i32 = 0;
  lostBytes: i32 = 0;
  /** Of the ranges that the last `detect` declared lost: when the one sent last was sent. */
  lostSentNs: i64 = 0;
  /** How far apart two transmissions may be that one range describes. */
  granuleNs: i64 = 0;
  private first: Range | null = null;
  private last: Range | null = null;
  private count: i32 = 0;
  /** Nothing beyond it was sent twice. */
  private retransmittedEnd: u32 = 0;

  begin(first: u32): void {
    this.clear();
    this.rack.begin(first);
    this.unacknowledged = first;
    this.next = first;
    this.retransmittedEnd = first;
  }

  /** Gives all memory back. */
  clear(): void {
    let range = this.first;
    while (range !== null) {
      const next = range.next;
      ranges.give(range);
      range = next;
    }
    this.first = null;
    this.last = null;
    this.count = 0;
    this.sackedBytes = 0;
    this.lostBytes = 0;
  }

  get outstandingBytes(): i32 {
    return <i32>(this.next - this.unacknowledged);
  }

  /** RFC 6675 §4: pipe. */
  get inFlightBytes(): i32 {
    return this.outstandingBytes - this.sackedBytes - this.lostBytes;
  }

  /** No more may be sent, for want of records. What is in flight keeps a timer running, so this ends. */
  get isFull(): bool {
    return this.count >= RANGES_PER_CONNECTION_MAX || (this.count > 0 && ranges.used >= RANGES_MAX);
  }

  /** The first range that is lost; null: none. */
  get firstLost(): Range | null {
    let range = this.first;
    while (range !== null && range.fate != Fate.LOST) range = range.next;
    return range;
  }

  /** New bytes have been sent, up to `end`. */
  append(end: u32, nowNs: i64): void {
    const last = this.last;
    if (
      last !== null &&
      last.fate == Fate.SENT &&
      !last.isRetransmitted &&
      nowNs - last.sentFirstNs <= this.granuleNs
    ) {
      last.end = end;
      last.sentNs = nowNs;
      this.next = end;
      return;
    }
    const range = this.take(last === null, RANGES_PER_CONNECTION_MAX);
    if (range !== null) {
      range.start = this.next;
      range.end = end;
      range.sentNs = nowNs;
      range.sentFirstNs = nowNs;
      range.fate = Fate.SENT;
      range.isRetransmitted = false;
      if (last === null) this.first = range;
      else last.next = range;
      this.last = range;
    } else if (last !== null) {
      // The last one takes it over. What was known of it is forgotten: at worst it is sent once too often.
      this.decide(last, Fate.SENT);
      last.end = end;
      last.sentNs = nowNs;
      last.isRetransmitted = true;
      this.retransmittedEnd = end;
    }
    this.next = end;
  }

  /** What lies between `start` and `end` has been sent again. */
  retransmit(start: u32, end: u32, nowNs: i64): void {
    let previous: Range | null = null;
    let range = this.first;
    while (range !== null && before(range.start, end)) {
      if (before(start, range.end) && range.fate != Fate.SACKED) {
        if (before(range.start, start) && this.split(range, start, RANGES_PER_CONNECTION_MAX)) {
          previous = range;
          range = range.next!;
        }
        if (before(end, range.end)) this.split(range, end, RANGES_PER_CONNECTION_MAX);
        this.decide(range, Fate.SENT);
        range.sentNs = nowNs;
        range.sentFirstNs = nowNs;
        range.isRetransmitted = true;
        this.retransmittedEnd = later(this.retransmittedEnd, range.end);
        if (
          previous !== null &&
          previous.fate == Fate.SENT &&
          previous.isRetransmitted &&
          nowNs - previous.sentFirstNs <= this.granuleNs
        ) {
          previous.sentNs = nowNs;
          this.mergeNext(previous);
          range = previous;
        }
      }
      previous = range;
      range = range.next;
    }
  }

  /** Everything before `end` has arrived for good. */
  acknowledge(end: u32): void {
    let range = this.first;
    while (range !== null && before(range.start, end)) {
      const covered = earlier(range.end, end);
      const bytes = <i32>(covered - range.start);
      if (range.fate == Fate.SACKED) {
        this.sackedBytes -= bytes;
      } else {
        if (range.fate == Fate.LOST) this.lostBytes -= bytes;
        this.rack.onDelivered(range, covered);
      }
      if (covered != range.end) {
        range.start = covered;
        break;
      }
      const next = range.next;
      ranges.give(range);
      this.count--;
      range = next;
    }
    this.first = range;
    if (range === null) this.last = null;
    this.unacknowledged = end;
    if (before(this.retransmittedEnd, end)) this.retransmittedEnd = end;
  }

  /**
   * The blocks of a SACK option have come, with an acknowledgement of all before `acknowledged`. True: one of them
   * says that something has arrived twice.
   */
  report(acknowledged: u32, blocks: SackBlocks): bool {
    let isTwice: bool = false;
    for (let i = 0; i < blocks.count; i++) {
      const start = blocks.startAt(i);
      const end = blocks.endAt(i);
      // Empty, or longer than half of all numbers.
      if (!before(start, end)) continue;
      // RFC 2883 §4: the first block lies before the acknowledgement, or within the second.
      if (
        i == 0 &&
        (before(start, acknowledged) ||
          (blocks.count > 1 &&
            atOrBefore(blocks.startAt(1), start) &&
            atOrBefore(end, blocks.endAt(1))))
      ) {
        isTwice = true;
        recoveryCounters.duplicates++;
        this.rack.onDuplicate(acknowledged, this.next);
      } else if (atOrBefore(acknowledged, start) && atOrBefore(end, this.next)) {
        this.sack(start, end);
      }
    }
    return isTwice;
  }

  /** What lies between `start` and `end` has arrived, and may still be thrown away. */
  sack(start: u32, end: u32): void {
    let previous: Range | null = null;
    let range = this.first;
    while (range !== null && before(range.start, end)) {
      if (before(start, range.end) && range.fate != Fate.SACKED) {
        const limit = RANGES_PER_CONNECTION_MAX - RANGES_RESERVED;
        if (before(range.start, start)) {
          // Without a record for its part, it counts as not arrived.
          this.split(range, start, limit);
          previous = range;
          range = range.next;
          continue;
        }
        if (before(end, range.end) && !this.split(range, end, limit)) return;
        this.rack.onDelivered(range, range.end);
        this.decide(range, Fate.SACKED);
        if (previous !== null && previous.fate == Fate.SACKED) {
          this.mergeNext(previous);
          range = previous;
        }
        const next = range.next;
        if (next !== null && next.fate == Fate.SACKED) this.mergeNext(range);
      }
      previous = range;
      range = range.next;
    }
  }

  /**
   * Declares lost what was sent before something that has arrived, and is late by more than `reorderingNs`. Returns
   * how long it takes until all that was sent before has been decided; 0: it is.
   */
  detect(reorderingNs: i64, nowNs: i64): i64 {
    const rack = this.rack;
    const lateNs = nowNs - rack.rttNs - reorderingNs;
    let remainingNs: i64 = 0;
    this.lostSentNs = i64.MIN_VALUE;
    let range = this.first;
    while (range !== null) {
      if (range.fate == Fate.SENT) {
        if (rack.isBefore(range)) {
          if (range.sentNs <= lateNs) this.lose(range);
          else remainingNs = max(remainingNs, range.sentNs - lateNs);
        } else if (!before(range.start, this.retransmittedEnd)) {
          // What was sent once only was sent in order.
          break;
        }
      }
      range = range.next;
    }
    return remainingNs;
  }

  /** The first `bytes` bytes are lost (RFC 6582 §3.2). */
  loseFirst(bytes: i32): void {
    const first = this.first;
    if (first === null || first.fate == Fate.LOST) return;
    if (first.bytes > bytes) this.split(first, first.start + bytes, RANGES_PER_CONNECTION_MAX);
    this.lose(first);
  }

  /** Time-out: everything is lost that is not known to have arrived, and was sent at `lateNs` or before. */
  loseAll(lateNs: i64): void {
    this.lostSentNs = i64.MIN_VALUE;
    let range = this.first;
    while (range !== null) {
      // RFC 8985 §6.3: the first one in any case.
      if (range.fate == Fate.SENT && (range.sentNs <= lateNs || range === this.first))
        this.lose(range);
      range = range.next;
    }
  }

  /** Nothing is lost. */
  findAll(): void {
    let range = this.first;
    while (range !== null) {
      if (range.fate == Fate.LOST) this.decide(range, Fate.SENT);
      range = range.next;
    }
  }

  /**
   * True: the other side has thrown away what it said it had (RFC 2018 §8), for it does not acknowledge what it has
   * first. What it said counts for nothing then.
   */
  forgetSacked(): bool {
    const first = this.first;
    if (first === null || first.fate != Fate.SACKED) return false;
    let range: Range | null = first;
    while (range !== null) {
      if (range.fate == Fate.SACKED) {
        this.decide(range, Fate.SENT);
        range.isRetransmitted = true;
      }
      range = range.next;
    }
    this.retransmittedEnd = this.next;
    return true;
  }

  private lose(range: Range): void {
    this.lostSentNs = max(this.lostSentNs, range.sentNs);
    this.decide(range, Fate.LOST);
  }

  private decide(range: Range, fate: Fate): void {
    const bytes = range.bytes;
    if (range.fate == Fate.SACKED) this.sackedBytes -= bytes;
    else if (range.fate == Fate.LOST) this.lostBytes -= bytes;
    if (fate == Fate.SACKED) this.sackedBytes += bytes;
    else if (fate == Fate.LOST) this.lostBytes += bytes;
    range.fate = fate;
  }

  private take(always: bool, limit: i32): Range | null {
    const range = this.count < limit ? ranges.take(always) : null;
    if (range === null) ranges.exhausted++;
    else this.count++;
    return range;
  }

  /** Cuts a range in two at `at`, inside it. False: there is no record for that. */
  private split(range: Range, at: u32, limit: i32): bool {
    const back = this.take(false, limit);
    if (back === null) return false;
    back.start = at;
    back.end = range.end;
    back.sentNs = range.sentNs;
    back.sentFirstNs = range.sentFirstNs;
    back.fate = range.fate;
    back.isRetransmitted = range.isRetransmitted;
    back.next = range.next;
    range.end = at;
    range.next = back;
    if (this.last === range) this.last = back;
    return true;
  }

  /** Makes one of a range and the next one, which has the same fate. */
  private mergeNext(range: Range): void {
    const next = range.next!;
    range.end = next.end;
    range.next = next.next;
    range.isRetransmitted = range.isRetransmitted || next.isRetransmitted;
    if (this.last === next) this.last = range;
    ranges.give(next);
    this.count--;
  }
}
