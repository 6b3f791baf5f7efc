import binaryenLibrary from "assemblyscript/binaryen";
import loadWabt from "wabt";
import { describe, expect, test } from "vitest";
import type { Profile } from "../configuration/unikernel.js";
import { coreImage } from "../link/core.js";
import { freeze, type Frozen } from "./freeze.js";
import { exportGlobals } from "./globals.js";
import type { Binaryen } from "./optimise.js";

const binaryen: Binaryen = binaryenLibrary;
const wabt = await loadWabt();

/** As the optimiser hands it over: `(memory 1 MAXIMUM)`, and exports but for the globals. */
function frozen(text: string, profile: Profile = "speed", maximum = 16): Frozen {
  const module = assembled(text, maximum);
  binaryen.setDebugInfo(true);
  binaryen.setOptimizeLevel(3);
  exportGlobals(binaryen, module);
  const { binary } = module.emitBinary("test.map");
  const plain = { binary, sourceMap: "{}" };
  const places = (): { placeOf: () => object } => ({ placeOf: () => ({}) });
  const result = freeze(binaryen, module, plain, {
    profile,
    dataPages: 0,
    source: plain,
    places,
    complete: () => {
      const name = "phantasm.wall_clock";
      if (module.getFunction(name) === 0)
        module.addFunctionImport(name, "phantasm", "wall_clock", binaryen.none, binaryen.i64);
    },
  });
  module.dispose();
  return result;
}

function assembled(text: string, maximum: number): ReturnType<Binaryen["readBinary"]> {
  const source = `(module
    (import "phantasm" "abort" (func $abort (param i32 i32 i32)))
    (import "phantasm" "entropy" (func $entropy (param i32 i32)))
    (memory (export "memory") 1 ${String(maximum)})
    ${text})`;
  const parsed = wabt.parseWat("test.wat", source, { simd: true, mutable_globals: true });
  try {
    return binaryen.readBinary(parsed.toBinary({ write_debug_names: true }).buffer);
  } finally {
    parsed.destroy();
  }
}

interface Booted {
  readonly memory: Uint8Array;
  readonly exports: WebAssembly.Exports;
}

/** With the globals as integers, as in a sealed image. */
function booted({ binary }: { binary: Uint8Array }): Booted {
  const module = new WebAssembly.Module(coreImage(binary).bytes as Uint8Array<ArrayBuffer>);
  const imports = { phantasm: { abort: () => 0, entropy: () => 0, wall_clock: () => 0n } };
  const { exports } = new WebAssembly.Instance(module, imports);
  (exports["init"] as () => void)();
  const memory = new Uint8Array((exports["memory"] as WebAssembly.Memory).buffer);
  return { memory, exports };
}

const STEP = `(func (export "step") (param i64 i32) (result i64) (i64.const 0))`;

/** Fills memory with numbers, by much work. */
const TABLE = `(global $end (mut i32) (i32.const 0))
  (func (export "init") (local $at i32) (local $round i32) (local $value i32)
    (loop $next
      (local.set $round (i32.const 200))
      (local.set $value (local.get $at))
      (loop $again
        (local.set $value (i32.add (i32.mul (local.get $value) (i32.const 69069)) (i32.const 1)))
        (local.set $round (i32.sub (local.get $round) (i32.const 1)))
        (br_if $again (local.get $round)))
      (i32.store (local.get $at) (local.get $value))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 4000))))
    (global.set $end (local.get $at)))
  (func (export "step") (param i64 i32) (result i64)
    (global.set $end (i32.load (global.get $end))) (i64.const 0))`;

test("memory and globals are what init leaves", () => {
  const result = frozen(TABLE);
  expect(result.frozen).toBe(true);
  const plain = frozen(TABLE, "debug");
  expect(plain.frozen).toBe(false);
  const [a, b] = [booted(result), booted(plain)];
  expect(a.memory.some((byte) => byte !== 0)).toBe(true);
  expect(Buffer.compare(a.memory, b.memory)).toBe(0);
  expect((a.exports["g0"] as WebAssembly.Global).value).toBe(4000);
});

test("init and what only it used are gone", () => {
  const result =
    frozen(`(global $once (mut i32) (i32.const 0)) (global $kept (mut i32) (i32.const 0))
    (func $prepare (param i32) (global.set $kept (i32.add (local.get 0) (i32.const 7)))
      (if (global.get $kept) (then (call $abort (i32.const 0) (i32.const 0) (i32.const 0)))))
    (func (export "init") (if (global.get $once) (then (call $prepare (i32.const 1))))
      (global.set $once (i32.const 1)) (global.set $kept (i32.const 3)))
    (func (export "step") (param i64 i32) (result i64)
      (global.set $kept (i32.add (global.get $kept) (global.get $once))) (i64.const 0))`);
  const module = binaryen.readBinary(result.binary);
  expect(result.frozen).toBe(true);
  expect(module.getFunction("prepare")).toBe(0);
  // Never set any more, so it is a constant; the other is still a variable of the state.
  expect(module.getGlobal("once")).toBe(0);
  expect((booted(result).exports["g0"] as WebAssembly.Global).value).toBe(3);
});

