import { CORRUPT } from "@phantasm/interfaces";
import { RequestQueue } from "../layer";
import { Kind, Operation, WayDown } from "../operation";
import { COPIES, Entry, Geometry, entryOf, isZeros } from "./format";

/** What is known of a data sector beyond its entry. */
export namespace Mark {
  /** Both checksums are the same, and so it is on the disk. */
  export const SETTLED: u8 = 0;
  /** It has been written, and not flushed: the disk may still go back to `old`. */
  export const WRITTEN: u8 = 1;
  /** Two checksums that were found, or a write that failed: which of them it has nobody knows. */
  export const DOUBTFUL: u8 = 2;
  /** It is being written. */
  export const WRITING: u8 = 3;
}

const NO_GROUP: u64 = u64.MAX_VALUE;

/** Told that the checksums of a group have been read or written. */
export interface GroupOwner {
  groupDone(group: Group, status: i32): void;
}

/** The checksums of a group, in memory. */
@final
export class Group extends Operation {
  number: u64 = NO_GROUP;
  /** Whoever uses it at the moment; above 0 it stays. */
  pins: i32 = 0;
  referenced: bool = false;
  isLoading: bool = false;
  /** Not 0: why it cannot be used. */
  status: i32 = 0;
  /** It belongs to the batch that is being written, and has changed. */
  inBatch: bool = false;
  changed: bool = false;
  /** Some of its sectors are WRITTEN. */
  unsettled: bool = false;
  readonly marks: StaticArray<u8>;
  /** Reads that wait for it. */
  readonly waiting: RequestQueue = new RequestQueue();
  /** Next in its bucket. */
  next: Group | null = null;
  private generation: u64 = 0;
  /** The newest sector of checksums, then room for the other one while they are read. */
  private readonly room: Uint8Array;

  constructor(
    private readonly geometry: Geometry,
    private readonly owner: GroupOwner,
  ) {
    super();
    this.room = new Uint8Array(COPIES * geometry.sectorBytes);
    this.marks = new StaticArray<u8>(geometry.perGroup);
  }

  load(number: u64, way: WayDown): void {
    this.number = number;
    this.status = 0;
    this.unsettled = false;
    this.isLoading = true;
    this.move(Kind.READ, this.geometry.groupAt(number), COPIES, this.room, 0);
    way.submit(this);
  }

  /** Writes the next generation. */
  save(way: WayDown): void {
    const generation = ++this.generation;
    this.geometry.seal(this.room.dataStart, this.number, generation);
    this.move(Kind.WRITE, this.geometry.copyAt(this.number, generation), 1, this.room, 0);
    way.submit(this);
  }

  done(status: i32): void {
    if (this.isLoading) {
      this.isLoading = false;
      this.status = status == 0 ? this.choose() : status;
    } else if (status != 0) this.generation--; // The other one is the only one that is whole.
    this.owner.groupDone(this, status);
  }

  entry(index: i32): Entry {
    return entryOf(this.room.dataStart, index);
  }

  mark(index: i32): u8 {
    return unchecked(this.marks[index]);
  }

  /** Data that was read: false if it is not what was written. What counts as zeros is made zeros. */
  fits(index: i32, sector: u64, data: usize): bool {
    const entry = this.entry(index);
    const bytes = this.geometry.sectorBytes;
    if (entry.new == 0) {
      // Never written, or given up: whatever is there.
      memory.fill(data, 0, bytes);
      return true;
    }
    const sum = this.geometry.sum(data, sector);
    return sum == entry.new || sum == entry.old || (entry.old == 0 && isZeros(data, bytes));
  }

  /** What a doubtful sector holds was read, after a flush: it has one checksum from now on. */
  resolve(index: i32, sector: u64, data: usize): void {
    const entry = this.entry(index);
    const sum = this.geometry.sum(data, sector);
    let is = entry.new;
    if (sum == entry.old) is = sum;
    else if (sum != entry.new && entry.old == 0 && isZeros(data, this.geometry.sectorBytes)) is = 0;
    entry.old = is;
    entry.new = is;
    this.marks[index] = Mark.SETTLED;
  }

  /** What was written has been flushed. */
  settle(): void {
    if (!this.unsettled) return;
    this.unsettled = false;
    for (let index = 0; index < this.marks.length; index++) {
      if (this.marks[index] != Mark.WRITTEN) continue;
      this.marks[index] = Mark.SETTLED;
      this.entry(index).old = this.entry(index).new;
    }
  }

  private choose(): i32 {
    const geometry = this.geometry;
    const first = this.room.dataStart;
    const second = first + geometry.sectorBytes;
    const one = geometry.generationOf(first, this.number, 0);
    const other = geometry.generationOf(second, this.number, 1);
    this.generation = max(one, other);
    if (this.generation == 0) return CORRUPT;
    if (other > one) memory.copy(first, second, geometry.sectorBytes);
    for (let index = 0; index < this.marks.length; index++) {
      const entry = this.entry(index);
      this.marks[index] = entry.old == entry.new ? Mark.SETTLED : Mark.DOUBTFUL;
    }
    return 0;
  }
}

/** The groups in memory: a fixed number, of which those that were not used for long make room for others. */
@final
export class Groups {
  private readonly all: StaticArray<Group>;
  private readonly buckets: StaticArray<Group | null>;
  private readonly shift: i32;
  private hand: i32 = 0;

  constructor(
    readonly geometry: Geometry,
    private readonly way: WayDown,
    owner: GroupOwner,
    count: i32,
  ) {
    const all = new StaticArray<Group>(count);
    for (let i = 0; i < count; i++) all[i] = new Group(geometry, owner);
    this.all = all;
    const bits = 32 - <i32>clz(count - 1);
    this.buckets = new StaticArray<Group | null>(1 << bits);
    this.shift = 64 - bits;
  }

  /** Pins a group; it is loaded if it is not in memory. There are more of them than can be pinned. */
  pin(number: u64): Group {
    let group = this.find(number);
    if (group === null || (group.status != 0 && group.pins == 0)) {
      if (group !== null) this.remove(group);
      group = this.take();
      const bucket = this.bucketOf(number);
      group.next = this.buckets[bucket];
      this.buckets[bucket] = group;
      group.load(number, this.way);
    }
    group.pins++;
    group.referenced = true;
    return group;
  }

  find(number: u64): Group | null {
    let group = this.buckets[this.bucketOf(number)];
    while (group !== null && group.number != number) group = group.next;
    return group;
  }

  /** Everything that was written has been flushed. */
  settle(): void {
    for (let i = 0; i < this.all.length; i++) this.all[i].settle();
  }

  private take(): Group {
    while (true) {
      const group = this.all[this.hand];
      this.hand = this.hand + 1 < this.all.length ? this.hand + 1 : 0;
      if (group.pins > 0) continue;
      if (group.referenced) {
        group.referenced = false;
        continue;
      }
      if (group.number != NO_GROUP) this.remove(group);
      return group;
    }
  }

  private remove(group: Group): void {
    const bucket = this.bucketOf(group.number);
    let at = this.buckets[bucket]!;
    if (at === group) this.buckets[bucket] = group.next;
    else {
      while (at.next !== group) at = at.next!;
      at.next = group.next;
    }
    group.next = null;
    group.number = NO_GROUP;
  }

  private bucketOf(number: u64): i32 {
    return <i32>((number * 0x9e37_79b9_7f4a_7c15) >> this.shift);
  }
}
