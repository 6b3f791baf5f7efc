/**
 * Opens a store: the meta page, the map of free pages, the log. Or makes one, on a device that is blank.
 *
 * The log is read twice: first to see how far it goes, and which values it refers to; then its batches are applied
 * like any other. A device that cannot be written keeps them in memory.
 */
import { CORRUPT, Errno, PENDING, WRONG_FORMAT } from "@phantasm/interfaces";
import { xxh64 } from "@phantasm/checksum";
import { Purpose } from "./disk";
import { Engine } from "./engine";
import {
  FORMAT_VERSION,
  FORMAT_VERSION_MIN,
  HEAD_COUNT,
  HEAD_PAGE,
  INDEX_REFERENCES,
  INDEX_REFERENCES_MAX,
  LOG_PAGES_MAX,
  LOG_PAGES_MIN,
  MAP_BITS,
  MAP_PAGE_BITS,
  MAP_PAGE_BIT_BYTES,
  META_GENERATION,
  META_INDEX_MAX,
  META_MAGIC,
  META_PAGES,
  META_PAGE_BYTES,
  META_VERSION,
  PAGES_MIN,
  PAGE_BYTES,
  PageKind,
} from "./layout";
import { Meta, indexReference, isMetaPage } from "./meta";
import { LEVELS_MAX } from "./layout";
import { Problem } from "./problem";
import { Format } from "./settings";
import { Replay } from "./replay";

enum Stage {
  BEGIN,
  FLUSH,
  META,
  /** No store is there: whether anything else is. */
  BLANK,
  INDEXES,
  MAPS,
  LOG,
  FORMAT,
  /** The checkpoint behind the recovery. */
  CHECKPOINT,
  DONE,
}

/** The meta page, and the first page of the log. */
const FIRST_PAGES: i32 = META_PAGES + 1;

/** A disk is blank if nothing is in the first 80 KiB: some file systems leave 64 KiB alone. Every log is as long. */
const BLANK_PAGES: i32 = META_PAGES + <i32>LOG_PAGES_MIN;


@final
export class Opening {
  private stage: Stage = Stage.BEGIN;
  private readonly buffer: Uint8Array = new Uint8Array(FIRST_PAGES * PAGE_BYTES);
  private readonly meta: Meta;
  private replay: Replay = changetype<Replay>(0);
  /** What is read next: the page of `buffer`, or the index or map page. */
  private at: i32 = 0;
  private isReading: bool = false;
  /** Maps and indexes that are on the device. */
  private maps: i32 = 0;

  constructor(private readonly engine: Engine) {
    this.meta = engine.checkpoint.meta;
    this.replay = new Replay(engine, this);
  }

  get isReplaying(): bool {
    return this.stage == Stage.LOG || this.stage == Stage.CHECKPOINT || this.stage == Stage.FORMAT;
  }

  /** Goes on, unless it waits for something. */
  advance(): void {
    const engine = this.engine;
    if (this.stage == Stage.BEGIN) {
      const disk = engine.disk;
      const state = disk.block.state;
      if (state == PENDING) {
        disk.awaitState();
        return;
      }
      if (state != 0) {
        this.end(state, Problem.DEVICE);
        return;
      }
      if (disk.pages < PAGES_MIN || disk.requestPagesMax < 1) {
        this.end(WRONG_FORMAT, Problem.TOO_SMALL);
        return;
      }
      this.stage = engine.writable ? Stage.FLUSH : Stage.META;
    }
    if (this.stage == Stage.LOG) this.replay.advance();
    else if (this.stage == Stage.FLUSH && !this.isReading) this.flush();
    else if (this.stage < Stage.LOG && !this.isReading) this.read();
    else if (this.stage == Stage.CHECKPOINT) this.sealLast();
  }

  /**
   * What is read may have been written by a domain that ended before it flushed. It must be durable before a page is
   * written that only it says is free.
   */
  private flush(): void {
    const status = this.engine.disk.flush(Purpose.OPENING, 0);
    if (status == 0) this.isReading = true;
    else if (status != Errno.AGAIN) this.end(status, Problem.DEVICE);
  }

