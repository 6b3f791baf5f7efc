/** Breaks the rules about the signature section, signatures and digests. */
import { generateKeyPairSync } from "node:crypto";
import {
  encodeNames,
  generateKey,
  HEADER,
  limits,
  parseNames,
  parsePrivateKey,
  parsePublicKey,
  sealImage,
  signImage,
  verifyImage,
  Writer,
} from "../../src/index.js";
import { encodeSignatureSection, sha256 } from "../../src/signature.js";
import { assemble, image, MANIFEST } from "../images.js";
import type { BrokenCase } from "./case.js";

// Layout of an unsigned image: 8 bytes of header, id, length, 9 bytes of name, then the payload.
const PAYLOAD = 8 + 2 + 10;
const HASH = PAYLOAD + 5;

const key = generateKey();
const other = generateKey();
const signed = (): Uint8Array => signImage(image(), key);

/** An image with some bytes replaced. */
function patched(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(values, at);
  return copy;
}

/** An image with any payload in the signature section. */
function withPayload(payload: Uint8Array): Uint8Array {
  return new Writer().raw(HEADER).custom("signature", payload).raw(image().subarray(58)).finish();
}

const payload = (bytes: Uint8Array): Uint8Array =>
  bytes.slice(
    PAYLOAD + (bytes.length > image().length ? 1 : 0),
    bytes.length - image().length + 58,
  );

const hash = (): Uint8Array => sha256(image().subarray(58));

function withSignatures(count: number): Uint8Array {
  const signatures = Array.from({ length: count }, (_, at) => ({
    keyId: Uint8Array.from([1, at, ...new Uint8Array(31)]),
    signature: new Uint8Array(64),
  }));
  return new Writer()
    .raw(HEADER)
    .raw(encodeSignatureSection({ hash: hash(), signatures }))
    .raw(image().subarray(58))
    .finish();
}

