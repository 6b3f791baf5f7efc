import { expect, test } from "vitest";
import { startVitest } from "vitest/node";
import { SkipsFail } from "./skips-fail.mjs";

test("with CI=true a skip is a failure that names the test", async () => {
  const exitCode = process.exitCode;
  const printed = [];
  const { error } = console;
  console.error = (line) => printed.push(line);
  try {
    const vitest = await startVitest("test", [], {
      config: false,
      watch: false,
      root: import.meta.dirname,
      include: ["fixtures/skipped.test.mjs"],
      reporters: [new SkipsFail()],
    });
    await vitest.close();
    expect(process.exitCode).toBe(1);
  } finally {
    console.error = error;
    process.exitCode = exitCode;
  }
  expect(printed).toEqual([
    "skipped: fixtures/skipped.test.mjs > later",
    "CI=true: 1 skipped test(s) fail the run",
  ]);
});
