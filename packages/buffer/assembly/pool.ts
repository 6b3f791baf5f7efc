/**
 * A fixed number of buffers of one size, made once: taking and releasing allocate nothing. The bytes lie
 * in raw memory that the collector never looks at; the slices that describe them are made with the pool
 * and used again and again.
 */
import { ETHERNET_HEADER_BYTES, LINK_HEADROOM_BYTES } from "@phantasm/interfaces";
import { DEBUG } from "@phantasm/runtime/link";
import { poolMistake } from "./mistakes";
import { Slice } from "./slice";

/**
 * In front of each buffer: u32 number of its slices, u32 index of the buffer. As long as the alignment,
 * so that every buffer is aligned to it.
 *
 * ```
 * arena  u32[capacity] free buffers | u32[shares] free slices | { header, buffer }[capacity]
 * ```
 */
export const COUNT_BYTES: usize = 16;

/** Where buffers start, and the allocator's own alignment. */
const ALIGNMENT_BYTES: usize = 16;

/** A slice with its places in the array and in the stack. */
const SLICE_BYTES: u64 = 72;

/** What the allocator gives at once, at most. */
const ARENA_BYTES_MAX: u64 = 1 << 30;

/** What released buffers are filled with in the debug profile. */
const POISON: u8 = 0xdb;

function aligned(bytes: usize): usize {
  return (bytes + (ALIGNMENT_BYTES - 1)) & ~(ALIGNMENT_BYTES - 1);
}

export class BufferPool {
  /** The first slices of the buffers, by index, then those for shares. */
  private readonly slices: StaticArray<Slice>;
  /** Stack of the indices of free buffers. */
  private readonly freeBuffers: usize;
  /** Stack of the indices of free slices for shares. */
  private readonly freeShares: usize;
  private readonly firstBuffer: usize;
  private readonly strideBytes: usize;
  private freeCount: i32;
  private freeShareCount: i32;
  private lowest: i32;
  private refusedTakes: u64 = 0;
  private refusedShares: u64 = 0;

  /**
   * Takes its memory now, for good: `bufferBytes` + 88 for each buffer, 72 for each share.
   *
   * @param name for messages and statistics
   * @param capacity buffers
   * @param bufferBytes bytes of a buffer
   * @param headroomBytes bytes in front of the slice that `take` gives
   * @param shares slices beyond the first of a buffer that there can be at once, in all buffers
   */
  constructor(
    readonly name: string,
    readonly capacity: i32,
    readonly bufferBytes: i32,
    readonly headroomBytes: i32 = 0,
    readonly shares: i32 = capacity,
  ) {
    assert(
      capacity > 0 && shares >= 0,
      "buffer pool: it needs at least one buffer, and no negative number of shares",
    );
    assert(
      headroomBytes >= 0 && headroomBytes <= bufferBytes,
      "buffer pool: the headroom is larger than a buffer",
    );
    const strideBytes = COUNT_BYTES + aligned(bufferBytes);
    const slices = <u64>capacity + shares;
    assert(
      <u64>strideBytes * capacity + slices * SLICE_BYTES < ARENA_BYTES_MAX,
      "buffer pool: it would take more than 1 GiB",
    );
    const tableBytes = aligned((<usize>slices) << 2);
    const arena = heap.alloc(tableBytes + strideBytes * capacity);
    this.freeBuffers = arena;
    this.freeShares = arena + ((<usize>capacity) << 2);
    this.firstBuffer = arena + tableBytes + COUNT_BYTES;
    this.strideBytes = strideBytes;
    this.freeCount = capacity;
    this.freeShareCount = shares;
    this.lowest = capacity;
    this.slices = new StaticArray<Slice>(<i32>slices);
    for (let index = 0; index < <i32>slices; index++) this.slices[index] = new Slice(this, index);
    // From the end, so that the first buffers are taken first.
    for (let index = 0; index < capacity; index++) {
      store<u32>(this.freeBuffers + ((<usize>(capacity - 1 - index)) << 2), index);
      const buffer = this.bufferAt(index);
      store<u32>(buffer - COUNT_BYTES, 0);
      store<u32>(buffer - COUNT_BYTES, index, 4);
      if (DEBUG) memory.fill(buffer, POISON, bufferBytes);
    }
    for (let index = 0; index < shares; index++)
      store<u32>(this.freeShares + ((<usize>index) << 2), capacity + index);
  }

