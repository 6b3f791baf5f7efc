/**
 * Random numbers that nobody can predict, not even who has seen all earlier ones, or sees the memory
 * of the image later. Good for keys, sequence numbers, identifiers and dice alike.
 *
 * After a fork or a second restore of one state the copies draw different numbers. Not promised: that
 * a run can be repeated; for that, the host is given a seeded source of entropy.
 */
export interface Random {
  /** 32 random bits. */
  u32(): u32;

  /** 64 random bits. */
  u64(): u64;

  /** A number from 0 to `bound` - 1, each exactly as likely. `bound` is at least 1. */
  below(bound: u32): u32;

  /** A number from 0 up to but without 1: one of 2^53 that are equally far apart. */
  f64(): f64;

  /** Fills `length` bytes from `offset`. */
  fill(bytes: Uint8Array, offset: i32, length: i32): void;
}
