import { expect, test } from "vitest";
import type { Check } from "./doctor.js";
import { transcript } from "./memory-terminal.js";

interface Report {
  readonly version: string;
  readonly healthy: boolean;
  readonly checks: readonly Check[];
}

const NAMES = [
  "node",
  "assemblyscript",
  "binaryen",
  "wabt",
  "esbuild",
  "memory",
  "threads",
  "file locks",
  "direct disks",
  "disk discards",
  "user network",
  "tap devices",
  "koffi",
  "tap interfaces",
  "terminal",
];

test("--json reports every check, and what enables what is missing", async () => {
  const { status, out, err } = await transcript("doctor", "--json");
  const report = JSON.parse(out) as Report;
  expect(err).toBe("");
  expect(report.checks.map(({ name }) => name)).toEqual(NAMES);
  for (const { status: found, detail, enable, required } of report.checks) {
    expect(["ok", "missing"]).toContain(found);
    expect(detail).not.toBe("");
    if (found === "ok") expect(enable).toBeUndefined();
    if (found === "missing" && required) expect(enable).toBeDefined();
  }
  const healthy = report.checks.every((check) => check.status === "ok" || !check.required);
  expect(report.healthy).toBe(healthy);
  expect(status).toBe(healthy ? 0 : 1);
});

test("the text has one line a check", async () => {
  const { out, err } = await transcript("doctor");
  for (const name of NAMES)
    expect(out).toMatch(new RegExp(`^ {2}(ok     |missing) {2}${name} `, "m"));
  expect(out).toMatch(/^ {2}ok {7}threads {2,}an image runs in a thread of its own$/m);
  expect(err).toMatch(/phantasm new hello my-app|marked in red/);
});
