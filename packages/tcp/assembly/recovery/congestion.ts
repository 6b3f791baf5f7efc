/**
 * What a congestion control decides: how large the window is, and what a sign of congestion does to it. All the
 * rest, from finding losses to spreading a reduction over a round trip, is Recovery's.
 */

/** No window is larger: what scaled windows can say (RFC 7323 §2.3). */
export const WINDOW_BYTES_MAX: i32 = 1 << 30;

/** Of the slow start threshold before the first sign of congestion: RFC 5681 §3.1, arbitrarily high. */
export const THRESHOLD_NONE: i32 = i32.MAX_VALUE;

/** Signs of congestion. */
export enum Congestion {
  /** Segments were lost, and others arrived. */
  LOSS,
  /** A router has marked a packet (RFC 3168). */
  MARK,
  /** Nothing arrived until the retransmission timer expired. */
  TIMEOUT,
}

export abstract class CongestionControl {
  /** Bytes that may be in flight. Recovery writes it while a reduction is under way and after a time-out. */
  windowBytes: i32 = 0;
  /** Below it the window grows by slow start; where a reduction leads. */
  thresholdBytes: i32 = THRESHOLD_NONE;
  /** Bytes of a full segment. */
  segmentBytes: i32 = 0;

  /** For diagnosis. */
  abstract get name(): string;

  /** A connection begins: forgets everything. */
  begin(segmentBytes: i32, windowBytes: i32): void {
    this.segmentBytes = segmentBytes;
    this.windowBytes = windowBytes;
    this.thresholdBytes = THRESHOLD_NONE;
  }

  /**
   * Nothing was sent for `idleNs`: the window falls towards that of a beginning. False: it stays as it is.
   *
   * @param timeoutNs RTO
   */
  restart(idleNs: i64, timeoutNs: i64): bool {
    const restartBytes = initialWindowBytes(this.segmentBytes);
    if (idleNs <= timeoutNs || this.windowBytes <= restartBytes) return false;
    // What the path could take is remembered as where slow start ends (RFC 7661 §4.4.2).
    if (this.thresholdBytes != THRESHOLD_NONE)
      this.thresholdBytes = max(
        this.thresholdBytes,
        (this.windowBytes >> 1) + (this.windowBytes >> 2),
      );
    // RFC 5681 §4.1 asks for the restart window after one time-out; half of it for each of them (RFC 2861 §3.1)
    // comes to the same a little later, and spares a server with rare requests the slow start of each.
    for (; idleNs > timeoutNs && this.windowBytes > restartBytes; idleNs -= timeoutNs)
      this.windowBytes >>= 1;
    this.windowBytes = max(this.windowBytes, restartBytes);
    return true;
  }

  /**
   * `bytes` have been delivered that were sent when the window was full: it may grow. Not called while a reduction
   * is under way.
   */
  abstract onAcknowledged(bytes: i32, smoothedRttNs: i64, nowNs: i64): void;

  /**
   * Bytes have been delivered, or idleness ends, and the window was not full meanwhile: it says nothing about the
   * path and must not grow (RFC 7661 §4.3).
   */
  abstract onUnderused(nowNs: i64): void;

  /** The time from a transmission to its acknowledgement, one for each acknowledgement that has one. */
  abstract onRoundTrip(rttNs: i64): void;

  /** What was sent when this was called last has been acknowledged. */
  abstract onRound(): void;

  /**
   * At most once for what was sent in one round trip. Sets `thresholdBytes`, at least two segments; Recovery leads
   * `windowBytes` there, or down to one segment after a time-out.
   *
   * @param flightBytes sent and not acknowledged, at most the window (RFC 5681 §3.1: FlightSize)
   */
  abstract onCongestion(sign: Congestion, flightBytes: i32, nowNs: i64): void;

  /** The last sign was none. Recovery has put window and threshold back. */
  abstract onUndo(): void;
}

/** Makes one for each connection. */
export interface CongestionFactory {
  create(): CongestionControl;
}

/** RFC 6928 §2. */
export function initialWindowBytes(segmentBytes: i32): i32 {
  return min(10 * segmentBytes, max(2 * segmentBytes, 14600));
}
