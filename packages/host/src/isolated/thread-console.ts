/** The console of a domain in a thread of its own: two rings, and somebody who tells the other side. */
import { CONSOLE_END, type ConsoleBackend } from "../console/types.js";
import type { ByteRing } from "./ring.js";

export class ThreadConsole implements ConsoleBackend {
  readonly #output: ByteRing;
  readonly #input: ByteRing;
  readonly #tell: (what: "console" | "want") => void;
  #wake: () => void = () => undefined;
  #wanted = false;

  constructor(output: ByteRing, input: ByteRing, tell: (what: "console" | "want") => void) {
    this.#output = output;
    this.#input = input;
    this.#tell = tell;
  }

  attach(wake: () => void): void {
    this.#wake = wake;
  }

  /** The other side has put something in, or taken something out. */
  changed(): void {
    this.#wanted = false;
    this.#wake();
  }

  write(bytes: Uint8Array): number {
    const accepted = this.#output.write(bytes);
    // At once, not after the step: the guest may never end it.
    if (accepted > 0 && this.#output.tell()) this.#tell("console");
    return accepted;
  }

  read(into: Uint8Array): number {
    const waiting = this.#input.peek();
    if (waiting.length === 0) {
      if (this.#input.ended) return CONSOLE_END;
      if (!this.#wanted) {
        this.#wanted = true;
        this.#tell("want");
      }
      return 0;
    }
    const bytes = Math.min(waiting.length, into.length);
    into.set(waiting.subarray(0, bytes));
    if (this.#input.consume(bytes)) this.#tell("console");
    return bytes;
  }

  /** What was accepted lies in the ring, where it survives this thread. */
  drained(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#wake = () => undefined;
  }
}
