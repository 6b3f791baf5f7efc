/** The receive window: what is advertised, and how it grows (RFC 9293 §3.8.6.2.2). */
import { MILLISECOND } from "@phantasm/interfaces";
import { BLOCK_BYTES } from "./blocks";
import { Connection } from "./connection";
import { before, later } from "./sequence";

/** A round trip is at least so long, as far as the growth of the window is concerned. */
const TUNE_NS_MIN: i64 = MILLISECOND;

/** Assumed when nothing was measured. */
const TUNE_NS: i64 = 100 * MILLISECOND;

/** Where the window would end if it were advertised now. */
function edge(c: Connection): u32 {
  const pool = c.tcp.pool;
  let bytes = c.receiveBytesMax;
  // Little memory is left: nobody gets more than a share of it, and at last nothing new.
  if (pool.available < pool.limit >> 2) {
    const share = (<i64>(pool.available - 1) * BLOCK_BYTES) >> 3;
    bytes = <i32>min<i64>(bytes, max<i64>(share, 0) + <i32>(c.receiveNext - c.receiveRead));
  }
  const wanted = c.receiveRead + bytes;
  const held = c.receiveEdge;
  if (!before(held, wanted)) return held;
  // RFC 9293 §3.8.6.2.2: it opens by a segment, or half of the buffer, or not at all.
  const step = min(max(c.receiveSegmentBytes, 1), c.receiveBytesMax >> 1);
  return <i32>(wanted - held) >= step ? wanted : held;
}

/** The window field of the segment that is sent now; from then on it counts as advertised. */
export function advertise(c: Connection): u32 {
  const wanted = edge(c) - c.receiveNext;
  const scale = <u32>c.receiveScale;
  let field = min<u32>(wanted >> scale, 0xffff);
  let bytes = field << scale;
  // Not a byte less than before (RFC 9293 §3.8.6.2.2, RFC 7323 §2.4): rounded up instead.
  const held = c.receiveEdge - c.receiveNext;
  if (bytes < held) {
    field = min<u32>((held + (1 << scale) - 1) >> scale, 0xffff);
    bytes = field << scale;
  }
  c.receiveEdge = later(c.receiveEdge, c.receiveNext + bytes);
  return field;
}

/** Has reading opened the window so far that the peer should know at once? */
export function windowHasOpened(c: Connection): bool {
  const advertised = c.receiveEdge - c.receiveNext;
  const wanted = edge(c) - c.receiveNext;
  return wanted > advertised && wanted >= 2 * advertised;
}

/**
 * Grows the buffer to twice what was read in a round trip, so that a sender that doubles its rate is never held
 * back by it (dynamic right-sizing, Fisk and Feng 2001).
 */
export function tuneWindow(c: Connection, nowNs: i64): void {
  const measuredNs = c.recovery.smoothedRttNs;
  const elapsedNs = nowNs - c.tuneNs;
  if (elapsedNs < (measuredNs > 0 ? max(measuredNs, TUNE_NS_MIN) : TUNE_NS)) return;
  const read = c.receiveRead - c.tuneRead;
  c.tuneNs = nowNs;
  c.tuneRead = c.receiveRead;
  const pool = c.tcp.pool;
  if (pool.available < pool.limit >> 2) return;
  const limit = c.tcp.limits.receiveBytesMax;
  if (2 * <u64>read > <u64>c.receiveBytesMax)
    c.receiveBytesMax = <i32>min<u64>(2 * <u64>read, limit);
}
