import { expect, test } from "vitest";
import { readFunctionNames, SealError, Writer } from "./index.js";

const functions = (...entries: [number, string][]): Uint8Array => {
  const writer = new Writer(64).u32(entries.length);
  for (const [index, name] of entries) writer.u32(index).sized(new TextEncoder().encode(name));
  return writer.finish();
};

test("names of functions, whatever stands before and after them", () => {
  const payload = new Writer(64)
    .section(0, Uint8Array.of(1, 0x61))
    .section(1, functions([4, "main/run"], [300, "x".repeat(2000)]))
    .section(2, Uint8Array.of(0))
    .finish();
  expect([...readFunctionNames(payload)]).toEqual([
    [4, "main/run"],
    [300, "x".repeat(2000)],
  ]);
  expect(readFunctionNames(new Uint8Array(0)).size).toBe(0);
});

test("text that is no UTF-8 is no reason to lose the other names", () => {
  const payload = new Writer(16).section(1, Uint8Array.of(1, 0, 2, 0x61, 0xff)).finish();
  expect(readFunctionNames(payload).get(0)).toBe("a\ufffd");
});

test.each([
  ["a subsection that is too long", [1, 9, 0]],
  ["names that reach beyond their subsection", [1, 1, 1, 0, 1, 0x61]],
  ["more names than bytes", [1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]],
])("%s", (_title, payload) => {
  expect(() => readFunctionNames(Uint8Array.from(payload))).toThrow(SealError);
});
