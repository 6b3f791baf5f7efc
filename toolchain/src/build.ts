/** From a folder with a configuration to a sealed image beside its side files. */
import type { Manifest } from "@phantasm/seal";
import type { Diagnostic } from "./diagnostics.js";
import type { Graph } from "./graph.js";

/** What a long build is doing, for a progress line. */
export type BuildStage = "configuration" | "compile" | "link" | "verify";

export interface BuildOptions {
  /** Folder that holds phantasm.config.ts. */
  readonly directory: string;
  /** Where the image goes; default `dist/NAME.wasm` in the folder. */
  readonly output?: string;
  readonly onStage?: (stage: BuildStage) => void;
}

export interface BuildResult {
  readonly image: Uint8Array;
  /** Absolute path of the image; `.map` and `.names` lie beside it. */
  readonly path: string;
  /** `sha256:…` over what the seal covers. */
  readonly digest: string;
  readonly manifest: Manifest;
  readonly graph: Graph;
  readonly warnings: readonly Diagnostic[];
  /** Absolute paths whose change asks for another build. */
  readonly inputs: readonly string[];
}
