/**
 * Writes the tree as it is, while it changes on.
 *
 * Sealing fixes it at one moment: every dirty page gets a number and a checksum, from the leaves to the root,
 * then the map of free pages, and the meta page that will name them. That is work in memory for as many pages
 * as may be dirty, and the only part that happens at once. Then pages are written, neighbours together, some at
 * a time; a flush, the meta page, another flush.
 */
import { Errno } from "@phantasm/interfaces";
import { xxh64 } from "@phantasm/checksum";
import { Cache, DIRTY_REFERENCE, FrameState } from "./cache";
import { KeyValueCounters } from "./counters";
import { Disk, Purpose } from "./disk";
import {
  EXTENT_PAGES_MAX,
  HEAD_COUNT,
  HEAD_GENERATION,
  HEAD_PAGE,
  INDEX_REFERENCES,
  INDEX_REFERENCES_MAX,
  MAP_BITS,
  MAP_PAGE_BIT_BYTES,
  PAGE_BYTES,
  PAGE_SHIFT,
  PageKind,
} from "./layout";
import { Log } from "./log";
import { Meta, indexReference } from "./meta";
import { cellAt, countOf } from "./page";
import { Space } from "./space";
import { Tree } from "./tree";

enum Phase {
  IDLE,
  PAGES,
  FLUSH,
  META,
  META_FLUSH,
}

/** Runs of pages in flight. */
const RUNS_MAX: i32 = 8;

/** A page that was sealed: its number, and its frame, or (from `MAP` on) its place in the pages of the map. */
@unmanaged
class Sealed {
  page: u64;
  frame: u32;
  unused: u32;
}

const MAP: u32 = 1 << 31;


@final
export class Checkpoint {
  /** Of the tree that is on the disk, or is on its way there. */
  generation: u64 = 0;
  durableGeneration: u64 = 0;
  readonly meta: Meta = new Meta();
  /** Checkpoints that became durable since the store was opened. */
  finished: u64 = 0;
  /** Pages are copied here to be written together. Free again once the device has taken them. */
  readonly staging: Uint8Array = new Uint8Array(EXTENT_PAGES_MAX << PAGE_SHIFT);
  private phase: Phase = Phase.IDLE;
  private readonly metaPages: Uint8Array = new Uint8Array(PAGE_BYTES * 2);
  private list: usize = 0;
  private listCount: i32 = 0;
  /** Copies of the meta page that are written. */
  private metaDone: i32 = 0;
  private next: i32 = 0;
  private runsInFlight: i32 = 0;
  /** First and last index + 1 in the list of each run in flight. */
  private readonly runs: StaticArray<i32> = new StaticArray<i32>(RUNS_MAX * 2);
  private maps: usize = 0;
  private logUnits: u32 = 0;
  private status: i32 = 0;
  private submitted: bool = false;

  constructor(
    private readonly disk: Disk,
    private readonly cache: Cache,
    private readonly space: Space,
    private readonly tree: Tree,
    private readonly log: Log,
    private readonly counters: KeyValueCounters,
  ) {}

  get isActive(): bool {
    return this.phase != Phase.IDLE;
  }

  /** Fixes the tree. `meta` has what the caller knows: entries and the version of the last batch. */
  seal(): void {
    const meta = this.meta;
    this.generation++;
    meta.generation = this.generation;
    this.listCount = 0;
    const listMax = this.cache.dirty + this.space.maps + this.space.indexes;
    this.list = heap.alloc(<usize>listMax * offsetof<Sealed>());
    if (this.tree.root.page >= DIRTY_REFERENCE) {
      const frame = <i32>this.tree.root.page;
      this.sealBelow(frame, this.tree.root.levels - 1);
      const record = this.cache.frame(frame);
      this.tree.root.page = record.page;
      this.tree.root.checksum = record.checksum;
    }
    this.sealMap();
    meta.root.assign(this.tree.root);
    meta.pages = this.space.pages;
    meta.used = this.space.liveCount;
    const log = this.log;
    meta.epoch = log.epoch;
    meta.logPosition = log.head;
    meta.logSequence = log.sequence;
    meta.logPrevious = log.previous;
    this.logUnits = log.used;
    this.space.onSealed();
    meta.indexes = this.space.indexes;
    for (let index = 0; index < meta.indexes; index++) {
      memory.copy(
        indexReference(this.metaPages.dataStart, index),
        this.space.reference(this.space.maps + index),
        16,
      );
    }
    meta.write(this.metaPages.dataStart);
    this.next = 0;
    this.status = 0;
    this.phase = Phase.PAGES;
    this.advance();
  }

