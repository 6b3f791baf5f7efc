/**
 * For tests: makes requests of every kind to a disk built on TestDisks, many at once, and compares with an array.
 * What a sector holds follows from the number of the write, so after a crash every sector tells which write it
 * is from.
 */
import { Block, BlockHandler, BlockWaiter, CORRUPT, Errno } from "@phantasm/interfaces";
import { dispatch } from "@phantasm/runtime";
import { expect } from "@phantasm/testing";
import { SectorReader, settle } from "./sector-reader";
import { TestDisk, TestRandom } from "./testing";

export { SectorReader, settle } from "./sector-reader";

/** Makes the disk that is tested. Called again for what is left after a crash. */
export abstract class Maker {
  /** TestDisks it needs. */
  legs: i32 = 1;
  /** Sectors of a TestDisk. */
  below: u64 = 256;
  sectorBytes: i32 = 512;
  /** A sector whose write was not flushed may be reported CORRUPT after a crash that tore it. */
  mayBeCorrupt: bool = false;

  abstract make(disks: TestDisk[]): Block;
}

/** Where a request is, by its tag. */
enum Slot {
  FREE,
  READ,
  WRITE,
  FLUSH,
  DISCARD,
}

/** A sector holds anything. */
const ANYTHING: i32 = -1;

/** A flush that was reported 0: the writes before `number` are durable in every crash at `moment` or later. */
@final
class Durable {
  constructor(
    readonly number: i32,
    readonly moment: i32,
  ) {}
}

const REQUESTS: i32 = 12;
const SECTORS_MAX: i32 = 24;

/** Fills a sector with what a write puts there. */
function fill(address: usize, bytes: i32, sector: i32, number: i32): void {
  let word: u64 = ((<u64>number) << 32) | (<u64>sector);
  for (let at = 0; at < bytes; at += 8) {
    store<u64>(address + at, word);
    word = (word ^ (word >> 29)) * 0xbf58476d1ce4e5b9 + at;
  }
}


@final
export class Exercise implements BlockHandler, BlockWaiter {
  readonly random: TestRandom;
  readonly disks: TestDisk[];
  readonly disk: Block;
  /** Requests that were answered with an error, or reported one, and how many were reported in all. */
  refused: i32 = 0;
  failed: i32 = 0;
  reported: i32 = 0;
  /** Errors are part of the test. */
  faults: bool = false;
  discards: bool = true;
  flushOften: i32 = 8;

  private readonly sectors: i32;
  private readonly sectorBytes: i32;
  private readonly slots: StaticArray<Slot> = new StaticArray<Slot>(REQUESTS);
  private readonly froms: StaticArray<i32> = new StaticArray<i32>(REQUESTS);
  private readonly counts: StaticArray<i32> = new StaticArray<i32>(REQUESTS);
  private readonly numbers: StaticArray<i32> = new StaticArray<i32>(REQUESTS);
  private readonly buffers: Uint8Array[] = [];
  private readonly scratch: Uint8Array;
  private outstanding: i32 = 0;
  private called: bool = true;
  private number: i32 = 0;
  /** Sectors that a request in flight concerns. */
  private readonly busy: StaticArray<bool>;
  /** The write each holds; ANYTHING after a discard or a failed write. */
  private readonly holds: StaticArray<i32>;
  /** Numbers of writes that failed. */
  private readonly failures: Set<i32> = new Set<i32>();
  /** Of each sector the numbers of its writes, in their order; negative: a discard. */
  private readonly history: i32[][] = [];
  private readonly durable: Durable[] = [];
  /** Lengths of the journals after every request that a TestDisk has reported. */
  private readonly moments: i32[] = [];

  /** What each sector held at the beginning: "write 0". */
  private readonly first: Uint8Array;

