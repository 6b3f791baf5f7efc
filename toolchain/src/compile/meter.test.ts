import loadWabt from "wabt";
import { describe, expect, test } from "vitest";
import { METER_EXPORTS, Stopped, meterModule, type MeterLimits } from "./meter.js";

const wabt = await loadWabt();
const LIMITS: MeterLimits = { work: 1_000_000n, stackBytes: 100_000, pages: 4 };

function assemble(text: string): Uint8Array {
  const module = wabt.parseWat("test.wat", text, { simd: true, bulk_memory: true });
  try {
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}

interface Run {
  /** What `run` returned, or the error it ended with. */
  readonly result: unknown;
  readonly reason: unknown;
  /** Units of work left. */
  readonly left: bigint;
  readonly memory: Uint8Array;
}

function run(text: string, limits: Partial<MeterLimits> = {}): Run {
  const { bytes } = meterModule(assemble(text), { ...LIMITS, ...limits });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  let result: unknown;
  try {
    result = (exports["run"] as () => unknown)();
  } catch (error) {
    result = error;
  }
  const global = (name: string): unknown => (exports[name] as WebAssembly.Global).value;
  const memory = exports["memory"] as WebAssembly.Memory | undefined;
  return {
    result,
    reason: global(METER_EXPORTS.reason),
    left: global(METER_EXPORTS.work) as bigint,
    memory: new Uint8Array(memory?.buffer ?? new ArrayBuffer(0)),
  };
}

describe("work", () => {
  const COUNT = (to: number): string => `(module (func (export "run") (result i32)
    (local $i i32)
    (loop $again (result i32)
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const ${String(to)})))
      (local.get $i))))`;

  test("a loop that ends gives its result, and its work is counted", () => {
    const short = run(COUNT(100));
    const long = run(COUNT(1100));
    expect([short.result, long.result, long.reason]).toEqual([100, 1100, Stopped.NOT]);
    const perTurn = Number(short.left - long.left) / 1000;
    expect(perTurn).toBeGreaterThan(5);
    expect(perTurn).toBeLessThan(30);
  });

  test("a loop without end is stopped", () => {
    const endless = run(`(module (func (export "run") (loop $again (br $again))))`);
    expect(endless.result).toBeInstanceOf(WebAssembly.RuntimeError);
    expect(endless.reason).toBe(Stopped.WORK);
  });

  test.for(["memory.fill", "memory.copy"])("%s counts by its bytes", (name) => {
    const bulk = (bytes: number): bigint =>
      run(`(module (memory (export "memory") 1)
        (func (export "run") (${name} (i32.const 0) (i32.const 0) (i32.const ${String(bytes)}))))`)
        .left;
    expect(bulk(800) - bulk(8000)).toBe(900n);
    expect(
      run(`(module (memory (export "memory") 1) (func (export "run")
        (loop $again (${name} (i32.const 0) (i32.const 0) (i32.const 60000)) (br $again))))`)
        .reason,
    ).toBe(Stopped.WORK);
  });

  test("calls count, so that a tree of them is stopped too", () => {
    const tree = run(`(module (func $f (param i32)
      (if (local.get 0) (then
        (call $f (i32.sub (local.get 0) (i32.const 1)))
        (call $f (i32.sub (local.get 0) (i32.const 1))))))
      (func (export "run") (call $f (i32.const 60))))`);
    expect(tree.reason).toBe(Stopped.WORK);
  });
});

describe("stack", () => {
  test.for([
    ["itself", "(call $f (i32.add (local.get 0) (i32.const 1)))"],
    ["a table", "(call_indirect (type $t) (i32.add (local.get 0) (i32.const 1)) (i32.const 0))"],
  ])("calls through %s without end are stopped", ([, call]) => {
    const deep = run(`(module (type $t (func (param i32) (result i32)))
      (table 1 1 funcref) (elem (i32.const 0) $f)
      (func $f (type $t) ${call ?? ""})
      (func (export "run") (result i32) (call $f (i32.const 0))))`);
    expect(deep.reason).toBe(Stopped.STACK);
  });

  test("what has returned takes none", () => {
    const often = run(
      `(module (func $f (param i32) (result i32) (local.get 0))
      (func (export "run") (result i32) (local $i i32)
        (loop $again
          (local.set $i (call $f (i32.add (local.get $i) (i32.const 1))))
          (br_if $again (i32.lt_u (local.get $i) (i32.const 10000))))
        (local.get $i)))`,
      { stackBytes: 300 },
    );
    expect([often.result, often.reason]).toEqual([10_000, Stopped.NOT]);
  });
});

describe("memory", () => {
  const GROW = (by: number, maximum: number): string => `(module
    (memory (export "memory") 2 ${String(maximum)})
    (func (export "run") (result i32) (memory.grow (i32.const ${String(by)}))))`;

  test.for([
    ["within the limit", 2, 10, 2, Stopped.NOT, 4],
    ["beyond the limit", 3, 10, "stopped", Stopped.MEMORY, 2],
    ["beyond its own maximum, which fails as it always does", 9, 10, -1, Stopped.NOT, 2],
    ["beyond a maximum below the limit", 2, 3, -1, Stopped.NOT, 2],
    ["by all there is", -1, 10, -1, Stopped.NOT, 2],
  ] as const)("grows %s", ([, by, maximum, result, reason, pages]) => {
    const grown = run(GROW(by, maximum));
    expect(grown.result instanceof Error ? "stopped" : grown.result).toBe(result);
    expect([grown.reason, grown.memory.length / 65_536]).toEqual([reason, pages]);
  });
});

describe("a NaN has one pattern", () => {
  const F32 = ["ceil", "floor", "trunc", "nearest", "sqrt"];
  const F32_TWO = ["add", "sub", "mul", "div", "min", "max"];
  /** Negative, with a payload: hardware hands it on. */
  const ODD = { f32: "(f32.const -nan:0x600001)", f64: "(f64.const -nan:0xc000000000001)" };
  const ONE = { f32: "0000c07f", f64: "000000000000f87f" };

  function bits(store: string, expression: string, bytes: number): string {
    const { memory } = run(`(module (memory (export "memory") 1)
      (func (export "run") (${store} (i32.const 0) ${expression})))`);
    return Buffer.from(memory.subarray(0, bytes)).toString("hex");
  }

  for (const type of ["f32", "f64"] as const) {
    const bytes = type === "f32" ? 4 : 8;
    test.for(F32)(`${type}.%s`, (name) => {
      expect(bits(`${type}.store`, `(${type}.${name} ${ODD[type]})`, bytes)).toBe(ONE[type]);
    });
    test.for(F32_TWO)(`${type}.%s`, (name) => {
      const one = `(${type}.const 1)`;
      expect(bits(`${type}.store`, `(${type}.${name} ${ODD[type]} ${one})`, bytes)).toBe(ONE[type]);
      expect(bits(`${type}.store`, `(${type}.${name} ${one} ${one})`, bytes)).not.toBe(ONE[type]);
    });
    const lanes = 16 / bytes;
    const shape = type === "f32" ? "f32x4" : "f64x2";
    test.for(F32)(`${shape}.%s`, (name) => {
      const value = `(${shape}.${name} (${shape}.splat ${ODD[type]}))`;
      expect(bits("v128.store", value, 16)).toBe(ONE[type].repeat(lanes));
    });
    test.for(F32_TWO)(`${shape}.%s, in the lanes that have one`, (name) => {
      const mixed = `(${shape}.replace_lane 1 (${shape}.splat ${ODD[type]}) (${type}.const 1))`;
      const value = `(${shape}.${name} ${mixed} (${shape}.splat (${type}.const 1)))`;
      const found = bits("v128.store", value, 16);
      expect(found.slice(0, 2 * bytes)).toBe(ONE[type]);
      expect(found.slice(2 * bytes, 4 * bytes)).not.toBe(ONE[type]);
    });
  }

  test("conversions", () => {
    expect(bits("f32.store", `(f32.demote_f64 ${ODD.f64})`, 4)).toBe(ONE.f32);
    expect(bits("f64.store", `(f64.promote_f32 ${ODD.f32})`, 8)).toBe(ONE.f64);
    const demoted = `(f32x4.demote_f64x2_zero (f64x2.splat ${ODD.f64}))`;
    expect(bits("v128.store", demoted, 16)).toBe(ONE.f32.repeat(2) + "0".repeat(16));
    const promoted = `(f64x2.promote_low_f32x4 (f32x4.splat ${ODD.f32}))`;
    expect(bits("v128.store", promoted, 16)).toBe(ONE.f64.repeat(2));
  });

  test("what only moves bits keeps them", () => {
    expect(bits("f32.store", `(f32.neg ${ODD.f32})`, 4)).toBe("0100e07f");
    expect(bits("f32.store", `(f32.copysign ${ODD.f32} (f32.const 1))`, 4)).toBe("0100e07f");
    expect(bits("f64.store", `(f64.abs ${ODD.f64})`, 8)).toBe("010000000000fc7f");
    const pmin = `(f32x4.pmin (f32x4.splat ${ODD.f32}) (f32x4.splat ${ODD.f32}))`;
    expect(bits("v128.store", pmin, 16)).toBe("0100e0ff".repeat(4));
  });
});

test("the place of a trap is found again", () => {
  const text = `(module (memory 1)
    (func $f (param i32) (result i32)
      (drop (f32.add (f32.const 1) (f32.const 2)))
      (i32.div_u (i32.const 1) (local.get 0)))
    (func (export "run") (result i32)
      (loop (br_if 0 (i32.const 0)))
      (call $f (i32.const 0))))`;
  const plain = assemble(text);
  const metered = meterModule(plain, LIMITS);
  const offsets = (bytes: Uint8Array): number[] => {
    const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
    try {
      (new WebAssembly.Instance(module).exports["run"] as () => void)();
    } catch (error) {
      const stack = (error as Error).stack ?? "";
      return [...stack.matchAll(/:0x([0-9a-f]+)/g)].map(([, hex]) =>
        Number.parseInt(hex ?? "", 16),
      );
    }
    return [];
  };
  expect(offsets(plain).length).toBe(2);
  expect(offsets(plain).map((at) => metered.relocation.apply(at))).toEqual(offsets(metered.bytes));
});
