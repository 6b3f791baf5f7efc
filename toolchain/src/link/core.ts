/**
 * From the optimiser's output to the core of an image: standard sections only, and no mutable global
 * that loses bits on its way through JavaScript.
 */
import {
  HEADER,
  Opcode,
  Reader,
  SectionId,
  Writer,
  readBody,
  splitSections,
  type Section,
} from "@phantasm/seal";
import { FloatGlobals, readGlobals, rewriteBody } from "./float-globals.js";
import { Relocation } from "./relocation.js";

export interface FunctionRange {
  readonly start: number;
  readonly end: number;
}

export interface CoreImage {
  readonly bytes: Uint8Array;
  /** Old offset to offset in `bytes`. */
  readonly relocation: Pick<Relocation, "apply">;
  /** Payload of the name section that was taken out; empty if there was none. */
  readonly names: Uint8Array;
  /** Where each function lies in `bytes`, its length prefix included, by function index. */
  readonly functions: ReadonlyMap<number, FunctionRange>;
  /** Pages of the memory. */
  readonly memory: { readonly minimum: number; readonly maximum: number };
  readonly imports: readonly string[];
}

function find(sections: readonly Section[], id: number): Section | undefined {
  return sections.find((section) => section.id === id);
}

/** Number of parameters of each function that has a body. */
export function parameterCounts(bytes: Uint8Array, sections: readonly Section[]): number[] {
  const types = find(sections, SectionId.TYPE);
  const functions = find(sections, SectionId.FUNCTION);
  if (!types || !functions) return [];
  const reader = new Reader(bytes, types.start, types.end);
  const counts = Array.from({ length: reader.count("types") }, () => {
    reader.u8("a function type");
    const parameters = reader.count("parameters");
    reader.skip(parameters, "parameters");
    reader.skip(reader.count("results"), "results");
    return parameters;
  });
  const declared = new Reader(bytes, functions.start, functions.end);
  return Array.from(
    { length: declared.count("functions") },
    () => counts[declared.u32("a type index")] ?? 0,
  );
}

/** What is to be added to the memory that an image starts with. */
export interface AddedData {
  readonly address: number;
  readonly bytes: Uint8Array;
}

const PAGE_BYTES = 65_536;
/** The flags of a memory that has a maximum. */
const BOUNDED = 1;

function readMemory(bytes: Uint8Array, section: Section | undefined): CoreImage["memory"] {
  if (!section) throw new Error("the compiler made a module without memory");
  const reader = new Reader(bytes, section.start, section.end);
  reader.u32("the number of memories");
  reader.u8("limits");
  return { minimum: reader.u32("a minimum"), maximum: reader.u32("a maximum") };
}

function readImports(bytes: Uint8Array, section: Section | undefined): string[] {
  if (!section) return [];
  const reader = new Reader(bytes, section.start, section.end);
  return Array.from({ length: reader.count("imports") }, () => {
    const name = `${reader.name("a module")}.${reader.name("a name")}`;
    reader.u8("a kind");
    reader.u32("a type index");
    return name;
  });
}

/** The data section with more segments, which the optimiser has not seen. */
function withData(
  bytes: Uint8Array,
  section: Section | undefined,
  added: readonly AddedData[],
): Uint8Array {
  const reader = section && new Reader(bytes, section.start, section.end);
  const count = reader?.u32("the number of segments") ?? 0;
  const length = added.reduce((sum, { bytes: data }) => sum + data.length + 16, 16);
  const contents = new Writer(length + (section ? section.end - section.start : 0));
  contents.u32(count + added.length);
  if (reader && section) contents.raw(bytes.subarray(reader.position, section.end));
  for (const { address, bytes: data } of added)
    contents.u8(0).u8(Opcode.I32_CONST).s32(address).u8(Opcode.END).sized(data);
  return contents.finish();
}

/**
 * Strips what a seal does not allow and turns float globals into integer ones.
 *
 * @param added lies behind all other data, in ascending order; memory begins large enough for it
 * @param pagesMin memory begins with so many at least
 */
