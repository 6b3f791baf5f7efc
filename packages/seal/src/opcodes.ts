/**
 * The one list of instructions an image may use, with the immediates that follow each opcode.
 *
 * It is WebAssembly 1.0 with sign extension, saturating conversion, multi-value blocks,
 * memory.copy, memory.fill and fixed-width SIMD. What is missing is missing for a reason: see
 * `REFUSED`.
 */

/** What follows an opcode. */
export const Immediate = {
  /** Not on the list. */
  REFUSED: 0,
  NONE: 1,
  /** The index of a local, global, function or label. */
  INDEX: 2,
  I32: 3,
  I64: 4,
  /** Alignment and offset. */
  MEMORY_ARGUMENT: 5,
  /** A block type; the instruction opens a block. */
  BLOCK: 6,
  /** Nothing; the instruction closes a block. */
  END: 7,
  /** A vector of labels and one more label. */
  LABELS: 8,
  /** A type index and table 0. */
  TYPE_AND_TABLE: 9,
  /** Alignment, offset and a lane. */
  MEMORY_LANE: 10,
  /** Memory 0. */
  MEMORY: 11,
  /** Memory 0 twice. */
  TWO_MEMORIES: 12,
  BYTES_4: 13,
  BYTES_8: 14,
  BYTES_16: 15,
  LANE: 16,
} as const;

export type Immediate = (typeof Immediate)[keyof typeof Immediate];

/** Opcodes that other modules need by name. Prefixed ones are prefix × 256 + number. */
export const Opcode = {
  END: 0x0b,
  CALL: 0x10,
  GLOBAL_GET: 0x23,
  GLOBAL_SET: 0x24,
  I32_CONST: 0x41,
  I64_CONST: 0x42,
  F32_CONST: 0x43,
  F64_CONST: 0x44,
  /** First byte of saturating conversions and bulk memory instructions. */
  PREFIX_MISC: 0xfc,
  /** First byte of vector instructions. */
  PREFIX_SIMD: 0xfd,
  V128_CONST: 0xfd0c,
} as const;

type Row = readonly [first: number, last: number, immediate: Immediate];

const {
  NONE,
  BLOCK,
  END,
  INDEX,
  LABELS,
  TYPE_AND_TABLE,
  MEMORY_ARGUMENT,
  MEMORY_LANE,
  MEMORY,
  TWO_MEMORIES,
  I32,
  I64,
  BYTES_4,
  BYTES_8,
  BYTES_16,
  LANE,
} = Immediate;

