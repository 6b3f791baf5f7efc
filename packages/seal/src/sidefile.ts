/**
 * The file of names beside an image: a module of two custom sections, `phantasm.digest` with the 32
 * bytes of the image's digest, and `name`. Tools that read WebAssembly can show it.
 */
import { SealError } from "./error.js";
import { DIGEST_PATTERN } from "./manifest-codec.js";
import { HEADER, splitSections } from "./sections.js";
import { HASH_BYTES } from "./signature.js";
import { Writer } from "./writer.js";

const DIGEST_SECTION = "phantasm.digest";
const NAME_SECTION = "name";

/**
 * Writes a file of names.
 *
 * @param digest of the image, as `VerifiedImage.digest` has it
 * @param names payload of a name section
 * @throws SealError `digest-format`
 */
export function encodeNames(digest: string, names: Uint8Array): Uint8Array<ArrayBuffer> {
  if (!DIGEST_PATTERN.test(digest))
    throw new SealError("digest-format", "a digest is sha256: and 64 lower-case hex digits");
  return new Writer(names.length + 128)
    .raw(HEADER)
    .custom(DIGEST_SECTION, Buffer.from(digest.slice("sha256:".length), "hex"))
    .custom(NAME_SECTION, names)
    .finish();
}

/**
 * Reads a file of names. The file is not signed: what it says is good for diagnosis only, and its
 * names must be escaped when they are shown.
 *
 * @returns the payload of the name section: a view of `file`
 * @throws SealError `side-file-digest` when it belongs to another image, or why it is no such file
 */
export function parseNames(file: Uint8Array, digest: string): Uint8Array {
  const [first, second, ...rest] = splitSections(file);
  if (first?.name !== DIGEST_SECTION || second?.name !== NAME_SECTION || rest.length > 0)
    throw new SealError("side-file", "this is not a file of names: digest and names are expected");
  const found = file.subarray(first.start, first.end);
  if (found.length !== HASH_BYTES)
    throw new SealError("side-file", "the digest in the file of names has a wrong length");
  const actual = `sha256:${Buffer.from(found).toString("hex")}`;
  if (actual !== digest)
    throw new SealError(
      "side-file-digest",
      `the names belong to the image ${actual}, not to ${digest}: build again`,
    );
  return file.subarray(second.start, second.end);
}

/**
 * Appends names to a verified image, in memory, so that traces and profiles show them. Every offset
 * stays. The result is for the engine only: it is not an image any more.
 *
 * @param names what `parseNames` returned
 */
export function appendNameSection(image: Uint8Array, names: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Writer(image.length + names.length + 32)
    .raw(image)
    .custom(NAME_SECTION, names)
    .finish();
}
