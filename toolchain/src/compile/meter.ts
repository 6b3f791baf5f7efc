/**
 * A module that can be run while it is built: it counts its work and stops itself at a limit, by numbers
 * that are the same on every machine, and what it computes does not depend on the machine either.
 *
 * Work is counted in bytes of code passed through, and in eighths of bytes filled or copied. Time would
 * differ from run to run, and with it the image.
 */
import {
  HEADER,
  InstructionCursor,
  Reader,
  SectionId,
  Writer,
  readBody,
  splitSections,
  type FunctionBody,
  type Section,
} from "@phantasm/seal";
import { parameterCounts } from "../link/core.js";
import { Relocation } from "../link/relocation.js";

export interface MeterLimits {
  /** Units of work: some thirty take a nanosecond. */
  readonly work: bigint;
  /** Estimate of the bytes that nested calls take of the engine's stack. */
  readonly stackBytes: number;
  readonly pages: number;
}

/** Why a metered module stopped itself; what its global `reason` says. */
export const Stopped = { NOT: 0, WORK: 1, STACK: 2, MEMORY: 3 } as const;

export interface MeteredModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offset in the module that was given to offset in `bytes`. */
  readonly relocation: Relocation;
}

/** What is exported beside the module's own exports. */
export const METER_EXPORTS = { work: "work", reason: "reason" } as const;

const I32 = 0x7f;
const I64 = 0x7e;
const F32 = 0x7d;
const F64 = 0x7c;
const V128 = 0x7b;

const UNREACHABLE = 0x00;
const LOOP = 0x03;
const IF_EMPTY = [0x04, 0x40];
const END = 0x0b;
const CALL = 0x10;
const CALL_INDIRECT = 0x11;
const SELECT = 0x1b;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const GLOBAL_GET = 0x23;
const GLOBAL_SET = 0x24;
const MEMORY_SIZE = [0x3f, 0x00];
const MEMORY_GROW = 0x40;
const I32_CONST = 0x41;
const I64_CONST = 0x42;
const I32_LT_S = 0x48;
const I64_LT_S = 0x53;
const I64_LT_U = 0x54;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I64_ADD = 0x7c;
const I64_SUB = 0x7d;
const I64_SHR_U = 0x88;
const I64_EXTEND_I32_U = 0xad;
const MEMORY_COPY = 0xfc0a;
const MEMORY_FILL = 0xfc0b;

/** An engine's stack frame beside its locals, and what a local takes, generously. */
const FRAME_BYTES = 96;
const LOCAL_BYTES = 8;

type NaNKind = "f32" | "f64" | "f32x4" | "f64x2";

/** Instructions whose result may be a NaN with bits of the machine's choice (core specification §4.3.3). */
const NAN_MAKERS = new Map<number, NaNKind>();
for (const [first, last, kind] of [
  [0x8d, 0x97, "f32"], // ceil … max
  [0xb6, 0xb6, "f32"], // demote
  [0x9b, 0xa5, "f64"],
  [0xbb, 0xbb, "f64"], // promote
  [0xfd5e, 0xfd5e, "f32x4"], // demote
  [0xfd5f, 0xfd5f, "f64x2"], // promote
  [0xfd67, 0xfd6a, "f32x4"], // ceil … nearest
  [0xfd74, 0xfd75, "f64x2"], // ceil, floor
  [0xfd7a, 0xfd7a, "f64x2"], // trunc
  [0xfd94, 0xfd94, "f64x2"], // nearest
  [0xfde3, 0xfde9, "f32x4"], // sqrt … max; pmin and pmax copy an operand
  [0xfdef, 0xfdf5, "f64x2"],
] as const)
  for (let opcode: number = first; opcode <= last; opcode++) NAN_MAKERS.set(opcode, kind);

const F32_NAN = [0, 0, 0xc0, 0x7f];
const F64_NAN = [0, 0, 0, 0, 0, 0, 0xf8, 0x7f];

