/** What the verifier knows about an image that passed. */
import type { FunctionImport, ModuleExport } from "./declarations.js";
import type { FunctionBody } from "./instructions.js";
import type { Manifest } from "./manifest.js";
import type { Section } from "./sections.js";

/** Only `verifyImage` makes one. All offsets count from the start of the file. */
export interface VerifiedImage {
  /** The bytes that were verified: a copy that belongs to this object. Compile these, never others. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly manifest: Manifest;
  /** `sha256:` and the hash of everything after the signature section: signing does not change it. */
  readonly digest: string;
  /** Texts of the keys whose signatures verified, embedded ones first, each once. */
  readonly signers: readonly string[];
  readonly sections: readonly Section[];
  /**
   * Bytes by which embedded signatures have moved everything behind them, compared with the unsigned
   * image. Source maps are written for the unsigned image: subtract this from an offset first.
   */
  readonly signatureShift: number;
  readonly imports: readonly FunctionImport[];
  readonly exports: readonly ModuleExport[];
  /** Bodies of the functions that the image defines; the first has index `imports.length`. */
  readonly functions: readonly FunctionBody[];
  /** Types of the mutable globals, `g0` first. */
  readonly mutableGlobals: readonly ("i32" | "i64")[];
}

/** What the operator demands of an image, besides the rules. */
export interface VerifyOptions {
  /** Each of these must have signed: texts as `PublicKey.text` has them. */
  readonly keys?: readonly { readonly text: string }[];
  /** The content must have this digest: `sha256:` and 64 hex digits. */
  readonly digest?: string;
  /** The contents of a detached signature file: as good as embedded signatures. */
  readonly detached?: Uint8Array;
}
