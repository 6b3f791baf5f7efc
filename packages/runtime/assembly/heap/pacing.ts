/**
 * When to collect, and how much at a time.
 *
 * A collection starts when the heap has doubled, earlier where the memory maximum is near. A slice does a
 * fixed amount of work, which takes about a third of a millisecond, and more when much was allocated since the
 * last one: marking and sweeping are then done before the heap has grown by another three quarters. Only
 * when memory is nearly full does one slice do all that is left.
 */
import { MEMORY_PAGES_MAX } from "../link";
import { PAUSE_BUCKETS, pausesAddress } from "../observation";

/** Less than this is not worth a collection. */
const GROWTH_BYTES_MIN: usize = 1 << 20;
/** Units of work of one slice; one unit takes 10 to 30 ns. */
const SLICE_WORK_MIN: i32 = 12288;
const SLICE_WORK_MAX: i32 = 32768;
/** Work for each byte allocated, as a shift. */
const WORK_PER_BYTE_SHIFT: usize = 4;
/** However full memory is, so much may be allocated between two collections: else nothing would be done but collecting. */
const PROGRESS_BYTES_MIN: usize = 64 << 10;
/** Allocated since the last slice, this much asks for the next one before other work goes on. */
const SLICE_EVERY_BYTES: usize = 512 << 10;

/** Bytes in use at which the next collection starts. */
let planned: usize = 0;
let usedAtSlice: usize = 0;
/** Bytes in use when a collection ended. */
let kept: usize = 0;

/** What the image may have at most, in bytes. */
export function limitBytes(): usize {
  return MEMORY_PAGES_MAX >= 65536 ? usize.MAX_VALUE : (<usize>MEMORY_PAGES_MAX) << 16;
}

/** What is left for objects: without static data and the bitmaps, and a sixteenth that no object fits into. */
function roomBytes(used: usize): usize {
  const limit = limitBytes();
  const taken = used + __heap_base + (limit >> 6) + (limit >> 4);
  return limit > taken ? limit - taken : 0;
}

/** Work for the next slice. */
export function planSlice(used: usize): i32 {
  const room = roomBytes(used);
  const grown = used > usedAtSlice ? used - usedAtSlice : 0;
  if (room < limitBytes() >> 3 || room < grown << 1) return i32.MAX_VALUE;
  return min<i32>(SLICE_WORK_MIN + <i32>(grown >> WORK_PER_BYTE_SHIFT), SLICE_WORK_MAX);
}

/** Number of used bytes at which the next safe point should come. */
export function dueAt(idle: bool, used: usize): usize {
  usedAtSlice = used;
  return idle
    ? planned
    : used + max(min(SLICE_EVERY_BYTES, roomBytes(used) >> 2), PROGRESS_BYTES_MIN);
}

/** A collection has ended with so many bytes in use. */
export function planThreshold(used: usize): void {
  kept = used;
  planned = used + max(min(max(used, GROWTH_BYTES_MIN), roomBytes(used) >> 1), PROGRESS_BYTES_MIN);
}

/** So much has been allocated since the last collection that another one, asked for, may find something. */
export function mayCollect(used: usize): bool {
  return used > kept + PROGRESS_BYTES_MIN;
}

/** Bytes in use at which the first collection starts. */
export function firstThreshold(): usize {
  return min(GROWTH_BYTES_MIN, roomBytes(0) >> 1);
}

/** Counts a slice by its work. */
export function noteSlice(work: i32): void {
  const bucket = max<i32>(0, min<i32>(PAUSE_BUCKETS - 1, 25 - clz<i32>(work | 1)));
  const at = pausesAddress() + ((<usize>bucket) << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Pages by which memory should grow if so many are needed: a quarter, so that growing stays rare. */
export function growthPages(pages: i32, needed: i32): i32 {
  return max(needed, min(pages >> 2, MEMORY_PAGES_MAX - pages));
}
