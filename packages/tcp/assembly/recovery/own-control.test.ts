/** The congestion control of the README. */
import { expect, test } from "@phantasm/testing";
import { Congestion } from "./congestion";
import { SlowStart } from "./slow-start";
import { SEGMENT_BYTES, ack, at, begin, recovery, sendAllowed, sendLost } from "./testing";


@final
class Stubborn extends SlowStart {
  get name(): string {
    return "stubborn";
  }

  protected avoid(bytes: i32, smoothedRttNs: i64, nowNs: i64): void {
    this.grow(max((this.segmentBytes * bytes) / this.windowBytes, 1));
  }

  onCongestion(sign: Congestion, flightBytes: i32, nowNs: i64): void {
    this.thresholdBytes = max(flightBytes - (flightBytes >> 3), 2 * this.segmentBytes);
  }

  onUnderused(nowNs: i64): void {}
  onUndo(): void {}
}

test("a congestion control is one class", () => {
  begin(new Stubborn());
  sendAllowed();
  at(100);
  ack(0, [1, 5]);
  expect(sendLost()).toBe("0-1");
  at(200);
  ack(10);
  expect(recovery.congestionWindowBytes).toBe(8750);
  sendAllowed();
  at(300);
  ack(11);
  expect(recovery.congestionWindowBytes).toBe(8750 + (SEGMENT_BYTES * SEGMENT_BYTES) / 8750);
});
