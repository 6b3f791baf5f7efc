/**
 * Changes that happen as a whole or not at all, although FAT has no means for it: they are written to a log
 * in the reserved sectors first, which other systems leave alone (docs/decisions/026-fat.md).
 *
 *     write what may be written in any order ─ flush ─ the record ─ flush ─ the changes themselves, some time
 *
 * There is one record. It is replaced when a flush has covered the changes of the last one. It says which
 * bytes were where before and are there afterwards:
 *
 *     u64 magic   u32 CRC-32 of what follows   u32 bytes   u32 serial number of the volume
 *     u32 free clusters, u32 next free cluster: as FSInfo says
 *     u32 changes, each: u32 sector   u16 offset   u16 length   before   after
 *
 * little-endian, changes at multiples of four bytes.
 */
import { PENDING } from "@phantasm/interfaces";
import { Geometry, LOG_BYTES } from "./boot-sector";
import { Overlay, SectorCache } from "./cache";
import { crc32 } from "./checksum";
import { Disk, Transfer } from "./disk";
import { Marks } from "./marks";

/** "PHFATLOG" */
const MAGIC: u64 = 0x474f_4c54_4146_4850;
const HEADER_BYTES: i32 = 32;
const CHANGE_HEADER_BYTES: i32 = 8;

enum CommitStage {
  MARK,
  WRITE_BACK,
  FLUSH,
  RECORD,
  FLUSH_RECORD,
  APPLY,
}

/** What a mount found in the log. */
export enum LogState {
  NONE,
  /** A record of this volume. */
  RECORD,
  /** Something that is not ours: the sectors are somebody else's. */
  FOREIGN,
}

function padded(bytes: i32): i32 {
  return (bytes + 3) & ~3;
}


@final
export class Log implements Overlay {
  private readonly buffer: Uint8Array = new Uint8Array(LOG_BYTES);
  private length: i32 = HEADER_BYTES;
  private changes: i32 = 0;
  private stage: CommitStage = CommitStage.MARK;
  /** The change that is looked at: its number and its place. */
  private current: i32 = 0;
  private currentAt: i32 = HEADER_BYTES;

  constructor(
    private readonly disk: Disk,
    private readonly cache: SectorCache,
    private readonly geometry: Geometry,
    private readonly marks: Marks,
  ) {}

  /** Forgets the changes that were noted. */
  clear(): void {
    this.length = HEADER_BYTES;
    this.changes = 0;
    this.stage = CommitStage.MARK;
    this.rewind();
  }

  /**
   * Notes a change. Returns where the new bytes are to be put, which are the old ones before; 0 when the sector
   * is not here yet: `cache.status`.
   */
  change(sector: u32, offset: i32, bytes: i32): usize {
    const at = this.cache.at(sector);
    if (at == 0) return 0;
    assert(
      this.length + CHANGE_HEADER_BYTES + padded(2 * bytes) <= LOG_BYTES,
      "fat: a change does not fit into the log",
    );
    const record = this.buffer.dataStart + this.length;
    store<u32>(record, sector);
    store<u16>(record, <u16>offset, 4);
    store<u16>(record, <u16>bytes, 6);
    const old = record + CHANGE_HEADER_BYTES;
    memory.copy(old, at + offset, bytes);
    memory.copy(old + bytes, at + offset, bytes);
    this.length += CHANGE_HEADER_BYTES + padded(2 * bytes);
    this.changes++;
    return old + bytes;
  }

  /** Makes the changes: call until it returns 0, when they are durable, or an error. */
  commit(transfer: Transfer): i32 {
    while (true) {
      const status = this.proceed(transfer);
      if (status < 0) {
        // Whether it has happened is not known before the next mount.
        if (status != PENDING && this.stage >= CommitStage.RECORD && this.cache.failed == 0)
          this.cache.failed = status;
        return status;
      }
      if (this.stage == CommitStage.APPLY) {
        this.clear();
        return 0;
      }
      this.stage++;
    }
  }

  /** One stage: 0 when it is done. What is submitted in one is waited for in the next. */
  private proceed(transfer: Transfer): i32 {
    const outcome = transfer.outcome();
    if (outcome < 0) return outcome;
    switch (this.stage) {
      case CommitStage.MARK:
        return this.marks.markDirty(transfer);
      case CommitStage.WRITE_BACK:
        return this.cache.writeBack();
      case CommitStage.FLUSH:
        return this.disk.unflushed ? this.flush(transfer) : 0;
      case CommitStage.RECORD:
        return this.writeRecord(transfer);
      case CommitStage.FLUSH_RECORD:
        return this.flush(transfer);
      default:
        return this.apply(true);
    }
  }

  private flush(transfer: Transfer): i32 {
    if (!this.disk.flush(transfer)) return transfer.error != 0 ? transfer.outcome() : PENDING;
    this.disk.unflushed = false;
    return 0;
  }

  private writeRecord(transfer: Transfer): i32 {
    const at = this.buffer.dataStart;
    const sectorBytes = this.geometry.sectorBytes;
    const sectors = (this.length + sectorBytes - 1) / sectorBytes;
    store<u64>(at, MAGIC);
    store<u32>(at, this.length, 12);
    store<u32>(at, this.geometry.serial, 16);
    store<u32>(at, this.marks.freeOnDisk, 20);
    store<u32>(at, this.marks.nextOnDisk, 24);
    store<u32>(at, this.changes, 28);
    store<u32>(at, crc32(at + 12, this.length - 12), 8);
    if (this.disk.write(this.geometry.logStart, sectors, this.buffer, 0, transfer)) return 0;
    return transfer.error != 0 ? transfer.outcome() : PENDING;
  }