export function coreImage(
  bytes: Uint8Array,
  added: readonly AddedData[] = [],
  pagesMin = 0,
): CoreImage {
  const sections = splitSections(bytes);
  const nameSection = sections.find(({ name }) => name === "name");
  const globalEntries = readGlobals(bytes, find(sections, SectionId.GLOBAL));
  const globals = new FloatGlobals(globalEntries);
  const mutable = globalEntries.filter((entry) => entry.mutable).length;
  const imports = readImports(bytes, find(sections, SectionId.IMPORT));
  const parameters = parameterCounts(bytes, sections);
  const functions = new Map<number, FunctionRange>();
  const relocation = new Relocation();
  const given = readMemory(bytes, find(sections, SectionId.MEMORY));
  const end = Math.max(0, ...added.map(({ address, bytes: data }) => address + data.length));
  const minimum = Math.max(given.minimum, Math.ceil(end / PAGE_BYTES), pagesMin);
  const memory = { ...given, minimum };
  const output = new Writer(
    bytes.length + 1024 + added.reduce((sum, data) => sum + data.bytes.length + 16, 0),
  ).raw(HEADER);

  const copy = (section: Section): void => {
    const contents = bytes.subarray(section.start, section.end);
    output.section(section.id, contents);
    relocation.from(section.start, output.length - contents.length - section.start);
  };

  const code = (section: Section): void => {
    const reader = new Reader(bytes, section.start, section.end);
    const count = reader.u32("the number of bodies");
    const contents = new Writer(section.end - section.start + 1024).u32(count);
    const moves: [number, number][] = [];
    const ranges: FunctionRange[] = [];
    for (let index = 0; index < count; index++) {
      const body = readBody(reader);
      const inside: [number, number][] = [];
      const written = globals.any
        ? rewriteBody(bytes, body, parameters[index] ?? 0, globals, (old, at) =>
            inside.push([old, at]),
          )
        : bytes.subarray(body.start, body.end);
      const before = contents.length;
      contents.sized(written);
      ranges.push({ start: before, end: contents.length });
      const start = contents.length - written.length;
      moves.push(
        [body.start, start],
        ...inside.map(([old, at]) => [old, start + at] as [number, number]),
      );
    }
    output.section(section.id, contents.finish());
    const base = output.length - contents.length;
    for (const [old, at] of moves) relocation.from(old, base + at - old);
    for (const [index, { start, end }] of ranges.entries())
      functions.set(imports.length + index, { start: base + start, end: base + end });
  };

  const exports = (section: Section): void => {
    const reader = new Reader(bytes, section.start, section.end);
    const count = reader.u32("the number of exports");
    const contents = new Writer(256)
      .u32(count + globals.added)
      .raw(bytes.subarray(reader.position, section.end));
    for (const { name, index } of globals.exports(mutable)) contents.name(name).u8(3).u32(index);
    output.section(section.id, contents.finish());
  };

  for (const section of sections) {
    if (section.id === SectionId.CUSTOM || section.id === SectionId.DATA_COUNT) continue;
    if (section.id === SectionId.DATA && added.length > 0) continue;
    if (section.id === SectionId.MEMORY && memory.minimum !== given.minimum) {
      const { minimum, maximum } = memory;
      output.section(
        section.id,
        new Writer().u32(1).u8(BOUNDED).u32(minimum).u32(maximum).finish(),
      );
      continue;
    }
    if (section.id === SectionId.CODE) code(section);
    else if (section.id === SectionId.GLOBAL && globals.any)
      output.section(section.id, globals.section(bytes));
    else if (section.id === SectionId.EXPORT && globals.added > 0) exports(section);
    else copy(section);
  }
  // The last of all sections.
  if (added.length > 0)
    output.section(SectionId.DATA, withData(bytes, find(sections, SectionId.DATA), added));
  return {
    bytes: output.finish(),
    relocation,
    names: nameSection ? bytes.slice(nameSection.start, nameSection.end) : new Uint8Array(0),
    functions,
    memory,
    imports,
  };
}
