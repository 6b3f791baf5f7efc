/**
 * The collector: mark and sweep in slices, while the stack is empty.
 *
 * It replaces AssemblyScript's own (toolchain/src/compile/standard-library.ts). A slice runs only when a step
 * is about to return (`safePoint`): then no WebAssembly frame holds a reference, so nothing needs to be
 * noted when a local variable changes, and code pays for the collector only where it allocates or stores a
 * reference.
 *
 *     IDLE ──(threshold)──▶ MARK ──(all reached)──▶ SWEEP ──(end of heap)──▶ IDLE
 *
 * Roots are the globals, and through the table of fibres the frames of suspended ones. Marking is spread
 * over slices after Dijkstra et al. 1978: while it runs, a reference that is stored is marked (`__link`),
 * and new objects count as reached. What changes without a store is looked at again before marking may
 * end: globals, frames of fibres that ran (`stackChanged`), arrays whose elements were moved (`__rescan`).
 *
 * Header of an object, before its address p:
 *
 *     p-20  size of the block, and the allocator's two bits
 *     p-16  next grey object, while it is in that list
 *     p-12  heap: next object to look at again, or 0; static: the epoch in which it was reached, and a bit
 *           while it is grey
 *     p-8   class
 *     p-4   bytes of the object
 */
import { BLOCK_OVERHEAD, OBJECT_MAXSIZE, OBJECT_OVERHEAD, TOTAL_OVERHEAD } from "rt/common";
import { Block, ROOT, freeBlock, reallocateBlock } from "rt/tlsf";
import { E_ALLOCATION_TOO_LARGE } from "util/error";
import {
  WORD_SPAN,
  cover,
  covered,
  heapStart,
  isMarked,
  mark,
  marksWord,
  setMark,
  setStart,
  setWords,
  startBefore,
  startsWord,
  words,
} from "./bitmaps";
import { CLEARS, FIBRES } from "../link";
import { dueAt, firstThreshold, noteSlice, planSlice, planThreshold } from "./pacing";
import { Stress, checkMarks, countDown, isChecking, isFailing, stressMode } from "./stress";

export namespace Phase {
  export const IDLE: u32 = 0;
  export const MARK: u32 = 1;
  export const SWEEP: u32 = 2;
}

/** Ends the list of objects to look at again, which must not be 0. */
const LAST: usize = 1;

let phase: u32 = Phase.IDLE;
/** Objects allocated from here on count as reached: all of them while marking, then those not yet swept. */
let reachedFrom: usize = usize.MAX_VALUE;
/** Bytes of all objects, with their headers. */
let used: usize = 0;
/** When `used` gets here, the next safe point has something to do. */
let due: usize = firstThreshold();
let freed: u64 = 0;
let collections: u32 = 0;

let grey: usize = 0;
let again: usize = LAST;
/** Even; the lowest bit in a static header says that the object is grey. */
let epoch: u32 = 0;
/** A large container that is being looked at in parts, and the part that was looked at last; 0: none. */
let partial: usize = 0;
let part: u32 = 0;
/** Slices of this marking in which something was looked at again. */
let laps: u32 = 0;
/** Something is, in the slice that runs or comes next. */
let lapping: bool = false;
/** The word of the bitmaps that is swept next. */
let cursor: usize = 0;
/** Work done in this slice; about 20 ns each. */
let work: i32 = 0;

/** A budget is doubled so often at most. */
const LAPS_MAX: u32 = 12;

/** Classes 0 to 2 are Object, ArrayBuffer and String: they hold no references. */
const LEAF_ID_MAX: u32 = 2;
/** Elements of a container that are looked at in one go. */
const PART_ELEMENTS: u32 = 512;

// @ts-ignore: decorator
@inline
function blockBytes(ptr: usize): usize {
  return BLOCK_OVERHEAD + (load<usize>(ptr - TOTAL_OVERHEAD) & ~3);
}

// @ts-ignore: decorator
@inline
function classOf(ptr: usize): u32 {
  return load<u32>(ptr - 8);
}

// ---- what the compiler calls

