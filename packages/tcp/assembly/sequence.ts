/**
 * Sequence numbers (RFC 9293 §3.4): u32 that wrap, compared within half of their range. No other file does
 * arithmetic with them beyond `+` and the difference of two whose order is known.
 */

/** `a` comes before `b`. */
// @ts-ignore: decorator
@inline
export function before(a: u32, b: u32): bool {
  return <i32>(a - b) < 0;
}

/** `a` is `b` or comes before it. */
// @ts-ignore: decorator
@inline
export function atOrBefore(a: u32, b: u32): bool {
  return <i32>(a - b) <= 0;
}

/** `start` <= `value` < `end`, where `end` is at or after `start`. */
// @ts-ignore: decorator
@inline
export function within(value: u32, start: u32, end: u32): bool {
  return value - start < end - start;
}

/** The one that comes later. */
// @ts-ignore: decorator
@inline
export function later(a: u32, b: u32): u32 {
  return before(a, b) ? b : a;
}

/** The one that comes earlier. */
// @ts-ignore: decorator
@inline
export function earlier(a: u32, b: u32): u32 {
  return before(a, b) ? a : b;
}
