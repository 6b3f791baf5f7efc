/**
 * Whether memory has room, asked beforehand: an allocation that finds none ends the domain, and what others send must
 * never do that. Whoever keeps things for others asks here, and refuses instead.
 */
import { ROOT } from "rt/tlsf";
import { MEMORY_PAGES_MAX } from "../link";
import { limitBytes, mayCollect } from "./pacing";

/** Left for those who do not ask: small objects, above all. Of small memories a thirty-second part. */
const SPARE_BYTES_MAX: usize = 256 << 10;
/** Header and alignment of a block; of memory that grows, the rest of a page too. */
const BLOCK_BYTES: usize = 48;
const PAGE_BYTES: usize = 1 << 16;

// Of the allocator (AssemblyScript's rt/tlsf): u32 map of first levels | u32[23] maps of second levels | heads of lists.
// A block: u32 bytes and two bits | u32 previous of its list | u32 next.
const SECOND_BITS: usize = 4;
const SMALL_BITS: usize = SECOND_BITS + 4;
const SECOND_MAPS: usize = 4;
const HEADS: usize = 96;
const NEXT: usize = 8;
/** First level of blocks of 4 KiB: smaller ones are not counted. */
const COUNTED_LEVEL_MIN: i32 = 5;
/** Blocks that are counted at most. */
const COUNTED_MAX: i32 = 256;

/**
 * True if `bytes` can be allocated as one object or block, and some are left then. Garbage counts only when it has been
 * collected: false asks for a collection behind this step, if it is worth one.
 * @param besides bytes more that have to be left, in whatever pieces: for those that take much without asking
 */
export function hasRoom(bytes: usize, besides: usize = 0): bool {
  const wanted = bytes + BLOCK_BYTES;
  const spare = min(SPARE_BYTES_MAX, limitBytes() >> 5) + besides;
  const pages = <usize>(MEMORY_PAGES_MAX - memory.size());
  // Every page that memory has is below 4 GiB; so is what it may grow by.
  const growth = min(pages, 0xffff) * PAGE_BYTES;
  if (growth >= rounded(wanted + spare) + PAGE_BYTES || hasBlock(wanted + spare)) return true;
  if (growth >= rounded(wanted) + PAGE_BYTES || hasBlock(wanted))
    if (hasFree(wanted + spare - min(wanted + spare, growth))) return true;
  if (mayCollect(__heap_used())) __collect();
  return false;
}

/** As the allocator rounds: every block of that list, and of those behind it, is large enough. */
function rounded(bytes: usize): usize {
  const size = max<usize>(bytes, 1 << SMALL_BITS);
  return size + ((<usize>1) << (31 - SECOND_BITS - clz(size))) - 1;
}

function hasBlock(bytes: usize): bool {
  const root = changetype<usize>(ROOT);
  if (root == 0) return false;
  const size = rounded(bytes);
  const level = <usize>31 - clz(size);
  const first = level - (SMALL_BITS - 1);
  const second = (size >> (level - SECOND_BITS)) ^ (1 << SECOND_BITS);
  if ((load<u32>(root + (first << 2), SECOND_MAPS) & (~0 << (<u32>second))) != 0) return true;
  const larger = <u32>first + 1;
  return (load<u32>(root) & (~0 << larger)) != 0;
}

/** True if there is so much in free blocks that are not small; the largest are looked at first. */
function hasFree(bytes: usize): bool {
  const root = changetype<usize>(ROOT);
  if (root == 0) return bytes == 0;
  let found: usize = 0;
  let left = COUNTED_MAX;
  let firsts = load<u32>(root) & (~0 << COUNTED_LEVEL_MIN);
  while (firsts != 0) {
    const first = <usize>(31 - clz(firsts));
    firsts ^= 1 << (<u32>first);
    let seconds = load<u32>(root + (first << 2), SECOND_MAPS);
    while (seconds != 0) {
      const second = <usize>(31 - clz(seconds));
      seconds ^= 1 << (<u32>second);
      let block = load<usize>(root + (((first << SECOND_BITS) + second) << 2), HEADS);
      while (block != 0) {
        found += load<usize>(block) & ~3;
        if (found >= bytes) return true;
        if (--left == 0) return false;
        block = load<usize>(block + NEXT);
      }
    }
  }
  return found >= bytes;
}
