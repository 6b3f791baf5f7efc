/** The main thread's side of the console: carries bytes between the rings and a console backend. */
import { CONSOLE_END, type ConsoleBackend } from "../console/types.js";
import type { ByteRing } from "./ring.js";

const INPUT_CHUNK_BYTES = 65_536;
/** Given to the console at once; until it has left, it stays in the ring, which alone bounds what waits. */
const OUTPUT_CHUNK_BYTES = 262_144;

export class ConsolePump {
  readonly #console: ConsoleBackend;
  readonly #output: ByteRing;
  readonly #input: ByteRing;
  readonly #tell: () => void;
  /** Read from the operator, not yet in the ring. */
  #pending = new Uint8Array(0);
  #wanted = false;
  #ended = false;
  /** The console has taken a chunk that has not left yet. */
  #leaving = false;
  #idle: (() => void) | null = null;

  /** @param tell tells the other side that a ring has changed */
  constructor(console: ConsoleBackend, output: ByteRing, input: ByteRing, tell: () => void) {
    this.#console = console;
    this.#output = output;
    this.#input = input;
    this.#tell = tell;
    console.attach(() => this.pump());
  }

  /** The guest waits for input. Until then nothing is read: it stays with the sender. */
  want(): void {
    this.#wanted = true;
    this.#pumpInput();
  }

  /** Moves whatever can be moved. */
  pump(): void {
    this.#pumpOutput();
    this.#pumpInput();
  }

  /** Settles when all output of the guest, which writes no more, has left. Never rejects. */
  async drained(): Promise<void> {
    this.#wanted = false;
    this.#ended = true;
    const empty = new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    this.#pumpOutput();
    await empty;
    await this.#console.drained();
  }

  #pumpOutput(): void {
    if (this.#leaving) return;
    this.#output.look();
    const waiting = this.#output.peek();
    if (waiting.length === 0) {
      this.#idle?.();
      return;
    }
    const bytes = this.#console.write(waiting.subarray(0, OUTPUT_CHUNK_BYTES));
    if (bytes === 0) return;
    this.#leaving = true;
    void this.#console.drained().then(() => {
      this.#leaving = false;
      if (this.#output.consume(bytes)) this.#tell();
      this.#pumpOutput();
    });
  }

  #pumpInput(): void {
    if (this.#pending.length === 0 && this.#wanted && !this.#ended) {
      const chunk = new Uint8Array(INPUT_CHUNK_BYTES);
      const bytes = this.#console.read(chunk);
      if (bytes === 0) return;
      this.#wanted = false;
      if (bytes === CONSOLE_END) {
        this.#ended = true;
        this.#input.close();
        return this.#tell();
      }
      this.#pending = chunk.subarray(0, bytes);
    }
    let moved = false;
    while (this.#pending.length > 0) {
      const accepted = this.#input.write(this.#pending);
      // Full: the ring tells when the guest has read some.
      if (accepted === 0) break;
      this.#pending = this.#pending.subarray(accepted);
      moved = true;
    }
    if (moved) this.#tell();
  }
}
