/** Makes images: seals a module, signs, takes signatures off. */
import { SealError } from "./error.js";
import { quote } from "./escape.js";
import type { PrivateKey } from "./keys.js";
import { encodeManifest, MANIFEST_SECTION } from "./manifest-codec.js";
import type { Manifest } from "./manifest.js";
import { Reader } from "./reader.js";
import { HEADER, splitSections, type Section } from "./sections.js";
import {
  encodeSignatureData,
  encodeSignatureSection,
  equalBytes,
  readSignatureData,
  sha256,
  signedMessage,
  type Signature,
  type SignatureData,
} from "./signature.js";
import { verifyImage } from "./verify.js";
import { Writer } from "./writer.js";

/** An image, and how far sealing has moved the sections of the module it was made from. */
export interface SealedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Add this to an offset in the module to find the same byte in the unsigned image. */
  readonly shift: number;
}

function assemble(data: SignatureData, content: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Writer(content.length + 2048)
    .raw(HEADER)
    .raw(encodeSignatureSection(data))
    .raw(content)
    .finish();
}

/**
 * Puts an empty signature section and the manifest in front of a module. The module is taken as it
 * is: run `verifyImage` on the result to know that it is an image.
 *
 * @throws SealError `section-custom` when the module has custom sections, or why the manifest or the
 * form of the module is refused
 */
export function sealImage(module: Uint8Array, manifest: Manifest): SealedModule {
  for (const { name, offset } of splitSections(module))
    if (name !== null)
      throw new SealError(
        "section-custom",
        `the module to seal has a custom section ${quote(name)}: names and maps go beside the image`,
        offset,
      );
  const content = new Writer(module.length + 1024)
    .custom(MANIFEST_SECTION, encodeManifest(manifest))
    .raw(module.subarray(HEADER.length))
    .finish();
  const bytes = assemble({ hash: sha256(content), signatures: [] }, content);
  return { bytes, shift: bytes.length - module.length };
}

/** Verifies an image and takes it apart. */
function open(image: Uint8Array): {
  data: SignatureData;
  content: Uint8Array;
  payload: Uint8Array;
} {
  const { bytes, sections } = verifyImage(image);
  const { start, end } = sections[0] as Section;
  return {
    data: readSignatureData(new Reader(bytes, start, end)),
    content: bytes.subarray(end),
    payload: bytes.slice(start, end),
  };
}

/**
 * Adds a signature; a key that has signed before replaces its own. Everything after the signature
 * section, and so the digest, stays the same.
 *
 * @throws SealError when the image does not verify: nobody signs what is broken; or
 * `signature-count`
 */
export function signImage(image: Uint8Array, key: PrivateKey): Uint8Array<ArrayBuffer> {
  const { data, content } = open(image);
  const added: Signature = {
    keyId: key.publicKey.id,
    signature: key.sign(signedMessage(data.hash)),
  };
  const others = data.signatures.filter(({ keyId }) => !equalBytes(keyId, added.keyId));
  const signed = { hash: data.hash, signatures: [...others, added] };
  // Refuses one signature too many.
  readSignatureData(new Reader(encodeSignatureData(signed)));
  return assemble(signed, content);
}

/** An image without its signatures, and the signatures as the contents of a file. */
export interface DetachedSignature {
  readonly image: Uint8Array<ArrayBuffer>;
  /** The payload of the signature section: give it to `verifyImage` as `detached`. */
  readonly signature: Uint8Array<ArrayBuffer>;
}

/**
 * Takes all signatures off an image.
 *
 * @throws SealError when the image does not verify
 */
export function detachSignature(image: Uint8Array): DetachedSignature {
  const { data, content, payload } = open(image);
  return {
    image: assemble({ hash: data.hash, signatures: [] }, content),
    signature: new Uint8Array(payload),
  };
}
