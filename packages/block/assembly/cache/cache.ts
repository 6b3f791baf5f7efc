import { Block, CORRUPT, Errno, PENDING } from "@phantasm/interfaces";
import { observeCounters } from "@phantasm/runtime/observed";
import { Kind, WayDown } from "../operation";
import { FlushingLayer } from "../flushes";
import { Request, RequestList, RequestQueue, transferSectors } from "../layer";
import { CacheCounters, LABELS } from "./counters";
import { Frames, NO_FRAME, PAGE_BYTES } from "./frames";
import { WriteBack, WriteBackOwner } from "./write-back";

/** Write-backs in flight at once. */
const WRITE_BACKS: i32 = 4;

/** Where a flush is. */
enum Phase {
  NONE,
  /** Every page that was dirty when it began is sent. */
  SENDS,
  /** Until all of them are written. */
  WRITES,
  /** With the disk. */
  FLUSHES,
}

/**
 * A bounded write-back cache. A write is reported when it is in the cache; it reaches the disk when a flush says so,
 * or when too much of the cache is dirty. A read of what is in the cache does not reach the disk at all.
 *
 * A write that fails later cannot be reported to whom it came from: from then on the state is IO, and so is the
 * result of the flush that covers it.
 */
@final
export class Cache extends FlushingLayer implements WriteBackOwner {
  readonly counters: CacheCounters = new CacheCounters();

  private readonly way: WayDown;
  private readonly frames: Frames;
  private readonly perPage: i32;
  private readonly dirtyMax: i32;
  /** Reads that wait for the disk: pages they concern are not given up. */
  private readonly loading: RequestList = new RequestList();
  /** Discards of what is on its way to the disk. */
  private readonly held: RequestQueue = new RequestQueue();
  private firstFree: WriteBack | null = null;
  private writing: i32 = 0;
  /** Where the next page to be written back is looked for. */
  private cleaner: i32 = 0;

  private phase: Phase = Phase.NONE;
  /** How far a flush has looked for dirty pages. */
  private sent: i32 = 0;

  /**
   * @param bytes of pages it holds; what it keeps beside them is below 10 % and a MiB
   * @param dirtyPercent when more of the pages are dirty, they are written back without being asked for
   */
  constructor(disk: Block, bytes: i32, dirtyPercent: i32, requests: i32) {
    super(requests);
    this.way = new WayDown(disk);
    this.frames = new Frames(bytes / PAGE_BYTES);
    this.perPage = PAGE_BYTES / disk.sectorBytes;
    const percent = <i32>((<i64>this.frames.count * dirtyPercent) / 100);
    // Else a long write would wait for room that nobody makes.
    this.dirtyMax = min(percent, this.frames.count - this.requestSectorsMax / this.perPage - 1);
    for (let i = 0; i < WRITE_BACKS; i++) {
      const writeBack = new WriteBack(this, this.frames, disk.sectorBytes, transferSectors(disk));
      writeBack.nextFree = this.firstFree;
      this.firstFree = writeBack;
    }
    observeCounters("cache", LABELS, this.counters);
    this.openLayer();
  }

  get sectorBytes(): i32 {
    return this.way.disk.sectorBytes;
  }

  /** So small that several requests fit. */
  get requestSectorsMax(): i32 {
    return min(transferSectors(this.way.disk), (this.frames.count / 4 - 1) * this.perPage);
  }

  get roomBytes(): i32 {
    return this.requestSectorsMax * this.sectorBytes + 2 * PAGE_BYTES;
  }

  get writable(): bool {
    return this.way.disk.writable;
  }

  get discards(): bool {
    return this.way.disk.discards;
  }

  /** Pages that the disk does not have yet. */
  get dirtyPages(): i32 {
    return this.frames.dirtyCount;
  }

  protected pendingBelow(): Block | null {
    return this.way.disk.state == PENDING ? this.way.disk : null;
  }

  protected begin(): void {
    this.sectorCount = this.way.disk.sectors;
    this.decide(this.way.disk.state);
  }

  protected get isWorking(): bool {
    return this.writing > 0 || this.phase != Phase.NONE;
  }

  /** A write needs a frame for each of its pages. */
  protected admit(kind: Kind, sector: u64, sectors: i32): i32 {
    if (kind != Kind.WRITE) return 0;
    const frames = this.frames;
    const last = (sector + sectors - 1) / this.perPage;
    let needed = 0;
    for (let page = sector / this.perPage; page <= last; page++) {
      const frame = frames.find(page);
      if (frame == NO_FRAME) needed++;
      else frames.reference(frame);
    }
    while (frames.free < needed) {
      const frame = this.candidate(sector / this.perPage, last);
      if (frame == NO_FRAME) return Errno.AGAIN;
      frames.remove(frame);
    }
    return 0;
  }

