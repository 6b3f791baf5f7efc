/** One direction of a wire: what it does to packets follows from a seed. */
import { PacketQueue } from "./queue";
import { Draw } from "./random";

/** Else a burst would last as many retransmissions as it has packets, whatever the time between them. */
const BURST_NS: i64 = 1_000_000_000;
const NS_PER_SECOND: i64 = 1_000_000_000;

export class Link {
  bitsPerSecond: i64 = 1_000_000_000;
  delayNs: i64 = 0;
  /** Up to this much more delay, in order. */
  jitterNs: i64 = 0;
  /** Bytes that wait for the wire, at most; what comes then is lost. */
  queueBytes: i32 = 1 << 30;
  /** Bytes that wait for the wire, beyond which packets are marked (RFC 3168). */
  markBytes: i32 = 1 << 30;
  /** In a million packets. */
  lossMillionths: u32 = 0;
  corruptMillionths: u32 = 0;
  duplicateMillionths: u32 = 0;
  /** So many are held back by up to `reorderNs`, and overtaken. */
  reorderMillionths: u32 = 0;
  reorderNs: i64 = 0;
  /** In bursts everything is lost (Gilbert 1960): a packet begins one, and ends one, or BURST_NS have passed. */
  burstMillionths: u32 = 0;
  burstEndMillionths: u32 = 1_000_000;
  /** Nothing arrives that is sent in this time. */
  outageBeginsNs: i64 = i64.MAX_VALUE;
  outageEndsNs: i64 = i64.MAX_VALUE;

  /** Bytes that have passed the wire. */
  carriedBytes: u64 = 0;
  /** Lost because too many waited, and for other reasons. */
  overflowed: u64 = 0;
  lost: u64 = 0;
  marked: u64 = 0;
  duplicated: u64 = 0;
  reordered: u64 = 0;

  private busyUntilNs: i64 = 0;
  private lastNs: i64 = 0;
  private isBurst: bool = false;
  private burstEndsNs: i64 = 0;

  constructor(
    private readonly queue: PacketQueue,
    private readonly draw: Draw,
  ) {}

  /**
   * @param port where it goes: several share a wire
   * @param packet `bytes` bytes, copied
   * @param wireBytes that it takes on the wire
   * @param canMark its sender knows ECN
   */
  send(port: i32, packet: usize, bytes: i32, wireBytes: i32, canMark: bool, nowNs: i64): void {
    const draw = this.draw;
    const busyNs = max(this.busyUntilNs, nowNs);
    const waiting = ((busyNs - nowNs) * this.bitsPerSecond) / (8 * NS_PER_SECOND);
    if (waiting > 0 && waiting + wireBytes > this.queueBytes) {
      this.overflowed++;
      return;
    }
    this.busyUntilNs = busyNs + (8 * NS_PER_SECOND * wireBytes) / this.bitsPerSecond;
    this.carriedBytes += wireBytes;
    if (this.isBurst && nowNs >= this.burstEndsNs) this.isBurst = false;
    if (draw.happens(this.isBurst ? this.burstEndMillionths : this.burstMillionths)) {
      this.isBurst = !this.isBurst;
      this.burstEndsNs = nowNs + BURST_NS;
    }
    const isOut = this.outageBeginsNs <= nowNs && nowNs < this.outageEndsNs;
    if (this.isBurst || isOut || draw.happens(this.lossMillionths)) {
      this.lost++;
      return;
    }
    const isMarked = canMark && waiting > this.markBytes;
    if (isMarked) this.marked++;
    this.pass(port, packet, bytes, isMarked);
    if (draw.happens(this.duplicateMillionths)) {
      this.duplicated++;
      this.pass(port, packet, bytes, isMarked);
    }
  }

  private pass(port: i32, packet: usize, bytes: i32, isMarked: bool): void {
    const draw = this.draw;
    let dueNs = this.busyUntilNs + this.delayNs;
    if (this.jitterNs > 0) dueNs += draw.between(0, this.jitterNs);
    dueNs = max(dueNs, this.lastNs);
    if (draw.happens(this.reorderMillionths)) {
      this.reordered++;
      dueNs += draw.between(0, this.reorderNs);
    } else {
      this.lastNs = dueNs;
    }
    const copy = this.queue.add(port, bytes, isMarked, dueNs);
    if (copy == 0) return;
    memory.copy(copy, packet, bytes);
    if (draw.happens(this.corruptMillionths)) {
      const at = copy + draw.below(bytes);
      store<u8>(at, load<u8>(at) ^ ((<u8>1) << (<u8>draw.below(8))));
    }
  }
}