  /**
   * @param disks with what was left on them; else they are new ones
   * @param known what the disk that is tested holds, if it is not to be read first
   */
  constructor(
    private readonly maker: Maker,
    readonly seed: u64,
    disks: TestDisk[] = [],
    known: Uint8Array | null = null,
  ) {
    this.random = new TestRandom(seed * 0x9e37_79b9_7f4a_7c15 + 1);
    for (let leg = disks.length; leg < maker.legs; leg++)
      disks.push(new TestDisk(maker.below, maker.sectorBytes, seed * 31 + leg + 1));
    const disk = maker.make(disks);
    settle(disk, disks);
    if (disk.state != 0) expect(`seed ${seed}: state ${disk.state}`).toBe("0");
    const sectors = <i32>disk.sectors;
    this.disks = disks;
    this.disk = disk;
    this.sectors = sectors;
    this.sectorBytes = disk.sectorBytes;
    this.scratch = new Uint8Array(disk.sectorBytes);
    this.busy = new StaticArray<bool>(sectors);
    this.holds = new StaticArray<i32>(sectors);
    this.first = new Uint8Array(sectors * disk.sectorBytes);
    for (let i = 0; i < REQUESTS; i++)
      this.buffers.push(new Uint8Array(SECTORS_MAX * disk.sectorBytes + 8));
    if (known !== null) this.first.set(changetype<Uint8Array>(known));
    const reader = new SectorReader(disk, disks);
    for (let sector = 0; sector < sectors; sector++) {
      const status = known === null ? reader.read(sector) : 0;
      if (known === null) this.first.set(reader.buffer, sector * disk.sectorBytes);
      // What a crash has torn may be found so again, or not.
      this.history.push(status == 0 ? [0] : [ANYTHING]);
      if (status != 0) this.holds[sector] = ANYTHING;
    }
    this.note();
  }

  /** What the TestDisks hold now is what crashes begin with. */
  record(): void {
    for (let leg = 0; leg < this.disks.length; leg++) {
      this.disks[leg].forgetJournal();
      this.disks[leg].records = true;
    }
    this.moments.length = 0;
    this.note();
  }

  shuffle(): void {
    for (let leg = 0; leg < this.disks.length; leg++) {
      this.disks[leg].shuffles = true;
      this.disks[leg].readsEarly = true;
    }
  }

  /** Makes so many requests, and waits for all. */
  run(requests: i32): void {
    for (let made = 0; made < requests; made++) {
      this.one();
      if (this.random.below(3) == 0) this.progress();
    }
    this.settle();
  }

  /** Waits for all reports. */
  settle(): void {
    for (let rounds = 0; this.outstanding > 0; rounds++) {
      this.require(rounds < 100_000, "every request is reported");
      this.progress();
    }
    dispatch();
  }

  flush(): i32 {
    const failed = this.failed + this.refused;
    this.submit(Slot.FLUSH, 0, 0);
    this.settle();
    return this.failed + this.refused - failed;
  }

  /** Reads all, and compares. */
  verify(): void {
    for (let sector = 0; sector < this.sectors;) {
      const count = min(SECTORS_MAX, min(this.disk.requestSectorsMax, this.sectors - sector));
      this.submit(Slot.READ, sector, count);
      this.settle();
      sector += count;
    }
  }

  require(holds: bool, what: string): void {
    if (!holds) expect(`seed ${this.seed}: not so`).toBe(what);
  }

