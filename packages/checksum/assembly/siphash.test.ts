import { expect, test } from "@phantasm/testing";
import { SipHash } from "./siphash";

/** Bytes 0, 1, 2, …, with room to read behind them. */
function counted(bytes: i32): usize {
  const at = heap.alloc(bytes + 8);
  for (let i = 0; i < bytes + 8; i++) store<u8>(at + i, <u8>i);
  return at;
}

/** The key of the authors' vectors: 00 01 … 0f. */
const hash = new SipHash(0x0706050403020100, 0x0f0e0d0c0b0a0908);

test("the vectors of the authors", () => {
  // vectors_sip64 of their vectors.h, messages 00 01 … of 0, 1, 7, 8, 15, 16 and 63 bytes.
  const message = counted(64);
  expect(hash.of(message, 0)).toBe(0x726fdb47dd0e0e31);
  expect(hash.of(message, 1)).toBe(0x74f839c593dc67fd);
  expect(hash.of(message, 7)).toBe(0xab0200f58b01d137);
  expect(hash.of(message, 8)).toBe(0x93f5f5799a932462);
  expect(hash.of(message, 15)).toBe(0xa129ca6149be45e5);
  expect(hash.of(message, 16)).toBe(0x3f2acc7f57c29bdb);
  expect(hash.of(message, 63)).toBe(0x958a324ceb064572);
});

test("a message in words is the message", () => {
  const message = counted(19);
  hash.begin();
  hash.word(load<u64>(message));
  hash.word(load<u64>(message, 8));
  expect(hash.end(0x121110, 19)).toBe(hash.of(message, 19));
});
