/** For tests: makes small volumes, and looks at every bit of one as fsck does. Shares nothing with the code it judges. */
import { Clock, SECOND, Timer, TimerHandler } from "@phantasm/interfaces";

class TestTimer implements Timer {
  pending: bool = true;
  missed: i64 = 0;

  constructor(readonly handler: TimerHandler) {}

  cancel(): void {
    this.pending = false;
  }
  set(delayNs: i64): void {
    this.pending = true;
  }
  slack(ns: i64): void {}
  background(): void {}
}

/** A clock that stands still until it is set, with one timer, which is due when the test says so. */
export class TestClock implements Clock {
  private timer: TestTimer | null = null;

  /** Calls the timer. Returns false when it is not set. */
  fire(): bool {
    const timer = this.timer;
    if (timer === null || !timer.pending) return false;
    timer.pending = false;
    timer.handler.onTimer(timer);
    return true;
  }

  /** 2026-01-02T03:04:06Z. */
  wallNs: i64 = 1_767_323_046 * SECOND;
  now(): i64 {
    return 0;
  }
  monotonic(): i64 {
    return 0;
  }
  wall(): i64 {
    return this.wallNs;
  }
  after(delayNs: i64, handler: TimerHandler): Timer {
    this.timer = new TestTimer(handler);
    return this.timer!;
  }
  every(periodNs: i64, handler: TimerHandler): Timer {
    unreachable();
  }
}

const RESERVED: i32 = 32;
const FATS: i32 = 2;

/** Makes an empty FAT32 volume of a device, however small it is. */
export function formatFat32(image: Uint8Array, sectorBytes: i32, clusterSectors: i32): void {
  image.fill(0);
  const sectors = image.length / sectorBytes;
  let fatSectors = 1;
  while (true) {
    const clusters = (sectors - RESERVED - FATS * fatSectors) / clusterSectors;
    if (((clusters + 2) * 4 + sectorBytes - 1) / sectorBytes <= fatSectors) break;
    fatSectors++;
  }
  const at = image.dataStart;
  putCommon(at, sectorBytes, clusterSectors, RESERVED, 0);
  store<u32>(at, sectors, 32);
  store<u32>(at, fatSectors, 36);
  store<u32>(at, 2, 44);
  store<u16>(at, 1, 48);
  store<u16>(at, 6, 50);
  store<u8>(at, 0x29, 66);
  store<u32>(at, 0x1234_5678, 67);
  memory.copy(at + 6 * sectorBytes, at, 512);
  const info = at + sectorBytes;
  const clusters = (sectors - RESERVED - FATS * fatSectors) / clusterSectors;
  store<u32>(info, 0x4161_5252);
  store<u32>(info, 0x6141_7272, 484);
  store<u32>(info, clusters - 1, 488);
  store<u32>(info, 2, 492);
  store<u16>(info, 0xaa55, 510);
  for (let copy = 0; copy < FATS; copy++) {
    const fat = at + (RESERVED + copy * fatSectors) * sectorBytes;
    store<u32>(fat, 0x0fff_fff8);
    store<u32>(fat, 0x0fff_ffff, 4);
    store<u32>(fat, 0x0fff_fff8, 8);
  }
}

/** Makes an empty FAT12 or FAT16 volume, of which it depends on the number of clusters. */
export function formatFat(image: Uint8Array, clusterSectors: i32, fatSectors: i32): void {
  image.fill(0);
  const at = image.dataStart;
  putCommon(at, 512, clusterSectors, 1, 64);
  store<u16>(at, <u16>(image.length / 512), 19);
  store<u16>(at, <u16>fatSectors, 22);
}

function putCommon(
  at: usize,
  sectorBytes: i32,
  clusterSectors: i32,
  reserved: i32,
  rootEntries: i32,
): void {
  store<u32>(at, 0x0090_58eb);
  store<u16>(at, <u16>sectorBytes, 11);
  store<u8>(at, <u8>clusterSectors, 13);
  store<u16>(at, <u16>reserved, 14);
  store<u8>(at, FATS, 16);
  store<u16>(at, <u16>rootEntries, 17);
  store<u8>(at, 0xf8, 21);
  store<u16>(at, 0xaa55, 510);
}

const FREE: u8 = 0;
const OWNED: u8 = 1;

/** What is wrong with a FAT32 volume. */
export class Fsck {
  /** The first thing that is wrong; empty: nothing. */
  problem: string = "";
  /** Clusters that belong to nothing. */
  lost: i32 = 0;
  dirty: bool = false;
  /** FSInfo says how many clusters are free, and is wrong. */
  wrongCount: bool = false;
  /** The copies of the FAT differ where no file is. */
  differs: bool = false;
  files: i32 = 0;
  directories: i32 = 0;

  private readonly owners: Uint8Array;
  private readonly at: usize;
  private readonly sectorBytes: i32;
  private readonly clusterBytes: i32;
  private readonly fat: usize;
  private readonly fatBytes: i32;
  private readonly data: usize;
  private readonly clusters: u32;
  /** Directories to be looked at: cluster and that of the parent. */
  private readonly queue: u32[] = [];

