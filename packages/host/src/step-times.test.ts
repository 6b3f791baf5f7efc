import { expect, test } from "vitest";
import { StepClock } from "./step-times.js";

test("percentiles are upper bounds, and close", () => {
  const clock = new StepClock();
  for (let at = 1; at <= 1000; at++) clock.count(at * 1000);
  const { totalNs, medianNs, percentile99Ns, longestNs } = clock.times;
  expect(totalNs).toBe(500_500_000);
  expect(longestNs).toBe(1_000_000);
  expect(medianNs).toBeGreaterThanOrEqual(500_000);
  expect(medianNs).toBeLessThan(600_000);
  expect(percentile99Ns).toBeGreaterThanOrEqual(990_000);
  expect(percentile99Ns).toBeLessThanOrEqual(1_000_000);
});

test("nothing, one step, and steps beyond all bounds", () => {
  const clock = new StepClock();
  expect(clock.times).toEqual({ totalNs: 0, medianNs: 0, percentile99Ns: 0, longestNs: 0 });
  clock.count(0);
  expect(clock.times).toEqual({ totalNs: 0, medianNs: 0, percentile99Ns: 0, longestNs: 0 });
  clock.count(1e15);
  expect(clock.times.percentile99Ns).toBe(1e15);
});
