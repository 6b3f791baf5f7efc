import { expect, test, vi } from "vitest";
import { startVitest } from "vitest/node";
import { SkipsFail } from "./skips-fail.js";

test("with CI=true a skip is a failure that names the test", async () => {
  const { exitCode } = process;
  const error = vi.spyOn(console, "error").mockReturnValue();
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
    expect(error.mock.calls.flat()).toEqual([
      "skipped: fixtures/skipped.test.mjs > later",
      "CI=true: 1 skipped test(s) fail the run",
    ]);
  } finally {
    error.mockRestore();
    process.exitCode = exitCode;
  }
});
