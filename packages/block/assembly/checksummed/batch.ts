import { Request, RequestQueue } from "../layer";
import { Kind, Operation, WayDown } from "../operation";
import { Group, Groups, Mark } from "./groups";

/** Groups that a batch may concern: half of the least there are. */
const BATCH_GROUPS_MAX: i32 = 32;

/** Told what has become of a request, or of the flushes that were waiting. */
export interface BatchOwner {
  batchRequestDone(request: Request, status: i32): void;
  batchFlushed(status: i32): void;
  /** Sectors that were being written are not any more. */
  batchEnded(): void;
}

enum Step {
  NOTHING,
  FLUSHES,
  /** Reads the checksums of all sectors that will change. */
  LOADS,
  /** Makes what was written before durable, where a sector would else have three states. */
  SETTLES,
  /** Sees which of two states a sector has. */
  RESOLVES,
  /** Writes the checksums, */
  SAVES,
  /** makes them durable, */
  SEALS,
  /** and only then writes the data. */
  WRITES,
}

/**
 * Changes, many at once: however it ends, each sector has a checksum on the disk that fits what it holds, because the
 * new checksum is durable beside the old one before the data is written. That takes a flush for each batch; what
 * comes while one is under way makes up the next.
 */
@final
export class Batch extends Operation {
  /** A flush of the disk has been asked for. */
  flushAsked: bool = false;
  private step: Step = Step.NOTHING;
  private readonly waiting: RequestQueue = new RequestQueue();
  private readonly requests: StaticArray<Request | null>;
  private count: i32 = 0;
  private readonly groups: StaticArray<Group | null> = new StaticArray<Group | null>(
    BATCH_GROUPS_MAX + 16,
  );
  private groupCount: i32 = 0;
  /** Operations that the step waits for. */
  private pending: i32 = 0;
  private failure: i32 = 0;
  /** Doubtful sectors that are being read. */
  private doubtful: Group | null = null;
  private doubtfulFrom: i32 = 0;
  private doubtfulSector: u64 = 0;

  constructor(
    private readonly table: Groups,
    private readonly way: WayDown,
    private readonly owner: BatchOwner,
    requestsMax: i32,
    private readonly scratch: Uint8Array,
  ) {
    super();
    this.requests = new StaticArray<Request | null>(requestsMax);
  }

  /** The data of a write is kept. */
  add(request: Request): void {
    this.waiting.append(request);
    this.next();
  }

  /** Begins a flush or a batch, if there is nothing under way. */
  next(): void {
    if (this.step != Step.NOTHING) return;
    if (this.flushAsked) {
      this.flushAsked = false;
      this.step = Step.FLUSHES;
      this.way.flush(this);
    } else if (this.waiting.first !== null) this.collect();
  }

  done(status: i32): void {
    const step = this.step;
    if (step == Step.FLUSHES) {
      if (status == 0) this.table.settle();
      this.step = Step.NOTHING;
      this.owner.batchFlushed(status);
      this.next();
      return;
    }
    if (status != 0) return this.fail(status);
    if (step == Step.SETTLES) {
      this.table.settle();
      this.resolve();
    } else if (step == Step.RESOLVES) {
      this.resolved();
      this.resolve();
    } else {
      this.table.settle();
      this.write();
    }
  }

  /** The checksums of a group that it has asked for have been read or written. */
  groupDone(group: Group, status: i32): void {
    if (!group.inBatch) return;
    if (status != 0 && this.step == Step.SAVES) this.failure = status;
    if (--this.pending > 0) return;
    if (this.step == Step.LOADS) this.prepare();
    else if (this.failure != 0) this.fail(this.failure);
    else {
      this.step = Step.SEALS;
      this.way.flush(this);
    }
  }

  /** A request's data, or a part of it, has been written. */
  written(request: Request, status: i32): void {
    if (status == 0) {
      request.stage += request.sectors;
      if (request.stage < request.count) return this.writePart(request);
    }
    this.mark(request, status == 0 ? Mark.WRITTEN : Mark.DOUBTFUL);
    this.owner.batchRequestDone(request, status);
    if (--this.pending == 0) this.end();
  }

  private collect(): void {
    this.step = Step.LOADS;
    this.count = 0;
    this.groupCount = 0;
    this.failure = 0;
    // Held up by one more, until all are pinned.
    this.pending = 1;
    for (let request = this.waiting.first; request !== null; request = this.waiting.first) {
      const perGroup = this.table.geometry.perGroup;
      const first = request.from / perGroup;
      const last = (request.end - 1) / perGroup;
      const groups = <i32>(last - first) + 1;
      if (this.count > 0 && (this.groupCount + groups > BATCH_GROUPS_MAX || this.overlaps(request)))
        break;
      this.waiting.take();
      this.requests[this.count++] = request;
      for (let number = first; number <= last; number++) this.pin(number);
    }
    if (--this.pending == 0) this.prepare();
  }

  /** Two that overlap have no order, but each of them has its checksums. */
  private overlaps(request: Request): bool {
    for (let i = 0; i < this.count; i++)
      if (this.requests[i]!.overlaps(request.from, request.end)) return true;
    return false;
  }

  private pin(number: u64): void {
    const known = this.table.find(number);
    if (known !== null && known.inBatch) return;
    const group = this.table.pin(number);
    group.inBatch = true;
    group.changed = false;
    this.groups[this.groupCount++] = group;
    if (group.isLoading) this.pending++;
  }