// @ts-ignore: decorator
@global @unsafe
export function __new(size: usize, id: i32): usize {
  if (size > OBJECT_MAXSIZE) throw new Error(E_ALLOCATION_TOO_LARGE);
  if (isFailing()) countDown();
  const ptr = __alloc(OBJECT_OVERHEAD + size) + OBJECT_OVERHEAD;
  store<usize>(ptr - 12, 0);
  store<i32>(ptr - 8, id);
  store<u32>(ptr - 4, <u32>size);
  // Code may wait before it has stored all references of a new object.
  if ((FIBRES || CLEARS) && <u32>id > LEAF_ID_MAX) clear(ptr, size);
  if (ptr >= covered()) cover();
  setStart(ptr);
  if (ptr >= reachedFrom) setMark(ptr);
  used += blockBytes(ptr);
  return ptr;
}

/** V8's memory.fill is a call into C: short objects are cleared right here. */
// @ts-ignore: decorator
@inline
function clear(ptr: usize, size: usize): void {
  if (size > 128) memory.fill(ptr, 0, size);
  else for (let at: usize = 0; at < size; at += 4) store<u32>(ptr + at, 0);
}

/** What `__newBuffer` of AssemblyScript's library gets when it has nothing to copy. */
// @ts-ignore: decorator
@global @unsafe
export function __new_cleared(size: usize, id: i32): usize {
  const ptr = __new(size, id);
  if (FIBRES && <u32>id <= LEAF_ID_MAX) clear(ptr, size);
  return ptr;
}

// @ts-ignore: decorator
@global @unsafe
export function __renew(oldPtr: usize, size: usize): usize {
  if (size > OBJECT_MAXSIZE) throw new Error(E_ALLOCATION_TOO_LARGE);
  if (oldPtr >= __heap_base && growsInPlace(oldPtr, size)) {
    used -= blockBytes(oldPtr);
    reallocateBlock(ROOT, changetype<Block>(oldPtr - TOTAL_OVERHEAD), OBJECT_OVERHEAD + size);
    used += blockBytes(oldPtr);
    store<u32>(oldPtr - 4, <u32>size);
    return oldPtr;
  }
  // The old one is left to the collection: somebody may hold it still.
  const ptr = __new(size, classOf(oldPtr));
  memory.copy(ptr, oldPtr, min(size, <usize>load<u32>(oldPtr - 4)));
  return ptr;
}

/** True if the block, or it and the free one behind it, have room. */
function growsInPlace(ptr: usize, size: usize): bool {
  const block = ptr - TOTAL_OVERHEAD;
  const own = load<usize>(block) & ~3;
  // As the allocator rounds.
  const need = ((OBJECT_OVERHEAD + size + BLOCK_OVERHEAD + 15) & ~15) - BLOCK_OVERHEAD;
  if (need <= own) return true;
  const behind = load<usize>(block + BLOCK_OVERHEAD + own);
  return (behind & 1) != 0 && own + BLOCK_OVERHEAD + (behind & ~3) >= need;
}

/** Called for every reference that is stored into an object. */
// @ts-ignore: decorator
@global @unsafe @inline
export function __link(parentPtr: usize, childPtr: usize, expectMultiple: bool): void {
  // With `&`, nothing is left of it where the reference is the constant null.
  if (i32(phase == Phase.MARK) & i32(childPtr != 0)) __visit(childPtr, 0);
}

/** Marks an object as reached. */
// @ts-ignore: decorator
@global @unsafe
export function __visit(ptr: usize, cookie: u32): void {
  if (ptr < __heap_base) {
    if (ptr != 0) visitStatic(ptr);
    return;
  }
  if (!mark(ptr)) return;
  work++;
  if (classOf(ptr) <= LEAF_ID_MAX) return;
  store<usize>(ptr - 16, grey);
  grey = ptr;
}

function visitStatic(ptr: usize): void {
  if (classOf(ptr) <= LEAF_ID_MAX) return;
  const seen = load<u32>(ptr - 12);
  if ((seen & ~1) == epoch) return;
  store<u32>(ptr - 12, epoch | 1);
  store<usize>(ptr - 16, grey);
  grey = ptr;
}

/**
 * Called by containers before they show their elements. True: it has more than are looked at in one go, and
 * will be asked for them part by part, with the part's number as cookie: from the last down to 1. Elements
 * that move to a lower place, as all do when one is removed, are then not missed.
 */
