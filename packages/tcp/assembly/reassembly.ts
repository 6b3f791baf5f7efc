/**
 * Which bytes have arrived ahead of their turn: ranges, sorted, none touching another. The bytes themselves lie
 * in the stream already. The table is the memory of a block of the pool; 0 has no ranges, and costs nothing.
 *
 * ```
 *    0  { u32 start, u32 end }[RANGES_MAX]
 * 1024  u32[RECENT_MAX] first bytes of what arrived last, latest first
 * 1056  i32 ranges, i32 recent ones
 * 1064  the block
 * ```
 */
import { BlockPool, memoryOf } from "./blocks";
import { SackBlocks } from "./recovery/sack-blocks";
import { atOrBefore, before, earlier, later, within } from "./sequence";

/** More holes than this at once: what would make another is dropped, and sent again. */
export const RANGES_MAX: i32 = 128;
const RECENT_MAX: i32 = 8;
const RECENT_AT: usize = 1024;
const COUNT_AT: usize = 1056;
const RECENT_COUNT_AT: usize = 1060;
const BLOCK_AT: usize = 1064;

// @ts-ignore: decorator
@inline
function at(table: usize, index: i32): usize {
  return table + ((<usize>index) << 3);
}

// @ts-ignore: decorator
@inline
function startAt(table: usize, index: i32): u32 {
  return load<u32>(at(table, index));
}

// @ts-ignore: decorator
@inline
function endAt(table: usize, index: i32): u32 {
  return load<u32>(at(table, index), 4);
}

function countOf(table: usize): i32 {
  return load<i32>(table, COUNT_AT);
}

/** Index of the first range that ends at or after `sequence`. */
function find(table: usize, sequence: u32): i32 {
  const count = countOf(table);
  let index = 0;
  while (index < count && before(endAt(table, index), sequence)) index++;
  return index;
}

/** True if all of it is there already. */
export function covers(table: usize, start: u32, end: u32): bool {
  if (table == 0) return false;
  const index = find(table, start + 1);
  return (
    index < countOf(table) &&
    atOrBefore(startAt(table, index), start) &&
    atOrBefore(end, endAt(table, index))
  );
}

/** The table, or a new one; 0 if the pool has less than `reserve` blocks left for it. */
export function open(pool: BlockPool, table: usize, reserve: i32): usize {
  if (table != 0 || pool.available <= reserve) return table;
  const block = pool.take();
  if (block == 0) return 0;
  table = memoryOf(block);
  store<u64>(table, 0, COUNT_AT);
  store<usize>(table, block, BLOCK_AT);
  return table;
}

/** Is there room for this range? For one more only if it touches another. */
export function admits(table: usize, start: u32, end: u32): bool {
  const count = countOf(table);
  if (count < RANGES_MAX) return true;
  const index = find(table, start);
  return index < count && atOrBefore(startAt(table, index), end);
}

/** Adds a range that was admitted, joined with those it touches. */
export function add(table: usize, start: u32, end: u32): void {
  remember(table, start);
  const count = countOf(table);
  const index = find(table, start);
  let past = index;
  while (past < count && atOrBefore(startAt(table, past), end)) {
    start = earlier(start, startAt(table, past));
    end = later(end, endAt(table, past));
    past++;
  }
  const moved = count - past;
  memory.copy(at(table, index + 1), at(table, past), (<usize>moved) << 3);
  store<i32>(table, index + 1 + moved, COUNT_AT);
  store<u32>(at(table, index), start);
  store<u32>(at(table, index), end, 4);
}

function remember(table: usize, start: u32): void {
  const recents = table + RECENT_AT;
  const count = min(load<i32>(table, RECENT_COUNT_AT) + 1, RECENT_MAX);
  store<i32>(table, count, RECENT_COUNT_AT);
  memory.copy(recents + 4, recents, (<usize>(count - 1)) << 2);
  store<u32>(recents, start);
}

/** All before `sequence` has arrived: how far is it now? Ranges that this reaches are taken out. */
export function advance(table: usize, sequence: u32): u32 {
  const count = countOf(table);
  let taken = 0;
  while (taken < count && atOrBefore(startAt(table, taken), sequence)) {
    sequence = later(sequence, endAt(table, taken));
    taken++;
  }
  if (taken > 0) {
    store<i32>(table, count - taken, COUNT_AT);
    memory.copy(table, at(table, taken), (<usize>(count - taken)) << 3);
  }
  return sequence;
}

/** The table; 0, and given back, when nothing is left in it. */
export function tidy(pool: BlockPool, table: usize): usize {
  if (table == 0 || countOf(table) > 0) return table;
  return forget(pool, table);
}

/** Gives the table back, whatever is in it: 0. */
export function forget(pool: BlockPool, table: usize): usize {
  if (table != 0) pool.give(load<usize>(table, BLOCK_AT));
  return 0;
}

/** Appends up to `room` blocks: the range that changed last comes first (RFC 2018 §4). */
export function report(table: usize, blocks: SackBlocks, room: i32): void {
  if (table == 0) return;
  const first = blocks.count;
  const past = first + room;
  const count = countOf(table);
  const recents = load<i32>(table, RECENT_COUNT_AT);
  for (let i = 0; i < recents && blocks.count < past; i++) {
    const sequence = load<u32>(table + RECENT_AT + ((<usize>i) << 2));
    const index = find(table, sequence + 1);
    if (index < count && within(sequence, startAt(table, index), endAt(table, index)))
      append(table, blocks, first, index);
  }
  for (let index = 0; index < count && blocks.count < past; index++)
    append(table, blocks, first, index);
}

function append(table: usize, blocks: SackBlocks, first: i32, index: i32): void {
  const start = startAt(table, index);
  for (let i = first; i < blocks.count; i++) if (blocks.startAt(i) == start) return;
  blocks.set(blocks.count, start, endAt(table, index));
  blocks.count++;
}
