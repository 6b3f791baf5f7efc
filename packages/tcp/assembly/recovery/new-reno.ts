/** The standard (RFC 5681): half at a loss, and one segment more in each round trip. */
import { Congestion, CongestionControl, CongestionFactory } from "./congestion";
import { SlowStart } from "./slow-start";


@final
export class NewReno extends SlowStart {
  private acknowledgedBytes: i32 = 0;

  get name(): string {
    return "newreno";
  }

  begin(segmentBytes: i32, windowBytes: i32): void {
    super.begin(segmentBytes, windowBytes);
    this.acknowledgedBytes = 0;
  }

  protected avoid(bytes: i32, smoothedRttNs: i64, nowNs: i64): void {
    // RFC 3465 §2.1: by bytes, so that neither delayed nor split acknowledgements matter.
    this.acknowledgedBytes += bytes;
    if (this.acknowledgedBytes < this.windowBytes) return;
    this.acknowledgedBytes -= this.windowBytes;
    this.grow(this.segmentBytes);
  }

  onUnderused(nowNs: i64): void {
    this.acknowledgedBytes = 0;
  }

  onCongestion(sign: Congestion, flightBytes: i32, nowNs: i64): void {
    // RFC 5681 §3.1, equation 4.
    this.thresholdBytes = max(flightBytes >> 1, this.segmentBytes << 1);
    this.acknowledgedBytes = 0;
  }

  onUndo(): void {}
}


@final
export class NewRenoFactory implements CongestionFactory {
  create(): CongestionControl {
    return new NewReno();
  }
}
