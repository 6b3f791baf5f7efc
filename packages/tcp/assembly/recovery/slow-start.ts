/**
 * Slow start (RFC 5681 §3.1), and leaving it before the queue overflows: HyStart++ (RFC 9406). What NewReno and
 * Cubic have in common.
 */
import { MILLISECOND } from "@phantasm/interfaces";
import { CongestionControl, THRESHOLD_NONE, WINDOW_BYTES_MAX } from "./congestion";

/**
 * The most that one acknowledgement adds. RFC 9406 §4.3 has 8 segments for senders that do not pace; a receiver
 * that merges a super-segment acknowledges it as a whole, and that must not slow the start down.
 */
const GROWTH_BYTES_MAX: i32 = 65536;

// RFC 9406 §4.3.
const RTT_THRESHOLD_MIN_NS: i64 = 4 * MILLISECOND;
const RTT_THRESHOLD_MAX_NS: i64 = 16 * MILLISECOND;
const RTT_DIVISOR_BITS: i64 = 3;
const RTT_SAMPLES: i32 = 8;
const CONSERVATIVE_DIVISOR_BITS: i32 = 2;
const CONSERVATIVE_ROUNDS: i32 = 5;

const NONE_NS: i64 = i64.MAX_VALUE;

export abstract class SlowStart extends CongestionControl {
  private roundMinNs: i64 = NONE_NS;
  private lastRoundMinNs: i64 = NONE_NS;
  /** Of the round in which the conservative phase began; NONE_NS outside it. */
  private baselineNs: i64 = NONE_NS;
  private samples: i32 = 0;
  private conservativeRounds: i32 = 0;

  begin(segmentBytes: i32, windowBytes: i32): void {
    super.begin(segmentBytes, windowBytes);
    this.roundMinNs = NONE_NS;
    this.lastRoundMinNs = NONE_NS;
    this.baselineNs = NONE_NS;
    this.samples = 0;
  }

  onAcknowledged(bytes: i32, smoothedRttNs: i64, nowNs: i64): void {
    if (this.windowBytes < this.thresholdBytes) bytes = this.start(bytes);
    if (bytes > 0) this.avoid(bytes, smoothedRttNs, nowNs);
  }

  /** Congestion avoidance. */
  protected abstract avoid(bytes: i32, smoothedRttNs: i64, nowNs: i64): void;

  protected grow(bytes: i32): void {
    this.windowBytes = min(this.windowBytes + bytes, WINDOW_BYTES_MAX);
  }

  onRoundTrip(rttNs: i64): void {
    // RFC 9406 §4.3: the initial slow start only.
    if (this.thresholdBytes != THRESHOLD_NONE) return;
    this.roundMinNs = min(this.roundMinNs, rttNs);
    if (++this.samples < RTT_SAMPLES) return;
    const baselineNs = this.baselineNs;
    if (baselineNs != NONE_NS) {
      // The delay was no queue: back to slow start.
      if (this.roundMinNs < baselineNs) this.baselineNs = NONE_NS;
      return;
    }
    const lastNs = this.lastRoundMinNs;
    if (lastNs == NONE_NS) return;
    const thresholdNs = max(
      RTT_THRESHOLD_MIN_NS,
      min(lastNs >> RTT_DIVISOR_BITS, RTT_THRESHOLD_MAX_NS),
    );
    if (this.roundMinNs >= lastNs + thresholdNs) {
      this.baselineNs = this.roundMinNs;
      this.conservativeRounds = 0;
    }
  }

  onRound(): void {
    this.lastRoundMinNs = this.roundMinNs;
    this.roundMinNs = NONE_NS;
    this.samples = 0;
    if (this.thresholdBytes != THRESHOLD_NONE || this.baselineNs == NONE_NS) return;
    // The round in which the phase began counts.
    if (++this.conservativeRounds >= CONSERVATIVE_ROUNDS) this.thresholdBytes = this.windowBytes;
  }

  /** Returns what is left of `bytes` for congestion avoidance: what lies beyond the threshold. */
  private start(bytes: i32): i32 {
    let growth = min(bytes, GROWTH_BYTES_MAX);
    if (this.baselineNs != NONE_NS && this.thresholdBytes == THRESHOLD_NONE)
      growth >>= CONSERVATIVE_DIVISOR_BITS;
    const room = this.thresholdBytes - this.windowBytes;
    this.grow(min(growth, room));
    return growth > room ? growth - room : 0;
  }
}
