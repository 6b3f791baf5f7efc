import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CODE_CASES } from "../test/broken/code.js";
import { DECLARATION_CASES } from "../test/broken/declarations.js";
import { FILE_CASES } from "../test/broken/file.js";
import { MANIFEST_CASES } from "../test/broken/manifest.js";
import { SIGNATURE_CASES } from "../test/broken/signature.js";
import { RULES, SealError } from "./index.js";

const CASES = [
  ...FILE_CASES,
  ...SIGNATURE_CASES,
  ...MANIFEST_CASES,
  ...DECLARATION_CASES,
  ...CODE_CASES,
];

function refusal(attempt: () => unknown): SealError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof SealError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

test.each(CASES)("$rule: $title", ({ rule, attempt, message }) => {
  const error = refusal(attempt);
  expect(`${error.code}: ${error.message}`).toMatch(new RegExp(`^${rule}: `));
  expect(error.message).toMatch(message);
  expect(error.message, "one line, safe to print").not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
});

test("every rule is broken by a case", () => {
  expect([...new Set(CASES.map(({ rule }) => rule))].sort()).toEqual(Object.keys(RULES).sort());
});

test("the table in the README is that of the rules", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const rows = [...readme.matchAll(/^\| `([a-z0-9-]+)`\s+\| (.*?)\s*\|$/gm)];
  expect(Object.fromEntries(rows.map(([, code, rule]) => [code, rule]))).toEqual(RULES);
});