// prettier-ignore
const ALLOWED: readonly Row[] = [
  [0x00, 0x01, NONE],            // unreachable, nop
  [0x02, 0x04, BLOCK],           // block, loop, if
  [0x05, 0x05, NONE],            // else
  [0x0b, 0x0b, END],             // end
  [0x0c, 0x0d, INDEX],           // br, br_if
  [0x0e, 0x0e, LABELS],          // br_table
  [0x0f, 0x0f, NONE],            // return
  [0x10, 0x10, INDEX],           // call
  [0x11, 0x11, TYPE_AND_TABLE],  // call_indirect
  [0x1a, 0x1b, NONE],            // drop, select
  [0x20, 0x24, INDEX],           // local.get .set .tee, global.get .set
  [0x28, 0x3e, MEMORY_ARGUMENT], // i32.load … i64.store32
  [0x3f, 0x40, MEMORY],          // memory.size, memory.grow
  [0x41, 0x41, I32],             // i32.const
  [0x42, 0x42, I64],             // i64.const
  [0x43, 0x43, BYTES_4],         // f32.const
  [0x44, 0x44, BYTES_8],         // f64.const
  [0x45, 0xc4, NONE],            // numeric, comparison, conversion, sign extension

  [0xfc00, 0xfc07, NONE],        // saturating conversion
  [0xfc0a, 0xfc0a, TWO_MEMORIES],// memory.copy
  [0xfc0b, 0xfc0b, MEMORY],      // memory.fill

  [0xfd00, 0xfd0b, MEMORY_ARGUMENT], // v128.load … v128.store
  [0xfd0c, 0xfd0c, BYTES_16],    // v128.const
  [0xfd0d, 0xfd0d, BYTES_16],    // i8x16.shuffle: sixteen lanes
  [0xfd0e, 0xfd14, NONE],        // swizzle, splat
  [0xfd15, 0xfd22, LANE],        // extract_lane, replace_lane
  [0xfd23, 0xfd53, NONE],        // comparison, v128 logic
  [0xfd54, 0xfd5b, MEMORY_LANE], // load_lane, store_lane
  [0xfd5c, 0xfd5d, MEMORY_ARGUMENT], // load32_zero, load64_zero
  [0xfd5e, 0xfd99, NONE],        // float conversion, i8x16, i16x8 …
  [0xfd9b, 0xfda1, NONE],        // … i16x8.avgr_u to i32x4.neg
  [0xfda3, 0xfda4, NONE],        // i32x4.all_true, bitmask
  [0xfda7, 0xfdae, NONE],        // i32x4.extend … add
  [0xfdb1, 0xfdb1, NONE],        // i32x4.sub
  [0xfdb5, 0xfdba, NONE],        // i32x4.mul … dot
  [0xfdbc, 0xfdc1, NONE],        // i32x4.extmul … i64x2.neg
  [0xfdc3, 0xfdc4, NONE],        // i64x2.all_true, bitmask
  [0xfdc7, 0xfdce, NONE],        // i64x2.extend … add
  [0xfdd1, 0xfdd1, NONE],        // i64x2.sub
  [0xfdd5, 0xfde1, NONE],        // i64x2.mul … f32x4.neg
  [0xfde3, 0xfded, NONE],        // f32x4.sqrt … f64x2.neg
  [0xfdef, 0xfdff, NONE],        // f64x2.sqrt … convert
];

type Reason = readonly [first: number, last: number, why: string];

const EXCEPTIONS = "exception handling: a catch_all would swallow the host's exit";
const TAIL_CALLS = "tail calls are not part of the boundary";
const REFERENCES = "reference types: references and tables must not change";
const PASSIVE = "passive segments: all segments are active";

const REFUSED: readonly Reason[] = [
  [0x06, 0x0a, EXCEPTIONS],
  [0x12, 0x13, TAIL_CALLS],
  [0x14, 0x15, REFERENCES],
  [0x18, 0x19, EXCEPTIONS],
  [0x1c, 0x1c, REFERENCES],
  [0x1f, 0x1f, EXCEPTIONS],
  [0x25, 0x26, REFERENCES],
  [0xd0, 0xd6, REFERENCES],
  [0xfb, 0xfb, "garbage collection by the engine: its state would be outside memory and globals"],
  [0xfe, 0xfe, "atomics: there is one thread and no shared memory"],
  [0xfc08, 0xfc09, PASSIVE],
  [0xfc0c, 0xfc11, REFERENCES],
];

function tableIndex(opcode: number): number {
  if (opcode <= 0xff) return opcode;
  return (opcode >> 8 === Opcode.PREFIX_MISC ? 0x100 : 0x200) | (opcode & 0xff);
}

/** Immediates by opcode: single bytes at 0x000, prefix 0xfc at 0x100, prefix 0xfd at 0x200. */
export const IMMEDIATES: Uint8Array = new Uint8Array(0x300);
for (const [first, last, immediate] of ALLOWED)
  IMMEDIATES.fill(immediate, tableIndex(first), tableIndex(last) + 1);

/** Why an opcode is not on the list. */
export function refusal(opcode: number): string {
  for (const [first, last, why] of REFUSED) if (opcode >= first && opcode <= last) return why;
  return opcode >= 0xfd00
    ? "relaxed or unknown vector instruction: results must not depend on the machine"
    : "it is not on the list of allowed instructions";
}
