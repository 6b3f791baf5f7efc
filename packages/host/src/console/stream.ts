/** A console on a pair of Node streams, such as `process.stdin` and `process.stdout`. */
import type { Readable, Writable } from "node:stream";
import { Limit } from "@phantasm/abi";
import { Gathered } from "./gathered.js";
import { CONSOLE_END, type ConsoleBackend } from "./types.js";

export interface StreamConsoleOptions {
  /** Called once when nobody reads the output any more (EPIPE); what follows is thrown away. */
  readonly onBroken?: () => void;
}

/** A stream, how to get it when it is first needed, or null: no input, or output into the void. */
export type Lazy<T> = T | (() => T) | null;

/**
 * Output leaves in the microtask after the step, all of it in one write. Not in the hypercall: a guest may
 * make it at the edge of its stack, and a stream that fails halfway is broken for everybody who shares it.
 */
export class StreamConsole implements ConsoleBackend {
  readonly #getStdin: Lazy<Readable>;
  readonly #getStdout: Lazy<Writable>;
  readonly #onBroken: (() => void) | undefined;
  #stdin: Readable | null = null;
  #stdout: Writable | null = null;
  #wake: () => void = () => undefined;
  #input: Uint8Array[] = [];
  readonly #gathered = new Gathered();
  #scheduled = false;
  #ended = false;
  #listening = false;
  /** Given to the stream below, and not yet taken over by it. */
  #pendingBytes = 0;
  #refused = false;
  #broken = false;
  #settle: (() => void) | null = null;

  constructor(stdin: Lazy<Readable>, stdout: Lazy<Writable>, options: StreamConsoleOptions = {}) {
    this.#getStdin = stdin;
    this.#getStdout = stdout;
    this.#onBroken = options.onBroken;
    this.#ended = stdin === null;
  }

  attach(wake: () => void): void {
    this.#wake = wake;
  }

  write(bytes: Uint8Array): number {
    // Nobody reads any more (EPIPE): the guest writes into the void, as into /dev/null.
    if (this.#getStdout === null || this.#broken) return bytes.length;
    const room = Limit.QUEUE_BYTES_MAX - this.#waitingBytes;
    if (room <= 0) {
      this.#refused = true;
      return 0;
    }
    const accepted = bytes.subarray(0, room);
    this.#gathered.push(accepted);
    if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(this.#send);
    }
    return accepted.length;
  }

  read(into: Uint8Array): number {
    const chunk = this.#input[0];
    if (chunk === undefined) {
      if (this.#ended) return CONSOLE_END;
      this.#want();
      return 0;
    }
    const bytes = Math.min(chunk.length, into.length);
    into.set(chunk.subarray(0, bytes));
    if (bytes === chunk.length) this.#input.shift();
    else this.#input[0] = chunk.subarray(bytes);
    return bytes;
  }

  drained(): Promise<void> {
    this.#send();
    if (this.#pendingBytes === 0 || this.#broken) return Promise.resolve();
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  close(): void {
    const stdin = this.#stdin;
    if (stdin !== null && this.#listening) {
      stdin.off("data", this.#onData).off("end", this.#onEnd).off("error", this.#onEnd);
      stdin.off("close", this.#onEnd);
      stdin.pause();
    }
    this.#stdout?.off("close", this.#broke);
    this.#stdout?.off("error", this.#broke);
    this.#input = [];
    this.#ended = true;
  }

  /** Input is read one chunk at a time, and only when asked for: the rest stays with the sender. */
  #want(): void {
    if (this.#getStdin === null) return;
    this.#stdin ??= typeof this.#getStdin === "function" ? this.#getStdin() : this.#getStdin;
    const stdin = this.#stdin;
    if (!this.#listening) {
      this.#listening = true;
      if (stdin.readableEnded || stdin.destroyed) return void setImmediate(this.#onEnd);
      stdin.on("data", this.#onData).on("end", this.#onEnd).on("error", this.#onEnd);
      stdin.on("close", this.#onEnd);
    }
    stdin.resume();
  }

  readonly #onData = (chunk: Uint8Array | string): void => {
    this.#input.push(typeof chunk === "string" ? Buffer.from(chunk, "utf8") : chunk);
    this.#stdin?.pause();
    this.#wake();
  };

  readonly #onEnd = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    this.#wake();
  };

  get #waitingBytes(): number {
    return this.#gathered.length + this.#pendingBytes;
  }

  readonly #send = (): void => {
    this.#scheduled = false;
    if (this.#getStdout === null || this.#broken || this.#gathered.length === 0) return;
    this.#stdout ??= this.#openStdout(this.#getStdout);
    const bytes = this.#gathered.take();
    this.#pendingBytes += bytes.length;
    this.#stdout.write(bytes, () => this.#written(bytes.length));
  };

  #openStdout(stdout: Writable | (() => Writable)): Writable {
    const stream = typeof stdout === "function" ? stdout() : stdout;
    stream.on("error", this.#broke).on("close", this.#broke);
    return stream;
  }

  readonly #broke = (): void => {
    if (this.#broken) return;
    this.#broken = true;
    this.#settle?.();
    this.#onBroken?.();
    if (this.#refused) this.#wake();
  };

  #written(bytes: number): void {
    this.#pendingBytes -= bytes;
    if (this.#refused && this.#waitingBytes < Limit.QUEUE_BYTES_MAX) {
      this.#refused = false;
      this.#wake();
    }
    if (this.#pendingBytes === 0) this.#settle?.();
  }
}

/** @example streamConsole(process.stdin, process.stdout) */
export function streamConsole(
  stdin: Lazy<Readable>,
  stdout: Lazy<Writable>,
  options?: StreamConsoleOptions,
): StreamConsole {
  return new StreamConsole(stdin, stdout, options);
}
