import { MILLISECOND, SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { Congestion, WINDOW_BYTES_MAX } from "./congestion";
import { Cubic } from "./cubic";

const SEGMENT: i32 = 1000;
const cubic = new Cubic();
let nowNs: i64 = 0;

function segments(): f64 {
  return <f64>cubic.windowBytes / SEGMENT;
}

/** Whole windows are acknowledged, each in a round trip, until so many nanoseconds have passed. */
function rounds(rttNs: i64, untilNs: i64): void {
  while (nowNs + rttNs <= untilNs) {
    nowNs += rttNs;
    // Two segments with each acknowledgement.
    const count = cubic.windowBytes / (2 * SEGMENT);
    for (let i = 0; i < count; i++) cubic.onAcknowledged(2 * SEGMENT, rttNs, nowNs);
  }
}

function begin(windowSegments: i32): void {
  nowNs = 0;
  cubic.begin(SEGMENT, windowSegments * SEGMENT);
}

/** A loss with a full window, and the reduction that follows. */
function lose(): void {
  cubic.onCongestion(Congestion.LOSS, cubic.windowBytes, nowNs);
  cubic.windowBytes = cubic.thresholdBytes;
}

describe("cubic", () => {
  test("keeps seven tenths (RFC 9438 §4.6), and two segments at least", () => {
    begin(1000);
    lose();
    expect(segments()).toBe(700);
    begin(2);
    lose();
    expect(segments()).toBe(2);
  });

  test("comes back to its summit after K seconds, and lingers there (RFC 9438 §4.2)", () => {
    begin(1000);
    lose();
    // K = cbrt(300 / 0.4) = 9.086 s. W(t) = 0.4 (t - K)^3 + 1000; at t = 1 s, 788; at 5 s, 973; at 13 s, 1024.
    const rttNs = 100 * MILLISECOND;
    rounds(rttNs, 1 * SECOND);
    expect(segments()).toBeGreaterThan(770);
    expect(segments()).toBeLessThan(800);
    rounds(rttNs, 5 * SECOND);
    expect(segments()).toBeGreaterThan(965);
    expect(segments()).toBeLessThan(980);
    rounds(rttNs, <i64>9.1e9);
    expect(segments()).toBeGreaterThan(997);
    expect(segments()).toBeLessThan(1001);
    rounds(rttNs, 13 * SECOND);
    expect(segments()).toBeGreaterThan(1015);
    expect(segments()).toBeLessThan(1035);
  });

  test("grows at most by half in a round trip (RFC 9438 §4.2)", () => {
    begin(100);
    lose();
    rounds(100 * MILLISECOND, 200 * MILLISECOND);
    const before = segments();
    // Nothing for a minute, but time that counts: the cubic is far ahead.
    nowNs += 60 * SECOND;
    rounds(100 * MILLISECOND, nowNs + 100 * MILLISECOND);
    expect(segments()).toBeLessThanOrEqual(before * 1.66);
    expect(segments()).toBeGreaterThan(before * 1.4);
  });

  test("is as fast as the standard where that is faster (RFC 9438 §4.3)", () => {
    begin(20);
    lose();
    // A round trip of a millisecond: the cubic takes seconds, the standard 12 round trips.
    rounds(1 * MILLISECOND, 12 * MILLISECOND);
    // 14 segments and 0.53 for each round trip.
    expect(segments()).toBeGreaterThan(19);
    expect(segments()).toBeLessThan(21.5);
  });

  test("leaves room when it loses before the old summit (RFC 9438 §4.7)", () => {
    begin(1000);
    lose();
    lose();
    // The summit is 700 · 0.85 = 595: K = cbrt((595 - 490) / 0.4) = 6.40 s.
    rounds(100 * MILLISECOND, <i64>6.4e9);
    expect(segments()).toBeGreaterThan(590);
    expect(segments()).toBeLessThan(597);
  });

  test("has its summit where it begins after a time-out (RFC 9438 §4.8)", () => {
    begin(100);
    cubic.onCongestion(Congestion.TIMEOUT, cubic.windowBytes, nowNs);
    expect(cubic.thresholdBytes).toBe(70 * SEGMENT);
    cubic.windowBytes = 2 * SEGMENT;
    // Slow start to 70, and then 0.4 t^3.
    rounds(100 * MILLISECOND, 700 * MILLISECOND);
    expect(segments()).toBeGreaterThanOrEqual(70);
    expect(segments()).toBeLessThan(72);
    rounds(100 * MILLISECOND, 3700 * MILLISECOND);
    expect(segments()).toBeGreaterThan(79);
    expect(segments()).toBeLessThan(90);
  });

  test("does not count time in which the window was not full (RFC 9438 §5.8)", () => {
    begin(1000);
    lose();
    rounds(100 * MILLISECOND, 1 * SECOND);
    const before = segments();
    nowNs += 100 * SECOND;
    cubic.onUnderused(nowNs);
    rounds(100 * MILLISECOND, nowNs + 100 * MILLISECOND);
    expect(segments()).toBeLessThan(before + 20);
  });

  test("goes on as if nothing had been when the loss was none (RFC 9438 §4.9.1)", () => {
    begin(1000);
    lose();
    rounds(100 * MILLISECOND, 5 * SECOND);
    const window = cubic.windowBytes;
    const threshold = cubic.thresholdBytes;
    lose();
    cubic.windowBytes = window;
    cubic.thresholdBytes = threshold;
    cubic.onUndo();
    rounds(100 * MILLISECOND, <i64>9.1e9);
    expect(segments()).toBeGreaterThan(997);
    expect(segments()).toBeLessThan(1001);
  });

  test("has no window beyond what can be said", () => {
    begin(1000);
    lose();
    for (let i = 0; i < 4000; i++) {
      nowNs += 1000 * SECOND;
      cubic.onAcknowledged(1 << 20, SECOND, nowNs);
    }
    expect(cubic.windowBytes).toBe(WINDOW_BYTES_MAX);
  });

  test("has the average window that RFC 9438 §5.1 gives for a loss rate", () => {
    // AVG_W = (C (3 + β) / (4 (1 - β)))^(1/4) · (RTT / p)^(3/4); p is one loss after 1/p segments.
    for (let power = 4; power <= 6; power++) {
      const perLoss = Math.pow(10, power);
      const expected = 1.0538 * Math.pow(0.1 * perLoss, 0.75);
      begin(<i32>expected);
      lose();
      let sum: f64 = 0;
      let count: f64 = 0;
      for (let cycle = 0; cycle < 40; cycle++) {
        for (let sent: f64 = 0; sent < perLoss;) {
          nowNs += 100 * MILLISECOND;
          const window = cubic.windowBytes;
          for (let i = 0; i < window / (10 * SEGMENT); i++)
            cubic.onAcknowledged(10 * SEGMENT, 100 * MILLISECOND, nowNs);
          sent += <f64>window / SEGMENT;
          if (cycle < 20) continue;
          sum += <f64>window / SEGMENT;
          count++;
        }
        lose();
      }
      const ratio = sum / count / expected;
      expect(ratio).toBeGreaterThan(0.9);
      expect(ratio).toBeLessThan(1.25);
    }
  });
});
