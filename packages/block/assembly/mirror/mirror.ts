import { Block, CONFLICT, CORRUPT, Errno, PENDING } from "@phantasm/interfaces";
import { observeCounters } from "@phantasm/runtime/observed";
import { FlushingLayer } from "../flushes";
import { Request, RequestQueue, transferSectors } from "../layer";
import { Kind } from "../operation";
import { Copier, CopierOwner } from "./copier";
import { LABELS, MirrorCounters } from "./counters";
import { Leg, LegOwner } from "./leg";
import { DATA_AT, REGIONS_MAX, RecordFlag, RegionMap, regionSectors } from "./record";
import { Repairs } from "./repairs";
import { FIRST, MirrorRequest, SECOND, Twin, TwinOwner } from "./request";

/** A region stays in the record for so many flushes after its last write: then its next one need not wait. */
const IDLE_FLUSHES: u32 = 64;

/**
 * Two disks with the same on them. Writes go to both, reads come from one. A leg that fails is left out from then on,
 * and what was read as CORRUPT from one is taken from the other and written back.
 *
 * Where the power failed while something was written, the legs may differ. The record on each leg says in which
 * regions that may be, and before a write to a region that is not in it, it is written and flushed. When the mirror
 * is opened again, those regions are copied from the leg that is read to the other one, in the background; a leg that
 * comes back or is new gets everything. Until a region has been copied, only one leg is read there, so that what was
 * read stays what it is; if just that leg fails meanwhile, what was never flushed may go from new to old.
 */
@final
export class Mirror extends FlushingLayer implements LegOwner, TwinOwner, CopierOwner {
  readonly counters: MirrorCounters = new MirrorCounters();

  private readonly first: Leg;
  private readonly second: Leg;
  /** The leg that is read: FIRST or SECOND. */
  private source: i32 = FIRST;
  /** The other one is being rebuilt: it is no use where it is stale. */
  private behind: bool = false;
  private events: u64 = 0;

  private regionSize: u64 = 0;
  private regionCount: i32 = 0;
  /** Regions that the record says may differ; and those that a change waits for. */
  private readonly recorded: RegionMap = new RegionMap();
  private readonly wanted: RegionMap = new RegionMap();
  private readonly saving: RegionMap = new RegionMap();
  /** Counts flushes; and when each region was last written. */
  private epoch: u32 = 0;
  private readonly written: StaticArray<u32> = new StaticArray<u32>(REGIONS_MAX);

  private saves: bool = false;
  private savesAgain: bool = false;
  private saveLegs: i32 = 0;
  /** Changes that wait for a region to be in the record; and what is reported when the loss of a leg is. */
  private readonly unrecorded: RequestQueue = new RequestQueue();
  private readonly unreported: RequestQueue = new RequestQueue();
  private flushUnreported: bool = false;
  private opensWhenSaved: bool = false;

  /** Regions to be copied, and how far that has come. */
  private readonly stale: RegionMap = new RegionMap();
  private copyRegion: i32 = 0;
  private copyAt: u64 = 0;
  /** Sectors to be copied one by one: some of them are CORRUPT. */
  private singles: i32 = 0;
  private readonly copier: Copier;
  private copierRepairs: bool = false;
  private readonly repairs: Repairs = new Repairs();
  /** Changes of what the copier has. */
  private readonly lockedOut: RequestQueue = new RequestQueue();

  constructor(a: Block, b: Block, requests: i32) {
    super(requests);
    // Their owner, and the copier's, is set when all of it is there.
    this.first = new Leg(a);
    this.second = new Leg(b);
    this.copier = new Copier(min(transferSectors(a), transferSectors(b)) * a.sectorBytes);
    observeCounters("mirror", LABELS, this.counters);
    this.openLayer();
  }

  get sectorBytes(): i32 {
    return this.first.disk.sectorBytes;
  }

  get requestSectorsMax(): i32 {
    return min(transferSectors(this.first.disk), transferSectors(this.second.disk));
  }

  get writable(): bool {
    return this.first.disk.writable && this.second.disk.writable;
  }

  get discards(): bool {
    return this.first.disk.discards && this.second.disk.discards;
  }

  /** Legs that are left out. */
  get degraded(): i32 {
    return <i32>this.counters.degraded;
  }

  /** Regions that are still to be copied to the leg that is not read. */
  get staleRegions(): i32 {
    let count = 0;
    for (let region = 0; region < this.regionCount; region++) if (this.stale.has(region)) count++;
    return count;
  }

  protected pendingBelow(): Block | null {
    if (this.first.disk.state == PENDING) return this.first.disk;
    return this.second.disk.state == PENDING ? this.second.disk : null;
  }

