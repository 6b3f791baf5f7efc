/**
 * Bytes of a stream by their sequence numbers: what waits to be sent or acknowledged, what waits to be read, and
 * what arrived ahead of its turn. Blocks lie at multiples of BLOCK_BYTES, those without data are not there, so
 * every byte is written where it will be read.
 *
 * A stream is the address of its first block; 0 has no bytes, and costs nothing.
 *
 * The bytes of a block lie in its memory; or elsewhere, where they stay as they are, and its memory is not used.
 */
import { BLOCK_BYTES, BlockPool, memoryOf } from "./blocks";
import { before } from "./sequence";

const WITHIN: u32 = BLOCK_BYTES - 1;

// @ts-ignore: decorator
@inline
function nextOf(block: usize): usize {
  return load<usize>(block);
}

/** Sequence number of the first byte of a block. */
// @ts-ignore: decorator
@inline
function startOf(block: usize): u32 {
  return load<u32>(block, 4);
}

/** Where the bytes of a block lie. */
// @ts-ignore: decorator
@inline
function dataOf(block: usize): usize {
  return load<usize>(block, 16);
}

// @ts-ignore: decorator
@inline
function setData(block: usize, data: usize): void {
  store<usize>(block, data, 16);
}

/** In the first block of a stream: the last one, and where the last search in the middle ended, or 0. */
// @ts-ignore: decorator
@inline
function lastOf(first: usize): usize {
  return load<usize>(first, 8);
}

// @ts-ignore: decorator
@inline
function nearOf(first: usize): usize {
  return load<usize>(first, 12);
}

// @ts-ignore: decorator
@inline
function setEnds(first: usize, last: usize, near: usize): void {
  store<usize>(first, last, 8);
  store<usize>(first, near, 12);
}

/** The block that starts at or before `start`, as late as there is one; 0: all start later. */
function find(first: usize, start: u32): usize {
  if (first == 0) return 0;
  const last = lastOf(first);
  if (!before(start, startOf(last))) return last;
  let at = nearOf(first);
  if (at == 0 || before(start, startOf(at))) at = first;
  if (before(start, startOf(at))) return 0;
  for (let next = nextOf(at); next != 0 && !before(start, startOf(next)); next = nextOf(at))
    at = next;
  store<usize>(first, at, 12);
  return at;
}

/** Puts `fresh` behind `previous`, or in front of all; returns the first. */
function link(first: usize, previous: usize, fresh: usize, start: u32): usize {
  store<u32>(fresh, start, 4);
  setData(fresh, memoryOf(fresh));
  if (previous == 0) {
    store<usize>(fresh, first);
    setEnds(fresh, first == 0 ? fresh : lastOf(first), 0);
    return fresh;
  }
  const next = nextOf(previous);
  store<usize>(previous, fresh);
  store<usize>(fresh, next);
  if (next == 0) store<usize>(first, fresh, 8);
  return first;
}

/**
 * Copies `bytes` bytes from `source` to their place; `pool.written` says how many: fewer when the pool has no block
 * left. Returns the stream.
 *
 * @param reserve blocks of the pool that are not for this
 * @param stays the bytes are there as long as the image runs, and stay as they are: blocks of nothing else refer to them
 */
export function write(
  pool: BlockPool,
  first: usize,
  sequence: u32,
  source: usize,
  bytes: i32,
  reserve: i32,
  stays: bool,
): usize {
  let done = 0;
  while (done < bytes) {
    const start = sequence & ~WITHIN;
    let block = find(first, start);
    if (block == 0 || startOf(block) != start) {
      const fresh = pool.available > reserve ? pool.take() : 0;
      if (fresh == 0) break;
      first = link(first, block, fresh, start);
      block = fresh;
      if (stays && start == sequence) setData(block, source + done);
    }
    const at = sequence & WITHIN;
    const count = min<i32>(<i32>(BLOCK_BYTES - at), bytes - done);
    const isThere = stays && dataOf(block) + at == source + done;
    if (!isThere) append(block, at, source + done, count);
    done += count;
    sequence += count;
  }
  pool.written = done;
  return first;
}

