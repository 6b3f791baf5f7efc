/** What a cache holds: frames of a page each, found by a hash of the page's number. */

/** Bytes of a page, whatever the size of a sector: 8 sectors or 1. */
export const PAGE_BYTES: i32 = 4096;

/** No page, or no frame. */
const NO_PAGE: u64 = u64.MAX_VALUE;
export const NO_FRAME: i32 = -1;

/** Bits of a frame's flags. */
enum Flag {
  /** Used since the hand of the clock came by. */
  REFERENCED = 1,
  /** On its way to the disk: stays until it is there. */
  WRITING = 2,
}


@final
export class Frames {
  /** All pages; a frame's begins at its number times PAGE_BYTES. */
  readonly data: Uint8Array;
  /** Frames with changes that the disk does not have. */
  dirtyCount: i32 = 0;

  private readonly pages: StaticArray<u64>;
  /** A bit for each sector: it is what the disk holds, or will hold. */
  private readonly valids: StaticArray<u8>;
  /** A bit for each sector: the disk does not have it yet. */
  private readonly dirties: StaticArray<u8>;
  private readonly flags: StaticArray<u8>;
  /** Next frame of the same bucket, or the next that is free. */
  private readonly nexts: StaticArray<i32>;
  private readonly buckets: StaticArray<i32>;
  private readonly shift: i32;
  private firstFree: i32 = 0;
  private freeCount: i32;
  /** Frames that cannot be given up: changed, or on their way to the disk. */
  private busyCount: i32 = 0;
  private hand: i32 = 0;

  constructor(readonly count: i32) {
    this.data = new Uint8Array(count * PAGE_BYTES);
    this.pages = new StaticArray<u64>(count);
    this.valids = new StaticArray<u8>(count);
    this.dirties = new StaticArray<u8>(count);
    this.flags = new StaticArray<u8>(count);
    const nexts = new StaticArray<i32>(count);
    const bits = 32 - <i32>clz(count - 1);
    const buckets = new StaticArray<i32>(1 << bits);
    for (let i = 0; i < buckets.length; i++) buckets[i] = NO_FRAME;
    for (let i = 0; i < count; i++) nexts[i] = i + 1 < count ? i + 1 : NO_FRAME;
    this.nexts = nexts;
    this.buckets = buckets;
    this.shift = 64 - bits;
    this.freeCount = count;
    for (let i = 0; i < count; i++) this.pages[i] = NO_PAGE;
  }

  /** The frame that holds something of a page. */
  find(page: u64): i32 {
    let frame = unchecked(this.buckets[this.bucketOf(page)]);
    while (frame != NO_FRAME && unchecked(this.pages[frame]) != page)
      frame = unchecked(this.nexts[frame]);
    return frame;
  }

  /** Frames that hold nothing. */
  get free(): i32 {
    return this.freeCount;
  }

  /** A free frame for a page that is in none; there must be one. */
  add(page: u64): i32 {
    const frame = this.firstFree;
    this.firstFree = this.nexts[frame];
    this.freeCount--;
    const bucket = this.bucketOf(page);
    this.nexts[frame] = this.buckets[bucket];
    this.buckets[bucket] = frame;
    this.pages[frame] = page;
    this.valids[frame] = 0;
    this.flags[frame] = 0;
    return frame;
  }

  /** The next candidate to be given up: not changed, and not used for a round. NO_FRAME: there is none. */
  candidate(): i32 {
    // Else whoever writes faster than the disk would pay for a round that finds nothing, with each request.
    if (this.freeCount + this.busyCount == this.count) return NO_FRAME;
    for (let steps = 2 * this.count; steps > 0; steps--) {
      const frame = this.hand;
      this.hand = frame + 1 < this.count ? frame + 1 : 0;
      if (this.pages[frame] == NO_PAGE || this.dirties[frame] != 0) continue;
      const flags = this.flags[frame];
      if ((flags & Flag.WRITING) != 0) continue;
      this.flags[frame] = 0;
      if (flags == 0) return frame;
    }
    return NO_FRAME;
  }

  /** Gives it up: it is free, and its page is in no frame. */
  remove(frame: i32): void {
    const bucket = this.bucketOf(this.pages[frame]);
    let at = this.buckets[bucket];
    const next = this.nexts[frame];
    if (at == frame) this.buckets[bucket] = next;
    else {
      while (this.nexts[at] != frame) at = this.nexts[at];
      this.nexts[at] = next;
    }
    this.pages[frame] = NO_PAGE;
    this.nexts[frame] = this.firstFree;
    this.firstFree = frame;
    this.freeCount++;
  }

  page(frame: i32): u64 {
    return this.pages[frame];
  }

  address(frame: i32): usize {
    return this.data.dataStart + <usize>frame * PAGE_BYTES;
  }

  valid(frame: i32): u32 {
    return this.valids[frame];
  }

  dirty(frame: i32): u32 {
    return this.dirties[frame];
  }

  isWriting(frame: i32): bool {
    return (this.flags[frame] & Flag.WRITING) != 0;
  }

  reference(frame: i32): void {
    this.flags[frame] |= <u8>Flag.REFERENCED;
  }

  setWriting(frame: i32, writing: bool): void {
    if (writing != this.isWriting(frame) && this.dirties[frame] == 0)
      this.busyCount += writing ? 1 : -1;
    if (writing) this.flags[frame] |= <u8>Flag.WRITING;
    else this.flags[frame] &= ~(<u8>Flag.WRITING);
  }

  addValid(frame: i32, mask: u32): void {
    this.valids[frame] |= <u8>mask;
  }

  addDirty(frame: i32, mask: u32): void {
    if (this.dirties[frame] == 0) {
      this.dirtyCount++;
      if (!this.isWriting(frame)) this.busyCount++;
    }
    this.dirties[frame] |= <u8>mask;
  }

  removeDirty(frame: i32, mask: u32): void {
    if (this.dirties[frame] == 0) return;
    this.dirties[frame] &= <u8>~mask;
    if (this.dirties[frame] != 0) return;
    this.dirtyCount--;
    if (!this.isWriting(frame)) this.busyCount--;
  }

  removeValid(frame: i32, mask: u32): void {
    this.valids[frame] &= <u8>~mask;
  }

  private bucketOf(page: u64): i32 {
    // Fibonacci hashing (Knuth, TAOCP 6.4); the numbers are the image's own, not a stranger's.
    return <i32>((page * 0x9e37_79b9_7f4a_7c15) >> this.shift);
  }
}
