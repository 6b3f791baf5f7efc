/** The JavaScript module that stands in for an AssemblyScript test when vitest loads it. */
import { readFileSync } from "node:fs";
import { encode, type SourceMapMappings } from "@jridgewell/sourcemap-codec";
import { formatDiagnostic, type Diagnostic } from "../diagnostics.js";
import type { CompiledTest } from "./compile.js";
import type { RawFailure } from "./protocol.js";
import type { RegisteredCase } from "./instance.js";
import type { SourceFrame, SourceLines } from "./trace.js";

export interface GeneratedModule {
  readonly code: string;
  readonly map: SourceMap;
}

interface SourceMap {
  readonly version: 3;
  readonly sources: string[];
  readonly sourcesContent: string[];
  readonly names: string[];
  readonly mappings: string;
}

/** Collects lines of code, each of which may stand for a place in the test. */
class ModuleText {
  readonly #lines: string[] = [];
  readonly #mappings: SourceMapMappings = [];

  add(line: string, place?: SourceFrame): void {
    this.#lines.push(line);
    // A second segment marks the call itself, where engines report `test(…)`.
    this.#mappings.push(place ? [[0, 0, place.line - 1, place.column - 1]] : []);
  }

  /** @param file the AssemblyScript test */
  end(file: string): GeneratedModule {
    const map: SourceMap = {
      version: 3,
      sources: [file],
      sourcesContent: [readFileSync(file, "utf8")],
      names: [],
      mappings: encode(this.#mappings),
    };
    return { code: `${this.#lines.join("\n")}\n`, map };
  }
}

/**
 * A call of vitest's `test` for each case, mapped to the line that registered it.
 * @param runner URL of the module with `TestCases`
 */
export function casesModule(
  file: string,
  compiled: CompiledTest,
  cases: readonly RegisteredCase[],
  lines: SourceLines,
  runner: string,
  seed: number,
): GeneratedModule {
  const text = new ModuleText();
  const input = {
    wasm: Buffer.from(compiled.wasm).toString("base64"),
    sourceMap: compiled.sourceMap,
    paths: [...compiled.paths],
    seed,
  };
  text.add('import { afterAll, describe, test } from "vitest";');
  text.add(`import { TestCases } from ${JSON.stringify(runner)};`);
  text.add(`const cases = new TestCases(${JSON.stringify(input)});`);
  text.add("afterAll(() => cases.close());");
  let open: readonly string[] = [];
  const close = (depth: number): void => {
    for (let at = open.length; at > depth; at--) text.add("});");
    open = open.slice(0, depth);
  };
  cases.forEach(({ path, frames }, index) => {
    const located = lines.locate(frames);
    const place = located.find((frame) => frame.file === file) ?? located[0];
    const suites = path.slice(0, -1);
    const same = suites.findIndex((name, depth) => open[depth] !== name);
    close(same < 0 ? suites.length : same);
    for (const suite of suites.slice(open.length)) {
      text.add(`describe(${JSON.stringify(suite)}, () => {`, place);
      open = [...open, suite];
    }
    const name = JSON.stringify(path.at(-1));
    text.add(`test(${name}, ({ signal }) => cases.run(${index}, signal));`, place);
  });
  close(0);
  return text.end(file);
}

/** A module that reports what the compiler found, at the first place. */
export function diagnosticsModule(
  file: string,
  diagnostics: readonly Diagnostic[],
  runner: string,
): GeneratedModule {
  const frames = diagnostics.flatMap((one): SourceFrame[] =>
    one.file === undefined
      ? []
      : [{ method: "", file: one.file, line: one.line ?? 1, column: one.column ?? 1 }],
  );
  const message = diagnostics.map((one) => formatDiagnostic(one)).join("\n");
  return failureModule(file, { name: "CompileError", message }, frames, runner);
}

/** A module that fails when it is loaded. */
export function failureModule(
  file: string,
  { name, message }: Pick<RawFailure, "name" | "message">,
  frames: readonly SourceFrame[],
  runner: string,
): GeneratedModule {
  const text = new ModuleText();
  text.add(`import { sourceError } from ${JSON.stringify(runner)};`);
  text.add(`throw sourceError(${JSON.stringify({ name, message })}, ${JSON.stringify(frames)});`);
  return text.end(file);
}
