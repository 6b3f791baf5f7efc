import { assemblyscript } from "phantasm/vitest";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [assemblyscript()],
  test: { include: ["assembly/**/*.test.ts"] },
});
