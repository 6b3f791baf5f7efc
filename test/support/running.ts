/** `phantasm run` with published ports, for tests with real clients. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PHANTASM = join(ROOT, "toolchain", "bin", "phantasm.js");
const START_MS_MAX = 60_000;

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A domain of a process of its own; `stop` ends it. */
export class Running {
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  #stdout = "";
  #stderr = "";
  #wake: () => void = () => undefined;

  /** @param words of `phantasm run`; an image that is built already starts at once */
  constructor(words: readonly string[]) {
    const child = spawn(process.execPath, [PHANTASM, "run", ...words], { cwd: ROOT });
    this.#child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#wake();
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#wake();
    });
    this.#ended = new Promise((resolve) => {
      child.on("close", (status) => {
        resolve({ status, stdout: this.#stdout, stderr: this.#stderr });
        this.#wake();
      });
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** The host's port that leads to a port of the image: `-p 0:80` was among the words. */
  async port(guest: number, protocol = "tcp"): Promise<number> {
    const suffix = protocol === "udp" ? "/udp" : "";
    const line = new RegExp(`127\\.0\\.0\\.1:(\\d+)\\S* -> \\S+ port ${guest}${suffix}\\n`);
    const [, port] = await this.#saw(() => this.#stderr, line);
    return Number(port);
  }

  /** Waits until standard output matches. */
  saw(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#saw(() => this.#stdout, pattern);
  }

  async #saw(text: () => string, pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = Date.now() + START_MS_MAX;
    for (;;) {
      const found = pattern.exec(text());
      if (found !== null) return found;
      if (this.#child.exitCode !== null || Date.now() > deadline)
        throw new Error(`nothing like ${pattern}; it said:\n${this.#stdout}${this.#stderr}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits for its own end. */
  get ended(): Promise<Ended> {
    return this.#ended;
  }

  async stop(): Promise<Ended> {
    if (this.#child.exitCode === null) this.#child.kill("SIGTERM");
    return this.#ended;
  }
}