  /** Seals the dirty pages below a page, then the page itself. Not deeper than the tree has levels. */
  private sealBelow(frame: i32, level: i32): void {
    const page = this.cache.at(frame);
    if (level > 0) {
      const count = countOf(page);
      for (let index = 0; index < count; index++) {
        const cell = cellAt(page, index);
        const reference = load<u64>(cell, 8);
        if (reference < DIRTY_REFERENCE) continue;
        const child = <i32>reference;
        this.sealBelow(child, level - 1);
        const record = this.cache.frame(child);
        store<u64>(cell, record.page, 8);
        store<u64>(cell, record.checksum, 16);
      }
    }
    const number = this.takePage();
    store<u64>(page, number, HEAD_PAGE);
    store<u64>(page, this.generation, HEAD_GENERATION);
    this.cache.seal(frame, number, xxh64(page, PAGE_BYTES, number), level);
    this.note(number, frame);
  }

  private takePage(): u64 {
    const number = this.space.take();
    assert(number != 0, "kv: no page is left for a checkpoint");
    this.cache.forget(number);
    this.space.enliven(number);
    return number;
  }

  private note(page: u64, frame: u32): void {
    const index = this.listCount++;
    const entry = changetype<Sealed>(this.list + <usize>index * offsetof<Sealed>());
    entry.page = page;
    entry.frame = frame;
  }

  /** Gives every page of the map that changed a new place, which changes the map again: until nothing new does. */
  private sealMap(): void {
    const space = this.space;
    const maps = space.maps;
    const total = maps + space.indexes;
    let moved = 0;
    for (let before = -1; before != moved;) {
      before = moved;
      for (let index = 0; index < total; index++) {
        if (!space.isChanged(index) || space.isMoved(index)) continue;
        this.move(index);
        moved++;
        if (index < maps) space.setChanged(maps + index / INDEX_REFERENCES_MAX);
      }
    }
    if (moved == 0) return;
    this.maps = heap.alloc((<usize>moved) << PAGE_SHIFT);
    let place: u32 = 0;
    for (let index = 0; index < total; index++) {
      if (!space.isChanged(index)) continue;
      const page = this.maps + ((<usize>place) << PAGE_SHIFT);
      const reference = space.reference(index);
      const number = load<u64>(reference);
      memory.fill(page, 0, PAGE_BYTES);
      store<u64>(page, number, HEAD_PAGE);
      store<u64>(page, this.generation, HEAD_GENERATION);
      if (index < maps) {
        store<u8>(page, PageKind.MAP);
        memory.copy(
          page + MAP_BITS,
          space.live + <usize>index * MAP_PAGE_BIT_BYTES,
          MAP_PAGE_BIT_BYTES,
        );
      } else {
        const first = (index - maps) * INDEX_REFERENCES_MAX;
        const count = min(maps - first, INDEX_REFERENCES_MAX);
        store<u8>(page, PageKind.MAP_INDEX);
        store<u16>(page, count, HEAD_COUNT);
        memory.copy(page + INDEX_REFERENCES, space.reference(first), (<usize>count) << 4);
      }
      store<u64>(reference, xxh64(page, PAGE_BYTES, number), 8);
      space.setUnchanged(index);
      this.note(number, MAP | place);
      place++;
    }
  }

  private move(index: i32): void {
    const reference = this.space.reference(index);
    const old = load<u64>(reference);
    // Its checksum is set once its content is.
    store<u64>(reference, this.takePage());
    this.space.setMoved(index);
    if (old != 0) this.space.release(old);
  }

