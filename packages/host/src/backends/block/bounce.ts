/** Buffers between a guest and another thread, which the memory of a guest cannot be: it may grow, or go. */
import { Limit } from "@phantasm/abi";

const PAGE_BYTES = 65_536;

/**
 * A fixed number of places of a mebibyte, in one memory. As that of a WebAssembly memory it begins at a
 * page, which O_DIRECT demands, and takes real memory only where it was written.
 */
export class Bounce {
  readonly bytes: Uint8Array;
  readonly #free: number[];

  constructor(places: number) {
    const initial = (places * Limit.BLOCK_REQUEST_BYTES_MAX) / PAGE_BYTES;
    this.bytes = new Uint8Array(new WebAssembly.Memory({ initial }).buffer);
    this.#free = Array.from(
      { length: places },
      (_, at) => (places - 1 - at) * Limit.BLOCK_REQUEST_BYTES_MAX,
    );
  }

  /** Offset of a free place: the one that was used last; null when there is none. */
  take(): number | null {
    return this.#free.pop() ?? null;
  }

  release(offset: number): void {
    this.#free.push(offset);
  }
}
