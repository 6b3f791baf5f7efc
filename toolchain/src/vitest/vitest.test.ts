import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startVitest, type TestCase, type TestModule } from "vitest/node";
// As published: the thread that runs the cases is a built file.
import { assemblyscript } from "phantasm/vitest";

const NODE_MODULES = fileURLToPath(new URL("../../../node_modules", import.meta.url));
const IMPORT = 'import { describe, expect, test, world } from "@phantasm/testing";\n';

// Each test compiles, beside whatever else the machine does.
vi.setConfig({ testTimeout: 60_000 });

let project = "";

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "phantasm-vitest-"));
  symlinkSync(NODE_MODULES, join(project, "node_modules"), "junction");
  writeFileSync(join(project, "package.json"), '{ "name": "fixture", "type": "module" }');
});

afterAll(() => rmSync(project, { recursive: true }));

/** Runs vitest on sources of a project, and gives the test module. */
async function run(sources: Record<string, string>, testTimeout = 5000): Promise<TestModule> {
  for (const [name, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(project, name)), { recursive: true });
    writeFileSync(join(project, name), text);
  }
  const { exitCode } = process;
  const vitest = await startVitest(
    "test",
    [],
    {
      config: false,
      watch: false,
      root: project,
      include: Object.keys(sources).filter((name) => name.endsWith(".test.ts")),
      includeTaskLocation: true,
      testTimeout,
      reporters: [{}],
    },
    { plugins: [assemblyscript({ seed: 7 })] },
  );
  const [module] = vitest.state.getTestModules();
  await vitest.close();
  process.exitCode = exitCode;
  if (!module) throw new Error("vitest found no test");
  return module;
}

/** One line for each case: where, what, how it ended. */
function transcript(module: TestModule): string[] {
  return [...module.children.allTests()].map((one: TestCase) => {
    const { line, column } = one.location ?? { line: 0, column: 0 };
    return `${line}:${column} ${one.fullName}: ${one.result().state}`;
  });
}

function errorOf(module: TestModule, name: string): Record<string, unknown> {
  for (const one of module.children.allTests())
    if (one.name === name) return one.result().errors?.[0] as unknown as Record<string, unknown>;
  throw new Error(`no case ${name}`);
}

/** The stack as `method file:line:column`, with paths relative to the project. */
function stackOf(error: Record<string, unknown>): string[] {
  const stacks = error["stacks"] as {
    method: string;
    file: string;
    line: number;
    column: number;
  }[];
  return stacks.map(({ method, file, line, column }) =>
    `${method} ${file.replace(`${project}/`, "")}:${line}:${column}`.trim(),
  );
}

test("each case is one test at its line, and a failure has a stack of AssemblyScript", async () => {
  const module = await run({
    "assembly/double.ts":
      "export function double(x: i32): i32 {\n  assert(x > 0);\n  return x * 2;\n}\n",
    "assembly/double.test.ts": `${IMPORT}import { double } from "./double";

test("doubles", () => {
  expect(double(2)).toBe(4);
});

describe("wrong", () => {
  test("value", () => {
    expect(double(2)).toBe(5);
  });

  test("assertion", () => {
    double(0);
  });

  test("trap", () => {
    unreachable();
  });
});

test("after all of these", () => {
  expect(double(3)).toBe(6);
});
`,
  });
  expect(transcript(module)).toEqual([
    "4:1 doubles: passed",
    "9:3 wrong > value: failed",
    "13:3 wrong > assertion: failed",
    "17:3 wrong > trap: failed",
    "22:1 after all of these: passed",
  ]);

  const value = errorOf(module, "value");
  expect(value).toMatchObject({
    name: "AssertionError",
    message: "expected 4 to be 5",
    expected: "5",
    actual: "4",
  });
  expect(stackOf(value)).toEqual(["anonymous assembly/double.test.ts:10:5"]);

  const assertion = errorOf(module, "assertion");
  expect(assertion).toMatchObject({ name: "Abort", message: "assertion failed" });
  expect(stackOf(assertion)).toEqual([
    "double assembly/double.ts:2:3",
    "anonymous assembly/double.test.ts:14:12",
  ]);

  expect(errorOf(module, "trap")).toMatchObject({ name: "RuntimeError", message: "unreachable" });
});

