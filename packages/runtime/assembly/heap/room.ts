/**
 * Whether memory has room, asked beforehand: an allocation that finds none ends the domain, and what others send must
 * never do that. Whoever keeps things for others asks here, and refuses instead.
 */
import { ROOT } from "rt/tlsf";
import { MEMORY_PAGES_MAX } from "../link";
import { limitBytes, mayCollect } from "./pacing";

/** Left for those who do not ask: small objects, above all. */
const SPARE_BYTES_MAX: usize = 256 << 10;
/** Header and alignment of a block. */
const BLOCK_BYTES: usize = 48;

// Of the allocator (AssemblyScript's rt/tlsf): u32 map of first levels | u32[] maps of second levels | …
const SECOND_BITS: usize = 4;
/** Logarithm of the size at which the first level with a map of its own begins. */
const SMALL_BITS: usize = SECOND_BITS + 4;

/**
 * True if `bytes` can be allocated as one object or block, and some are left then. Garbage counts only when it has been
 * collected: false asks for a collection behind this step, if it is worth one.
 */
export function hasRoom(bytes: usize): bool {
  const wanted = bytes + BLOCK_BYTES + min(SPARE_BYTES_MAX, limitBytes() >> 5);
  // As the allocator rounds: every block of that list, and of those behind it, is large enough.
  const size = wanted + (<usize>1 << (<usize>31 - SECOND_BITS - clz(wanted))) - 1;
  const root = changetype<usize>(ROOT);
  if (root != 0) {
    const level = <usize>31 - clz(size);
    const first = level - (SMALL_BITS - 1);
    const second = (size >> (level - SECOND_BITS)) ^ (1 << SECOND_BITS);
    if ((load<u32>(root + (first << 2), 4) & (~0 << <u32>second)) != 0) return true;
    if ((load<u32>(root) & (~0 << <u32>(first + 1))) != 0) return true;
  }
  if (memory.size() + <i32>((size + 0xffff) >> 16) <= MEMORY_PAGES_MAX) return true;
  if (mayCollect(__heap_used())) __collect();
  return false;
}
