/** Compiles a piece of AssemblyScript as applications are compiled, and runs it without a domain. */
import { Compiler, type CompilerMessage } from "../../toolchain/dist/compile/compiler.js";
import { Language, type ProgramParser } from "../../toolchain/dist/compile/language/language.js";
import { SourceTree } from "../../toolchain/dist/compile/resolve.js";
import { BuildError } from "../../toolchain/dist/diagnostics.js";
import { Packages } from "../../toolchain/dist/packages.js";

/** The compiler's number for it. */
const ERROR = 3;

const PRELUDE = `
@external("host", "say") declare function sayText(text: string): void;
export function say(text: string): void { sayText(text); }
`;

function text(memory: WebAssembly.Memory, address: number): string {
  const bytes = new DataView(memory.buffer).getUint32(address - 4, true);
  return Buffer.from(memory.buffer, address, bytes).toString("utf16le");
}

/** The program as a module, or what a user is told of its mistakes: each message with its hint. */
export async function compileProgram(
  source: string,
  level = 0,
): Promise<{ wasm: Uint8Array<ArrayBuffer> } | { mistakes: readonly string[] }> {
  const compiler = await Compiler.load();
  const generated = new Map([
    ["program.ts", `import { say } from "./prelude";\n${source}`],
    ["prelude.ts", PRELUDE],
  ]);
  const tree = new SourceTree(process.cwd(), new Packages(process.cwd()), generated);
  const language = await Language.load(compiler, tree);
  const messages: CompilerMessage[] = [];
  let wasm: Uint8Array<ArrayBuffer> | undefined;
  class Link {
    afterParse(parser: ProgramParser): void {
      language.lower(parser);
    }
  }
  const result = await compiler.asc.main(
    [
      "program.ts",
      ...["--outFile", "program.wasm", "--runtime", "minimal", "--noColors"],
      ...["--optimizeLevel", String(level), "--exportStart", "start"],
    ],
    {
      transforms: [Link as never],
      readFile: (name) => language.read(name),
      writeFile: (name, contents) => {
        if (name.endsWith(".wasm")) wasm = new Uint8Array(contents as Uint8Array);
      },
      listFiles: () => [],
      reportDiagnostic: (message) => {
        if (message.category === ERROR) messages.push(message);
      },
    },
  );
  if (wasm) return { wasm };
  const said =
    result.error instanceof BuildError
      ? result.error.diagnostics
      : language.messages
          .withoutConsequences(messages)
          .map((message) => language.messages.explain(message));
  if (said.length > 0)
    return { mistakes: said.map(({ message, hint }) => (hint ? `${message}\n${hint}` : message)) };
  throw result.error ?? new Error("the compiler ended without a module and without an error");
}

/** Calls the exports of a program in turn. @returns what it said with `say` */
export async function runProgram(
  source: string,
  calls: readonly (readonly [name: string, ...parameters: number[]])[],
  level = 0,
): Promise<string[]> {
  const compiled = await compileProgram(source, level);
  if ("mistakes" in compiled) throw new Error(compiled.mistakes.join("\n"));
  const lines: string[] = [];
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  const module = new WebAssembly.Module(compiled.wasm);
  const say = (address: number): void => {
    lines.push(text(exports["memory"] as WebAssembly.Memory, address));
  };
  for (const { module: from, name } of WebAssembly.Module.imports(module))
    (imports[from] ??= {})[name] =
      name === "say"
        ? say
        : (): never => {
            throw new Error(`the program called ${from}.${name}`);
          };
  const { exports } = new WebAssembly.Instance(module, imports);
  (exports["start"] as () => void)();
  for (const [name, ...parameters] of calls)
    (exports[name] as (...parameters: number[]) => void)(...parameters);
  return lines;
}
