/** console_write and console_read. */
import { Errno, type HypercallName } from "@phantasm/abi";
import { CONSOLE_END, type ConsoleBackend } from "../console/types.js";
import { callIndex, deviceFailure, type CallContext } from "./context.js";
import type { Source } from "./source.js";

const WRITE = callIndex("console_write");
const READ = callIndex("console_read");

export class ConsolePort implements Source {
  readonly #context: CallContext;
  readonly #backend: ConsoleBackend;
  /** Waiting for input, or for room. */
  armed = false;
  #ended = false;

  /** @param ready called when an armed direction may have become ready */
  constructor(context: CallContext, backend: ConsoleBackend, ready: () => void) {
    this.#context = context;
    this.#backend = backend;
    backend.attach(() => {
      if (!this.armed) return;
      this.armed = false;
      ready();
    });
  }

  call(name: HypercallName): WebAssembly.ImportValue | null {
    if (name === "console_write") return (ptr: number, length: number) => this.#write(ptr, length);
    if (name === "console_read") return (ptr: number, size: number) => this.#read(ptr, size);
    return null;
  }

  #write(ptr: number, length: number): number {
    const context = this.#context;
    context.enter(WRITE);
    if (length === 0) context.bug(WRITE, "length is 0");
    context.checkRange(WRITE, ptr, length);
    let accepted: number;
    try {
      accepted = this.#backend.write(context.memory.view(ptr, length));
    } catch (error) {
      throw deviceFailure("console", error);
    }
    if (accepted > 0) return accepted;
    this.armed = true;
    return Errno.AGAIN;
  }

  #read(ptr: number, capacity: number): number {
    const context = this.#context;
    context.enter(READ);
    if (capacity === 0) context.bug(READ, "capacity is 0");
    context.checkRange(READ, ptr, capacity);
    if (this.#ended) return 0;
    let bytes: number;
    try {
      bytes = this.#backend.read(context.memory.view(ptr, capacity));
    } catch (error) {
      throw deviceFailure("console", error);
    }
    if (bytes > 0) return bytes;
    if (bytes === CONSOLE_END) {
      this.#ended = true;
      return 0;
    }
    this.armed = true;
    return Errno.AGAIN;
  }
}
