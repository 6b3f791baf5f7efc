import { FUNCTION_BYTES_MAX, LOCALS_MAX, NESTING_MAX } from "./limits.js";
import { Immediate, IMMEDIATES, Opcode, refusal } from "./opcodes.js";
import { hex, Reader } from "./reader.js";

/** log₂ of the widest access, v128. A larger value would name another memory. */
const ALIGNMENT_MAX = 4;
const BLOCK_TYPE_EMPTY = 0x40;
const VALUE_TYPE_MIN = 0x7b;
const VALUE_TYPE_MAX = 0x7f;

/** Number of instruction after a prefix byte that one or two LEB128 bytes can hold. */
const SUBOPCODE_MAX = 0xff;

/**
 * Walks the instructions of one function body, or of one constant expression, without recursion.
 *
 * ```ts
 * const cursor = new InstructionCursor(bytes, body.code, body.end);
 * while (cursor.next()) if (cursor.opcode === Opcode.GLOBAL_GET) use(cursor.index, cursor.offset);
 * ```
 *
 * `next` refuses (SealError) what is not on the list of `opcodes.ts`, blocks nested too deep, and a
 * body that does not end exactly where its outermost block does. Operand types, and whether an index
 * exists, are the engine's business.
 */
export class InstructionCursor extends Reader {
  /** Of the current instruction; a prefixed one is prefix × 256 + number. */
  opcode = 0;
  /** Of the first byte of the current instruction. Its last one is before `position`. */
  offset = 0;
  /** The index immediate of the current instruction, −1 when it has none. For br_table the last label. */
  index = -1;
  /** Blocks that are open after the current instruction, the function's own included. */
  depth = 1;

  /** Moves to the next instruction. False: the body is complete. */
  next(): boolean {
    if (this.depth === 0) {
      if (this.position !== this.end)
        this.fail("function-end", "instructions follow the end of a function body");
      return false;
    }
    this.#walk(false);
    return true;
  }

  /** Walks what is left of the body: the same as calling `next` until it says false. */
  finishBody(): void {
    if (this.depth > 0) this.#walk(true);
    this.next();
  }

