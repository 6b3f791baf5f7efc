import { describe, expect, test } from "@phantasm/testing";
import { checksum, fold, pseudoSum4, pseudoSum6, sumOf } from "./checksum";

/** RFC 1071 §4.1, byte by byte; the sum as it is stored. */
function reference(bytes: Uint8Array, from: i32, count: i32): u32 {
  let sum: u32 = 0;
  for (let at = 0; at < count; at++) {
    sum += at & 1 ? <u32>bytes[from + at] : (<u32>bytes[from + at]) << 8;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return <u32>bswap(<u16>sum);
}

describe("the sum", () => {
  test("is that of RFC 1071 §3", () => {
    const bytes = new Uint8Array(8);
    bytes.set([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
    expect(bswap(<u16>fold(sumOf(bytes.dataStart, 8)))).toBe(0xddf2);
    expect(bswap(checksum(sumOf(bytes.dataStart, 8)))).toBe(0x220d);
  });

  test("of any length, at any address, of the heaviest bytes too", () => {
    const bytes = new Uint8Array(400);
    let seed: u32 = 1;
    for (let round = 0; round < 2; round++) {
      for (let at = 0; at < bytes.length; at++) {
        seed = seed * 1664525 + 1013904223;
        bytes[at] = round == 0 ? <u8>(seed >> 24) : 0xff;
      }
      for (let from = 0; from < 17; from++)
        for (let count = 0; count < 300; count++)
          expect(fold(sumOf(bytes.dataStart + from, count))).toBe(reference(bytes, from, count));
    }
  });

  test("of 64 KiB of ones does not overflow", () => {
    const bytes = new Uint8Array(65535);
    bytes.fill(0xff);
    expect(fold(sumOf(bytes.dataStart, 65535))).toBe(reference(bytes, 0, 65535));
  });
});

test("folding keeps the sum modulo 0xffff, also when every carry carries on", () => {
  expect(fold(0)).toBe(0);
  expect(fold(0xffff)).toBe(0xffff);
  expect(fold(0x10000)).toBe(1);
  expect(fold(u64.MAX_VALUE)).toBe(0xffff);
  expect(fold(0xffff_ffff_0000_0001)).toBe(1);
  expect(fold(0x1_ffff_ffff)).toBe(1);
});

describe("the pseudo-header", () => {
  test("of IPv4", () => {
    const bytes = new Uint8Array(12);
    bytes.set([192, 0, 2, 1, 198, 51, 100, 7, 0, 17, 0x12, 0x34]);
    expect(pseudoSum4(0xc0000201, 0xc6336407, 17, 0x1234)).toBe(reference(bytes, 0, 12));
  });

  test("of IPv6", () => {
    const bytes = new Uint8Array(40);
    bytes.set([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xab, 0xcd]);
    bytes.set([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0], 16);
    bytes.set([0, 0, 0x12, 0x34, 0, 0, 0, 58], 32);
    const sum = pseudoSum6(
      0x2001_0db8_0000_0001,
      0x0000_0000_0000_abcd,
      0xfe80_0000_0000_0000,
      0x1234_5678_9abc_def0,
      58,
      0x1234,
    );
    expect(sum).toBe(reference(bytes, 0, 40));
  });
});
