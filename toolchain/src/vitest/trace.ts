/** From addresses in a compiled test to lines of AssemblyScript. */
import { TraceMap, originalPositionFor, traceSegment } from "@jridgewell/trace-mapping";
import { TESTING_SOURCES, type RawFrame, type SourcePlace } from "./protocol.js";

/** Calls kept of one failure. */
export const TRACE_FRAMES_MAX = 50;

const WASM_FRAME = /^\s*at (?:(.+) \()?wasm:\/\/[^\s)]*:wasm-function\[\d+\]:0x([0-9a-f]+)\)?$/;

/** A call as vitest shows it; line and column count from 1. */
export interface SourceFrame {
  readonly method: string;
  /** Absolute path, or `~lib/…` for AssemblyScript's own library. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The WebAssembly frames of V8's `Error.stack`, innermost first. */
export function parseFrames(stack: string | undefined): RawFrame[] {
  const frames: RawFrame[] = [];
  for (const line of (stack ?? "").split("\n")) {
    const match = WASM_FRAME.exec(line);
    if (match) frames.push({ name: match[1] ?? "", offset: Number.parseInt(match[2] ?? "0", 16) });
  }
  return frames;
}

/** `~lib/array/Array<~lib/string/String>#push` becomes `Array<String>#push`. */
function shortName(name: string): string {
  const short = name.replaceAll(/[^\s<>(),|]*\//g, "");
  if (short.includes("~anonymous")) return "anonymous";
  return isTopLevel(name) ? "top level" : short;
}

function isTopLevel(name: string): boolean {
  return /^(?:start:|~start$)/.test(name) && !name.includes("~anonymous");
}

function isTestLibrary(source: string): boolean {
  return source.startsWith(TESTING_SOURCES) && !source.endsWith(".test.ts");
}

export class SourceLines {
  readonly #map: TraceMap;
  readonly #paths: ReadonlyMap<string, string>;

  /**
   * @param sourceMap as asc wrote it: columns are byte offsets
   * @param paths from the names of sources to absolute paths
   */
  constructor(sourceMap: string, paths: ReadonlyMap<string, string>) {
    this.#map = new TraceMap(sourceMap);
    this.#paths = paths;
  }

  /** Frames of sources, without those of the test library and of generated code. */
  locate(frames: readonly RawFrame[]): SourceFrame[] {
    return frames.flatMap(({ name, offset, place = this.#place(name, offset) }) => {
      if (place === null || isTestLibrary(place.source)) return [];
      const { source, line, column } = place;
      return [{ method: shortName(name), file: this.#paths.get(source) ?? source, line, column }];
    });
  }

  /**
   * The compiler gives some calls no place, those of `a[i]` for example: their last operand has one.
   * Calls of top levels have no operand; before them lies another function.
   */
  #place(name: string, offset: number): SourcePlace | null {
    const before = (traceSegment(this.#map, 0, offset)?.[0] ?? 0) - 1;
    for (const column of isTopLevel(name) ? [offset] : [offset, before]) {
      if (column < 0) continue;
      const { source, line, column: from } = originalPositionFor(this.#map, { line: 1, column });
      if (source !== null) return { source, line, column: from + 1 };
    }
    return null;
  }
}