interface NaNForm {
  readonly type: number;
  readonly constant: readonly number[];
  readonly equal: readonly number[];
  readonly choose: readonly number[];
}

const BITSELECT = [0xfd, 0x52];
const V128_CONST = [0xfd, 0x0c];
const NAN_FORMS: Readonly<Record<NaNKind, NaNForm>> = {
  f32: { type: F32, constant: [0x43, ...F32_NAN], equal: [0x5b], choose: [SELECT] },
  f64: { type: F64, constant: [0x44, ...F64_NAN], equal: [0x61], choose: [SELECT] },
  f32x4: {
    type: V128,
    constant: [...V128_CONST, ...F32_NAN, ...F32_NAN, ...F32_NAN, ...F32_NAN],
    equal: [0xfd, 0x41],
    choose: BITSELECT,
  },
  f64x2: {
    type: V128,
    constant: [...V128_CONST, ...F64_NAN, ...F64_NAN],
    equal: [0xfd, 0x47],
    choose: BITSELECT,
  },
};

function leb(value: number): readonly number[] {
  return [...new Writer(5).u32(value).finish()];
}

function i32(value: number): readonly number[] {
  return [I32_CONST, ...new Writer(5).s32(value).finish()];
}

function i64(value: bigint): readonly number[] {
  return [I64_CONST, ...new Writer(10).s64(value).finish()];
}

/** Writes what is put between the instructions of a module. */
class Meter {
  readonly #work: readonly number[];
  readonly #stack: readonly number[];
  readonly #reason: readonly number[];
  readonly #pagesMax: number;
  readonly #pagesOwn: number;

  /** @param first index of the first of the three globals that are added */
  constructor(first: number, pagesMax: number, pagesOwn: number) {
    this.#work = leb(first);
    this.#stack = leb(first + 1);
    this.#reason = leb(first + 2);
    this.#pagesMax = pagesMax;
    this.#pagesOwn = pagesOwn;
  }

  #stopIf(reason: number): readonly number[] {
    return [...IF_EMPTY, ...i32(reason), GLOBAL_SET, ...this.#reason, UNREACHABLE, END];
  }

