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

/** Who is to take what a flow holds, or that it waits for what comes before it in the guest's sequence. */
export const Waits = { FOR_GUEST: 0, FOR_HOST: 1, FOR_GAP: 2 } as const;
export type Waits = (typeof Waits)[keyof typeof Waits];

/** What one flow holds, and when a few KiB of it last left. */
export class Holding {
  readonly #memory: StreamMemory;
  readonly #bytes = [0, 0, 0];
  readonly #movedMs = [0, 0, 0];
  /** Bytes that have left since then. */
  readonly #left = [0, 0, 0];

  constructor(memory: StreamMemory) {
    this.#memory = memory;
  }

  get bytes(): number {
    return this.of(Waits.FOR_GUEST) + this.of(Waits.FOR_HOST) + this.of(Waits.FOR_GAP);
  }

  of(waits: Waits): number {
    return this.#bytes[waits] ?? 0;
  }

  set(waits: Waits, bytes: number, nowMs: number): void {
    const before = this.of(waits);
    if (bytes === before) return;
    const left = (this.#left[waits] ?? 0) + Math.max(before - bytes, 0);
    const moves = before === 0 || bytes === 0 || left >= PROGRESS_BYTES;
    if (moves) this.#movedMs[waits] = nowMs;
    this.#left[waits] = moves ? 0 : left;
    this.#bytes[waits] = bytes;
    this.#memory.add(bytes - before);
  }

  /**
   * Since when nothing moves in some direction, where something should; Infinity: it has not been long.
   * A gap stalls nobody: it may be of our making, where there was no room for a segment.
   */
  stalledSinceMs(nowMs: number): number {
    let since = Infinity;
    for (const waits of [Waits.FOR_GUEST, Waits.FOR_HOST])
      if (this.of(waits) > 0) since = Math.min(since, this.#movedMs[waits] ?? 0);
    return nowMs - since >= STALL_MS ? since : Infinity;
  }
}
