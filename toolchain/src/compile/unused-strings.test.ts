import binaryenLibrary from "assemblyscript/binaryen";
import loadWabt from "wabt";
import { describe, expect, test } from "vitest";
import type { Binaryen } from "./optimise.js";
import { dropUnusedStrings } from "./unused-strings.js";

const binaryen: Binaryen = binaryenLibrary;
const wabt = await loadWabt();

const HEADER_BYTES = 20;
const STRING_ID = 2;
const FIRST = 1024;

function escaped(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
}

/** A static object as the compiler lays it out, one after the other in blocks of 16 bytes. */
function object(contents: Uint8Array, id: number): Uint8Array {
  const bytes = new Uint8Array((HEADER_BYTES + contents.length + 15) & ~15);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length - 4, true);
  view.setUint32(12, id, true);
  view.setUint32(16, contents.length, true);
  bytes.set(contents, HEADER_BYTES);
  return bytes;
}

const TEXTS = ["first text", "0123456789abcdef", "last text, longer than the first"];

/** Where their characters begin. */
const ADDRESSES: number[] = [];
let end = FIRST;
for (const text of TEXTS) {
  ADDRESSES.push(end + HEADER_BYTES);
  end += object(Buffer.from(text, "utf16le"), STRING_ID).length;
}
const [A = 0, B = 0, C = 0] = ADDRESSES;

interface Outcome {
  /** Of the three texts, those that are still there. */
  readonly kept: readonly string[];
  readonly exports: WebAssembly.Exports;
  /** The module as text after all optimisation. */
  readonly text: string;
}

function outcome(code: string, more: readonly Uint8Array[] = []): Outcome {
  let at = FIRST;
  const objects = [
    ...TEXTS.map((text) => object(Buffer.from(text, "utf16le"), STRING_ID)),
    ...more,
  ];
  const data = objects.map((bytes) => {
    const segment = `(data (i32.const ${String(at)}) "${escaped(bytes)}")`;
    at += bytes.length;
    return segment;
  });
  const source = `(module (memory (export "memory") 1 1) (global $end i32 (i32.const ${String(at)}))
    ${data.join("\n")} ${code})`;
  const parsed = wabt.parseWat("test.wat", source, { simd: true, mutable_globals: true });
  const bytes = parsed.toBinary({ write_debug_names: true }).buffer;
  parsed.destroy();
  const module = binaryen.readBinary(bytes);
  try {
    dropUnusedStrings(binaryen, module);
    binaryen.setOptimizeLevel(3);
    binaryen.setLowMemoryUnused(true);
    binaryen.setZeroFilledMemory(true);
    module.optimize();
    const compiled = new WebAssembly.Module(module.emitBinary() as Uint8Array<ArrayBuffer>);
    const { exports } = new WebAssembly.Instance(compiled);
    const memory = Buffer.from((exports["memory"] as WebAssembly.Memory).buffer);
    const kept = TEXTS.filter((text, index) => {
      const own = memory.subarray((ADDRESSES[index] ?? 0) - HEADER_BYTES);
      const whole = object(Buffer.from(text, "utf16le"), STRING_ID);
      const found = own.subarray(0, whole.length);
      // All of it, or nothing of it.
      const gone = found.every((byte) => byte === 0);
      if (!gone) expect(found.equals(whole)).toBe(true);
      return !gone;
    });
    return { kept, exports, text: module.emitText() };
  } finally {
    module.dispose();
  }
}

function kept(code: string, more?: readonly Uint8Array[]): readonly string[] {
  return outcome(code, more).kept;
}

const SHOW = `(func $show (param i32) (result i32)
  (i32.load16_u (i32.add (local.get 0) (i32.load offset=0 (i32.const 8)))))`;
const called = (address: number): string =>
  `(func (export "run") (result i32) (call $show (i32.const ${String(address)})))`;

describe("a string goes", () => {
  test("when no code names it", () => {
    expect(kept(`(func (export "run"))`)).toEqual([]);
  });

  test("when only a function names it that nobody calls", () => {
    expect(kept(`${SHOW} (func $dead (drop (call $show (i32.const ${B})))) ${called(A)}`)).toEqual([
      TEXTS[0],
    ]);
  });

  test("when it is for a case that never comes", () => {
    const code = `${SHOW}
      (func $check (param $n i32) (result i32)
        (if (result i32) (i32.gt_u (local.get $n) (i32.const 36))
          (then (call $show (i32.const ${B}))) (else (call $show (i32.const ${C})))))
      (func (export "run") (result i32)
        (i32.add (call $check (i32.const 10)) (call $check (i32.const 10))))`;
    expect(kept(code)).toEqual([TEXTS[2]]);
  });

  test("when it is an argument that the function does not use", () => {
    const code = `${SHOW}
      (func $told (param i32 i32) (result i32) (call $show (local.get 0)))
      (func (export "run") (param i32) (result i32)
        (i32.add (call $told (i32.const ${A}) (i32.const ${B}))
          (call $told (local.get 0) (i32.const ${C}))))`;
    expect(kept(code)).toEqual([TEXTS[0]]);
  });

  test("when it is a constant that no code reads", () => {
    expect(kept(`${SHOW} (global $name i32 (i32.const ${B})) ${called(C)}`)).toEqual([TEXTS[2]]);
  });
});

