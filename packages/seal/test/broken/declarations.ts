/** Breaks the rules about what a module declares: types, imports, memory, table, globals, exports. */
import {
  checkCompiled,
  engineRefusal,
  limits,
  sealImage,
  verifyImage,
  Writer,
} from "../../src/index.js";
import { core, image, MANIFEST, PARTS, withSection } from "../images.js";
import type { BrokenCase } from "./case.js";

const verify =
  (parts: Partial<typeof PARTS>): (() => unknown) =>
  () =>
    verifyImage(image(parts));

/** The good imports and one more line, in front or behind. */
const importing = (line: string): Partial<typeof PARTS> => ({
  imports: `${PARTS.imports}\n${line}`,
});

const repeated = (count: number, bytes: readonly number[]): Uint8Array => {
  const writer = new Writer().u32(count);
  for (let at = 0; at < count; at++) writer.raw(bytes);
  return writer.finish();
};

const withNet = {
  ...MANIFEST,
  devices: [{ name: "service", type: "net", offloads: 0 }] as const,
};

export const DECLARATION_CASES: readonly BrokenCase[] = [
  {
    rule: "type-count",
    title: "one type too many",
    attempt: () => verifyImage(withSection(1, repeated(limits.TYPES_MAX + 1, [0x60, 0, 0]))),
    message: /4097 types, at most 4096/,
  },
  {
    rule: "type-form",
    title: "a structure type",
    attempt: () => verifyImage(withSection(1, [1, 0x5f, 0, 0])),
    message: /type 0 has form 0x5f, only function types/,
  },
  {
    rule: "type-form",
    title: "256 parameters",
    attempt: () =>
      verifyImage(withSection(1, [1, 0x60, 0x80, 0x02, ...Array<number>(256).fill(0x7f), 0])),
    message: /a type has more than 255 parameters/,
  },
  {
    rule: "value-type",
    title: "a parameter that is a reference",
    attempt: verify({ types: "(type (func (param externref)))" }),
    message: /0x6f is not a value type/,
  },
  {
    rule: "import-module",
    title: "an import from WASI",
    attempt: verify(importing('(import "wasi_snapshot_preview1" "fd_write" (func (param i32)))')),
    message: /import "wasi_snapshot_preview1\.fd_write": everything must come from "phantasm"/,
  },
  ...(["memory 1 2", "table 1 1 funcref", "global i32", "tag"] as const).map((what) => ({
    rule: "import-kind" as const,
    title: `an imported ${what}`,
    attempt: verify(importing(`(import "phantasm" "x" (${what}))`)),
    message: new RegExp(`import "phantasm.x" is a ${what.split(" ")[0] ?? ""}, only functions`),
  })),
  {
    rule: "import-unexpected",
    title: "a hypercall of a device the manifest does not declare",
    attempt: verify(
      importing('(import "phantasm" "net_send" (func (param i32 i32 i32) (result i32)))'),
    ),
    message: /import "phantasm\.net_send": the manifest declares no net device/,
  },
  {
    rule: "import-unexpected",
    title: "a hypercall of a capability the manifest does not declare",
    attempt: verify(importing('(import "phantasm" "entropy" (func (param i32 i32)))')),
    message: /import "phantasm\.entropy": the manifest does not declare the capability "entropy"/,
  },
  {
    rule: "import-unexpected",
    title: "a hypercall that does not exist",
    attempt: verify(importing('(import "phantasm" "system" (func (param i32)))')),
    message: /import "phantasm\.system": there is no such hypercall/,
  },
  {
    rule: "import-duplicate",
    title: "a hypercall imported twice",
    attempt: verify(importing('(import "phantasm" "exit" (func (param i32)))')),
    message: /import "phantasm\.exit" is there twice/,
  },
  {
    rule: "import-signature",
    title: "a hypercall of another type",
    attempt: verify({ imports: PARTS.imports.replace("(param i32))", "(param i64))") }),
    message: /import "phantasm\.exit" has type \(i64\) → \(\), the ABI gives it \(i32\) → \(\)/,
  },
  {
    rule: "import-missing",
    title: "a capability that is declared but not imported",
    attempt: () =>
      verifyImage(sealImage(core(), { ...MANIFEST, capabilities: ["clock", "console"] }).bytes),
    message: /the manifest implies "phantasm\.wall_clock", but it is not imported/,
  },
  {
    rule: "import-missing",
    title: "a device that is declared but not imported",
    attempt: () => verifyImage(sealImage(core(), withNet).bytes),
    message: /the manifest implies "phantasm\.net_info", but it is not imported/,
  },
  {
    rule: "function-count",
    title: "one function too many",
    attempt: () => verifyImage(withSection(3, repeated(limits.FUNCTIONS_MAX, [0]))),
    message: /more than 65536 functions/,
  },
  {
    rule: "function-count",
    title: "fewer bodies than functions",
    attempt: () => verifyImage(withSection(10, [1, 2, 0, 0x0b])),
    message: /there are 1 function bodies for 2 declared functions/,
  },
  {
    rule: "function-type",
    title: "a function whose type does not exist",
    attempt: () => verifyImage(withSection(3, [2, 0, 99])),
    message: /function 5 has type 99, but there are only \d types/,
  },
  {
    rule: "function-type",
    title: "an import whose type does not exist",
    attempt: () =>
      verifyImage(
        withSection(2, new Writer().u8(1).name("phantasm").name("exit").u8(0).u8(99).finish()),
      ),
    message: /import "phantasm\.exit" has type 99/,
  },
  {
    rule: "table-count",
    title: "two tables",
    attempt: verify({ table: "(table 2 2 funcref) (table 2 2 funcref)" }),
    message: /there are 2 tables, at most one/,
  },
  {
    rule: "table-type",
    title: "a table of host references",
    attempt: verify({ table: "(table 2 2 externref)", elements: "" }),
    message: /the table holds 0x6f, only funcref/,
  },
  {
    rule: "table-type",
    title: "a table without a maximum",
    attempt: verify({ table: "(table 2 funcref)" }),
    message: /the table has no maximum/,
  },
  {
    rule: "table-type",
    title: "a table that can grow",
    attempt: verify({ table: "(table 2 3 funcref)" }),
    message: /the table has minimum 2 and maximum 3, they must be equal/,
  },
  {
    rule: "table-type",
    title: "a table that is too large",
    attempt: verify({ table: "(table 65537 65537 funcref)" }),
    message: /the table has 65537 entries, at most 65536/,
  },
  {
    rule: "memory-count",
    title: "no memory",
    attempt: verify({ memory: "" }),
    message: /there are 0 memories, exactly one/,
  },
  {
    rule: "memory-count",
    title: "two memories",
    attempt: verify({ memory: `${PARTS.memory} (memory 1 2)` }),
    message: /there are 2 memories, exactly one/,
  },
  {
    rule: "memory-type",
    title: "a memory without a maximum",
    attempt: verify({ memory: '(memory (export "memory") 1)' }),
    message: /the memory has no maximum/,
  },
  {
    rule: "memory-type",
    title: "a shared memory",
    attempt: verify({ memory: '(memory (export "memory") 1 2 shared)' }),
    message: /the memory is shared/,
  },
  {
    rule: "memory-type",
    title: "a 64-bit memory",
    attempt: verify({ memory: '(memory (export "memory") i64 1 2)' }),
    message: /the memory is 64-bit/,
  },
  {
    rule: "memory-limits",
    title: "a minimum that is not the manifest's",
    attempt: verify({ memory: '(memory (export "memory") 2 2)' }),
    message: /the memory has 2 to 2 pages, the manifest declares 1 to 2/,
  },
  {
    rule: "memory-limits",
    title: "a maximum that is not the manifest's",
    attempt: verify({ memory: '(memory (export "memory") 1 3)' }),
    message: /the memory has 1 to 3 pages, the manifest declares 1 to 2/,
  },
  {
    rule: "global-count",
    title: "one global too many",
    attempt: () =>
      verifyImage(withSection(6, repeated(limits.GLOBALS_MAX + 1, [0x7f, 0, 0x41, 0, 0x0b]))),
    message: /4097 globals, at most 4096/,
  },
  ...(["f32", "f64", "v128"] as const).map((type) => ({
    rule: "global-type" as const,
    title: `a mutable ${type}`,
    attempt: verify({
      globals: `${PARTS.globals} (global (export "g2") (mut ${type}) (${type}.const ${type === "v128" ? "i32x4 0 0 0 0" : "0"}))`,
    }),
    message: new RegExp(`global 3 is a mutable ${type}`),
  })),
  {
    rule: "value-type",
    title: "a global that holds a reference",
    attempt: verify({ globals: `${PARTS.globals} (global funcref (ref.null func))` }),
    message: /0x70 is not a value type/,
  },
  {
    rule: "global-initialiser",
    title: "a global that copies another one",
    attempt: verify({ globals: `${PARTS.globals} (global f64 (global.get $k))` }),
    message: /global 3 does not start with a constant/,
  },
  {
    rule: "global-initialiser",
    title: "a global that computes",
    attempt: verify({
      globals: `${PARTS.globals} (global i32 (i32.add (i32.const 1) (i32.const 2)))`,
    }),
    message: /global 3 does not start with a constant/,
  },
  {
    rule: "global-initialiser",
    title: "a constant of another type",
    attempt: () => verifyImage(withSection(6, [1, 0x7f, 0, 0x42, 0, 0x0b])),
    message: /global 0 does not start with a constant/,
  },
  ...(["func $step", "global $k", "table 0"] as const).map((what) => ({
    rule: "export-unexpected" as const,
    title: `an exported ${what}`,
    attempt: verify({ extra: `(export "back_door" (${what}))` }),
    message: /export "back_door": only memory, init, step and the mutable globals/,
  })),
  {
    rule: "export-unexpected",
    title: "a global number without a global",
    attempt: verify({ extra: '(export "g2" (global $k))' }),
    message: /export "g2": there are only 2 mutable globals/,
  },
  {
    rule: "export-unexpected",
    title: "a global number in another spelling",
    attempt: verify({ extra: '(export "g00" (global $a))' }),
    message: /export "g00"/,
  },
  {
    rule: "export-unexpected",
    title: "a hundred thousand exports",
    attempt: () => verifyImage(withSection(7, repeated(100_000, [1, 0x78, 0, 0]))),
    message: /there are more exports than there can be/,
  },
  {
    rule: "export-duplicate",
    title: "a name exported twice",
    attempt: () =>
      verifyImage(
        withSection(
          7,
          new Writer().u8(2).name("memory").raw([2, 0]).name("memory").raw([2, 0]).finish(),
        ),
      ),
    message: /export "memory" is there twice/,
  },
  {
    rule: "export-kind",
    title: "a memory that is a global",
    attempt: verify({ memory: "(memory 1 2)", extra: '(export "memory" (global $a))' }),
    message: /export "memory" is a global, not memory 0/,
  },
  {
    rule: "export-kind",
    title: "a step that is a memory",
    attempt: verify({
      step: PARTS.step.replace('(export "step")', ""),
      extra: '(export "step" (memory 0))',
    }),
    message: /export "step" is a memory, not a function/,
  },
  {
    rule: "export-kind",
    title: "a step of another type",
    attempt: verify({
      step: PARTS.step.replace("(param i64 i32)", "(param i32 i32)"),
    }),
    message: /export "step" has type \(i32, i32\) → i64, it must be \(i64, i32\) → i64/,
  },
  {
    rule: "export-kind",
    title: "an init that is a hypercall",
    attempt: verify({ init: "(func $init)", extra: '(export "init" (func $exit))' }),
    message: /export "init" is not a function that the image defines/,
  },
  {
    rule: "export-kind",
    title: "a g0 that is a function",
    attempt: verify({
      globals: PARTS.globals.replace('(export "g0")', ""),
      extra: '(export "g0" (func $init))',
    }),
    message: /export "g0" is a function, not a global/,
  },
  {
    rule: "export-kind",
    title: "an export of unknown kind",
    attempt: () =>
      verifyImage(withSection(7, new Writer().u8(1).name("memory").raw([9, 0]).finish())),
    message: /export "memory" is of unknown kind 0x09/,
  },
  {
    rule: "export-global",
    title: "globals in another order",
    attempt: verify({
      globals: PARTS.globals.replace("g0", "x").replace("g1", "g0").replace('"x"', '"g1"'),
    }),
    message: /export "g1" is global 0, it must be the mutable global 2/,
  },
  ...(["memory", "init", "step", "g1"] as const).map((name) => ({
    rule: "export-missing" as const,
    title: `no ${name}`,
    attempt: () => {
      const hidden = Object.entries(PARTS).map(([part, text]) => [
        part,
        text.replace(`(export "${name}")`, ""),
      ]);
      return verifyImage(image(Object.fromEntries(hidden) as typeof PARTS));
    },
    message: new RegExp(`there is no export "${name}"`),
  })),
  {
    rule: "engine-refuses",
    title: "an operand of the wrong type",
    attempt: () => {
      const { bytes } = verifyImage(
        image({ init: '(func $init (export "init") (drop (i32.eqz (i64.const 0))))' }),
      );
      try {
        return new WebAssembly.Module(bytes);
      } catch (error) {
        throw engineRefusal(error);
      }
    },
    message: /the engine refuses it: Compiling function #4 failed: i32\.eqz\[0\] expected type i32/,
  },
  {
    rule: "engine-disagrees",
    title: "another module than the verified one",
    attempt: () => {
      const other = new WebAssembly.Module(
        Uint8Array.from(core({ extra: '(export "x" (func 0))' })),
      );
      checkCompiled(other, verifyImage(image()));
    },
    message: /export 5 is not there for the verifier, but function "x" for the engine/,
  },
  {
    rule: "engine-disagrees",
    title: "imports in another order",
    attempt: () => {
      const lines = PARTS.imports.trim().split("\n").reverse().join("\n");
      const other = new WebAssembly.Module(Uint8Array.from(core({ imports: lines })));
      checkCompiled(other, verifyImage(image()));
    },
    message:
      /import 0 is function "phantasm\.exit" for the verifier, but function "phantasm\.console_read" for the engine/,
  },
];
