/** The one verifier. The toolchain calls it after building, the host before compiling. */
import { checkExports, checkImports } from "./boundary.js";
import { checkCode } from "./code.js";
import {
  readExportSection,
  readFunctionSection,
  readGlobalSection,
  readImportSection,
  readMemorySection,
  readTableSection,
  readTypeSection,
  type FunctionImport,
  type Global,
  type Limits,
  type ModuleExport,
} from "./declarations.js";
import { SealError } from "./error.js";
import { quote } from "./escape.js";
import type { VerifiedImage, VerifyOptions } from "./image.js";
import type { FunctionBody } from "./instructions.js";
import { IMAGE_BYTES_MAX, PAGE_BYTES } from "./limits.js";
import { DIGEST_PATTERN, MANIFEST_SECTION, parseManifest } from "./manifest-codec.js";
import type { Manifest } from "./manifest.js";
import { Reader } from "./reader.js";
import { checkData, checkElements } from "./segments.js";
import { SECTION_NAMES, SectionId, splitSections, type Section } from "./sections.js";
import {
  checkSignatures,
  encodeSignatureSection,
  equalBytes,
  HASH_BYTES,
  parseDetachedSignature,
  readSignatureData,
  sha256,
  SIGNATURE_SECTION,
  type SignatureData,
} from "./signature.js";

/** Bytes of the signature section of an unsigned image. */
const UNSIGNED_SECTION_BYTES = encodeSignatureSection({
  hash: new Uint8Array(HASH_BYTES),
  signatures: [],
}).length;

/** Takes a copy that nobody else holds, so that what was verified is what is compiled. */
function privateCopy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (!(bytes instanceof Uint8Array) || !(bytes.buffer instanceof ArrayBuffer))
    throw new SealError("buffer", "an image must be a Uint8Array over memory that is not shared");
  if (bytes.byteLength > IMAGE_BYTES_MAX)
    throw new SealError(
      "file-size",
      `the image has ${String(bytes.byteLength)} bytes, at most ${String(IMAGE_BYTES_MAX)} are allowed`,
    );
  return new Uint8Array(bytes);
}

/** Offset and data of the signature section, which must be the first one and exactly as we write it. */
function readSignatureSection(
  bytes: Uint8Array,
  section: Section | undefined,
): { data: SignatureData; end: number } {
  if (section?.name !== SIGNATURE_SECTION)
    throw new SealError(
      "signature-missing",
      "the first section is not `signature`: this module is not sealed",
      section?.offset ?? bytes.length,
    );
  const data = readSignatureData(new Reader(bytes, section.start, section.end));
  // The payload is canonical by now; this finds padding in the header of the section.
  if (!equalBytes(encodeSignatureSection(data), bytes.subarray(section.offset, section.end)))
    throw new SealError(
      "signature-canonical",
      "the header of the signature section is padded",
      section.offset,
    );
  return { data, end: section.end };
}

function checkHash(actual: Uint8Array, data: SignatureData, which: string): void {
  if (!equalBytes(actual, data.hash))
    throw new SealError(
      "content-hash",
      `the bytes of the image were changed: their hash is not the one in ${which}`,
    );
}

/** Checks hash and signatures. @returns digest and signers */
function checkSeal(
  content: Uint8Array,
  embedded: SignatureData,
  options: VerifyOptions,
): { digest: string; signers: string[] } {
  const hash = sha256(content);
  checkHash(hash, embedded, "the signature section");
  const signers = new Set(checkSignatures(embedded));
  if (options.detached !== undefined) {
    const detached = parseDetachedSignature(options.detached);
    checkHash(hash, detached, "the detached signature");
    for (const signer of checkSignatures(detached)) signers.add(signer);
  }
  for (const { text } of options.keys ?? [])
    if (!signers.has(text))
      throw new SealError(
        "signature-untrusted",
        `${text} has not signed this image; ${signers.size === 0 ? "it is not signed" : `signed by ${[...signers].join(", ")}`}`,
      );
  const digest = `sha256:${Buffer.from(hash).toString("hex")}`;
  if (options.digest !== undefined) checkDigest(digest, options.digest);
  return { digest, signers: [...signers] };
}

function checkDigest(actual: string, pinned: string): void {
  if (!DIGEST_PATTERN.test(pinned))
    throw new SealError(
      "digest-format",
      `the digest ${quote(pinned)} is not sha256: and 64 lower-case hex digits`,
    );
  if (actual !== pinned)
    throw new SealError("digest-mismatch", `the image has digest ${actual}, not ${pinned}`);
}

function readManifest(bytes: Uint8Array, section: Section | undefined): Manifest {
  if (section?.name !== MANIFEST_SECTION)
    throw new SealError(
      "manifest-missing",
      "the second section is not `manifest`",
      section?.offset ?? bytes.length,
    );
  return parseManifest(bytes.subarray(section.start, section.end));
}

