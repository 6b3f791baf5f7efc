/** Evaluates `phantasm.config.ts`, once. */
import { existsSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { TraceMap, originalPositionFor } from "@jridgewell/trace-mapping";
import type { Message, Plugin } from "esbuild";
import { BuildError, type Diagnostic } from "../diagnostics.js";
import { readText, writeAtomically } from "../files.js";
import { packageName, type Packages } from "../packages.js";
import { describeValue } from "./device.js";
import { type Location } from "./location.js";
import { isUnikernel, type Unikernel } from "./unikernel.js";

export const CONFIGURATION_FILE = "phantasm.config.ts";

/** A configuration and the way back from its objects to its lines. */
export interface Configuration {
  readonly unikernel: Unikernel;
  /** Folder of the configuration. */
  readonly directory: string;
  readonly file: string;
  /** Files whose change asks for another evaluation, absolute. */
  readonly inputs: readonly string[];
  /** The diagnostic for a mistake at a place that a combinator remembered. */
  diagnose(message: string, location: Location): Diagnostic;
}

let evaluations = 0;

/**
 * Resolves what a configuration imports. The combinators of modules become part of the bundle, so
 * that their `phantasm` is the one that builds, wherever they are installed.
 *
 * @param found receives the file of every import that is left to Node
 */
function external(packages: Packages, found: Set<string>): Plugin {
  const builtin = new Set(builtinModules);
  return {
    name: "phantasm-packages",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path, kind, resolveDir }) => {
        if (kind === "entry-point" || path.startsWith("node:") || builtin.has(path))
          return kind === "entry-point" ? undefined : { path, external: true };
        const url = packages.resolve(path, resolveDir);
        if (url === undefined)
          return {
            errors: [{ text: `package "${path}" is not installed; run: npm install ${path}` }],
          };
        const module = packages.find(packageName(path))?.module;
        if (/\.[cm]?ts$/.test(url) || module?.configuration !== undefined)
          return { path: fileURLToPath(url) };
        found.add(fileURLToPath(url));
        return { path: url, external: true };
      });
    },
  };
}

function fromEsbuild(directory: string, { text, location }: Message): Diagnostic {
  if (!location) return { message: text };
  return {
    message: text,
    file: resolve(directory, location.file),
    line: location.line,
    column: location.column + 1,
    source: location.lineText,
    length: location.length,
  };
}

/**
 * Finds the outermost frame of a stack that lies in the configuration's own sources: the line that
 * composes, not the helper it calls.
 */
function locate(stack: string, bundle: string, map: TraceMap): Diagnostic | undefined {
  const url = pathToFileURL(bundle).href;
  for (const frame of stack.split("\n").reverse()) {
    const match = /\(?((?:file:|\/).*?)(?:\?[^:]*)?:(\d+):(\d+)\)?$/.exec(
      frame.replace(/^\s*at /, ""),
    );
    if (!match) continue;
    const [, path = "", line = "", column = ""] = match;
    if (!path.endsWith(url) && !path.endsWith(bundle)) continue;
    const origin = originalPositionFor(map, { line: Number(line), column: Number(column) - 1 });
    if (origin.source === null) continue;
    const file = resolve(dirname(bundle), origin.source);
    const source = readText(file)?.split("\n")[origin.line - 1];
    return {
      message: "",
      file,
      line: origin.line,
      column: origin.column + 1,
      ...(source === undefined ? {} : { source }),
    };
  }
  return undefined;
}

/**
 * Bundles and runs the configuration of a folder.
 *
 * @throws BuildError with the place in the configuration
 */
export async function loadConfiguration(
  directory: string,
  packages: Packages,
): Promise<Configuration> {
  const file = join(directory, CONFIGURATION_FILE);
  if (!existsSync(file))
    throw new BuildError([
      {
        message: `no ${CONFIGURATION_FILE} in ${directory}`,
        hint: "Name a folder that has one, or make one: npx phantasm new hello my-app",
      },
    ]);
  const bundle = join(directory, ".phantasm", "config.mjs");
  const imported = new Set<string>();
  const esbuild = await import("esbuild");
  const result = await esbuild
    .build({
      entryPoints: [file],
      outfile: bundle,
      absWorkingDir: directory,
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: "node20",
      sourcemap: "external",
      metafile: true,
      logLevel: "silent",
      logOverride: { "duplicate-object-key": "error" },
      tsconfigRaw: {},
      plugins: [external(packages, imported)],
    })
    .catch((error: unknown) => {
      const { errors } = error as { errors?: Message[] };
      if (!errors) throw error;
      throw new BuildError(errors.map((message) => fromEsbuild(directory, message)));
    });
  const code = result.outputFiles.find(({ path }) => path.endsWith(".mjs"))?.text ?? "";
  const map = new TraceMap(
    result.outputFiles.find(({ path }) => path.endsWith(".map"))?.text ?? "{}",
  );
  writeAtomically(bundle, code);

  const at = (message: string, stack: string): Diagnostic => ({
    ...(locate(stack, bundle, map) ?? { file }),
    message,
  });
  let exported: unknown;
  try {
    const module = (await import(`${pathToFileURL(bundle).href}?evaluation=${++evaluations}`)) as {
      default?: unknown;
    };
    exported = module.default;
  } catch (error) {
    throw new BuildError([diagnoseThrown(error, at)]);
  }
  if (!isUnikernel(exported))
    throw new BuildError([
      {
        message: `the default export must be unikernel("name", { … }), got ${describeValue(exported)}`,
        file,
        hint: `export default unikernel("my-app", { devices: { … } });`,
      },
    ]);
  return {
    unikernel: exported,
    directory,
    file,
    inputs: [
      ...Object.keys(result.metafile.inputs).map((path) => resolve(directory, path)),
      ...imported,
    ],
    diagnose: (message, location) => at(message, location.stack),
  };
}

/** Moves a place forward to the line that has `key:`; the call that was captured begins above it. */
function atKey(diagnostic: Diagnostic, key: string | undefined): Diagnostic {
  const { file, line } = diagnostic;
  const text = file === undefined ? undefined : readText(file);
  if (key === undefined || line === undefined || text === undefined) return diagnostic;
  const pattern = new RegExp(`(?<![\\w.])["']?${key.replace(/[^\w-]/g, "\\$&")}["']?\\s*[:,}(]`);
  for (const [index, source] of text.split("\n").entries()) {
    const match = index + 1 < line ? null : pattern.exec(source);
    if (match)
      return {
        ...diagnostic,
        line: index + 1,
        column: match.index + 1,
        length: key.length,
        source,
      };
  }
  return diagnostic;
}

function diagnoseThrown(
  error: unknown,
  at: (message: string, stack: string) => Diagnostic,
): Diagnostic {
  if (!(error instanceof Error)) return at(`the configuration threw ${String(error)}`, "");
  const absent = /does not provide an export named '([^']+)'/.exec(error.message)?.[1];
  if (error instanceof SyntaxError && absent !== undefined)
    return atKey({ ...at(`nothing of that name is exported: ${absent}`, ""), line: 1 }, absent);
  const { location, key } = error as { location?: { stack?: unknown }; key?: unknown };
  if (error.name === "ConfigurationError" && typeof location?.stack === "string")
    return atKey(at(error.message, location.stack), typeof key === "string" ? key : undefined);
  return at(`${error.name}: ${error.message}`, error.stack ?? "");
}
