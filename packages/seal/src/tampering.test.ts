/** No byte of an image may change without being refused, by whatever rule. */
import { describe, expect, test } from "vitest";
import { image, MANIFEST } from "../test/images.js";
import { generateKey, SealError, sealImage, signImage, verifyImage } from "./index.js";
import { core } from "../test/images.js";

const unsigned = image();
const signed = signImage(signImage(unsigned, generateKey()), generateKey());

function refused(bytes: Uint8Array): boolean {
  try {
    verifyImage(bytes);
    return false;
  } catch (error) {
    if (error instanceof SealError) return true;
    throw error;
  }
}

/** Positions at which `change` passes the verifier: there must be none. */
function accepted(original: Uint8Array, change: (bytes: Uint8Array, at: number) => Uint8Array) {
  const positions: number[] = [];
  for (let at = 0; at < original.length; at++)
    if (!refused(change(Uint8Array.from(original), at))) positions.push(at);
  return positions;
}

const flip =
  (mask: number) =>
  (bytes: Uint8Array, at: number): Uint8Array => {
    bytes[at] = (bytes[at] ?? 0) ^ mask;
    return bytes;
  };

describe.each([
  ["unsigned", unsigned],
  ["signed", signed],
])("an %s image", (_, original) => {
  test("passes as it is", () => {
    expect(refused(original)).toBe(false);
  });

  test.each([0x01, 0x80, 0xff])("no byte can be changed by xor %i", (mask) => {
    expect(accepted(original, flip(mask))).toEqual([]);
  });

  test("a byte in front, in the signature section or anywhere else takes no other value", () => {
    const front = original.length - unsigned.length + 62;
    const positions = new Set([
      ...Array.from({ length: front }, (__, at) => at),
      ...Array.from({ length: 20 }, (__, at) => Math.floor((at * original.length) / 20)),
    ]);
    const passed: string[] = [];
    for (const at of positions)
      for (let mask = 1; mask < 256; mask++)
        // The bytes of keys, hashes and signatures are alike: a few values each will do.
        if (at < 64 || mask % 16 === 1)
          if (!refused(flip(mask)(Uint8Array.from(original), at)))
            passed.push(`${String(at)} ^ ${String(mask)}`);
    expect(passed).toEqual([]);
  });

  test("it cannot be cut short", () => {
    expect(accepted(original, (bytes, at) => bytes.subarray(0, at))).toEqual([]);
  });

  test("no byte can be taken out", () => {
    expect(accepted(original, (bytes, at) => bytes.filter((__, index) => index !== at))).toEqual(
      [],
    );
  });

  test.each([0x00, 0x01, 0x80])("byte %i cannot be put in anywhere", (byte) => {
    const insert = (bytes: Uint8Array, at: number): Uint8Array =>
      Uint8Array.from([...bytes.subarray(0, at), byte, ...bytes.subarray(at)]);
    expect(accepted(original, insert)).toEqual([]);
    expect(refused(Uint8Array.from([...original, byte]))).toBe(true);
  });

  test("no byte can be doubled, and nothing repeated behind the end", () => {
    const double = (bytes: Uint8Array, at: number): Uint8Array =>
      Uint8Array.from([...bytes.subarray(0, at + 1), ...bytes.subarray(at)]);
    expect(accepted(original, double)).toEqual([]);
    expect(refused(Uint8Array.from([...original, ...original]))).toBe(true);
  });
});

test("a signature of one image is not one of another", () => {
  const other = sealImage(core(), { ...MANIFEST, name: "other" }).bytes;
  const front = signed.length - unsigned.length + 58;
  expect(refused(Uint8Array.from([...signed.subarray(0, front), ...other.subarray(58)]))).toBe(
    true,
  );
});
