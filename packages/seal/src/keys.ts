/** Ed25519 keys (RFC 8032) as text that a person can read, paste and keep in a file. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from "node:crypto";
import { SealError } from "./error.js";

/** First byte of a serialised public key: the algorithm. Also the id of the algorithm itself. */
export const ALGORITHM_ED25519 = 0x01;
/** Bytes of a serialised public key: the algorithm and the key. */
export const KEY_ID_BYTES = 33;
export const SIGNATURE_BYTES = 64;

const TEXT_PREFIX = "phantasm-public-key:";
// 33 bytes are 44 characters without padding or unused bits, so each key has one spelling.
const TEXT_PATTERN = /^phantasm-public-key:([A-Za-z0-9_-]{44})$/;

// RFC 8410 §4: SubjectPublicKeyInfo of an Ed25519 key is this and the 32 bytes.
const SPKI_PREFIX = Uint8Array.from([
  0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
]);

/** A key that signatures are checked against. */
export interface PublicKey {
  /** 33 bytes, as the tool conventions serialise it. */
  readonly id: Uint8Array;
  /** One line, the only one for this key: compare keys by it. */
  readonly text: string;
}

/** A key to sign with. Holds the secret; its text leaves only through `formatPrivateKey`. */
export class PrivateKey {
  readonly publicKey: PublicKey;
  readonly #key: KeyObject;

  /** @param key an Ed25519 private key */
  constructor(key: KeyObject) {
    this.#key = key;
    this.publicKey = fromKeyObject(createPublicKey(key));
  }

  /** The 64 bytes of the signature of `message`. */
  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, message, this.#key));
  }

  /** PKCS#8 PEM, unencrypted: the file MUST be readable by its owner only. */
  format(): string {
    return this.#key.export({ type: "pkcs8", format: "pem" }).toString();
  }
}

/** The public key with these 33 bytes. */
export function publicKeyFromId(id: Uint8Array): PublicKey {
  if (id.length !== KEY_ID_BYTES || id[0] !== ALGORITHM_ED25519)
    throw new SealError("signature-key", "a key is not 01 and 32 bytes of an Ed25519 public key");
  const copy = Uint8Array.from(id);
  return { id: copy, text: TEXT_PREFIX + Buffer.from(copy).toString("base64url") };
}

function fromKeyObject(key: KeyObject): PublicKey {
  const spki = key.export({ type: "spki", format: "der" });
  return publicKeyFromId(Uint8Array.of(ALGORITHM_ED25519, ...spki.subarray(SPKI_PREFIX.length)));
}

/** A new key from the operating system's generator. */
export function generateKey(): PrivateKey {
  return new PrivateKey(generateKeyPairSync("ed25519").privateKey);
}

/** The one-line text of a public key, as keygen writes and `--key` takes it. */
export function formatPublicKey(key: PublicKey): string {
  return key.text;
}

/** The text of a private key: PKCS#8 PEM. */
export function formatPrivateKey(key: PrivateKey): string {
  return key.format();
}

function isPrivatePem(text: string): boolean {
  return /^-----BEGIN [A-Z ]*PRIVATE KEY-----/m.test(text);
}

function requireEd25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== "ed25519")
    throw new SealError(
      "key-algorithm",
      `this is a key for ${key.asymmetricKeyType ?? "an unknown algorithm"}, an Ed25519 key is needed: phantasm keygen makes one`,
    );
  return key;
}

/**
 * Reads a public key: the line `phantasm-public-key:…`, or SPKI PEM.
 *
 * @throws SealError `key-format`, `key-kind` (a private key was given), `key-algorithm`
 */
export function parsePublicKey(text: string): PublicKey {
  const trimmed = text.trim();
  const encoded = TEXT_PATTERN.exec(trimmed)?.[1];
  if (encoded !== undefined) {
    const id = Buffer.from(encoded, "base64url");
    if (id[0] !== ALGORITHM_ED25519)
      throw new SealError("key-algorithm", "this public key is not for Ed25519");
    return publicKeyFromId(id);
  }
  if (isPrivatePem(trimmed))
    throw new SealError(
      "key-kind",
      "this is a private key, a public one is needed: never pass a private key on",
    );
  if (!trimmed.startsWith("-----BEGIN PUBLIC KEY-----"))
    throw new SealError(
      "key-format",
      `this is not a public key: expected a line ${TEXT_PREFIX}… or a PEM block PUBLIC KEY`,
    );
  let key: KeyObject;
  try {
    key = createPublicKey({ key: trimmed, format: "pem" });
  } catch {
    throw new SealError("key-format", "the PEM block PUBLIC KEY is damaged");
  }
  return fromKeyObject(requireEd25519(key));
}

/**
 * Reads a private key: PKCS#8 PEM, not encrypted.
 *
 * @throws SealError `key-format`, `key-kind` (a public key was given), `key-algorithm`
 */
export function parsePrivateKey(text: string): PrivateKey {
  const trimmed = text.trim();
  if (trimmed.startsWith(TEXT_PREFIX) || /^-----BEGIN [A-Z ]*PUBLIC KEY-----/m.test(trimmed))
    throw new SealError("key-kind", "this is a public key, a private one is needed to sign");
  if (!isPrivatePem(trimmed))
    throw new SealError(
      "key-format",
      "this is not a private key: expected a PEM block PRIVATE KEY, as phantasm keygen writes it",
    );
  if (trimmed.includes("ENCRYPTED"))
    throw new SealError(
      "key-format",
      "this private key is encrypted: decrypt it first (openssl pkey -in KEY -out PLAIN)",
    );
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: trimmed, format: "pem" });
  } catch {
    throw new SealError("key-format", "the PEM block PRIVATE KEY is damaged");
  }
  return new PrivateKey(requireEd25519(key));
}

/** Whether `signature` is that of `message` by the key with the 33 bytes `id`. Never throws. */
export function verifySignature(
  id: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    const spki = Buffer.concat([SPKI_PREFIX, id.subarray(1)]);
    const key = createPublicKey({ key: spki, format: "der", type: "spki" });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
}