  private read(): void {
    let page: u64 = 0;
    let into = 0;
    if (this.stage == Stage.META) {
      page = this.at;
      into = this.at * PAGE_BYTES;
    } else if (this.stage == Stage.BLANK) page = this.at;
    else page = load<u64>(this.reference());
    const status = this.engine.disk.readPages(page, 1, this.buffer, into, Purpose.OPENING, 0);
    if (status == 0) this.isReading = true;
    else if (status != Errno.AGAIN) this.end(status, Problem.DEVICE);
  }

  private reference(): usize {
    const space = this.engine.space;
    return space.reference(this.stage == Stage.MAPS ? this.at : space.maps + this.at);
  }

  onRead(status: i32): void {
    if (this.stage == Stage.LOG) {
      if (status != 0) this.end(status, Problem.DEVICE);
      else this.replay.onRead();
      return;
    }
    this.isReading = false;
    if (status != 0) {
      this.end(status, Problem.DEVICE);
      return;
    }
    if (this.stage == Stage.FLUSH) {
      this.stage = Stage.META;
      return;
    }
    if (this.stage == Stage.META) {
      if (++this.at == FIRST_PAGES) this.choose();
      return;
    }
    if (this.stage == Stage.BLANK) {
      if (!isZero(this.buffer.dataStart, PAGE_BYTES)) this.end(WRONG_FORMAT, Problem.FOREIGN);
      else if (++this.at == BLANK_PAGES) this.format();
      return;
    }
    const space = this.engine.space;
    const isMap = this.stage == Stage.MAPS;
    if (!this.adopt(isMap)) {
      this.end(CORRUPT, Problem.MAP);
      return;
    }
    this.at++;
    if (!isMap && this.at == this.meta.indexes) {
      this.stage = Stage.MAPS;
      this.at = 0;
    } else if (isMap && this.at == this.maps) {
      if (!space.adopt()) this.end(CORRUPT, Problem.MAP);
      else this.beginLog();
    }
  }

  /** Looks at the four meta pages. */
  private choose(): void {
    const start = this.buffer.dataStart;
    let best: usize = 0;
    let isStore = false;
    for (let page = 0; page < META_PAGES; page++) {
      const address = start + <usize>page * PAGE_BYTES;
      if (load<u64>(address) == META_MAGIC) isStore = true;
      if (!isMetaPage(address)) continue;
      const format = load<u32>(address, META_VERSION);
      if (format < FORMAT_VERSION_MIN || format > FORMAT_VERSION) {
        this.end(WRONG_FORMAT, Problem.VERSION);
        return;
      }
      const generation = load<u64>(address, META_GENERATION);
      if (best != 0 && load<u64>(best, META_GENERATION) == generation) {
        if (memory.compare(best, address, PAGE_BYTES) != 0) {
          this.end(CORRUPT, Problem.META);
          return;
        }
      } else if (best == 0 || load<u64>(best, META_GENERATION) < generation) best = address;
    }
    if (best != 0) this.begin(best);
    else this.beginFormat(isStore);
  }

