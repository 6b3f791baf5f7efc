/**
 * From the optimiser's output to the core of an image: standard sections only, and no mutable global
 * that loses bits on its way through JavaScript.
 *
 * A snapshot reads mutable globals through `WebAssembly.Global.value`: NaN payloads of f32 and f64 do
 * not survive that, and v128 cannot be read at all. So a mutable f32 becomes an i32, an f64 an i64 and
 * a v128 two i64, with the conversions at every access.
 */
import {
  HEADER,
  InstructionCursor,
  Reader,
  SectionId,
  Writer,
  readBody,
  splitSections,
  type Section,
} from "@phantasm/seal";
import { Relocation } from "./relocation.js";

const ValueType = { I32: 0x7f, I64: 0x7e, F32: 0x7d, F64: 0x7c, V128: 0x7b } as const;

const I32_CONST = 0x41;
const I64_CONST = 0x42;
const LOCAL_GET = 0x20;
const LOCAL_TEE = 0x22;
const GLOBAL_GET = 0x23;
const GLOBAL_SET = 0x24;
const END = 0x0b;
const I32_REINTERPRET_F32 = 0xbc;
const I64_REINTERPRET_F64 = 0xbd;
const F32_REINTERPRET_I32 = 0xbe;
const F64_REINTERPRET_I64 = 0xbf;
const I64X2_SPLAT = [0xfd, 0x12];
const I64X2_EXTRACT_LANE = [0xfd, 0x1d];
const I64X2_REPLACE_LANE_1 = [0xfd, 0x1e, 0x01];

interface Global {
  readonly type: number;
  readonly mutable: boolean;
  /** Where its initial value begins and ends in the file, the closing `end` included. */
  readonly init: readonly [number, number];
}

export interface FunctionRange {
  readonly start: number;
  readonly end: number;
}

export interface CoreImage {
  readonly bytes: Uint8Array;
  /** Old offset to offset in `bytes`. */
  readonly relocation: Relocation;
  /** Payload of the name section that was taken out; empty if there was none. */
  readonly names: Uint8Array;
  /** Where each function lies in `bytes`, its length prefix included, by function index. */
  readonly functions: ReadonlyMap<number, FunctionRange>;
  /** Pages of the memory. */
  readonly memory: { readonly minimum: number; readonly maximum: number };
  readonly imports: readonly string[];
}

/** What has to change, and with what. */
class FloatGlobals {
  readonly #changed = new Map<number, number>();
  /** Index of the global with the upper half of a v128. */
  readonly #upper = new Map<number, number>();
  readonly #globals: readonly Global[];

  constructor(globals: readonly Global[]) {
    this.#globals = globals;
    let next = globals.length;
    for (const [index, { type, mutable }] of globals.entries()) {
      if (!mutable || type === ValueType.I32 || type === ValueType.I64) continue;
      this.#changed.set(index, type);
      if (type === ValueType.V128) this.#upper.set(index, next++);
    }
  }

  get any(): boolean {
    return this.#changed.size > 0;
  }

  get added(): number {
    return this.#upper.size;
  }

  /** The value type of a changed global; undefined: left as it is. */
  type(index: number): number | undefined {
    return this.#changed.get(index);
  }

