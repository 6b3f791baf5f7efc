import { createHash, createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { core, image, MANIFEST } from "../test/images.js";
import {
  detachSignature,
  generateKey,
  limits,
  SealError,
  sealImage,
  signImage,
  verifyImage,
} from "./index.js";

const alice = generateKey();
const bob = generateKey();

test("sealing moves everything behind the header by the shift, and nothing else", () => {
  const module = core();
  const { bytes, shift } = sealImage(module, MANIFEST);
  expect(bytes.subarray(8 + shift)).toEqual(module.subarray(8));
});

test("a signed image has the digest of the unsigned one, and names its signer", () => {
  const unsigned = verifyImage(image());
  const signed = verifyImage(signImage(image(), alice), { keys: [alice.publicKey] });
  expect(signed.digest).toBe(unsigned.digest);
  expect(signed.signers).toEqual([alice.publicKey.text]);
});

test("the shift of the signatures leads back to offsets of the unsigned image", () => {
  let bytes = image();
  const [first] = verifyImage(bytes).functions;
  for (const key of [alice, bob, generateKey()]) {
    bytes = signImage(bytes, key);
    const { functions, signatureShift } = verifyImage(bytes);
    expect(signatureShift).toBe(bytes.length - image().length);
    expect((functions[0]?.start ?? 0) - signatureShift).toBe(first?.start);
  }
});

test("signing is deterministic, and the same key signs once", () => {
  const once = signImage(image(), alice);
  expect(signImage(image(), alice)).toEqual(once);
  expect(signImage(once, alice)).toEqual(once);
});

test("two keys sign the same image; both are required when both are asked for", () => {
  const both = signImage(signImage(image(), alice), bob);
  const verified = verifyImage(both, { keys: [bob.publicKey, alice.publicKey] });
  expect(verified.signers).toEqual([alice.publicKey.text, bob.publicKey.text]);
});

test("signatures taken off verify beside the image, alone or with embedded ones", () => {
  const { image: bare, signature } = detachSignature(signImage(image(), alice));
  expect(bare).toEqual(image());
  expect(verifyImage(bare, { detached: signature, keys: [alice.publicKey] }).signers).toEqual([
    alice.publicKey.text,
  ]);
  const keys = [alice.publicKey, bob.publicKey];
  const mixed = verifyImage(signImage(bare, bob), { detached: signature, keys });
  expect(mixed.signers).toEqual([bob.publicKey.text, alice.publicKey.text]);
  const same = verifyImage(signImage(bare, alice), { detached: signature });
  expect(same.signers).toEqual([alice.publicKey.text]);
});

test("a detached signature with any byte changed is refused, though no key was asked for", () => {
  const { image: bare, signature } = detachSignature(signImage(image(), alice));
  const passed = [...signature.keys()].filter((at) => {
    const changed = Uint8Array.from(signature);
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    try {
      verifyImage(bare, { detached: changed });
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(SealError);
      return false;
    }
  });
  expect(passed).toEqual([]);
});

test("there is room for sixteen signatures, not for seventeen", () => {
  let bytes = image();
  for (let count = 0; count < limits.SIGNATURES_MAX; count++)
    bytes = signImage(bytes, generateKey());
  expect(verifyImage(bytes).signers).toHaveLength(limits.SIGNATURES_MAX);
  expect(() => signImage(bytes, alice)).toThrow(
    expect.objectContaining({ code: "signature-count" }),
  );
});

test("nobody signs what does not verify", () => {
  const broken = image({ memory: '(memory (export "memory") 1 3)' });
  expect(() => signImage(broken, alice)).toThrow(
    expect.objectContaining({ code: "memory-limits" }),
  );
});

// Reads the bytes by hand, so that writer and verifier cannot be wrong together.
test("the signature section is that of the WebAssembly tool conventions", () => {
  const bytes = signImage(image(), alice);
  const section = [0x00, 0x94, 0x01, 9, ...Buffer.from("signature")];
  expect([...bytes.subarray(8, 21)]).toEqual(section);
  const payload = bytes.subarray(21, 8 + 3 + 0x94);
  expect([...payload.subarray(0, 5)]).toEqual([1, 1, 1, 1, 1]);
  const hash = createHash("sha256").update(bytes.subarray(159)).digest();
  expect(Buffer.from(payload.subarray(5, 37)).equals(hash)).toBe(true);
  expect([...payload.subarray(37, 40)]).toEqual([1, 33, 1]);
  expect([...payload.subarray(72, 74)]).toEqual([1, 64]);
  const key = createPublicKey({
    key: {
      kty: "OKP",
      crv: "Ed25519",
      x: Buffer.from(payload.subarray(40, 72)).toString("base64url"),
    },
    format: "jwk",
  });
  const message = Buffer.concat([Buffer.from("wasmsig\x01\x01\x01"), hash]);
  expect(verify(null, message, key, payload.subarray(74))).toBe(true);
});