// @ts-ignore: decorator
@global @unsafe
export function __visit_in_parts(ptr: usize, elements: u32): bool {
  if (elements <= PART_ELEMENTS) {
    work += elements >> 3;
    return false;
  }
  partial = ptr;
  part = (elements + PART_ELEMENTS - 1) / PART_ELEMENTS;
  return true;
}

/** First element of a part, from 0. */
// @ts-ignore: decorator
@global @unsafe @inline
export function __part_start(cookie: u32): u32 {
  return cookie == 0 ? 0 : (cookie - 1) * PART_ELEMENTS;
}

/** Behind the last element of a part, or of all when there are no parts. */
// @ts-ignore: decorator
@global @unsafe @inline
export function __part_end(cookie: u32, elements: u32): u32 {
  return cookie == 0 ? elements : min(elements, cookie * PART_ELEMENTS);
}

/** Called when references were moved in an object, or into a new one, without `__link`. */
// @ts-ignore: decorator
@global @unsafe
export function __rescan(ptr: usize): void {
  if (phase != Phase.MARK) return;
  if (ptr < __heap_base) {
    const seen = load<u32>(ptr - 12);
    if (seen & 1 || seen != epoch) return;
    lapping = true;
    store<u32>(ptr - 12, epoch | 1);
    store<usize>(ptr - 16, grey);
    grey = ptr;
    return;
  }
  if (!isMarked(ptr) || load<usize>(ptr - 12) != 0) return;
  store<usize>(ptr - 12, again);
  again = ptr;
}

/** Only asks: the next safe point collects all there is. */
// @ts-ignore: decorator
@global @unsafe
export function __collect(): void {
  requested = true;
  due = 0;
}

let requested: bool = false;

/** The next safe point has something to do. */
export function collectSoon(): void {
  due = 0;
}

// ---- what the runtime calls

/** Bytes of all objects, with their headers. */
// @ts-ignore: decorator
@global @unsafe
export function __heap_used(): usize {
  return used;
}

export function heapFreed(): u64 {
  return freed;
}

export function collectionCount(): u32 {
  return collections;
}

/** True when a collection should come before more work. */
// @ts-ignore: decorator
@inline
export function collectionDue(): bool {
  return used >= due;
}

/** True between the first and the last slice of a collection: the domain then wants another step soon. */
export function isCollecting(): bool {
  return phase != Phase.IDLE;
}

/** Visits the object that a word of a frame points to or into, if it does: the optimiser may keep either. */
export function visitWord(word: usize): void {
  if (!FIBRES || word < __heap_base || covered() == 0) return;
  // An object may end behind what the bitmaps cover. The word may be one past its end, or in its header.
  const last = covered() - 1;
  const ptr = startBefore(min(word, last));
  if (ptr != 0 && word <= ptr - TOTAL_OVERHEAD + blockBytes(ptr)) __visit(ptr, 0);
  const next = startBefore(min(min(word, last) + TOTAL_OVERHEAD, last));
  if (next != ptr && word >= next - TOTAL_OVERHEAD) __visit(next, 0);
}

/** Told when a fibre's frames have changed. */
export function stackChanged(stack: usize): void {
  __rescan(stack);
}

/** Collects a little, if there is anything to collect. Call only when no frame holds a reference. */
export function safePoint(): i32 {
  if (phase == Phase.IDLE && !collectionDue() && stressMode() == Stress.NONE) return 0;
  return slice();
}

function slice(): i32 {
  work = 0;
  if (requested || stressMode() == Stress.FULL) {
    requested = false;
    // What is under way may have passed what is garbage now.
    if (phase != Phase.IDLE) advance(i32.MAX_VALUE);
    start();
    advance(i32.MAX_VALUE);
  } else {
    if (phase == Phase.IDLE) start();
    // One look at an object or part; to sweep takes more, or memory would be filled faster than swept.
    const least = phase == Phase.SWEEP ? 32 : 1;
    const budget = stressMode() == Stress.SLICES ? least : planSlice(used);
    advance(budget == i32.MAX_VALUE ? budget : budget << laps);
    // What changes as fast as it is looked at again would keep the marking from ever ending.
    if (lapping && laps < LAPS_MAX) laps++;
    lapping = false;
  }
  due = stressMode() != Stress.NONE ? used + 1 : dueAt(phase == Phase.IDLE, used);
  noteSlice(work);
  return work;
}