export const SIGNATURE_CASES: readonly BrokenCase[] = [
  {
    rule: "signature-version",
    title: "version 2 of the signature format",
    attempt: () => verifyImage(patched(image(), PAYLOAD, 2)),
    message: /the version of the signature format is 2, only 1 is known/,
  },
  {
    rule: "signature-content",
    title: "a signature for a component",
    attempt: () => verifyImage(patched(image(), PAYLOAD + 1, 2)),
    message: /the content type of the signature is 2/,
  },
  {
    rule: "signature-hash-function",
    title: "another hash function",
    attempt: () => verifyImage(patched(image(), PAYLOAD + 2, 3)),
    message: /the hash function of the signature is 3/,
  },
  {
    rule: "signature-hashes",
    title: "no hash set",
    attempt: () => verifyImage(patched(image(), PAYLOAD + 3, 0)),
    message: /there are 0 hash sets, exactly one/,
  },
  {
    rule: "signature-hashes",
    title: "two hashes: a partial signature",
    attempt: () => verifyImage(patched(image(), PAYLOAD + 4, 2)),
    message: /there are 2 hashes, exactly one/,
  },
  {
    rule: "signature-count",
    title: "one signature too many",
    attempt: () => verifyImage(withSignatures(limits.SIGNATURES_MAX + 1)),
    message: /there are 17 signatures, at most 16/,
  },
  {
    rule: "signature-key",
    title: "a key id that is only a name",
    attempt: () =>
      verifyImage(
        withPayload(
          new Writer()
            .raw([1, 1, 1, 1, 1])
            .raw(hash())
            .u8(1)
            .name("alice")
            .u8(1)
            .sized(new Uint8Array(64))
            .finish(),
        ),
      ),
    message: /the key of signature 0 has 5 bytes, 33 are needed/,
  },
  {
    rule: "signature-key",
    title: "a key of another algorithm",
    attempt: () => verifyImage(patched(signed(), PAYLOAD + 1 + 5 + 32 + 2, 2)),
    message: /the key of signature 0 is not for Ed25519/,
  },
  {
    rule: "signature-algorithm",
    title: "a signature of another algorithm",
    attempt: () => verifyImage(patched(signed(), PAYLOAD + 1 + 5 + 32 + 2 + 33, 2)),
    message: /signature 0 has algorithm 2 and 64 bytes/,
  },
  {
    rule: "signature-duplicate",
    title: "two signatures by one key",
    attempt: () => {
      const once = payload(signed());
      const again = once.subarray(5 + 32 + 1);
      return verifyImage(
        withPayload(Uint8Array.from([...once.subarray(0, 37), 2, ...again, ...again])),
      );
    },
    message: /the key of signature 1 has signed before/,
  },
  {
    rule: "signature-canonical",
    title: "a padded number in the payload",
    attempt: () =>
      verifyImage(withPayload(Uint8Array.from([1, 1, 1, 0x81, 0x00, 1, ...hash(), 0]))),
    message: /the signature section has padded numbers/,
  },
  {
    rule: "signature-canonical",
    title: "a padded section length",
    attempt: () => {
      const bytes = image();
      return verifyImage(
        Uint8Array.from([...bytes.subarray(0, 9), 48 | 0x80, 0x00, ...bytes.subarray(10)]),
      );
    },
    message: /the header of the signature section is padded \(at byte 8\)/,
  },
  {
    rule: "section-length",
    title: "bytes after the last signature",
    attempt: () => verifyImage(withPayload(Uint8Array.from([...payload(image()), 0]))),
    message: /the signature section has 1 bytes too many/,
  },
  {
    rule: "content-hash",
    title: "a changed byte of the hash",
    attempt: () => verifyImage(patched(image(), HASH, (image()[HASH] ?? 0) ^ 1)),
    message:
      /the bytes of the image were changed: their hash is not the one in the signature section/,
  },
  {
    rule: "content-hash",
    title: "a detached signature of another image",
    attempt: () =>
      verifyImage(image(), {
        detached: payload(signImage(image({ data: '(data (i32.const 8) "other")' }), key)),
      }),
    message: /not the one in the detached signature/,
  },
  {
    rule: "signature-invalid",
    title: "a changed byte of a signature, though no key was asked for",
    attempt: () => {
      const bytes = signed();
      const last = bytes.length - image().length + 58 - 1;
      return verifyImage(patched(bytes, last, (bytes[last] ?? 0) ^ 1));
    },
    message: /signature 0 by phantasm-public-key:\S{44} does not verify/,
  },
  {
    rule: "signature-invalid",
    title: "a detached signature whose key was replaced",
    attempt: () => {
      const detached = payload(signed());
      detached.set(other.publicKey.id, 39);
      return verifyImage(image(), { detached });
    },
    message: /signature 0 by phantasm-public-key:\S{44} does not verify/,
  },
  {
    rule: "signature-version",
    title: "a detached signature that is no signature",
    attempt: () => verifyImage(image(), { detached: Uint8Array.of(9) }),
    message: /^the detached signature: the version of the signature format is 9/,
  },
  {
    rule: "signature-untrusted",
    title: "an unsigned image where a key is asked for",
    attempt: () => verifyImage(image(), { keys: [key.publicKey] }),
    message: /phantasm-public-key:\S{44} has not signed this image; it is not signed$/,
  },
  {
    rule: "signature-untrusted",
    title: "one of two keys that are asked for is missing",
    attempt: () => verifyImage(signed(), { keys: [key.publicKey, other.publicKey] }),
    message: /has not signed this image; signed by phantasm-public-key:\S{44}$/,
  },
  {
    rule: "digest-format",
    title: "a digest without its algorithm",
    attempt: () => verifyImage(image(), { digest: "0".repeat(64) }),
    message: /is not sha256: and 64 lower-case hex digits/,
  },
  {
    rule: "digest-mismatch",
    title: "another digest than the pinned one",
    attempt: () => verifyImage(image(), { digest: `sha256:${"0".repeat(64)}` }),
    message: /the image has digest sha256:[0-9a-f]{64}, not sha256:0{64}/,
  },
  {
    rule: "section-custom",
    title: "sealing a module with names in it",
    attempt: () =>
      sealImage(new Writer().raw(assemble("(module)")).custom("name", HEADER).finish(), MANIFEST),
    message: /the module to seal has a custom section "name"/,
  },
  {
    rule: "key-format",
    title: "a public key that is nothing of the kind",
    attempt: () => parsePublicKey("secret"),
    message: /expected a line phantasm-public-key:… or a PEM block PUBLIC KEY/,
  },
  {
    rule: "key-format",
    title: "a damaged public key in PEM",
    attempt: () => parsePublicKey("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"),
    message: /the PEM block PUBLIC KEY is damaged/,
  },
  {
    rule: "key-format",
    title: "a private key that is nothing of the kind",
    attempt: () => parsePrivateKey("secret"),
    message: /expected a PEM block PRIVATE KEY/,
  },
  {
    rule: "key-format",
    title: "an encrypted private key",
    attempt: () =>
      parsePrivateKey(
        generateKeyPairSync("ed25519", {
          privateKeyEncoding: {
            type: "pkcs8",
            format: "pem",
            cipher: "aes-128-cbc",
            passphrase: "x",
          },
          publicKeyEncoding: { type: "spki", format: "pem" },
        }).privateKey,
      ),
    message: /this private key is encrypted/,
  },
  {
    rule: "key-format",
    title: "a damaged private key",
    attempt: () => parsePrivateKey("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
    message: /the PEM block PRIVATE KEY is damaged/,
  },
  {
    rule: "key-kind",
    title: "a private key where a public one is wanted",
    attempt: () => parsePublicKey(key.format()),
    message: /this is a private key, a public one is needed/,
  },
  {
    rule: "key-kind",
    title: "a public key where a private one is wanted",
    attempt: () => parsePrivateKey(key.publicKey.text),
    message: /this is a public key, a private one is needed/,
  },
  {
    rule: "key-algorithm",
    title: "a key for Ed448",
    attempt: () =>
      parsePublicKey(
        generateKeyPairSync("ed448").publicKey.export({ type: "spki", format: "pem" }).toString(),
      ),
    message: /this is a key for ed448, an Ed25519 key is needed/,
  },
  {
    rule: "key-algorithm",
    title: "a public key line for another algorithm",
    attempt: () => parsePublicKey(`phantasm-public-key:${"A".repeat(44)}`),
    message: /this public key is not for Ed25519/,
  },
  {
    rule: "side-file",
    title: "an image where names are expected",
    attempt: () => parseNames(image(), verifyImage(image()).digest),
    message: /this is not a file of names/,
  },
  {
    rule: "side-file",
    title: "a file of names with half a digest",
    attempt: () =>
      parseNames(
        new Writer()
          .raw(HEADER)
          .custom("phantasm.digest", new Uint8Array(16))
          .custom("name", new Uint8Array(0))
          .finish(),
        `sha256:${"0".repeat(64)}`,
      ),
    message: /the digest in the file of names has a wrong length/,
  },
  {
    rule: "side-file-digest",
    title: "names of another image",
    attempt: () =>
      parseNames(
        encodeNames(`sha256:${"1".repeat(64)}`, new Uint8Array(3)),
        `sha256:${"2".repeat(64)}`,
      ),
    message: /the names belong to the image sha256:1{64}, not to sha256:2{64}: build again/,
  },
];
