/**
 * Pages in memory: a fixed number of frames, and a hash table from page numbers to them.
 *
 * A frame holds a page as it is on the device (CLEAN), one that a checkpoint has fixed and has still to write
 * (SEALED) or is writing (WRITING), or one that was changed since (DIRTY). A dirty page has no number yet: the
 * reference to it in its parent is `DIRTY_REFERENCE` and the index of its frame. It gets a number when it
 * is sealed, so that pages which are written together lie together.
 *
 * ```
 *             read            change                seal           submit          reported
 * free ──▶ READING ──▶ CLEAN ──────▶ DIRTY ──────▶ SEALED ──▶ WRITING ──▶ CLEAN
 *                       ▲  change of a sealed page: a copy becomes DIRTY
 * ```
 */
import { CORRUPT, Errno, PENDING } from "@phantasm/interfaces";
import { xxh64 } from "@phantasm/checksum";
import { KeyValueCounters } from "./counters";
import { Disk, Purpose } from "./disk";
import { META_PAGES, PAGE_BYTES, PAGE_SHIFT } from "./layout";
import { isTreePage, isValuePage } from "./page-check";

/** In a reference: the page is in this frame and nowhere else. */
export const DIRTY_REFERENCE: u64 = 1 << 63;

/** What a page is expected to be: a level of the tree, or this. */
export const VALUE_PAGE: i32 = 64;

export enum FrameState {
  FREE,
  READING,
  CLEAN,
  DIRTY,
  SEALED,
  WRITING,
  /** Its page has got another content while it was read. */
  STALE,
}


@unmanaged
class Frame {
  page: u64;
  checksum: u64;
  /** In the table: index of the next frame with the same hash, plus 1. Free: of the next free one. */
  next: u32;
  pins: u16;
  state: u8;
  /** Used since the clock's hand came by. */
  used: u8;
  /** What it is expected to be. */
  kind: u8;
  /** The leaf in it is among those that a batch has emptied. */
  isEmpty: u8;
  /** Of a batch that is being prepared: its number, and the bytes it adds to this page. */
  addedBytes: u32;
  batch: u32;
}


@final
export class Cache {
  readonly capacity: i32;
  /** All frames, one after another. */
  readonly memory: Uint8Array;
  /** The frame that the last `fetch` which answered PENDING waits for; -1: any. */
  awaited: i32 = -1;
  /** No frame could be had for a page since this was last set to false. */
  starved: bool = false;
  /** Fetched pages are pinned, and noted at `pins`. */
  pinning: bool = false;
  pins: usize = 0;
  pinCount: i32 = 0;
  pinsMax: i32 = 0;
  /** The batch that pins, 0 if it is another operation: a batch has many pages, and marks them. */
  pinBatch: u32 = 0;
  dirty: i32 = 0;
  /** SEALED and WRITING. */
  sealed: i32 = 0;
  reading: i32 = 0;
  pinned: i32 = 0;
  /** No page may be below the first or from the last on. */
  firstPage: u64 = META_PAGES;
  endPage: u64 = 0;
  private readonly base: usize;
  private readonly frames: usize;
  private readonly heads: usize;
  private readonly hashShift: u64;
  private firstFree: u32 = 0;
  private hand: i32 = 0;

  constructor(
    cacheBytes: i32,
    private readonly disk: Disk,
    private readonly counters: KeyValueCounters,
  ) {
    const capacity = cacheBytes >> PAGE_SHIFT;
    this.capacity = capacity;
    const memoryOfPages = new Uint8Array(capacity << PAGE_SHIFT);
    this.memory = memoryOfPages;
    this.base = memoryOfPages.dataStart;
    const frameBytes = <usize>capacity * offsetof<Frame>();
    this.frames = heap.alloc(frameBytes);
    memory.fill(this.frames, 0, frameBytes);
    const bits = <u64>(32 - clz<u32>(capacity * 2 - 1));
    this.hashShift = 64 - bits;
    const headBytes = ((<usize>1) << (<usize>bits)) << 2;
    this.heads = heap.alloc(headBytes);
    memory.fill(this.heads, 0, headBytes);
    for (let index = capacity - 1; index >= 0; index--) this.toFree(index);
  }

  /** Where the page of a frame lies. */
  // @ts-ignore: decorator
  @inline
  at(frame: i32): usize {
    return this.base + ((<usize>frame) << PAGE_SHIFT);
  }

