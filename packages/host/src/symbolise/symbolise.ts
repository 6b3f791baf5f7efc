/** Frames of a trap → the lines of an AssemblyScript stack trace. */
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { escapeTerminal } from "@phantasm/seal/escape";
import type { VerifiedImage } from "@phantasm/seal";
import type { WasmFrame } from "../frames.js";
import { readFunctionNames, shortName } from "./names.js";
import type { SideFiles } from "./side-files.js";

/** What is needed of an image; see `VerifiedImage`. */
export type Located = Pick<VerifiedImage, "signatureShift" | "functions" | "imports">;

interface Line {
  readonly name: string;
  readonly source: string | null;
  readonly place: string;
}

const LINES_MAX = 24;
/** Where the runtime ends a domain: says nothing about why. */
const ABORT_SOURCE = /@phantasm\/runtime\/abort\.ts$/;

/**
 * Explains frames, innermost first, as in `    at parse (main.ts:12:5)`. Without side files it prints
 * indices and offsets, which a later build of the same sources can still explain. Safe to print.
 */
export function symbolise(
  frames: readonly WasmFrame[],
  image: Located,
  files: Pick<SideFiles, "names" | "sourceMap">,
): string[] {
  const names = files.names === null ? null : tolerate(readFunctionNames, files.names);
  const map = files.sourceMap === null ? null : tolerate(parseMap, files.sourceMap);
  const lines = frames.map((frame): Line => {
    const index = frame.functionIndex >= 0 ? frame.functionIndex : indexOf(image, frame.offset);
    const name = names?.get(index) ?? frame.name ?? `function ${index}`;
    const found = map === null ? null : position(map, frame.offset - image.signatureShift);
    const place = found === null ? `offset 0x${frame.offset.toString(16)}` : found.place;
    return { name: shortName(name), source: found?.source ?? null, place };
  });
  return render(trim(lines));
}

function parseMap(text: string): TraceMap {
  return new TraceMap(text);
}

/** Side files are not signed: whatever is in them, a trace is still printed. */
function tolerate<A, T>(parse: (input: A) => T, input: A): T | null {
  try {
    return parse(input);
  } catch {
    return null;
  }
}

function position(map: TraceMap, offset: number): { source: string; place: string } | null {
  if (offset < 0) return null;
  // The whole file is line 1; columns count bytes. Columns of the sources are 0-based in the map.
  const { source, line, column } = originalPositionFor(map, { line: 1, column: offset });
  if (source === null || line === null || column === null) return null;
  return { source, place: `${source}:${line}:${column + 1}` };
}

function indexOf(image: Located, offset: number): number {
  const at = image.functions.findIndex(({ start, end }) => offset >= start && offset < end);
  return at < 0 ? -1 : at + image.imports.length;
}

function isLibrary({ source }: Line): boolean {
  return source === null || source.startsWith("~lib/") || source.startsWith(".phantasm/");
}

/** Drops the way into abort, and the way from the host to the application. */
function trim(lines: readonly Line[]): readonly Line[] {
  const first = lines.findIndex(({ source }) => source === null || !ABORT_SOURCE.test(source));
  const last = lines.findLastIndex((line) => !isLibrary(line));
  // A fault of the library alone is shown whole.
  if (last < 0) return first < 0 ? lines : lines.slice(first);
  return lines.slice(Math.max(first, 0), last + 1);
}

/** Folds what repeats (a recursion) and cuts what is too long. */
function render(lines: readonly Line[]): string[] {
  const out: string[] = [];
  let repeats = 0;
  lines.forEach((line, at) => {
    const text = `    at ${escapeTerminal(`${line.name} (${line.place})`)}`;
    if (text === out.at(-1)) {
      repeats++;
    } else {
      if (repeats > 0) out.push(`       … ${repeats} more of the same`);
      repeats = 0;
      out.push(text);
    }
    if (at === lines.length - 1 && repeats > 0) out.push(`       … ${repeats} more of the same`);
  });
  if (out.length <= LINES_MAX) return out;
  return [...out.slice(0, LINES_MAX), `       … ${out.length - LINES_MAX} more`];
}
