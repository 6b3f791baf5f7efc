/** The plain sender: Recovery, and no more around it than it needs. */
import { CongestionControl } from "../../../packages/tcp/assembly/recovery/congestion";
import { Recovery, TimerAction } from "../../../packages/tcp/assembly/recovery/recovery";
import { SackBlocks } from "../../../packages/tcp/assembly/recovery/sack-blocks";
import { before } from "../../../packages/tcp/assembly/sequence";
import { Flag, HEADER_BYTES, Header, OVERHEAD_BYTES, headerChecksum } from "./header";
import { Link } from "./link";
import { Port } from "./queue";

const TICK_NS: i64 = 1_000_000;

export class Sender implements Port {
  readonly recovery: Recovery;
  forward: Link | null = null;
  /** Where the receiver is. */
  port: i32 = 0;
  hasTimestamps: bool = true;
  hasEcn: bool = false;
  /** Segments in one call of `onSent`, at most. */
  runSegments: i32 = 1;
  /** How far the application has written. */
  writtenEnd: u32 = 0;
  first: u32 = 0;
  next: u32 = 0;
  acknowledged: u32 = 0;
  corrupted: u64 = 0;
  /** What went wrong; empty: nothing. */
  failure: string = "";

  private windowBytes: u32 = 65535;
  private tellsReduction: bool = false;
  private readonly blocks: SackBlocks = new SackBlocks();
  private readonly packet: usize = heap.alloc(HEADER_BYTES);

  constructor(congestion: CongestionControl) {
    this.recovery = new Recovery(congestion);
  }

  begin(
    first: u32,
    segmentBytes: i32,
    hasSack: bool,
    windowBytes: u32,
    handshakeRttNs: i64,
    nowNs: i64,
  ): void {
    this.first = first;
    this.next = first;
    this.writtenEnd = first;
    this.acknowledged = first;
    this.windowBytes = windowBytes;
    this.recovery.begin(first, segmentBytes, hasSack, handshakeRttNs, nowNs);
  }

  /** Everything that was written has arrived. */
  get isDone(): bool {
    return this.acknowledged == this.writtenEnd;
  }

  write(bytes: u32, nowNs: i64): void {
    if (this.isDone) this.recovery.onIdle(nowNs);
    this.writtenEnd += bytes;
    this.send(nowNs);
  }

  receive(packet: usize, bytes: i32, isMarked: bool, nowNs: i64): void {
    const header = changetype<Header>(packet);
    if (headerChecksum(packet) != header.checksum) {
      this.corrupted++;
      return;
    }
    const acknowledged = header.acknowledged;
    const isDuplicate =
      acknowledged == this.acknowledged &&
      header.windowBytes == this.windowBytes &&
      this.acknowledged != this.next;
    if (before(this.acknowledged, acknowledged)) this.acknowledged = acknowledged;
    this.windowBytes = header.windowBytes;
    header.readBlocks(this.blocks);
    const ticks = <i64>(<u32>(nowNs / TICK_NS) - header.echo);
    this.recovery.onAcknowledged(
      acknowledged,
      header.windowBytes,
      this.blocks,
      this.hasTimestamps ? ticks * TICK_NS : -1,
      isDuplicate,
      (header.flags & Flag.ECE) != 0,
      nowNs,
    );
    this.send(nowNs);
  }

  /** The deadline of recovery has come. */
  expire(nowNs: i64): void {
    const recovery = this.recovery;
    if (recovery.onTimer(nowNs) == TimerAction.PROBE) {
      const bytes = min(this.available, recovery.segmentBytes);
      if (bytes > 0) this.sendNew(bytes, nowNs);
      else this.transmit(recovery.lostStart, recovery.lostEnd, nowNs);
    }
    this.send(nowNs);
  }

  /** Bytes that were written and not sent, and that the receiver has room for. */
  private get available(): i32 {
    const unsent = <i32>(this.writtenEnd - this.next);
    const granted = <i32>(this.acknowledged + this.windowBytes - this.next);
    return min(unsent, granted);
  }

  private send(nowNs: i64): void {
    const recovery = this.recovery;
    // Each turn sends something, so it ends; but a mistake must not hang.
    let turns = 0;
    while (recovery.nextLost(nowNs)) {
      this.transmit(recovery.lostStart, recovery.lostEnd, nowNs);
      if (++turns > 100_000) return this.fail("nextLost does not end");
    }
    while (true) {
      const run = recovery.segmentBytes * this.runSegments;
      const bytes = min(min(recovery.allowance(), this.available), run);
      if (bytes <= 0) break;
      // Silly window: full segments, or all there is.
      if (bytes < recovery.segmentBytes && bytes < <i32>(this.writtenEnd - this.next)) {
        if (recovery.inFlightBytes > 0) break;
      }
      this.sendNew(bytes, nowNs);
    }
    this.check();
  }

  private sendNew(bytes: i32, nowNs: i64): void {
    const start = this.next;
    this.next += bytes;
    if (this.hasEcn && this.recovery.isReductionToTell) {
      this.recovery.isReductionToTell = false;
      this.tellsReduction = true;
    }
    this.transmit(start, this.next, nowNs);
    this.tellsReduction = false;
  }

  private transmit(start: u32, end: u32, nowNs: i64): void {
    const header = changetype<Header>(this.packet);
    const segmentBytes = this.recovery.segmentBytes;
    for (let at = start; at != end;) {
      const bytes = min(<i32>(end - at), segmentBytes);
      header.sequence = at;
      header.payloadBytes = bytes;
      header.acknowledged = 0;
      header.windowBytes = 0;
      header.flags = this.tellsReduction ? Flag.CWR : 0;
      header.timestamp = <u32>(nowNs / TICK_NS);
      header.echo = 0;
      header.blocks = 0;
      header.checksum = headerChecksum(this.packet);
      const wireBytes = bytes + OVERHEAD_BYTES;
      this.forward!.send(this.port, this.packet, HEADER_BYTES, wireBytes, this.hasEcn, nowNs);
      at += bytes;
    }
    this.recovery.onSent(start, end, nowNs);
  }

  /** What must be true after each event. */
  private check(): void {
    const recovery = this.recovery;
    const inFlight = recovery.inFlightBytes;
    const outstanding = <i32>(this.next - this.acknowledged);
    if (inFlight < 0 || inFlight > outstanding) this.fail("in flight out of range");
    if (outstanding > 0 && recovery.deadlineNs == i64.MAX_VALUE) this.fail("no timer");
    if (outstanding == 0 && recovery.deadlineNs != i64.MAX_VALUE) this.fail("timer without data");
    if (recovery.congestionWindowBytes < 0) this.fail("window out of range");
  }

  private fail(what: string): void {
    if (this.failure.length == 0) this.failure = what;
  }
}
