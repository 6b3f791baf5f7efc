/** The code that fills memory at `init`: the other side of `compress.ts`. */
import {
  InstructionCursor,
  Opcode,
  Reader,
  readBody,
  SectionId,
  splitSections,
  Writer,
} from "@phantasm/seal";
import { ADAPT_SHIFT, ADAPT_ZERO, BEHIND_BYTES, SCALE_BITS, UNKNOWN } from "./coder.js";
import { Context } from "./compress.js";

/**
 * Memory that unpacking takes, and leaves as it found it, zero: the probabilities; the decoder's range, code and
 * next address, with which the data begin; the packed bytes, and zeros behind them that it may look at.
 */
export interface Scratch {
  readonly address: number;
  readonly bytes: number;
}

const PROBABILITIES_BYTES = 2 * Context.COUNT;
const STATE_BYTES = 12;

/** @param packed what `compress` made */
export function scratchBytes(packed: Uint8Array): number {
  return PROBABILITIES_BYTES + STATE_BYTES + packed.length + BEHIND_BYTES;
}

/** What memory holds before `unpack` runs. */
export function scratchData(
  scratch: Scratch,
  packed: Uint8Array,
): { at: number; data: Uint8Array } {
  const at = scratch.address + PROBABILITIES_BYTES;
  const data = new Uint8Array(STATE_BYTES + packed.length);
  const view = new DataView(data.buffer);
  // With a range of 1 the decoder fetches its first three bytes.
  view.setUint32(0, 1, true);
  view.setUint32(8, at + STATE_BYTES, true);
  data.set(packed, STATE_BYTES);
  return { at, data };
}

/** @param until where the last range ends */
function text({ address, bytes }: Scratch, until: number, calls: boolean): string {
  const context = (index: number): string => `(i32.const ${address + 2 * index})`;
  return `(module
  (import "" "init" (func $init))
  (memory (export "memory") 1 65536)

  ;; The next bit. Its probability lies at $at.
  (func $bit (param $at i32) (result i32)
    (local $state i32) (local $range i32) (local $code i32)
    (local $probability i32) (local $bound i32) (local $bit i32)
    (local.set $range
      (i32.load (local.tee $state (i32.const ${address + PROBABILITIES_BYTES}))))
    (local.set $code (i32.load offset=4 (local.get $state)))
    (loop $fetch
      (if (i32.eqz (i32.shr_u (local.get $range) (i32.const 24)))
        (then
          (local.set $range (i32.shl (local.get $range) (i32.const 8)))
          (local.set $code (i32.or
            (i32.shl (local.get $code) (i32.const 8))
            (i32.load8_u (local.tee $bound (i32.load offset=8 (local.get $state))))))
          (i32.store offset=8 (local.get $state) (i32.add (local.get $bound) (i32.const 1)))
          (br $fetch))))
    (local.set $bound (i32.mul
      (i32.shr_u (local.get $range) (i32.const ${SCALE_BITS}))
      (local.tee $probability (i32.load16_u (local.get $at)))))
    (if (local.tee $bit (i32.ge_u (local.get $code) (local.get $bound)))
      (then
        (local.set $code (i32.sub (local.get $code) (local.get $bound)))
        (local.set $bound (i32.sub (local.get $range) (local.get $bound)))))
    (i32.store16 (local.get $at) (i32.add
      (i32.sub (local.get $probability)
        (i32.shr_u (local.get $probability) (i32.const ${ADAPT_SHIFT})))
      (select (i32.const 0) (i32.const ${ADAPT_ZERO}) (local.get $bit))))
    (i32.store (local.get $state) (local.get $bound))
    (i32.store offset=4 (local.get $state) (local.get $code))
    (local.get $bit))

  ;; A number from 1 on: whether there is another bit, and the bit; lowest first.
  (func $number (param $at i32) (result i32)
    (local $value i32) (local $shift i32)
    (loop $more
      (if (call $bit (local.get $at))
        (then
          (local.set $value (i32.or (local.get $value) (i32.shl
            (call $bit (i32.add (local.get $at) (i32.const 2)))
            (local.get $shift))))
          (local.set $shift (i32.add (local.get $shift) (i32.const 1)))
          (local.set $at (i32.add (local.get $at) (i32.const 4)))
          (br $more))))
    (i32.or (local.get $value) (i32.shl (i32.const 1) (local.get $shift))))

  (func $unpack
    (local $at i32) (local $end i32) (local $distance i32) (local $left i32) (local $copied i32)
    (memory.fill (i32.const ${address}) (i32.const ${UNKNOWN & 0xff}) (i32.const ${PROBABILITIES_BYTES}))
    (loop $ranges
      (local.set $at (i32.add (local.get $end) (call $number ${context(Context.DISTANCE)})))
      (local.set $end (i32.add (local.get $at) (call $number ${context(Context.LENGTH)})))
      (local.set $copied (i32.const 0))
      (loop $tokens
        (if (call $bit (i32.add (local.get $copied) ${context(Context.COPY)}))
          (then
            (block $same
              (if (i32.eqz (local.get $copied))
                (then (br_if $same (call $bit ${context(Context.REPEAT)}))))
              (local.set $distance (call $number ${context(Context.DISTANCE)})))
            (local.set $left (call $number ${context(Context.LENGTH)}))
            (loop $copy
              (i32.store8 (local.get $at)
                (i32.load8_u (i32.sub (local.get $at) (local.get $distance))))
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (br_if $copy (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            (local.set $copied (i32.const 2)))
          (else
            (local.set $left (i32.const 1))
            (loop $bits
              (local.set $left (i32.or
                (i32.shl (local.get $left) (i32.const 1))
                (call $bit (i32.add (i32.shl (local.get $left) (i32.const 1)) ${context(Context.BYTE)}))))
              (br_if $bits (i32.lt_u (local.get $left) (i32.const 256))))
            (i32.store8 (local.get $at) (local.get $left))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (local.set $copied (i32.const 0))))
        (br_if $tokens (i32.lt_u (local.get $at) (local.get $end))))
      (br_if $ranges (i32.lt_u (local.get $end) (i32.const ${until}))))
    (memory.fill (i32.const ${address}) (i32.const 0) (i32.const ${bytes}))
    ${calls ? "(call $init)" : ""})
  (export "unpack" (func $unpack)))`;
}

