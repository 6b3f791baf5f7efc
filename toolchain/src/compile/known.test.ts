import binaryenLibrary from "assemblyscript/binaryen";
import loadWabt from "wabt";
import { describe, expect, test } from "vitest";
import { Known } from "./known.js";
import type { Binaryen } from "./optimise.js";

const binaryen: Binaryen = binaryenLibrary;
const wabt = await loadWabt();

/** As the compiler writes them. */
const SURROUNDINGS = `(memory 1)
  (func $~lib/@phantasm/runtime/heap/collector/__new (param i32 i32) (result i32) (i32.const 64))
  (func $~lib/@phantasm/runtime/heap/collector/__link (param i32 i32 i32))
  (func $look (param i32))
  (func $A#set:count (param i32 i32) (i32.store offset=4 (local.get 0) (local.get 1)))
  (func $A#set:total (param i32 i64) (i64.store offset=8 (local.get 0) (local.get 1)))
  (func $A#set:next (param i32 i32)
    (i32.store (local.get 0) (local.get 1))
    (call $~lib/@phantasm/runtime/heap/collector/__link (local.get 0) (local.get 1) (i32.const 0)))
  (func $A#set:own (param i32 i32) (i32.store (i32.add (local.get 0) (local.get 1)) (i32.const 1)))
  (func $Base#constructor (param i32) (result i32) ${make()} ${set("count", 0)} (local.get 0))
  (func $B#set:count (param i32 i32) (i32.store offset=4 (local.get 0) (local.get 1)))
  (func $Five#constructor (param i32) (result i32) ${make()} ${set("count", 5)} (local.get 0))
  (func $Loud#constructor (param i32) (result i32) ${make()} (call $look (local.get 0)) (local.get 0))`;

function make(): string {
  const allocation =
    "(call $~lib/@phantasm/runtime/heap/collector/__new (i32.const 16) (i32.const 7))";
  return `(if (i32.eqz (local.get 0)) (then (local.set 0 ${allocation})))`;
}

function set(field: string, value: number | string): string {
  const type = field === "total" ? "i64" : "i32";
  const operand = typeof value === "number" ? `(${type}.const ${String(value)})` : value;
  return `(call $A#set:${field} (local.get 0) ${operand})`;
}

/** The text of a function after all that is known was taken out of the module. */
function known(name: string, code: string): string {
  const parsed = wabt.parseWat("test.wat", `(module ${SURROUNDINGS} (func $${name} ${code}))`, {});
  const module = binaryen.readBinary(parsed.toBinary({ write_debug_names: true }).buffer);
  parsed.destroy();
  try {
    new Known(binaryen, module).apply(true);
    expect(module.validate()).toBe(1);
    const text = module.emitText().replace(/\s+/g, " ");
    const start = text.indexOf(`(func $${name} `);
    const end = text.indexOf(" (func ", start + 1);
    return text.slice(start, end < 0 ? undefined : end);
  } finally {
    module.dispose();
  }
}

/** What a constructor of A still calls, in order, beside the allocator. */
function calls(...statements: readonly string[]): string[] {
  const text = known(
    "A#constructor",
    `(param i32) (result i32) ${statements.join(" ")} (local.get 0)`,
  );
  return [...text.matchAll(/\(call \$(\S+)/g)].flatMap(([, name = ""]) =>
    name.includes("__new") ? [] : [name],
  );
}

describe("a constructor", () => {
  test("does not set to zero what is zero", () => {
    expect(calls(make(), set("count", 0), set("total", 0), set("next", 0))).toEqual([]);
    expect(calls(make(), set("count", 5), set("total", 0))).toEqual(["A#set:count"]);
  });

  test("sets to zero what is not any more", () => {
    expect(calls(make(), set("count", 5), set("count", 0))).toEqual(["A#set:count", "A#set:count"]);
  });

  test("sets to zero what other code may have set", () => {
    const look = "(call $look (local.get 0))";
    expect(calls(make(), look, set("count", 0))).toEqual(["look", "A#set:count"]);
    expect(calls(make(), set("own", 0), set("count", 0))).toEqual(["A#set:own", "A#set:count"]);
  });

  test("sets to zero what was not allocated a moment ago", () => {
    expect(calls(set("count", 0))).toEqual(["A#set:count"]);
  });

  test("of a derived class does not either, if that of its base shows the object to nobody", () => {
    const base = (name: string): string =>
      `(local.set 0 (call $${name}#constructor (local.get 0)))`;
    expect(calls(make(), base("Base"), set("total", 0))).toEqual(["Base#constructor"]);
    expect(calls(make(), base("Loud"), set("total", 0))).toEqual([
      "Loud#constructor",
      "A#set:total",
    ]);
    const again = "(call $B#set:count (local.get 0) (i32.const 0))";
    expect(calls(make(), base("Five"), again)).toEqual(["Five#constructor", "B#set:count"]);
  });
});

describe("a stub", () => {
  const stub = (first: string, second: string, otherwise: string): string =>
    known(
      "A#run@override",
      `(param i32) (local i32)
      (block $two (block $one
        (local.set 1 (i32.load (i32.sub (local.get 0) (i32.const 8))))
        (br_if $one (i32.eq (local.get 1) (i32.const 7)))
        (br $two))
        ${first} (return))
      ${second} ${otherwise}`,
    );

  test("of one class is the call", () => {
    const text = stub("(call $look (local.get 0))", "", "(unreachable)");
    expect(text).toContain("(call $look (local.get $0) )");
    expect(text).not.toContain("i32.eq");
  });

  test("of two, or of one and its base, still asks", () => {
    const call = "(call $look (local.get 0))";
    expect(stub(call, call, "(unreachable)")).toContain("i32.eq");
    expect(stub(call, "", call)).toContain("i32.eq");
  });
});