  protected begin(): void {
    this.first.owner = this;
    this.second.owner = this;
    this.copier.owner = this;
    this.first.open(this.sectorBytes);
    this.second.open(this.sectorBytes);
  }

  legOpened(leg: Leg): void {
    if (this.first.state != PENDING && this.second.state != PENDING) this.assemble();
  }

  /** Finds out which of the legs can be used, and what they have missed. */
  private assemble(): void {
    const one = this.first;
    const other = this.second;
    if (one.state == 0 && other.state == 0) return this.assembleBoth();
    const left = one.state == 0 ? one : other;
    const lost = one.state == 0 ? other : one;
    // A new one, or one that was not finished, says nothing of what was on the other.
    if (left.state != 0 || left.record.events == 0 || (left.record.flags & RecordFlag.BEHIND) != 0)
      return this.decide(lost.state);
    this.source = left === one ? FIRST : SECOND;
    this.counters.degraded = 1;
    this.setSize(left.record.sectors);
    this.events = left.record.events;
    if ((left.record.flags & RecordFlag.ALONE) != 0) return this.decide(0);
    this.events++;
    this.opensWhenSaved = true;
    this.askSave();
  }

  private assembleBoth(): void {
    const one = this.first.record;
    const other = this.second.record;
    const flags = one.flags & other.flags;
    const oneMissed = one.events < other.events;
    const newest = oneMissed ? other : one;
    this.source = oneMissed ? SECOND : FIRST;
    if (newest.events == 0) {
      this.setSize(min(this.first.disk.sectors, this.second.disk.sectors) - DATA_AT);
      return this.openWith(1, false);
    }
    this.setSize(newest.sectors);
    this.events = newest.events;
    // Each has gone on without the other.
    const older = oneMissed ? one : other;
    if ((flags & RecordFlag.ALONE) != 0 || (older.flags & RecordFlag.ALONE) != 0)
      return this.decide(CONFLICT);
    if (one.events != other.events) {
      if ((newest.flags & RecordFlag.BEHIND) != 0) return this.decide(CORRUPT);
      for (let region = 0; region < this.regionCount; region++) this.stale.add(region);
      return this.openWith(newest.events + 1, true);
    }
    if ((flags & RecordFlag.BEHIND) != 0) return this.decide(CORRUPT);
    this.behind = ((one.flags | other.flags) & RecordFlag.BEHIND) != 0;
    if ((one.flags & RecordFlag.BEHIND) != 0) this.source = SECOND;
    for (let region = 0; region < this.regionCount; region++) {
      if (!one.regions.has(region) && !other.regions.has(region)) continue;
      this.stale.add(region);
      this.recorded.add(region);
    }
    this.openAndCopy(0);
  }

  private openWith(events: u64, behind: bool): void {
    this.events = events;
    this.behind = behind;
    this.opensWhenSaved = true;
    this.askSave();
  }

  private openAndCopy(state: i32): void {
    this.decide(state);
    this.copyNext();
  }

  private setSize(sectors: u64): void {
    this.sectorCount = sectors;
    this.regionSize = regionSectors(sectors);
    this.regionCount = <i32>((sectors + this.regionSize - 1) / this.regionSize);
  }

  private get live(): i32 {
    return (this.first.state == 0 ? FIRST : 0) | (this.second.state == 0 ? SECOND : 0);
  }

  private leg(bit: i32): Leg {
    return bit == FIRST ? this.first : this.second;
  }

  protected makeRequest(): Request {
    return new MirrorRequest(this, new Twin(this));
  }

  protected start(request: Request): void {
    const mine = changetype<MirrorRequest>(request);
    if (request.wants == Kind.READ) this.readFrom(mine, this.source);
    else if (request.wants == Kind.FLUSH) this.askFlush(request);
    else this.change(mine);
  }

  advance(request: Request, status: i32): void {
    const mine = changetype<MirrorRequest>(request);
    if (request.wants == Kind.READ) this.readDone(mine, status);
    else this.legAnswered(mine, FIRST, status);
  }

  private readFrom(request: MirrorRequest, leg: i32): void {
    request.asked = leg;
    const operation = request.operationOn(FIRST);
    this.leg(leg).way.submit(operation);
  }

  private readDone(request: MirrorRequest, status: i32): void {
    const leg = request.asked;
    const other = FIRST + SECOND - leg;
    if (status == CORRUPT) this.counters.corruptReads++;
    if (status == 0 || request.attempts > 0 || !this.isUsable(other, request))
      return this.finish(request, status);
    request.attempts = 1;
    if (status == CORRUPT) this.repairs.add(request.from, request.count, leg);
    else this.lose(leg);
    this.readFrom(request, other);
    this.copyNext();
  }

