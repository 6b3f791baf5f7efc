import { expect, test } from "@phantasm/testing";
import { decodeUtf8 } from "./utf8";

function decode(bytes: u8[]): string {
  return decodeUtf8(changetype<usize>(bytes.dataStart), bytes.length);
}

/** Lone surrogates and replacements as numbers, since they look alike. */
function units(text: string): string {
  let result = "";
  for (let i = 0; i < text.length; i++) result += " " + text.charCodeAt(i).toString(16);
  return result.substring(1);
}

test("text of every length of sequence", () => {
  const text = "a\u007f\u0080é\u07ff\u0800€\ud7ff\ue000\uffff😀\u{10ffff}";
  const bytes = String.UTF8.encode(text);
  expect(decodeUtf8(changetype<usize>(bytes), bytes.byteLength)).toBe(text);
  expect(decode([])).toBe("");
});

test("an invalid byte costs nobody else", () => {
  expect(units(decode([0x41, 0xff, 0x42]))).toBe("41 fffd 42");
  expect(units(decode([0x80, 0x41]))).toBe("fffd 41");
  expect(units(decode([0xc3, 0x41]))).toBe("fffd 41");
  expect(units(decode([0xe2, 0x82, 0x41]))).toBe("fffd 41");
  expect(units(decode([0xf0, 0x9f, 0x98, 0xe2, 0x82, 0xac]))).toBe("fffd 20ac");
});

test("overlong forms, surrogates and what lies above U+10FFFF: each byte by itself", () => {
  expect(units(decode([0xc0, 0x80]))).toBe("fffd fffd");
  expect(units(decode([0xe0, 0x80, 0x80]))).toBe("fffd fffd fffd");
  expect(units(decode([0xed, 0xa0, 0x80]))).toBe("fffd fffd fffd");
  expect(units(decode([0xf4, 0x90, 0x80, 0x80]))).toBe("fffd fffd fffd fffd");
  expect(units(decode([0xf5, 0x80]))).toBe("fffd fffd");
});

test("a sequence that ends too early", () => {
  expect(units(decode([0x41, 0xe2, 0x82]))).toBe("41 fffd");
  expect(units(decode([0xf0]))).toBe("fffd");
});
