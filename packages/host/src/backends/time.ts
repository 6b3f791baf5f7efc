/** Delays and instants of the backends themselves; what a domain sees comes from its own clock. */
import { systemClock } from "../clock.js";
import { systemEntropy } from "../entropy.js";

/** Milliseconds, with a fraction; never goes back, the origin means nothing. */
export function monotonicMs(): number {
  return Number(systemClock.monotonic()) / 1e6;
}

/** A delay from 0 to `spreadMs`, so that processes that fail together do not retry together. */
export function jitterMs(spreadMs: number): number {
  const bytes = new Uint16Array(1);
  systemEntropy.fill(new Uint8Array(bytes.buffer));
  return ((bytes[0] ?? 0) / 0xffff) * spreadMs;
}