  /** The frame in which an address lies. */
  // @ts-ignore: decorator
  @inline
  frameOf(address: usize): i32 {
    return <i32>((address - this.base) >> PAGE_SHIFT);
  }

  // @ts-ignore: decorator
  @inline
  frame(index: i32): Frame {
    return changetype<Frame>(this.frames + <usize>index * offsetof<Frame>());
  }

  /** Frames that can be had at once. */
  get available(): i32 {
    return this.capacity - this.dirty - this.sealed - this.reading - this.pinned;
  }

  /**
   * The frame with that page; PENDING when it is being read (see `awaited`), else an error. `kind` is the level
   * of the tree that it must be of, or VALUE_PAGE.
   */
  fetch(page: u64, checksum: u64, kind: i32): i32 {
    let index: i32;
    if (page >= DIRTY_REFERENCE) {
      index = <i32>page;
      if (this.pinning) this.pin(index);
      return index;
    }
    index = this.find(page);
    if (index >= 0) {
      const frame = this.frame(index);
      if (frame.state == FrameState.READING) {
        this.awaited = index;
        return PENDING;
      }
      if (frame.checksum != checksum || <i32>frame.kind != kind) {
        this.counters.corrupt++;
        return CORRUPT;
      }
      this.counters.hits++;
      frame.used = 1;
      if (this.pinning) this.pin(index);
      return index;
    }
    return this.read(page, checksum, kind);
  }

  /** The frame with that page, if it is there and can be used now; else -1. Reads nothing. */
  peek(page: u64, checksum: u64, kind: i32): i32 {
    if (page >= DIRTY_REFERENCE) return <i32>page;
    const index = this.find(page);
    if (index < 0) return -1;
    const frame = this.frame(index);
    const there =
      frame.state != FrameState.READING && frame.checksum == checksum && <i32>frame.kind == kind;
    return there ? index : -1;
  }

  private read(page: u64, checksum: u64, kind: i32): i32 {
    this.counters.misses++;
    const index = this.take();
    if (index < 0) {
      this.starved = true;
      this.awaited = -1;
      return PENDING;
    }
    const status = this.disk.readPages(
      page,
      1,
      this.memory,
      index << PAGE_SHIFT,
      Purpose.PAGE,
      index,
    );
    if (status != 0) {
      this.toFree(index);
      this.awaited = -1;
      return status == Errno.AGAIN ? PENDING : status;
    }
    const frame = this.frame(index);
    frame.state = <u8>FrameState.READING;
    frame.checksum = checksum;
    frame.kind = <u8>kind;
    this.reading++;
    this.insert(index, page);
    this.awaited = index;
    return PENDING;
  }

  /** A page has been read. Returns 0 if it is there now, or was not wanted any more; else why it is not. */
  onRead(index: i32, status: i32): i32 {
    const frame = this.frame(index);
    this.reading--;
    if (frame.state == FrameState.STALE) {
      this.toFree(index);
      return 0;
    }
    let result = status;
    if (status == 0 && !this.isSound(index)) {
      this.counters.corrupt++;
      result = CORRUPT;
    }
    if (result != 0) {
      this.remove(index);
      this.toFree(index);
      return result;
    }
    frame.state = <u8>FrameState.CLEAN;
    frame.used = 1;
    return 0;
  }

  private isSound(index: i32): bool {
    const frame = this.frame(index);
    const page = this.at(index);
    const number = frame.page;
    if (xxh64(page, PAGE_BYTES, number) != frame.checksum) return false;
    const kind = <i32>frame.kind;
    return kind == VALUE_PAGE
      ? isValuePage(page, number, this.firstPage, this.endPage)
      : isTreePage(page, number, kind, this.firstPage, this.endPage);
  }

  /** A frame for a page that is made anew: dirty. -1 when there is none; see `available`. */
  takeDirty(): i32 {
    const index = this.take();
    if (index < 0) return -1;
    this.frame(index).state = <u8>FrameState.DIRTY;
    this.dirty++;
    return index;
  }

  /** A clean page, or one that is being written, becomes dirty where it is. */
  renew(index: i32): void {
    const frame = this.frame(index);
    if (frame.state == FrameState.WRITING) this.sealed--;
    this.remove(index);
    frame.state = <u8>FrameState.DIRTY;
    this.dirty++;
  }

