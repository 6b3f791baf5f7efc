/**
 * Leaves out the bytes of string literals that nothing can read. The compiler puts every literal it meets
 * into static data, also those of code that the optimiser then finds to be never reached: messages of
 * assertions that hold, names of files for calls that are gone.
 *
 * Looking for a literal's address in the optimised code would not do: the optimiser folds constants, and
 * what was the address of a string less 96 is one number then, which may lie in another string. So the
 * question is put to a copy of the module in which the address of every string is a variable that no pass
 * can know. A variable that is not read after the passes has no influence on what the copy does. Both
 * modules do the same, so the address has no influence on the image either, and what lies there cannot be
 * reached.
 *
 * Addresses do not change: the bytes of an unused string are zero. A constant expression over the address
 * of a string must stay within the string, as any reference to an object must for the collector.
 */
import {
  HEADER,
  Immediate,
  IMMEDIATES,
  InstructionCursor,
  Opcode,
  Reader,
  SectionId,
  Writer,
  readBody,
  splitSections,
  type Section,
} from "@phantasm/seal";
import { readGlobals, type Global } from "../link/float-globals.js";
import { setSegments } from "./memory.js";
import type { Binaryen, Module } from "./optimise.js";

/** Finds what is never reached or always the same; a full optimisation finds no more strings unused. */
const PASSES = [
  "simplify-globals",
  ...["dae", "precompute-propagate", "dce", "remove-unused-brs", "vacuum"],
  ...["dae", "precompute-propagate", "dce", "remove-unused-brs", "vacuum"],
  "remove-unused-module-elements",
];

const I32 = 0x7f;
const I32_ADD = 0x6a;
const END = 0x0b;
const HEADER_BYTES = 20;
/** Of the class String, the same in every program. */
const STRING_ID = 2;
/** Export of the variable of the string in segment N. */
const EXPORT = /^string(\d+)$/;

interface Segment {
  readonly start: number;
  readonly data: Uint8Array;
  readonly isString: boolean;
}

function readSegments(bytes: Uint8Array, section: Section | undefined): Segment[] {
  if (!section) return [];
  const reader = new Reader(bytes, section.start, section.end);
  return Array.from({ length: reader.count("segments") }, () => {
    const form = reader.u32("a form");
    if (form !== 0 || reader.u8("an offset") !== Opcode.I32_CONST)
      throw new Error("the compiler made a data segment of an unknown form");
    const start = reader.s32("an offset") >>> 0;
    reader.u8("the end of an offset");
    const data = reader.take(reader.count("bytes"), "data");
    return { start, data, isString: isString(data) };
  });
}

/** A segment is one object; before its contents are its class and its length (rt/common of the compiler). */
function isString(data: Uint8Array): boolean {
  if (data.length < HEADER_BYTES) return false;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const length = view.getUint32(16, true);
  return view.getUint32(12, true) === STRING_ID && HEADER_BYTES + length <= data.length;
}

/** Segments by address. The end of one counts as its own: a loop may stop there. */
class Layout {
  readonly segments: readonly Segment[];
  readonly #order: readonly number[];

  constructor(segments: readonly Segment[]) {
    this.segments = segments;
    this.#order = segments
      .map((_, index) => index)
      .sort((a, b) => (segments[a]?.start ?? 0) - (segments[b]?.start ?? 0));
  }

  /** Segments in which an address lies: none, one, or two that touch there. The last one begins there. */
  at(address: number): readonly number[] {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#start(middle) <= address) low = middle + 1;
      else high = middle;
    }
    return [low - 2, low - 1].flatMap((position) => {
      const index = this.#order[position];
      const segment = index === undefined ? undefined : this.segments[index];
      if (index === undefined || segment === undefined) return [];
      return address <= segment.start + segment.data.length ? [index] : [];
    });
  }

  #start(position: number): number {
    return this.segments[this.#order[position] ?? -1]?.start ?? Infinity;
  }
}

/** The constant of an `i32.const`, or undefined: it is another instruction. */
function constant(bytes: Uint8Array, offset: number, end: number): number | undefined {
  if (bytes[offset] !== Opcode.I32_CONST) return undefined;
  return new Reader(bytes, offset + 1, end).s32("a constant") >>> 0;
}

