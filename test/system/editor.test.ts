/** What an editor says about a new project: nothing. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { transcript } from "../../toolchain/dist/commands/memory-terminal.js";
import { TEMPLATES } from "../../toolchain/dist/commands/templates.js";
import { project } from "../support/project.js";

async function newProject(template: string, directory: string): Promise<void> {
  const { err } = await transcript("new", template, directory);
  expect(err).toContain("Build and boot it:");
}

/** Files of the packages and of TypeScript, read once for each way of reading them. */
const shared = new Map<string, Map<string, ts.SourceFile | undefined>>();

function hostFor(options: ts.CompilerOptions, directory: string): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const key = `${options.module} ${options.moduleResolution} ${options.target}`;
  const known = shared.get(key) ?? new Map<string, ts.SourceFile | undefined>();
  shared.set(key, known);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (file, ...rest) => {
    if (file.startsWith(directory)) return read(file, ...rest);
    if (!known.has(file)) known.set(file, read(file, ...rest));
    return known.get(file);
  };
  return host;
}

/** Errors of one TypeScript project, in its own files only, and the names of those. */
function check(directory: string, config: string): { own: string[]; errors: string[] } {
  const parsed = ts.getParsedCommandLineOfConfigFile(
    join(directory, config),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
        throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"));
      },
    },
  );
  if (!parsed) throw new Error(`${config} cannot be read`);
  const { fileNames, options, projectReferences = [], errors } = parsed;
  const host = hostFor(options, directory);
  const program = ts.createProgram({ rootNames: fileNames, options, projectReferences, host });
  const own = fileNames.filter((file) => file.startsWith(directory)).sort();
  const sources = own.flatMap((file) => program.getSourceFile(file) ?? []);
  const found = [
    ...errors,
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...sources.flatMap((source) => program.getSyntacticDiagnostics(source)),
    ...sources.flatMap((source) => program.getSemanticDiagnostics(source)),
  ];
  return {
    own: own.map((file) => file.slice(directory.length + 1)),
    errors: found.map(({ file, code, messageText }) =>
      [file?.fileName, code, ts.flattenDiagnosticMessageText(messageText, "\n")].join(" "),
    ),
  };
}

test.each(TEMPLATES)("a new $name, neither installed nor built", async ({ name }) => {
  using parent = project({});
  const directory = join(parent.directory, "my-app");
  await newProject(name, directory);
  expect(check(directory, "tsconfig.json")).toEqual({ own: [], errors: [] });
  expect(check(directory, ".phantasm/tsconfig.config.json")).toEqual({
    own: ["phantasm.config.ts"],
    errors: [],
  });
  expect(check(directory, ".phantasm/tsconfig.assembly.json")).toEqual({
    own: [".phantasm/devices.ts", ".phantasm/entry.ts", "main.ts"],
    errors: [],
  });
});

test("for…of, defer and fibres are known", async () => {
  using parent = project({});
  const directory = join(parent.directory, "my-app");
  await newProject("hello", directory);
  parent.write({
    "my-app/main.ts": `import { spawn, Fibre } from "@phantasm/fibre";

class Loop extends Fibre {
  run(): i32 {
    let sum = 0;
    const map = new Map<string, i32>();
    defer(map.clear());
    for (const [key, value] of map) sum += key.length + value;
    for (const entry of map) sum += entry.key.length + entry.value;
    for (const key of map.keys()) sum += key.length;
    for (const [index, byte] of new Uint8Array(3).entries()) sum += index + byte;
    for (const value of new Set<i64>()) sum += <i32>value;
    for (const value of new StaticArray<i32>(2)) sum += value;
    for (const letter of "text") sum += letter.length;
    return sum;
  }
}

export const loop: Loop = spawn(new Loop());
`,
  });
  expect(
    check(directory, ".phantasm/tsconfig.assembly.json").errors.filter((e) => !e.includes("entry")),
  ).toEqual([]);
  parent.write({
    "my-app/main.ts": `for (const x of 5) defer();
`,
  });
  const { errors } = check(directory, ".phantasm/tsconfig.assembly.json");
  expect(errors.filter((error) => /main\.ts (2488|2554)/.test(error))).toHaveLength(2);
});

test("a mistake is still seen in either dialect", async () => {
  using parent = project({});
  const directory = join(parent.directory, "my-app");
  await newProject("hello", directory);
  const configuration = readFileSync(join(directory, "phantasm.config.ts"), "utf8");
  parent.write({
    "my-app/phantasm.config.ts": configuration.replace("console()", "console(1)"),
    "my-app/main.ts": `export const half: i32 = "½";\n`,
  });
  expect(check(directory, ".phantasm/tsconfig.config.json").errors).toHaveLength(1);
  expect(check(directory, ".phantasm/tsconfig.assembly.json").errors).not.toEqual([]);
});