  onBlock(tag: i32, status: i32): void {
    const slot = this.slots[tag];
    this.require(slot != Slot.FREE, "a request is reported once");
    this.slots[tag] = Slot.FREE;
    this.outstanding--;
    this.reported++;
    const from = this.froms[tag];
    const count = this.counts[tag];
    for (let sector = from; sector < from + count; sector++) this.busy[sector] = false;
    if (status != 0) {
      this.failed++;
      let excused = this.faults && status < 0;
      if (slot == Slot.READ && status == CORRUPT && this.maker.mayBeCorrupt)
        for (let at = from; at < from + count; at++) if (this.holds[at] == ANYTHING) excused = true;
      this.require(excused, `status ${status} is 0`);
      if (slot != Slot.READ) this.failures.add(this.numbers[tag]);
    }
    if (slot == Slot.READ && status == 0) this.compare(tag, from, count);
    else if (slot == Slot.WRITE || slot == Slot.DISCARD) {
      const holds = status == 0 && slot == Slot.WRITE ? this.numbers[tag] : ANYTHING;
      for (let sector = from; sector < from + count; sector++) this.holds[sector] = holds;
    } else if (slot == Slot.FLUSH && status == 0)
      this.durable.push(new Durable(this.numbers[tag], this.moments.length / this.disks.length));
    if (this.random.below(3) == 0) this.one();
  }

  onBlockReady(): void {
    this.called = true;
  }

  /** A request of chance, if there is room for one. */
  private one(): void {
    const choice = this.random.below(20);
    let count = 1 + <i32>this.random.below(this.random.below(4) == 0 ? SECTORS_MAX : 3);
    count = min(count, min(this.sectors, this.disk.requestSectorsMax));
    let from = <i32>this.random.below(this.sectors - count + 1);
    // Some sectors are in favour.
    if (this.random.below(2) == 0) from = from / 16;
    if (<i32>choice < 20 / this.flushOften + 1) return this.submit(Slot.FLUSH, 0, 0);
    if (choice < 11) return this.submit(Slot.READ, from, count);
    if (choice < 19 || !this.discards) return this.submit(Slot.WRITE, from, count);
    this.submit(Slot.DISCARD, from, count);
  }

  private submit(kind: Slot, from: i32, count: i32): void {
    let tag = 0;
    while (tag < REQUESTS && this.slots[tag] != Slot.FREE) tag++;
    if (tag == REQUESTS || !this.called) return;
    for (let sector = from; sector < from + count; sector++) if (this.busy[sector]) return;
    const buffer = this.buffers[tag];
    const offset = <i32>this.random.below(8);
    const number = ++this.number;
    if (kind == Slot.WRITE) {
      for (let i = 0; i < count; i++) {
        const address = buffer.dataStart + offset + i * this.sectorBytes;
        fill(address, this.sectorBytes, from + i, number);
      }
    }
    this.froms[tag] = from;
    this.counts[tag] = count;
    this.numbers[tag] = number;
    this.slots[tag] = kind;
    this.outstanding++;
    const answer = this.ask(kind, from, count, buffer, offset, tag);
    if (answer == 0) {
      for (let sector = from; sector < from + count; sector++) {
        this.busy[sector] = true;
        if (kind == Slot.WRITE) this.history[sector].push(number);
        if (kind == Slot.DISCARD) this.history[sector].push(-number);
      }
      // The data of a write is copied; a read's buffer is the disk's.
      if (kind == Slot.WRITE) memory.fill(buffer.dataStart, 0xaa, buffer.length);
      return;
    }
    this.slots[tag] = Slot.FREE;
    this.outstanding--;
    if (answer == Errno.AGAIN) {
      this.called = false;
      this.disk.whenReady(this);
      this.require(!this.called, "whenReady does not call from inside");
      return;
    }
    this.refused++;
    this.require(this.faults, `answer ${answer} is 0`);
  }

  private ask(kind: Slot, from: i32, count: i32, buffer: Uint8Array, offset: i32, tag: i32): i32 {
    const disk = this.disk;
    const before = this.reported;
    let answer = 0;
    if (kind == Slot.READ) {
      this.numbers[tag] = offset;
      answer = disk.read(from, count, buffer, offset, this, tag);
    } else if (kind == Slot.WRITE) answer = disk.write(from, count, buffer, offset, this, tag);
    else if (kind == Slot.FLUSH) answer = disk.flush(this, tag);
    else answer = disk.discard(from, count, this, tag);
    this.require(this.reported == before, "no report from inside a call");
    return answer;
  }

