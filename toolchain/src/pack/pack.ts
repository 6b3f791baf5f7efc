/**
 * Packs the static data of an image: `init` unpacks them before anything else, and memory is what it would have
 * been. Data of devices stay as they are; their bytes are counted and hashed in the manifest.
 */
import {
  HEADER,
  Opcode,
  Reader,
  readBody,
  SectionId,
  splitSections,
  Writer,
  type Section,
} from "@phantasm/seal";
import type { AddedData, CoreImage, FunctionRange } from "../link/core.js";
import { Relocation } from "../link/relocation.js";
import { compress, type Range } from "./compress.js";
import {
  scratchBytes,
  scratchData,
  Unpacker,
  type Scratch,
  type UnpackerFunction,
} from "./unpacker.js";

const PAGE_BYTES = 65_536;
/** A longer run of zeros is skipped and not written: it would take memory that is never used. */
const ZEROS_MAX = 4096;
/** More stay as they are: a megabyte takes ten seconds, and half a gigabyte of memory. */
const PACKED_BYTES_MAX = 2 ** 20;
const FUNCTION_TYPE = 0x60;
const I32 = 0x7f;
const BOUNDED = 1;
const FUNCTION_EXPORT = 0;
const FUNCTION_NAMES = 1;

interface Segment {
  readonly at: number;
  readonly data: Uint8Array;
}

/** A core image, taken apart as far as it changes. */
class Parts {
  readonly bytes: Uint8Array;
  readonly sections: readonly Section[];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.sections = splitSections(bytes);
  }

  reader(id: number): Reader | undefined {
    const section = this.sections.find((found) => found.id === id);
    return section && new Reader(this.bytes, section.start, section.end);
  }

  segments(): Segment[] {
    const reader = this.reader(SectionId.DATA);
    return Array.from({ length: reader?.u32("the number of segments") ?? 0 }, () => {
      reader?.skip(2, "a form");
      const at = (reader?.s32("an offset") ?? 0) >>> 0;
      reader?.u8("the end of an offset");
      return { at, data: reader?.take(reader.u32("a length"), "data") ?? new Uint8Array(0) };
    });
  }

  /** Index of the exported function `init`. */
  init(): number {
    const reader = this.reader(SectionId.EXPORT);
    for (let left = reader?.u32("the number of exports") ?? 0; left > 0; left--) {
      const name = reader?.name("a name");
      const kind = reader?.u8("a kind");
      const index = reader?.u32("an index") ?? 0;
      if (name === "init" && kind === FUNCTION_EXPORT) return index;
    }
    throw new Error("the compiler made a module without init");
  }

  /** Nothing but the end. */
  isEmpty(defined: number): boolean {
    const reader = this.reader(SectionId.CODE);
    if (!reader) return false;
    reader.u32("the number of bodies");
    for (let left = defined; left > 0; left--) readBody(reader);
    const { code, end } = readBody(reader);
    return this.bytes.subarray(code, end).every((byte) => byte === 0x01 || byte === Opcode.END);
  }
}

/** What is not zero, in pieces between which are long runs of zeros or data of devices. */
function findRanges(memory: Uint8Array, added: readonly AddedData[]): Range[] {
  const ranges: Range[] = [];
  const isFree = (from: number, to: number): boolean =>
    added.every(({ address, bytes }) => to <= address || address + bytes.length <= from);
  for (let at = 0; at < memory.length; at++) {
    if (memory[at] === 0) continue;
    const last = ranges.at(-1);
    if (last && at - last.end <= ZEROS_MAX && isFree(last.end, at))
      ranges[ranges.length - 1] = { start: last.start, end: at + 1 };
    else ranges.push({ start: at, end: at + 1 });
  }
  return ranges;
}

/** The largest room between what memory holds, or behind it. */
function findRoom(taken: readonly Range[], end: number): Range {
  let room: Range = { start: end, end };
  let from = 0;
  for (const range of [...taken, { start: end, end }].sort((a, b) => a.start - b.start)) {
    if (range.start - from > room.end - room.start) room = { start: from, end: range.start };
    from = Math.max(from, range.end);
  }
  return room;
}

