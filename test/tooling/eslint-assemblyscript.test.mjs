import { Linter } from "eslint";
import tseslint from "typescript-eslint";
import { expect, test } from "vitest";
import plugin from "./eslint-assemblyscript.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;
const rules = Object.fromEntries(
  Object.keys(plugin.rules).map((name) => [`assemblyscript/${name}`, "error"]),
);
const linter = new Linter({ cwd: ROOT });

/** The rules that complain, with the line. */
function lint(file, text) {
  const config = {
    files: ["**/*.ts"],
    plugins: { assemblyscript: plugin },
    languageOptions: { parser: tseslint.parser, parserOptions: { allowInvalidAST: true } },
    rules,
  };
  return linter
    .verify(text, [config], { filename: ROOT + file })
    .map(({ line, ruleId, message }) => `${line} ${ruleId?.split("/")[1] ?? message}`);
}

const DRIVER = "packages/runtime/assembly/sample.ts";
const MODULE = "packages/interfaces/assembly/sample.ts";

test("only packages that list a hypercall use it; constants are free", () => {
  const text = [
    'import { exit, Errno } from "@phantasm/abi";',
    'export { abort, Exit } from "@phantasm/abi";',
    'import { entropy as random } from "@phantasm/abi";',
    'import * as abi from "@phantasm/abi";',
    'export * from "@phantasm/abi";',
  ].join("\n");
  expect(lint(MODULE, text)).toEqual([1, 2, 3, 4, 5].map((line) => `${line} no-hypercalls`));
  expect(lint(DRIVER, text)).toEqual([3, 4, 5].map((line) => `${line} no-hypercalls`));
});

test("foreign functions are declared in the abi alone", () => {
  const text = '@external("env", "f")\ndeclare function f(): void;';
  expect(lint(DRIVER, text)).toEqual(["1 no-foreign-imports"]);
  expect(lint("packages/abi/assembly/sample.ts", text)).toEqual([]);
  expect(lint("packages/runtime/assembly/sample.d.ts", text)).toEqual([]);
});

test("addresses of objects are taken in drivers alone", () => {
  const text =
    "const p = changetype<usize>(o);\nconst o = changetype<Header>(p);\nif (changetype<usize>(o) == 0) f();";
  expect(lint(MODULE, text)).toEqual(["1 no-changetype-usize"]);
  expect(lint(DRIVER, text)).toEqual([]);
});

test("globals that reach around the devices are refused, names like them are not", () => {
  const text = [
    "Math.random();",
    "Date.now();",
    "new Date(0);",
    'console.log("x");',
    "crypto.getRandomValues(b);",
    "Math.floor(1.5);",
    "export function f(console: Console): void { console.write(b); }",
    "os.console.write(b);",
  ].join("\n");
  expect(lint(MODULE, text)).toEqual([1, 2, 3, 4, 5].map((line) => `${line} no-host-globals`));
});
