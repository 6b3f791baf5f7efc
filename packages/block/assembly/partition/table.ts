import { CORRUPT, NOT_FOUND, PENDING, WRONG_FORMAT } from "@phantasm/interfaces";
import { Choice } from "./choice";
import { ENTRY_BYTES_MAX, GptEntries, GptHeader } from "./gpt";
import { MbrSearch, Outcome } from "./mbr";

/** Sectors are read in pieces of this size: at least one of them, and whole entries. */
export const PIECE_BYTES: i32 = <i32>ENTRY_BYTES_MAX;

enum Stage {
  MASTER,
  LINK,
  HEADER,
  ENTRIES,
}

/**
 * Finds a partition, whoever reads the disk: `sector` and `sectors` say what to read next, `take` is given it, and
 * `state` is PENDING until it is decided. Reads a bounded number of sectors, whatever is on the disk.
 */
@final
export class TableSearch {
  /** 0, PENDING, NOT_FOUND, WRONG_FORMAT (no table), CORRUPT, or the error of a read. */
  state: i32 = PENDING;
  first: u64 = 0;
  count: u64 = 0;
  /** The GPT at the beginning is damaged, and that at the end is not. */
  backupUsed: bool = false;

  /** What to read next. */
  sector: u64 = 0;
  sectors: i32 = 1;

  private stage: Stage = Stage.MASTER;
  private readonly mbr: MbrSearch;
  private readonly header: GptHeader = new GptHeader();
  private entries: GptEntries | null = null;

  constructor(
    private readonly choice: Choice,
    private readonly diskSectors: u64,
    private readonly sectorBytes: i32,
  ) {
    this.mbr = new MbrSearch(choice, diskSectors);
    if (diskSectors == 0) this.state = WRONG_FORMAT;
  }

  /** The sectors that were asked for, or why they could not be read. They may be changed. */
  take(status: i32, address: usize): void {
    if (this.stage == Stage.HEADER) return this.takeHeader(status, address);
    if (this.stage == Stage.ENTRIES) return this.takeEntries(status, address);
    if (status != 0) this.state = status;
    else if (this.stage == Stage.MASTER) this.takeRecord(this.mbr.master(address));
    else this.takeRecord(this.mbr.link(address));
  }

  private takeRecord(outcome: Outcome): void {
    if (outcome == Outcome.NEXT) {
      this.stage = Stage.LINK;
      this.sector = this.mbr.next;
    } else if (outcome == Outcome.GPT) {
      this.stage = Stage.HEADER;
      this.sector = 1;
      if (this.diskSectors < 3) this.state = CORRUPT;
    } else if (outcome == Outcome.FOUND) {
      this.first = this.mbr.first;
      this.count = this.mbr.sectors;
      this.state = 0;
    } else if (outcome == Outcome.NOT_FOUND) this.state = NOT_FOUND;
    else this.state = outcome == Outcome.NO_TABLE ? WRONG_FORMAT : CORRUPT;
  }

  private takeHeader(status: i32, address: usize): void {
    const header = this.header;
    if (status != 0) return this.useBackup(status, this.diskSectors - 1);
    if (!header.parse(address, this.sector, this.diskSectors, this.sectorBytes))
      return this.useBackup(CORRUPT, this.diskSectors - 1);
    this.entries = new GptEntries(header, this.choice);
    this.stage = Stage.ENTRIES;
    this.sector = header.entriesAt;
    this.askEntries();
  }

  private takeEntries(status: i32, address: usize): void {
    const entries = this.entries!;
    // A header that is intact knows where the other one is, also on a disk that has grown.
    if (status != 0) return this.useBackup(status, this.header.alternate);
    entries.take(address, min(entries.left, PIECE_BYTES));
    if (entries.left > 0) {
      this.sector += this.sectors;
      this.askEntries();
    } else if (!entries.intact) this.useBackup(CORRUPT, this.header.alternate);
    else if (!entries.found) this.state = NOT_FOUND;
    else if (!entries.sound) this.state = CORRUPT;
    else {
      this.first = entries.first;
      this.count = entries.last - entries.first + 1;
      this.state = 0;
    }
  }

  private askEntries(): void {
    const bytes = min(this.entries!.left, PIECE_BYTES);
    this.sectors = (bytes + this.sectorBytes - 1) / this.sectorBytes;
  }

  private useBackup(why: i32, at: u64): void {
    if (this.backupUsed || at <= 1 || at >= this.diskSectors) {
      this.state = why;
      return;
    }
    this.backupUsed = true;
    this.stage = Stage.HEADER;
    this.sector = at;
    this.sectors = 1;
  }
}
