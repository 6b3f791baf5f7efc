import { expect, test } from "@phantasm/testing";
import { atOrBefore, before, earlier, later, within } from "./sequence";

test("order wraps", () => {
  expect(before(0xffff_ffff, 0)).toBe(true);
  expect(before(0, 0xffff_ffff)).toBe(false);
  expect(before(5, 5)).toBe(false);
  expect(atOrBefore(5, 5)).toBe(true);
  expect(atOrBefore(0x7fff_ffff, 0xffff_fffe)).toBe(true);
  expect(later(0xffff_fff0, 0x10)).toBe(0x10);
  expect(earlier(0xffff_fff0, 0x10)).toBe(0xffff_fff0);
});

test("a range wraps, and ends before its end", () => {
  expect(within(0xffff_ffff, 0xffff_fffe, 2)).toBe(true);
  expect(within(1, 0xffff_fffe, 2)).toBe(true);
  expect(within(2, 0xffff_fffe, 2)).toBe(false);
  expect(within(0xffff_fffd, 0xffff_fffe, 2)).toBe(false);
  expect(within(7, 7, 7)).toBe(false);
});
