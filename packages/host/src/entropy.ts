/** Where the bytes of the hypercall `entropy` come from. */

export interface Entropy {
  /** Fills all of `into`, which is the caller's and valid only during the call. */
  fill(into: Uint8Array): void;
}

/** The operating system's generator. Loaded at first use: few images ask before their first output. */
export const systemEntropy: Entropy = {
  fill(into) {
    process.getBuiltinModule("node:crypto").randomFillSync(into);
  },
};

const MASK_64 = (1n << 64n) - 1n;

/** SplitMix64 over a seed: the same bytes every time. For tests and simulation, never for secrets. */
export class SeededEntropy implements Entropy {
  #state: bigint;

  constructor(seed: number | bigint) {
    this.#state = BigInt(seed) & MASK_64;
  }

  /** The next 64 bits. */
  next(): bigint {
    this.#state = (this.#state + 0x9e3779b97f4a7c15n) & MASK_64;
    let mixed = this.#state;
    mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
    mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
    return mixed ^ (mixed >> 31n);
  }

  fill(into: Uint8Array): void {
    for (let at = 0; at < into.length; at += 8) {
      let bits = this.next();
      for (let byte = at; byte < Math.min(at + 8, into.length); byte++) {
        into[byte] = Number(bits & 0xffn);
        bits >>= 8n;
      }
    }
  }
}