  protected start(request: Request): void {
    const wants = request.wants;
    if (wants == Kind.READ) this.startRead(request);
    else if (wants == Kind.WRITE) this.startWrite(request);
    else if (wants == Kind.DISCARD) this.startDiscard(request);
    else this.askFlush(request);
  }

  advance(request: Request, status: i32): void {
    if (request.wants == Kind.FLUSH) return this.flushed(status);
    if (request.wants == Kind.READ) {
      if (
        status == CORRUPT &&
        (request.sector != request.from || request.sectors != request.count)
      ) {
        // A neighbour may be; what was asked for may not.
        request.move(Kind.READ, request.from, request.count, request.room, 0);
        return this.way.submit(request);
      }
      if (status == 0) this.loaded(request);
      this.loading.remove(request);
    }
    this.finish(request, status);
  }

  private startWrite(request: Request): void {
    const bytes = this.sectorBytes;
    let from = request.target!.dataStart + request.targetOffset;
    for (let sector = request.from; sector < request.end;) {
      const page = sector / this.perPage;
      const index = <i32>(sector % this.perPage);
      const count = <i32>min<u64>(request.end - sector, this.perPage - index);
      let frame = this.frames.find(page);
      if (frame == NO_FRAME) frame = this.frames.add(page);
      memory.copy(this.frames.address(frame) + index * bytes, from, count * bytes);
      this.frames.addValid(frame, maskOf(index, count));
      this.frames.addDirty(frame, maskOf(index, count));
      this.frames.reference(frame);
      from += count * bytes;
      sector += count;
    }
    this.finish(request, 0);
    this.clean();
  }

  private startRead(request: Request): void {
    if (this.copyOut(request)) {
      this.counters.hits++;
      this.finish(request, 0);
      return;
    }
    this.counters.misses++;
    // Whole pages, where the disk takes so many sectors at once.
    const sectorsMax = this.way.disk.requestSectorsMax;
    let from = request.from - (request.from % this.perPage);
    let end = min(this.sectorCount, request.end + this.perPage - 1);
    end -= end % this.perPage == 0 || end == this.sectorCount ? 0 : end % this.perPage;
    if (<i64>(request.end - from) > sectorsMax) from = request.from;
    if (<i64>(end - from) > sectorsMax) end = request.end;
    request.move(Kind.READ, from, <i32>(end - from), request.room, 0);
    this.loading.append(request);
    this.way.submit(request);
  }

  /** Answers a read from the frames, if all of it is there. */
  private copyOut(request: Request): bool {
    const bytes = this.sectorBytes;
    let into = request.target!.dataStart + request.targetOffset;
    for (let sector = request.from; sector < request.end;) {
      const index = <i32>(sector % this.perPage);
      const count = <i32>min<u64>(request.end - sector, this.perPage - index);
      const frame = this.frames.find(sector / this.perPage);
      const mask = maskOf(index, count);
      if (frame == NO_FRAME || (this.frames.valid(frame) & mask) != mask) return false;
      this.frames.reference(frame);
      memory.copy(into, this.frames.address(frame) + index * bytes, count * bytes);
      into += count * bytes;
      sector += count;
    }
    return true;
  }

  /** What was read goes to the frames, as far as there are any, but what they hold already is newer. */
  private loaded(request: Request): void {
    const frames = this.frames;
    const bytes = this.sectorBytes;
    const end = request.sector + request.sectors;
    let from = request.room.dataStart;
    for (let sector = request.sector; sector < end;) {
      const page = sector / this.perPage;
      const index = <i32>(sector % this.perPage);
      const count = <i32>min<u64>(end - sector, this.perPage - index);
      const frame = this.frameFor(page);
      if (frame != NO_FRAME) {
        const valid = frames.valid(frame);
        for (let i = 0; i < count; i++) {
          const held = frames.address(frame) + (index + i) * bytes;
          if ((valid & (1 << (index + i))) != 0) memory.copy(from + i * bytes, held, bytes);
          else memory.copy(held, from + i * bytes, bytes);
        }
        frames.addValid(frame, maskOf(index, count));
        frames.reference(frame);
      }
      from += count * bytes;
      sector += count;
    }
    const before = <i32>(request.from - request.sector) * bytes;
    const target = request.target!.dataStart + request.targetOffset;
    memory.copy(target, request.room.dataStart + before, request.count * bytes);
  }