  private compare(tag: i32, from: i32, count: i32): void {
    const address = this.buffers[tag].dataStart + this.numbers[tag];
    for (let i = 0; i < count; i++) {
      const holds = this.holds[from + i];
      if (holds == ANYTHING) continue;
      this.expectWrite(from + i, holds);
      const same = memory.compare(
        this.scratch.dataStart,
        address + i * this.sectorBytes,
        this.sectorBytes,
      );
      this.require(same == 0, `sector ${from + i} reads as write ${holds} left it`);
    }
  }

  /** What a sector holds after a write: in `scratch`. */
  private expectWrite(sector: i32, number: i32): void {
    const bytes = this.sectorBytes;
    if (number != 0) fill(this.scratch.dataStart, bytes, sector, number);
    else memory.copy(this.scratch.dataStart, this.first.dataStart + sector * bytes, bytes);
  }

  private progress(): void {
    const leg = this.disks.length == 1 ? 0 : <i32>this.random.below(this.disks.length);
    this.disks[leg].run(1 + <i32>this.random.below(2));
    dispatch();
    this.note();
  }

  private note(): void {
    for (let leg = 0; leg < this.disks.length; leg++)
      this.moments.push(this.disks[leg].journalLength);
  }

  /** Moments at which `crash` can happen. */
  get momentsSeen(): i32 {
    return this.moments.length / this.disks.length;
  }

  /**
   * Makes of these TestDisks (empty ones) what is left after a crash at a moment, opens it, and looks at every sector:
   * what was flushed is there, and what was not is old, new, or torn. `before` is what the disks held when `record`
   * was called.
   */
  crash(moment: i32, before: Uint8Array[], left: TestDisk[], randomSeed: u64): Block {
    const random = new TestRandom(randomSeed * 2 + 1);
    for (let leg = 0; leg < left.length; leg++) {
      const image = left[leg].content;
      image.set(before[leg]);
      this.disks[leg].crash(this.moments[moment * left.length + leg], random, image);
    }
    return this.look(moment, left, `crash at ${moment}, ${randomSeed}`);
  }

  /** The same for disks that were left behind as they are: whatever failed, what was flushed is there. */
  leave(left: TestDisk[]): void {
    for (let leg = 0; leg < left.length; leg++) left[leg].content.set(this.disks[leg].content);
    this.look(i32.MAX_VALUE, left, "after errors");
  }

  private look(moment: i32, left: TestDisk[], when: string): Block {
    const disk = this.maker.make(left);
    settle(disk, left);
    this.require(disk.state == 0, `it opens, ${when}: ${disk.state} is 0`);
    let covered = 0;
    for (let i = 0; i < this.durable.length; i++)
      if (this.durable[i].moment <= moment) covered = max(covered, this.durable[i].number);
    const reader = new SectorReader(disk, left);
    for (let sector = 0; sector < this.sectors; sector++) {
      const status = reader.read(sector);
      const floor = this.floorOf(sector, covered);
      const history = this.history[sector];
      const isOpen = floor < history.length - 1 || history[floor] < 0;
      const what = `sector ${sector}, ${when}`;
      if (status == CORRUPT && isOpen && this.mayBeCorrupt()) continue;
      this.require(status == 0, `${what}: status ${status} is 0`);
      this.require(
        this.isAllowed(reader.buffer, sector, floor),
        `${what}: one of its writes from ${floor} on`,
      );
    }
    return disk;
  }

  /** Index in the history of a sector of its last write that is durable. */
  private floorOf(sector: i32, covered: i32): i32 {
    const history = this.history[sector];
    let floor = 0;
    // A write that failed is not durable, and from then on nobody knows.
    for (let i = 0; i < history.length; i++) {
      if (this.failures.has(abs(history[i]))) break;
      if (abs(history[i]) < covered) floor = i;
    }
    return floor;
  }

