import { CORRUPT, WRONG_FORMAT } from "@phantasm/interfaces";
import { crc32 } from "./crc32";
import { transferSectors } from "./layer";
import { Kind, Operation, WayDown } from "./operation";

/**
 * Bytes at the beginning of a disk that must be blank before it is formatted: every file system that is in use has
 * something there.
 */
const BLANK_BYTES: i32 = 131_072;

/** Where every superblock has its checksum, and before it a magic number of 8 bytes and a version. */
const CHECKSUM_AT: usize = 12;

/** Puts the checksum into a superblock. */
export function sealSuperblock(address: usize, sectorBytes: i32): void {
  store<u32>(address + CHECKSUM_AT, 0);
  store<u32>(address + CHECKSUM_AT, crc32(0, address, sectorBytes));
}

enum Step {
  SUPERBLOCK,
  LOADS,
  /** Sees whether the disk is blank. */
  LOOKS,
  FORMATS,
  FORMATTED,
  /** Writes the superblock. */
  CLAIMS,
  CLAIMED,
}

/**
 * How a layer with a format of its own opens its disk: one request after the other. Sector 0 says that it has the
 * format, and is written last. A disk counts as blank, and is formatted, if its first sectors are zeros, or what
 * formatting writes there: a crash may have cut that short. Anything else stays as it is: WRONG_FORMAT.
 */
export abstract class Opening extends Operation {
  /** `transferSectors` of the disk. */
  protected readonly room: Uint8Array;
  protected readonly sectorBytes: i32;
  private readonly expected: Uint8Array;
  private step: Step = Step.SUPERBLOCK;
  /** How far it has come. */
  private at: u64 = 0;
  /** Of a read that was CORRUPT as a whole, and is made sector by sector: how many are done; else -1. */
  private single: i32 = -1;
  private wholeSector: u64 = 0;
  private wholeSectors: i32 = 0;

  constructor(protected readonly way: WayDown) {
    super();
    const disk = way.disk;
    this.sectorBytes = disk.sectorBytes;
    this.room = new Uint8Array(transferSectors(disk) * disk.sectorBytes);
    this.expected = new Uint8Array(disk.sectorBytes);
  }

  /** Called with 0 when the disk is open, else with why it is not. */
  protected abstract opened(state: i32): void;

  /** Writes what a sector holds when the disk is formatted. The superblock has to be sealed. */
  protected abstract formatted(sector: u64, address: usize): void;

  /** The next sectors from one on that formatting has to write: fills in `sector` and `sectors`. False: none. */
  protected abstract nextToFormat(from: u64): bool;

  /** The disk has the format: reads what there is to read, and calls `opened`. By default nothing. */
  protected load(): void {
    this.opened(0);
  }

  /** What `load` has read. */
  protected loaded(status: i32): void {}

  begin(): void {
    this.ask(Kind.READ, 0, 1);
  }

  done(status: i32): void {
    if (this.kind == Kind.READ && (this.single >= 0 || status == CORRUPT)) {
      if (this.readsOn(status)) return;
      status = status == CORRUPT ? 0 : status;
    }
    if (this.step == Step.LOADS) return this.loaded(status);
    if (status != 0) return this.opened(status);
    const step = this.step;
    if (step == Step.SUPERBLOCK) this.recognise();
    else if (step == Step.LOOKS) this.look();
    else if (step == Step.FORMATS) this.format();
    else if (step == Step.FORMATTED) this.claim();
    else if (step == Step.CLAIMS) {
      this.step = Step.CLAIMED;
      this.way.flush(this);
    } else this.beginLoad();
  }

  protected ask(kind: Kind, sector: u64, sectors: i32): void {
    this.move(kind, sector, sectors, this.room, 0);
    this.way.submit(this);
  }

  /** Reads one by one; a sector that a crash has torn counts as zeros. False: that is done. */
  private readsOn(status: i32): bool {
    if (this.single < 0) {
      this.wholeSector = this.sector;
      this.wholeSectors = this.sectors;
    } else {
      const address = this.room.dataStart + this.single * this.sectorBytes;
      if (status == CORRUPT) memory.fill(address, 0, this.sectorBytes);
      else if (status != 0) this.single = this.wholeSectors;
    }
    if (++this.single < this.wholeSectors) {
      const offset = this.single * this.sectorBytes;
      this.move(Kind.READ, this.wholeSector + this.single, 1, this.room, offset);
      this.way.submit(this);
      return true;
    }
    this.single = -1;
    this.move(Kind.READ, this.wholeSector, this.wholeSectors, this.room, 0);
    return false;
  }

  private recognise(): void {
    const bytes = this.sectorBytes;
    const found = this.room.dataStart;
    const expected = this.expected.dataStart;
    this.formatted(0, expected);
    if (memory.compare(found, expected, bytes) == 0) return this.beginLoad();
    if (this.isBlankOrExpected(0, found)) {
      // What is not there cannot be read, and not be made either.
      if (!this.way.disk.writable) return this.opened(WRONG_FORMAT);
      this.step = Step.LOOKS;
      return this.askBlank();
    }
    if (load<u64>(found) != load<u64>(expected)) return this.opened(WRONG_FORMAT);
    const crc = load<u32>(found + CHECKSUM_AT);
    sealSuperblock(found, bytes);
    // One that is intact is of another version, or of disks of other sizes.
    this.opened(load<u32>(found + CHECKSUM_AT) == crc ? WRONG_FORMAT : CORRUPT);
  }

  private beginLoad(): void {
    this.step = Step.LOADS;
    this.load();
  }

  private askBlank(): void {
    const disk = this.way.disk;
    const end = min(disk.sectors, <u64>(BLANK_BYTES / this.sectorBytes));
    const left = end - this.at;
    if (left > 0) return this.ask(Kind.READ, this.at, <i32>min<u64>(left, transferSectors(disk)));
    this.step = Step.FORMATS;
    this.at = 1;
    this.format();
  }

  private look(): void {
    for (let i = 0; i < this.sectors; i++) {
      const found = this.room.dataStart + i * this.sectorBytes;
      if (!this.isBlankOrExpected(this.at + i, found)) return this.opened(WRONG_FORMAT);
    }
    this.at += this.sectors;
    this.askBlank();
  }

  private format(): void {
    if (!this.nextToFormat(this.at)) {
      this.step = Step.FORMATTED;
      return this.way.flush(this);
    }
    const sectors = min(this.sectors, transferSectors(this.way.disk));
    for (let i = 0; i < sectors; i++)
      this.formatted(this.sector + i, this.room.dataStart + i * this.sectorBytes);
    this.at = this.sector + sectors;
    this.ask(Kind.WRITE, this.sector, sectors);
  }

  private claim(): void {
    this.step = Step.CLAIMS;
    this.formatted(0, this.room.dataStart);
    this.ask(Kind.WRITE, 0, 1);
  }

  private isBlankOrExpected(sector: u64, found: usize): bool {
    const expected = this.expected.dataStart;
    this.formatted(sector, expected);
    for (let i = 0; i < this.sectorBytes; i++) {
      const byte = load<u8>(found + i);
      if (byte != 0 && byte != load<u8>(expected + i)) return false;
    }
    return true;
  }
}
