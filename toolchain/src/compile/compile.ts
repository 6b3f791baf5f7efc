/** Compiles an application with its generated entry to one optimised WebAssembly module. */
import { isBuiltin } from "node:module";
import type { Capability } from "@phantasm/abi";
import type { Profile } from "../configuration/unikernel.js";
import type { DeviceData } from "../data.js";
import { BuildError, type Diagnostic } from "../diagnostics.js";
import { DEVICES_PATH, ENTRY_PATH } from "../generate.js";
import type { Packages } from "../packages.js";
import { SourceChecks } from "./checks.js";
import { Compiler, type CompilerMessage, type SyntaxRange, type SyntaxSource } from "./compiler.js";
import { DEBUG_ARGUMENTS } from "./constants.js";
import { dropInline } from "./inlining.js";
import { Language, type ProgramParser } from "./language/language.js";
import { optimise, type Binaryen, type Emitted, type Module } from "./optimise.js";
import { findAllOverrides } from "./overrides.js";
import { placeData, type PlacedData } from "./place-data.js";
import { SourceTree, type SourceFile } from "./resolve.js";
import { suspensionRules } from "./suspension-rules.js";

export interface CompileOptions {
  /** Folder of the configuration; names in the image are relative to it. */
  readonly project: string;
  readonly packages: Packages;
  /** The application's entry, such as `./main.ts`. */
  readonly main: string;
  /** Generated sources by path relative to the project. */
  readonly generated: ReadonlyMap<string, string>;
  readonly profile: Profile;
  readonly memory: { readonly maximumPages: number };
  /** Those of the devices, whether or not the application calls all their hypercalls. */
  readonly capabilities: readonly Capability[];
  /** What `os` has, for messages. */
  readonly members: readonly string[];
  /** Functions of generated code to look for. */
  readonly probes: readonly string[];
  /** Data of the devices; those of devices that are not reached are left out. */
  readonly data: readonly DeviceData[];
  /** The place of the configuration that a range of generated code stands for. */
  readonly origin: (file: string, start: number, end: number) => Omit<Diagnostic, "message">;
}

export interface Compiled extends Emitted {
  readonly sources: readonly SourceFile[];
  /** Sources of AssemblyScript's own library that were parsed, by name. */
  readonly library: readonly SourceFile[];
  /** Those of `probes` that the application reaches. */
  readonly reached: ReadonlySet<string>;
  /** To be added to the binary, which has a place for them. */
  readonly data: readonly PlacedData[];
  /** Value of the runtime's OBSERVATION_ADDRESS. */
  readonly observationAddress: number;
  /** `main` was compiled as a fibre. */
  readonly fibreMain: boolean;
  /** Names of classes by their number at run time. */
  readonly classes: readonly string[];
  readonly warnings: readonly Diagnostic[];
  readonly versions: Readonly<Record<string, string>>;
}

/** Static data starts here, so that the optimiser may fold offsets below it. */
const MEMORY_BASE_BYTES = 1024;
const PAGE_BYTES = 65_536;
const GENERATED_FOLDER = ".phantasm/";
/** Starts `main` as a fibre; compiled when the library of fibres is linked. */
const MAIN_FIBRE = "~lib/@phantasm/fibre/main/startMainFibre";
const ABORT = "~lib/@phantasm/runtime/abort/fail";
const OBSERVATION = "~lib/@phantasm/runtime/observation/OBSERVATION_ADDRESS";
const FEATURES = ["simd"];
/** Compiler categories of AssemblyScript diagnostics. */
const WARNING = 2;
const ERROR = 3;

function hint({ message }: CompilerMessage, deviceNames: readonly string[]): string | undefined {
  const property = /^Property '(\w+)' does not exist on type '\.phantasm\/devices\/Devices'/.exec(
    message,
  );
  if (property)
    return deviceNames.length > 0
      ? `The configuration has: ${deviceNames.join(", ")}.`
      : "The configuration has no devices; add one to phantasm.config.ts.";
  const missing = /^File '~lib\/((?:@[^/']+\/)?[^/']+)[^']*' not found/.exec(message);
  const name = missing?.[1]?.replace(/\.ts$/, "");
  if (name !== undefined)
    return isBuiltin(name)
      ? "An image has no Node.js in it: use a device of the configuration."
      : `Run: npm install ${name}`;
  return undefined;
}

function isGenerated({ source }: SyntaxRange): boolean {
  return source.normalizedPath.startsWith(GENERATED_FOLDER);
}

/** The part of the compiled program that is read. */
interface CompiledProgram {
  readonly managedClasses: ReadonlyMap<number, { readonly internalName: string }>;
}

function classNames({ managedClasses }: CompiledProgram): string[] {
  const names: string[] = [];
  for (const [id, { internalName }] of managedClasses) names[id] = internalName;
  return Array.from(names, (name) => name ?? "");
}

