/** The plain receiver: acknowledges as RFC 9293, 2018, 2883, 5681 and 7323 say, and counts what arrives. */
import { before, later } from "../../../packages/tcp/assembly/sequence";
import { Flag, HEADER_BYTES, Header, OVERHEAD_BYTES, headerChecksum } from "./header";
import { Link } from "./link";
import { Port } from "./queue";

const RANGES_MAX: i32 = 64;
const DELAY_NS: i64 = 40_000_000;

export class Receiver implements Port {
  hasSack: bool = true;
  hasTimestamps: bool = true;
  windowBytes: u32 = 1 << 30;
  /** Bytes out of order that are kept; beyond, they are thrown away although they were reported (RFC 2018 §8). */
  keptBytes: i32 = 1 << 30;
  /** Next byte in order. */
  next: u32 = 0;
  /** When the delayed acknowledgement leaves. */
  deadlineNs: i64 = i64.MAX_VALUE;
  corrupted: u64 = 0;
  reneged: u64 = 0;
  back: Link | null = null;
  /** Where the sender is. */
  port: i32 = 0;

  /** Out of order, by sequence number. */
  private readonly starts: StaticArray<u32> = new StaticArray<u32>(RANGES_MAX);
  private readonly ends: StaticArray<u32> = new StaticArray<u32>(RANGES_MAX);
  private count: i32 = 0;
  private recentTimestamp: u32 = 0;
  private lastAcknowledged: u32 = 0;
  /** The last byte that arrived out of order: its block is first (RFC 2018 §4). */
  private newest: u32 = 0;
  private unacknowledgedSegments: i32 = 0;
  private echoesMark: bool = false;
  private twiceStart: u32 = 0;
  private twiceEnd: u32 = 0;
  private readonly reply: usize = heap.alloc(HEADER_BYTES);

  begin(first: u32): void {
    this.next = first;
    this.lastAcknowledged = first;
  }

  receive(packet: usize, bytes: i32, isMarked: bool, nowNs: i64): void {
    const header = changetype<Header>(packet);
    if (headerChecksum(packet) != header.checksum) {
      this.corrupted++;
      return;
    }
    if (isMarked) this.echoesMark = true;
    else if ((header.flags & Flag.CWR) != 0) this.echoesMark = false;
    const start = header.sequence;
    const end = start + header.payloadBytes;
    // RFC 7323 §4.3.
    if (!before(this.lastAcknowledged, start) && !before(header.timestamp, this.recentTimestamp))
      this.recentTimestamp = header.timestamp;
    const expected = this.next;
    this.insert(start, end);
    const isInOrder = start == expected && this.twiceStart == this.twiceEnd && this.count == 0;
    // RFC 5681 §4.2: at once, unless it is the first of two in order.
    if (isInOrder && ++this.unacknowledgedSegments < 2) {
      this.deadlineNs = nowNs + DELAY_NS;
      return;
    }
    this.acknowledge(nowNs);
  }

  /** `deadlineNs` has come. */
  acknowledge(nowNs: i64): void {
    this.deadlineNs = i64.MAX_VALUE;
    this.unacknowledgedSegments = 0;
    this.lastAcknowledged = this.next;
    const header = changetype<Header>(this.reply);
    header.sequence = 0;
    header.payloadBytes = 0;
    header.acknowledged = this.next;
    header.windowBytes = this.windowBytes;
    header.flags = this.echoesMark ? Flag.ECE : 0;
    header.timestamp = 0;
    header.echo = this.recentTimestamp;
    header.blocks = this.hasSack ? this.writeBlocks(header) : 0;
    header.checksum = headerChecksum(this.reply);
    this.twiceStart = this.twiceEnd;
    this.back!.send(this.port, this.reply, HEADER_BYTES, OVERHEAD_BYTES, false, nowNs);
    this.renege();
  }

  private writeBlocks(header: Header): i32 {
    let blocks = 0;
    // RFC 2883 §4.
    if (this.twiceStart != this.twiceEnd) header.setBlock(blocks++, this.twiceStart, this.twiceEnd);
    const limit = this.hasTimestamps ? 3 : 4;
    let first = -1;
    for (let i = 0; i < this.count; i++)
      if (!before(this.newest, this.starts[i]) && before(this.newest, this.ends[i])) first = i;
    if (first >= 0) header.setBlock(blocks++, this.starts[first], this.ends[first]);
    for (let i = this.count - 1; i >= 0 && blocks < limit; i--)
      if (i != first) header.setBlock(blocks++, this.starts[i], this.ends[i]);
    return blocks;
  }

  private insert(start: u32, end: u32): void {
    this.twiceStart = this.twiceEnd;
    if (!before(this.next, end)) {
      if (start != end) this.setTwice(start, end);
      return;
    }
    if (!before(this.next, start)) {
      if (start != this.next) this.setTwice(start, this.next);
      this.next = end;
    } else {
      this.insertBeyond(start, end);
    }
    while (this.count > 0 && !before(this.next, this.starts[0])) {
      this.next = later(this.next, this.ends[0]);
      this.remove(0);
    }
  }

  private insertBeyond(start: u32, end: u32): void {
    let at = 0;
    while (at < this.count && before(this.ends[at], start)) at++;
    if (at < this.count && !before(start, this.starts[at]) && !before(this.ends[at], end)) {
      this.setTwice(start, end);
      this.newest = start;
      return;
    }
    // No room: as if it had not arrived.
    if ((at == this.count || before(end, this.starts[at])) && this.count == RANGES_MAX) return;
    this.newest = start;
    if (at == this.count || before(end, this.starts[at])) {
      for (let i = this.count; i > at; i--) {
        this.starts[i] = this.starts[i - 1];
        this.ends[i] = this.ends[i - 1];
      }
      this.starts[at] = start;
      this.ends[at] = end;
      this.count++;
      return;
    }
    if (before(start, this.starts[at])) this.starts[at] = start;
    this.ends[at] = later(this.ends[at], end);
    while (at + 1 < this.count && !before(this.ends[at], this.starts[at + 1])) {
      this.ends[at] = later(this.ends[at], this.ends[at + 1]);
      this.remove(at + 1);
    }
  }

  private remove(at: i32): void {
    this.count--;
    for (let i = at; i < this.count; i++) {
      this.starts[i] = this.starts[i + 1];
      this.ends[i] = this.ends[i + 1];
    }
  }

  private setTwice(start: u32, end: u32): void {
    this.twiceStart = start;
    this.twiceEnd = end;
  }

  private renege(): void {
    let bytes = 0;
    for (let i = 0; i < this.count; i++) bytes += <i32>(this.ends[i] - this.starts[i]);
    if (bytes <= this.keptBytes) return;
    this.count = 0;
    this.reneged++;
  }
}
