/** How long steps take on this machine: a histogram of fixed size, exact to a fifth. */

/** In ns. Percentiles are upper bounds: the true value is at most a fifth less. */
export interface StepTimes {
  readonly totalNs: number;
  readonly medianNs: number;
  /** 99 of 100 steps took no longer. */
  readonly percentile99Ns: number;
  readonly longestNs: number;
}

/** Buckets for each doubling. */
const RESOLUTION = 4;
/** Up to 2^40 ns, 18 minutes. */
const BUCKETS = 40 * RESOLUTION;

export class StepClock {
  readonly #buckets = new Float64Array(BUCKETS);
  #steps = 0;
  #totalNs = 0;
  #longestNs = 0;

  /** Counts a step that took `ns`. */
  count(ns: number): void {
    const bucket = Math.floor(Math.log2(Math.max(ns, 1)) * RESOLUTION);
    const at = Math.min(bucket, BUCKETS - 1);
    this.#buckets[at] = (this.#buckets[at] ?? 0) + 1;
    this.#steps++;
    this.#totalNs += ns;
    this.#longestNs = Math.max(this.#longestNs, ns);
  }

  get times(): StepTimes {
    return {
      totalNs: this.#totalNs,
      medianNs: this.#percentile(0.5),
      percentile99Ns: this.#percentile(0.99),
      longestNs: this.#longestNs,
    };
  }

  #percentile(share: number): number {
    let left = Math.ceil(this.#steps * share);
    // The last bucket has no upper bound.
    for (let at = 0; at < BUCKETS - 1; at++) {
      left -= this.#buckets[at] ?? 0;
      if (left <= 0) return Math.min(2 ** ((at + 1) / RESOLUTION), this.#longestNs);
    }
    return this.#longestNs;
  }
}
