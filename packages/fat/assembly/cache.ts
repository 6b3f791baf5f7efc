/**
 * Sectors in memory: of the FAT, of directories, and the ends of files that are less than a sector.
 *
 * Nobody waits here. `at` returns the address of a sector, or 0: then `status` says PENDING, and whoever
 * asked comes back when the disk has something to report. An address is good until the next call.
 *
 * What is written is kept until `writeBack`, or until its room is needed: in any order. So only what may
 * reach the disk in any order is put here; see `log.ts` for the rest.
 */
import { PENDING } from "@phantasm/interfaces";
import { Geometry } from "./boot-sector";
import { Disk, SlotListener } from "./disk";

enum SlotState {
  EMPTY,
  READING,
  /** Reading it has failed: said to the next who asks. */
  FAILED,
  VALID,
}

const NOBODY: i32 = -1;

/** Overlays what is read: a log that could not be written to its place. */
export interface Overlay {
  onLoaded(sector: u32, at: usize): void;
}


@final
export class SectorCache implements SlotListener {
  /** Why `at` returned 0. */
  status: i32 = 0;
  /** A sector could not be written: what is on the disk is not what was meant. */
  failed: i32 = 0;
  overlay: Overlay | null = null;

  private readonly bytes: Uint8Array;
  private readonly states: StaticArray<u8>;
  private readonly sectors: StaticArray<u32>;
  private readonly errors: StaticArray<i32>;
  private readonly changed: StaticArray<bool>;
  /** Used since the hand passed. */
  private readonly recent: StaticArray<bool>;
  /** Writes under way. */
  private readonly writing: StaticArray<u8>;
  /** Copies of a sector that were submitted; of a FAT there are several. */
  private readonly copied: StaticArray<u8>;
  /** Chains of a hash table: the first slot of each, and the next of each slot. */
  private readonly heads: StaticArray<i32>;
  private readonly nexts: StaticArray<i32>;
  private hand: i32 = 0;
  private changedCount: i32 = 0;
  private writingCount: i32 = 0;

  constructor(
    private readonly disk: Disk,
    private readonly geometry: Geometry,
    readonly slots: i32,
  ) {
    this.bytes = new Uint8Array(slots * geometry.sectorBytes);
    this.states = new StaticArray<u8>(slots);
    this.sectors = new StaticArray<u32>(slots);
    this.errors = new StaticArray<i32>(slots);
    this.changed = new StaticArray<bool>(slots);
    this.recent = new StaticArray<bool>(slots);
    this.writing = new StaticArray<u8>(slots);
    this.copied = new StaticArray<u8>(slots);
    this.heads = new StaticArray<i32>(slots).fill(NOBODY);
    this.nexts = new StaticArray<i32>(slots);
    disk.slots = this;
  }

  /** The address of a sector, or 0. */
  at(sector: u32): usize {
    let slot = this.find(sector);
    if (slot != NOBODY) {
      const state = this.states[slot];
      if (state == SlotState.VALID) return this.use(slot);
      this.status = PENDING;
      if (state == SlotState.FAILED) {
        this.status = this.errors[slot];
        this.empty(slot);
      }
      return 0;
    }
    slot = this.room();
    if (slot == NOBODY) return 0;
    const answer = this.disk.readSlot(sector, slot, this.bytes, this.offsetOf(slot));
    if (answer == 0) this.fill(slot, sector, SlotState.READING);
    this.status = answer == 0 ? PENDING : answer;
    return 0;
  }

  /** The address of a sector whose old content is of no interest, filled with zeros unless it is here; or 0. */
  fresh(sector: u32): usize {
    let slot = this.find(sector);
    if (slot != NOBODY) return this.at(sector);
    slot = this.room();
    if (slot == NOBODY) return 0;
    this.fill(slot, sector, SlotState.VALID);
    const at = this.use(slot);
    memory.fill(at, 0, this.geometry.sectorBytes);
    return at;
  }

  /** Says that a sector, whose address was just given, was written to. */
  touch(sector: u32): void {
    const slot = this.find(sector);
    if (slot == NOBODY) return;
    // Copies that were submitted before are of the old content.
    this.copied[slot] = 0;
    if (this.changed[slot]) return;
    this.changed[slot] = true;
    this.changedCount++;
  }

  /** Nothing is to be written, and no write is under way. */
  get clean(): bool {
    return this.changedCount == 0 && this.writingCount == 0;
  }

  /** Writes all that was changed. Returns 0 when that has been done, PENDING, or an error. */
  writeBack(): i32 {
    if (this.changedCount > 0) {
      for (let slot = 0; slot < this.slots; slot++) if (this.changed[slot]) this.write(slot);
    }
    if (this.failed != 0) return this.failed;
    return this.clean ? 0 : PENDING;
  }