/** Refuses sections that may not be there, may not be twice, or are out of order. */
function checkOrder(sections: readonly Section[]): void {
  let last = 0;
  for (const { id, name, offset } of sections) {
    if (id === SectionId.CUSTOM)
      throw new SealError(
        "section-custom",
        `custom section ${quote(name ?? "")}: only signature and manifest are allowed, in front`,
        offset,
      );
    const label = SECTION_NAMES[id];
    if (label === undefined || id === SectionId.START || id > SectionId.DATA)
      throw new SealError(
        "section-unknown",
        label === undefined
          ? `a section has unknown id ${String(id)}`
          : `the ${label} section is not allowed`,
        offset,
      );
    if (id <= last)
      throw new SealError(
        "section-order",
        id === last
          ? `there are two ${label} sections`
          : `the ${label} section comes after the ${SECTION_NAMES[last] ?? ""} section`,
        offset,
      );
    last = id;
  }
}

interface Contents {
  readonly imports: readonly FunctionImport[];
  readonly globals: readonly Global[];
  readonly exports: readonly ModuleExport[];
  readonly functions: readonly FunctionBody[];
}

const EMPTY = new Uint8Array(1);

/** Reads the standard sections in one pass, and checks them against the manifest. */
function checkContents(
  bytes: Uint8Array,
  sections: readonly Section[],
  manifest: Manifest,
): Contents {
  const byId = new Map(sections.map((section) => [section.id, section]));
  // A section that is absent reads as one with no items.
  const read = <T>(id: number, parse: (reader: Reader) => T): T => {
    const section = byId.get(id);
    const reader = section ? new Reader(bytes, section.start, section.end) : new Reader(EMPTY);
    const result = parse(reader);
    reader.finish(`the ${SECTION_NAMES[id] ?? ""} section`);
    return result;
  };
  const types = read(SectionId.TYPE, readTypeSection);
  const imports = read(SectionId.IMPORT, (reader) => readImportSection(reader, types));
  checkImports(imports, manifest);
  const imported = imports.length;
  const functions = read(SectionId.FUNCTION, (reader) =>
    readFunctionSection(reader, types, imported),
  );
  const entries = read(SectionId.TABLE, readTableSection);
  const memory = read(SectionId.MEMORY, readMemorySection);
  checkMemory(memory, manifest.memory, byId.get(SectionId.MEMORY)?.offset);
  const globals = read(SectionId.GLOBAL, readGlobalSection);
  const exports = read(SectionId.EXPORT, readExportSection);
  checkExports(exports, { imported, functions, globals });
  read(SectionId.ELEMENT, (reader) => {
    checkElements(reader, entries, imported + functions.length);
  });
  const bodies = read(SectionId.CODE, (reader) => checkCode(reader, imported, functions.length));
  read(SectionId.DATA, (reader) => {
    checkData(reader, memory.minimum * PAGE_BYTES);
  });
  return { imports, globals, exports, functions: bodies };
}

function checkMemory(actual: Limits, declared: Limits, offset: number | undefined): void {
  if (actual.minimum !== declared.minimum || actual.maximum !== declared.maximum)
    throw new SealError(
      "memory-limits",
      `the memory has ${String(actual.minimum)} to ${String(actual.maximum)} pages, the manifest declares ${String(declared.minimum)} to ${String(declared.maximum)}`,
      offset,
    );
}

/**
 * Checks every rule of the seal, and what the operator demands.
 *
 * It takes a copy: what the caller does to `bytes` later has no effect on the result. Time and
 * memory are linear in the size of the image, whatever it contains.
 *
 * @throws SealError with the rule that was broken; nothing else
 */
export function verifyImage(bytes: Uint8Array, options: VerifyOptions = {}): VerifiedImage {
  const copy = privateCopy(bytes);
  const sections = splitSections(copy);
  const { data, end } = readSignatureSection(copy, sections[0]);
  const { digest, signers } = checkSeal(copy.subarray(end), data, options);
  const manifest = readManifest(copy, sections[1]);
  const standard = sections.slice(2);
  checkOrder(standard);
  const { imports, globals, exports, functions } = checkContents(copy, standard, manifest);
  return {
    bytes: copy,
    manifest,
    digest,
    signers,
    sections,
    signatureShift: end - (sections[0]?.offset ?? 0) - UNSIGNED_SECTION_BYTES,
    imports,
    exports,
    functions,
    mutableGlobals: globals.flatMap(({ type, mutable }) =>
      mutable ? [type === "i64" ? "i64" : "i32"] : [],
    ),
  };
}
