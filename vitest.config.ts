import { defineConfig } from "vitest/config";
import { SkipsFail } from "./test/tooling/skips-fail.mjs";

const NEVER = ["**/node_modules/**", "**/dist/**", "**/.phantasm/**", "**/fixtures/**"];

export default defineConfig({
  test: {
    reporters: process.env["CI"] === "true" ? ["default", new SkipsFail()] : ["default"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "toolchain/src/**/*.test.ts"],
          exclude: NEVER,
          testTimeout: 10_000,
        },
      },
      {
        test: {
          name: "system",
          include: ["test/**/*.test.{ts,mjs}"],
          exclude: [...NEVER, "test/**/assembly/**"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