  /** The leg has what the request reads. */
  private isUsable(leg: i32, request: MirrorRequest): bool {
    if ((this.live & leg) == 0) return false;
    if (!this.behind || leg == this.source) return true;
    const region = this.stale.next(this.regionOf(request.from), this.regionCount);
    return region < 0 || region > this.regionOf(request.end - 1);
  }

  private change(request: MirrorRequest): void {
    if (this.state != 0) return this.finish(request, this.state);
    if (this.copier.isBusy && request.overlaps(this.copier.first, this.copier.end)) {
      request.keepOnce();
      return this.lockedOut.append(request);
    }
    if (!this.isRecorded(request)) {
      request.keepOnce();
      this.unrecorded.append(request);
      return this.askSave();
    }
    request.started = true;
    request.delaysCopier = false;
    request.begin(this.live);
    for (let leg = FIRST; leg <= SECOND; leg++) {
      if ((request.asked & leg) == 0) continue;
      const way = this.leg(leg).way;
      const operation = request.operationOn(leg);
      if (request.wants == Kind.WRITE && request.target !== request.room) {
        if (way.offer(operation)) continue;
        request.keep();
        request.operationOn(leg);
      }
      way.submit(operation);
    }
  }

  /** The record says of all its regions that they may differ; else that is wanted. */
  private isRecorded(request: MirrorRequest): bool {
    if (this.degraded > 0) return true;
    let recorded: bool = true;
    const last = this.regionOf(request.end - 1);
    for (let region = this.regionOf(request.from); region <= last; region++) {
      this.written[region] = this.epoch;
      // A record on its way may be durable, and without it, at any moment.
      if (this.recorded.has(region) && (!this.saves || this.saving.has(region))) continue;
      this.wanted.add(region);
      recorded = false;
    }
    return recorded;
  }

  legAnswered(request: MirrorRequest, leg: i32, status: i32): void {
    if (!request.answered(leg, status)) return;
    const outcome = this.outcomeOf(request);
    if (request.wants == Kind.FLUSH) return this.flushed(outcome);
    request.started = false;
    if (request.delaysCopier && --this.copier.waitsFor == 0) this.copier.start();
    // The leg that has it is known to be the one to be read before it is reported.
    request.status = outcome;
    if (this.saves && this.degraded > 0) this.unreported.append(request);
    else this.finish(request, outcome);
  }

  /** 0 if a leg that counts has done it; one that has not is lost. */
  private outcomeOf(request: MirrorRequest): i32 {
    const live = this.live;
    let good = request.asked & ~request.failed & live;
    if (this.behind) good &= this.source;
    if (good == 0) return request.failure != 0 ? request.failure : Errno.IO;
    const bad = request.failed & live;
    if (bad != 0) this.lose(bad);
    return 0;
  }

  protected beginFlush(): void {
    const request = changetype<MirrorRequest>(this.flushRequest);
    request.begin(this.live);
    for (let leg = FIRST; leg <= SECOND; leg++)
      if ((request.asked & leg) != 0) this.leg(leg).way.submit(request.operationOn(leg));
  }

  private flushed(outcome: i32): void {
    if (outcome == 0) this.epoch++;
    else if (this.state == 0) this.decide(Errno.IO);
    if (outcome == 0 && this.saves && this.degraded > 0) this.flushUnreported = true;
    else this.endFlush(outcome);
  }

  /** Goes on without a leg; the other one is whole. */
  private lose(leg: i32): void {
    this.leg(leg).state = Errno.IO;
    this.source = FIRST + SECOND - leg;
    this.counters.degraded++;
    this.behind = false;
    this.stale.clear();
    this.repairs.count = 0;
    this.events++;
    this.askSave();
  }

  private askSave(): void {
    if (this.saves) this.savesAgain = true;
    else this.save();
  }

  private save(): void {
    this.saves = true;
    this.savesAgain = false;
    const map = this.saving;
    map.clear();
    if (this.degraded == 0) {
      for (let region = 0; region < this.regionCount; region++) {
        const isActive =
          this.recorded.has(region) && this.epoch - this.written[region] < IDLE_FLUSHES;
        if (isActive || this.wanted.has(region) || this.stale.has(region)) map.add(region);
      }
    }
    this.wanted.clear();
    this.saveLegs = this.live;
    // Both are asked before one can answer.
    const legs = this.saveLegs;
    for (let bit = FIRST; bit <= SECOND; bit++) if ((legs & bit) != 0) this.saveOn(bit);
  }

  private saveOn(bit: i32): void {
    const record = this.leg(bit).record;
    record.events = this.events;
    record.sectors = this.sectorCount;
    record.flags = this.degraded > 0 ? RecordFlag.ALONE : 0;
    if (this.behind && bit != this.source) record.flags = RecordFlag.BEHIND;
    record.regions.copy(this.saving);
    this.leg(bit).save();
  }

