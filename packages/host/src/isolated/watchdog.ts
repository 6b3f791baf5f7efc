/** Sees from outside how long a step has been running. Costs nothing unless somebody asks. */

const CHECK_MS_MIN = 1;
const CHECK_MS_MAX = 100;
const NS_PER_MS = 1_000_000;

export class Watchdog {
  readonly #progress: BigInt64Array;
  #timer: NodeJS.Timeout | null = null;

  /** @param progress see `DomainOptions.progress` */
  constructor(progress: BigInt64Array) {
    this.#progress = progress;
  }

  /** How long the current step has been running, in ns; 0 between steps. */
  get stepNs(): number {
    const started = Atomics.load(this.#progress, 0);
    return started === 0n ? 0 : Number(process.hrtime.bigint() - started);
  }

  /** Calls `overrun` once, when one step has taken longer than `limitNs`. */
  watch(limitNs: number, overrun: (stepNs: number) => void): void {
    const interval = Math.min(Math.max(limitNs / 4 / NS_PER_MS, CHECK_MS_MIN), CHECK_MS_MAX);
    this.#timer = setInterval(() => {
      const { stepNs } = this;
      if (stepNs <= limitNs) return;
      this.stop();
      overrun(stepNs);
    }, interval);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
