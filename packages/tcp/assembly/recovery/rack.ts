/**
 * Losses inferred from time (RFC 8985): what was sent before something that has arrived is lost when it is late
 * by more than packets are reordered on this path. This file knows the latest arrival and the reordering; the
 * scoreboard applies it.
 */
import { MILLISECOND } from "@phantasm/interfaces";
import { atOrBefore, before } from "../sequence";
import { Range } from "./ranges";

/** What a timestamp may be off: its clock ticks each millisecond (RFC 7323 §5.4 allows 1 ms to 1 s). */
export const TIMESTAMP_TICK_NS: i64 = 1 * MILLISECOND;

/** RFC 8985 §6.2 step 4: recoveries for which a larger window is kept. */
const WINDOW_PERSISTS: i32 = 16;
/** A window beyond the smoothed round trip is cut anyway. */
const MULTIPLIER_MAX: i64 = 64;


@final
export class Rack {
  /** RACK.xmit_ts, RACK.end_seq, RACK.rtt: of what was sent latest of all that has arrived. */
  sentNs: i64 = i64.MIN_VALUE;
  end: u32 = 0;
  rttNs: i64 = 0;
  /** Of the acknowledgement being processed: the round trip of what was sent last, by Karn; -1 none. */
  sampleNs: i64 = -1;

  private highest: u32 = 0;
  private isReordering: bool = false;
  private multiplier: i64 = 1;
  private persists: i32 = 0;
  private roundEnd: u32 = 0;
  private inRound: bool = false;
  // Of the acknowledgement being processed.
  private nowNs: i64 = 0;
  private minRttNs: i64 = 0;
  private echoedSentNs: i64 = 0;

  begin(first: u32): void {
    this.sentNs = i64.MIN_VALUE;
    this.end = first;
    this.rttNs = 0;
    this.highest = first;
    this.isReordering = false;
    this.multiplier = 1;
    this.persists = 0;
    this.inRound = false;
  }

  /** @param echoedRttNs -1 without timestamps */
  beginAcknowledgement(echoedRttNs: i64, minRttNs: i64, nowNs: i64): void {
    this.nowNs = nowNs;
    this.minRttNs = minRttNs;
    this.echoedSentNs = echoedRttNs < 0 ? i64.MAX_VALUE : nowNs - echoedRttNs + TIMESTAMP_TICK_NS;
    this.sampleNs = -1;
  }

  /** A range, or its part up to `end`, has arrived for the first time. */
  onDelivered(range: Range, end: u32): void {
    const sentNs = range.sentNs;
    const rttNs = this.nowNs - sentNs;
    if (range.isRetransmitted) {
      // RFC 8985 §6.2 step 2: perhaps an earlier transmission has arrived.
      if (this.echoedSentNs < sentNs || rttNs < this.minRttNs) return;
    } else {
      this.sampleNs = rttNs;
      // RFC 8985 §6.2 step 3.
      if (before(this.highest, end)) this.highest = end;
      else if (before(end, this.highest)) this.isReordering = true;
    }
    if (!this.isAfter(range, end)) return;
    this.sentNs = sentNs;
    this.end = end;
    this.rttNs = rttNs;
  }

  /** The other side has got something twice (RFC 2883): what was sent again too early, perhaps. */
  onDuplicate(acknowledged: u32, next: u32): void {
    // RFC 8985 §6.2 step 4: once in a round trip.
    const isRound = before(acknowledged, this.roundEnd) && atOrBefore(this.roundEnd, next);
    if (this.inRound && isRound) return;
    this.inRound = true;
    this.roundEnd = next;
    this.multiplier = min(this.multiplier + 1, MULTIPLIER_MAX);
    this.persists = WINDOW_PERSISTS;
  }

  /** A recovery has ended. */
  onRecovered(): void {
    if (this.persists > 0 && --this.persists == 0) this.multiplier = 1;
  }

  /**
   * RACK.reo_wnd.
   *
   * @param isCertain losses are being recovered, or three segments have overtaken
   */
  reorderingNs(isCertain: bool, minRttNs: i64, smoothedRttNs: i64): i64 {
    if (isCertain && !this.isReordering) return 0;
    return min((this.multiplier * minRttNs) >> 2, smoothedRttNs);
  }

  /** `range` was sent before what has arrived (RFC 8985 §6.2 step 5: RACK_sent_after). */
  isBefore(range: Range): bool {
    return (
      range.sentNs < this.sentNs || (range.sentNs == this.sentNs && before(range.end, this.end))
    );
  }

  private isAfter(range: Range, end: u32): bool {
    return range.sentNs > this.sentNs || (range.sentNs == this.sentNs && atOrBefore(this.end, end));
  }
}
