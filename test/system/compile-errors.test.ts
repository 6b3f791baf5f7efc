/** A mistake in the application is reported at the user's line, never in generated code. */
import { expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";
import { HELLO_CONFIGURATION, diagnosticsOf, project } from "../support/project.js";

async function report(main: string): Promise<string> {
  using made = project({ "phantasm.config.ts": HELLO_CONFIGURATION, "main.ts": main });
  const text = await diagnosticsOf(made.directory, build({ directory: made.directory }));
  expect(text).not.toContain(".phantasm/");
  return text;
}

const IMPORT = `import { Devices } from "./.phantasm/devices";\n`;

test("a type error", async () => {
  expect(
    await report(`${IMPORT}export function main(os: Devices): void {
  os.console.writeLine(3);
}`),
  ).toBe(`main.ts:3:24: Type 'i32' is not assignable to type 'string'.
    os.console.writeLine(3);
                         ^
  Write value.toString(), or a template: \`\${value}\``);
});

test("a device that is not configured", async () => {
  expect(
    await report(`${IMPORT}export function main(os: Devices): void {
  os.clock.now();
}`),
  ).toBe(`main.ts:3:6: Property 'clock' does not exist on type 'Devices'.
    os.clock.now();
       ^^^^^
  The configuration has: console.`);
});

test.each([
  ["no main", `export function start(): void {}`, "there is no exported function main"],
  ["main not exported", `${IMPORT}function main(os: Devices): void {}`, "main is not exported"],
  ["no parameter", `export function main(): void {}`, "main takes no parameter"],
  [
    "another parameter",
    `export function main(x: i32): void {}`,
    "main takes one parameter of type Devices",
  ],
  [
    "a type parameter",
    `${IMPORT}export function main<T>(os: Devices): void {}`,
    "main has no type parameters",
  ],
  [
    "a result",
    `${IMPORT}export function main(os: Devices): i32 { return 1; }`,
    "main returns i32, not void",
  ],
])("%s", async (_, source, message) => {
  const text = await report(source);
  expect(text).toMatch(/^main\.ts:\d+:\d+: /);
  expect(text).toContain(message);
  expect(text).toContain("Write: export function main(os: Devices): void { … }");
});

test("an empty main.ts", async () => {
  expect(await report("")).toContain("main.ts: there is no exported function main");
});

test("globals that would need a host of their own name their replacement", async () => {
  const text = await report(`${IMPORT}export function main(os: Devices): void {
  const a = Math.random();
  console.log("x");
  const b = Date.now();
}`);
  expect(text).toContain("main.ts:3:13: Math.random is not part of an image");
  expect(text).toContain("main.ts:4:3: console.log is not part of an image");
  expect(text).toContain("main.ts:5:13: Date.now is not part of an image");
  expect(text).toContain("os.random");
  expect(text).toContain("os.console");
  expect(text).toContain("os.clock");
});

test("a variable that shadows such a global is fine", async () => {
  using made = project({
    "phantasm.config.ts": HELLO_CONFIGURATION,
    "main.ts": `${IMPORT}export function main(os: Devices): void {
  const console = os.console;
  console.writeLine("x");
}`,
  });
  await expect(build({ directory: made.directory })).resolves.toBeDefined();
});

test("an application may not import hypercalls", async () => {
  expect(
    await report(`${IMPORT}import { exit } from "@phantasm/abi";
export function main(os: Devices): void { exit(0); }`),
  ).toContain("main.ts:2:10: the application may not import the hypercall exit");
});

test("an application may not declare imports of its own", async () => {
  expect(
    await report(`${IMPORT}
@external("env", "spy")
declare function spy(): void;
export function main(os: Devices): void { spy(); }`),
  ).toContain("main.ts:3:1: @external: only @phantasm/abi declares imports of the image");
});

test("a bare declare is an import too", async () => {
  expect(
    await report(`${IMPORT}
declare function spy(): void;
export function main(os: Devices): void { spy(); }`),
  ).toContain("main.ts:3:");
});

test("a module that is not installed", async () => {
  expect(
    await report(`${IMPORT}import { x } from "no-such-package";
export function main(os: Devices): void { x(); }`),
  ).toContain("Run: npm install no-such-package");
});

test("a module of Node", async () => {
  expect(
    await report(`${IMPORT}import { readFileSync } from "node:fs";
export function main(os: Devices): void { readFileSync("x"); }`),
  ).toContain("An image has no Node.js in it");
});

test("what AssemblyScript lacks comes with what to write instead", async () => {
  const text = await report(`${IMPORT}export function main(os: Devices): void {
  try { os.exit(1); } catch (e) {}
}`);
  expect(text).toContain("main.ts:3:3: There is no try and catch");
  expect(text).toContain("Return a result");
});
