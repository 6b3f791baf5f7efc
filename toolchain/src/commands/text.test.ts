import { describe, expect, test } from "vitest";
import { card, count, formatBytes, formatMilliseconds, formatPages } from "./text.js";

describe("formatBytes", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [8849, "8.85 kB"],
    [9995, "10.0 kB"],
    [12_340, "12.3 kB"],
    [99_950, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.00 MB"],
    [64 * 1024 * 1024, "67.1 MB"],
    [5_000_000_000_000, "5000 GB"],
  ])("%d is %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

test.each([
  [1, "64K"],
  [16, "1M"],
  [17, "1088K"],
  [256, "16M"],
  [65_536, "4G"],
])("%d pages are %s", (pages, text) => {
  expect(formatPages(pages)).toBe(text);
});

test("times and counts", () => {
  expect(formatMilliseconds(84.6)).toBe("85 ms");
  expect(formatMilliseconds(1234)).toBe("1.2 s");
  expect(count(1, "port")).toBe("1 port");
  expect(count(2, "port")).toBe("2 ports");
});

test("a card aligns its values, also over several lines, and leaves out empty ones", () => {
  const rows = [
    ["a", "one"],
    ["empty", ""],
    ["long", "two\nthree"],
  ] as const;
  expect(card(rows)).toBe("  a     one\n  long  two\n        three\n");
});
