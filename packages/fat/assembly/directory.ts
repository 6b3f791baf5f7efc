/**
 * The entries of a directory, one after the other. Goes on where it was when the disk has given what was
 * missing; everything it has found out is kept here.
 */
import { CORRUPT } from "@phantasm/interfaces";
import { Geometry } from "./boot-sector";
import { SectorCache } from "./cache";
import {
  Attribute,
  ENTRY_ATTRIBUTES,
  ENTRY_BYTES,
  ENTRY_FREE,
  ENTRY_LAST,
  ENTRY_SIZE,
  LONG_LAST,
  LONG_UNITS,
  SET_ENTRIES_MAX,
  changedTime,
  firstClusterOf,
  longUnitOffset,
} from "./entry";
import { SHORT_UNITS_MAX, isStoredName, readShortName, shortChecksum } from "./names";
import { END, Table, WAIT } from "./table";

/** Entries of a directory, at most: as the specification says. */
export const DIRECTORY_ENTRIES_MAX: u32 = 65_536;

/** Where entries lie. */
@final
export class Places {
  count: i32 = 0;
  readonly sectors: StaticArray<u32> = new StaticArray<u32>(SET_ENTRIES_MAX);
  readonly offsets: StaticArray<i32> = new StaticArray<i32>(SET_ENTRIES_MAX);

  add(sector: u32, offset: i32): void {
    this.sectors[this.count] = sector;
    this.offsets[this.count++] = offset;
  }

  copy(from: Places): void {
    this.count = 0;
    for (let i = 0; i < from.count; i++) this.add(from.sectors[i], from.offsets[i]);
  }

  keepLast(): void {
    const last = this.count - 1;
    this.sectors[0] = this.sectors[last];
    this.offsets[0] = this.offsets[last];
    this.count = 1;
  }

  /** Sector of the last: that of the short name. */
  get sector(): u32 {
    return this.sectors[this.count - 1];
  }

  get offset(): i32 {
    return this.offsets[this.count - 1];
  }

  isAt(sector: u32, offset: i32): bool {
    return this.count > 0 && this.sector == sector && this.offset == offset;
  }
}

/** What the cursor stands on. */
enum Step {
  ENTRY = 0,
  END = 1,
}

export class Directory {
  // ---- of the entry that `next` has found
  /** Its entries: those of the long name, and the short one. */
  readonly places: Places = new Places();
  /** Its name as shown. */
  name: Uint16Array = new Uint16Array(0);
  nameLength: i32 = 0;
  readonly shortName: Uint16Array = new Uint16Array(SHORT_UNITS_MAX + 1);
  shortLength: i32 = 0;
  attributes: i32 = 0;
  first: u32 = 0;
  size: u32 = 0;
  changed: u32 = 0;

  /** Number of the entry to be looked at next. */
  index: u32 = 0;
  /** The last cluster of the directory, once its end was reached. */
  cluster: u32 = 0;
  protected sector: u32 = 0;
  protected offset: i32 = 0;
  /** Behind the mark of the end: all entries are free. */
  protected beyond: bool = false;
  /** Number of the first entry in `cluster`. */
  private clusterIndex: u32 = 0;

  private readonly long: Uint16Array = new Uint16Array((SET_ENTRIES_MAX - 1) * LONG_UNITS + 1);
  /** The number of the long entry before, 0: none that counts. */
  private longOrdinal: i32 = 0;
  private longUnits: i32 = 0;
  private longChecksum: u32 = 0;

  constructor(
    protected readonly cache: SectorCache,
    protected readonly table: Table,
    protected readonly geometry: Geometry,
  ) {}

  /** Begins with a directory: its first cluster, or 0 for the root of FAT12 and FAT16. */
  begin(first: u32): void {
    this.cluster = first;
    this.clusterIndex = 0;
    this.index = 0;
    this.beyond = false;
    this.forgetLong();
  }

  get isDirectory(): bool {
    return (this.attributes & Attribute.DIRECTORY) != 0;
  }

