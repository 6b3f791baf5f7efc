/** The sending half of the framing; `framing.ts` is the receiving half. */
import { LENGTH_BYTES } from "./framing.js";

/** Bytes of buffer kept for the next turn. */
const BUFFER_BYTES_MIN = 2048;
const BUFFER_BYTES_KEPT = 65_536;

/**
 * Frames on their way into a socket, already in wire form, so that everything sent in one turn
 * leaves in one write. At most one write is in flight; what comes meanwhile gathers for the next.
 */
export class FrameBatch {
  readonly #bytesMax: number;
  #buffer: Buffer = Buffer.alloc(0);
  #filled = 0;
  #spare: Buffer | null = null;
  #inFlight: Buffer | null = null;

  /** `bytesMax` bounds what gathers and what is in flight together. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes not yet taken over by the kernel. */
  get bytes(): number {
    return this.#filled + (this.#inFlight?.length ?? 0);
  }

  get writing(): boolean {
    return this.#inFlight !== null;
  }

  /** Copies `source[start..end)` as one frame; false when there is no room. */
  push(source: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    const record = LENGTH_BYTES + length;
    if (this.bytes + record > this.#bytesMax) return false;
    if (this.#filled + record > this.#buffer.length) this.#grow(this.#filled + record);
    this.#buffer.writeUInt32BE(length, this.#filled);
    this.#buffer.set(source.subarray(start, end), this.#filled + LENGTH_BYTES);
    this.#filled += record;
    return true;
  }

  /** What to write now; null while a write is in flight or nothing waits. Call `written` when it is done. */
  take(): Buffer | null {
    if (this.#inFlight !== null || this.#filled === 0) return null;
    this.#inFlight = this.#buffer.subarray(0, this.#filled);
    const whole = this.#buffer;
    this.#buffer = this.#spare ?? Buffer.alloc(0);
    this.#spare = whole.length <= BUFFER_BYTES_KEPT ? whole : null;
    this.#filled = 0;
    return this.#inFlight;
  }

  /** The kernel has taken over what `take` gave. */
  written(): void {
    this.#inFlight = null;
  }

  #grow(bytes: number): void {
    let capacity = Math.max(BUFFER_BYTES_MIN, this.#buffer.length * 2);
    while (capacity < bytes) capacity *= 2;
    const grown = Buffer.allocUnsafeSlow(Math.min(capacity, this.#bytesMax));
    this.#buffer.copy(grown, 0, 0, this.#filled);
    this.#buffer = grown;
  }
}
