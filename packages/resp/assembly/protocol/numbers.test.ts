import { expect, test } from "@phantasm/testing";
import { bytesOf, textAt } from "../testing";
import { isNumber, putDouble, putInteger, readDouble, readInteger } from "./numbers";

const place: usize = memory.data(64);

function integer(text: string): string {
  const bytes = bytesOf(text);
  const value = readInteger(bytes.dataStart, bytes.length);
  return isNumber ? textAt(place, <i32>(putInteger(place, value) - place)) : "none";
}

function double(text: string): string {
  const bytes = bytesOf(text);
  const value = readDouble(bytes.dataStart, bytes.length);
  return isNumber ? textAt(place, <i32>(putDouble(place, value) - place)) : "none";
}

test("integers are read strictly, and written as they were", () => {
  const good: string[] = ["0", "7", "-1", "10", "999", "1000", "9223372036854775807"];
  for (let i = 0; i < good.length; i++) expect(integer(good[i])).toBe(good[i]);
  expect(integer("-9223372036854775808")).toBe("-9223372036854775808");
  const bad: string[] = ["", "-", "+1", "01", "-0", " 1", "1 ", "1.0", "9223372036854775808", "x"];
  for (let i = 0; i < bad.length; i++) expect(integer(bad[i])).toBe("none");
});

test("numbers with fractions", () => {
  const good: string[] = ["0", "1.5", "-0.25", "inf", "-inf", "1e+21", "0.1", "123456789"];
  for (let i = 0; i < good.length; i++) expect(double(good[i])).toBe(good[i]);
  expect(double("+Infinity")).toBe("inf");
  expect(double("1e3")).toBe("1000");
  expect(double(".5")).toBe("0.5");
  const bad: string[] = ["", ".", "nan", "1e", "1e999", "1.2.3", "0x10", "1 ", "--1"];
  for (let i = 0; i < bad.length; i++) expect(double(bad[i])).toBe("none");
});