  /** Goes to the next file or directory. Returns 1 when there is one, 0 at the end, or why not. */
  next(): i32 {
    while (true) {
      const step = this.locate();
      if (step < 0) return step;
      if (step == Step.END) return 0;
      const at = this.cache.at(this.sector);
      if (at == 0) return this.cache.status;
      const entry = at + this.offset;
      const head = load<u8>(entry);
      if (head == ENTRY_LAST) this.beyond = true;
      if (this.beyond || head == ENTRY_FREE) {
        this.forgetLong();
        if (!this.onFree(head)) return 0;
        this.index++;
        continue;
      }
      this.onUsed();
      this.index++;
      const attributes = (<i32>load<u8>(entry, ENTRY_ATTRIBUTES)) & Attribute.MASK;
      if (attributes == Attribute.LONG) this.takeLong(entry);
      else if (attributes & Attribute.LABEL) this.forgetLong();
      else if (head == 0x2e) this.forgetLong();
      else {
        this.takeShort(entry);
        return 1;
      }
    }
  }

  /** Met a free entry. Returns false when no more are wanted. */
  protected onFree(head: u8): bool {
    return !this.beyond;
  }

  /** Met one that is not. */
  protected onUsed(): void {}

  /** Met a short entry. */
  protected onShort(at: usize): void {}

  /** Finds sector and offset of the entry `index`. */
  private locate(): i32 {
    const geometry = this.geometry;
    const inSector = <u32>geometry.sectorBytes / ENTRY_BYTES;
    if (this.cluster == 0) {
      if (this.index >= geometry.rootEntries) return Step.END;
      this.sector = geometry.rootStart + this.index / inSector;
      this.offset = <i32>(this.index % inSector) * ENTRY_BYTES;
      return Step.ENTRY;
    }
    if (!geometry.isCluster(this.cluster)) return CORRUPT;
    const inCluster = inSector * <u32>geometry.clusterSectors;
    while (this.index - this.clusterIndex >= inCluster) {
      const next = this.table.get(this.cluster);
      if (next == WAIT) return this.cache.status;
      if (next == END) return Step.END;
      // A chain that goes in a circle never ends.
      if (!geometry.isCluster(next) || this.clusterIndex + inCluster >= DIRECTORY_ENTRIES_MAX)
        return CORRUPT;
      this.cluster = next;
      this.clusterIndex += inCluster;
    }
    const index = this.index - this.clusterIndex;
    this.sector = geometry.sectorOf(this.cluster) + index / inSector;
    this.offset = <i32>(index % inSector) * ENTRY_BYTES;
    return Step.ENTRY;
  }

  /** Entries of a long name count when all are there, in order, and the short one has their checksum. */
  private takeLong(at: usize): void {
    const head = <i32>load<u8>(at);
    const checksum = <u32>load<u8>(at, 13);
    let ordinal = head & 0x3f;
    if (head & LONG_LAST) {
      if (ordinal < 1 || ordinal > SET_ENTRIES_MAX - 1) return this.forgetLong();
      this.places.count = 0;
      this.longChecksum = checksum;
      this.longUnits = ordinal * LONG_UNITS;
    } else if (ordinal < 1 || ordinal != this.longOrdinal - 1 || checksum != this.longChecksum) {
      return this.forgetLong();
    }
    this.longOrdinal = ordinal;
    this.places.add(this.sector, this.offset);
    ordinal = (ordinal - 1) * LONG_UNITS;
    for (let i = 0; i < LONG_UNITS; i++) this.long[ordinal + i] = load<u16>(at + longUnitOffset(i));
  }

  private takeShort(at: usize): void {
    this.onShort(at);
    this.shortLength = readShortName(at, this.shortName);
    let length = 0;
    if (this.longOrdinal == 1 && this.longChecksum == shortChecksum(at)) {
      while (length < this.longUnits && this.long[length] != 0) length++;
      if (!isStoredName(this.long, length)) length = 0;
    }
    if (length == 0) this.places.count = 0;
    this.name = length > 0 ? this.long : this.shortName;
    this.nameLength = length > 0 ? length : this.shortLength;
    this.places.add(this.sector, this.offset);
    this.longOrdinal = 0;
    this.attributes = load<u8>(at, ENTRY_ATTRIBUTES);
    this.first = firstClusterOf(at);
    // On FAT12 and FAT16 the upper half is something else.
    if (this.geometry.bits != 32) this.first &= 0xffff;
    this.size = load<u32>(at, ENTRY_SIZE);
    this.changed = changedTime(at);
  }

  private forgetLong(): void {
    this.longOrdinal = 0;
  }
}
