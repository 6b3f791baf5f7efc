/** Compiles one AssemblyScript test: fast, not small, and the same sources as a build would take. */
import { existsSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { Compiler, type CompilerMessage } from "../compile/compiler.js";
import { DEBUG_ARGUMENTS } from "../compile/constants.js";
import { Language, type ProgramParser } from "../compile/language/language.js";
import type { Binaryen, Module } from "../compile/optimise.js";
import { findAllOverrides } from "../compile/overrides.js";
import { SourceTree } from "../compile/resolve.js";
import { linkTest } from "../compile/test-link.js";
import { BuildError, type Diagnostic } from "../diagnostics.js";
import { Packages, packageName, readPackage, type Package } from "../packages.js";

export interface CompiledTest {
  readonly wasm: Uint8Array;
  readonly sourceMap: string;
  /** Absolute path of each source that has one, by its name in the source map. */
  readonly paths: ReadonlyMap<string, string>;
}

/** Compilation stopped by mistakes in sources; `paths` are the files read so far. */
export interface FailedTest {
  readonly diagnostics: readonly Diagnostic[];
  readonly paths: ReadonlyMap<string, string>;
}

const ENTRY = "phantasm-test";
const PROTOCOL = "@phantasm/testing/protocol";
const ERROR = 3;
/** As the build has it. */
const FEATURES = ["simd"];

/** A package's own name leads to its own folder, so that no source of it is compiled twice. */
class TestPackages extends Packages {
  readonly #own: Package;

  constructor(own: Package) {
    super(own.directory);
    this.#own = own;
  }

  override find(name: string): Package | undefined {
    return name === this.#own.name ? this.#own : super.find(name);
  }
}

/** The folder of the nearest package.json, and what it says. */
function packageAround(file: string): Package {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const found = existsSync(join(folder, "package.json")) ? readPackage(folder) : undefined;
    if (found) return found;
    if (dirname(folder) === folder)
      return { name: "", version: "0.0.0", directory: dirname(file), module: {} };
  }
}

/** How the generated entry imports the test: through its package, if others import that. */
function specifier(file: string, own: Package): string {
  const withoutExtension = (from: string): string =>
    relative(from, file).split(sep).join("/").replace(/\.ts$/, "");
  const { assembly } = own.module;
  if (assembly !== undefined) {
    const inside = withoutExtension(join(own.directory, assembly));
    if (!inside.startsWith("../")) return `${own.name}/${inside}`;
  }
  return `./${withoutExtension(own.directory)}`;
}

function entry(file: string, own: Package): string {
  return `import "${specifier(file, own)}";\nexport { callFunction, runCase } from "${PROTOCOL}";\n`;
}

function hint(message: string): string | undefined {
  const missing = /^File '~lib\/([^']+)\.ts' not found/.exec(message);
  return missing?.[1] === undefined ? undefined : `Run: npm install ${packageName(missing[1])}`;
}

/** @param file absolute path of the test */
export async function compileTest(file: string): Promise<CompiledTest | FailedTest> {
  const compiler = await Compiler.load();
  return compiler.alone(() => compileNow(compiler, file));
}

async function compileNow(compiler: Compiler, file: string): Promise<CompiledTest | FailedTest> {
  const own = packageAround(file);
  const generated = new Map([[`${ENTRY}.ts`, entry(file, own)]]);
  const tree = new SourceTree(own.directory, new TestPackages(own), generated);
  const language = await Language.load(compiler, tree);
  const messages: CompilerMessage[] = [];
  const output = new Map<string, Uint8Array | string>();
  class Link {
    declare readonly binaryen: Binaryen;

    afterParse(parser: ProgramParser): void {
      language.lower(parser);
    }

    afterInitialize(program: { readonly resolver: unknown }): void {
      findAllOverrides(program);
    }

    afterCompile(module: Module): void {
      linkTest(this.binaryen, module);
    }
  }

  const result = await compiler.asc.main(
    [
      `${ENTRY}.ts`,
      ...["--outFile", "test.wasm", "--sourceMap", "--debug", "--noColors"],
      ...["--runtime", "minimal", "--exportStart", "start"],
      ...DEBUG_ARGUMENTS,
      ...FEATURES.flatMap((feature) => ["--enable", feature]),
    ],
    {
      transforms: [Link as never],
      readFile: (name) => language.read(name),
      writeFile: (name, contents) => void output.set(name, contents),
      listFiles: () => [],
      reportDiagnostic: (message) => void messages.push(message),
    },
  );
  const paths = new Map<string, string>();
  for (const { name, path } of tree.sources.values()) if (path !== undefined) paths.set(name, path);
  const errors = messages.filter(({ category }) => category === ERROR);
  if (errors.length > 0)
    return {
      paths,
      diagnostics: language.messages.withoutConsequences(errors).map((message) => {
        const range = message.range ?? message.relatedRange;
        const explanation = language.messages.explain(message);
        const advice = hint(message.message) ?? explanation.hint;
        return {
          ...(range ? compiler.place(tree, range) : {}),
          message: explanation.message,
          ...(advice === undefined ? {} : { hint: advice }),
        };
      }),
    };
  if (result.error instanceof BuildError) return { paths, diagnostics: result.error.diagnostics };
  if (result.error) throw result.error;
  const wasm = output.get("test.wasm");
  const sourceMap = output.get("test.wasm.map");
  if (!(wasm instanceof Uint8Array) || typeof sourceMap !== "string")
    throw new Error("the compiler ended without a module and without an error");
  const { version, sources, names, mappings } = JSON.parse(sourceMap) as Record<string, unknown>;
  return { wasm, sourceMap: JSON.stringify({ version, sources, names, mappings }), paths };
}
