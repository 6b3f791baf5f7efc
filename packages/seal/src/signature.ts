/**
 * The payload of the section `signature`, and of a detached signature file: WebAssembly
 * tool-conventions, "WebAssembly signatures", version 1. Of that format an image uses one hash over
 * everything that follows the section; partial signatures are refused.
 *
 * | field               | bytes                               |
 * | ------------------- | ----------------------------------- |
 * | spec_version        | 01                                  |
 * | content_type        | 01: module                          |
 * | hash_fn             | 01: SHA-256                         |
 * | signed_hashes_count | 01                                  |
 * | hashes_count        | 01                                  |
 * | hashes              | 32                                  |
 * | signature_count     | LEB128, 0 (unsigned) to 16          |
 * | each: key_id_len    | 21 (33)                             |
 * | key_id              | 01 and 32 bytes of public key       |
 * | signature_id        | 01: Ed25519                         |
 * | signature_len       | 40 (64)                             |
 * | signature           | 64                                  |
 */
import { hash as hashBytes } from "node:crypto";
import { SealError } from "./error.js";
import {
  ALGORITHM_ED25519,
  KEY_ID_BYTES,
  publicKeyFromId,
  SIGNATURE_BYTES,
  verifySignature,
} from "./keys.js";
import { SIGNATURES_MAX } from "./limits.js";
import { Reader } from "./reader.js";
import { Writer } from "./writer.js";

/** Name of the section, first in an image. */
export const SIGNATURE_SECTION = "signature";

const SPEC_VERSION = 0x01;
const CONTENT_MODULE = 0x01;
const HASH_SHA256 = 0x01;
export const HASH_BYTES = 32;

// "wasmsig" and the three identifiers: what is signed begins with them, then the hash.
const MESSAGE_PREFIX = Uint8Array.from([
  ...new TextEncoder().encode("wasmsig"),
  SPEC_VERSION,
  CONTENT_MODULE,
  HASH_SHA256,
]);

export interface Signature {
  /** 33 bytes. */
  readonly keyId: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

export interface SignatureData {
  /** SHA-256 of everything after the section. */
  readonly hash: Uint8Array;
  /** None: the image is not signed. */
  readonly signatures: readonly Signature[];
}

/** SHA-256. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hashBytes("sha256", bytes, "buffer");
}

/** The bytes that a signature signs. */
export function signedMessage(hash: Uint8Array): Uint8Array {
  return Uint8Array.from([...MESSAGE_PREFIX, ...hash]);
}

/** Equal length and content. Nothing here is secret, so time may tell where they differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

export function encodeSignatureData(data: SignatureData): Uint8Array {
  const writer = new Writer(64 + 100 * data.signatures.length)
    .u8(SPEC_VERSION)
    .u8(CONTENT_MODULE)
    .u8(HASH_SHA256)
    .u32(1)
    .u32(1)
    .raw(data.hash)
    .u32(data.signatures.length);
  for (const { keyId, signature } of data.signatures)
    writer.sized(keyId).u8(ALGORITHM_ED25519).sized(signature);
  return writer.finish();
}

/** The whole section `signature`. */
export function encodeSignatureSection(data: SignatureData): Uint8Array {
  const payload = encodeSignatureData(data);
  return new Writer(payload.length + 16).custom(SIGNATURE_SECTION, payload).finish();
}

function expectByte(
  reader: Reader,
  expected: number,
  code: "signature-version" | "signature-content" | "signature-hash-function",
  what: string,
): void {
  const actual = reader.u8(what);
  if (actual !== expected)
    reader.fail(
      code,
      `${what} is ${String(actual)}, only ${String(expected)} is known`,
      reader.position - 1,
    );
}

function readSignature(reader: Reader, at: number): Signature {
  const start = reader.position;
  const keyLength = reader.u32("the length of a key");
  if (keyLength !== KEY_ID_BYTES)
    reader.fail(
      "signature-key",
      `the key of signature ${String(at)} has ${String(keyLength)} bytes, ${String(KEY_ID_BYTES)} are needed`,
      start,
    );
  const keyId = reader.take(KEY_ID_BYTES, "a key");
  if (keyId[0] !== ALGORITHM_ED25519)
    reader.fail("signature-key", `the key of signature ${String(at)} is not for Ed25519`, start);
  const algorithm = reader.u8("a signature algorithm");
  const length = reader.u32("the length of a signature");
  if (algorithm !== ALGORITHM_ED25519 || length !== SIGNATURE_BYTES)
    reader.fail(
      "signature-algorithm",
      `signature ${String(at)} has algorithm ${String(algorithm)} and ${String(length)} bytes, only Ed25519 (1) with ${String(SIGNATURE_BYTES)} is known`,
      start,
    );
  return { keyId, signature: reader.take(SIGNATURE_BYTES, "a signature") };
}

/** Reads signature data from the reader's position to its end. The form is checked, not the keys. */
export function readSignatureData(reader: Reader): SignatureData {
  const start = reader.position;
  expectByte(reader, SPEC_VERSION, "signature-version", "the version of the signature format");
  expectByte(reader, CONTENT_MODULE, "signature-content", "the content type of the signature");
  expectByte(reader, HASH_SHA256, "signature-hash-function", "the hash function of the signature");
  const sets = reader.u32("the number of hash sets");
  if (sets !== 1)
    reader.fail("signature-hashes", `there are ${String(sets)} hash sets, exactly one is allowed`);
  const hashes = reader.u32("the number of hashes");
  if (hashes !== 1)
    reader.fail("signature-hashes", `there are ${String(hashes)} hashes, exactly one is allowed`);
  const hash = reader.take(HASH_BYTES, "the hash");
  const count = reader.u32("the number of signatures");
  if (count > SIGNATURES_MAX)
    reader.fail(
      "signature-count",
      `there are ${String(count)} signatures, at most ${String(SIGNATURES_MAX)} are allowed`,
    );
  const signatures: Signature[] = [];
  for (let at = 0; at < count; at++) {
    const signature = readSignature(reader, at);
    if (signatures.some(({ keyId }) => equalBytes(keyId, signature.keyId)))
      reader.fail("signature-duplicate", `the key of signature ${String(at)} has signed before`);
    signatures.push(signature);
  }
  reader.finish("the signature section");
  const data = { hash, signatures };
  if (!equalBytes(encodeSignatureData(data), reader.bytes.subarray(start, reader.end)))
    reader.fail("signature-canonical", "the signature section has padded numbers", start);
  return data;
}

/** Reads a detached signature: the payload of a signature section, alone in a file. */
export function parseDetachedSignature(bytes: Uint8Array): SignatureData {
  try {
    return readSignatureData(new Reader(bytes));
  } catch (error) {
    throw error instanceof SealError ? error.within("the detached signature") : error;
  }
}

/** Checks every signature over the hash. @returns the texts of the keys that signed */
export function checkSignatures(data: SignatureData): string[] {
  const message = signedMessage(data.hash);
  return data.signatures.map(({ keyId, signature }, at) => {
    const { text } = publicKeyFromId(keyId);
    if (!verifySignature(keyId, message, signature))
      throw new SealError(
        "signature-invalid",
        `signature ${String(at)} by ${text} does not verify`,
      );
    return text;
  });
}