  /**
   * One instruction, or all. An image is walked once, by code that no compiler has seen yet, so the
   * common instructions are handled right here on local variables, and only the others by methods.
   */
  #walk(all: boolean): void {
    const { bytes, end } = this;
    let at = this.position;
    let depth = this.depth;
    let offset: number;
    let opcode: number;
    let index: number;
    do {
      if (at >= end)
        this.fail("function-end", "a function body ends without closing its blocks", at);
      offset = at;
      opcode = bytes[at++] as number;
      index = -1;
      const kind = IMMEDIATES[opcode] as number;
      if (kind === Immediate.NONE) continue;
      if (kind === Immediate.END) {
        depth--;
        continue;
      }
      // One byte below 0x80 is a whole LEB128, whether it is read as u32, s32 or s64.
      const next = at < end ? (bytes[at] as number) : 0xff;
      if (next < 0x80) {
        if (kind === Immediate.INDEX) {
          index = next;
          at++;
          continue;
        }
        if (kind === Immediate.I32 || kind === Immediate.I64) {
          at++;
          continue;
        }
        if (kind === Immediate.MEMORY_ARGUMENT && next <= ALIGNMENT_MAX && at + 1 < end)
          if ((bytes[at + 1] as number) < 0x80) {
            at += 2;
            continue;
          }
      }
      this.position = at;
      this.depth = depth;
      this.offset = offset;
      this.opcode = opcode;
      this.index = -1;
      this.#immediates(kind === Immediate.REFUSED ? this.#prefixed(opcode) : (kind as Immediate));
      at = this.position;
      depth = this.depth;
      opcode = this.opcode;
      index = this.index;
    } while (all && depth > 0);
    this.position = at;
    this.depth = depth;
    this.offset = offset;
    this.opcode = opcode;
    this.index = index;
  }

  #immediates(kind: Immediate): void {
    switch (kind) {
      case Immediate.NONE:
      case Immediate.END:
        return;
      case Immediate.BLOCK:
        this.#blockType();
        if (++this.depth > NESTING_MAX)
          this.fail(
            "function-nesting",
            `blocks are nested more than ${String(NESTING_MAX)} deep`,
            this.offset,
          );
        return;
      case Immediate.INDEX:
        this.index = this.u32("an index");
        return;
      case Immediate.I32:
        this.s32("an i32 constant");
        return;
      case Immediate.I64:
        this.skipS64("an i64 constant");
        return;
      case Immediate.MEMORY_ARGUMENT:
        this.#memoryArgument();
        return;
      case Immediate.TYPE_AND_TABLE:
        this.index = this.u32("a type index");
        this.#zero("table");
        return;
      case Immediate.LABELS:
        for (let count = this.count("labels") + 1; count > 0; count--)
          this.index = this.u32("a label");
        return;
      case Immediate.MEMORY:
        this.#zero("memory");
        return;
      case Immediate.TWO_MEMORIES:
        this.#zero("memory");
        this.#zero("memory");
        return;
      case Immediate.BYTES_4:
        this.skip(4, "a constant");
        return;
      case Immediate.BYTES_8:
        this.skip(8, "a constant");
        return;
      case Immediate.BYTES_16:
        this.skip(16, "a constant");
        return;
      case Immediate.LANE:
        this.skip(1, "a lane");
        return;
      case Immediate.MEMORY_LANE:
        this.#memoryArgument();
        this.skip(1, "a lane");
        return;
      case Immediate.REFUSED:
        this.fail(
          "opcode",
          `opcode ${hex(this.opcode)} is not allowed: ${refusal(this.opcode)}`,
          this.offset,
        );
    }
  }

  /** Reads the number after a prefix. Only its shortest form is accepted: engines differ on others. */
  #prefixed(prefix: number): Immediate {
    if (prefix !== Opcode.PREFIX_MISC && prefix !== Opcode.PREFIX_SIMD) return Immediate.REFUSED;
    const start = this.position;
    const number = this.u32("the number of an instruction");
    this.opcode = prefix * 0x100 + Math.min(number, SUBOPCODE_MAX);
    if (number > SUBOPCODE_MAX)
      this.fail(
        "opcode",
        `opcode ${hex(prefix)} ${hex(number)} is not allowed: ${refusal(this.opcode)}`,
        this.offset,
      );
    if (this.position - start !== (number < 0x80 ? 1 : 2))
      this.fail(
        "opcode",
        `opcode ${hex(prefix)} ${hex(number)} is not in its shortest form`,
        this.offset,
      );
    return IMMEDIATES[(prefix === Opcode.PREFIX_MISC ? 0x100 : 0x200) + number] as Immediate;
  }

  #memoryArgument(): void {
    if (this.u32("an alignment") > ALIGNMENT_MAX)
      this.fail(
        "immediate",
        "an alignment is above 16 bytes, or another memory is named",
        this.offset,
      );
    this.u32("an offset");
  }

  #zero(what: string): void {
    if (this.u8(`the index of a ${what}`) !== 0)
      this.fail("immediate", `${what} 0 is the only one there is`, this.offset);
  }

  /** An s33: one byte for "empty" and for a value type, otherwise a type index that is not negative. */
  #blockType(): void {
    const start = this.position;
    const first = this.u8("a block type");
    if (first === BLOCK_TYPE_EMPTY || (first >= VALUE_TYPE_MIN && first <= VALUE_TYPE_MAX)) return;
    this.position = start;
    this.index = this.u32("a block type");
    const last = this.bytes[this.position - 1] as number;
    if (last >= 0x40)
      this.fail("immediate", "a block type is neither a value type nor a type index", start);
  }
}

/** Where the body of a function lies. Offsets count from the start of the file. */
export interface FunctionBody {
  /** Of the length in front of the body. */
  readonly offset: number;
  /** Of the body: its locals come first. */
  readonly start: number;
  /** Of the first instruction. */
  readonly code: number;
  readonly end: number;
  /** Declared locals, parameters not counted. */
  readonly locals: number;
}

/** Reads the length and the locals of the function body at the reader, and moves past the body. */
export function readBody(reader: Reader): FunctionBody {
  const offset = reader.position;
  const length = reader.u32("the length of a function body");
  if (length > FUNCTION_BYTES_MAX)
    reader.fail(
      "function-size",
      `a function body has ${String(length)} bytes, more than ${String(FUNCTION_BYTES_MAX)}`,
      offset,
    );
  const start = reader.position;
  reader.skip(length, "a function body");
  const end = reader.position;
  const inside = new Reader(reader.bytes, start, end);
  let locals = 0;
  for (let groups = inside.count("groups of locals", 2); groups > 0; groups--) {
    locals += inside.u32("a number of locals");
    if (locals > LOCALS_MAX)
      inside.fail("function-locals", `a function has more than ${String(LOCALS_MAX)} locals`);
    readValueType(inside);
  }
  return { offset, start, code: inside.position, end, locals };
}

/** Reads one of i32, i64, f32, f64 and v128, as its byte. */
export function readValueType(reader: Reader): number {
  const type = reader.u8("a value type");
  if (type < VALUE_TYPE_MIN || type > VALUE_TYPE_MAX)
    reader.fail(
      "value-type",
      `${hex(type)} is not a value type that an image may use`,
      reader.position - 1,
    );
  return type;
}
