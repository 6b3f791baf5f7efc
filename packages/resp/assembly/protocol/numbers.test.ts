import { expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
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

test("decimals of few digits are read as exactly as others, and make no garbage", () => {
  const random = new TestRandom(4);
  const used = __heap_used();
  const bytes = new Uint8Array(24);
  for (let i = 0; i < 2000; i++) {
    const digits = 1 + <i32>random.below(15);
    const point = <i32>random.below(20);
    let length = 0;
    for (let digit = 0; digit < digits; digit++) {
      if (digit == point) bytes[length++] = 0x2e;
      bytes[length++] = 0x30 + <u8>random.below(10);
    }
    const value = readDouble(bytes.dataStart, length);
    expect(isNumber).toBe(true);
    const text = textAt(bytes.dataStart, length);
    expect(value).toBe(F64.parseFloat(text));
  }
  const before = __heap_used();
  for (let i = 0; i < 1000; i++) putDouble(place, readDouble(bytes.dataStart, 8) + 0.3);
  expect(__heap_used()).toBe(before);
  expect(used).toBeGreaterThan(0);
});