  /** Goes on as far as the device takes requests. Returns its error, or 0. */
  advance(): i32 {
    if (this.status != 0) return this.status;
    let status = 0;
    if (this.phase == Phase.PAGES) {
      while (status == 0 && this.next < this.listCount && this.runsInFlight < RUNS_MAX) {
        status = this.writeRun();
      }
      if (status == 0 && this.next == this.listCount && this.runsInFlight == 0) {
        if (this.maps != 0) heap.free(this.maps);
        heap.free(this.list);
        this.maps = 0;
        this.list = 0;
        this.phase = Phase.FLUSH;
        this.submitted = false;
      }
    }
    if (status == 0 && !this.submitted && this.phase != Phase.IDLE && this.phase != Phase.PAGES) {
      if (this.phase == Phase.META) {
        const done = this.metaDone;
        const count = min(2 - done, this.disk.requestPagesMax);
        status = this.disk.writePages(
          this.meta.firstPage + <u64>done,
          count,
          this.metaPages,
          done << PAGE_SHIFT,
          Purpose.META,
          count,
        );
      } else {
        const isFirst = this.phase == Phase.FLUSH;
        status = this.disk.flush(isFirst ? Purpose.CHECKPOINT_FLUSH : Purpose.META_FLUSH, 0);
        if (status == 0) this.counters.flushes++;
      }
      if (status == 0) this.submitted = true;
    }
    if (status == Errno.AGAIN) return 0;
    this.status = status;
    return status;
  }

  private writeRun(): i32 {
    const first = this.next;
    const entries = this.list;
    const start = changetype<Sealed>(entries + <usize>first * offsetof<Sealed>()).page;
    const pagesMax = this.disk.requestPagesMax;
    let end = first;
    for (; end < this.listCount && end - first < pagesMax; end++) {
      const entry = changetype<Sealed>(entries + <usize>end * offsetof<Sealed>());
      if (entry.page != start + <u64>(end - first)) break;
      const from =
        (entry.frame & MAP) != 0
          ? this.maps + ((<usize>(entry.frame & ~MAP)) << PAGE_SHIFT)
          : this.cache.at(<i32>entry.frame);
      memory.copy(
        this.staging.dataStart + ((<usize>(end - first)) << PAGE_SHIFT),
        from,
        PAGE_BYTES,
      );
    }
    let run = 0;
    while (unchecked(this.runs[run * 2 + 1]) != 0) run++;
    const status = this.disk.writePages(start, end - first, this.staging, 0, Purpose.RUN, run);
    if (status != 0) return status;
    this.runs[run * 2] = first;
    this.runs[run * 2 + 1] = end;
    this.runsInFlight++;
    for (let at = first; at < end; at++) {
      const entry = changetype<Sealed>(entries + <usize>at * offsetof<Sealed>());
      if ((entry.frame & MAP) != 0) continue;
      this.cache.frame(<i32>entry.frame).state = <u8>FrameState.WRITING;
    }
    this.counters.pagesWritten += end - first;
    this.next = end;
    return 0;
  }

  onRun(run: i32, status: i32): void {
    const first = this.runs[run * 2];
    const end = this.runs[run * 2 + 1];
    this.runs[run * 2 + 1] = 0;
    this.runsInFlight--;
    if (status != 0) {
      this.status = status;
      return;
    }
    for (let at = first; at < end; at++) {
      const entry = changetype<Sealed>(this.list + <usize>at * offsetof<Sealed>());
      if ((entry.frame & MAP) != 0) continue;
      const frame = this.cache.frame(<i32>entry.frame);
      if (frame.state != FrameState.WRITING || frame.page != entry.page) continue;
      frame.state = <u8>FrameState.CLEAN;
      this.cache.sealed--;
    }
  }

  /** A flush, or copies of the meta page, were reported. Returns 1 when all of it is durable, an error, or 0. */
  onReport(status: i32, pages: i32): i32 {
    if (status != 0) {
      this.status = status;
      return status;
    }
    this.submitted = false;
    if (this.phase == Phase.FLUSH) {
      this.phase = Phase.META;
      this.metaDone = 0;
    } else if (this.phase == Phase.META) {
      this.metaDone += pages;
      this.counters.pagesWritten += pages;
      if (this.metaDone == 2) this.phase = Phase.META_FLUSH;
    } else {
      this.phase = Phase.IDLE;
      this.durableGeneration = this.generation;
      this.finished++;
      this.counters.checkpoints++;
      this.log.onCheckpoint(this.logUnits);
      this.space.onDurable(this.generation);
      return 1;
    }
    return 0;
  }
}
