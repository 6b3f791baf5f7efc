/**
 * CUBIC (RFC 9438): after a loss the window approaches the size at which it happened along a cubic of the time,
 * lingers there, and goes beyond; where the standard would be faster it grows like the standard.
 *
 * In f64, whose arithmetic WebAssembly defines to the bit.
 */
import { Congestion, CongestionControl, CongestionFactory, WINDOW_BYTES_MAX } from "./congestion";
import { SlowStart } from "./slow-start";

/** RFC 9438 §4.6: what remains after a loss. */
const BETA: f64 = 0.7;
/** RFC 9438 §5: segments for each second cubed. */
const C: f64 = 0.4;
/** RFC 9438 §4.3: segments for each round trip, so that with BETA it is as fast as the standard. */
const ALPHA: f64 = (3 * (1 - BETA)) / (1 + BETA);

const SECONDS: f64 = 1e-9;
/** Of `epochNs`: the first acknowledgement begins one. */
const NO_EPOCH: i64 = i64.MIN_VALUE;


@final
export class Cubic extends SlowStart {
  /** The window, with what is less than a byte. */
  private exact: f64 = 0;
  /** W_max: where the cubic has its turning point, in bytes. */
  private summit: f64 = 0;
  /** K: seconds from the begin of the epoch to the summit. */
  private toSummit: f64 = 0;
  /** W_est: what the standard would have. */
  private standard: f64 = 0;
  /** cwnd_prior: before the last reduction. */
  private prior: f64 = 0;
  private epochNs: i64 = NO_EPOCH;
  private lastNs: i64 = 0;
  // Before the last sign of congestion.
  private undoSummit: f64 = 0;
  private undoToSummit: f64 = 0;
  private undoStandard: f64 = 0;
  private undoPrior: f64 = 0;
  private undoEpochNs: i64 = NO_EPOCH;

  get name(): string {
    return "cubic";
  }

  begin(segmentBytes: i32, windowBytes: i32): void {
    super.begin(segmentBytes, windowBytes);
    this.summit = 0;
    this.prior = 0;
    this.epochNs = NO_EPOCH;
  }

  protected avoid(bytes: i32, smoothedRttNs: i64, nowNs: i64): void {
    const segment = <f64>this.segmentBytes;
    if (<i32>this.exact != this.windowBytes) this.exact = <f64>this.windowBytes;
    let window = this.exact;
    if (this.epochNs == NO_EPOCH) this.beginEpoch(window, segment, nowNs);
    this.lastNs = nowNs;

    // RFC 9438 §4.3.
    const share = (<f64>bytes * segment) / window;
    this.standard += this.standard < this.prior ? ALPHA * share : share;
    const seconds = <f64>(nowNs - this.epochNs) * SECONDS;
    if (this.curve(seconds, segment) < this.standard) {
      window = max(window, this.standard);
    } else {
      // RFC 9438 §4.2, §4.4, §4.5: towards where the cubic is one round trip from now.
      const target = this.curve(seconds + <f64>smoothedRttNs * SECONDS, segment);
      const limited = min(max(target, window), 1.5 * window);
      window += ((limited - window) * <f64>bytes) / window;
    }
    this.exact = min(window, <f64>WINDOW_BYTES_MAX);
    this.windowBytes = <i32>this.exact;
  }

  onUnderused(nowNs: i64): void {
    // RFC 9438 §5.8: time in which the window was not used does not count.
    if (this.epochNs == NO_EPOCH) return;
    this.epochNs += nowNs - this.lastNs;
    this.lastNs = nowNs;
  }

  onCongestion(sign: Congestion, flightBytes: i32, nowNs: i64): void {
    this.undoSummit = this.summit;
    this.undoToSummit = this.toSummit;
    this.undoStandard = this.standard;
    this.undoPrior = this.prior;
    this.undoEpochNs = this.epochNs;
    const window = <f64>this.windowBytes;
    // RFC 9438 §4.7: a flow that has not come back to its old summit leaves room for others.
    this.summit = window < this.summit ? (window * (1 + BETA)) / 2 : window;
    this.prior = window;
    // RFC 9438 §4.8: the first epoch after a time-out has its summit where it begins.
    if (sign == Congestion.TIMEOUT) this.summit = 0;
    this.epochNs = NO_EPOCH;
    this.thresholdBytes = max(<i32>(<f64>flightBytes * BETA), this.segmentBytes << 1);
  }

  onUndo(): void {
    // RFC 9438 §4.9.1.
    this.summit = this.undoSummit;
    this.toSummit = this.undoToSummit;
    this.standard = this.undoStandard;
    this.prior = this.undoPrior;
    this.epochNs = this.undoEpochNs;
  }

  /** RFC 9438 §4.2. */
  private beginEpoch(window: f64, segment: f64, nowNs: i64): void {
    this.epochNs = nowNs;
    this.standard = window;
    if (this.summit > window) {
      this.toSummit = Math.cbrt((this.summit - window) / (C * segment));
    } else {
      this.toSummit = 0;
      this.summit = window;
    }
  }

  /** RFC 9438 §4.2, figure 1: W_cubic, in bytes. */
  private curve(seconds: f64, segment: f64): f64 {
    const t = seconds - this.toSummit;
    return C * segment * t * t * t + this.summit;
  }
}


@final
export class CubicFactory implements CongestionFactory {
  create(): CongestionControl {
    return new Cubic();
  }
}
