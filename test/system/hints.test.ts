/**
 * What a TypeScript developer writes that AssemblyScript does not have, and what the toolchain says then:
 * what there is not, and what to write instead.
 */
import { describe, expect, test } from "vitest";
import { SYNTAX_RULES } from "../../toolchain/dist/compile/language/syntax-rules.js";
import { GLOBALS, TYPE_RULES } from "../../toolchain/dist/compile/language/type-rules.js";
import { compileProgram } from "../support/language.js";

/** What is said of a source, line by line. */
async function said(source: string): Promise<readonly string[]> {
  const compiled = await compileProgram(source);
  return "mistakes" in compiled ? compiled.mistakes.join("\n").split("\n") : [];
}

/** Source, then all that is said of it: message and hint, message and hint. */
const CASES: readonly (readonly [source: string, ...said: string[]])[] = [
  [
    "async function load(): Promise<i32> { return 1; }",
    "There are no async functions",
    "Write a plain function: a call that waits, such as sleep() of @phantasm/fibre, suspends its fibre.",
  ],
  [
    "export function f(): void { const x = await load(); }",
    "There is no await",
    "Write a plain function: a call that waits, such as sleep() of @phantasm/fibre, suspends its fibre.",
  ],
  [
    "const f = async () => 1;",
    "There are no async functions",
    "Write a plain function: a call that waits, such as sleep() of @phantasm/fibre, suspends its fibre.",
  ],
  [
    "class A { async run(): Promise<void> {} }",
    "There are no async functions",
    "Write a plain function: a call that waits, such as sleep() of @phantasm/fibre, suspends its fibre.",
  ],
  [
    "export function f(): void { for await (const x of [1]) {} }",
    "There is no for await",
    "Write a plain function: a call that waits, such as sleep() of @phantasm/fibre, suspends its fibre.",
  ],
  [
    "function* numbers(): i32 { return 1; }",
    "There are no generators",
    "Return an array, or write a class with a method that returns the next value.",
  ],
  [
    "const f = function* () {};",
    "There are no generators",
    "Return an array, or write a class with a method that returns the next value.",
  ],
  [
    "export function f(): void { let a = 1; a = yield 5; }",
    "There are no generators",
    "Return an array, or write a class with a method that returns the next value.",
  ],
  [
    "export function f(a: A): void { a.b?.c(); }",
    "There is no ?.",
    "Keep the value in a const and test it: if (value != null) value.method();",
  ],
  [
    'export function f(a: string | null): string { return a ?? "x"; }',
    "There is no ??",
    "Keep the value in a const and write: a != null ? a : b",
  ],
  [
    'export function f(a: string | null): void { a ??= "x"; }',
    "There is no ??=",
    "Write: if (a == null) a = b;",
  ],
  ["export function f(a: bool): void { a &&= false; }", "There is no &&=", "Write: if (a) a = b;"],
  ["export function f(a: bool): void { a ||= false; }", "There is no ||=", "Write: if (!a) a = b;"],
  [
    "const [a, b] = [1, 2];",
    "There is no destructuring outside of for…of",
    "Keep the whole in one variable and read its parts: const x = point.x;",
  ],
  [
    "export function f(p: P): void { const { x, y } = p; }",
    "There is no destructuring outside of for…of",
    "Keep the whole in one variable and read its parts: const x = point.x;",
  ],
  [
    "export function f({ x, y }: P): void {}",
    "There is no destructuring of parameters",
    "Take the whole as one parameter and read its parts: point.x",
  ],
  [
    "export function f(a: i32, [x, y]: i32[]): void {}",
    "There is no destructuring of parameters",
    "Take the whole as one parameter and read its parts: point.x",
  ],
  [
    "export function f(): void { let a = 1, b = 2; [a, b] = [b, a]; }",
    "There is no destructuring outside of for…of",
    "Assign one by one.",
  ],
  [
    "export function f(a: i32[]): i32[] { return [...a, 2]; }",
    "There is no spread",
    "Use a.concat(b), or push one by one; a rest parameter takes single values only.",
  ],
  [
    "export function f(a: f64[]): f64 { return Math.max(...a); }",
    "There is no spread",
    "Use a.concat(b), or push one by one; a rest parameter takes single values only.",
  ],
  [
    "class P { x: i32 = 0; }\nexport function f(a: P): P { return { ...a }; }",
    "There is no spread of objects",
    "Write a method that copies the fields.",
  ],
  [
    "export function f(p: P): void { for (const key in p) say(key); }",
    "There is no for…in: the names of fields are gone when an image runs",
    "Use for…of: over the entries of a Map, or over an array.",
  ],
  [
    'export function f(): void { let key = ""; for (key in "abc") {} }',
    "There is no for…in: the names of fields are gone when an image runs",
    "Use for…of: over the entries of a Map, or over an array.",
  ],
  [
    "export function f(m: Map<i32, i32[]>): void { for (const [a, [b, c]] of m) {} }",
    "The pattern of a loop has names only, as [key, value]",
    "Take the parts apart in the loop: const x = value.x;",
  ],
  [
    "export function f(m: Map<i32, i32>): void { for (const { key, value } of m) {} }",
    "A loop takes objects apart only as [key, value]",
    "Write: for (const [key, value] of map), or read the fields in the loop.",
  ],
  [
    "class A { #n: i32 = 0; get n(): i32 { return this.#n; } }",
    "There are no names with #",
    "Write: private name",
    "There are no names with #",
    "Write: private name",
  ],
  [
    "export function f(): void { outer: for (let i = 0; i < 3; i++) { for (;;) continue outer; } }",
    "There are no labels",
    "Put the loops into a function of their own and return from it.",
  ],
  [
    "export function f(): void { for (;;) { break outer; } }",
    "There are no labels",
    "Put the loops into a function of their own and return from it.",
  ],
  [
    "export function f(): void { for (;;) { continue outer; } }",
    "There are no labels",
    "Put the loops into a function of their own and return from it.",
  ],
  [
    "export function f(x: string | undefined): void {}",
    "There is no undefined",
    "Write | null: a reference to an object can be null, a number cannot.",
  ],
  [
    "export function f(x: string | i32): void {}",
    "A type is one type, or a class | null",
    "Write a base class or an interface, or give each type a function of its own.",
  ],
  [
    "class A { n?: i32; }",
    "Optional properties are not supported.",
    "Write: name: Type | null = null, or give it a value to start with.",
  ],
  [
    "export function f(x?: i32): void {}",
    "Optional parameter must have an initializer.",
    "Give the parameter a value for when it is left out: count: i32 = 0",
  ],
  [
    "type B = A & C;",
    "There are no intersection types",
    "Write a class, or an interface for what several classes have.",
  ],
  [
    "export function f(k: keyof A): void {}",
    "Types are not computed from others",
    "Name the type itself.",
  ],
  [
    "export function f(a: i32): void { const b: typeof a = 2; }",
    "Types are not computed from others",
    "Name the type itself.",
  ],
  [
    "export function f(x: { a: i32 }): void {}",
    "A type has a name",
    "Write a class, or an interface for what several classes have.",
  ],
  [
    "type P = { x: i32; y: i32 };",
    "A type has a name",
    "Write a class, or an interface for what several classes have.",
  ],
  [
    "export function f(): [i32, i32] { return [1, 2]; }",
    "There are no tuples",
    "Write a class with a field for each part.",
  ],
  [
    "interface I { get x(): i32; }",
    "An interface declares accessors as fields",
    "Write: name: Type; and a class may implement it with get name().",
  ],
  [
    "export function f(x: i32) { return x; }",
    "Type expected.",
    "A function says what it returns: function f(): void { … }",
  ],
  [
    "export function f(x): i32 { return x; }",
    "Type expected.",
    "A parameter has a type: function f(count: i32): void { … }",
  ],
  [
    "class A { [Symbol.iterator](): i32 { return 1; } }",
    "A member has a plain name",
    "Give the method a name; for…of goes over arrays, strings, Map and Set.",
  ],
  ['class A { ["x"]: i32 = 0; }', "A member has a plain name", "Write it without brackets."],
  [
    "class A { static { } }",
    "There are no static blocks",
    "Give static fields their values where they are declared.",
  ],
  [
    "class A { constructor() { const x = new.target; } }",
    "There is no new.target",
    "Override a method in the subclass.",
  ],
  [
    "export function f(): void { const a = [1, 2] satisfies i32[]; }",
    "There is no satisfies",
    "Declare the type: const list: i32[] = [1, 2];",
  ],
  [
    'export function f(): void { import("x"); }',
    "There is no import at run time",
    "Import it at the top of the file: an image is complete when it is built.",
  ],
  ["export function f(): void { debugger; }", "There is no debugger statement", "Take it out."],
  ["export function f(): void { with (a) {} }", "There is no with", "Keep the object in a const."],
  [
    "class P { x: i32 = 0; }\nexport function f(): P { return { x() { return 1; } }; }",
    "An object literal has values only",
    "Put the method into its class.",
  ],
  [
    "export function f(): i64 { return 1n; }",
    "There are no bigints",
    "Write the number alone: i64 and u64 have 64 bits.",
  ],
  [
    "declare global { interface X {} }",
    "There is nothing to declare outside of an image",
    "Export it from a file and import it where it is used.",
  ],
  [
    "function f(x: i32): void;\nfunction f(x: i32): void {}",
    "A function has one signature",
    "Give each its own name, or parameters with a value to start with.",
  ],
  [
    "export function f(): void { for (const x of 5) {} }",
    "Type 'i32' cannot be looped over",
    "for…of goes over arrays, typed arrays, strings, Map and Set.",
  ],
  [
    "export function f(m: Map<i32, i32>): void { for (const [a, b, c] of m) {} }",
    "An entry has two parts: [key, value]",
    "Take the others out.",
  ],
  [
    "export function f(): void { let n = 0; [1].forEach((x) => { n += x; }); }",
    "A function cannot use the variables around it",
    "Pass it as a parameter, or write a class with fields and a method: only constants can be used.",
  ],
  [
    "export class A { n: i32 = 0; run(): void { [1].forEach((x) => { this.n += x; }); } }\nexport function f(): void { new A().run(); }",
    "this is not the object inside of a function: there is no 'n'",
    "Pass the object as a parameter, or write a class with fields and a method.",
  ],
  [
    "export function f(): void { try { f(); } catch (e) {} finally {} }",
    "There is no try and catch",
    "Return a result, such as a negative error; what throws ends the domain. For cleaning up: defer(…).",
  ],
  [
    'export function f(): bool { return /a+/.test("aa"); }',
    "There are no regular expressions",
    "Use indexOf, startsWith, split and charCodeAt.",
  ],
  [
    "interface P { x: i32 }\nexport function f(): void { const p: P = { x: 1 }; }",
    "An object literal is of a class, not of an interface",
    "Make it a class with these fields.",
  ],
  [
    "export function f(): void { const A = class { x: i32 = 0; }; }",
    "A class stands at the top of a file",
    "Move it out of the function and give it what it needs as parameters.",
  ],
  [
    "export function f(): void { class A { x: i32 = 0; } new A(); }",
    "A class stands at the top of a file",
    "Move it out of the function and give it what it needs as parameters.",
  ],
  [
    "export function f(): void { const a = [1, 2] as const; }",
    "There is no as const",
    "Leave it out, or declare the type: StaticArray<i32> does not change its length.",
  ],
  [
    'class A { x: i32 = 0; }\nexport function f(): bool { return "x" in new A(); }',
    "There is no operator in",
    "Use a Map: fields of a class cannot be listed or chosen when the image runs.",
  ],
  [
    "export function f(): void { tag`x`; }",
    "There are no tagged templates",
    "Call the function with the text.",
  ],
  [
    "export function f(): void { const a = { x: 1 }; }",
    "An object literal has no class",
    "Write a class with these fields and name it: const p: Point = { x: 1, y: 2 };",
  ],
  [
    "class P { x: i32; y: string; }\nexport function f(): void { const p: P = { x: 1 }; }",
    "Property 'y' is missing in type '<object>' but required in type 'P'.",
    "Give it a value here, or one to start with in the class.",
  ],
  [
    "export function f(x: i32 | null): void {}",
    "'i32' cannot be null: only a reference to an object can",
    "Use a value that stands for none, such as -1, or ask a bool first.",
  ],
  [
    "class A { b: A | null = null; n: i32 = 0; }\nexport function f(a: A): i32 { return a.b.n; }",
    "Type 'A | null' is not assignable to type 'A'.",
    "Keep it in a const and test that: if (value != null) …; where it is never null: value!",
  ],
  [
    'export function f(): string { return "a" + 1; }',
    "Type 'i32' is not assignable to type 'string'.",
    "Write value.toString(), or a template: `${value}`",
  ],
  [
    'export enum A { X = "x" }',
    "The values of an enum are integers",
    'Write constants in a namespace: export const X = "x";',
  ],
  [
    "export function f(a: i64): i32 { return a; }",
    "Conversion from type 'i64' to 'i32' requires an explicit cast.",
    "Write <type>value or value as type; what does not fit is cut off.",
  ],
  [
    "export const a: u8 = 300;",
    "The number does not fit into 'u8'",
    "Choose a wider type, or cast: <type>value cuts off what does not fit.",
  ],
  [
    "export function f(a: u32, b: i32): bool { return a > b; }",
    "Operator '>' cannot be applied to types 'u32' and 'i32'.",
    "Cast one to the type of the other: <i32>value",
  ],
  [
    "export function f(): string { return [1, 2].map((x) => x.toString()).join(); }",
    "Type argument expected.",
    "The compiler cannot tell the type: write it, as in list.map<string>(…)",
  ],
  [
    'export const m = new Map<string, i32>([["a", 1]]);',
    "A Map starts empty",
    "Call set for each entry: map.set(key, value)",
  ],
  [
    "export const s = new Set<i32>([1]);",
    "A Set starts empty",
    "Call add for each value: set.add(value)",
  ],
  [
    "export const k = Object.keys(new Map<i32, i32>());",
    "Objects are not dictionaries",
    "Use a Map: fields of a class cannot be listed or chosen when the image runs.",
  ],
  [
    "export const k = Array.from(new Set<i32>());",
    "There is no Array.from",
    "For a Set or Map: set.values(), map.keys(); otherwise push in a loop.",
  ],
  [
    "export const t = (1.5).toFixed(2);",
    "Property 'toFixed' does not exist on type 'f64'.",
    "Round first: (Math.round(value * 100) / 100).toString()",
  ],
  [
    "class P { y: string; constructor() {} }\nexport function f(): void { new P(); }",
    "Property 'P#y' has no initializer and is not assigned in the constructor before 'this' is used or returned.",
    "Give it a value where it is declared or in the constructor, or make it | null.",
  ],
  [
    'import thing from "./prelude";\nexport const x = thing;',
    "Module 'prelude' has no default export",
    "Write: import { name } from …",
    "Cannot find name 'thing'.",
  ],
  [
    "class A { close(): void {} }\nexport function f(): void { using a = new A(); }",
    "There is no using",
    "Write: const file = …; defer(file.close());",
  ],
  [
    "export function f(): void { let a: string = undefined; }",
    "There is no undefined",
    "Use null, for a class | null; ask map.has(key) before map.get(key).",
  ],
  [
    "export function f(x: any): void {}",
    "There is no any",
    "Name the type, or write a generic function: function f<T>(value: T): T",
  ],
  [
    "export function f(x: unknown): void {}",
    "There is no unknown",
    "Name the type, or write a generic function: function f<T>(value: T): T",
  ],
  [
    'export function f(): never { throw new Error("x"); }',
    "There is no never",
    "A function that does not return has the type void.",
  ],
  [
    "export function f(x: object): void {}",
    "There is no object",
    "Name the class or the interface.",
  ],
  [
    "type R = Record<string, i32>;\nexport function f(r: R): void {}",
    "There is no Record",
    "Use a Map: fields of a class cannot be listed or chosen when the image runs.",
  ],
  [
    "export const p = new Promise<i32>(() => {});",
    "There is no Promise",
    "A call that waits, such as sleep() of @phantasm/fibre, suspends its fibre.",
  ],
  [
    "setTimeout(() => {}, 5);",
    "There is no setTimeout",
    "Use os.clock.after(ns, handler), or sleep(ns) of @phantasm/fibre.",
  ],
  [
    "export const s = JSON.stringify([1]);",
    "There is no JSON",
    "Write and read the text with methods of your classes.",
  ],
  [
    'fetch("http://x");',
    "There is no fetch",
    "Use a device of the configuration: an image has no other way out.",
  ],
  [
    'export const fs = require("fs");',
    "There is no require",
    'Write: import { name } from "module";',
  ],
  [
    "export function f(): i32 { return arguments.length; }",
    "There is no arguments",
    "Take the rest as a parameter: function f(...values: i32[]): void",
  ],
  [
    "class A { x: i32 = 0; }\nexport function f(a: A): void { delete a.x; }",
    "There is no delete",
    "Set the field to null, or use a Map and map.delete(key).",
  ],
  [
    "export const a = new TextEncoder();",
    "There is no TextEncoder",
    "Use String.UTF8.encode(text).",
  ],
  ["export const x = nothing;", "Cannot find name 'nothing'."],
  [
    "export function f(xs: i32[] | null): void { for (const x of xs) say(x.toString()); }",
    "Type 'Array<i32> | null' is not assignable to type 'Array<i32>'.",
    "Keep it in a const and test that: if (value != null) …; where it is never null: value!",
  ],
  [
    "export function f(): void { let x; }",
    "Type expected.",
    "A variable has a type or a value: let count: i32;",
  ],
];

describe("a hint for what there is not", () => {
  test.each(CASES.map(([source, ...lines]) => ({ source, lines })))(
    "$source",
    async ({ source, lines }) => {
      expect(await said(source)).toEqual(lines);
    },
  );

  test("names that are not there", async () => {
    const names = Object.entries(GLOBALS);
    const uses = names.map(([name]) => `${name};`).join("\n");
    expect(await said(`export function f(): void {\n${uses}\n}`)).toEqual(
      names.flatMap(([name, hint]) => [`There is no ${name}`, hint]),
    );
  });

  test("every rule is met above", () => {
    const lines = new Set([...CASES.flat(), ...Object.values(GLOBALS)]);
    expect([...SYNTAX_RULES, ...TYPE_RULES].filter(({ hint }) => !lines.has(hint))).toEqual([]);
  });
});
