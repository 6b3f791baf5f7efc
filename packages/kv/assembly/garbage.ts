/**
 * Values that are elsewhere and belong to no key any more. Which pages they have is written in their value
 * pages, which may have to be read: until then they wait here, and no checkpoint is sealed meanwhile.
 */
import { PENDING } from "@phantasm/interfaces";
import { Cache, VALUE_PAGE } from "./cache";
import { KeyValueCounters } from "./counters";
import { EXTENT_BYTES, HEAD_COUNT, VALUE_EXTENTS, VALUE_NEXT } from "./layout";
import { Space } from "./space";

/** Values that may wait: as many as one batch may have operations, and as many again. */
export const GARBAGE_MAX: i32 = 8192;


@unmanaged
class Entry {
  page: u64;
  checksum: u64;
  left: u64;
}


@final
export class Garbage {
  count: i32 = 0;
  /** The frame it waits for; -1: any. */
  awaited: i32 = -1;
  private entries: usize = 0;
  private capacity: i32 = 0;

  constructor(
    private readonly cache: Cache,
    private readonly space: Space,
    private readonly counters: KeyValueCounters,
  ) {}

  add(size: u64, page: u64, checksum: u64): void {
    if (this.count == this.capacity) {
      this.capacity = max(64, this.capacity * 2);
      const entries = heap.alloc(<usize>this.capacity * offsetof<Entry>());
      memory.copy(entries, this.entries, <usize>this.count * offsetof<Entry>());
      if (this.entries != 0) heap.free(this.entries);
      this.entries = entries;
    }
    const entry = this.at(this.count++);
    entry.page = page;
    entry.checksum = checksum;
    entry.left = size;
  }

  private at(index: i32): Entry {
    return changetype<Entry>(this.entries + <usize>index * offsetof<Entry>());
  }

  /** Frees what it can. */
  advance(): void {
    while (this.count > 0) {
      const entry = this.at(this.count - 1);
      const frame = this.cache.fetch(entry.page, entry.checksum, VALUE_PAGE);
      if (frame == PENDING) {
        this.awaited = this.cache.awaited;
        return;
      }
      if (frame < 0) this.giveUp();
      else this.free(entry, this.cache.at(frame));
    }
    this.awaited = -1;
  }

  /** Its page cannot be read: the room is lost until the store is made anew. */
  giveUp(): void {
    this.counters.lost += this.at(--this.count).left;
  }

  private free(entry: Entry, page: usize): void {
    const count = <i32>load<u16>(page, HEAD_COUNT);
    let left = entry.left;
    for (let index = 0; index < count; index++) {
      const extent = page + VALUE_EXTENTS + <usize>index * EXTENT_BYTES;
      const first = load<u64>(extent);
      const pages = <u64>load<u32>(extent, 8);
      for (let at: u64 = 0; at < pages; at++) this.space.release(first + at);
      left -= min(left, <u64>load<u32>(extent, 12));
    }
    this.space.release(entry.page);
    const next = load<u64>(page, VALUE_NEXT);
    if (next == 0 || left == 0) this.count--;
    else {
      entry.page = next;
      entry.checksum = load<u64>(page, VALUE_NEXT + 8);
      entry.left = left;
    }
  }
}
