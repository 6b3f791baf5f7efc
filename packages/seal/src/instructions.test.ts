import { expect, test } from "vitest";
import { image, withCode } from "../test/images.js";
import { IMMEDIATES, Immediate, InstructionCursor, Opcode, verifyImage, Writer } from "./index.js";

/** Immediates that are valid wherever they stand, by what the opcode wants. */
const SAMPLES: Readonly<Record<number, readonly number[]>> = {
  [Immediate.NONE]: [],
  [Immediate.INDEX]: [0],
  [Immediate.I32]: [0],
  [Immediate.I64]: [0],
  [Immediate.MEMORY_ARGUMENT]: [0, 0],
  [Immediate.BLOCK]: [0x40, 0x0b],
  [Immediate.LABELS]: [0, 0],
  [Immediate.TYPE_AND_TABLE]: [0, 0],
  [Immediate.MEMORY_LANE]: [0, 0, 0],
  [Immediate.MEMORY]: [0],
  [Immediate.TWO_MEMORIES]: [0, 0],
  [Immediate.BYTES_4]: [0, 0, 0, 0],
  [Immediate.BYTES_8]: [0, 0, 0, 0, 0, 0, 0, 0],
  [Immediate.BYTES_16]: Array<number>(16).fill(0),
  [Immediate.LANE]: [0],
};

const ELSE = 0x05;
const GLOBAL_SET = 0x24;

function opcodeBytes(at: number): number[] {
  const number = at & 0xff;
  if (at < 0x100) return [number];
  const prefix = at < 0x200 ? Opcode.PREFIX_MISC : Opcode.PREFIX_SIMD;
  return [prefix, ...new Writer().u32(number).finish()];
}

/** Whether the engine takes an instruction behind `unreachable`, where operands have any type. */
function engineTakes(instruction: readonly number[]): boolean {
  const body = [0, 0x00, ...instruction, 0x00, 0x0b];
  const bytes = new Writer()
    .raw([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
    .section(1, Uint8Array.of(1, 0x60, 1, 0x7f, 0))
    .section(3, Uint8Array.of(1, 0))
    .section(4, Uint8Array.of(1, 0x70, 1, 1, 1))
    .section(5, Uint8Array.of(1, 1, 1, 1))
    .section(6, Uint8Array.of(1, 0x7f, 1, 0x41, 0, 0x0b))
    .section(10, new Writer().u8(1).sized(body).finish())
    .finish();
  return WebAssembly.validate(bytes);
}

test("the engine reads every allowed opcode with the immediates of the table", () => {
  const disagreed: string[] = [];
  for (const [at, kind] of IMMEDIATES.entries()) {
    const immediates = SAMPLES[kind];
    if (immediates === undefined || at === ELSE) continue;
    if (!engineTakes([...opcodeBytes(at), ...immediates])) disagreed.push(at.toString(16));
  }
  expect(disagreed).toEqual([]);
});

test("the table allows these many instructions, so that a change of it is seen", () => {
  const allowed = (first: number): number =>
    IMMEDIATES.subarray(first, first + 0x100).filter((kind) => kind !== Immediate.REFUSED).length;
  // WebAssembly 1.0 has 172, sign extension 5; saturation 8, copy, fill; fixed-width SIMD 236.
  expect([allowed(0), allowed(0x100), allowed(0x200)]).toEqual([177, 10, 236]);
});

test("the cursor yields opcode, offset, index and depth", () => {
  const verified = verifyImage(image());
  const body = verified.functions[1];
  if (body === undefined) throw new Error("the image of the tests has two functions");
  const cursor = new InstructionCursor(verified.bytes, body.code, body.end);
  const seen: [number, number, number][] = [];
  while (cursor.next()) {
    expect(verified.bytes[cursor.offset]).toBe(cursor.opcode);
    if (cursor.opcode === Opcode.GLOBAL_GET || cursor.opcode === GLOBAL_SET)
      seen.push([cursor.opcode, cursor.index, cursor.depth]);
  }
  expect(seen).toEqual([
    [Opcode.GLOBAL_GET, 0, 2],
    [GLOBAL_SET, 0, 2],
  ]);
  expect(cursor.depth).toBe(0);
});

test("instructions of every shape pass, with long and short immediates", () => {
  const code = [
    [0x02, 0x40, 0x0c, 0x80, 0x00, 0x0b], // block, br with a padded label
    [0x02, 0x7e, 0x42, 0xff, 0x80, 0x01, 0x0b, 0x1a], // block with a result
    [0x41, 0xe5, 0x8e, 0x26, 0x04, 0x40, 0x05, 0x0b], // if, else
    [0x41, 0x00, 0x41, 0x80, 0x01, 0x36, 0x02, 0x80, 0x08], // store with a long offset
    [0x02, 0x40, 0x41, 0x00, 0x0e, 0x01, 0x00, 0x00, 0x0b], // br_table in a block
    [0x41, 0x00, 0xfd, 0x00, 0x04, 0x00, 0xfd, 0x62, 0x1a], // vectors
    [0x43, 0, 0, 0, 0, 0xfc, 0x00, 0x1a], // saturating conversion
    [0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0a, 0, 0], // memory.copy
    [0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0b, 0], // memory.fill
    [0x42, 0x00],
  ].flat();
  const { bytes, functions } = verifyImage(withCode(code));
  const body = functions[1];
  const cursor = new InstructionCursor(bytes, body?.code, body?.end);
  let count = 0;
  while (cursor.next()) count++;
  expect(count).toBe(35);
  expect(WebAssembly.validate(bytes)).toBe(true);
});

test("stepping and walking in one go stop at the same place for the same reason", () => {
  const reasons = [[0x02, 0x40], [0x0b, 0x01], [0x41], [0x28, 0x02], [0x06], [0xfd]].map((code) => {
    const bytes = Uint8Array.from(code);
    const outcome = (walk: (cursor: InstructionCursor) => void): string => {
      try {
        walk(new InstructionCursor(bytes));
        return "passed";
      } catch (error) {
        return String(error);
      }
    };
    const stepped = outcome((cursor) => {
      while (cursor.next());
    });
    expect(
      outcome((cursor) => {
        cursor.finishBody();
      }),
    ).toBe(stepped);
    return stepped;
  });
  expect(reasons).not.toContain("passed");
});