  // ---- at a mount

  /** Reads the log. Returns 0 when it was submitted. */
  load(transfer: Transfer): i32 {
    const sectors = LOG_BYTES / this.geometry.sectorBytes;
    for (let i = this.current; i < sectors;) {
      const count = min(sectors - i, this.disk.transferMax);
      const offset = i * this.geometry.sectorBytes;
      if (!this.disk.read(this.geometry.logStart + i, count, this.buffer, offset, transfer))
        return transfer.error != 0 ? transfer.outcome() : PENDING;
      i += count;
      this.current = i;
    }
    this.rewind();
    return 0;
  }

  /** What was read: parsed here once, so that every change lies inside of a sector of the volume. */
  parse(): LogState {
    const at = this.buffer.dataStart;
    if (load<u64>(at) != MAGIC) {
      for (let i = 0; i < LOG_BYTES; i += 8)
        if (load<u64>(at + i) != 0) return this.torn() ? LogState.NONE : LogState.FOREIGN;
      return LogState.NONE;
    }
    const length = load<u32>(at, 12);
    if (length < <u32>HEADER_BYTES || length > <u32>LOG_BYTES) return LogState.NONE;
    if (load<u32>(at, 8) != crc32(at + 12, <i32>length - 12)) return LogState.NONE;
    if (load<u32>(at, 16) != this.geometry.serial) return LogState.NONE;
    const changes = load<u32>(at, 28);
    let place = HEADER_BYTES;
    for (let i: u32 = 0; i < changes; i++) {
      if (place > <i32>length - CHANGE_HEADER_BYTES) return LogState.NONE;
      const bytes = <i32>load<u16>(at + place, 6);
      const offset = <i32>load<u16>(at + place, 4);
      if (!this.geometry.isChangeable(load<u32>(at + place))) return LogState.NONE;
      if (offset + bytes > this.geometry.sectorBytes) return LogState.NONE;
      place += CHANGE_HEADER_BYTES + padded(2 * bytes);
      if (place > <i32>length) return LogState.NONE;
    }
    this.length = length;
    this.changes = changes;
    return LogState.RECORD;
  }

  /** A record whose beginning was torn: some bytes of the magic are there, or the sectors behind it are ours. */
  private torn(): bool {
    const magic = load<u64>(this.buffer.dataStart);
    let kept = true;
    for (let i: u64 = 0; i < 64; i += 8) {
      const byte = (magic >> i) & 0xff;
      if (byte != 0 && byte != ((MAGIC >> i) & 0xff)) kept = false;
    }
    return kept;
  }

  /** True when FSInfo is as it was when the record was written: nobody else has taken clusters since. */
  fits(): bool {
    const at = this.buffer.dataStart;
    return load<u32>(at, 20) == this.marks.freeOnDisk && load<u32>(at, 24) == this.marks.nextOnDisk;
  }

  /** 1 when every byte is as it was before or is afterwards, 0 when one is neither: then the record is of another time. */
  verify(): i32 {
    for (; this.current < this.changes; this.step()) {
      const record = this.buffer.dataStart + this.currentAt;
      const bytes = <i32>load<u16>(record, 6);
      let at = this.cache.at(load<u32>(record));
      if (at == 0) return this.cache.status;
      at += <usize>load<u16>(record, 4);
      const old = record + CHANGE_HEADER_BYTES;
      for (let i = 0; i < bytes; i++) {
        const byte = load<u8>(at + i);
        if (byte != load<u8>(old + i) && byte != load<u8>(old + bytes + i)) {
          this.rewind();
          return 0;
        }
      }
    }
    this.rewind();
    return 1;
  }

  /** Makes the changes in the cache. Returns 0 when that has been done. */
  apply(writes: bool): i32 {
    for (; this.current < this.changes; this.step()) {
      const record = this.buffer.dataStart + this.currentAt;
      const sector = load<u32>(record);
      const at = this.cache.at(sector);
      if (at == 0) return this.cache.status;
      this.patch(record, at);
      if (writes) this.cache.touch(sector);
    }
    this.rewind();
    return 0;
  }

  /** On a device that cannot be written the changes are made whenever a sector is read. */
  onLoaded(sector: u32, at: usize): void {
    let place = HEADER_BYTES;
    for (let i = 0; i < this.changes; i++) {
      const record = this.buffer.dataStart + place;
      if (load<u32>(record) == sector) this.patch(record, at);
      place += CHANGE_HEADER_BYTES + padded(2 * <i32>load<u16>(record, 6));
    }
  }

  private patch(record: usize, at: usize): void {
    const bytes = <usize>load<u16>(record, 6);
    memory.copy(at + load<u16>(record, 4), record + CHANGE_HEADER_BYTES + bytes, bytes);
  }

  private step(): void {
    const record = this.buffer.dataStart + this.currentAt;
    this.currentAt += CHANGE_HEADER_BYTES + padded(2 * <i32>load<u16>(record, 6));
    this.current++;
  }

  private rewind(): void {
    this.current = 0;
    this.currentAt = HEADER_BYTES;
  }
}
