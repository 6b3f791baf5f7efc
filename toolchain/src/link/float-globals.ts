/**
 * Mutable float and vector globals as integer ones, in the bytes of a module.
 *
 * A snapshot reads mutable globals through `WebAssembly.Global.value`: NaN payloads of f32 and f64 do
 * not survive that, and v128 cannot be read at all. So a mutable f32 becomes an i32, an f64 an i64 and
 * a v128 two i64, with the conversions at every access.
 */
import { InstructionCursor, Reader, Writer, type Section } from "@phantasm/seal";

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

export interface Global {
  readonly type: number;
  readonly mutable: boolean;
  /** Where its initial value begins and ends in the file, the closing `end` included. */
  readonly init: readonly [number, number];
}

/** What has to change, and with what. */
export class FloatGlobals {
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

/** The entries of the global section. */
export function readGlobals(bytes: Uint8Array, section: Section | undefined): Global[] {
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

/**
 * One function body with its accesses to changed globals replaced.
 *
 * @param moved is told where an old offset went, counted from the start of the new body
 */
export function rewriteBody(
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