  /** Buffers that are free. */
  get free(): i32 {
    return this.freeCount;
  }

  /** The fewest that ever were. */
  get lowWater(): i32 {
    return this.lowest;
  }

  /** Times that `take` answered null. */
  get exhausted(): u64 {
    return this.refusedTakes;
  }

  /** Slices for shares that are free. */
  get freeSlices(): i32 {
    return this.freeShareCount;
  }

  /** Times that `share` or `split` answered null. */
  get sharesExhausted(): u64 {
    return this.refusedShares;
  }

  /**
   * An empty slice of a free buffer, behind `headroomBytes`; null when there is none, which is counted:
   * the caller does without, or answers EXHAUSTED. What is in the buffer is undefined.
   *
   * @param owner who takes it, for messages
   */
  take(owner: string = ""): Slice | null {
    const left = this.freeCount - 1;
    if (left < 0) {
      this.refusedTakes++;
      return null;
    }
    this.freeCount = left;
    if (left < this.lowest) this.lowest = left;
    const index = load<u32>(this.freeBuffers + ((<usize>left) << 2));
    const buffer = this.bufferAt(index);
    const slice = unchecked(this.slices[index]);
    if (DEBUG) {
      this.checkPoison(buffer, slice.owner);
      slice.owner = owner;
    }
    store<u32>(buffer - COUNT_BYTES, 1);
    slice.place(buffer, buffer + this.headroomBytes, 0, 0, 0);
    return slice;
  }

  /** For slices: one more in that buffer, still to be placed. */
  takeFor(buffer: usize, owner: string): Slice | null {
    const left = this.freeShareCount - 1;
    if (left < 0) {
      this.refusedShares++;
      return null;
    }
    this.freeShareCount = left;
    const slice = unchecked(this.slices[load<u32>(this.freeShares + ((<usize>left) << 2))]);
    if (DEBUG) slice.owner = owner;
    store<u32>(buffer - COUNT_BYTES, load<u32>(buffer - COUNT_BYTES) + 1);
    return slice;
  }

  /** For slices: one less in that buffer. */
  putBack(slice: Slice, buffer: usize): void {
    const index = slice.index;
    if (index >= this.capacity) {
      store<u32>(this.freeShares + ((<usize>this.freeShareCount) << 2), index);
      this.freeShareCount++;
    }
    const left = load<u32>(buffer - COUNT_BYTES) - 1;
    store<u32>(buffer - COUNT_BYTES, left);
    if (left > 0) return;
    const free = load<u32>(buffer - COUNT_BYTES, 4);
    store<u32>(this.freeBuffers + ((<usize>this.freeCount) << 2), free);
    this.freeCount++;
    if (DEBUG) {
      memory.fill(buffer, POISON, this.bufferBytes);
      this.slices[free].owner = slice.owner;
    }
  }

  /** For slices, in the debug profile: another object in the place of this one. */
  renew(slice: Slice): Slice {
    const renewed = new Slice(this, slice.index);
    this.slices[slice.index] = renewed;
    return renewed;
  }

  private bufferAt(index: i32): usize {
    return this.firstBuffer + <usize>index * this.strideBytes;
  }

  /** Debug profile: whoever still had the address of a free buffer has not written there. */
  private checkPoison(buffer: usize, owner: string): void {
    for (let at = 0; at < this.bufferBytes; at++) {
      const value = load<u8>(buffer + at);
      if (value == POISON) continue;
      const last = owner.length > 0 ? `; "${owner}" was the last to release it` : "";
      poolMistake(this, `byte ${at} of a free buffer was overwritten with ${value}${last}`);
    }
  }
}

/**
 * A pool of Ethernet frames for links of that MTU. Behind its headroom, which belongs to the link, a frame
 * starts so that its IP header is aligned to 8 bytes.
 *
 * @param mtu largest payload of a frame
 */
export function framePool(
  name: string,
  capacity: i32,
  mtu: i32,
  shares: i32 = capacity,
): BufferPool {
  const bytes = LINK_HEADROOM_BYTES + ETHERNET_HEADER_BYTES + mtu;
  return new BufferPool(name, capacity, bytes, LINK_HEADROOM_BYTES, shares);
}