  private frameFor(page: u64): i32 {
    const frame = this.frames.find(page);
    if (frame != NO_FRAME) return frame;
    if (this.frames.free == 0) {
      const candidate = this.candidate(page, page);
      if (candidate == NO_FRAME) return NO_FRAME;
      this.frames.remove(candidate);
    }
    return this.frames.add(page);
  }

  /** A frame to be given up, but none of these pages, and none that a read in flight may be older than. */
  private candidate(first: u64, last: u64): i32 {
    for (let tries = this.frames.count; tries > 0; tries--) {
      const frame = this.frames.candidate();
      if (frame == NO_FRAME) return NO_FRAME;
      const page = this.frames.page(frame);
      if ((page < first || page > last) && !this.isLoading(page)) return frame;
    }
    return NO_FRAME;
  }

  private isLoading(page: u64): bool {
    const sector = page * this.perPage;
    let request = this.loading.first;
    while (request !== null) {
      if (request.sector < sector + this.perPage && sector < request.sector + request.sectors)
        return true;
      request = request.nextRequest;
    }
    return false;
  }

  private startDiscard(request: Request): void {
    const frames = this.frames;
    const last = (request.end - 1) / this.perPage;
    for (let page = request.from / this.perPage; page <= last; page++) {
      const frame = frames.find(page);
      if (frame != NO_FRAME && frames.isWriting(frame)) return this.held.append(request);
    }
    for (let sector = request.from; sector < request.end;) {
      const index = <i32>(sector % this.perPage);
      const count = <i32>min<u64>(request.end - sector, this.perPage - index);
      const frame = frames.find(sector / this.perPage);
      if (frame != NO_FRAME) {
        frames.removeDirty(frame, maskOf(index, count));
        frames.removeValid(frame, maskOf(index, count));
      }
      sector += count;
    }
    request.kind = Kind.DISCARD;
    request.sector = request.from;
    request.sectors = request.count;
    this.way.submit(request);
  }

  /** Writes pages back while too many are dirty. */
  private clean(): void {
    if (this.phase != Phase.NONE || this.state != 0) return;
    const frames = this.frames;
    for (let steps = frames.count; steps > 0 && this.firstFree !== null; steps--) {
      if (frames.dirtyCount <= this.dirtyMax) return;
      const frame = this.cleaner;
      this.cleaner = frame + 1 < frames.count ? frame + 1 : 0;
      if (frames.dirty(frame) != 0 && !frames.isWriting(frame)) this.writeBack(frame);
    }
  }

  private writeBack(frame: i32): void {
    const writeBack = this.firstFree!;
    this.firstFree = writeBack.nextFree;
    writeBack.gather(frame);
    this.writing++;
    this.counters.writeBacks++;
    this.counters.sectorsWritten += writeBack.sectors;
    this.way.submit(writeBack);
  }

  written(writeBack: WriteBack, status: i32): void {
    writeBack.nextFree = this.firstFree;
    this.firstFree = writeBack;
    this.writing--;
    if (status != 0) this.decide(Errno.IO);
    if (this.held.first !== null) {
      const again = new RequestQueue();
      again.moveFrom(this.held);
      for (let request = again.take(); request !== null; request = again.take())
        this.startDiscard(request);
    }
    this.goOn();
    this.clean();
    this.attend();
  }

  protected beginFlush(): void {
    this.phase = Phase.SENDS;
    this.sent = 0;
    this.goOn();
  }

  /** Takes a flush as far as it gets now. */
  private goOn(): void {
    const frames = this.frames;
    while (this.phase == Phase.SENDS && this.state == 0) {
      if (this.sent == frames.count || frames.dirtyCount == 0) this.phase = Phase.WRITES;
      else if (frames.dirty(this.sent) == 0) this.sent++;
      // Written twice at once, nobody would know which is the last.
      else if (frames.isWriting(this.sent) || this.firstFree === null) return;
      else this.writeBack(this.sent);
    }
    if (this.phase == Phase.NONE || this.phase == Phase.FLUSHES || this.writing > 0) return;
    if (this.state != 0) return this.flushed(this.state);
    this.phase = Phase.FLUSHES;
    this.way.flush(this.flushRequest);
  }

  private flushed(status: i32): void {
    if (status != 0 && this.state == 0) this.decide(Errno.IO);
    this.phase = Phase.NONE;
    this.endFlush(this.state);
    this.clean();
    this.attend();
  }
}

/** Bits of `count` sectors from `index`. */
// @ts-ignore: decorator
@inline
function maskOf(index: i32, count: i32): u32 {
  return ((1 << count) - 1) << index;
}
