import { expect, test } from "@phantasm/testing";
import { ShortName, fold, isName, readShortName, shortChecksum } from "./names";

const entry = new Uint8Array(32);

function store11(text: string): usize {
  entry.fill(0);
  for (let i = 0; i < 11; i++) entry[i] = <u8>text.charCodeAt(i);
  return entry.dataStart;
}

function shown(text: string, flags: u8 = 0): string {
  const at = store11(text);
  entry[12] = flags;
  const units = new Uint16Array(13);
  const length = readShortName(at, units);
  return String.UTF16.decodeUnsafe(units.dataStart, 2 * length);
}

/** The short name of a long one, in a directory that has those. */
function shortOf(name: string, others: string[] = []): string {
  const short = new ShortName();
  short.make(name, 0, name.length);
  for (let i = 0; i < others.length; i++) short.meet(store11(others[i]));
  const bytes = new Uint8Array(11);
  if (!short.choose(bytes.dataStart)) return "none";
  return String.UTF8.decodeUnsafe(bytes.dataStart, 11) + (short.exact ? "" : " +");
}

test("short names as they are shown", () => {
  expect(shown("README  TXT")).toBe("README.TXT");
  expect(shown("README  TXT", 0x18)).toBe("readme.txt");
  expect(shown("README  TXT", 0x08)).toBe("readme.TXT");
  expect(shown("A          ")).toBe("A");
  expect(shown("\x05BC     D  ")).toBe("ÕBC.D");
  expect(shown("GR\x99\xe1E      ", 0x08)).toBe("größe");
  expect(shown("A/B\x01    X\x7f ")).toBe("A_B_.X_");
});

test("short names that are made", () => {
  expect(shortOf("README.TXT")).toBe("README  TXT");
  expect(shortOf("readme.txt")).toBe("README  TXT +");
  expect(shortOf("a longer name.text")).toBe("ALONGE~1TEX +");
  expect(shortOf("a longer name.text", ["ALONGE~1TEX", "ALONGE~3TEX"])).toBe("ALONGE~2TEX +");
  expect(shortOf("README.TXT", ["README  TXT"])).toBe("README~1TXT");
  expect(shortOf(".profile")).toBe("PROFIL~1    +");
  expect(shortOf("two.dots.c")).toBe("TWODOT~1C   +");
  expect(shortOf("日本")).toBe("__~1        +");
  expect(shortOf("a+b")).toBe("A_B~1       +");
  expect(shortOf("A~1")).toBe("A~1        ");
  expect(shortOf("no extension.")).toBe("NOEXTE~1    +");
});

test("with more than nine the tail gets longer, and in the end there is none", () => {
  const others: string[] = [];
  for (let i = 1; i < 10; i++) others.push(`ABCDEF~${i}   `);
  expect(shortOf("abcdefghijk", others)).toBe("ABCDE~10    +");
  for (let i = 10; i <= 63; i++) others.push(`ABCDE~${i}   `);
  expect(shortOf("abcdefghijk", others)).toBe("none");
});

test("checksum of a short name, as mtools have written it", () => {
  // "a longer name.text" as ALONGE~1.TEX: counted by hand, rotation by rotation.
  let sum: u32 = 0;
  const text = "ALONGE~1TEX";
  for (let i = 0; i < 11; i++) sum = (((sum >> 1) | (sum << 7)) + <u32>text.charCodeAt(i)) & 0xff;
  expect(shortChecksum(store11(text))).toBe(sum);
});

test("what is a name", () => {
  const good = ["a", "A.TXT", ".hidden", "日本語", "x".repeat(255), "a b", "[+,;=]"];
  for (let i = 0; i < good.length; i++) expect(isName(good[i], 0, good[i].length)).toBe(true);
  const bad = ["", "x".repeat(256), "a:b", 'a"', "a*", "a?", "a\\b", "a|b", "<", ">", "a.", "a "];
  for (let i = 0; i < bad.length; i++) expect(isName(bad[i], 0, bad[i].length)).toBe(false);
});

test("cases of letters", () => {
  const pairs = ["aA", "zZ", "äÄ", "þÞ", "ąĄ", "őŐ", "žŽ", "αΑ", "ωΩ", "яЯ", "ёЁ", "աԱ", "ｚＺ"];
  for (let i = 0; i < pairs.length; i++) {
    expect(fold(pairs[i].charCodeAt(0))).toBe(<u32>pairs[i].charCodeAt(1));
    expect(fold(pairs[i].charCodeAt(1))).toBe(<u32>pairs[i].charCodeAt(1));
  }
  const alone = "1{`÷×ßÿıĸŉ日";
  for (let i = 0; i < alone.length; i++)
    expect(fold(alone.charCodeAt(i))).toBe(<u32>alone.charCodeAt(i));
});
