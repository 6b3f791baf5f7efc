/** Frames of a trap → the lines of an AssemblyScript stack trace. */
import { decodedMappings, TraceMap, type SourceMapSegment } from "@jridgewell/trace-mapping";
import { readFunctionNames, type VerifiedImage } from "@phantasm/seal";
import { escapeTerminal } from "@phantasm/seal/escape";
import type { WasmFrame } from "../frames.js";
import { shortName } from "./names.js";
import type { SideFiles } from "./side-files.js";

/** A line of a source; both numbers from 1. */
export interface SourcePlace {
  readonly source: string;
  readonly line: number;
  readonly column: number;
}

/** What is needed of an image; see `VerifiedImage`. */
export type Located = Pick<VerifiedImage, "signatureShift" | "functions" | "imports">;

interface Line {
  readonly name: string;
  readonly source: string | null;
  readonly place: string;
}

const LINES_MAX = 24;
/** Of a name, and of a source: the rest is cut. */
const TEXT_CHARACTERS_MAX = 1024;
/** Said when a trace with a map has no line of the application. */
const INLINED =
  '    (the optimiser kept no line of the application here; profile: "debug" in phantasm.config.ts keeps all)';
/** Functions of the compiler's own: they supply defaults, or choose among overrides. */
const STUB = /@(?:varargs|override)$/;
/** Where the runtime ends a domain: says nothing about why. */
const ABORT_SOURCE = /@phantasm\/runtime\/abort\.ts$/;

/** Where it ends one that has no memory left, and the allocator on the way there. */
const EXHAUSTED_SOURCE = /@phantasm\/runtime\/heap\/exhausted\.ts$/;
const ALLOCATOR_SOURCE = /@phantasm\/runtime\/heap\/|^~lib\/rt\/tlsf\.ts$/;
/** Where the frames of a fibre begin and end: its edges say nothing about what it does. */
const SWITCH_SOURCE = /@phantasm\/fibre\/switch\.ts$/;

/**
 * Explains frames, innermost first, as in `    at parse (main.ts:12:5)`. Without side files it prints
 * indices and offsets, which a later build of the same sources can still explain. Safe to print.
 */
export function symbolise(
  frames: readonly WasmFrame[],
  image: Located,
  files: Pick<SideFiles, "names" | "sourceMap">,
): string[] {
  return new Symboliser(image, files).trace(frames);
}

/** Explains any number of traces of one image. */
export class Symboliser {
  readonly #image: Located;
  readonly #names: ReadonlyMap<number, string> | null;
  readonly #map: Places | null;

  constructor(image: Located, files: Pick<SideFiles, "names" | "sourceMap">) {
    this.#image = image;
    this.#names = files.names === null ? null : tolerate(readFunctionNames, files.names);
    this.#map = files.sourceMap === null ? null : tolerate(parseMap, files.sourceMap);
  }

