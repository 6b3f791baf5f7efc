import { MILLISECOND, SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { RoundTrip, TIMEOUT_MAX_NS, setTimeoutVariationMin } from "./round-trip";

const time = new RoundTrip();

function begin(handshakeMs: i64): void {
  time.begin(handshakeMs < 0 ? -1 : handshakeMs * MILLISECOND, 0);
}

describe("the time-out", () => {
  test("is three seconds after a SYN that was sent again (RFC 6298 §5.7)", () => {
    begin(-1);
    expect(time.timeoutNs).toBe(3 * SECOND);
    expect(time.smoothedNs).toBe(0);
    expect(time.minNs).toBe(0);
  });

  test("follows the first sample, with half of it as variation (RFC 6298 §2.2)", () => {
    begin(400);
    expect(time.smoothedNs).toBe(400 * MILLISECOND);
    expect(time.variationNs).toBe(200 * MILLISECOND);
    expect(time.timeoutNs).toBe((400 + 4 * 200) * MILLISECOND);
  });

  test("follows later ones by an eighth and a quarter (RFC 6298 §2.3)", () => {
    begin(400);
    time.sample(800 * MILLISECOND);
    // The variation first, with the old mean: 3/4 · 200 + 1/4 · 400; then 7/8 · 400 + 1/8 · 800.
    expect(time.variationNs).toBe(250 * MILLISECOND);
    expect(time.smoothedNs).toBe(450 * MILLISECOND);
    expect(time.timeoutNs).toBe((450 + 4 * 250) * MILLISECOND);
    time.sample(50 * MILLISECOND);
    expect(time.variationNs).toBe(287_500_000);
    expect(time.smoothedNs).toBe(400 * MILLISECOND);
  });

  test("exceeds the mean by 200 ms at least, or by what was set", () => {
    begin(1);
    expect(time.timeoutNs).toBe(201 * MILLISECOND);
    setTimeoutVariationMin(5 * MILLISECOND);
    time.sample(1 * MILLISECOND);
    expect(time.timeoutNs).toBe(6 * MILLISECOND);
  });

  test("doubles at each expiry up to a minute, and forgets that with a sample (RFC 6298 §5.5, §5.7)", () => {
    begin(100);
    expect(time.timeoutNs).toBe(300 * MILLISECOND);
    time.backOff();
    time.backOff();
    expect(time.timeoutNs).toBe(1200 * MILLISECOND);
    for (let i = 0; i < 100; i++) time.backOff();
    expect(time.timeoutNs).toBe(TIMEOUT_MAX_NS);
    time.sample(100 * MILLISECOND);
    expect(time.backOffs).toBe(0);
    expect(time.timeoutNs).toBe(300 * MILLISECOND);
  });

  test("stands a round trip of nothing, and one of an hour", () => {
    begin(0);
    expect(time.smoothedNs).toBe(1);
    time.sample(0);
    time.sample(3600 * SECOND);
    expect(time.timeoutNs).toBe(TIMEOUT_MAX_NS);
    for (let i = 0; i < 200; i++) time.sample(0);
    expect(time.smoothedNs).toBeGreaterThan(0);
    expect(time.timeoutNs).toBeLessThan(202 * MILLISECOND);
  });
});

test("the minimum is forgotten after minutes", () => {
  begin(10);
  time.observe(20 * MILLISECOND, 100 * SECOND);
  expect(time.minNs).toBe(10 * MILLISECOND);
  time.observe(30 * MILLISECOND, 151 * SECOND);
  expect(time.minNs).toBe(10 * MILLISECOND);
  time.observe(30 * MILLISECOND, 302 * SECOND);
  expect(time.minNs).toBe(30 * MILLISECOND);
});
