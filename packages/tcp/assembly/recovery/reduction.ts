/** How a reduced window is reached: spread over a round trip, by what is delivered (RFC 9937). */
import { CongestionControl } from "./congestion";
import { Scoreboard } from "./scoreboard";


@final
export class Reduction {
  /** RecoverFS, prr_delivered, prr_out. */
  private flight: i64 = 1;
  private delivered: i64 = 0;
  private sent: i64 = 0;

  /**
   * RFC 9937 §6.2: RecoverFS, what will be delivered until the end of the recovery that begins now.
   *
   * @param advancedBytes that the acknowledgement has acknowledged
   * @param sackedBytes that had been reported before it
   */
  flightBytes(board: Scoreboard, advancedBytes: i32, sackedBytes: i32): i32 {
    return board.outstandingBytes + advancedBytes - sackedBytes;
  }

  /** The window is to become the threshold. */
  begin(board: Scoreboard, congestion: CongestionControl, flightBytes: i32): void {
    this.flight = max(flightBytes, 1);
    this.delivered = 0;
    this.sent = 0;
    // The first retransmission leaves at once.
    congestion.windowBytes = board.inFlightBytes + congestion.segmentBytes;
  }

  /**
   * @param isProgress more is acknowledged, and nothing more was lost: safeACK
   * @param isRepairing something was lost
   */
  onDelivered(
    board: Scoreboard,
    congestion: CongestionControl,
    bytes: i32,
    isProgress: bool,
    isRepairing: bool,
  ): void {
    this.delivered += bytes;
    const inFlight = <i64>board.inFlightBytes;
    const threshold = <i64>congestion.thresholdBytes;
    const segment = <i64>congestion.segmentBytes;
    let count: i64;
    if (inFlight > threshold) {
      count = (this.delivered * threshold + this.flight - 1) / this.flight - this.sent;
    } else {
      count = max(this.delivered - this.sent, <i64>bytes);
      if (isProgress) count += segment;
      count = min(threshold - inFlight, count);
    }
    if (this.sent == 0 && isRepairing) count = max(count, segment);
    congestion.windowBytes = <i32>(inFlight + max<i64>(count, 0));
  }

  onSent(bytes: i32): void {
    this.sent += bytes;
  }
}