  private prepare(): void {
    // Requests whose checksums cannot be read are done.
    let kept = 0;
    for (let i = 0; i < this.count; i++) {
      const request = this.requests[i]!;
      const status = this.statusOf(request);
      if (status == 0) this.requests[kept++] = request;
      else this.owner.batchRequestDone(request, status);
    }
    this.count = kept;
    if (kept == 0) return this.end();
    this.step = Step.SETTLES;
    for (let i = 0; i < kept; i++)
      if (this.hasMark(this.requests[i]!, Mark.WRITTEN, Mark.DOUBTFUL)) return this.way.flush(this);
    this.save();
  }

  private statusOf(request: Request): i32 {
    const perGroup = this.table.geometry.perGroup;
    for (let number = request.from / perGroup; number <= (request.end - 1) / perGroup; number++) {
      const status = this.table.find(number)!.status;
      if (status != 0) return status;
    }
    return 0;
  }

  private hasMark(request: Request, one: u8, other: u8): bool {
    const perGroup = this.table.geometry.perGroup;
    for (let sector = request.from; sector < request.end; sector++) {
      const mark = this.table.find(sector / perGroup)!.mark(<i32>(sector % perGroup));
      if (mark == one || mark == other) return true;
    }
    return false;
  }

  /** Reads the next doubtful sectors that are in a row; goes on when there are none. */
  private resolve(): void {
    const geometry = this.table.geometry;
    this.step = Step.RESOLVES;
    for (let i = 0; i < this.count; i++) {
      const request = this.requests[i]!;
      for (let sector = request.from; sector < request.end; sector++) {
        const group = this.table.find(sector / geometry.perGroup)!;
        const index = <i32>(sector % geometry.perGroup);
        if (group.mark(index) != Mark.DOUBTFUL) continue;
        const most = <i32>min<u64>(request.end - sector, geometry.perGroup - index);
        let count = 1;
        while (count < most && group.mark(index + count) == Mark.DOUBTFUL) count++;
        this.doubtful = group;
        this.doubtfulFrom = index;
        this.doubtfulSector = sector;
        const at = geometry.dataAt(group.number, index);
        this.move(Kind.READ, at, count, this.scratch, 0);
        return this.way.submit(this);
      }
    }
    this.doubtful = null;
    this.save();
  }

  private resolved(): void {
    const bytes = this.table.geometry.sectorBytes;
    for (let i = 0; i < this.sectors; i++) {
      const data = this.scratch.dataStart + i * bytes;
      this.doubtful!.resolve(this.doubtfulFrom + i, this.doubtfulSector + i, data);
    }
  }

  private save(): void {
    this.step = Step.SAVES;
    for (let i = 0; i < this.count; i++) this.note(this.requests[i]!);
    this.pending = 1;
    for (let i = 0; i < this.groupCount; i++) {
      const group = this.groups[i]!;
      if (!group.changed) continue;
      this.pending++;
      group.save(this.way);
    }
    if (--this.pending > 0) return;
    // The data is what it was: nothing to be made durable first.
    this.write();
  }

  /** Enters the new checksums of a request. */
  private note(request: Request): void {
    const geometry = this.table.geometry;
    const data = request.wants == Kind.WRITE ? request.target!.dataStart : 0;
    for (let i = 0; i < request.count; i++) {
      const sector = request.from + i;
      const group = this.table.find(sector / geometry.perGroup)!;
      const index = <i32>(sector % geometry.perGroup);
      const sum = data == 0 ? 0 : geometry.sum(data + i * geometry.sectorBytes, sector);
      const entry = group.entry(index);
      if (entry.new != sum) group.changed = true;
      entry.new = sum;
      group.marks[index] = Mark.WRITING;
    }
  }

  private write(): void {
    this.step = Step.WRITES;
    const count = this.count;
    this.pending = count;
    for (let i = 0; i < count; i++) this.writePart(this.requests[i]!);
  }

  private writePart(request: Request): void {
    const geometry = this.table.geometry;
    const sector = request.from + request.stage;
    const index = <i32>(sector % geometry.perGroup);
    const count = min(request.count - request.stage, geometry.perGroup - index);
    const at = geometry.dataAt(sector / geometry.perGroup, index);
    request.kind = request.wants;
    request.sector = at;
    request.sectors = count;
    if (request.wants == Kind.WRITE) {
      request.buffer = request.target;
      request.offset = request.stage * geometry.sectorBytes;
    }
    this.way.submit(request);
  }

  private mark(request: Request, mark: u8): void {
    const geometry = this.table.geometry;
    for (let sector = request.from; sector < request.end; sector++) {
      const group = this.table.find(sector / geometry.perGroup)!;
      group.marks[<i32>(sector % geometry.perGroup)] = mark;
      if (mark == Mark.WRITTEN) group.unsettled = true;
    }
  }

  /** Before any data was written. */
  private fail(status: i32): void {
    for (let i = 0; i < this.count; i++) {
      const request = this.requests[i]!;
      if (this.step >= Step.SAVES) this.mark(request, Mark.DOUBTFUL);
      this.owner.batchRequestDone(request, status);
    }
    this.end();
  }

  private end(): void {
    for (let i = 0; i < this.groupCount; i++) {
      const group = this.groups[i]!;
      group.inBatch = false;
      group.pins--;
      this.groups[i] = null;
    }
    for (let i = 0; i < this.count; i++) this.requests[i] = null;
    this.step = Step.NOTHING;
    this.owner.batchEnded();
    this.next();
  }
}
