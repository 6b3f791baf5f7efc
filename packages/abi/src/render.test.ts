import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { assemblyDeclarations, referencePage } from "./render.js";
import { ERRORS, EVENTS, HYPERCALLS } from "./specification.js";

const committed = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

test("the AssemblyScript declarations are those of the specification", () => {
  expect(committed("../assembly/index.ts")).toBe(assemblyDeclarations());
});

test("the reference page is that of the specification", () => {
  expect(committed("../../../docs/reference/abi.md")).toBe(referencePage());
});

test("hypercall names are unique and their errors are declared", () => {
  const names = HYPERCALLS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { errors } of HYPERCALLS)
    for (const error of errors) expect(Object.keys(ERRORS)).toContain(error);
});

test("event bits do not overlap", () => {
  const bits = Object.values(EVENTS).map(({ value }) => value);
  expect(bits.reduce((union, bit) => union | bit, 0)).toBe(bits.reduce((sum, bit) => sum + bit, 0));
});