/** What is added to the address of a load or store; null: the instruction is none. */
function accessOffset(bytes: Uint8Array, cursor: InstructionCursor): number | null {
  const { opcode, offset, end } = cursor;
  const simd = opcode >> 8 === Opcode.PREFIX_SIMD;
  const kind = IMMEDIATES[simd ? 0x200 | (opcode & 0xff) : opcode];
  if (kind !== Immediate.MEMORY_ARGUMENT && kind !== Immediate.MEMORY_LANE) return null;
  const reader = new Reader(bytes, offset + 1, end);
  if (simd) reader.u32("the number of an instruction");
  reader.u32("an alignment");
  return reader.u32("an offset");
}

/** The copy of a module in which addresses of strings are variables. */
class Copy {
  readonly bytes: Uint8Array;
  /** Segments that are used whatever the copy shows. */
  readonly used = new Set<number>();
  readonly #layout: Layout;
  readonly #globals: readonly Global[];

  constructor(bytes: Uint8Array, layout: Layout) {
    this.#layout = layout;
    const sections = splitSections(bytes);
    const globals = sections.find(({ id }) => id === SectionId.GLOBAL);
    this.#globals = readGlobals(bytes, globals);
    layout.segments.forEach(({ isString: string }, index) => {
      if (!string) this.used.add(index);
    });
    for (const { mutable, init } of this.#globals) {
      const value = constant(bytes, init[0], init[1]);
      // What a variable begins with may be anywhere later on.
      if (mutable && value !== undefined) this.#use(value);
    }
    const output = new Writer(2 * bytes.length).raw(HEADER);
    for (const section of sections) {
      if (section.id === SectionId.GLOBAL)
        output.section(section.id, this.#variables(bytes, section));
      else if (section.id === SectionId.EXPORT)
        output.section(section.id, this.#exports(bytes, section));
      else if (section.id === SectionId.CODE)
        output.section(section.id, this.#code(bytes, section));
      else if (section.id !== SectionId.CUSTOM)
        output.section(section.id, bytes.subarray(section.start, section.end));
    }
    this.bytes = output.finish();
  }

  #use(address: number): void {
    for (const index of this.#layout.at(address)) this.used.add(index);
  }

  #variables(bytes: Uint8Array, section: Section): Uint8Array {
    const reader = new Reader(bytes, section.start, section.end);
    const count = reader.u32("the number of globals");
    const { segments } = this.#layout;
    const contents = new Writer(section.end - section.start + 16 * segments.length)
      .u32(count + segments.length)
      .raw(bytes.subarray(reader.position, section.end));
    for (const { start } of segments)
      contents.u8(I32).u8(1).u8(Opcode.I32_CONST).s32(start).u8(END);
    return contents.finish();
  }

  #exports(bytes: Uint8Array, section: Section): Uint8Array {
    const reader = new Reader(bytes, section.start, section.end);
    const { segments } = this.#layout;
    const contents = new Writer(1024)
      .u32(reader.u32("the number of exports") + segments.length)
      .raw(bytes.subarray(reader.position, section.end));
    segments.forEach((_, index) =>
      contents
        .name(`string${index}`)
        .u8(3)
        .u32(this.#globals.length + index),
    );
    return contents.finish();
  }

  #code(bytes: Uint8Array, section: Section): Uint8Array {
    const reader = new Reader(bytes, section.start, section.end);
    const count = reader.u32("the number of bodies");
    const contents = new Writer(2 * (section.end - section.start)).u32(count);
    for (let left = count; left > 0; left--) {
      const body = readBody(reader);
      const written = new Writer(body.end - body.start + 64);
      const cursor = new InstructionCursor(bytes, body.code, body.end);
      let copied = body.start;
      while (cursor.next()) {
        const address = this.#address(bytes, cursor);
        if (address === undefined) continue;
        const [index, ...touching] = this.#layout.at(address).toReversed();
        if (index === undefined || !this.#layout.segments[index]?.isString) {
          this.#use(address);
          continue;
        }
        for (const other of touching) this.used.add(other);
        written.raw(bytes.subarray(copied, cursor.offset)).raw(this.#read(index, address));
        copied = cursor.position;
      }
      contents.sized(written.raw(bytes.subarray(copied, body.end)).finish());
    }
    return contents.finish();
  }

  /** A constant that an instruction pushes. One that it only adds to an address is noted as used. */
  #address(bytes: Uint8Array, cursor: InstructionCursor): number | undefined {
    const { opcode, offset, index, end } = cursor;
    if (opcode === Opcode.I32_CONST) return constant(bytes, offset, end);
    if (opcode === Opcode.GLOBAL_GET) {
      const global = this.#globals[index];
      if (!global || global.mutable) return undefined;
      return constant(bytes, global.init[0], global.init[1]);
    }
    const added = accessOffset(bytes, cursor);
    if (added !== null) this.#use(added);
    return undefined;
  }

  #read(index: number, address: number): Uint8Array {
    const distance = address - (this.#layout.segments[index]?.start ?? 0);
    const code = new Writer(16).u8(Opcode.GLOBAL_GET).u32(this.#globals.length + index);
    if (distance !== 0) code.u8(Opcode.I32_CONST).s32(distance).u8(I32_ADD);
    return code.finish();
  }
}

/** Segments whose variables the code of an optimised copy reads. */
function readVariables(bytes: Uint8Array): Set<number> {
  const sections = splitSections(bytes);
  const reader = (id: number): Reader | undefined => {
    const section = sections.find((found) => found.id === id);
    return section && new Reader(bytes, section.start, section.end);
  };
  const variables = new Map<number, number>();
  const exports = reader(SectionId.EXPORT);
  for (let left = exports?.u32("the number of exports") ?? 0; left > 0; left--) {
    const match = EXPORT.exec(exports?.name("a name") ?? "");
    exports?.u8("a kind");
    const index = exports?.u32("an index") ?? 0;
    if (match) variables.set(index, Number(match[1]));
  }
  const read = new Set<number>();
  const code = reader(SectionId.CODE);
  if (!code) return read;
  for (let left = code.u32("the number of bodies"); left > 0; left--) {
    const body = readBody(code);
    const cursor = new InstructionCursor(bytes, body.code, body.end);
    while (cursor.next()) {
      if (cursor.opcode !== Opcode.GLOBAL_GET) continue;
      const segment = variables.get(cursor.index);
      if (segment !== undefined) read.add(segment);
    }
  }
  return read;
}

/** Adds what static data points to: a word at any byte, because nothing says what is a reference. */
function follow(layout: Layout, used: Set<number>): void {
  for (const index of used) {
    const { data, isString: string } = layout.segments[index] ?? { data: new Uint8Array(0) };
    if (string) continue;
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    for (let at = 0; at + 4 <= data.length; at++)
      for (const target of layout.at(view.getUint32(at, true))) used.add(target);
  }
}

/**
 * @param module as the compiler made it, or with equal functions merged: no constant is folded; is changed
 */
export function dropUnusedStrings(binaryen: Binaryen, module: Module): void {
  const bytes = module.emitBinary();
  const data = splitSections(bytes).find(({ id }) => id === SectionId.DATA);
  const layout = new Layout(readSegments(bytes, data));
  if (!layout.segments.some(({ isString: string }) => string)) return;
  const copy = new Copy(bytes, layout);
  const optimised = binaryen.readBinary(copy.bytes);
  optimised.setFeatures(module.getFeatures());
  optimised.runPasses(PASSES);
  const used = new Set([...copy.used, ...readVariables(optimised.emitBinary())]);
  optimised.dispose();
  follow(layout, used);
  if (used.size === layout.segments.length) return;
  const { initial, max } = module.getMemoryInfo();
  const kept = layout.segments.filter((_, index) => used.has(index));
  setSegments(
    module,
    { initial, maximum: max ?? 65_536 },
    kept.map(({ start, data: contents }) => ({ offset: start, data: contents })),
  );
}