test("hypercalls that the manifest implies are still imported, although nothing calls them", () => {
  const { binary, frozen: done } = frozen(TABLE);
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(binary as BufferSource));
  expect([done, imports.map(({ name }) => name)]).toEqual([true, ["wall_clock"]]);
});

test("grown memory is the initial memory", () => {
  const result = frozen(`(func (export "init") (drop (memory.grow (i32.const 2)))
    (i32.store8 (i32.const 196607) (i32.const 9))) ${STEP}`);
  expect(result.frozen).toBe(true);
  expect(coreImage(result.binary).memory).toEqual({ minimum: 3, maximum: 16 });
  const { memory } = booted(result);
  expect([memory.length, memory[196_607]]).toEqual([3 * 65_536, 9]);
});

test("every bit of a global is kept, whatever its type", () => {
  const text = `(global $a (mut f32) (f32.const 0)) (global $b (mut f64) (f64.const 0))
    (global $c (mut v128) (v128.const i32x4 0 0 0 0)) (global $d (mut i64) (i64.const 0))
    (global $e (mut v128) (v128.const i32x4 0 0 0 0))
    (func $fill (param i32)
      (global.set $a (f32.reinterpret_i32 (i32.or (local.get 0) (i32.const 0xffa00000))))
      (global.set $b (f64.const -nan:0x4000000000001))
      (global.set $c (v128.const i32x4 1 2 3 0x80000004))
      (global.set $d (i64.const 0x8000000000000001))
      (global.set $e (v128.const i32x4 5 6 7 8)))
    (func (export "init") (call $fill (i32.const 1)))
    (func (export "step") (param i64 i32) (result i64)
      (v128.store (i32.const 16) (v128.xor (global.get $c) (global.get $e)))
      (f32.store (i32.const 0) (global.get $a)) (f64.store (i32.const 8) (global.get $b))
      (global.set $a (f32.load (i32.const 40))) (global.set $b (f64.load (i32.const 40)))
      (global.set $c (v128.load (i32.const 40))) (global.set $e (v128.load (i32.const 40)))
      (global.set $d (i64.add (global.get $d) (local.get 0))) (global.get $d))`;
  const result = frozen(text);
  expect(result.frozen).toBe(true);
  const values = (image: Frozen): unknown[] => {
    const { exports } = booted(image);
    const names = Object.keys(exports).filter((name) => /^g\d+$/.test(name));
    return names.map((name) => String((exports[name] as WebAssembly.Global).value));
  };
  const found = values(result);
  expect([...found].sort()).toEqual(values(frozen(text, "debug")).sort());
  const expected = [0xffa00001 | 0, 0xfff4000000000001n, 0x8000000000000001n, 0x80000004_00000003n];
  for (const bits of expected) expect(found).toContain(String(BigInt.asIntN(64, BigInt(bits))));
});

describe("what does not pay is left as it is", () => {
  /** Little work, many bytes. */
  const FILL = `(func (export "init") (memory.fill (i32.const 0) (i32.const 1) (i32.const 60000))) ${STEP}`;

  test("memory that is filled faster than it is loaded", () => {
    const result = frozen(FILL);
    expect(result.frozen).toBe(false);
    expect(result.warnings).toEqual([]);
    expect(booted(result).memory[59_999]).toBe(1);
  });

  test("in the size profile, whatever makes the image larger", () => {
    expect(frozen(TABLE, "size").frozen).toBe(false);
    const small = `(global $g (mut i32) (i32.const 0))
      (func (export "init") (global.set $g (i32.const 5))) ${STEP}`;
    expect(frozen(small, "size").frozen).toBe(true);
  });

  test("an init that is empty", () => {
    expect(frozen(`(func (export "init") nop) ${STEP}`).frozen).toBe(false);
  });
});

describe("an init that fails", () => {
  test.for([
    ["it calls abort", `(call $abort (i32.const 0) (i32.const 16) (i32.const 4))`, "oops"],
    [
      "it is out of memory",
      `(call $abort (i32.const 1) (i32.const 0) (i32.const 0))`,
      "it is out of memory",
    ],
    ["it traps", `(unreachable)`, "unreachable"],
    [
      "it makes a hypercall",
      `(call $entropy (i32.const 0) (i32.const 8))`,
      "it calls the hypercall entropy, but has no devices yet",
    ],
  ] as const)("stops the build when %s", ([, code, message]) => {
    const text = `(data (i32.const 16) "oops") (func (export "init") ${code}) ${STEP}`;
    expect(() => frozen(text)).toThrow(`top-level code fails at every boot: ${message}`);
  });

  test.for([
    [
      "runs for ever",
      `(loop $again (br $again))`,
      "top-level code takes too long for a build, if it ends at all",
    ],
    [
      "calls itself for ever",
      `(call $init)`,
      "top-level code nests its calls too deep for a build",
    ],
    [
      "takes more memory than there is for an image",
      `(drop (memory.grow (i32.const 2000)))`,
      "top-level code makes memory larger than an image can be",
    ],
  ] as const)("is left to the boot when it %s", ([, code, message]) => {
    const result = frozen(`(func $init (export "init") ${code}) ${STEP}`, "speed", 4000);
    expect(result.frozen).toBe(false);
    expect(result.warnings.map((warning) => warning.message)).toEqual([message]);
  });
});
