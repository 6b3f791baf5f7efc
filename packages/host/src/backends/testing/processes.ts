/** Other processes for the tests: small programs over the built package. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Where `tsc --build` puts the backends, seen from this file's source. */
const BUILT = new URL("../../../dist/backends/", import.meta.url);

export interface Program {
  readonly child: ChildProcess;
  /** The next line it prints; rejects with its error output when it ends before. */
  line(): Promise<string>;
  /** SIGKILL unless told otherwise; waits for the end. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Runs an ES module in which `backend(name)` imports a module of the backends and `argument` is the argument. */
export function program(body: string, argument: unknown): Program {
  const index = fileURLToPath(new URL("index.js", BUILT));
  if (!existsSync(index)) throw new Error(`${index} is missing: run npx tsc --build first`);
  const source = `const backend = (name) => import(${JSON.stringify(BUILT.href)} + name + ".js");\nconst argument = JSON.parse(process.argv[1]);\n${body}`;
  const argv = ["--input-type=module", "-e", source, JSON.stringify(argument)];
  const child = spawn(process.execPath, argv, { stdio: ["pipe", "pipe", "pipe"] });
  const waiting: ((line: string | null) => void)[] = [];
  const lines: string[] = [];
  let errors = "";
  let ended = false;
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => {
    const next = waiting.shift();
    if (next === undefined) lines.push(line);
    else next(line);
  });
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => {
      ended = true;
      for (const next of waiting.splice(0)) next(null);
      resolve();
    });
  });
  return {
    child,
    line: () =>
      new Promise((resolve, reject) => {
        const settle = (line: string | null): void => {
          if (line === null) reject(new Error(`the program ended early: ${errors}`));
          else resolve(line);
        };
        const line = lines.shift();
        if (line !== undefined) resolve(line);
        else if (ended) settle(null);
        else waiting.push(settle);
      }),
    async kill(signal = "SIGKILL") {
      child.kill(signal);
      await closed;
    },
  };
}
