import { MILLISECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { Congestion, THRESHOLD_NONE } from "./congestion";
import { NewReno } from "./new-reno";

const SEGMENT: i32 = 1000;
const control = new NewReno();

/** The window is acknowledged, in pieces that took `rttMs`. */
function round(rttMs: i64): void {
  control.onRound();
  let bytes = control.windowBytes;
  for (; bytes > 0; bytes -= 2 * SEGMENT) {
    control.onRoundTrip(rttMs * MILLISECOND);
    control.onAcknowledged(min(bytes, 2 * SEGMENT), rttMs * MILLISECOND, 0);
  }
}

describe("slow start", () => {
  test("doubles the window in each round trip", () => {
    control.begin(SEGMENT, 10 * SEGMENT);
    round(50);
    round(50);
    round(52);
    expect(control.windowBytes).toBe(80 * SEGMENT);
    expect(control.thresholdBytes).toBe(THRESHOLD_NONE);
  });

  test("becomes slower when the round trip becomes longer, and ends five rounds later (RFC 9406)", () => {
    control.begin(SEGMENT, 20 * SEGMENT);
    round(50);
    round(50);
    // An eighth of 50 ms is 6.25 ms.
    round(57);
    // Eight samples, two segments each, at full speed; the others add a quarter.
    expect(control.windowBytes).toBe(80_000 + 7 * 2000 + 33 * 500);
    for (let i = 0; i < 4; i++) {
      expect(control.thresholdBytes).toBe(THRESHOLD_NONE);
      round(57);
    }
    control.onRound();
    expect(control.thresholdBytes).toBe(control.windowBytes);
    const before = control.windowBytes;
    round(57);
    // Congestion avoidance: one segment.
    expect(control.windowBytes).toBe(before + SEGMENT);
  });

  test("goes on when the delay was no queue (RFC 9406 §4.2)", () => {
    control.begin(SEGMENT, 20 * SEGMENT);
    round(50);
    round(57);
    const slowed = control.windowBytes;
    round(50);
    round(50);
    expect(control.windowBytes).toBeGreaterThan(3 * slowed);
  });

  test("ends at the threshold exactly, and the rest counts for what follows", () => {
    control.begin(SEGMENT, 20 * SEGMENT);
    control.onCongestion(Congestion.TIMEOUT, 20 * SEGMENT, 0);
    control.windowBytes = 9 * SEGMENT;
    control.onAcknowledged(11 * SEGMENT, MILLISECOND, 0);
    // To 10 segments with one, and the other ten are a window: one segment more.
    expect(control.windowBytes).toBe(11 * SEGMENT);
  });

  test("adds no more than a super-segment at once", () => {
    control.begin(SEGMENT, 1000 * SEGMENT);
    control.onAcknowledged(1000 * SEGMENT, MILLISECOND, 0);
    expect(control.windowBytes).toBe(1000 * SEGMENT + 65536);
  });
});

describe("newreno", () => {
  test("halves at a loss, down to two segments (RFC 5681 §3.1)", () => {
    control.begin(SEGMENT, 20 * SEGMENT);
    control.onCongestion(Congestion.LOSS, 20 * SEGMENT, 0);
    expect(control.thresholdBytes).toBe(10 * SEGMENT);
    control.onCongestion(Congestion.LOSS, 3 * SEGMENT, 0);
    expect(control.thresholdBytes).toBe(2 * SEGMENT);
  });

  test("adds a segment in a round trip, however it is acknowledged (RFC 3465)", () => {
    control.begin(SEGMENT, 10 * SEGMENT);
    control.thresholdBytes = 10 * SEGMENT;
    for (let i = 0; i < 9_999; i++) control.onAcknowledged(1, MILLISECOND, 0);
    expect(control.windowBytes).toBe(10 * SEGMENT);
    control.onAcknowledged(1, MILLISECOND, 0);
    expect(control.windowBytes).toBe(11 * SEGMENT);
    control.onAcknowledged(11 * SEGMENT, MILLISECOND, 0);
    expect(control.windowBytes).toBe(12 * SEGMENT);
  });
});