  constructor(image: Uint8Array) {
    const at = image.dataStart;
    const head = <u32>load<u16>(at, 14) + FATS * load<u32>(at, 36);
    const clusters = (load<u32>(at, 32) - head) / <u32>load<u8>(at, 13);
    this.owners = new Uint8Array(<i32>clusters + 2);
    this.clusters = clusters;
    this.at = at;
    this.sectorBytes = load<u16>(at, 11);
    this.clusterBytes = this.sectorBytes * <i32>load<u8>(at, 13);
    const reserved = <i32>load<u16>(at, 14);
    this.fatBytes = load<i32>(at, 36) * this.sectorBytes;
    this.fat = at + reserved * this.sectorBytes;
    this.data = this.fat + FATS * this.fatBytes;
    this.dirty = (load<u8>(at, 0x41) & 1) != 0;
    // A crash may leave one of the marks.
    if ((load<u8>(this.fat, 7) & 8) == 0) this.dirty = true;
    const root = load<u32>(at, 44);
    this.claim(root, -1, "the root");
    this.queue.push(root);
    this.queue.push(0);
    while (this.queue.length > 0 && this.problem == "") {
      const parent = this.queue.pop();
      this.directory(this.queue.pop(), parent);
    }
    this.count();
  }

  /** A directory, which its entry's chain was claimed for. */
  private directory(first: u32, parent: u32): void {
    const isRoot = first == load<u32>(this.at, 44);
    let ended = false;
    let long = 0;
    let longSum: u8 = 0;
    let index = 0;
    const shorts: string[] = [];
    for (let cluster = first; cluster < 0x0fff_fff8; cluster = this.entry(0, cluster)) {
      for (let place = 0; place < this.clusterBytes; place += 32, index++) {
        const at = this.data + (cluster - 2) * this.clusterBytes + place;
        const head = load<u8>(at);
        if (head == 0) ended = true;
        if (ended) {
          if (head != 0) return this.fail(`an entry behind the end of directory ${first}`);
          continue;
        }
        if (head == 0xe5) {
          if (long != 0) return this.fail(`half a long name in directory ${first}`);
          continue;
        }
        const attributes = load<u8>(at, 11);
        if (attributes == 0x0f) {
          const ordinal = head & 0x3f;
          if (head & 0x40) {
            if (long != 0) return this.fail("a long name inside of another");
            long = ordinal + 1;
            longSum = load<u8>(at, 13);
          }
          if (ordinal != long - 1 || load<u8>(at, 13) != longSum) {
            return this.fail(`the entries of a long name are out of order in ${first}`);
          }
          long = ordinal;
          continue;
        }
        if (long > 1) return this.fail(`a long name without its end in ${first}`);
        if (long == 1 && longSum != sumOf(at)) return this.fail("a long name of another short one");
        long = 0;
        const child = ((<u32>load<u16>(at, 20)) << 16) | (<u32>load<u16>(at, 26));
        const size = load<u32>(at, 28);
        if (!isRoot && index < 2) {
          const dots =
            load<u64>(at) == (index == 0 ? 0x2020_2020_2020_202e : 0x2020_2020_2020_2e2e);
          if (!dots || child != (index == 0 ? first : parent)) {
            return this.fail(`entry ${index} of directory ${first} says ${child}, not ${parent}`);
          }
          continue;
        }
        const name = String.UTF8.decodeUnsafe(at, 11);
        if (shorts.includes(name)) return this.fail(`two entries ${name} in ${first}`);
        shorts.push(name);
        if (attributes & 0x10) {
          this.directories++;
          if (size != 0) return this.fail("a directory with a size");
          this.claim(child, -1, name);
          this.queue.push(child);
          this.queue.push(isRoot ? 0 : first);
        } else {
          this.files++;
          this.claim(child, size, name);
        }
        if (this.problem != "") return;
      }
    }
    if (long != 0) this.fail(`half a long name at the end of ${first}`);
  }

  /** Goes along a chain, which nobody else may have. */
  private claim(first: u32, size: i64, name: string): void {
    let length: i64 = 0;
    if (first == 0) {
      if (size != 0) this.fail(`${name} has no clusters and ${size} bytes`);
      return;
    }
    let cluster = first;
    while (cluster < 0x0fff_fff8) {
      if (cluster < 2 || cluster >= this.clusters + 2) {
        return this.fail(`the chain of ${name} leads to ${cluster}`);
      }
      if (this.owners[cluster] != FREE) {
        return this.fail(`cluster ${cluster} of ${name} has two owners`);
      }
      this.owners[cluster] = OWNED;
      length++;
      if (this.entry(0, cluster) != this.entry(1, cluster)) {
        return this.fail(`the copies of the FAT differ at cluster ${cluster} of ${name}`);
      }
      cluster = this.entry(0, cluster);
    }
    const needed = (size + this.clusterBytes - 1) / this.clusterBytes;
    if (size >= 0 && length != needed) {
      this.fail(`${name} has ${size} bytes and ${length} clusters`);
    }
  }

  private count(): void {
    let free: u32 = 0;
    for (let cluster: u32 = 2; cluster < this.clusters + 2; cluster++) {
      const value = this.entry(0, cluster);
      if (value == 0) free++;
      else if (this.owners[cluster] == FREE) this.lost++;
      if (this.owners[cluster] == FREE && value != this.entry(1, cluster)) this.differs = true;
    }
    const said = load<u32>(this.at + this.sectorBytes, 488);
    this.wrongCount = said != 0xffff_ffff && said != free;
  }

  private entry(copy: i32, cluster: u32): u32 {
    return load<u32>(this.fat + copy * this.fatBytes + (cluster << 2)) & 0x0fff_ffff;
  }

  private fail(problem: string): void {
    if (this.problem == "") this.problem = problem;
  }
}

function sumOf(at: usize): u8 {
  let sum: u8 = 0;
  for (let i = 0; i < 11; i++) sum = ((sum & 1) << 7) + (sum >> 1) + load<u8>(at + i);
  return sum;
}