  /** As `writeBack`, of sectors that somebody is about to read past the cache. */
  writeBackRange(sector: u32, sectors: u32): i32 {
    if (this.clean) return 0;
    let open = false;
    for (let slot = 0; slot < this.slots; slot++) {
      if (this.states[slot] != SlotState.VALID || this.sectors[slot] - sector >= sectors) continue;
      if (this.changed[slot]) this.write(slot);
      if (this.changed[slot] || this.writing[slot] > 0) open = true;
    }
    if (this.failed != 0) return this.failed;
    return open ? PENDING : 0;
  }

  /** Forgets sectors that somebody is about to write past the cache. Returns 0, or PENDING while they are in use. */
  forget(sector: u32, sectors: u32): i32 {
    let open = false;
    for (let slot = 0; slot < this.slots; slot++) {
      const state = this.states[slot];
      if (state == SlotState.EMPTY || this.sectors[slot] - sector >= sectors) continue;
      if (state == SlotState.READING || this.writing[slot] > 0) {
        open = true;
        continue;
      }
      this.unchange(slot);
      this.empty(slot);
    }
    return open ? PENDING : 0;
  }

  onSlotRead(slot: i32, status: i32): void {
    if (status < 0) {
      this.states[slot] = <u8>SlotState.FAILED;
      this.errors[slot] = status;
      return;
    }
    this.states[slot] = <u8>SlotState.VALID;
    const overlay = this.overlay;
    if (overlay !== null) overlay.onLoaded(this.sectors[slot], this.addressOf(slot));
  }

  onSlotWritten(slot: i32, status: i32): void {
    this.writing[slot]--;
    this.writingCount--;
    if (status < 0 && this.failed == 0) this.failed = status;
  }

  /** Submits what is missing of the writes of a slot. */
  private write(slot: i32): void {
    // Two writes of one sector under way have no order.
    if (this.copied[slot] == 0 && this.writing[slot] > 0) return;
    const sector = this.sectors[slot];
    const geometry = this.geometry;
    const inFat = sector - geometry.fatStart < geometry.fatSectors;
    const copies = inFat ? geometry.fatCopies : 1;
    for (let copy = <i32>this.copied[slot]; copy < copies; copy++) {
      const place = sector + <u32>copy * geometry.fatSectors;
      const answer = this.disk.writeSlot(place, slot, this.bytes, this.offsetOf(slot));
      if (answer < 0) {
        if (answer != PENDING && this.failed == 0) this.failed = answer;
        return;
      }
      this.copied[slot]++;
      this.writing[slot]++;
      this.writingCount++;
    }
    this.copied[slot] = 0;
    this.unchange(slot);
  }

  /** A slot for another sector; NOBODY, and `status`, when there is none now. */
  private room(): i32 {
    this.status = PENDING;
    for (let tries = 2 * this.slots; tries > 0; tries--) {
      const slot = this.hand;
      this.hand = slot + 1 == this.slots ? 0 : slot + 1;
      const state = this.states[slot];
      if (state == SlotState.READING || this.writing[slot] > 0) continue;
      if (this.recent[slot]) {
        this.recent[slot] = false;
        continue;
      }
      if (this.changed[slot]) {
        if (this.failed != 0) {
          this.status = this.failed;
          continue;
        }
        this.write(slot);
        continue;
      }
      if (state != SlotState.EMPTY) this.empty(slot);
      return slot;
    }
    return NOBODY;
  }

  private use(slot: i32): usize {
    this.recent[slot] = true;
    return this.addressOf(slot);
  }


  @inline
  private addressOf(slot: i32): usize {
    return this.bytes.dataStart + this.offsetOf(slot);
  }


  @inline
  private offsetOf(slot: i32): i32 {
    return slot * this.geometry.sectorBytes;
  }


  @inline
  private chainOf(sector: u32): i32 {
    return <i32>((sector * 0x9e37_79b1) % <u32>this.slots);
  }

  private find(sector: u32): i32 {
    let slot = this.heads[this.chainOf(sector)];
    while (slot != NOBODY && this.sectors[slot] != sector) slot = this.nexts[slot];
    return slot;
  }

  private fill(slot: i32, sector: u32, state: SlotState): void {
    const chain = this.chainOf(sector);
    this.sectors[slot] = sector;
    this.states[slot] = <u8>state;
    this.recent[slot] = true;
    this.copied[slot] = 0;
    this.nexts[slot] = this.heads[chain];
    this.heads[chain] = slot;
  }

  private empty(slot: i32): void {
    const chain = this.chainOf(this.sectors[slot]);
    let at = this.heads[chain];
    if (at == slot) this.heads[chain] = this.nexts[slot];
    else {
      while (this.nexts[at] != slot) at = this.nexts[at];
      this.nexts[at] = this.nexts[slot];
    }
    this.states[slot] = <u8>SlotState.EMPTY;
    this.recent[slot] = false;
  }

  private unchange(slot: i32): void {
    if (!this.changed[slot]) return;
    this.changed[slot] = false;
    this.changedCount--;
  }
}