/** A function of the unpacker. */
export interface UnpackerFunction {
  readonly name: string;
  readonly parameters: number;
  readonly results: number;
  /** As it stands in a code section, its length left out. */
  readonly body: Uint8Array;
}

const I32_FUNCTIONS = { parameters: 1, results: 1 };

/** Compiled as it stands: it is written as short as it gets. */
export class Unpacker {
  /** A module of its own, to try it: imports `"".init`, exports `memory` of a page and `unpack`. */
  readonly module: Uint8Array<ArrayBuffer>;

  private constructor(module: Uint8Array<ArrayBuffer>) {
    this.module = module;
  }

  /**
   * @param until where the last range ends
   * @param calls whether there is an `init` to call in the end
   */
  static async make(scratch: Scratch, until: number, calls: boolean): Promise<Unpacker> {
    const { default: load } = await import("wabt");
    const wabt = await load();
    const module = wabt.parseWat("unpack.wat", text(scratch, until, calls), { bulk_memory: true });
    try {
      const { buffer } = module.toBinary({});
      return new Unpacker(Uint8Array.from(buffer));
    } finally {
      module.destroy();
    }
  }

  /**
   * The last one is to be called.
   *
   * @param first index that the first of them will have
   * @param init index of what the last one calls
   */
  functions(first: number, init: number): UnpackerFunction[] {
    const code = splitSections(this.module).find(({ id }) => id === SectionId.CODE);
    const reader = new Reader(this.module, code?.start, code?.end);
    // The import is its function 0.
    const index = (own: number): number => (own === 0 ? init : first + own - 1);
    const forms = [I32_FUNCTIONS, I32_FUNCTIONS, { parameters: 0, results: 0 }];
    reader.u32("the number of bodies");
    return ["bit", "number", "unpack"].map((name, at) => ({
      name: `~lib/@phantasm/runtime/unpack/${name}`,
      parameters: forms[at]?.parameters ?? 0,
      results: forms[at]?.results ?? 0,
      body: this.#body(reader, index),
    }));
  }

  #body(reader: Reader, index: (own: number) => number): Uint8Array {
    const { module } = this;
    const { start, code, end } = readBody(reader);
    const body = new Writer(end - start + 16);
    let copied = start;
    const cursor = new InstructionCursor(module, code, end);
    while (cursor.next()) {
      if (cursor.opcode !== Opcode.CALL) continue;
      body.raw(module.subarray(copied, cursor.offset)).u8(Opcode.CALL).u32(index(cursor.index));
      copied = cursor.position;
    }
    return body.raw(module.subarray(copied, end)).finish();
  }
}
