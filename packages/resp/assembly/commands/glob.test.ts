import { expect, test } from "@phantasm/testing";
import { bytesOf } from "../testing";
import { matches } from "./glob";

function fits(pattern: string, text: string): bool {
  const left = bytesOf(pattern);
  const right = bytesOf(text);
  return matches(left.dataStart, left.length, right.dataStart, right.length);
}

test("patterns", () => {
  expect(fits("*", "")).toBe(true);
  expect(fits("a*b*c", "axxbyyc")).toBe(true);
  expect(fits("a*b*c", "axxbyy")).toBe(false);
  expect(fits("h?llo", "hello")).toBe(true);
  expect(fits("h[ae]llo", "hallo")).toBe(true);
  expect(fits("h[^e]llo", "hello")).toBe(false);
  expect(fits("h[a-b]llo", "hbllo")).toBe(true);
  expect(fits("h[b-a]llo", "hbllo")).toBe(true);
  expect(fits("\\*", "*")).toBe(true);
  expect(fits("\\*", "a")).toBe(false);
  expect(fits("[", "")).toBe(false);
  expect(fits("a[", "ab")).toBe(false);
  expect(fits("", "a")).toBe(false);
});

test("many stars do not take long", () => {
  expect(fits("a*".repeat(200) + "b", "a".repeat(20_000))).toBe(false);
});

test("a pattern that was made to take long does not", () => {
  const text = bytesOf("a".repeat(100_000));
  const pattern = bytesOf("*" + "a".repeat(5_000) + "b");
  expect(matches(pattern.dataStart, pattern.length, text.dataStart, text.length)).toBe(false);
  const set = bytesOf("*[" + "b".repeat(50_000) + "]");
  expect(matches(set.dataStart, set.length, text.dataStart, text.length)).toBe(false);
  const good = bytesOf("*a*a*aaaa*[ab]");
  expect(matches(good.dataStart, good.length, text.dataStart, text.length)).toBe(true);
});