/** Works until the budget is used up, or nothing is left to do. */
function advance(budget: i32): void {
  if (phase == Phase.MARK) drain(budget);
  if (phase == Phase.SWEEP) sweep(budget);
}

function start(): void {
  if (words() == 0) cover();
  epoch += 2;
  phase = Phase.MARK;
  reachedFrom = 0;
  __visit_globals(0);
}

/** Visits what the reached objects refer to. */
function drain(budget: i32): void {
  while (work < budget) {
    if (partial != 0) {
      const ptr = partial;
      const cookie = part;
      if (cookie == 1) partial = 0;
      else part = cookie - 1;
      work += PART_ELEMENTS >> 3;
      __visit_members(ptr, cookie);
      continue;
    }
    let ptr = grey;
    if (ptr != 0) {
      grey = load<usize>(ptr - 16);
      if (ptr < __heap_base) store<u32>(ptr - 12, epoch);
    } else {
      ptr = again;
      if (ptr == LAST) {
        // All that was reached has been looked at, so what is left are references without a store.
        __visit_globals(0);
        work++;
        if (grey != 0) continue;
        phase = Phase.SWEEP;
        laps = 0;
        lapping = false;
        cursor = 0;
        reachedFrom = heapStart();
        if (isChecking()) checkMarks();
        return;
      }
      lapping = true;
      again = load<usize>(ptr - 12);
      store<usize>(ptr - 12, 0);
    }
    work += 1 + <i32>(load<u32>(ptr - 4) >> 6);
    __visit_members(ptr, 0);
  }
}

/** Marks all from the roots at once, in whatever bitmap there is, and counts none of it as work. */
export function markAll(): void {
  epoch += 2;
  const before = work;
  __visit_globals(0);
  for (let ptr = grey; ptr != 0; ptr = grey) {
    grey = load<usize>(ptr - 16);
    if (ptr < __heap_base) store<u32>(ptr - 12, epoch);
    __visit_members(ptr, 0);
    while (partial != 0) {
      const whole = partial;
      const cookie = part;
      if (cookie == 1) partial = 0;
      else part = cookie - 1;
      __visit_members(whole, cookie);
    }
  }
  work = before;
}

/** Frees what was not reached, from lower to higher addresses. */
function sweep(budget: i32): void {
  const before = used;
  let at = cursor;
  const end = words();
  let run: usize = 0;
  let runEnd: usize = 0;
  while (at < end && work < budget) {
    const started = startsWord(at);
    const marked = marksWord(at);
    work += 1;
    if (started != 0) {
      setWords(at, started & marked);
      let dead = started & ~marked;
      const base = heapStart() + at * WORD_SPAN;
      while (dead != 0) {
        const block = base + ((<usize>ctz(dead)) << 4) - TOTAL_OVERHEAD;
        dead &= dead - 1;
        work++;
        const bytes = BLOCK_OVERHEAD + (load<usize>(block) & ~3);
        used -= bytes;
        // Blocks that lie side by side are given back as one.
        if (block == runEnd) {
          runEnd += bytes;
          continue;
        }
        if (run != 0) release(run, runEnd);
        run = block;
        runEnd = block + bytes;
      }
    }
    at++;
  }
  if (run != 0) release(run, runEnd);
  freed += before - used;
  cursor = at;
  if (at < end) {
    reachedFrom = heapStart() + at * WORD_SPAN;
    return;
  }
  reachedFrom = usize.MAX_VALUE;
  phase = Phase.IDLE;
  collections++;
  planThreshold(used);
}

/** Frees all that is known to be garbage; also in the middle of a step, when there is no memory left. */
export function finishSweep(): void {
  if (phase == Phase.SWEEP) sweep(i32.MAX_VALUE);
}

function release(block: usize, end: usize): void {
  const tags = load<usize>(block) & 3;
  store<usize>(block, (end - block - BLOCK_OVERHEAD) | tags);
  freeBlock(ROOT, changetype<Block>(block));
}
