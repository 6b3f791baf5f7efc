/** Every block of docs/assemblyscript.md does what the page says: it runs, or is rejected as shown. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Image } from "@phantasm/host";
import { VirtualHost } from "@phantasm/host/testing";
import ts from "typescript";
import { expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";
import { BuildError } from "../../toolchain/dist/diagnostics.js";
import { project, type Project } from "../support/project.js";

const PAGE = readFileSync(new URL("../../docs/assemblyscript.md", import.meta.url), "utf8");

const CONFIGURATION = `import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { random } from "@phantasm/random";
import { unikernel } from "phantasm";

export default unikernel("page", {
  devices: { clock: clock(), console: console(), random: random() },
});
`;

const IMPORTS = `import { MILLISECOND, Timer, TimerHandler } from "@phantasm/interfaces";
import { Fibre, sleep, spawn } from "@phantasm/fibre";
import { Devices } from "./.phantasm/devices";
`;

interface Block {
  readonly kind: string;
  readonly text: string;
  /** In the page. */
  readonly line: number;
}

const BLOCKS: readonly Block[] = [...PAGE.matchAll(/^```([^\n]*)\n([^]*?)^```$/gm)].map(
  ({ 1: kind = "", 2: text = "", index }) => ({
    kind,
    text,
    line: PAGE.slice(0, index).split("\n").length,
  }),
);

/** Starts a declaration that cannot stand in a function; it ends with a line that starts with a brace. */
const DECLARATION = /^(?:abstract|class|enum|function|import|interface|namespace|type|async)\b/;

/** A source with the declarations of a block at its top, and its statements in a function `example`. */
function source({ text }: Block): string {
  const declarations: string[] = [];
  const statements: string[] = [];
  let inside = false;
  for (const line of text.split("\n")) {
    const starts = !inside && DECLARATION.test(line);
    (inside || starts ? declarations : statements).push(line);
    if (starts) inside = line.includes("{") && !line.includes("}");
    else if (inside && line.startsWith("}")) inside = false;
  }
  return [
    IMPORTS,
    ...declarations,
    "export function example(os: Devices): void {",
    ...statements,
    "}",
    "",
  ].join("\n");
}

const name = ({ line }: Block): string => `example${line}`;

function projectOf(working: readonly Block[]): Project {
  const imports = working.map(
    (one) => `import { example as ${name(one)} } from "./${name(one)}";\n`,
  );
  const calls = working.map(
    (one) => `  os.console.writeLine("${one.line}");\n  ${name(one)}(os);\n`,
  );
  return project({
    "phantasm.config.ts": CONFIGURATION,
    "main.ts": `import { Devices } from "./.phantasm/devices";\n${imports.join("")}
export function main(os: Devices): void {
${calls.join("")}}
`,
    ...Object.fromEntries(working.map((one) => [`${name(one)}.ts`, source(one)])),
  });
}

/** Codes of what TypeScript says about sources of a project that was built. */
function editorErrors(directory: string): number[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(directory, ".phantasm/tsconfig.assembly.json"),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
        throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"));
      },
    },
  );
  if (!config) throw new Error("there is no tsconfig.assembly.json");
  const program = ts.createProgram(config.fileNames, config.options);
  return ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => file?.fileName.startsWith(join(directory, "example")))
    .map(({ code }) => code);
}

test("the blocks that work run, and assert what they claim", async () => {
  const working = BLOCKS.filter(({ kind }) => kind === "ts");
  expect(working.length).toBeGreaterThan(25);
  expect(working.filter(({ text }) => text.includes("assert(")).length).toBe(working.length - 1);
  using made = projectOf(working);
  const host = new VirtualHost(Image.load((await build({ directory: made.directory })).image));
  const { reason, message } = host.run();
  const last = host.output.trimEnd().split("\n").at(-1) ?? "";
  expect(`${reason} ${message}`.trim(), `the block at line ${last}`).toBe("exit");
  // Those that the page names: an operator, a method of T, a bool as a number, a field left out.
  expect(editorErrors(made.directory).sort()).toEqual([2322, 2339, 2365, 2741]);
});

const rejected = BLOCKS.filter(({ kind }) => kind === "ts rejected").map((block) => ({
  block,
  line: block.line,
  shown: BLOCKS[BLOCKS.indexOf(block) + 1],
}));

test.each(rejected)("the block at line $line is rejected as shown", async ({ block, shown }) => {
  const main = source(block).replace(
    "export function example",
    "export function main(os: Devices): void {\n  example(os);\n}\nexport function example",
  );
  using made = project({ "phantasm.config.ts": CONFIGURATION, "main.ts": main });
  const error: unknown = await build({ directory: made.directory }).catch(
    (reason: unknown) => reason,
  );
  if (!(error instanceof BuildError)) throw new Error("the block compiles", { cause: error });
  const said = error.diagnostics.map(({ message, hint, line }) => {
    expect(line).toBeGreaterThan(0);
    return `${message}\n${hint ?? ""}\n`;
  });
  expect(shown?.kind).toBe("text");
  expect([...new Set(said)].join("")).toBe(shown?.text);
});
