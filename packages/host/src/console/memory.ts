/** A console inside the program: for embedding and for tests. */
import { Gathered } from "./gathered.js";
import { CONSOLE_END, type ConsoleBackend } from "./types.js";

export interface MemoryConsoleOptions {
  /** Input that is there from the start; the input ends after it unless `open` is true. */
  readonly input?: string | Uint8Array;
  /** True: more input follows through `feed`, until `end`. Default: true without `input`. */
  readonly open?: boolean;
  /**
   * Gets each piece of output, as its own copy. Without it, output is kept for `output`. Called inside the
   * hypercall, whose caller may be at the edge of its stack: for a stream that others use too, take
   * `streamConsole`.
   */
  readonly onOutput?: (bytes: Uint8Array) => void;
  /** Output kept at most, in bytes; beyond it the guest waits until `takeOutput`. */
  readonly capacityBytes?: number;
}

const CAPACITY_BYTES = 1_048_576;

export class MemoryConsole implements ConsoleBackend {
  readonly #onOutput: ((bytes: Uint8Array) => void) | undefined;
  readonly #capacityBytes: number;
  #wake: () => void = () => undefined;
  #input: Uint8Array[] = [];
  #ended: boolean;
  readonly #output = new Gathered();
  #refused = false;

  constructor(options: MemoryConsoleOptions = {}) {
    this.#onOutput = options.onOutput;
    this.#capacityBytes = options.capacityBytes ?? CAPACITY_BYTES;
    this.#ended = !(options.open ?? options.input === undefined);
    if (options.input !== undefined) this.#push(options.input);
  }

  attach(wake: () => void): void {
    this.#wake = wake;
  }

  write(bytes: Uint8Array): number {
    if (this.#onOutput !== undefined) {
      this.#onOutput(bytes.slice());
      return bytes.length;
    }
    const room = this.#capacityBytes - this.#output.length;
    if (room <= 0) {
      this.#refused = true;
      return 0;
    }
    const accepted = bytes.subarray(0, room);
    this.#output.push(accepted);
    return accepted.length;
  }

  read(into: Uint8Array): number {
    const chunk = this.#input[0];
    if (chunk === undefined) return this.#ended ? CONSOLE_END : 0;
    const bytes = Math.min(chunk.length, into.length);
    into.set(chunk.subarray(0, bytes));
    if (bytes === chunk.length) this.#input.shift();
    else this.#input[0] = chunk.subarray(bytes);
    return bytes;
  }

  /** Types something in. */
  feed(input: string | Uint8Array): void {
    if (this.#ended) throw new Error("the input of this console has ended");
    this.#push(input);
    this.#wake();
  }

  /** Ends the input (Ctrl-D). */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** What has been written so far, as text. Empty when `onOutput` takes it. */
  get output(): string {
    return Buffer.from(this.#output.bytes).toString("utf8");
  }

  /** The same as bytes, and forgets them: the guest may write on. */
  takeOutput(): Uint8Array {
    const bytes = this.#output.take();
    if (this.#refused) {
      this.#refused = false;
      this.#wake();
    }
    return bytes;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#input = [];
    this.#ended = true;
  }

  #push(input: string | Uint8Array): void {
    // A copy in both cases: the caller may write to its buffer again.
    const bytes = typeof input === "string" ? Buffer.from(input, "utf8") : input.slice();
    if (bytes.length > 0) this.#input.push(bytes);
  }
}

/** @example memoryConsole({ input: "two\nlines\n", onOutput: (bytes) => process.stdout.write(bytes) }) */
export function memoryConsole(options?: MemoryConsoleOptions): MemoryConsole {
  return new MemoryConsole(options);
}
