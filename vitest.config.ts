import { availableParallelism } from "node:os";
import { assemblyscript } from "phantasm/vitest";
import { defineConfig } from "vitest/config";
import { SkipsFail } from "./test/tooling/skips-fail.js";

const NEVER = ["**/node_modules/**", "**/dist/**", "**/.phantasm/**", "**/fixtures/**"];

export default defineConfig({
  test: {
    // Much of a test is waiting for processes and clocks: two processors carry two workers, not one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: process.env["CI"] === "true" ? ["default", new SkipsFail()] : ["default"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/*/{src,test}/**/*.test.ts", "toolchain/src/**/*.test.ts"],
          exclude: NEVER,
          testTimeout: 30_000,
          // A core is compiled; a busy machine takes ten times as long as an idle one.
          hookTimeout: 120_000,
        },
      },
      {
        plugins: [assemblyscript()],
        test: {
          name: "assemblyscript",
          include: ["packages/*/assembly/**/*.test.ts", "examples/**/assembly/**/*.test.ts"],
          exclude: NEVER,
          includeTaskLocation: true,
          // Fuzzing and simulations of whole stacks; a busy machine takes ten times as long as an idle one.
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: "system",
          include: ["test/**/*.test.{ts,mjs}"],
          exclude: [...NEVER, "test/**/assembly/**"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