/** @throws Error when the unpacker does not do what it should: a mistake of ours, and never shipped */
function check(unpacker: Unpacker, place: Segment, memory: Uint8Array): void {
  const module = new WebAssembly.Module(unpacker.module);
  const instance = new WebAssembly.Instance(module, { "": { init: () => undefined } });
  const exported = instance.exports as unknown as {
    readonly memory: WebAssembly.Memory;
    readonly unpack: () => void;
  };
  const bytes = Math.max(memory.length, place.at + place.data.length + PAGE_BYTES);
  exported.memory.grow(Math.ceil(bytes / PAGE_BYTES) - 1);
  new Uint8Array(exported.memory.buffer).set(place.data, place.at);
  exported.unpack();
  const unpacked = Buffer.from(exported.memory.buffer);
  const expected = Buffer.alloc(unpacked.length);
  expected.set(memory);
  if (!unpacked.equals(expected)) throw new Error("packed data do not unpack to what they were");
}

/**
 * @param added data of devices, which the core has
 * @returns the same when packing does not make it smaller, or would take too long
 */
export async function packData(core: CoreImage, added: readonly AddedData[]): Promise<CoreImage> {
  const parts = new Parts(core.bytes);
  const isAdded = ({ at }: Segment): boolean => added.some(({ address }) => address === at);
  const segments = parts.segments();
  const own = segments.filter((segment) => !isAdded(segment));
  // Memory may begin far larger than what is in it.
  const memory = new Uint8Array(Math.max(0, ...own.map(({ at, data }) => at + data.length)));
  for (const { at, data } of own) memory.set(data, at);
  const ranges = findRanges(memory, added);
  if (ranges.length === 0 || ranges[0]?.start === 0) return core;
  if (ranges.reduce((sum, { start, end }) => sum + end - start, 0) > PACKED_BYTES_MAX) return core;
  const packed = compress(memory, ranges);
  const bytes = scratchBytes(packed);
  const kept = segments.filter(isAdded);
  const taken = kept.map(({ at, data }) => ({ start: at, end: at + data.length }));
  const end = core.memory.minimum * PAGE_BYTES;
  const room = findRoom([...ranges, ...taken], end);
  const fits = room.end - room.start >= bytes;
  const scratch: Scratch = { address: fits ? room.start : end, bytes };
  const minimum = core.memory.minimum + (fits ? 0 : Math.ceil(bytes / PAGE_BYTES));
  if (minimum > core.memory.maximum) return core;
  const place = scratchData(scratch, packed);
  const init = parts.init();
  const calls = !parts.isEmpty(init - core.imports.length);
  const unpacker = await Unpacker.make(scratch, ranges.at(-1)?.end ?? 0, calls);
  check(unpacker, place, memory);
  const result = rewrite(core, parts, unpacker, { init, segments: [place, ...kept], minimum });
  return result.bytes.length < core.bytes.length ? result : core;
}

interface Changes {
  /** Index of what `init` was. */
  readonly init: number;
  readonly segments: readonly Segment[];
  readonly minimum: number;
}

function rewrite(core: CoreImage, parts: Parts, unpacker: Unpacker, changes: Changes): CoreImage {
  const { bytes } = core;
  const { init, segments, minimum } = changes;
  const first = core.imports.length + (parts.reader(SectionId.FUNCTION)?.u32("functions") ?? 0);
  const functions = unpacker.functions(first, init);
  const types = new Types(parts.reader(SectionId.TYPE));
  const indices = functions.map((added) => types.index(added));
  const output = new Writer(bytes.length + 1024).raw(HEADER);
  const relocation = new Relocation();
  const ranges = new Map<number, FunctionRange>();
  const more = (section: Section, count: number, contents: Uint8Array): Uint8Array => {
    const reader = new Reader(bytes, section.start, section.end);
    const before = reader.u32("a number of entries");
    return new Writer(section.end - section.start + contents.length + 8)
      .u32(before + count)
      .raw(bytes.subarray(reader.position, section.end))
      .raw(contents)
      .finish();
  };
  for (const section of parts.sections) {
    const whole = bytes.subarray(section.start, section.end);
    if (section.id === SectionId.TYPE) output.section(section.id, types.section());
    else if (section.id === SectionId.FUNCTION) {
      const added = new Writer();
      for (const index of indices) added.u32(index);
      output.section(section.id, more(section, functions.length, added.finish()));
    } else if (section.id === SectionId.MEMORY) {
      const { maximum } = core.memory;
      const limits = new Writer().u32(1).u8(BOUNDED).u32(minimum).u32(maximum);
      output.section(section.id, limits.finish());
    } else if (section.id === SectionId.EXPORT) {
      output.section(section.id, exportsWith(whole, first + functions.length - 1));
    } else if (section.id === SectionId.CODE) {
      const added = new Writer();
      const starts = functions.map(({ body }) => {
        const start = added.length;
        added.sized(body);
        return start;
      });
      output.section(section.id, more(section, functions.length, added.finish()));
      const shift = output.length - added.length - section.end;
      relocation.from(section.start, shift);
      for (const [index, { start, end }] of core.functions)
        ranges.set(index, { start: start + shift, end: end + shift });
      const base = output.length - added.length;
      starts.forEach((start, at) => {
        const end = starts[at + 1] ?? added.length;
        ranges.set(first + at, { start: base + start, end: base + end });
      });
    } else if (section.id === SectionId.DATA) {
      output.section(section.id, dataOf(segments));
    } else output.section(section.id, whole);
  }
  return {
    ...core,
    bytes: output.finish(),
    relocation: { apply: (offset) => relocation.apply(core.relocation.apply(offset)) },
    names: namesWith(core.names, first, functions),
    functions: ranges,
    memory: { ...core.memory, minimum },
  };
}

