/** A link that loses, repeats and swaps frames, by a seed. */
import { SeededEntropy } from "../../../entropy.js";
import type { NetBackend } from "../../types.js";

export interface Faults {
  /** Shares of all frames, 0 to 1, in each direction. */
  readonly loss?: number;
  readonly duplicate?: number;
  readonly swap?: number;
}

/** Wraps a link; `close` closes it. */
export function lossy(link: NetBackend, seed: number, faults: Faults): NetBackend {
  const entropy = new SeededEntropy(seed);
  const chance = (share = 0): boolean => Number(entropy.next() >> 11n) / 2 ** 53 < share;
  /** A frame that comes after the one behind it. */
  let held: Uint8Array | null = null;
  const waiting: Uint8Array[] = [];
  const take = (into: Uint8Array): number => {
    const frame = waiting.shift();
    if (frame === undefined) return link.receive(into);
    into.set(frame);
    return frame.length;
  };
  return {
    mac: link.mac,
    mtu: link.mtu,
    get features() {
      return link.features;
    },
    counters: link.counters,
    get gone() {
      return link.gone;
    },
    attach: (wake, accepted) => link.attach(wake, accepted),
    send(frame) {
      if (chance(faults.loss)) return true;
      if (held === null && chance(faults.swap)) {
        held = Uint8Array.from(frame);
        return true;
      }
      if (!link.send(frame)) return false;
      if (chance(faults.duplicate)) link.send(frame);
      if (held !== null) link.send(held);
      held = null;
      return true;
    },
    receive(into) {
      for (;;) {
        const bytes = take(into);
        if (bytes === 0) return 0;
        if (chance(faults.loss)) continue;
        if (chance(faults.duplicate)) waiting.push(into.slice(0, bytes));
        if (waiting.length === 0 && chance(faults.swap)) {
          const later = into.slice(0, bytes);
          const next = link.receive(into);
          if (next === 0) return bytes;
          waiting.push(later);
          return next;
        }
        return bytes;
      }
    },
    close: () => link.close(),
  };
}
