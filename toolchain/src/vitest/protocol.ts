/** What the JavaScript side and `@phantasm/testing` agree on, and what crosses the thread. */

/** Module name of the imports that only tests have. */
export const TESTING_MODULE = "phantasm-testing";

/** Sources of `@phantasm/testing`; their frames say nothing to the author of a test. */
export const TESTING_SOURCES = "~lib/@phantasm/testing/";

/** What the generated entry exports. */
export interface TestExports {
  readonly memory: WebAssembly.Memory;
  /** Runs the top level of every source, which registers the cases. */
  readonly start: () => void;
  /** Runs the case with that number, in the order of registration. */
  readonly runCase: (index: number) => void;
  /** Calls a function value of type `() => void`. */
  readonly callFunction: (index: number) => void;
}

/** One call inside the compiled test, innermost first in a list. */
export interface RawFrame {
  readonly name: string;
  /** Byte offset in the module. */
  readonly offset: number;
  /** Where the compiler says it is, for the call that aborts. */
  readonly place?: SourcePlace;
}

/** Line and column count from 1. */
export interface SourcePlace {
  /** As the source map names it. */
  readonly source: string;
  readonly line: number;
  readonly column: number;
}

/** A case that failed, before its frames are mapped to sources. */
export interface RawFailure {
  readonly name: string;
  readonly message: string;
  readonly frames: readonly RawFrame[];
  readonly expected?: string;
  readonly actual?: string;
}

/** What became of one case. */
export interface Outcome {
  readonly failure: RawFailure | null;
  /** Lines of `trace()`, and console output that the case did not take. */
  readonly log: readonly string[];
}

/** Reads an AssemblyScript string; its length in bytes stands in the word before it. */
export function readString(memory: WebAssembly.Memory, pointer: number): string | null {
  if (pointer === 0) return null;
  const bytes = new DataView(memory.buffer).getUint32((pointer >>> 0) - 4, true);
  return Buffer.from(memory.buffer, pointer >>> 0, bytes).toString("utf16le");
}
