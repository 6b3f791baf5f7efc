/**
 * Which pages are free: four bits for each page of the store, in memory.
 *
 *     live      in use by the tree as it is now: what the next checkpoint writes into the map
 *     busy      not to be given to anybody: live, freed too recently, held, or of a value that is being written
 *     freed     by changes since the last checkpoint was sealed: the tree on the disk still has them
 *     leaving   by changes before that: free once the checkpoint that is being written is durable
 *
 * A page that is freed waits until a meta page is durable whose tree does not have it, and then for those
 * who hold an older tree (holds.ts).
 */
import { Holds } from "./holds";
import { KeyValueCounters } from "./counters";
import { INDEX_REFERENCES_MAX, MAP_PAGE_BITS, MAP_PAGE_BIT_BYTES } from "./layout";

const CHANGED: u8 = 1;
const MOVED: u8 = 2;


@final
export class Space {
  pages: u64 = 0;
  /** Pages of the store when its map was last written. */
  liveCount: u64 = 0;
  busyCount: u64 = 0;
  private freedCount: u64 = 0;
  private leavingCount: u64 = 0;
  /** Map pages, and pages of their references. */
  maps: i32 = 0;
  indexes: i32 = 0;
  /** Length of the run that `takeRun` gave. */
  runPages: i32 = 0;
  readonly holds: Holds;
  live: usize = 0;
  private busy: usize = 0;
  private freed: usize = 0;
  private leaving: usize = 0;
  private bytes: usize = 0;
  private cursor: u64 = 0;
  /** u64 page, u64 checksum of each map page, then of each index page. */
  private references: usize = 0;
  /** One byte each: it is to be written anew, and has a place for that. */
  private changed: usize = 0;

  constructor(
    private readonly counters: KeyValueCounters,
    holdsMax: i32,
  ) {
    this.holds = new Holds(holdsMax);
  }

  /** Makes room for that many pages; all are free. The caller has checked that there are not too many. */
  start(pages: u64): void {
    this.pages = pages;
    const maps = <i32>((pages + MAP_PAGE_BITS - 1) / MAP_PAGE_BITS);
    this.maps = maps;
    this.indexes = (maps + INDEX_REFERENCES_MAX - 1) / INDEX_REFERENCES_MAX;
    const bytes = <usize>maps * MAP_PAGE_BIT_BYTES;
    this.bytes = bytes;
    const memoryOfBits = heap.alloc(bytes * 4);
    memory.fill(memoryOfBits, 0, bytes * 4);
    this.live = memoryOfBits;
    this.busy = memoryOfBits + bytes;
    this.freed = memoryOfBits + bytes * 2;
    this.leaving = memoryOfBits + bytes * 3;
    // What lies behind the last page is never free.
    for (let page = pages; page < <u64>maps * MAP_PAGE_BITS; page++) setBit(this.busy, page);
    const count = <usize>this.referenceCount;
    this.references = heap.alloc(count * 17);
    memory.fill(this.references, 0, count * 17);
    this.changed = this.references + count * 16;
    this.holds.bytes = bytes;
  }

  private get referenceCount(): i32 {
    return this.maps + this.indexes;
  }

  get free(): u64 {
    return this.pages - this.busyCount;
  }

  /** Pages that are kept for those who hold an older tree; those freed just now are waiting for them too. */
  get held(): u64 {
    return this.holds.any ? this.holds.pages + this.freedCount + this.leavingCount : 0;
  }

  /** True if pages come free when the next checkpoint, or the one after it, is durable. */
  get awaitsCheckpoint(): bool {
    return this.freedCount + this.leavingCount > 0;
  }

  /** Pages that are free, or will be: those that may be held meanwhile are not counted. */
  get settled(): i64 {
    const coming = this.holds.any ? 0 : this.freedCount + this.leavingCount;
    return <i64>(this.free + coming);
  }

  /** Address of the reference of a map page, or (from `maps` on) of an index page. */
  reference(index: i32): usize {
    return this.references + ((<usize>index) << 4);
  }

  isChanged(index: i32): bool {
    return load<u8>(this.changed + <usize>index) != 0;
  }

  setChanged(index: i32): void {
    store<u8>(this.changed + <usize>index, load<u8>(this.changed + <usize>index) | CHANGED);
  }

  /** It has a new place, for the checkpoint that is being sealed. */
  isMoved(index: i32): bool {
    return (load<u8>(this.changed + <usize>index) & MOVED) != 0;
  }

  setMoved(index: i32): void {
    store<u8>(this.changed + <usize>index, CHANGED | MOVED);
  }

  setUnchanged(index: i32): void {
    store<u8>(this.changed + <usize>index, 0);
  }

  /** From the disk: the bits of a map page have been copied to `live`. False if it has pages that do not exist. */
  adopt(): bool {
    for (let at: usize = 0; at < this.bytes; at += 8) {
      const bits = load<u64>(this.live + at);
      if ((bits & load<u64>(this.busy + at)) != 0) return false;
      this.liveCount += popcnt<u64>(bits);
      store<u64>(this.busy + at, load<u64>(this.busy + at) | bits);
    }
    this.busyCount = this.liveCount;
    return true;
  }

  isLive(page: u64): bool {
    return page < this.pages && bit(this.live, page);
  }

