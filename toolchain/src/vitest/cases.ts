/** Runs in vitest's process: hands each case to a thread that can be stopped when it spins. */
import { Worker } from "node:worker_threads";
import type { Outcome, RawFailure } from "./protocol.js";
import { SourceLines, type SourceFrame } from "./trace.js";

/** What the plug-in writes into the generated module. */
export interface TestCasesInput {
  /** The compiled test in base64. */
  readonly wasm: string;
  readonly sourceMap: string;
  /** Name in the source map and absolute path, for each source that has one. */
  readonly paths: readonly (readonly [string, string])[];
  readonly seed: number;
}

/** What the thread is started with. */
export interface WorkerInput {
  readonly module: WebAssembly.Module;
  readonly seed: number;
}

const WORKER = new URL("./worker.js", import.meta.url);

/** An error that vitest shows at lines of AssemblyScript. */
export function sourceError(
  failure: Pick<RawFailure, "name" | "message" | "expected" | "actual">,
  frames: readonly SourceFrame[],
): Error {
  const error = new Error(failure.message);
  error.name = failure.name;
  const calls = frames.map(
    ({ method, file, line, column }) =>
      `\n    at ${method || "source"} (${file}:${line}:${column})`,
  );
  error.stack = `${failure.name}: ${failure.message}${calls.join("")}`;
  // With `stacks`, vitest does not map these places once more through the generated module.
  Object.assign(error, { stacks: frames });
  if (failure.expected !== undefined && failure.actual !== undefined)
    Object.assign(error, {
      expected: diffable(failure.expected),
      actual: diffable(failure.actual),
      showDiff: true,
    });
  return error;
}

/** Numbers and lists are easier to compare as such; long integers would lose digits. */
function diffable(text: string): unknown {
  if (/\d{16}/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export class TestCases {
  readonly #input: WorkerInput;
  readonly #lines: SourceLines;
  #worker: Worker | null = null;

  constructor({ wasm, sourceMap, paths, seed }: TestCasesInput) {
    this.#input = { module: new WebAssembly.Module(Buffer.from(wasm, "base64")), seed };
    this.#lines = new SourceLines(sourceMap, new Map(paths));
  }

  /**
   * Runs one case in a fresh instance. Settles when it has ended, or when `signal` aborts: then its
   * thread is stopped, whatever it does.
   * @throws the failure, with a stack of AssemblyScript lines
   */
  async run(index: number, signal: AbortSignal): Promise<void> {
    const { failure, log } = await this.#ask(index, signal);
    for (const line of log) console.log(line);
    if (failure) throw sourceError(failure, this.#lines.locate(failure.frames));
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  #ask(index: number, signal: AbortSignal): Promise<Outcome> {
    this.#worker ??= new Worker(WORKER, { workerData: this.#input, execArgv: [] });
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        signal.removeEventListener("abort", onAbort);
        worker.off("message", onMessage).off("error", onError);
      };
      const onMessage = (outcome: Outcome): void => {
        finish();
        resolve(outcome);
      };
      const onError = (error: unknown): void => {
        finish();
        this.#worker = null;
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const onAbort = (): void => {
        finish();
        void this.close();
        reject(new Error("the case did not end and was stopped"));
      };
      signal.addEventListener("abort", onAbort);
      worker.on("message", onMessage).on("error", onError);
      worker.postMessage(index);
    });
  }
}
