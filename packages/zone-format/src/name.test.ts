import { describe, expect, test } from "vitest";
import { NameError, canonicalKey, isWithin, labelsOf, lower, nameText, parseName } from "./name.js";

const ORIGIN = parseName("example.org.", null);

describe("names", () => {
  test.each([
    ["www", "\x03www\x07example\x03org\0"],
    ["www.example.net.", "\x03www\x07example\x03net\0"],
    ["@", "\x07example\x03org\0"],
    [".", "\0"],
    ["*", "\x01*\x07example\x03org\0"],
    ["a\\.b", "\x03a.b\x07example\x03org\0"],
    ["a\\032b.", "\x03a b\0"],
    ["\\097", "\x01a\x07example\x03org\0"],
    ["a\\\\.", "\x02a\\\0"],
    ["a\\..", "\x02a.\0"],
  ])("%s", (text, wire) => {
    expect(parseName(text, ORIGIN)).toBe(wire);
  });

  test.each([
    ["a..b", "empty"],
    [".a", "empty"],
    ["a..", "empty"],
    ["\\256", "no byte"],
    ["a\\", "one character"],
    ["a\\12", "three digits"],
    ["ä.", "xn--"],
    [`${"a".repeat(64)}.`, "at most 63"],
    [`${"a.".repeat(127)}b.`, "at most 255"],
    ["", "empty"],
  ])("%s is none", (text, why) => {
    expect(() => parseName(text, ORIGIN)).toThrow(NameError);
    expect(() => parseName(text, ORIGIN)).toThrow(why);
  });

  test("without an origin only those that end with a dot", () => {
    expect(() => parseName("www", null)).toThrow("$ORIGIN");
    expect(() => parseName("@", null)).toThrow("$ORIGIN");
  });

  test("the longest", () => {
    const text = `${"a.".repeat(127)}`;
    expect(parseName(text, null)).toHaveLength(255);
    expect(nameText(parseName(text, null))).toBe(text);
  });

  test("text and back", () => {
    for (const text of ["a\\.b.c.", "a\\032.", "\\000\\255.", "\\@.\\(.", "."])
      expect(nameText(parseName(text, null))).toBe(text);
  });

  test("cases, ancestors", () => {
    expect(lower("\x03WwW\x07EXAMPLE\x03org\0")).toBe("\x03www\x07example\x03org\0");
    expect(isWithin("\x03www\x07example\x03org\0", ORIGIN)).toBe(true);
    expect(isWithin("\x0bwww.example\x03org\0", ORIGIN)).toBe(false);
    expect(labelsOf(ORIGIN)).toEqual(["example", "org"]);
  });

  // RFC 4034 §6.1, its own example.
  test("canonical order", () => {
    const ordered = [
      "example.",
      "a.example.",
      "yljkjljk.a.example.",
      "Z.a.example.",
      "zABC.a.EXAMPLE.",
      "z.example.",
      "\\001.z.example.",
      "*.z.example.",
      "\\200.z.example.",
    ].map((text) => lower(parseName(text, null)));
    const sorted = [...ordered].sort((a, b) => (canonicalKey(a) < canonicalKey(b) ? -1 : 1));
    expect(sorted).toEqual(ordered);
    const zeros = ["\\000.a.", "\\000\\000.a.", "\\001.a.", "a.b."].map((text) =>
      parseName(text, null),
    );
    expect([...zeros].sort((a, b) => (canonicalKey(a) < canonicalKey(b) ? -1 : 1))).toEqual(zeros);
  });
});
