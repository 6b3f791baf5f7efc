/** Zones that lie on a disk (docs/reference/zone-disk.md), taken when they are new, and whole or not at all. */
import { Block } from "@phantasm/interfaces";
import { xxh64 } from "@phantasm/checksum";
import { Zones } from "./zone-data";
import { Changes, NoChanges } from "./zone-changes";
import { ZoneSet } from "./zone-set";

/** "PHZDISK\0" */
const MAGIC: u64 = 0x004b_5349_445a_4850;
const VERSION: u32 = 1;
const CHECKED_BYTES: usize = 64;
/** Of each of the two headers. */
export const HEADER_BYTES: u32 = 4096;

/** Told when the base of a set has been replaced. */
export interface BaseListener {
  onBase(zones: Zones): void;
}

export interface ZoneDisk {
  /** Between the zones that were taken from it. */
  readonly changes: Changes;

  /** Reads what there is, and looks again from time to time. Until then a set without zones answers SERVFAIL. */
  start(set: ZoneSet, listener: BaseListener): void;
}

/** Zones are in the image. */
@final
export class NoZoneDisk implements ZoneDisk {
  readonly changes: Changes = new NoChanges();

  start(set: ZoneSet, listener: BaseListener): void {}
}

/** What a header says. */
@final
export class DiskHeader {
  generation: u64 = 0;
  /** Bytes: where the content begins, a multiple of 4096, and how long it is. */
  offset: u64 = 0;
  bytes: u32 = 0;
  checksum: u64 = 0;
  isGood: bool = false;
  /** What is wrong with it; empty for one that was never written. */
  problem: string = "";

  /** @param place 0 or 1 */
  parse(at: usize, place: i32, disk: Block): void {
    this.isGood = false;
    this.problem = "";
    const magic = load<u64>(at);
    if (magic == 0 && load<u64>(at, CHECKED_BYTES) == 0) return;
    if (magic != MAGIC) return this.fail("it is no header of zones");
    if (load<u64>(at, CHECKED_BYTES) != xxh64(at, CHECKED_BYTES, 0))
      return this.fail("its checksum does not fit");
    if (load<u32>(at, 8) != VERSION) return this.fail("its version is not known here");
    this.generation = load<u64>(at, 16);
    this.offset = load<u64>(at, 24);
    const bytes = load<u64>(at, 32);
    this.checksum = load<u64>(at, 40);
    const room = disk.sectors * <u64>disk.sectorBytes;
    if (((<i32>this.generation) & 1) != place)
      return this.fail("its generation belongs to the other one");
    if (this.offset % HEADER_BYTES != 0 || this.offset < 2 * HEADER_BYTES || this.offset > room)
      return this.fail("its content is at no place for it");
    if (bytes > room - this.offset || bytes > <u64>i32.MAX_VALUE)
      return this.fail("its content goes beyond the disk");
    this.bytes = <u32>bytes;
    this.isGood = true;
  }

  private fail(problem: string): void {
    this.problem = problem;
  }

  /** They are about the same zones. */
  isLike(other: DiskHeader): bool {
    return (
      this.isGood &&
      other.isGood &&
      this.generation == other.generation &&
      this.checksum == other.checksum
    );
  }

  copy(other: DiskHeader): void {
    this.generation = other.generation;
    this.offset = other.offset;
    this.bytes = other.bytes;
    this.checksum = other.checksum;
    this.isGood = other.isGood;
  }
}
