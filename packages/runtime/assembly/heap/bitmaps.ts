/**
 * Two bits for every 16 bytes of the heap: one says that an object starts there, one that the running
 * collection has reached it. They lie behind each other in one block of the allocator, and move to a
 * larger one when the heap has outgrown them.
 */
import { limitBytes } from "./pacing";

/** A word of a bitmap stands for so many bytes of heap. */
export const WORD_SPAN: usize = 1024;

/** Objects lie at multiples of 16; a word of 64 bits begins at a multiple of its span. */
// @ts-ignore: decorator
@inline
export function heapStart(): usize {
  return __heap_base & ~(WORD_SPAN - 1);
}

/** Address of the first bitmap; 0 before the first object. */
let starts: usize = 0;
let marks: usize = 0;
/** The first address the bitmaps say nothing of. */
let end: usize = 0;

// @ts-ignore: decorator
@inline
export function covered(): usize {
  return end;
}

// @ts-ignore: decorator
@inline
function wordOffset(ptr: usize): usize {
  return ((ptr - heapStart()) >> 10) << 3;
}

// @ts-ignore: decorator
@inline
function bit(ptr: usize): u64 {
  const place: u64 = (<u64>(ptr >> 4)) & 63;
  return (1 as u64) << place;
}

// @ts-ignore: decorator
@inline
export function setStart(ptr: usize): void {
  const at = starts + wordOffset(ptr);
  store<u64>(at, load<u64>(at) | bit(ptr));
}

// @ts-ignore: decorator
@inline
export function setMark(ptr: usize): void {
  const at = marks + wordOffset(ptr);
  store<u64>(at, load<u64>(at) | bit(ptr));
}

// @ts-ignore: decorator
@inline
export function isMarked(ptr: usize): bool {
  return (load<u64>(marks + wordOffset(ptr)) & bit(ptr)) != 0;
}

/** True if it was not marked before. */
// @ts-ignore: decorator
@inline
export function mark(ptr: usize): bool {
  const at = marks + wordOffset(ptr);
  const word = load<u64>(at);
  const own = bit(ptr);
  if (word & own) return false;
  store<u64>(at, word | own);
  return true;
}

/** Number of words of each bitmap. */
export function words(): usize {
  return (end - heapStart()) >> 10;
}

export function startsWord(index: usize): u64 {
  return load<u64>(starts + (index << 3));
}

export function marksWord(index: usize): u64 {
  return load<u64>(marks + (index << 3));
}

export function setWords(index: usize, started: u64): void {
  store<u64>(starts + (index << 3), started);
  store<u64>(marks + (index << 3), 0);
}

/** The object that starts at or before an address; 0 if there is none. */
export function startBefore(address: usize): usize {
  let at = wordOffset(address);
  let word = load<u64>(starts + at) & (u64.MAX_VALUE >> (63 - ((<u64>(address >> 4)) & 63)));
  while (word == 0) {
    if (at == 0) return 0;
    at -= 8;
    word = load<u64>(starts + at);
  }
  return heapStart() + (at << 7) + ((<usize>(63 - clz(word))) << 4);
}

/** The mark bitmap, as scratch memory of a domain that is about to end. */
export function scratchAddress(): usize {
  return marks;
}

export function scratchBytes(): usize {
  return end == 0 ? 0 : words() << 3;
}

/**
 * Makes the bitmaps cover all memory there is, and as much again, so that they seldom move. Called by the
 * allocation that found it uncovered.
 */
export function cover(): void {
  let limit: usize = 0;
  let block: usize = 0;
  // To make room for larger bitmaps may itself take more memory.
  while (limit < memoryEnd()) {
    if (block != 0) __free(block);
    limit = memoryEnd();
    limit += min(limit, limitBytes() - min(limitBytes(), limit));
    limit &= ~(WORD_SPAN - 1);
    block = __alloc(((limit - heapStart()) >> 10) << 4);
  }
  const bytes = ((limit - heapStart()) >> 10) << 3;
  const known: usize = end == 0 ? 0 : words() << 3;
  memory.copy(block, starts, known);
  memory.fill(block + known, 0, bytes - known);
  memory.copy(block + bytes, marks, known);
  memory.fill(block + bytes + known, 0, bytes - known);
  if (starts != 0) __free(starts);
  starts = block;
  marks = block + bytes;
  end = limit;
}

function memoryEnd(): usize {
  const pages = memory.size();
  // The last page of 4 GiB has no end that fits.
  return pages == 65536 ? usize.MAX_VALUE & ~(WORD_SPAN - 1) : (<usize>pages) << 16;
}

/** For tests: another mark bitmap, empty; returns the address of the one that was used. */
export function exchangeMarks(other: usize): usize {
  const used = marks;
  marks = other;
  return used;
}
