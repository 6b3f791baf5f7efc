/**
 * Tests written in AssemblyScript, run by vitest: `phantasm/vitest`.
 *
 * @example
 * // vitest.config.ts
 * import { defineConfig } from "vitest/config";
 * import { assemblyscript } from "phantasm/vitest";
 *
 * export default defineConfig({
 *   plugins: [assemblyscript()],
 *   test: { include: ["assembly/**\/*.test.ts"] },
 * });
 */
import { fileURLToPath } from "node:url";
import { compileTest } from "./compile.js";
import { casesModule, diagnosticsModule, failureModule, type GeneratedModule } from "./generate.js";
import { TestInstance } from "./instance.js";
import { SourceLines } from "./trace.js";

export interface AssemblyScriptOptions {
  /** Which files are AssemblyScript tests, by absolute path with `/`. Default: `*.test.ts` below a folder `assembly`. */
  readonly include?: RegExp;
  /** Seed of the entropy that a test sees; failures print it. Default: 1. */
  readonly seed?: number;
}

/** The part of a Vite plug-in that this one has; vitest accepts it in `plugins`. */
export interface AssemblyScriptPlugin {
  readonly name: string;
  readonly enforce: "pre";
  load(this: { addWatchFile(file: string): void }, id: string): Promise<GeneratedModule | null>;
}

const INCLUDE = /\/assembly\/(?:.*\/)?[^/]+\.test\.ts$/;
const SEED = 1;
const RUNNER = fileURLToPath(new URL("./cases.js", import.meta.url));

/**
 * A Vite plug-in: compiles each matching file and reports its cases to vitest one by one, with
 * failures and compile errors at lines of AssemblyScript. Each case runs in a fresh instance.
 */
export function assemblyscript(options: AssemblyScriptOptions = {}): AssemblyScriptPlugin {
  const { include = INCLUDE, seed = SEED } = options;
  return {
    name: "phantasm:assemblyscript",
    enforce: "pre",
    async load(id) {
      const file = id.replace(/\?.*$/, "").replaceAll("\\", "/");
      if (!include.test(file)) return null;
      const compiled = await compileTest(file);
      for (const path of compiled.paths.values()) this.addWatchFile(path);
      if ("diagnostics" in compiled) return diagnosticsModule(file, compiled.diagnostics, RUNNER);
      const lines = new SourceLines(compiled.sourceMap, compiled.paths);
      const instance = new TestInstance(
        new WebAssembly.Module(compiled.wasm as BufferSource),
        seed,
      );
      const failure = instance.start();
      if (failure) return failureModule(file, failure, lines.locate(failure.frames), RUNNER);
      return casesModule(file, compiled, instance.cases, lines, RUNNER, seed);
    },
  };
}
