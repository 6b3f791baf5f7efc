/**
 * The memory of all streams of a network: what waits for the guest, for the host, or for what comes before it, under
 * one budget. No effects: flows say what they hold, and ask what they may.
 */

/** A flow that holds less may use what is kept for such, so that hoarders stop nobody. */
const SMALL_BYTES = 16_384;
/** Of the budget: what is kept for small flows; above that windows shrink, and who is stalled makes room. */
const KEPT = 1 / 16;
const LOW = 3 / 4;
/** A window in times of need is at most this part of what is left. */
const SHARE = 1 / 8;
/** Less than this is no progress: a window that is shut takes a byte now and then. */
const PROGRESS_BYTES = 4_096;
/** Nothing has moved for so long: stalled. */
const STALL_MS = 1_000;

export class StreamMemory {
  readonly limit: number;
  #used = 0;

  /** @param limit bytes */
  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Little is left. */
  get isLow(): boolean {
    return this.#used > this.limit * LOW;
  }

  /** Whether a flow that holds `held` bytes may have `bytes` more, of the guest. */
  admits(held: number, bytes: number): boolean {
    return this.#used + bytes <= this.limit * (held < SMALL_BYTES ? 1 : 1 - KEPT);
  }

  /** Whether one may read from the host: that can wait, what the guest has sent cannot. */
  admitsReading(held: number): boolean {
    return this.#used <= this.limit * (held < SMALL_BYTES ? 1 - 2 * KEPT : 1 - 3 * KEPT);
  }

  /** What of `space` bytes is to be promised to a guest. */
  promise(space: number): number {
    return this.isLow ? Math.min(space, Math.max(this.limit - this.#used, 0) * SHARE) : space;
  }

  /** Only `Holding` calls it. */
  add(bytes: number): void {
    this.#used += bytes;
  }
}

/** What one flow holds, in each direction, and when a few KiB of it last left. */
export class Holding {
  readonly #memory: StreamMemory;
  readonly #bytes: [number, number] = [0, 0];
  readonly #movedMs: [number, number] = [0, 0];
  /** Bytes that have left since then. */
  readonly #left: [number, number] = [0, 0];

  constructor(memory: StreamMemory) {
    this.#memory = memory;
  }

  get bytes(): number {
    return this.#bytes[0] + this.#bytes[1];
  }

  /** @param direction 0: to the guest, 1: from it */
  set(direction: 0 | 1, bytes: number, nowMs: number): void {
    const before = this.#bytes[direction];
    if (bytes === before) return;
    if (bytes < before) this.#left[direction] += before - bytes;
    if (before === 0 || bytes === 0 || this.#left[direction] >= PROGRESS_BYTES) {
      this.#movedMs[direction] = nowMs;
      this.#left[direction] = 0;
    }
    this.#bytes[direction] = bytes;
    this.#memory.add(bytes - before);
  }

  /** Since when nothing moves in some direction, where something should; Infinity: it has not been long. */
  stalledSinceMs(nowMs: number): number {
    let since = Infinity;
    for (const direction of [0, 1] as const)
      if (this.#bytes[direction] > 0) since = Math.min(since, this.#movedMs[direction]);
    return nowMs - since >= STALL_MS ? since : Infinity;
  }
}