describe("a string stays", () => {
  test.for([
    ["at its start", 0],
    ["at its length", -4],
    ["at its header", 4 - HEADER_BYTES],
    ["inside", 6],
    ["at its end", 2 * 16],
  ] as const)("when code has an address %s", ([, distance]) => {
    expect(kept(`${SHOW} ${called(B + distance)}`)).toContain(TEXTS[1]);
  });

  test("with its neighbour, when an address is the end of one and the start of the other", () => {
    const code = `${SHOW} ${called(C - HEADER_BYTES)}`;
    expect(kept(code)).toEqual([TEXTS[1], TEXTS[2]]);
  });

  test("when a constant of that value is no address", () => {
    const code = `(func (export "run") (param i32) (result i32)
      (i32.mul (local.get 0) (i32.const ${B})))`;
    expect(kept(code)).toEqual([TEXTS[1]]);
  });

  test("when the optimiser makes a number of its address that lies in another string", () => {
    // As `load<u16>(DIGITS + ((c - 48) << 1))` is folded: the constant is the address less 96.
    const {
      kept: found,
      exports,
      text,
    } = outcome(`(func (export "run") (param $c i32) (result i32)
      (i32.load16_u (i32.add (i32.const ${C})
        (i32.shl (i32.sub (local.get $c) (i32.const 48)) (i32.const 1)))))`);
    expect(found).toEqual([TEXTS[2]]);
    expect(text).not.toContain(`(i32.const ${C})`);
    const run = exports["run"] as (code: number) => number;
    expect(String.fromCharCode(...[48, 49, 50, 51].map(run))).toBe("last");
  });

  test.for([
    ["a load", `(i32.load16_u offset=${B} (i32.shl (local.get 0) (i32.const 1)))`],
    ["a vector", `(i32x4.extract_lane 0 (v128.load offset=${B} (local.get 0)))`],
    [
      "one lane",
      `(i32x4.extract_lane 0 (v128.load8_lane offset=${B} 1 (local.get 0) (v128.const i64x2 0 0)))`,
    ],
  ])("when it is the offset of %s", ([, code]) => {
    expect(kept(`(func (export "run") (param i32) (result i32) ${code ?? ""})`)).toContain(
      TEXTS[1],
    );
  });

  test("when a constant with its address is read", () => {
    expect(
      kept(`${SHOW} (global $name i32 (i32.const ${B}))
        (func (export "run") (result i32) (call $show (global.get $name)))`),
    ).toEqual([TEXTS[1]]);
  });

  test("when a variable begins with it", () => {
    expect(kept(`(global (export "g0") (mut i32) (i32.const ${B}))`)).toEqual([TEXTS[1]]);
  });

  test("when code is called through the table", () => {
    expect(
      kept(`(table 1 1 funcref) (elem (i32.const 0) $show) (type $t (func (param i32) (result i32)))
        ${SHOW} (func (export "run") (param i32) (result i32)
        (call_indirect (type $t) (i32.const ${A}) (local.get 0)))`),
    ).toEqual([TEXTS[0]]);
  });

  test.for([0, 1, 2, 3])(
    "when other static data has its address, at byte %i of a word",
    (shift) => {
      const words = new Uint8Array(12);
      new DataView(words.buffer).setUint32(4 + shift, B, true);
      expect(kept(`(func (export "run"))`, [object(words, 7)])).toEqual([TEXTS[1]]);
    },
  );

  test("when the data that has its address is no object", () => {
    const words = new Uint8Array(16);
    new DataView(words.buffer).setUint32(0, C, true);
    expect(kept(`(func (export "run"))`, [words])).toEqual([TEXTS[2]]);
  });
});

test("characters of one string that look like the address of another keep nothing", () => {
  const like = object(Buffer.from(String.fromCharCode(B, 0), "utf16le"), STRING_ID);
  const code = `${SHOW} ${called(end + HEADER_BYTES)}`;
  expect(kept(code, [like])).toEqual([]);
});

test("data that is no string is never left out", () => {
  const array = object(Uint8Array.of(1, 2, 3, 4), 7);
  const { exports } = outcome(`(func (export "run"))`, [array]);
  const memory = new Uint8Array((exports["memory"] as WebAssembly.Memory).buffer);
  expect([...memory.subarray(end + HEADER_BYTES, end + HEADER_BYTES + 4)]).toEqual([1, 2, 3, 4]);
});
