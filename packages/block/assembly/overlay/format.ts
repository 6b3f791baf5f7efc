import { crc32 } from "../crc32";
import { sealSuperblock } from "../opening";

/**
 * What lies on the disk with the changes of an overlay; little-endian, in sectors:
 *
 *     0                        superblock, written once
 *     1 … 2 × tables           tables, each twice: 2 × n + 1 and 2 × n + 2 are table n
 *     slotsAt …                slots of SLOT_SECTORS sectors with the data
 *
 * Superblock: magic u64, version u32, CRC-32 u32 (of the sector, with 0 in its place), sector bytes u32, sectors of
 * a slot u32, sectors of the base u64, slots u32, tables u32.
 *
 * Table: magic u32, CRC-32 u32, generation u64, number u32, 0 u32, then entries of 8 bytes: cluster of the base u32
 * (0xffffffff: none), bits of the sectors that are in the slot u16, 0 u16. Entry n of table t is of slot t × entries
 * + n. Of the two copies, generation g is written to copy (g + 1) % 2, and the newest that is intact counts: so a
 * write that is cut off leaves the one before.
 */
export const SLOT_SECTORS: i32 = 16;
export const NO_CLUSTER: u32 = u32.MAX_VALUE;

const MAGIC: u64 = 0x594c_5245_564f_4850; // "PHOVERLY"
const VERSION: u32 = 1;
const TABLE_MAGIC: u32 = 0x4241_5450; // "PTAB"
const TABLE_HEADER_BYTES: i32 = 24;
const ENTRY_BYTES: i32 = 8;

/** Where everything is: follows from the sizes of the two disks. */
@final
export class Geometry {
  readonly perTable: i32;
  /** Of the base. */
  readonly clusters: u64;
  readonly slots: i32;
  readonly tables: i32;
  readonly slotsAt: u64;

  constructor(
    readonly sectorBytes: i32,
    readonly baseSectors: u64,
    changesSectors: u64,
  ) {
    const perTable = (sectorBytes - TABLE_HEADER_BYTES) / ENTRY_BYTES;
    const clusters = (baseSectors + SLOT_SECTORS - 1) / SLOT_SECTORS;
    // Sectors that a table costs with all its slots.
    const each = <u64>(perTable * SLOT_SECTORS + 2);
    const room = changesSectors > <u64>SLOT_SECTORS ? changesSectors - SLOT_SECTORS : 0;
    let slots = (room / each) * perTable;
    const rest = room % each;
    if (rest > 2) slots += (rest - 2) / SLOT_SECTORS;
    slots = min(slots, min(clusters, <u64>i32.MAX_VALUE / 16));
    const tables = (<i32>slots + perTable - 1) / perTable;
    this.perTable = perTable;
    this.clusters = clusters;
    this.slots = <i32>slots;
    this.tables = tables;
    this.slotsAt = <u64>((2 * tables + SLOT_SECTORS) / SLOT_SECTORS) * SLOT_SECTORS;
  }

  get end(): u64 {
    return this.slotsAt + <u64>this.slots * SLOT_SECTORS;
  }

  private writeSuperblock(address: usize): void {
    memory.fill(address, 0, this.sectorBytes);
    store<u64>(address, MAGIC);
    store<u32>(address, VERSION, 8);
    store<u32>(address, this.sectorBytes, 16);
    store<u32>(address, SLOT_SECTORS, 20);
    store<u64>(address, this.baseSectors, 24);
    store<u32>(address, this.slots, 32);
    store<u32>(address, this.tables, 36);
    sealSuperblock(address, this.sectorBytes);
  }

  /** Writes what formatting puts into a sector; the second copy of a table is zeros. */
  writeFormatted(address: usize, sector: u64): void {
    if (sector == 0) return this.writeSuperblock(address);
    memory.fill(address, 0, this.sectorBytes);
    if (sector > <u64>this.tables * 2 || sector % 2 == 0) return;
    for (let i = 0; i < this.perTable; i++)
      store<u32>(address + TABLE_HEADER_BYTES + i * ENTRY_BYTES, NO_CLUSTER);
    this.sealTable(address, <i32>(sector / 2), 1);
  }

  sealTable(address: usize, table: i32, generation: u64): void {
    store<u32>(address, TABLE_MAGIC);
    store<u32>(address, 0, 4);
    store<u64>(address, generation, 8);
    store<u32>(address, table, 16);
    store<u32>(address, 0, 20);
    store<u32>(address, crc32(0, address, this.sectorBytes), 4);
  }

  /** Generation of a copy of a table; 0: it is damaged, or none. Changes the checksum. */
  tableGeneration(address: usize, table: i32, copy: i32): u64 {
    if (load<u32>(address) != TABLE_MAGIC) return 0;
    const crc = load<u32>(address, 4);
    store<u32>(address, 0, 4);
    if (crc32(0, address, this.sectorBytes) != crc) return 0;
    const generation = load<u64>(address, 8);
    if (<i32>load<u32>(address, 16) != table || <i32>((generation + 1) & 1) != copy) return 0;
    return generation;
  }

  /** Sector of the copy that a generation is written to. */
  sectorOf(table: i32, generation: u64): u64 {
    return <u64>(2 * table + 1) + ((generation + 1) & 1);
  }
}

export function entryAddress(table: usize, index: i32): usize {
  return table + TABLE_HEADER_BYTES + index * ENTRY_BYTES;
}
