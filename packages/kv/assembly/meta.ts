/** The meta page: what it says, and how it is written. */
import { xxh64 } from "@phantasm/checksum";
import {
  FORMAT_VERSION,
  META_CHECKSUM,
  META_ENTRIES,
  META_EPOCH,
  META_GENERATION,
  META_IDENTITY,
  META_INDEX,
  META_INDEX_COUNT,
  META_LAST_VERSION,
  META_LEVELS,
  META_LOG_PAGES,
  META_LOG_POSITION,
  META_LOG_PREVIOUS,
  META_LOG_SEQUENCE,
  META_MAGIC,
  META_PAGE_BYTES,
  META_ROOT,
  META_STORE_PAGES,
  META_UNIT_BYTES,
  META_USED,
  META_VERSION,
  PAGE_BYTES,
} from "./layout";
import { View } from "./tree";


@final
export class Meta {
  identity: u64 = 0;
  generation: u64 = 0;
  pages: u64 = 0;
  logPages: u32 = 0;
  unitBytes: i32 = 512;
  epoch: u64 = 0;
  logPosition: u32 = 0;
  logSequence: u64 = 1;
  logPrevious: u64 = 0;
  readonly root: View = new View();
  entries: u64 = 0;
  lastVersion: u64 = 0;
  used: u64 = 0;
  indexes: i32 = 0;

  /** What a meta page says whose checksum fits. */
  read(page: usize): void {
    this.identity = load<u64>(page, META_IDENTITY);
    this.generation = load<u64>(page, META_GENERATION);
    this.pages = load<u64>(page, META_STORE_PAGES);
    this.logPages = load<u32>(page, META_LOG_PAGES);
    this.unitBytes = load<i32>(page, META_UNIT_BYTES);
    this.epoch = load<u64>(page, META_EPOCH);
    this.logPosition = load<u32>(page, META_LOG_POSITION);
    this.logSequence = load<u64>(page, META_LOG_SEQUENCE);
    this.logPrevious = load<u64>(page, META_LOG_PREVIOUS);
    this.root.page = load<u64>(page, META_ROOT);
    this.root.checksum = load<u64>(page, META_ROOT + 8);
    this.root.levels = load<i32>(page, META_LEVELS);
    this.indexes = load<i32>(page, META_INDEX_COUNT);
    this.entries = load<u64>(page, META_ENTRIES);
    this.lastVersion = load<u64>(page, META_LAST_VERSION);
    this.used = load<u64>(page, META_USED);
  }

  /** Writes both copies, which lie one after another. The references of index pages are there already. */
  write(page: usize): void {
    store<u64>(page, META_MAGIC);
    store<u32>(page, FORMAT_VERSION, META_VERSION);
    store<u32>(page, PAGE_BYTES, META_PAGE_BYTES);
    store<u64>(page, this.identity, META_IDENTITY);
    store<u64>(page, this.generation, META_GENERATION);
    store<u64>(page, this.pages, META_STORE_PAGES);
    store<u32>(page, this.logPages, META_LOG_PAGES);
    store<i32>(page, this.unitBytes, META_UNIT_BYTES);
    store<u64>(page, this.epoch, META_EPOCH);
    store<u64>(page, this.logPosition, META_LOG_POSITION);
    store<u64>(page, this.logSequence, META_LOG_SEQUENCE);
    store<u64>(page, this.logPrevious, META_LOG_PREVIOUS);
    store<u64>(page, this.root.page, META_ROOT);
    store<u64>(page, this.root.checksum, META_ROOT + 8);
    store<i32>(page, this.root.levels, META_LEVELS);
    store<i32>(page, this.indexes, META_INDEX_COUNT);
    store<u64>(page, this.entries, META_ENTRIES);
    store<u64>(page, this.lastVersion, META_LAST_VERSION);
    store<u64>(page, this.used, META_USED);
    store<u64>(page, metaChecksum(page), META_CHECKSUM);
    memory.copy(page + PAGE_BYTES, page, PAGE_BYTES);
  }

  /** Where its two copies begin. */
  get firstPage(): u64 {
    return (this.generation & 1) << 1;
  }
}

export function metaChecksum(page: usize): u64 {
  return xxh64(page, META_CHECKSUM, 0);
}

export function isMetaPage(page: usize): bool {
  return load<u64>(page) == META_MAGIC && load<u64>(page, META_CHECKSUM) == metaChecksum(page);
}

/** Where the references of index pages lie in it. */
// @ts-ignore: decorator
@inline
export function indexReference(page: usize, index: i32): usize {
  return page + META_INDEX + ((<usize>index) << 4);
}
