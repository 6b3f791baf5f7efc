import { expect, test } from "vitest";
import { xxh64 } from "./xxh64.js";

/** The generator of xsum_sanity_check.c. */
function sanityBuffer(bytes: number): Uint8Array {
  const PRIME32 = 2654435761n;
  const PRIME64 = 11400714785074694797n;
  let generator = PRIME32;
  return Uint8Array.from({ length: bytes }, () => {
    const byte = Number(generator >> 56n);
    generator = BigInt.asUintN(64, generator * PRIME64);
    return byte;
  });
}

// Published with the reference implementation (tests/sanity_test_vectors.h), for seeds 0 and PRIME32.
test.each([
  [0, 0n, 0xef46db3751d8e999n],
  [0, 2654435761n, 0xac75fda2929b17efn],
  [1, 0n, 0xe934a84adb052768n],
  [1, 2654435761n, 0x5014607643a9b4c3n],
  [4, 0n, 0x9136a0dca57457een],
  [14, 0n, 0x8282dcc4994e35c8n],
  [14, 2654435761n, 0xc3bd6bf63deb6df0n],
  [222, 0n, 0xb641ae8cb691c174n],
  [222, 2654435761n, 0x20cb8ab7ae10c14an],
] as const)("%d bytes of the reference's pattern, seed %d", (bytes, seed, hash) => {
  expect(xxh64(sanityBuffer(bytes), seed).toString(16)).toBe(hash.toString(16));
});

test.each([
  ["", 0xef46db3751d8e999n],
  ["a", 0xd24ec4f1a98c6e5bn],
  ["abc", 0x44bc2cf5ad770999n],
])("%j", (text, hash) => {
  expect(xxh64(Buffer.from(text))).toBe(hash);
});

/** The specification once more, a byte at a time and with numbers of any size. */
function slow(bytes: Uint8Array, seed: bigint): bigint {
  const [P1, P2, P3, P4, P5] = [
    0x9e3779b185ebca87n,
    0xc2b2ae3d27d4eb4fn,
    0x165667b19e3779f9n,
    0x85ebca77c2b2ae63n,
    0x27d4eb2f165667c5n,
  ] as const;
  const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);
  const rotate = (value: bigint, by: bigint): bigint => wrap((value << by) | (value >> (64n - by)));
  const round = (acc: bigint, lane: bigint): bigint =>
    wrap(rotate(wrap(acc + lane * P2), 31n) * P1);
  const view = Buffer.from(bytes);
  let at = 0;
  let hash = wrap(seed + P5);
  if (bytes.length >= 32) {
    const lanes = [wrap(seed + P1 + P2), wrap(seed + P2), seed, wrap(seed - P1)];
    for (; at + 32 <= bytes.length; at += 32)
      lanes.forEach((acc, i) => (lanes[i] = round(acc, view.readBigUInt64LE(at + 8 * i))));
    const turns = [1n, 7n, 12n, 18n];
    hash = wrap(lanes.reduce((sum, acc, i) => sum + rotate(acc, turns[i]!), 0n));
    for (const acc of lanes) hash = wrap((hash ^ round(0n, acc)) * P1 + P4);
  }
  hash = wrap(hash + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8)
    hash = wrap(rotate(hash ^ round(0n, view.readBigUInt64LE(at)), 27n) * P1 + P4);
  if (at + 4 <= bytes.length) {
    hash = wrap(rotate(hash ^ wrap(BigInt(view.readUInt32LE(at)) * P1), 23n) * P2 + P3);
    at += 4;
  }
  for (; at < bytes.length; at++)
    hash = wrap(rotate(hash ^ wrap(BigInt(view[at]!) * P5), 11n) * P1);
  hash = wrap((hash ^ (hash >> 33n)) * P2);
  hash = wrap((hash ^ (hash >> 29n)) * P3);
  return hash ^ (hash >> 32n);
}

test("every length up to 300 agrees with the specification", () => {
  for (let length = 0; length <= 300; length++) {
    const bytes = Uint8Array.from(
      { length },
      (_, at) => Math.imul(at + length, 2_654_435_761) >>> 24,
    );
    expect(xxh64(bytes, length)).toBe(slow(bytes, BigInt(length)));
  }
});