  /** Takes a page from the free ones: a place for data that is in no tree yet. 0: there is none. */
  take(): u64 {
    const page = this.next(this.cursor);
    if (page == 0) return 0;
    this.occupy(page);
    this.cursor = page + 1;
    return page;
  }

  /** Takes up to `wanted` pages that lie together: `runPages` says how many. 0: there is none. */
  takeRun(wanted: i32): u64 {
    let best: u64 = 0;
    let bestPages = 0;
    let from = this.cursor;
    // Looking on for a better place has an end.
    for (let tries = 0; tries < 64 && bestPages < wanted; tries++) {
      const start = this.next(from);
      if (start == 0 || (tries > 0 && start == best)) break;
      let end = start + 1;
      const limit = min(start + <u64>wanted, this.pages);
      while (end < limit && !bit(this.busy, end)) end++;
      const pages = <i32>(end - start);
      if (pages > bestPages) {
        best = start;
        bestPages = pages;
      }
      from = end;
    }
    this.runPages = bestPages;
    for (let index = 0; index < bestPages; index++) this.occupy(best + index);
    if (bestPages > 0) this.cursor = best + bestPages;
    return best;
  }

  /** Gives back what was taken and never became part of a tree, nor of a record in the log. */
  putBack(page: u64, pages: i32 = 1): void {
    for (let index = 0; index < pages; index++) {
      if (!bit(this.busy, page + index)) continue;
      clearBit(this.busy, page + index);
      this.busyCount--;
    }
  }

  /** A page that was taken is part of the tree from now on. False: it was already. */
  enliven(page: u64): bool {
    if (bit(this.live, page)) return false;
    setBit(this.live, page);
    this.liveCount++;
    this.setChanged(<i32>(page / MAP_PAGE_BITS));
    return true;
  }

  /** Recovery: what a record in the log refers to must not be given away before the record is applied. */
  reserve(page: u64): void {
    if (!bit(this.busy, page)) this.occupy(page);
  }

  /** The tree does not have this page any more. */
  release(page: u64): void {
    if (page >= this.pages || !bit(this.live, page)) {
      // Only damage with fitting checksums, or a forged store, names a page twice.
      this.counters.corrupt++;
      return;
    }
    clearBit(this.live, page);
    this.liveCount--;
    setBit(this.freed, page);
    this.freedCount++;
    this.setChanged(<i32>(page / MAP_PAGE_BITS));
  }

  /** A checkpoint is sealed: what was freed before belongs to the tree before it. */
  onSealed(): void {
    const freed = this.freed;
    this.freed = this.leaving;
    this.leaving = freed;
    this.leavingCount = this.freedCount;
    this.freedCount = 0;
  }

  /** A checkpoint is durable: gives free what only older trees have, unless somebody holds one. */
  onDurable(generation: u64): void {
    const holder = this.holds.newestBefore(generation);
    if (holder >= 0) this.holds.keep(holder, this.leaving);
    else this.liberate(this.leaving);
    memory.fill(this.leaving, 0, this.bytes);
    this.leavingCount = 0;
  }

  /** Somebody does not need the tree of a generation any more. */
  drop(hold: i32): void {
    if (!this.holds.drop(hold)) return;
    const kept = this.holds.takeKept(hold);
    if (kept == 0) return;
    const older = this.holds.newestBefore(this.holds.generationOf(hold));
    if (older >= 0) this.holds.keep(older, kept);
    else this.liberate(kept);
    heap.free(kept);
  }

  private liberate(bits: usize): void {
    for (let at: usize = 0; at < this.bytes; at += 8) {
      const word = load<u64>(bits + at);
      if (word == 0) continue;
      this.busyCount -= popcnt<u64>(word);
      store<u64>(this.busy + at, load<u64>(this.busy + at) & ~word);
    }
  }

  private occupy(page: u64): void {
    setBit(this.busy, page);
    this.busyCount++;
  }

  /** The first free page from one on, then from the beginning; 0: there is none. */
  private next(from: u64): u64 {
    if (this.busyCount >= this.pages) return 0;
    let at = (<usize>(from >> 6)) << 3;
    if (at >= this.bytes) at = 0;
    let mask: u64 = at == (<usize>(from >> 6)) << 3 ? ~(<u64>0) << (from & 63) : ~(<u64>0);
    // Twice through the first word: once from the bit on, once from its beginning.
    for (let left = this.bytes + 8; left > 0; left -= 8) {
      const word = ~load<u64>(this.busy + at) & mask;
      if (word != 0) return ((<u64>at) << 3) + ctz<u64>(word);
      mask = ~(<u64>0);
      at += 8;
      if (at >= this.bytes) at = 0;
    }
    return 0;
  }
}

// @ts-ignore: decorator
@inline
function bit(bits: usize, page: u64): bool {
  return ((load<u64>(bits + ((<usize>(page >> 6)) << 3)) >> (page & 63)) & 1) != 0;
}

// @ts-ignore: decorator
@inline
function setBit(bits: usize, page: u64): void {
  const at = bits + ((<usize>(page >> 6)) << 3);
  store<u64>(at, load<u64>(at) | ((<u64>1) << (page & 63)));
}

// @ts-ignore: decorator
@inline
function clearBit(bits: usize, page: u64): void {
  const at = bits + ((<usize>(page >> 6)) << 3);
  store<u64>(at, load<u64>(at) & ~((<u64>1) << (page & 63)));
}
