import { xxh64 } from "@phantasm/checksum";
import { sealSuperblock } from "../opening";

/**
 * What lies on a checksummed disk; little-endian, in sectors:
 *
 *     0                superblock, written once: magic u64, version u32, CRC-32 u32, sector bytes u32, 0 u32,
 *                      sectors of the disk u64
 *     8 …              groups: two sectors of checksums, then the data sectors they are of
 *
 * A sector of checksums: magic u32, 0 u32, generation u64, XXH64 u64 (of the sector, with 0 in its place, and its
 * own number as the seed), then an entry of 16 bytes for each data sector: `old` u64 and `new` u64, XXH64 of the
 * data with the data sector's number as the seed. Data is right if it fits one of the two. 0 stands for zeros that
 * need not have been written. Of the two sectors, generation g is written to number (g + 1) % 2, and the newest that
 * is intact counts.
 */
export const GROUPS_AT: u64 = 8;
/** Sectors of checksums in a group. */
export const COPIES: i32 = 2;

const MAGIC: u64 = 0x4d55_534b_4843_4850; // "PHCHKSUM"
const VERSION: u32 = 1;
const COPY_MAGIC: u32 = 0x4b48_4350; // "PCHK"
const HEADER_BYTES: i32 = 24;
const ENTRY_BYTES: i32 = 16;


@final
export class Geometry {
  /** Data sectors of a group: 30 or 254. */
  readonly perGroup: i32;
  /** Sectors that can be used. */
  readonly sectors: u64;
  readonly groups: u64;
  private readonly groupSectors: i32;

  constructor(
    readonly sectorBytes: i32,
    private readonly diskSectors: u64,
  ) {
    const perGroup = (sectorBytes - HEADER_BYTES) / ENTRY_BYTES;
    const groupSectors = perGroup + COPIES;
    const room = diskSectors > GROUPS_AT ? diskSectors - GROUPS_AT : 0;
    const rest = room % groupSectors;
    this.perGroup = perGroup;
    this.groupSectors = groupSectors;
    // The last group may be a small one.
    const restData = rest > <u64>COPIES ? rest - COPIES : 0;
    this.sectors = (room / groupSectors) * perGroup + restData;
    this.groups = room / groupSectors + u64(restData > 0);
  }

  /** First sector of a group: its first sector of checksums. */
  groupAt(group: u64): u64 {
    return GROUPS_AT + group * this.groupSectors;
  }

  /** Where a data sector of a group is. */
  dataAt(group: u64, index: i32): u64 {
    return this.groupAt(group) + COPIES + index;
  }

  /** Writes what formatting puts into a sector. */
  writeFormatted(address: usize, sector: u64): void {
    memory.fill(address, 0, this.sectorBytes);
    if (sector == 0) {
      store<u64>(address, MAGIC);
      store<u32>(address, VERSION, 8);
      store<u32>(address, this.sectorBytes, 16);
      store<u64>(address, this.diskSectors, 24);
      sealSuperblock(address, this.sectorBytes);
    } else if (sector >= GROUPS_AT && (sector - GROUPS_AT) % this.groupSectors == 0) {
      const group = (sector - GROUPS_AT) / this.groupSectors;
      if (group < this.groups) this.seal(address, group, 1);
    }
  }

  seal(address: usize, group: u64, generation: u64): void {
    store<u32>(address, COPY_MAGIC);
    store<u32>(address, 0, 4);
    store<u64>(address, generation, 8);
    store<u64>(address, 0, 16);
    store<u64>(address, xxh64(address, this.sectorBytes, this.copyAt(group, generation)), 16);
  }

  /** Generation of a sector of checksums; 0: it is damaged, or another one. Changes its checksum. */
  generationOf(address: usize, group: u64, copy: i32): u64 {
    if (load<u32>(address) != COPY_MAGIC) return 0;
    const sum = load<u64>(address, 16);
    const generation = load<u64>(address, 8);
    if (<i32>((generation + 1) & 1) != copy) return 0;
    store<u64>(address, 0, 16);
    const found = xxh64(address, this.sectorBytes, this.copyAt(group, generation));
    return found == sum ? generation : 0;
  }

  /** The sector that a generation is written to. */
  copyAt(group: u64, generation: u64): u64 {
    return this.groupAt(group) + ((generation + 1) & 1);
  }

  /** Of the data of a sector; never 0. */
  sum(address: usize, sector: u64): u64 {
    return max<u64>(1, xxh64(address, this.sectorBytes, sector));
  }
}

/** Two checksums that data may have. */
@unmanaged
export class Entry {
  old: u64;
  new: u64;
}

export function entryOf(image: usize, index: i32): Entry {
  return changetype<Entry>(image + HEADER_BYTES + index * ENTRY_BYTES);
}

export function isZeros(address: usize, bytes: i32): bool {
  for (let at = 0; at < bytes; at += 8) if (load<u64>(address + at) != 0) return false;
  return true;
}
