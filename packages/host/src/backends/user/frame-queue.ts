/**
 * A bounded queue of frames, in their order: small ones are copied into a ring, large ones wait in slabs, and change
 * hands.
 */
import { FrameRing } from "../frame-ring.js";
import type { Slab, SlabPool } from "./slab.js";

/** Shorter frames would waste most of a slab. */
export const LARGE_BYTES_MIN = 32_768;
/** What the ring adds to each frame; so that both kinds count the same. */
const LENGTH_BYTES = 4;

export class FrameQueue {
  readonly #bytesMax: number;
  readonly #pool: SlabPool;
  readonly #ring: FrameRing;
  readonly #large: Slab[] = [];
  #largeBytes = 0;
  /** Small frames that have left: a large one's turn is when those that came before it have. */
  #smallTaken = 0;

  /** @param bytesMax bounds what waits, each frame with 4 bytes of length */
  constructor(bytesMax: number, pool: SlabPool) {
    this.#bytesMax = bytesMax;
    this.#pool = pool;
    this.#ring = new FrameRing(bytesMax, bytesMax);
  }

  get frames(): number {
    return this.#ring.frames + this.#large.length;
  }

  get bytes(): number {
    return this.#ring.bytes + this.#largeBytes;
  }

  get oversized(): boolean {
    return this.#ring.oversized;
  }

  /** Gives memory back that is not needed now. */
  trim(): void {
    this.#ring.trim();
  }

  /** Copies a frame of at least one byte in; false when it does not fit. */
  push(frame: Uint8Array): boolean {
    const { length } = frame;
    if (!this.#fits(length)) return false;
    if (length < LARGE_BYTES_MIN) return this.#ring.push(frame);
    const slab = this.#pool.take();
    slab.bytes.set(frame);
    this.#append(slab, length);
    return true;
  }

  /** Puts in the first `length` bytes of a slab. The slab to go on with, this one or another; null: no room. */
  offer(slab: Slab, length: number): Slab | null {
    if (!this.#fits(length)) return null;
    if (length < LARGE_BYTES_MIN) {
      this.#ring.push(slab.bytes.subarray(0, length));
      return slab;
    }
    this.#append(slab, length);
    return this.#pool.take();
  }

  /** Bytes of the oldest frame, or 0 when none waits. */
  peek(): number {
    return this.#firstLarge?.length ?? this.#ring.peek();
  }

  /** Copies the oldest frame to the front of `into`, which must hold it, and returns its bytes; 0: none. */
  take(into: Uint8Array): number {
    const slab = this.#firstLarge;
    if (slab === null) {
      const length = this.#ring.take(into);
      if (length > 0) this.#smallTaken++;
      return length;
    }
    into.set(slab.bytes.subarray(0, slab.length));
    const { length } = slab;
    this.#pool.give(this.#shift(slab));
    return length;
  }

  /** The slab that holds the oldest frame: this one or, in exchange for it, another; null: none waits. */
  exchange(slab: Slab): Slab | null {
    const first = this.#firstLarge;
    if (first !== null) {
      this.#pool.give(slab);
      return this.#shift(first);
    }
    slab.length = this.take(slab.bytes);
    return slab.length === 0 ? null : slab;
  }

  /** Forgets the oldest frame. */
  drop(): void {
    const slab = this.#firstLarge;
    if (slab !== null) {
      this.#pool.give(this.#shift(slab));
    } else if (this.#ring.frames > 0) {
      this.#ring.drop();
      this.#smallTaken++;
    }
  }

  clear(): void {
    while (this.frames > 0) this.drop();
  }

  /** The oldest frame, if it is large. */
  get #firstLarge(): Slab | null {
    const slab = this.#large[0];
    return slab !== undefined && slab.turn === this.#smallTaken ? slab : null;
  }

  #fits(frameBytes: number): boolean {
    return this.bytes + LENGTH_BYTES + frameBytes <= this.#bytesMax;
  }

  #append(slab: Slab, length: number): void {
    slab.length = length;
    slab.turn = this.#smallTaken + this.#ring.frames;
    this.#large.push(slab);
    this.#largeBytes += LENGTH_BYTES + length;
  }

  #shift(slab: Slab): Slab {
    this.#large.shift();
    this.#largeBytes -= LENGTH_BYTES + slab.length;
    return slab;
  }
}
