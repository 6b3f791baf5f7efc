import { Block, CORRUPT, Errno, PENDING } from "@phantasm/interfaces";
import { observeCounters } from "@phantasm/runtime/observed";
import { FlushingLayer } from "../flushes";
import { Request, RequestQueue, transferSectors } from "../layer";
import { Opening } from "../opening";
import { Kind, WayDown } from "../operation";
import { Batch, BatchOwner } from "./batch";
import { ChecksummedCounters, LABELS } from "./counters";
import { COPIES, Geometry } from "./format";
import { Group, GroupOwner, Groups, Mark } from "./groups";

/** Groups in memory at least: more than a batch and all reads can use. */
const GROUPS_MIN: i32 = 64;

/** Requests at most, so that there is always a group that is not in use. */
const REQUESTS_MAX: i32 = 24;

/** Times that what does not fit is read again: it may have been written meanwhile. */
const REREADS: i32 = 2;

/** Told when the disk is open. */
interface ChecksummedOpener {
  checksummedOpened(state: i32): void;
}


@final
class ChecksummedOpening extends Opening {
  constructor(
    way: WayDown,
    private readonly geometry: Geometry,
    private readonly opener: ChecksummedOpener,
  ) {
    super(way);
  }

  protected opened(state: i32): void {
    this.opener.checksummedOpened(state);
  }

  protected formatted(sector: u64, address: usize): void {
    this.geometry.writeFormatted(address, sector);
  }

  protected nextToFormat(from: u64): bool {
    const geometry = this.geometry;
    const first = geometry.groupAt(0);
    const each = geometry.groupAt(1) - first;
    const group = from <= first ? 0 : (from - first + each - 1) / each;
    this.sector = geometry.groupAt(group);
    this.sectors = COPIES;
    return group < geometry.groups;
  }
}

/** Of a read: the group that it is in, which is pinned. */
@final
class CheckedRequest extends Request {
  group: Group | null = null;
}

/**
 * A disk whose sectors are checked when they are read: a flipped bit, a sector that was written elsewhere or belongs
 * elsewhere is CORRUPT, and not handed out. See format.ts for what lies on the disk, and batch.ts for how it stays
 * whole when the power fails.
 *
 * A write that the disk has lost is found once it has been flushed, as long as the checksums stay in memory, and for
 * good when they have been written again for a neighbour. A sector whose write was cut off before it was flushed is
 * CORRUPT if the disk has torn it, and old or new otherwise; one that was discarded, or never written on a disk that
 * was not all zeros, may be CORRUPT then too. Writing to it makes it whole.
 */