  legRecorded(leg: Leg, status: i32): void {
    const bit = leg === this.first ? FIRST : SECOND;
    if (status != 0 && leg.state == 0) {
      const isNeeded = this.behind ? bit == this.source : this.live == bit;
      if (!isNeeded) this.lose(bit);
      else if (this.state == 0 || this.state == PENDING) this.decide(status);
    }
    this.saveLegs &= ~bit;
    if (this.saveLegs != 0) return;
    this.recorded.copy(this.saving);
    if (this.savesAgain && (this.state == 0 || this.state == PENDING)) return this.save();
    this.saves = false;
    this.saved();
  }

  /** The record is as it has to be: what has waited for that goes on. */
  private saved(): void {
    if (this.opensWhenSaved) {
      this.opensWhenSaved = false;
      if (this.state == PENDING) this.decide(0);
    }
    for (let done = this.unreported.take(); done !== null; done = this.unreported.take())
      this.finish(done, this.state != 0 ? this.state : done.status);
    if (this.flushUnreported) {
      this.flushUnreported = false;
      this.endFlush(this.state);
    }
    this.restart(this.unrecorded);
    this.copyNext();
  }

  private restart(queue: RequestQueue): void {
    const again = new RequestQueue();
    again.moveFrom(queue);
    for (let request = again.take(); request !== null; request = again.take())
      this.change(changetype<MirrorRequest>(request));
  }

  private regionOf(sector: u64): i32 {
    return <i32>(sector / this.regionSize);
  }

  /** Begins to repair a place, or to copy a part of a stale region. */
  private copyNext(): void {
    if (this.copier.isBusy || this.degraded > 0 || this.state != 0) return;
    this.copierRepairs = this.repairs.count > 0;
    if (this.copierRepairs) {
      const repairs = this.repairs;
      const to = repairs.leg;
      this.lock(FIRST + SECOND - to, to, repairs.sector, repairs.length);
      repairs.count--;
      return;
    }
    const region = this.stale.next(this.copyRegion, this.regionCount);
    if (region < 0) return;
    if (region != this.copyRegion) this.copyAt = 0;
    this.copyRegion = region;
    const begin = <u64>region * this.regionSize + this.copyAt;
    const end = min(this.sectorCount, <u64>(region + 1) * this.regionSize);
    const most = this.singles > 0 ? 1 : this.requestSectorsMax;
    const sectors = <i32>min<u64>(end - begin, most);
    this.lock(this.source, FIRST + SECOND - this.source, begin, sectors);
  }

  private lock(from: i32, to: i32, sector: u64, sectors: i32): void {
    const copier = this.copier;
    copier.lock(this.leg(from), this.leg(to), sector, sectors);
    for (let request = this.open.first; request !== null; request = request!.nextRequest) {
      const mine = changetype<MirrorRequest>(request);
      if (!mine.started || !mine.overlaps(copier.first, copier.end)) continue;
      mine.delaysCopier = true;
      copier.waitsFor++;
    }
    if (copier.waitsFor == 0) copier.start();
  }

  copied(leg: Leg, status: i32): void {
    const bit = leg === this.first ? FIRST : SECOND;
    if (this.degraded == 0 && this.state == 0) {
      if (status == 0) this.copyDone();
      else if (this.copier.kind == Kind.WRITE) this.lose(bit);
      else if (!this.copierRepairs) this.copyFailed(status);
    }
    this.restart(this.lockedOut);
    this.copyNext();
    this.attend();
  }

  /** What cannot be read cannot be copied. */
  private copyFailed(status: i32): void {
    const copier = this.copier;
    if (status != CORRUPT) {
      // The region stays stale, until the mirror is opened again.
      this.copyRegion++;
      this.singles = 0;
    } else if (copier.end - copier.first > 1) this.singles = <i32>(copier.end - copier.first);
    else {
      // The other leg may have it; if not, nobody has.
      if (!this.behind) this.repairs.add(copier.first, 1, this.source);
      this.copyDone();
    }
  }

  private copyDone(): void {
    if (this.copierRepairs) {
      this.counters.repaired++;
      return;
    }
    if (this.singles > 0) this.singles--;
    const region = this.copyRegion;
    this.written[region] = this.epoch;
    this.copyAt = this.copier.end - <u64>region * this.regionSize;
    if (this.copyAt < this.regionSize && this.copier.end < this.sectorCount) return;
    this.copyAt = 0;
    this.copyRegion++;
    this.stale.remove(region);
    if (!this.behind || this.stale.next(0, this.regionCount) >= 0) return;
    this.behind = false;
    this.askSave();
  }
}
