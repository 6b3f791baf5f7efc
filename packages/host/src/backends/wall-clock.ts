import type { Clock } from "../clock.js";

/** The time of day from the monotonic clock, which is the finer one, and never jumps. */
export class WallClock {
  readonly #clock: Clock;
  /** Wall time when monotonic time was 0. */
  readonly #originNs: bigint;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#originNs = clock.wall() - clock.monotonic();
  }

  /** Nanoseconds since 1970. */
  nowNs(): bigint {
    return this.#originNs + this.#clock.monotonic();
  }
}