  section(bytes: Uint8Array): Uint8Array {
    const writer = new Writer(256).u32(this.#globals.length + this.added);
    for (const [index, { type, mutable, init }] of this.#globals.entries()) {
      const value = bytes.subarray(init[0], init[1]);
      if (!this.#changed.has(index))
        writer
          .u8(type)
          .u8(mutable ? 1 : 0)
          .raw(value);
      else integer(writer, type, value, 0);
    }
    for (const index of this.#upper.keys()) {
      const [start, end] = this.#globals[index]?.init ?? [0, 0];
      integer(writer, ValueType.V128, bytes.subarray(start, end), 8);
    }
    return writer.finish();
  }

  /** Exports of the added globals, to follow the others. */
  *exports(mutable: number): Iterable<{ name: string; index: number }> {
    for (const index of this.#upper.values()) yield { name: `g${mutable++}`, index };
  }

  /** What replaces a read of the global. */
  get(index: number): readonly number[] {
    const read = [GLOBAL_GET, ...leb(index)];
    switch (this.#changed.get(index)) {
      case ValueType.F32:
        return [...read, F32_REINTERPRET_I32];
      case ValueType.F64:
        return [...read, F64_REINTERPRET_I64];
      default: {
        const upper = [GLOBAL_GET, ...leb(this.#upper.get(index) ?? 0)];
        return [...read, ...I64X2_SPLAT, ...upper, ...I64X2_REPLACE_LANE_1];
      }
    }
  }

  /** What replaces a write; `scratch` is a v128 local of the function. */
  set(index: number, scratch: number): readonly number[] {
    const write = [GLOBAL_SET, ...leb(index)];
    switch (this.#changed.get(index)) {
      case ValueType.F32:
        return [I32_REINTERPRET_F32, ...write];
      case ValueType.F64:
        return [I64_REINTERPRET_F64, ...write];
      default:
        return [
          ...[LOCAL_TEE, ...leb(scratch), ...I64X2_EXTRACT_LANE, 0, ...write],
          ...[LOCAL_GET, ...leb(scratch), ...I64X2_EXTRACT_LANE, 1],
          ...[GLOBAL_SET, ...leb(this.#upper.get(index) ?? 0)],
        ];
    }
  }
}

function leb(value: number): readonly number[] {
  return [...new Writer(5).u32(value).finish()];
}

/** A mutable integer global that starts with the bits of a float constant. */
function integer(writer: Writer, type: number, constant: Uint8Array, offset: number): void {
  const view = new DataView(constant.buffer, constant.byteOffset, constant.byteLength);
  // The constant's bytes follow its opcode: one byte, for v128 two.
  if (type === ValueType.F32)
    writer.u8(ValueType.I32).u8(1).u8(I32_CONST).s32(view.getInt32(1, true));
  else
    writer
      .u8(ValueType.I64)
      .u8(1)
      .u8(I64_CONST)
      .s64(view.getBigInt64(type === ValueType.V128 ? 2 + offset : 1, true));
  writer.u8(END);
}

function find(sections: readonly Section[], id: number): Section | undefined {
  return sections.find((section) => section.id === id);
}

function readGlobals(bytes: Uint8Array, section: Section | undefined): Global[] {
  if (!section) return [];
  const reader = new Reader(bytes, section.start, section.end);
  return Array.from({ length: reader.count("globals") }, () => {
    const type = reader.u8("a type");
    const mutable = reader.u8("a mutability") === 1;
    const start = reader.position;
    const cursor = new InstructionCursor(bytes, start, section.end);
    while (cursor.depth > 0 && cursor.next());
    reader.skip(cursor.position - start, "a constant expression");
    return { type, mutable, init: [start, cursor.position] as const };
  });
}

/** Number of parameters of each function that has a body. */
function parameterCounts(bytes: Uint8Array, sections: readonly Section[]): number[] {
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

function rewriteBody(
  bytes: Uint8Array,
  body: { start: number; code: number; end: number; locals: number },
  parameters: number,
  globals: FloatGlobals,
  moved: (old: number, written: number) => void,
): Uint8Array {
  const code = new Writer(body.end - body.start + 64);
  const moves: [number, number][] = [];
  const scratch = parameters + body.locals;
  let needsScratch = false;
  let copied = body.code;
  const cursor = new InstructionCursor(bytes, body.code, body.end);
  while (cursor.next()) {
    const { opcode, index, offset, position } = cursor;
    if (opcode !== GLOBAL_GET && opcode !== GLOBAL_SET) continue;
    const type = globals.type(index);
    if (type === undefined) continue;
    needsScratch ||= type === ValueType.V128 && opcode === GLOBAL_SET;
    code
      .raw(bytes.subarray(copied, offset))
      .raw(opcode === GLOBAL_GET ? globals.get(index) : globals.set(index, scratch));
    copied = position;
    moves.push([position, code.length]);
  }
  code.raw(bytes.subarray(copied, body.end));
  const locals = new Writer(32);
  const declared = new Reader(bytes, body.start, body.code);
  const groups = declared.u32("groups of locals");
  locals.u32(groups + (needsScratch ? 1 : 0)).raw(bytes.subarray(declared.position, body.code));
  if (needsScratch) locals.u32(1).u8(ValueType.V128);
  moved(body.code, locals.length);
  for (const [old, written] of moves) moved(old, locals.length + written);
  return new Writer(locals.length + code.length).raw(locals.finish()).raw(code.finish()).finish();
}

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

/** Strips what a seal does not allow and turns float globals into integer ones. */
export function coreImage(bytes: Uint8Array): CoreImage {
  const sections = splitSections(bytes);
  const nameSection = sections.find(({ name }) => name === "name");
  const globalEntries = readGlobals(bytes, find(sections, SectionId.GLOBAL));
  const globals = new FloatGlobals(globalEntries);
  const mutable = globalEntries.filter((entry) => entry.mutable).length;
  const imports = readImports(bytes, find(sections, SectionId.IMPORT));
  const parameters = parameterCounts(bytes, sections);
  const functions = new Map<number, FunctionRange>();
  const relocation = new Relocation();
  const output = new Writer(bytes.length + 1024).raw(HEADER);

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
    if (section.id === SectionId.CODE) code(section);
    else if (section.id === SectionId.GLOBAL && globals.any)
      output.section(section.id, globals.section(bytes));
    else if (section.id === SectionId.EXPORT && globals.added > 0) exports(section);
    else copy(section);
  }
  return {
    bytes: output.finish(),
    relocation,
    names: nameSection ? bytes.slice(nameSection.start, nameSection.end) : new Uint8Array(0),
    functions,
    memory: readMemory(bytes, find(sections, SectionId.MEMORY)),
    imports,
  };
}
