/** The two clocks a domain sees. */

/** All readings are nanoseconds. */
export interface Clock {
  /** Never goes back; the origin means nothing. */
  monotonic(): bigint;
  /** Since 1970-01-01T00:00:00Z. May go back: the operator sets it. */
  wall(): bigint;
}

const NS_PER_MS = 1_000_000n;

/** The clocks of the machine. Wall time has the resolution of `Date`: 1 ms. */
export const systemClock: Clock = {
  monotonic: () => process.hrtime.bigint(),
  wall: () => BigInt(Date.now()) * NS_PER_MS,
};

/** A clock that stands still until it is moved. */
export class VirtualClock implements Clock {
  #monotonic = 0n;
  #wallOffset: bigint;

  /** @param wallStartNs wall time at the first reading; by default 2024-01-01T00:00:00Z */
  constructor(wallStartNs = 1_704_067_200_000_000_000n) {
    this.#wallOffset = wallStartNs;
  }

  monotonic(): bigint {
    return this.#monotonic;
  }

  wall(): bigint {
    return this.#monotonic + this.#wallOffset;
  }

  /** Moves both clocks forward. */
  advance(ns: bigint): void {
    if (ns < 0n) throw new RangeError("a monotonic clock never goes back");
    this.#monotonic += ns;
  }

  /** Sets the time of day alone, as an operator does. */
  setWall(ns: bigint): void {
    this.#wallOffset = ns - this.#monotonic;
  }
}
