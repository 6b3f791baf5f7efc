/** How long to wait before a program that failed is started again. */

export const WAIT_MS_MIN = 1_000;
export const WAIT_MS_MAX = 30_000;
/** A program that was up this long had recovered: its next failure is a first one. */
export const RECOVERED_MS = 60_000;

/** 1 s, 2 s, 4 s … 30 s. */
export class Backoff {
  #nextMs = WAIT_MS_MIN;

  /** The wait after a failure. @param upMs how long the program ran before it */
  waitMs(upMs: number): number {
    if (upMs >= RECOVERED_MS) this.#nextMs = WAIT_MS_MIN;
    const wait = this.#nextMs;
    this.#nextMs = Math.min(wait * 2, WAIT_MS_MAX);
    return wait;
  }
}