  private begin(page: usize): void {
    const engine = this.engine;
    const meta = this.meta;
    meta.read(page);
    if (meta.pages > engine.disk.pages) {
      this.end(CORRUPT, Problem.SHRUNK);
      return;
    }
    if (meta.unitBytes < engine.disk.sectorBytes) {
      this.end(WRONG_FORMAT, Problem.SECTOR);
      return;
    }
    const maps = <i32>((meta.pages + MAP_PAGE_BITS - 1) / MAP_PAGE_BITS);
    const indexes = (maps + INDEX_REFERENCES_MAX - 1) / INDEX_REFERENCES_MAX;
    const units = (meta.logPages << 12) / <u32>max(meta.unitBytes, 512);
    const root = meta.root;
    const isSound =
      load<u32>(page, META_PAGE_BYTES) == PAGE_BYTES &&
      meta.pages >= PAGES_MIN &&
      <u64>meta.logPages >= LOG_PAGES_MIN &&
      <u64>meta.logPages <= LOG_PAGES_MAX &&
      <u64>meta.logPages + META_PAGES < meta.pages &&
      (meta.unitBytes == 512 || meta.unitBytes == 4096) &&
      meta.indexes == indexes &&
      indexes <= META_INDEX_MAX &&
      meta.logPosition < units &&
      <u32>root.levels <= <u32>LEVELS_MAX &&
      (root.page == 0) == (root.levels == 0) &&
      this.isPlace(root.page, true);
    if (!isSound) {
      this.end(CORRUPT, Problem.META);
      return;
    }
    this.maps = maps;
    // A device that has grown: the room is there at once, and in the map with the next checkpoint.
    this.startSpace(engine.disk.pages);
    for (let index = 0; index < indexes; index++) {
      memory.copy(
        engine.space.reference(engine.space.maps + index),
        indexReference(page, index),
        16,
      );
      if (this.isPlace(load<u64>(indexReference(page, index)), false)) continue;
      this.end(CORRUPT, Problem.META);
      return;
    }
    for (let index = 0; index < engine.mapPages; index++) {
      const isNew =
        index < engine.space.maps ? index >= maps : index - engine.space.maps >= indexes;
      if (isNew) engine.space.setChanged(index);
    }
    this.at = 0;
    this.stage = Stage.INDEXES;
  }

  /** Where pages of the tree and of the map may be. */
  private isPlace(page: u64, orNone: bool): bool {
    const first = <u64>(META_PAGES + this.meta.logPages);
    return (orNone && page == 0) || (page >= first && page < this.meta.pages);
  }

  private startSpace(pages: u64): void {
    const engine = this.engine;
    const most = <u64>META_INDEX_MAX * INDEX_REFERENCES_MAX * MAP_PAGE_BITS;
    const used = min(pages, most);
    engine.space.start(used);
    engine.cache.firstPage = <u64>(META_PAGES + this.meta.logPages);
    engine.cache.endPage = used;
    engine.log.start(this.meta.logPages, this.meta.unitBytes);
  }

  /** A map or index page has been read. */
  private adopt(isMap: bool): bool {
    const page = this.buffer.dataStart;
    const space = this.engine.space;
    const reference = this.reference();
    const number = load<u64>(reference);
    const kind = isMap ? PageKind.MAP : PageKind.MAP_INDEX;
    if (xxh64(page, PAGE_BYTES, number) != load<u64>(reference, 8)) return false;
    if (load<u8>(page) != kind || load<u64>(page, HEAD_PAGE) != number) return false;
    if (isMap) {
      memory.copy(
        space.live + <usize>this.at * MAP_PAGE_BIT_BYTES,
        page + MAP_BITS,
        MAP_PAGE_BIT_BYTES,
      );
      return true;
    }
    const first = this.at * INDEX_REFERENCES_MAX;
    const count = min(this.maps - first, INDEX_REFERENCES_MAX);
    if (<i32>load<u16>(page, HEAD_COUNT) != count) return false;
    for (let index = 0; index < count; index++) {
      const from = page + INDEX_REFERENCES + ((<usize>index) << 4);
      if (!this.isPlace(load<u64>(from), false)) return false;
      memory.copy(space.reference(first + index), from, 16);
    }
    return true;
  }

  private beginLog(): void {
    const engine = this.engine;
    const meta = this.meta;
    // What is always in use must be marked so: nothing may be written there.
    for (let page: u64 = 0; page < engine.cache.firstPage; page++) {
      if (engine.space.isLive(page)) continue;
      this.end(CORRUPT, Problem.MAP);
      return;
    }
    engine.tree.root.assign(meta.root);
    engine.entries = meta.entries;
    engine.lastVersion = meta.lastVersion;
    engine.checkpoint.generation = meta.generation;
    engine.checkpoint.durableGeneration = meta.generation;
    const log = engine.log;
    log.identity = meta.identity;
    log.epoch = meta.epoch;
    log.head = meta.logPosition;
    log.sequence = meta.logSequence;
    log.previous = meta.logPrevious;
    log.durableSequence = meta.logSequence - 1;
    this.stage = Stage.LOG;
    this.replay.begin();
  }

  onReplayed(status: i32): void {
    this.replay.onApplied(status);
  }

