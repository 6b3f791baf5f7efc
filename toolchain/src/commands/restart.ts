/** `phantasm run --restart on-failure`. */
import { readFileSync } from "node:fs";
import { Exit } from "@phantasm/abi";
import { Image } from "@phantasm/host";
import { runIsolated, type RunOptions } from "@phantasm/host/isolated";
import { Backoff } from "./backoff.js";
import { fileError } from "./files.js";
import { refused } from "./refused.js";
import type { Terminal } from "./terminal.js";
import { formatMilliseconds } from "./text.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Questions to an image: between two there is nobody to answer, and no reason to end. */
const DESCRIBE_SIGNALS = ["SIGQUIT", "SIGUSR1"] as const;
const ignore = (): void => undefined;

/** What a shell reports when the reader of a pipe has gone: there is nobody left to run for. */
const BROKEN_PIPE_STATUS = 141;

/**
 * Runs an image, and again while it fails. A request to end (Ctrl-C, SIGTERM) ends the waiting too.
 * A refused image and wrong arguments are reported once: they would not get better.
 *
 * @returns the last status
 */
export async function runAgain(options: RunOptions, terminal: Terminal): Promise<number> {
  checkOnce(options);
  const stop = new Stop();
  const backoff = new Backoff();
  try {
    for (;;) {
      const start = performance.now();
      const status = await runIsolated(options);
      if (status === 0 || stop.asked || status === Exit.REFUSED || status === BROKEN_PIPE_STATUS)
        return status;
      const waitMs = backoff.waitMs(performance.now() - start);
      terminal.say(
        `phantasm: ended with status ${status}; again in ${formatMilliseconds(waitMs)}\n`,
      );
      await stop.wait(waitMs);
      if (stop.asked) return status;
    }
  } finally {
    stop.release();
  }
}

/** @throws UserError, ArgumentsError */
function checkOnce({ imagePath, argv = [], keys, digest }: RunOptions): void {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(imagePath);
  } catch (error) {
    throw fileError(imagePath, error);
  }
  let image: Image;
  try {
    image = Image.load(bytes, {
      ...(keys === undefined ? {} : { keys }),
      ...(digest === undefined ? {} : { digest }),
    });
  } catch (error) {
    throw refused(imagePath, error);
  }
  if (!argv.includes("--help")) image.encodeArguments(argv);
}

/** Whether somebody has asked to end. */
class Stop {
  #asked = false;
  #wake: () => void = () => undefined;

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#on);
    for (const signal of DESCRIBE_SIGNALS) process.on(signal, ignore);
  }

  get asked(): boolean {
    return this.#asked;
  }

  /** Settles after the time, or when somebody asks. */
  wait(milliseconds: number): Promise<void> {
    if (this.#asked) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.#on);
    for (const signal of DESCRIBE_SIGNALS) process.off(signal, ignore);
  }

  readonly #on = (): void => {
    this.#asked = true;
    this.#wake();
  };
}
