/**
 * The memory of all queues of all connections: blocks of one size, under one budget. Arenas are taken when they
 * are needed and kept; a block in use belongs to one stream.
 */

/** Bytes of data in a block; divides 2^32, so that a stream's blocks lie at fixed sequence numbers. */
export const BLOCK_BYTES: u32 = 4096;

/** What streams keep in front of the data; see there. */
export const BLOCK_HEADER_BYTES: usize = 24;

const ARENA_BLOCKS: i32 = 16;


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

  /** @param limit blocks */
  constructor(readonly limit: i32) {}

  /** Blocks in use. */
  get used(): i32 {
    return this.taken;
  }

  /** Blocks that may still be taken. */
  get available(): i32 {
    return this.limit - this.taken;
  }

  /** Bytes taken from the heap so far. */
  get arenaBytes(): u64 {
    return <u64>this.made * (BLOCK_BYTES + BLOCK_HEADER_BYTES);
  }

  /** A block with undefined contents; 0: the budget is spent, which is counted. */
  take(): usize {
    let block = this.free;
    if (block == 0) {
      if (this.made >= this.limit) {
        this.exhausted++;
        return 0;
      }
      this.grow();
      block = this.free;
    }
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

  private grow(): void {
    const count = min(ARENA_BLOCKS, this.limit - this.made);
    const strideBytes = BLOCK_HEADER_BYTES + <usize>BLOCK_BYTES;
    let block = heap.alloc(strideBytes * <usize>count);
    for (let i = 0; i < count; i++) {
      store<usize>(block, this.free);
      this.free = block;
      block += strideBytes;
    }
    this.made += count;
  }
}