  /** See `symbolise`. */
  trace(frames: readonly WasmFrame[]): string[] {
    const lines = frames.map((frame) => this.#line(frame));
    const shown = render(trim(lines));
    const sources = lines.flatMap(({ source }) => (source === null ? [] : [source]));
    if (sources.length > 0 && sources.every(isLibrary)) shown.push(INLINED);
    return shown;
  }

  /** The stack of a fibre that waits: without the way into the wait, and the way to the fibre. */
  fibre(frames: readonly WasmFrame[]): string[] {
    const lines = frames.map((frame) => this.#line(frame));
    const inside = lines.findIndex(({ source }) => source === null || !isEdge(source));
    if (inside < 0) return render(trim(lines));
    const after = lines.findIndex(({ source }, at) => at > inside && isSwitch(source));
    return render(trim(lines.slice(inside, after < 0 ? lines.length : after)));
  }

  /** Index of the function that a byte of the sealed image belongs to, imports included; or -1. */
  functionAt(offset: number): number {
    return indexOf(this.#image, offset);
  }

  /** Name and place of a function, not shortened or escaped; null where the side files say nothing. */
  describe(index: number): { readonly name: string | null; readonly place: SourcePlace | null } {
    const name = this.#names?.get(index) ?? null;
    const body = this.#image.functions[index - this.#image.imports.length];
    if (this.#map === null || body === undefined) return { name, place: null };
    const shift = this.#image.signatureShift;
    const place = firstPlace(this.#map, body.start - shift, body.end - shift, name);
    return { name, place };
  }

  #line(frame: WasmFrame): Line {
    const image = this.#image;
    const index = frame.functionIndex >= 0 ? frame.functionIndex : indexOf(image, frame.offset);
    const name = this.#names?.get(index) ?? frame.name ?? `function ${index}`;
    const shift = image.signatureShift;
    const start = image.functions[index - image.imports.length]?.start ?? 0;
    const map = this.#map;
    const found = map === null ? null : locate(map, name, frame.offset - shift, start - shift);
    const place = found === null ? `offset 0x${frame.offset.toString(16)}` : found.place;
    return { name: shortName(cut(name)), source: found?.source ?? null, place };
  }
}

function isSwitch(source: string | null): boolean {
  return source !== null && SWITCH_SOURCE.test(source);
}

function isEdge(source: string): boolean {
  return isSwitch(source) || ABORT_SOURCE.test(source);
}

/** A source map of which every segment has been looked at. */
interface Places {
  readonly sources: readonly string[];
  readonly segments: readonly SourceMapSegment[];
}

/** The whole file is one line; columns count bytes. Lines and columns of sources are 0-based. */
function parseMap(text: string): Places {
  const map = new TraceMap(text);
  const segments: readonly unknown[] = decodedMappings(map)[0] ?? [];
  return {
    sources: map.sources.map((source) => (typeof source === "string" ? cut(source) : "")),
    segments: segments.filter(isSegment),
  };
}

function isSegment(segment: unknown): segment is SourceMapSegment {
  return Array.isArray(segment) && segment.every((field) => typeof field === "number");
}

function cut(text: string): string {
  return text.length <= TEXT_CHARACTERS_MAX ? text : `${text.slice(0, TEXT_CHARACTERS_MAX)}…`;
}

/** Side files are not signed: whatever is in them, a trace is still printed. */
function tolerate<A, T>(parse: (input: A) => T, input: A): T | null {
  try {
    return parse(input);
  } catch {
    return null;
  }
}

interface Position {
  readonly source: string;
  readonly place: string;
}

/**
 * Where a byte comes from. Code that the optimiser has moved or merged has no place of its own: then
 * the nearest one before it counts, as long as it is in the same function.
 *
 * @param wanted tells which sources to look for
 */
function position(
  { sources, segments }: Places,
  offset: number,
  start: number,
  wanted: (source: string) => boolean,
): Position | null {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((segments[middle]?.[0] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  for (let at = low - 1; at >= 0; at--) {
    const segment = segments[at];
    if (segment === undefined || segment[0] < start) return null;
    if (segment.length === 1) continue;
    const source = sources[segment[1]] ?? "";
    if (source === "" || !wanted(source)) continue;
    return { source, place: `${source}:${segment[2] + 1}:${segment[3] + 1}` };
  }
  return null;
}

/**
 * The place of a frame. A function of the application into which library code was inlined is shown
 * by the application's own line; the library's follows.
 */
function locate(map: Places, name: string, offset: number, start: number): Position | null {
  const exact = position(map, offset, start, () => true);
  if (exact === null || !isLibrary(exact.source) || name.startsWith("~lib/")) return exact;
  const own = position(map, offset, start, (source) => !isLibrary(source));
  if (own === null) return exact;
  return { source: own.source, place: `${own.place}, inlined ${exact.place}` };
}

/** The first place in a function: of the application, when the function is the application's. */
function firstPlace(
  { sources, segments }: Places,
  start: number,
  end: number,
  name: string | null,
): SourcePlace | null {
  let found: SourcePlace | null = null;
  for (const segment of segments) {
    if (segment[0] < start || segment.length === 1) continue;
    if (segment[0] >= end) break;
    const source = sources[segment[1]] ?? "";
    if (source === "") continue;
    const place = { source, line: segment[2] + 1, column: segment[3] + 1 };
    found ??= place;
    if (name === null || name.startsWith("~lib/") || !isLibrary(source)) return place;
  }
  return found;
}

function indexOf(image: Located, offset: number): number {
  const at = image.functions.findIndex(({ start, end }) => offset >= start && offset < end);
  return at < 0 ? -1 : at + image.imports.length;
}

function isLibrary(source: string): boolean {
  return source.startsWith("~lib/") || source.startsWith(".phantasm/");
}

/** Drops the way into abort, the way from the host to the application, and stubs. */
function trim(all: readonly Line[]): readonly Line[] {
  const written = all.filter(({ name }) => !STUB.test(name));
  const lines = written.length === 0 ? all : written;
  const first = lines.findIndex(({ source }) => source === null || !ABORT_SOURCE.test(source));
  const last = lines.findLastIndex(({ source }) => source !== null && !isLibrary(source));
  // A fault of the library alone is shown whole.
  if (last < 0) return first < 0 ? lines : lines.slice(first);
  return lines.slice(
    Math.max(first, 0) + allocatorLines(lines.slice(Math.max(first, 0))),
    last + 1,
  );
}

/** How many lines only say that there was no memory. */
function allocatorLines(lines: readonly Line[]): number {
  if (!EXHAUSTED_SOURCE.test(lines[0]?.source ?? "")) return 0;
  return Math.max(
    lines.findIndex(({ source }) => source === null || !ALLOCATOR_SOURCE.test(source)),
    0,
  );
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