  /** Takes work off what is left: a constant, or what these instructions push as an i64. */
  charge(amount: number | readonly number[]): readonly number[] {
    const left = [GLOBAL_GET, ...this.#work];
    return [
      ...left,
      ...(typeof amount === "number" ? i64(BigInt(amount)) : amount),
      ...[I64_SUB, GLOBAL_SET, ...this.#work],
      ...[...left, ...i64(0n), I64_LT_S, ...this.#stopIf(Stopped.WORK)],
    ];
  }

  enter(frameBytes: number): readonly number[] {
    const left = [GLOBAL_GET, ...this.#stack];
    return [
      ...[...left, ...i32(frameBytes), I32_SUB, GLOBAL_SET, ...this.#stack],
      ...[...left, ...i32(0), I32_LT_S, ...this.#stopIf(Stopped.STACK)],
    ];
  }

  leave(frameBytes: number): readonly number[] {
    return [
      ...[GLOBAL_GET, ...this.#stack, ...i32(frameBytes), I32_ADD],
      ...[GLOBAL_SET, ...this.#stack],
    ];
  }

  /** Before memory.fill and memory.copy, whose last operand is a number of bytes. */
  bulk(scratch: readonly number[]): readonly number[] {
    const bytes = [LOCAL_GET, ...scratch, I64_EXTEND_I32_U];
    return [
      ...[LOCAL_SET, ...scratch],
      ...this.charge([...bytes, ...i64(3n), I64_SHR_U]),
      ...[LOCAL_GET, ...scratch],
    ];
  }

  /** Before memory.grow: stops when it would succeed and go beyond the limit. */
  grow(scratch: readonly number[]): readonly number[] {
    if (this.#pagesOwn <= this.#pagesMax) return [];
    const pages = [
      ...[LOCAL_GET, ...scratch, I64_EXTEND_I32_U, ...MEMORY_SIZE, I64_EXTEND_I32_U, I64_ADD],
    ];
    return [
      ...[LOCAL_SET, ...scratch],
      ...[...pages, ...i64(BigInt(this.#pagesMax + 1)), I64_SUB],
      ...[...i64(BigInt(this.#pagesOwn - this.#pagesMax)), I64_LT_U],
      ...this.#stopIf(Stopped.MEMORY),
      ...[LOCAL_GET, ...scratch],
    ];
  }
}

/** After an instruction that may have made a NaN: makes it the one NaN. */
function canonical({ constant, equal, choose }: NaNForm, scratch: number): readonly number[] {
  const value = [LOCAL_GET, ...leb(scratch)];
  return [LOCAL_TEE, ...leb(scratch), ...constant, ...value, ...value, ...equal, ...choose];
}

/** Bytes of each loop, by the offset of its first instruction. */
function loopBytes(bytes: Uint8Array, body: FunctionBody): Map<number, number> {
  const loops = new Map<number, number>();
  const open: (number | null)[] = [];
  const cursor = new InstructionCursor(bytes, body.code, body.end);
  let depth = cursor.depth;
  while (cursor.next()) {
    if (cursor.depth > depth) open.push(cursor.opcode === LOOP ? cursor.offset : null);
    else if (cursor.depth < depth) {
      const start = open.pop();
      if (start !== undefined && start !== null) loops.set(start, cursor.position - start);
    }
    depth = cursor.depth;
  }
  return loops;
}

/** One function body with the meter in it. */
function meterBody(
  bytes: Uint8Array,
  body: FunctionBody,
  parameters: number,
  imported: number,
  meter: Meter,
  moved: (old: number, written: number) => void,
): Uint8Array {
  const first = parameters + body.locals;
  const scratch = { [I32]: first, [F32]: first + 1, [F64]: first + 2, [V128]: first + 3 };
  const locals = new Writer(32);
  const declared = new Reader(bytes, body.start, body.code);
  locals
    .u32(declared.u32("groups of locals") + 4)
    .raw(bytes.subarray(declared.position, body.code));
  for (const type of [I32, F32, F64, V128]) locals.u32(1).u8(type);
  const frameBytes = FRAME_BYTES + LOCAL_BYTES * first;
  const loops = loopBytes(bytes, body);
  const code = new Writer(2 * (body.end - body.code) + 64);
  code.raw(meter.charge(body.end - body.code));
  let copied = body.code;
  moved(body.code, locals.length + code.length);
  const upTo = (offset: number, inserted: readonly number[]): void => {
    if (inserted.length === 0) return;
    code.raw(bytes.subarray(copied, offset)).raw(inserted);
    copied = offset;
    moved(offset, locals.length + code.length);
  };
  const cursor = new InstructionCursor(bytes, body.code, body.end);
  while (cursor.next()) {
    const { opcode, offset, position, index } = cursor;
    const nan = NAN_MAKERS.get(opcode);
    if (nan !== undefined) {
      const form = NAN_FORMS[nan];
      upTo(position, canonical(form, scratch[form.type as keyof typeof scratch]));
    } else if (opcode === LOOP) {
      upTo(position, meter.charge(loops.get(offset) ?? 0));
    } else if (opcode === CALL_INDIRECT || (opcode === CALL && index >= imported)) {
      upTo(offset, meter.enter(frameBytes));
      upTo(position, meter.leave(frameBytes));
    } else if (opcode === MEMORY_FILL || opcode === MEMORY_COPY) {
      upTo(offset, meter.bulk(leb(scratch[I32])));
    } else if (opcode === MEMORY_GROW) {
      upTo(offset, meter.grow(leb(scratch[I32])));
    }
  }
  code.raw(bytes.subarray(copied, body.end));
  return new Writer(locals.length + code.length).raw(locals.finish()).raw(code.finish()).finish();
}

function globalSection(bytes: Uint8Array, section: Section | undefined, limits: MeterLimits) {
  const reader = section && new Reader(bytes, section.start, section.end);
  const count = reader ? reader.u32("the number of globals") : 0;
  const contents = new Writer(256).u32(count + 3);
  if (reader) contents.raw(bytes.subarray(reader.position, reader.end));
  contents.u8(I64).u8(1).raw(i64(limits.work)).u8(END);
  contents.u8(I32).u8(1).raw(i32(limits.stackBytes)).u8(END);
  contents.u8(I32).u8(1).raw(i32(Stopped.NOT)).u8(END);
  return { first: count, contents: contents.finish() };
}

function importCount(bytes: Uint8Array, section: Section | undefined): number {
  return section ? new Reader(bytes, section.start, section.end).u32("the number of imports") : 0;
}

function pagesOf(bytes: Uint8Array, section: Section | undefined): number {
  if (!section) return 0;
  const reader = new Reader(bytes, section.start, section.end);
  reader.u32("the number of memories");
  const bounded = reader.u8("limits") !== 0;
  const minimum = reader.u32("a minimum");
  return bounded ? reader.u32("a maximum") : Math.max(minimum, 65_536);
}

/**
 * @param bytes a module whose imports are functions, and whose floating-point globals are constant
 */
export function meterModule(bytes: Uint8Array, limits: MeterLimits): MeteredModule {
  const sections = splitSections(bytes);
  const find = (id: number): Section | undefined => sections.find((section) => section.id === id);
  const imported = importCount(bytes, find(SectionId.IMPORT));
  const parameters = parameterCounts(bytes, sections);
  const globals = globalSection(bytes, find(SectionId.GLOBAL), limits);
  const pages = pagesOf(bytes, find(SectionId.MEMORY));
  const meter = new Meter(globals.first, limits.pages, pages);
  const relocation = new Relocation();
  const output = new Writer(3 * bytes.length + 1024).raw(HEADER);

  const code = (section: Section): void => {
    const reader = new Reader(bytes, section.start, section.end);
    const count = reader.u32("the number of bodies");
    const contents = new Writer(3 * (section.end - section.start) + 1024).u32(count);
    const moves: [number, number][] = [];
    for (let index = 0; index < count; index++) {
      const body = readBody(reader);
      const inside: [number, number][] = [];
      const written = meterBody(bytes, body, parameters[index] ?? 0, imported, meter, (old, at) =>
        inside.push([old, at]),
      );
      contents.sized(written);
      const start = contents.length - written.length;
      for (const [old, at] of inside) moves.push([old, start + at]);
    }
    output.section(section.id, contents.finish());
    const base = output.length - contents.length;
    for (const [old, at] of moves) relocation.from(old, base + at - old);
  };

  const exports = (section: Section): void => {
    const reader = new Reader(bytes, section.start, section.end);
    const count = reader.u32("the number of exports");
    const contents = new Writer(256)
      .u32(count + 2)
      .raw(bytes.subarray(reader.position, section.end));
    contents.name(METER_EXPORTS.work).u8(3).u32(globals.first);
    contents
      .name(METER_EXPORTS.reason)
      .u8(3)
      .u32(globals.first + 2);
    if (!find(SectionId.GLOBAL)) output.section(SectionId.GLOBAL, globals.contents);
    output.section(section.id, contents.finish());
  };

  for (const section of sections) {
    if (section.id === SectionId.CUSTOM) continue;
    if (section.id === SectionId.CODE) code(section);
    else if (section.id === SectionId.GLOBAL) output.section(section.id, globals.contents);
    else if (section.id === SectionId.EXPORT) exports(section);
    else output.section(section.id, bytes.subarray(section.start, section.end));
  }
  return { bytes: output.finish(), relocation };
}
