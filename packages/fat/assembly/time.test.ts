import { SECOND } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { dosTime, fromDosTime } from "./time";

test("there and back, every day and many times", () => {
  for (let day: i64 = 3652; day < 50_403; day++) {
    const seconds = day * 86_400 + ((day * 7919) % 43_200) * 2;
    const time = dosTime(seconds * SECOND);
    expect(fromDosTime(time)).toBe(seconds * SECOND);
  }
});

test("known times", () => {
  // 2026-01-02T03:04:06Z
  const time = dosTime(1_767_323_046 * SECOND);
  expect(time >> 25).toBe(46);
  expect((time >> 21) & 15).toBe(1);
  expect((time >> 16) & 31).toBe(2);
  expect(time & 0xffff).toBe((3 << 11) | (4 << 5) | 3);
});

test("what is outside", () => {
  expect(fromDosTime(dosTime(0))).toBe(315_532_800 * SECOND);
  expect(dosTime(i64.MAX_VALUE) >> 25).toBe(127);
  expect(dosTime(i64.MIN_VALUE) >> 25).toBe(0);
  expect(fromDosTime(0)).toBe(0);
});
