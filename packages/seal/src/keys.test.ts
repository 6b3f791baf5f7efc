import { createPublicKey } from "node:crypto";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { verifySignature } from "./keys.js";
import {
  formatPrivateKey,
  formatPublicKey,
  generateKey,
  parsePrivateKey,
  parsePublicKey,
} from "./index.js";

const key = generateKey();

test("a public key is one line that can be pasted", () => {
  const text = formatPublicKey(key.publicKey);
  expect(text).toMatch(/^phantasm-public-key:[A-Za-z0-9_-]{44}$/);
  expect(parsePublicKey(`\n  ${text}\r\n`)).toEqual(key.publicKey);
});

test("a public key in PEM, as other tools write it, is the same key", () => {
  const pem = createPublicKey(formatPrivateKey(key)).export({ type: "spki", format: "pem" });
  expect(parsePublicKey(pem.toString())).toEqual(key.publicKey);
});

test("a private key survives its file, and signs as before", () => {
  const text = formatPrivateKey(key);
  expect(text).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  const again = parsePrivateKey(text);
  const message = Uint8Array.of(1, 2, 3);
  expect(again.sign(message)).toEqual(key.sign(message));
  expect(verifySignature(key.publicKey.id, message, again.sign(message))).toBe(true);
});

test("a private key does not show itself when it is printed", () => {
  expect(JSON.stringify(key)).toBe(JSON.stringify({ publicKey: key.publicKey }));
  expect(inspect(key, { depth: 9, showHidden: true })).not.toContain("KeyObject");
});

// RFC 8032 §7.1, test 2.
test("the signature of a known message by a known key", () => {
  const der = Buffer.from(
    "302e020100300506032b6570042204204ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "hex",
  );
  const pem = `-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`;
  const known = parsePrivateKey(pem);
  expect(Buffer.from(known.publicKey.id).toString("hex")).toBe(
    "013d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
  );
  expect(Buffer.from(known.sign(Uint8Array.of(0x72))).toString("hex")).toBe(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  );
});

test("a key that is no point of the curve verifies nothing, and throws nothing", () => {
  const id = Uint8Array.from([1, ...new Uint8Array(32).fill(0xff)]);
  expect(verifySignature(id, new Uint8Array(1), new Uint8Array(64))).toBe(false);
});
