export * from "./manifest.js";
export { encodeManifest, parseManifest, DIGEST_PATTERN } from "./manifest-codec.js";
export { parseDecimal64 } from "./manifest-arguments.js";

export { verifyImage } from "./verify.js";
export type { VerifiedImage, VerifyOptions } from "./image.js";
export { checkCompiled, engineRefusal } from "./compiled.js";
export { impliedHypercalls } from "./boundary.js";
export type { ExportKind, FunctionImport, ModuleExport } from "./declarations.js";
export { SealError } from "./error.js";
export { RULES, type SealRule } from "./rules.js";

export { detachSignature, sealImage, signImage } from "./seal.js";
export type { DetachedSignature, SealedModule } from "./seal.js";
export {
  formatPrivateKey,
  formatPublicKey,
  generateKey,
  parsePrivateKey,
  parsePublicKey,
} from "./keys.js";
export type { PrivateKey, PublicKey } from "./keys.js";

export { appendNameSection, encodeNames, parseNames } from "./sidefile.js";
export { readFunctionNames } from "./names.js";
export { escapeHtml, escapeTerminal } from "./escape.js";

export { Reader } from "./reader.js";
export { Writer } from "./writer.js";
export { HEADER, SECTION_NAMES, SectionId, splitSections, type Section } from "./sections.js";
export { InstructionCursor, readBody, type FunctionBody } from "./instructions.js";
export { Immediate, IMMEDIATES, Opcode } from "./opcodes.js";
export * as limits from "./limits.js";
