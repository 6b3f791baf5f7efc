/** Sequence numbers wrap at 2³² (RFC 9293 §3.4). */

/** How far `a` lies behind `b`; negative: before it. */
export function difference(a: number, b: number): number {
  return (a - b) | 0;
}

export function advance(sequence: number, bytes: number): number {
  return (sequence + bytes) >>> 0;
}
