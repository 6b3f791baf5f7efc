/** Chances that fall the same way every time for a seed. */
import { SeededEntropy, systemEntropy } from "../../entropy.js";

export class Dice {
  readonly #entropy: SeededEntropy;

  constructor(seed: number) {
    this.#entropy = new SeededEntropy(seed);
  }

  /** True for this share of the calls, 0 to 1. An absent share takes nothing out of the sequence. */
  falls(share: number | undefined): boolean {
    return share !== undefined && share > 0 && this.#fraction() < share;
  }

  /** A whole number of 0 to `bound` - 1. */
  below(bound: number): number {
    return Math.floor(this.#fraction() * bound);
  }

  /** Fills all of `into`. */
  fill(into: Uint8Array): void {
    this.#entropy.fill(into);
  }

  /** Puts the items into another order, in place (Fisher and Yates). */
  shuffle(items: unknown[]): void {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [items[last], items[other]] = [items[other], items[last]];
    }
  }

  #fraction(): number {
    return Number(this.#entropy.next() >> 11n) / 2 ** 53;
  }
}

/** A seed to be told to the operator. */
export function randomSeed(): number {
  const bytes = new Uint8Array(4);
  systemEntropy.fill(bytes);
  return new DataView(bytes.buffer).getUint32(0);
}