  /** A dirty page is not needed any more. */
  discard(index: i32): void {
    this.dirty--;
    this.toFree(index);
  }

  /** A dirty page gets its number and checksum. */
  seal(index: i32, page: u64, checksum: u64, kind: i32): void {
    const frame = this.frame(index);
    frame.checksum = checksum;
    frame.kind = <u8>kind;
    frame.state = <u8>FrameState.SEALED;
    frame.used = 1;
    this.dirty--;
    this.sealed++;
    this.insert(index, page);
  }

  /** The page gets another content, by whoever calls: what is here is not it any more. */
  forget(page: u64): void {
    const index = this.find(page);
    if (index < 0) return;
    const frame = this.frame(index);
    this.remove(index);
    if (frame.state == FrameState.READING) frame.state = <u8>FrameState.STALE;
    else {
      if (frame.state == FrameState.WRITING || frame.state == FrameState.SEALED) this.sealed--;
      this.toFree(index);
    }
  }

  /**
   * Keeps a frame until `unpin`, and notes it in the list once. The pin is the frame's, whatever becomes of the
   * page in it.
   */
  pin(index: i32): void {
    const list = this.pins;
    const count = this.pinCount;
    const frame = this.frame(index);
    if (this.pinBatch != 0) {
      if (frame.batch == this.pinBatch) return;
      frame.batch = this.pinBatch;
      frame.addedBytes = 0;
    } else {
      for (let at = count - 1; at >= 0; at--) {
        if (load<i32>(list + ((<usize>at) << 2)) == index) return;
      }
    }
    assert(count < this.pinsMax, "kv: more pages are pinned than one operation may");
    store<i32>(list + ((<usize>count) << 2), index);
    this.pinCount = count + 1;
    if (frame.pins++ == 0) this.pinned++;
  }

  unpin(index: i32): void {
    const frame = this.frame(index);
    if (frame.pins == 0) return;
    if (--frame.pins == 0) this.pinned--;
  }

  /** What was fetched in this run is not needed any more: of an operation that goes on from somewhere else. */
  leaveBehind(): void {
    if (!this.pinning) return;
    for (let at = 0; at < this.pinCount; at++) {
      this.unpin(load<i32>(this.pins + ((<usize>at) << 2)));
    }
    this.pinCount = 0;
  }

  private find(page: u64): i32 {
    let index = load<u32>(this.headOf(page));
    while (index != 0) {
      const frame = this.frame(index - 1);
      if (frame.page == page) return index - 1;
      index = frame.next;
    }
    return -1;
  }

  // @ts-ignore: decorator
  @inline
  private headOf(page: u64): usize {
    return this.heads + ((<usize>((page * 0x9e37_79b9_7f4a_7c15) >> this.hashShift)) << 2);
  }

  private insert(index: i32, page: u64): void {
    const frame = this.frame(index);
    const head = this.headOf(page);
    frame.page = page;
    frame.next = load<u32>(head);
    store<u32>(head, index + 1);
  }

  private remove(index: i32): void {
    const frame = this.frame(index);
    let link = this.headOf(frame.page);
    while (load<u32>(link) != <u32>(index + 1)) {
      const other = <usize>load<u32>(link) - 1;
      link = this.frames + other * offsetof<Frame>() + offsetof<Frame>("next");
    }
    store<u32>(link, frame.next);
    frame.page = 0;
  }

  private toFree(index: i32): void {
    const frame = this.frame(index);
    frame.state = <u8>FrameState.FREE;
    frame.page = 0;
    frame.next = this.firstFree;
    this.firstFree = index + 1;
  }

  /** A free frame, or the one of a clean page that was not used for the longest (second chance). */
  private take(): i32 {
    if (this.firstFree != 0) {
      const index = <i32>this.firstFree - 1;
      this.firstFree = this.frame(index).next;
      return index;
    }
    for (let steps = this.capacity * 2; steps > 0; steps--) {
      const index = this.hand;
      this.hand = index + 1 < this.capacity ? index + 1 : 0;
      const frame = this.frame(index);
      if (frame.state != FrameState.CLEAN || frame.pins > 0) continue;
      if (frame.used != 0) {
        frame.used = 0;
        continue;
      }
      this.remove(index);
      return index;
    }
    return -1;
  }
}