/** Copies bytes into a block, at that place. */
function append(block: usize, at: u32, source: usize, bytes: i32): void {
  const own = memoryOf(block);
  // Others follow those that it only refers to.
  if (dataOf(block) != own) {
    memory.copy(own, dataOf(block), at);
    setData(block, own);
  }
  memory.copy(own + at, source, bytes);
}

/** A stream with less than this may take from what is kept for such, so that hoarders stop nobody. */
export const SMALL_BYTES: i32 = 16 << 10;

/**
 * `write` to a stream that holds `held` bytes already: it leaves `reserve` blocks in the pool; as long as it is small
 * half of those that are above `floor`; and for its first block `floor`, so that hoarders of many small ones do not
 * stop the next either.
 */
export function writeShare(
  pool: BlockPool,
  first: usize,
  sequence: u32,
  source: usize,
  bytes: i32,
  held: i32,
  reserve: i32,
  floor: i32,
  stays: bool,
): usize {
  let stream = write(pool, first, sequence, source, bytes, reserve, stays);
  let done = pool.written;
  let rest = min(bytes, SMALL_BYTES - held) - done;
  if (rest <= 0) return stream;
  pool.isShort = true;
  const middle = (reserve + floor) >> 1;
  stream = write(pool, stream, sequence + done, source + done, rest, middle, stays);
  done += pool.written;
  rest = min<i32>(bytes, BLOCK_BYTES - held) - done;
  if (rest > 0) {
    stream = write(pool, stream, sequence + done, source + done, rest, floor, stays);
    done += pool.written;
  }
  pool.written = done;
  return stream;
}

/** How many of `bytes` bytes `writeShare` would take, at least. */
export function shareOf(pool: BlockPool, bytes: i32, held: i32, reserve: i32, floor: i32): i32 {
  const blocks = <u32>max(pool.available - reserve, 0);
  if (blocks > <u32>bytes / BLOCK_BYTES) return bytes;
  const middle = (reserve + floor) >> 1;
  const small = min<i32>(SMALL_BYTES - held, max(pool.available - middle, 0) * <i32>BLOCK_BYTES);
  const one = pool.available > floor ? <i32>BLOCK_BYTES - held : 0;
  return min(bytes, max<i32>(blocks * BLOCK_BYTES, max(small, one)));
}

/** Where the byte lies; it must have been written. `contiguous` bytes follow there. */
export function addressOf(first: usize, sequence: u32): usize {
  const at = sequence & WITHIN;
  const block = startOf(first) == sequence - at ? first : find(first, sequence - at);
  return dataOf(block) + at;
}

/** Bytes from this one to the end of its block. */
// @ts-ignore: decorator
@inline
export function contiguous(sequence: u32): i32 {
  return <i32>(BLOCK_BYTES - (sequence & WITHIN));
}

/** Copies bytes that were written. */
export function read(first: usize, sequence: u32, target: usize, bytes: i32): void {
  while (bytes > 0) {
    const count = min(contiguous(sequence), bytes);
    memory.copy(target, addressOf(first, sequence), count);
    sequence += count;
    target += count;
    bytes -= count;
  }
}

/** Gives back the blocks whose bytes all come before `sequence`. Returns the stream. */
export function dropBefore(pool: BlockPool, first: usize, sequence: u32): usize {
  if (first == 0 || before(sequence, startOf(first) + BLOCK_BYTES)) return first;
  const last = lastOf(first);
  do {
    const next = nextOf(first);
    pool.give(first);
    first = next;
  } while (first != 0 && !before(sequence, startOf(first) + BLOCK_BYTES));
  if (first != 0) setEnds(first, last, 0);
  return first;
}

/** Gives back the blocks whose bytes all come at or after `sequence`. Returns the stream. */
export function dropFrom(pool: BlockPool, first: usize, sequence: u32): usize {
  let kept: usize = 0;
  let block = first;
  while (block != 0 && before(startOf(block), sequence)) {
    kept = block;
    block = nextOf(block);
  }
  clear(pool, block);
  if (kept == 0) return 0;
  store<usize>(kept, 0);
  setEnds(first, kept, 0);
  return first;
}

/** Gives all back. */
export function clear(pool: BlockPool, first: usize): void {
  while (first != 0) {
    const next = nextOf(first);
    pool.give(first);
    first = next;
  }
}
