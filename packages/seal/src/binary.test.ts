import fc from "fast-check";
import { expect, test } from "vitest";
import { Reader, SealError, Writer } from "./index.js";

const U32 = fc.integer({ min: 0, max: 0xffff_ffff });
const S32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const S64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

const reader = (...bytes: number[]): Reader => new Reader(Uint8Array.from(bytes));

test("what is written is read back", () => {
  fc.assert(
    fc.property(U32, S32, S64, fc.string({ unit: "grapheme" }), (u32, s32, s64, name) => {
      const bytes = new Writer(1).u32(u32).s32(s32).s64(s64).name(name).finish();
      const back = new Reader(bytes);
      expect([back.u32("a"), back.s32("b"), back.s64("c"), back.name("d")]).toEqual([
        u32,
        s32,
        s64,
        name,
      ]);
      expect(back.remaining).toBe(0);
    }),
  );
});

test.each([
  [[0x80, 0x00], 0],
  [[0xff, 0xff, 0xff, 0xff, 0x0f], 0xffff_ffff],
  [[0x81, 0x80, 0x80, 0x80, 0x00], 1],
])("padding of a u32 is allowed up to five bytes: %j", (bytes, value) => {
  expect(reader(...bytes).u32("x")).toBe(value);
});

test.each([
  [[0x80, 0x7f], -128],
  [[0xff, 0xff, 0xff, 0xff, 0x7f], -1],
  [[0x80, 0x80, 0x80, 0x80, 0x78], -0x8000_0000],
  [[0xff, 0xff, 0xff, 0xff, 0x07], 0x7fff_ffff],
])("signed numbers of one to five bytes: %j", (bytes, value) => {
  expect(reader(...bytes).s32("x")).toBe(value);
});

test.each([
  ["s32 with a wrong sign", (): unknown => reader(0xff, 0xff, 0xff, 0xff, 0x4f).s32("x")],
  ["s32 of six bytes", (): unknown => reader(0x80, 0x80, 0x80, 0x80, 0x80, 0).s32("x")],
  ["s64 with a wrong sign", (): unknown => reader(...Array<number>(9).fill(0x80), 0x01).s64("x")],
])("%s is refused", (_, attempt) => {
  expect(attempt).toThrow(expect.objectContaining({ code: "leb128" }));
});

test("nothing is read beyond the end of a range, though there are more bytes", () => {
  const bytes = Uint8Array.of(5, 0x80, 1, 2, 3, 4);
  const attempts: ((inside: Reader) => unknown)[] = [
    (inside) => inside.u32("x"),
    (inside) => inside.s32("x"),
    (inside) => inside.s64("x"),
    (inside) => inside.take(2, "x"),
  ];
  for (const attempt of attempts) expect(() => attempt(new Reader(bytes, 1, 2))).toThrow(SealError);
  expect(() => new Reader(bytes, 0, 2).name("x")).toThrow(
    expect.objectContaining({ code: "length", offset: 1 }),
  );
});

test("a byte order mark is part of a name", () => {
  expect(new Reader(new Writer().name("\ufeffa").finish()).name("x")).toBe("\ufeffa");
});