  /** It was torn, or given up. */
  private mayBeCorrupt(): bool {
    if (!this.maker.mayBeCorrupt) return false;
    // Of what was discarded, in an earlier life too, nobody knows what the disk holds.
    return this.disks[0].tears || this.failures.size > 0 || this.discards;
  }

  private isAllowed(buffer: Uint8Array, sector: i32, floor: i32): bool {
    const history = this.history[sector];
    // What was discarded may read as anything, until it is written again and flushed.
    for (let i = floor; i < history.length; i++) if (history[i] < 0) return true;
    const bytes = this.sectorBytes;
    let matched = 0;
    const fits = new StaticArray<bool>(bytes);
    for (let i = floor; i < history.length; i++) {
      this.expectWrite(sector, history[i]);
      if (memory.compare(this.scratch.dataStart, buffer.dataStart, bytes) == 0) return true;
      for (let at = 0; at < bytes; at++) {
        if (fits[at] || buffer[at] != this.scratch[at]) continue;
        fits[at] = true;
        matched++;
      }
    }
    return matched == bytes && this.disks[0].tears;
  }
}

/** What every disk must pass: requests of every kind, many at once, reported in an order of chance. */
export function behaves(maker: Maker, seeds: i32, requests: i32): void {
  for (let seed = 1; seed <= seeds; seed++) {
    const exercise = new Exercise(maker, seed);
    if (seed % 2 == 0) exercise.shuffle();
    if (seed % 3 == 0)
      for (let leg = 0; leg < maker.legs; leg++) exercise.disks[leg].requestsMax = 2;
    exercise.run(requests);
    exercise.verify();
  }
}

/** Every request below fails, one at a time: what is asked is reported once, and right where it is reported 0. */
export function survivesErrors(maker: Maker, requests: i32, status: i32 = Errno.IO): void {
  const left = emptyDisks(maker);
  for (let leg = 0; leg < maker.legs; leg++) {
    for (let round = 0; ; round++) {
      const failAt = round / 2;
      const exercise = new Exercise(maker, 77);
      if (round % 2 == 1) exercise.shuffle();
      const disk = exercise.disks[leg];
      exercise.faults = true;
      disk.failAt = disk.requests + failAt;
      disk.failStatus = status;
      exercise.run(requests);
      const done = disk.requests <= disk.failAt;
      exercise.verify();
      exercise.leave(left);
      if (done) break;
    }
  }
}

/** Crashes at many moments of many runs, and once more after some of them: what was flushed is there. */
export function survivesCrashes(maker: Maker, seeds: i32, requests: i32, moments: i32): void {
  const left = emptyDisks(maker);
  for (let seed = 1; seed <= seeds; seed++) {
    const exercise = new Exercise(maker, seed);
    crashOften(maker, exercise, left, requests, moments);
    const again = new Exercise(maker, seed + 10_000, left);
    crashOften(maker, again, emptyDisks(maker), requests / 2, moments / 2);
  }
}

function emptyDisks(maker: Maker): TestDisk[] {
  const disks: TestDisk[] = [];
  for (let leg = 0; leg < maker.legs; leg++)
    disks.push(new TestDisk(maker.below, maker.sectorBytes));
  return disks;
}

function crashOften(
  maker: Maker,
  exercise: Exercise,
  left: TestDisk[],
  requests: i32,
  moments: i32,
): void {
  exercise.shuffle();
  exercise.flushOften = 6;
  exercise.discards = exercise.seed % 4 < 2;
  const before: Uint8Array[] = [];
  for (let leg = 0; leg < maker.legs; leg++) {
    exercise.disks[leg].tears = exercise.seed % 2 == 0;
    before.push(exercise.disks[leg].content.slice());
  }
  exercise.record();
  exercise.run(requests);
  for (let i = 0; i < moments; i++) {
    const moment = <i32>exercise.random.below(exercise.momentsSeen);
    exercise.crash(moment, before, left, exercise.seed * 1000 + i);
  }
}
