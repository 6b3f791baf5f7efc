/** Runs appliances with a command, each instance in a process of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { argumentWords } from "../words.js";
import { bytesOf, type Case, type RunSettings } from "../definition.js";
import { timeLimitMs, type Host, type Outcome } from "./types.js";

const DISK_BYTES = 1_048_576;
const SIGNAL_STATUS = 128;

/** The options of `phantasm run` that a case needs; `{options}` of another host's command. */
export function commandOptions(
  case_: Case,
  { stepLimitMs, memoryBytesMax, ...run }: RunSettings,
  directory: string,
  index: number,
): string[] {
  const options: string[] = [];
  for (const { name, type, attach, bytes = DISK_BYTES } of case_.devices) {
    if (attach === "loopback") options.push("--net", `${name}=loopback`);
    else if (type === "net") options.push("--net", `${name}=switch:${join(directory, "lan")}`);
    else if (attach === "file")
      options.push("--block", `${name}=${join(directory, `${name}-${index}.img`)}:${bytes}`);
    else
      options.push("--block", `${name}=mem:${bytes}${attach === "memory-readonly" ? ":ro" : ""}`);
  }
  if (stepLimitMs !== undefined) options.push("--step-limit", `${stepLimitMs}ms`);
  if (memoryBytesMax !== undefined) options.push("--memory", `${memoryBytesMax}`);
  const words = argumentWords(run);
  if (words.length > 0) options.push("--", ...words);
  return options;
}

/** Feeds the input and sends the signals of a run. Times count from the first byte of output. */
function operate(child: ChildProcess, run: RunSettings, timers: Set<NodeJS.Timeout>): void {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("the command has no pipes");
  // An image may end before it has read all.
  stdin.on("error", () => undefined);
  if (run.input !== undefined) stdin.write(bytesOf(run.input));
  if (run.feed === undefined) stdin.end();
  const after = (delayMs: number, action: () => void): void => {
    timers.add(setTimeout(action, delayMs));
  };
  // Listening would start the reading.
  if (run.events === undefined && run.feed === undefined) return;
  stdout.once("data", () => {
    for (const { afterMs, event } of run.events ?? [])
      after(afterMs, () => child.kill(event === "shutdown" ? "SIGTERM" : "SIGINT"));
    for (const { afterMs, text, end = false } of run.feed ?? [])
      after(afterMs, () => {
        if (text !== undefined) stdin.write(bytesOf(text));
        if (end) stdin.end();
      });
  });
}

function runOne(words: readonly string[], run: RunSettings, limitMs: number): Promise<Outcome> {
  const [program = "", ...rest] = words;
  const started = performance.now();
  const child = spawn(program, rest, { stdio: ["pipe", "pipe", "pipe"] });
  const output: Uint8Array[] = [];
  const messages: Uint8Array[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let late = false;
  operate(child, run, timers);
  child.stderr?.on("data", (chunk: Uint8Array) => messages.push(chunk));
  const read = (): void => {
    child.stdout.on("data", (chunk: Uint8Array) => output.push(chunk)).resume();
  };
  if (run.readAfterMs === undefined) read();
  // From the first byte on, however long the command takes to start.
  else child.stdout.once("readable", () => timers.add(setTimeout(read, run.readAfterMs)));
  timers.add(
    setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, limitMs),
  );
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      for (const timer of timers) clearTimeout(timer);
      const status = code ?? SIGNAL_STATUS + (signal === null ? 0 : constants.signals[signal]);
      resolve({
        status: late ? null : status,
        output: Buffer.concat(output),
        message: Buffer.concat(messages).toString("utf8"),
        durationMs: performance.now() - started,
        observedSteps: null,
        problems: [],
      });
    });
  });
}

/**
 * A host that is a command.
 *
 * @param template words, of which `{image}` is replaced by a path and `{options}` by several words
 */
export function commandHost(template: readonly string[]): Host {
  return {
    name: "command",
    provides: new Set(["real-time", "isolation", "files"]),
    async run(case_, image) {
      const directory = mkdtempSync(join(tmpdir(), "phantasm-conformance-"));
      try {
        const path = join(directory, `${case_.name.replaceAll("/", "-")}.wasm`);
        writeFileSync(path, image);
        const runs = case_.instances.map(({ run }, index) => {
          const options = commandOptions(case_, run, directory, index);
          const words = template.flatMap((word) =>
            word === "{options}" ? options : [word.replaceAll("{image}", path)],
          );
          return runOne(words, run, timeLimitMs(case_));
        });
        return await Promise.all(runs);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}
