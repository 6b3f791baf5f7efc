import { expect, test } from "vitest";
import { Backoff, RECOVERED_MS } from "./backoff.js";

test("waits twice as long after each failure, up to 30 s, and begins again after a minute up", () => {
  const backoff = new Backoff();
  const waits = Array.from({ length: 7 }, () => backoff.waitMs(10));
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  expect(backoff.waitMs(RECOVERED_MS - 1)).toBe(30_000);
  expect(backoff.waitMs(RECOVERED_MS)).toBe(1000);
  expect(backoff.waitMs(0)).toBe(2000);
});
