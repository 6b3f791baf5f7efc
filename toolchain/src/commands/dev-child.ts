/** An image that `phantasm dev` has booted: `phantasm run` in a process of its own, on this terminal. */
import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../bin/phantasm.js", import.meta.url));

/** How long an image may take to end before a change replaces it by force. */
const GRACE_MS = 1_000;

export class Child {
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  #running = true;
  #ending = false;

  /** @param onEnd called when it ends without having been asked */
  constructor(image: string, words: readonly string[], onEnd: (status: number) => void) {
    this.#process = spawn(process.execPath, [PROGRAM, "run", image, ...words], {
      stdio: "inherit",
    });
    this.#exited = new Promise((resolve, reject) => {
      this.#process.once("error", reject);
      this.#process.once("exit", (status) => {
        this.#running = false;
        if (!this.#ending) onEnd(status ?? 0);
        resolve();
      });
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /** Has it print what it is doing. A terminal has already sent it the same SIGQUIT. */
  describe(signal: NodeJS.Signals): void {
    if (signal !== "SIGQUIT") this.#process.kill(signal);
  }

  /** Asks it to end, then insists. A terminal has already sent it the same SIGINT. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (!this.#running) return;
    this.#ending = true;
    if (signal !== "SIGINT") this.#process.kill(signal);
    const insist = setTimeout(() => this.#process.kill("SIGTERM"), GRACE_MS);
    await this.#exited;
    clearTimeout(insist);
  }
}
