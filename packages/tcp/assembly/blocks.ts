/**
 * The memory of all queues of all connections: blocks of one size, under one budget. Arenas are taken when they
 * are needed and kept; a block in use belongs to one stream.
 *
 * A block is the address of its header. Headers of an arena lie together, apart from the bytes: lists are walked, and
 * blocks given back, without touching a page for each.
 *
 * Where the rest of a small memory is full, the budget is what has been taken so far: `hasRoom` is asked before an arena
 * is, at most once a step while the answer is no.
 */
import { now } from "@phantasm/runtime";
import { hasRoom } from "@phantasm/runtime/heap/room";

/** Bytes of data in a block; divides 2^32, so that a stream's blocks lie at fixed sequence numbers. */
export const BLOCK_BYTES: u32 = 4096;

/** What is known of a block: see `stream.ts`. The last word says where its own bytes lie. */
export const BLOCK_HEADER_BYTES: usize = 24;
const MEMORY_AT: usize = 20;

const ARENA_BLOCKS: i32 = 16;
const STRIDE_BYTES: usize = BLOCK_HEADER_BYTES + <usize>BLOCK_BYTES;

/** Where the bytes of a block lie: BLOCK_BYTES of them, that nobody else has. */
// @ts-ignore: decorator
@inline
export function memoryOf(block: usize): usize {
  return load<usize>(block, MEMORY_AT);
}


@final
export class BlockPool {
  /** A list through the first words of free blocks. */
  private free: usize = 0;
  private made: i32 = 0;
  private taken: i32 = 0;
  /** Bytes that the last write to a stream took. */
  written: i32 = 0;
  /** A small stream has wanted blocks that others may not have; whoever sees to it clears it. */
  isShort: bool = false;
  /** The most that were ever taken. */
  highWater: i32 = 0;
  /** Times that there was none. */
  exhausted: u64 = 0;
  /** Memory had no room for another block, in the step of that time. */
  private isFull: bool = false;
  private fullNs: i64 = 0;

  /** @param limit blocks */
  constructor(readonly limit: i32) {}

  /** Blocks in use. */
  get used(): i32 {
    return this.taken;
  }

  /** Blocks that may still be taken. */
  get available(): i32 {
    return this.reach - this.taken;
  }

  /** Blocks that there are, or may be: `limit`, unless memory is full. */
  get reach(): i32 {
    return this.isFull && this.isStillFull() ? this.made : this.limit;
  }

  private isStillFull(): bool {
    if (this.fullNs == now()) return true;
    this.fullNs = now();
    this.isFull = !hasRoom(STRIDE_BYTES);
    return this.isFull;
  }

  /** Bytes taken from the heap so far. */
  get arenaBytes(): u64 {
    return <u64>this.made * (BLOCK_BYTES + BLOCK_HEADER_BYTES);
  }

  /** A block with undefined contents; 0: the budget is spent, or memory, which is counted. */
  take(): usize {
    if (this.free == 0 && !this.grow()) {
      this.exhausted++;
      return 0;
    }
    const block = this.free;
    this.free = load<usize>(block);
    this.taken++;
    if (this.taken > this.highWater) this.highWater = this.taken;
    return block;
  }

  give(block: usize): void {
    store<usize>(block, this.free);
    this.free = block;
    this.taken--;
  }

  private grow(): bool {
    let count = min(ARENA_BLOCKS, this.reach - this.made);
    while (count > 0 && !hasRoom(STRIDE_BYTES * <usize>count)) count >>= 1;
    if (count == 0) {
      this.isFull = this.made < this.limit;
      this.fullNs = now();
      return false;
    }
    let block = heap.alloc(STRIDE_BYTES * <usize>count);
    let bytes = block + BLOCK_HEADER_BYTES * <usize>count;
    for (let i = 0; i < count; i++) {
      store<usize>(block, this.free);
      store<usize>(block, bytes, MEMORY_AT);
      this.free = block;
      block += BLOCK_HEADER_BYTES;
      bytes += BLOCK_BYTES;
    }
    this.made += count;
    return true;
  }
}