@final
export class Checksummed
  extends FlushingLayer
  implements GroupOwner, BatchOwner, ChecksummedOpener
{
  readonly counters: ChecksummedCounters = new ChecksummedCounters();
  /** The sector of the last read that was CORRUPT. */
  lastCorruptSector: u64 = 0;

  private readonly way: WayDown;
  private geometry: Geometry | null = null;
  private groups: Groups | null = null;
  private batch: Batch | null = null;
  /** Reads of what was being written, which fitted neither. */
  private readonly held: RequestQueue = new RequestQueue();

  /** @param bytes of checksums that are kept in memory */
  constructor(
    disk: Block,
    private readonly bytes: i32,
    requests: i32,
  ) {
    super(min(requests, REQUESTS_MAX));
    this.way = new WayDown(disk);
    observeCounters("checksummed", LABELS, this.counters);
    this.openLayer();
  }

  get sectorBytes(): i32 {
    return this.way.disk.sectorBytes;
  }

  get requestSectorsMax(): i32 {
    return transferSectors(this.way.disk);
  }

  get writable(): bool {
    return this.way.disk.writable;
  }

  /** Sectors that are discarded read as zeros from then on. */
  get discards(): bool {
    return true;
  }

  protected pendingBelow(): Block | null {
    return this.way.disk.state == PENDING ? this.way.disk : null;
  }

  protected begin(): void {
    const disk = this.way.disk;
    if (disk.state != 0) return this.decide(disk.state);
    const geometry = new Geometry(disk.sectorBytes, disk.sectors);
    if (geometry.sectors == 0) return this.decide(Errno.NOSPACE);
    this.geometry = geometry;
    new ChecksummedOpening(this.way, geometry, this).begin();
  }

  checksummedOpened(state: i32): void {
    if (state == 0) {
      const geometry = this.geometry!;
      const count = max(GROUPS_MIN, this.bytes / (COPIES * geometry.sectorBytes));
      const groups = new Groups(geometry, this.way, this, count);
      const scratch = new Uint8Array(this.roomBytes);
      this.groups = groups;
      this.batch = new Batch(groups, this.way, this, this.requestsMax, scratch);
      this.sectorCount = geometry.sectors;
    }
    this.decide(state);
  }

  protected start(request: Request): void {
    if (request.wants == Kind.READ) return this.readPart(request);
    if (request.wants == Kind.FLUSH) return this.askFlush(request);
    if (request.wants == Kind.WRITE) request.keep();
    this.batch!.add(request);
  }

  protected makeRequest(): Request {
    return new CheckedRequest(this);
  }

  advance(request: Request, status: i32): void {
    if (request.wants != Kind.READ) this.batch!.written(request, status);
    else if (status == 0) this.checkPart(changetype<CheckedRequest>(request));
    else this.endRead(changetype<CheckedRequest>(request), status);
  }

  groupDone(group: Group, status: i32): void {
    for (let read = group.waiting.take(); read !== null; read = group.waiting.take())
      this.readFromGroup(changetype<CheckedRequest>(read));
    this.batch!.groupDone(group, status);
  }

  batchRequestDone(request: Request, status: i32): void {
    this.finish(request, status);
  }

  batchFlushed(status: i32): void {
    this.endFlush(status);
  }

  batchEnded(): void {
    const again = new RequestQueue();
    again.moveFrom(this.held);
    for (let read = again.take(); read !== null; read = again.take()) this.readPart(read);
  }

  protected beginFlush(): void {
    this.batch!.flushAsked = true;
    this.batch!.next();
  }

  /** Reads what lies in the next group; `stage` counts the sectors that are done. */
  private readPart(request: Request): void {
    const read = changetype<CheckedRequest>(request);
    const group = this.groups!.pin((read.from + read.stage) / this.geometry!.perGroup);
    read.group = group;
    if (group.isLoading) group.waiting.append(read);
    else this.readFromGroup(read);
  }

  private readFromGroup(read: CheckedRequest): void {
    const group = read.group!;
    if (group.status != 0) {
      if (group.status == CORRUPT) this.note(read.from + read.stage);
      return this.endRead(read, group.status);
    }
    const geometry = this.geometry!;
    const index = <i32>((read.from + read.stage) % geometry.perGroup);
    const count = min(read.count - read.stage, geometry.perGroup - index);
    const offset = read.targetOffset + read.stage * geometry.sectorBytes;
    read.move(Kind.READ, geometry.dataAt(group.number, index), count, read.target!, offset);
    let isWritten: bool = false;
    for (let i = 0; i < count; i++) if (group.entry(index + i).new != 0) isWritten = true;
    if (isWritten) return this.way.submit(read);
    memory.fill(read.target!.dataStart + offset, 0, count * geometry.sectorBytes);
    this.endPart(read);
  }

  private checkPart(read: CheckedRequest): void {
    const group = read.group!;
    const sector = read.from + read.stage;
    const index = <i32>(sector % this.geometry!.perGroup);
    for (let i = 0; i < read.sectors; i++) {
      const data = read.target!.dataStart + read.offset + i * this.sectorBytes;
      if (group.fits(index + i, sector + i, data)) continue;
      if (read.attempts++ < REREADS) {
        // Now, or when what is being written there has been.
        if (group.mark(index + i) != Mark.WRITING) return this.way.submit(read);
        this.unpin(read);
        return this.held.append(read);
      }
      this.note(sector + i);
      return this.endRead(read, CORRUPT);
    }
    this.endPart(read);
  }

  private endPart(read: CheckedRequest): void {
    read.stage += read.sectors;
    if (read.stage == read.count) return this.endRead(read, 0);
    read.attempts = 0;
    this.unpin(read);
    this.readPart(read);
  }

  private endRead(read: CheckedRequest, status: i32): void {
    this.unpin(read);
    if (status != 0) {
      const target = read.target!.dataStart + read.targetOffset;
      memory.fill(target, 0, read.count * this.sectorBytes);
    }
    this.finish(read, status);
  }

  private unpin(read: CheckedRequest): void {
    read.group!.pins--;
    read.group = null;
  }

  private note(sector: u64): void {
    this.counters.corruptReads++;
    this.lastCorruptSector = sector;
  }
}
