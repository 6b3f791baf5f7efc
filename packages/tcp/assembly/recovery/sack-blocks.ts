/** Blocks that a SACK option may have beside no other (RFC 2018 §3). */
export const SACK_BLOCKS_MAX: i32 = 4;

/** The blocks of an arrived SACK option, in its order; reused for each segment. */
@final
export class SackBlocks {
  /** 0 to SACK_BLOCKS_MAX; those beyond are undefined. */
  count: i32 = 0;
  private readonly bounds: StaticArray<u32> = new StaticArray<u32>(SACK_BLOCKS_MAX << 1);

  /** From `start` up to, not including, `end`. */
  set(index: i32, start: u32, end: u32): void {
    this.bounds[index << 1] = start;
    this.bounds[(index << 1) + 1] = end;
  }

  startAt(index: i32): u32 {
    return this.bounds[index << 1];
  }

  endAt(index: i32): u32 {
    return this.bounds[(index << 1) + 1];
  }
}
