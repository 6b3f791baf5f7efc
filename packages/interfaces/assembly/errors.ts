/**
 * What an operation that may fail returns: 0 or a count when it went well, else one of these negative
 * numbers. They tell of circumstances; a mistake of the caller (a range outside its array, a second
 * reader) ends the domain with a message instead.
 *
 * Each layer has a range of its own: -1 to -15 are the boundary's (Errno), -16 to -31 the runtime's.
 */
export { Errno } from "@phantasm/abi";

/** The wait was given up because its fibre, or the waiting itself, was cancelled. */
export const CANCELLED: i32 = -16;

/** The deadline passed first. */
export const TIMED_OUT: i32 = -17;

/** The other side is closed, and nothing is left of what it sent. */
export const CLOSED: i32 = -18;

/** A pool or queue is empty or full, as far as it may grow. */
export const EXHAUSTED: i32 = -19;