/** Names the compiler gives to sources without their extension and with its own prefix. */
function toDiagnostic(
  compiler: Compiler,
  tree: SourceTree,
  language: Language,
  message: CompilerMessage,
  { members, origin }: CompileOptions,
): Diagnostic {
  const explanation = language.messages.explain(message);
  const advice = hint(message, members) ?? explanation.hint;
  const ranges = [message.range, message.relatedRange].filter((range) => range !== null);
  const own = ranges.find((range) => !isGenerated(range));
  const [generated] = ranges;
  return {
    ...(own
      ? compiler.place(tree, own)
      : generated
        ? origin(generated.source.normalizedPath, generated.start, generated.end)
        : {}),
    message: explanation.message,
    ...(advice === undefined ? {} : { hint: advice }),
  };
}

/** One mistake of the configuration is several in generated code: the first says what it is. */
function withoutEchoes(errors: readonly CompilerMessage[]): CompilerMessage[] {
  let told = false;
  return errors.filter(({ range, relatedRange }) => {
    if (range === null || !isGenerated(range)) return true;
    if (relatedRange !== null && !isGenerated(relatedRange)) return true;
    const first = !told;
    told = true;
    return first;
  });
}

/**
 * @throws BuildError with the compiler's diagnostics at the user's lines
 */
export async function compile(options: CompileOptions): Promise<Compiled> {
  const compiler = await Compiler.load();
  const { project, packages, generated, memory, probes, profile } = options;
  const tree = new SourceTree(project, packages, generated);
  const language = await Language.load(compiler, tree);
  const messages: CompilerMessage[] = [];
  const checks = new SourceChecks(compiler, tree);
  const main = options.main.replace(/^\.\//, "").replace(/\.ts$/, "");
  type Output = Pick<Compiled, "reached" | "data" | "observationAddress" | "fibreMain" | "classes">;
  let output: (Output & Emitted) | undefined;
  let library: readonly SourceFile[] = [];

  class Link {
    declare readonly binaryen: Binaryen;
    declare readonly program: CompiledProgram;

    afterParse(parser: { sources: readonly SyntaxSource[] } & ProgramParser): void {
      language.lower(parser);
      checks.run(parser.sources, main);
      if (checks.diagnostics.length > 0) throw new BuildError(checks.diagnostics);
      if (profile === "size")
        dropInline(parser.sources.filter((source) => tree.sources.has(source.normalizedPath)));
      library = parser.sources
        .filter(({ normalizedPath }) => !tree.sources.has(normalizedPath))
        .map(({ normalizedPath: name, text }) => ({
          name,
          path: undefined,
          package: undefined,
          text,
        }));
    }

    afterInitialize(program: { readonly resolver: unknown }): void {
      findAllOverrides(program);
    }

    afterCompile(module: Module): void {
      const { binaryen } = this;
      const reached = new Set(
        probes.filter((probe) => module.getFunction(`${DEVICES_PATH}/${probe}`) !== 0),
      );
      const address = binaryen.getGlobalInfo(module.getGlobal(OBSERVATION)).init;
      const { value } = binaryen.getExpressionInfo(address) as unknown as { value: number };
      const fibreMain = module.getFunction(MAIN_FIBRE) !== 0;
      const data = placeData(
        binaryen,
        module,
        options.data.filter(({ constructorName }) => reached.has(constructorName)),
      );
      output = {
        data,
        ...optimise(binaryen, module, {
          profile,
          main: `${main}/main`,
          capabilities: options.capabilities,
          memoryPagesMax: memory.maximumPages,
          dataPages: Math.ceil(data.reduce((sum, { bytes }) => sum + bytes.length, 0) / PAGE_BYTES),
          rules: (sourceMap) => suspensionRules(tree, sourceMap),
        }),
        reached,
        observationAddress: value,
        fibreMain,
        classes: classNames(this.program),
      };
    }
  }

  // What the compiler prints about a crash of its own is in the error as well.
  const banner = compiler.asc.createMemoryStream();
  const result = await compiler.asc.main(
    [
      `${ENTRY_PATH}.ts`,
      ...["--outFile", "image.wasm", "--noEmit", "--debug", "--sourceMap", "--noColors"],
      ...["--runtime", "minimal", "--exportStart", "init", "--use", `abort=${ABORT}`],
      ...["--memoryBase", String(MEMORY_BASE_BYTES)],
      ...["--maximumMemory", String(memory.maximumPages)],
      ...(profile === "debug" ? DEBUG_ARGUMENTS : []),
      ...FEATURES.flatMap((feature) => ["--enable", feature]),
    ],
    {
      transforms: [Link as never],
      readFile: (name) => language.read(name),
      writeFile: () => undefined,
      listFiles: () => [],
      reportDiagnostic: (message) => void messages.push(message),
      stderr: banner,
    },
  );
  const diagnose = (message: CompilerMessage): Diagnostic =>
    toDiagnostic(compiler, tree, language, message, options);
  const errors = messages.filter(({ category }) => category === ERROR);
  if (errors.length > 0)
    throw new BuildError(
      withoutEchoes(language.messages.withoutConsequences(errors)).map(diagnose),
    );
  if (checks.diagnostics.length > 0) throw new BuildError(checks.diagnostics);
  if (result.error) throw result.error;
  if (!output) throw new Error("the compiler ended without a module and without an error");
  return {
    ...output,
    sources: [...tree.sources.values()],
    library,
    warnings: [
      ...messages.filter(({ category }) => category === WARNING).map(diagnose),
      ...output.warnings,
    ],
    versions: { assemblyscript: compiler.version },
  };
}