  /** The log has been applied. @param hadRecords that are to count no more, or there are some behind the end */
  onLogDone(hadRecords: bool): void {
    const engine = this.engine;
    const log = engine.log;
    log.used = 0;
    log.durableSequence = log.sequence - 1;
    if (!hadRecords || !engine.writable) {
      this.open();
      return;
    }
    log.epoch++;
    log.previous = 0;
    this.stage = Stage.CHECKPOINT;
    this.isReading = false;
    this.sealLast();
  }

  /** `isReading` says that the last checkpoint has begun. */
  private sealLast(): void {
    const engine = this.engine;
    if (this.isReading || engine.checkpoint.isActive || engine.garbage.count > 0) return;
    if (engine.failure != 0) return;
    this.isReading = true;
    engine.sealNow();
  }

  onCheckpoint(): void {
    const isLast = this.stage == Stage.FORMAT || this.stage == Stage.CHECKPOINT;
    if (isLast && this.isReading) this.open();
  }

  onFailure(status: i32): void {
    if (this.stage != Stage.DONE) this.end(status, Problem.DEVICE);
  }

  private beginFormat(isStore: bool): void {
    const engine = this.engine;
    const format = engine.settings.format;
    const isBlank = this.isBlank();
    if (isStore && !isBlank) {
      this.end(CORRUPT, Problem.META);
      return;
    }
    if (format == Format.NEVER || (!isBlank && format != Format.ALWAYS)) {
      this.end(WRONG_FORMAT, isBlank ? Problem.BLANK : Problem.FOREIGN);
      return;
    }
    if (!engine.writable) {
      this.end(Errno.READONLY, Problem.BLANK);
      return;
    }
    if (format != Format.ALWAYS) this.stage = Stage.BLANK;
    else this.format();
  }

  private format(): void {
    const engine = this.engine;
    const meta = this.meta;
    const pages = engine.disk.pages;
    const clock = engine.clock;
    meta.logPages = <u32>min(max(pages >> 4, LOG_PAGES_MIN), LOG_PAGES_MAX);
    meta.unitBytes = engine.disk.sectorBytes;
    this.startSpace(pages);
    const buffer = this.buffer.dataStart;
    store<i64>(buffer, clock.wall());
    store<i64>(buffer, clock.monotonic(), 8);
    store<u64>(buffer, pages, 16);
    meta.identity = xxh64(buffer, 24, 0);
    const space = engine.space;
    for (let page: u64 = 0; page < engine.cache.firstPage; page++) {
      space.reserve(page);
      space.enliven(page);
    }
    for (let index = 0; index < engine.mapPages; index++) space.setChanged(index);
    engine.log.identity = meta.identity;
    this.stage = Stage.FORMAT;
    this.isReading = true;
    engine.sealNow();
  }

  /**
   * True if nothing is in the first pages; or only what is left when the power
   * fails while a store is made: parts of its first meta page.
   */
  private isBlank(): bool {
    const start = this.buffer.dataStart;
    for (let at: usize = 0; at < <usize>FIRST_PAGES * PAGE_BYTES; at += 8) {
      const word = load<u64>(start + at);
      if (word == 0) continue;
      if (at < <usize>PAGE_BYTES * 2 || at >= <usize>META_PAGES * PAGE_BYTES) return false;
      const offset = at & (PAGE_BYTES - 1);
      if (offset == 0 && (word & ~META_MAGIC) != 0) return false;
      if (offset == META_GENERATION && word != 1) return false;
    }
    return true;
  }

  private open(): void {
    this.stage = Stage.DONE;
    this.engine.log.durableVersion = this.engine.lastVersion;
    this.engine.log.inFlightVersion = this.engine.lastVersion;
    this.engine.onOpened(0);
  }

  /** It could not be opened. */
  end(status: i32, problem: Problem): void {
    if (this.stage == Stage.DONE) return;
    this.stage = Stage.DONE;
    this.engine.problem = problem;
    this.engine.onOpened(status == PENDING ? CORRUPT : status);
  }
}

function isZero(start: usize, bytes: usize): bool {
  for (let at: usize = 0; at < bytes; at += 8) if (load<u64>(start + at) != 0) return false;
  return true;
}
