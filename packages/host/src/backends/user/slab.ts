/** Memory for one frame of any size. It goes from hand to hand where bytes would be copied. */
import { Limit } from "@phantasm/abi";

/** Room for zeros behind the end (see `sumBytes`), and whole words. */
const SLAB_BYTES = (Limit.FRAME_BYTES_MAX + 8 + 3) & ~3;
/** As many as frames of half a slab fill a queue. */
const SLABS_KEPT = 32;

export class Slab {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly words: Uint32Array;
  /** Of the frame, from the front. */
  length = 0;
  /** Somebody has its bytes for longer than the frame is looked at, and gives it back. */
  kept = false;
  /** Belongs to the queue it is in. */
  turn = 0;

  constructor() {
    const { buffer } = Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.words = new Uint32Array(buffer);
  }
}

/**
 * Slabs that nobody uses: made anew for each frame, they would never be in a cache, and the collector would have a
 * gigabyte a second to free.
 */
export class SlabPool {
  readonly #free: Slab[] = [];

  get size(): number {
    return this.#free.length;
  }

  take(): Slab {
    return this.#free.pop() ?? new Slab();
  }

  /** Nobody else may hold it any more. */
  give(slab: Slab): void {
    slab.kept = false;
    if (this.#free.length < SLABS_KEPT) this.#free.push(slab);
  }

  /** Forgets them all. */
  clear(): void {
    this.#free.length = 0;
  }
}
