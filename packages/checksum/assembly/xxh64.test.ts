import { expect, test } from "@phantasm/testing";
import { xxh64 } from "./xxh64";

const PRIME32: u64 = 2654435761;

/** The input of the reference implementation's sanity test (xxHash, tests/sanity_test.c). */
function sanityInput(length: i32): Uint8Array {
  const bytes = new Uint8Array(max(length, 1));
  let generator: u64 = PRIME32;
  for (let i = 0; i < length; i++) {
    bytes[i] = <u8>(generator >> 56);
    generator *= 11400714785074694797;
  }
  return bytes;
}

function sum(length: i32, seed: u64): u64 {
  return xxh64(sanityInput(length).dataStart, length, seed);
}

test("the vectors of the reference implementation", () => {
  expect(sum(0, 0)).toBe(0xef46db3751d8e999);
  expect(sum(0, PRIME32)).toBe(0xac75fda2929b17ef);
  expect(sum(1, 0)).toBe(0xe934a84adb052768);
  expect(sum(1, PRIME32)).toBe(0x5014607643a9b4c3);
  expect(sum(4, 0)).toBe(0x9136a0dca57457ee);
  expect(sum(14, 0)).toBe(0x8282dcc4994e35c8);
  expect(sum(14, PRIME32)).toBe(0xc3bd6bf63deb6df0);
  expect(sum(222, 0)).toBe(0xb641ae8cb691c174);
  expect(sum(222, PRIME32)).toBe(0x20cb8ab7ae10c14a);
});

test("texts that are known elsewhere", () => {
  const abc = Uint8Array.wrap(String.UTF8.encode("abc"));
  expect(xxh64(abc.dataStart, 3, 0)).toBe(0x44bc2cf5ad770999);
  const spam = Uint8Array.wrap(String.UTF8.encode("Nobody inspects the spammish repetition"));
  expect(xxh64(spam.dataStart, spam.length, 0)).toBe(0xfbcea83c8a378bf1);
});

function flipBit(at: usize, bit: i32): void {
  const mask = 1 << bit;
  store<u8>(at, <u8>((<i32>load<u8>(at)) ^ mask));
}

test("each single bit of a page changes the checksum", () => {
  const page = sanityInput(4096);
  const whole = xxh64(page.dataStart, 4096, 7);
  let missed = 0;
  for (let bit = 0; bit < 4096 * 8; bit++) {
    const at = page.dataStart + (bit >> 3);
    flipBit(at, bit & 7);
    if (xxh64(page.dataStart, 4096, 7) == whole) missed++;
    flipBit(at, bit & 7);
  }
  expect(missed).toBe(0);
  expect(xxh64(page.dataStart, 4096, 7)).toBe(whole);
  expect(xxh64(page.dataStart, 4096, 8)).not.toBe(whole);
});