test("compile errors are shown at the user's lines", async () => {
  const module = await run({
    "assembly/wrong.test.ts": `${IMPORT}
test("never runs", () => {
  const x: i32 = "text";
  expect(y).toBe(x);
});
`,
  });
  const [error] = module.errors() as unknown as Record<string, unknown>[];
  expect(error).toMatchObject({ name: "CompileError" });
  expect(stackOf(error ?? {})).toEqual([
    "assembly/wrong.test.ts:4:18",
    "assembly/wrong.test.ts:5:9",
  ]);
  expect(error?.["message"]).toContain("Type 'string' is not assignable to type 'i32'.");
  expect(error?.["message"]).toContain('  const x: i32 = "text";\n');
});

test("tests have the language of applications, and its mistakes at their lines", async () => {
  const good = await run({
    "assembly/loop.test.ts": `${IMPORT}
test("loops", () => {
  const map = new Map<string, i32>();
  map.set("a", 1);
  defer(map.clear());
  for (const [key, value] of map) expect(key + value.toString()).toBe("a1");
});
`,
  });
  expect(transcript(good)).toEqual(["3:1 loops: passed"]);

  const wrong = await run({
    "assembly/defer.test.ts": `${IMPORT}
test("never runs", () => {
  if (true) defer(expect(1).toBe(1));
});
`,
  });
  const [error] = wrong.errors() as unknown as Record<string, unknown>[];
  expect(stackOf(error ?? {})).toEqual(["assembly/defer.test.ts:4:13"]);
  expect(error?.["message"]).toContain("defer stands outside of a block");
});

test("a package that is not there is named with the command that installs it", async () => {
  const module = await run({
    "assembly/missing.test.ts": 'import { x } from "@nowhere/parser/lines";\nx();\n',
  });
  const [error] = module.errors() as unknown as Record<string, unknown>[];
  expect(error?.["message"]).toContain("Run: npm install @nowhere/parser");
});

test("a top level that fails is shown at its line", async () => {
  const module = await run({
    "assembly/top.test.ts": `${IMPORT}\nassert(false, "not here");\ntest("never runs", () => {});\n`,
  });
  const [error] = module.errors() as unknown as Record<string, unknown>[];
  expect(error).toMatchObject({ name: "Abort", message: "not here" });
  expect(stackOf(error ?? {})).toEqual(["top level assembly/top.test.ts:3:1"]);
});

test("a case that spins is stopped, and the next one runs", async () => {
  const module = await run(
    {
      "assembly/spin.test.ts": `${IMPORT}
test("spins", () => {
  while (true) {}
});

test("goes on", () => {
  expect(1).toBe(1);
});
`,
    },
    1000,
  );
  expect(transcript(module)).toEqual(["3:1 spins: failed", "7:1 goes on: passed"]);
  expect(errorOf(module, "spins")["message"]).toContain("Test timed out in 1000ms");
});

test("a failure that saw entropy names the seed; an unknown import says what it is", async () => {
  const module = await run({
    "assembly/seed.test.ts": `${IMPORT}import { entropy, net_send } from "@phantasm/abi";

test("entropy", () => {
  const bytes = new StaticArray<u8>(1);
  entropy(changetype<usize>(bytes), 1);
  expect(1).toBe(2);
});

test("device", () => {
  net_send(0, 0, 64);
});
`,
  });
  expect(errorOf(module, "entropy")["message"]).toBe("expected 1 to be 2 (entropy seed 7)");
  expect(errorOf(module, "device")["message"]).toBe(
    "net_send: a unit test has no devices; test the driver in a virtual-time domain",
  );
});
