import { crc32 } from "../crc32";
import { Choice } from "./choice";

/** A table of more entries is not read; there are 128 as a rule. */
const ENTRIES_MAX: u32 = 1024;

const SIGNATURE: u64 = 0x5452_4150_2049_4645; // "EFI PART"
const HEADER_BYTES_MIN: u32 = 92;
const ENTRY_BYTES_MIN: u32 = 128;
/** Larger ones exist in the specification only; a piece of the table holds whole entries of this size. */
export const ENTRY_BYTES_MAX: u32 = 4096;

/** Where the table is, by a header that was checked (UEFI 2.10 §5.3.2). */
@final
export class GptHeader {
  alternate: u64 = 0;
  firstUsable: u64 = 0;
  lastUsable: u64 = 0;
  entriesAt: u64 = 0;
  entries: i32 = 0;
  entryBytes: i32 = 0;
  entriesCrc: u32 = 0;

  get tableBytes(): i32 {
    return this.entries * this.entryBytes;
  }

  /** Reads the header in a sector, which it changes. False: it is none, or damaged. */
  parse(address: usize, sector: u64, sectors: u64, sectorBytes: i32): bool {
    if (load<u64>(address) != SIGNATURE || load<u32>(address, 8) >> 16 != 1) return false;
    const headerBytes = load<u32>(address, 12);
    if (headerBytes < HEADER_BYTES_MIN || headerBytes > <u32>sectorBytes) return false;
    const crc = load<u32>(address, 16);
    store<u32>(address, 0, 16);
    if (crc32(0, address, <i32>headerBytes) != crc) return false;
    if (load<u64>(address, 24) != sector) return false;
    this.alternate = load<u64>(address, 32);
    this.firstUsable = load<u64>(address, 40);
    this.lastUsable = load<u64>(address, 48);
    if (this.firstUsable > this.lastUsable || this.lastUsable >= sectors) return false;
    this.entriesAt = load<u64>(address, 72);
    const entries = load<u32>(address, 80);
    const entryBytes = load<u32>(address, 84);
    this.entriesCrc = load<u32>(address, 88);
    if (entries == 0 || entries > ENTRIES_MAX) return false;
    if (entryBytes < ENTRY_BYTES_MIN || entryBytes > ENTRY_BYTES_MAX || popcnt(entryBytes) != 1)
      return false;
    this.entries = <i32>entries;
    this.entryBytes = <i32>entryBytes;
    const tableSectors = <u64>((this.tableBytes + sectorBytes - 1) / sectorBytes);
    // Sector 0 is the MBR's; the addition cannot overflow behind the first comparison.
    return (
      this.entriesAt > 1 &&
      this.entriesAt < sectors &&
      this.entriesAt + tableSectors <= sectors &&
      (this.entriesAt + tableSectors <= this.firstUsable || this.entriesAt > this.lastUsable)
    );
  }
}

/** Goes over the entries as they come, and finds the one that was chosen. */
@final
export class GptEntries {
  first: u64 = 0;
  last: u64 = 0;
  found: bool = false;
  private crc: u32 = 0;
  private seen: i32 = 0;
  /** First and last sector of each; of an unused one 1 and 0. */
  private readonly extents: StaticArray<u64>;

  constructor(
    private readonly header: GptHeader,
    private readonly choice: Choice,
  ) {
    this.extents = new StaticArray<u64>(2 * header.entries);
  }

  /** Bytes of the table that have not been seen. */
  get left(): i32 {
    return this.header.tableBytes - this.seen * this.header.entryBytes;
  }

  /** Takes the next whole entries. */
  take(address: usize, bytes: i32): void {
    this.crc = crc32(this.crc, address, bytes);
    for (let at = 0; at < bytes; at += this.header.entryBytes) this.takeOne(address + at);
  }

  private takeOne(entry: usize): void {
    const number = this.seen++;
    const isUsed = (load<u64>(entry) | load<u64>(entry, 8)) != 0;
    const first = isUsed ? load<u64>(entry, 32) : 1;
    const last = isUsed ? load<u64>(entry, 40) : 0;
    this.extents[2 * number] = first;
    this.extents[2 * number + 1] = last;
    if (this.found || !isUsed || !this.choice.fitsGpt(entry, number + 1)) return;
    this.found = true;
    this.first = first;
    this.last = last;
  }

  /** The table is what the header says. */
  get intact(): bool {
    return this.crc == this.header.entriesCrc;
  }

  /** The entry lies where partitions may lie, and no other one lies there too. */
  get sound(): bool {
    const first = this.first;
    const last = this.last;
    if (first > last || first < this.header.firstUsable || last > this.header.lastUsable)
      return false;
    let claims = 0;
    for (let at = 0; at < this.extents.length; at += 2) {
      const begins = this.extents[at];
      const ends = this.extents[at + 1];
      // One whose end is before its beginning claims nothing.
      if (begins <= ends && begins <= last && first <= ends) claims++;
    }
    return claims == 1;
  }
}
