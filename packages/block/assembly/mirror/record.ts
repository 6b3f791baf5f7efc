import { crc32 } from "../crc32";
import { sealSuperblock } from "../opening";

/**
 * What lies on each leg of a mirror; little-endian, in sectors:
 *
 *     0        superblock, written once: magic u64, version u32, CRC-32 u32, sector bytes u32
 *     1, 2     the record, in two copies
 *     8 …      the data, the same on both legs
 *
 * Record: magic u32, CRC-32 u32 (of the sector, with 0 in its place), generation u64, events u64, sectors of the
 * mirror u64, flags u32, 0 u32, then a bit for each region that may differ. Generation g is written to copy (g + 1)
 * % 2, and the newest that is intact counts. `events` counts the times a leg was lost or came back: of two legs the
 * one with fewer has missed something.
 */
export const DATA_AT: u64 = 8;
export const REGIONS_MAX: i32 = 2048;

const MAGIC: u64 = 0x524f_5252_494d_4850; // "PHMIRROR"
const VERSION: u32 = 1;
const RECORD_MAGIC: u32 = 0x4352_4d50; // "PMRC"
const MAP_AT: i32 = 40;
const REGION_SECTORS_MIN: u64 = 128;

export namespace RecordFlag {
  /** The other leg is missing or out of date. */
  export const ALONE: u32 = 1;
  /** This leg is being rebuilt: as long as it is, it is no use without the other. */
  export const BEHIND: u32 = 2;
}

/** Within its byte. */
function bitOf(region: i32): u8 {
  const index = (<u8>region) & 7;
  return 1 << index;
}

/** A bit for each region. */
@final
export class RegionMap {
  readonly bits: StaticArray<u8> = new StaticArray<u8>(REGIONS_MAX / 8);

  has(region: i32): bool {
    return (unchecked(this.bits[region >> 3]) & bitOf(region)) != 0;
  }

  add(region: i32): void {
    this.bits[region >> 3] |= bitOf(region);
  }

  remove(region: i32): void {
    this.bits[region >> 3] &= ~bitOf(region);
  }

  clear(): void {
    memory.fill(changetype<usize>(this.bits), 0, REGIONS_MAX / 8);
  }

  copy(other: RegionMap): void {
    memory.copy(changetype<usize>(this.bits), changetype<usize>(other.bits), REGIONS_MAX / 8);
  }

  /** The first from a region on; -1: none. */
  next(region: i32, count: i32): i32 {
    for (; region < count; region++) if (this.has(region)) return region;
    return -1;
  }
}

/** Sectors of a region: a power of two, so that there are not more than REGIONS_MAX. */
export function regionSectors(sectors: u64): u64 {
  let size = REGION_SECTORS_MIN;
  while ((sectors + size - 1) / size > <u64>REGIONS_MAX) size <<= 1;
  return size;
}

/** What a leg says of the mirror. */
@final
export class MirrorRecord {
  generation: u64 = 1;
  events: u64 = 0;
  sectors: u64 = 0;
  flags: u32 = 0;
  readonly regions: RegionMap = new RegionMap();

  write(address: usize, sectorBytes: i32): void {
    memory.fill(address, 0, sectorBytes);
    store<u32>(address, RECORD_MAGIC);
    store<u64>(address, this.generation, 8);
    store<u64>(address, this.events, 16);
    store<u64>(address, this.sectors, 24);
    store<u32>(address, this.flags, 32);
    memory.copy(address + MAP_AT, changetype<usize>(this.regions.bits), REGIONS_MAX / 8);
    store<u32>(address, crc32(0, address, sectorBytes), 4);
  }

  /** Takes the newest of two copies, one after the other. False: both are damaged. */
  read(address: usize, sectorBytes: i32): bool {
    const one = generationOf(address, 0, sectorBytes);
    const other = generationOf(address + sectorBytes, 1, sectorBytes);
    if (one == 0 && other == 0) return false;
    const newest = one > other ? address : address + sectorBytes;
    this.generation = max(one, other);
    this.events = load<u64>(newest, 16);
    this.sectors = load<u64>(newest, 24);
    this.flags = load<u32>(newest, 32);
    memory.copy(changetype<usize>(this.regions.bits), newest + MAP_AT, REGIONS_MAX / 8);
    return true;
  }

  /** The sector its generation is written to. */
  get sector(): u64 {
    return 1 + ((this.generation + 1) & 1);
  }
}

function generationOf(address: usize, copy: u64, sectorBytes: i32): u64 {
  if (load<u32>(address) != RECORD_MAGIC) return 0;
  const crc = load<u32>(address, 4);
  store<u32>(address, 0, 4);
  if (crc32(0, address, sectorBytes) != crc) return 0;
  const generation = load<u64>(address, 8);
  return ((generation + 1) & 1) == copy ? generation : 0;
}

/** Writes what formatting puts into a sector: a record without events says that the leg is a new one. */
export function writeFormatted(address: usize, sector: u64, sectorBytes: i32): void {
  memory.fill(address, 0, sectorBytes);
  if (sector == 1) new MirrorRecord().write(address, sectorBytes);
  if (sector != 0) return;
  store<u64>(address, MAGIC);
  store<u32>(address, VERSION, 8);
  store<u32>(address, sectorBytes, 16);
  sealSuperblock(address, sectorBytes);
}