function dataOf(segments: readonly Segment[]): Uint8Array {
  const length = segments.reduce((sum, { data }) => sum + data.length + 16, 8);
  const contents = new Writer(length).u32(segments.length);
  for (const { at, data } of segments)
    contents.u8(0).u8(Opcode.I32_CONST).s32(at).u8(Opcode.END).sized(data);
  return contents.finish();
}

/** The types of a module, to which some may be added. */
class Types {
  readonly #known: string[] = [];
  readonly #contents = new Writer(1024);

  constructor(reader: Reader | undefined) {
    for (let left = reader?.u32("the number of types") ?? 0; left > 0; left--) {
      reader?.u8("a function type");
      const parameters = reader?.take(reader.u32("parameters"), "parameters") ?? [];
      const results = reader?.take(reader.u32("results"), "results") ?? [];
      this.#add([...parameters], [...results]);
    }
  }

  /** Of a function that has i32 only. */
  index({ parameters, results }: Pick<UnpackerFunction, "parameters" | "results">): number {
    const types = (count: number): number[] => new Array<number>(count).fill(I32);
    const key = `${types(parameters).join()}>${types(results).join()}`;
    const known = this.#known.indexOf(key);
    return known >= 0 ? known : this.#add(types(parameters), types(results));
  }

  section(): Uint8Array {
    return new Writer(this.#contents.length + 8)
      .u32(this.#known.length)
      .raw(this.#contents.finish())
      .finish();
  }

  #add(parameters: readonly number[], results: readonly number[]): number {
    this.#contents.u8(FUNCTION_TYPE).sized(parameters).sized(results);
    return this.#known.push(`${parameters.join()}>${results.join()}`) - 1;
  }
}

/** The exports, of which `init` is another function. */
function exportsWith(contents: Uint8Array, init: number): Uint8Array {
  const reader = new Reader(contents);
  const count = reader.u32("the number of exports");
  const output = new Writer(contents.length + 8).u32(count);
  for (let left = count; left > 0; left--) {
    const name = reader.name("a name");
    const kind = reader.u8("a kind");
    const index = reader.u32("an index");
    output.name(name).u8(kind);
    output.u32(name === "init" && kind === FUNCTION_EXPORT ? init : index);
  }
  return output.finish();
}

/** A name section with the names of functions that have come behind all others. */
function namesWith(
  payload: Uint8Array,
  first: number,
  functions: readonly UnpackerFunction[],
): Uint8Array {
  const reader = new Reader(payload);
  const output = new Writer(payload.length + 256);
  while (reader.remaining > 0) {
    const id = reader.u8("a subsection");
    const contents = reader.take(reader.u32("a length"), "a subsection");
    if (id !== FUNCTION_NAMES) {
      output.u8(id).sized(contents);
      continue;
    }
    const part = new Reader(contents);
    const count = part.u32("the number of names");
    const names = new Writer(contents.length + 256).u32(count + functions.length);
    names.raw(contents.subarray(part.position));
    functions.forEach(({ name }, at) => names.u32(first + at).name(name));
    output.u8(id).sized(names.finish());
  }
  return output.finish();
}
