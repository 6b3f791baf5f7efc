import { Choice } from "./choice";

const SIGNATURE: u16 = 0xaa55;
const ENTRIES_AT: usize = 446;
const ENTRY_BYTES: usize = 16;

/** Says that the disk has a GPT (UEFI 2.10 §5.2.3). */
const TYPE_PROTECTIVE: u8 = 0xee;

/** Links of an extended partition that are followed; a longer chain, or a cyclic one, is damaged. */
const LINKS_MAX: i32 = 128;

/** The four entries of a boot record. */
@unmanaged
class Record {
  get signed(): bool {
    return load<u16>(changetype<usize>(this), 510) == SIGNATURE;
  }

  private at(index: i32): usize {
    return changetype<usize>(this) + ENTRIES_AT + <usize>index * ENTRY_BYTES;
  }

  /** 0 or 0x80 in a table; else it is the code of a boot sector. */
  flag(index: i32): u8 {
    return load<u8>(this.at(index));
  }

  type(index: i32): u8 {
    return load<u8>(this.at(index), 4);
  }

  /** Relative to something in an extended partition. */
  first(index: i32): u64 {
    return <u64>load<u32>(this.at(index), 8);
  }

  sectors(index: i32): u64 {
    return <u64>load<u32>(this.at(index), 12);
  }

  used(index: i32): bool {
    return this.type(index) != 0 && this.sectors(index) != 0;
  }

  extended(index: i32): bool {
    const type = this.type(index);
    return this.used(index) && (type == 0x05 || type == 0x0f || type == 0x85);
  }
}

/** What became of a look at a record. */
export enum Outcome {
  FOUND,
  /** The record at `next` has to be looked at. */
  NEXT,
  NOT_FOUND,
  /** It is a protective one: there is a GPT. */
  GPT,
  NO_TABLE,
  DAMAGED,
}

/** Looks for a partition in a master boot record, and in the chain of an extended partition. */
@final
export class MbrSearch {
  first: u64 = 0;
  sectors: u64 = 0;
  next: u64 = 0;
  private extendedFirst: u64 = 0;
  private extendedEnd: u64 = 0;
  private links: i32 = 0;
  private logical: i32 = 0;
  private found: bool = false;
  /** Of each link: its own sector, and the first and the end of what it has; of one that has nothing 0 and 0. */
  private readonly chain: StaticArray<u64> = new StaticArray<u64>(3 * LINKS_MAX);

  constructor(
    private readonly choice: Choice,
    private readonly diskSectors: u64,
  ) {}

  /** The record in sector 0. */
  master(address: usize): Outcome {
    const record = changetype<Record>(address);
    if (!record.signed) return Outcome.NO_TABLE;
    let extended = -1;
    let chosen = -1;
    for (let i = 0; i < 4; i++) {
      if ((record.flag(i) & 0x7f) != 0) return Outcome.NO_TABLE;
      if (record.type(i) == TYPE_PROTECTIVE) return Outcome.GPT;
      if (record.extended(i)) {
        if (extended < 0) extended = i;
      } else if (chosen < 0 && record.used(i) && this.choice.fitsMbr(record.type(i), i + 1))
        chosen = i;
    }
    if (chosen >= 0) return this.primary(record, chosen);
    if (extended < 0) return Outcome.NOT_FOUND;
    this.extendedFirst = record.first(extended);
    this.extendedEnd = this.extendedFirst + record.sectors(extended);
    if (this.extendedFirst == 0 || this.extendedEnd > this.diskSectors) return Outcome.DAMAGED;
    this.next = this.extendedFirst;
    return Outcome.NEXT;
  }

  /** The record in sector `next`: one link of the chain, with up to one partition and the next link. */
  link(address: usize): Outcome {
    const record = changetype<Record>(address);
    const here = this.next;
    // An extended partition in which nothing was ever made.
    if (!record.signed) return this.links == 0 ? Outcome.NOT_FOUND : Outcome.DAMAGED;
    if (this.links == LINKS_MAX) return Outcome.DAMAGED;
    const at = 3 * this.links++;
    this.chain[at] = here;
    let following: u64 = 0;
    for (let i = 0; i < 4; i++) {
      if (record.extended(i)) {
        if (following == 0) following = this.extendedFirst + record.first(i);
      } else if (record.used(i) && this.chain[at + 2] == 0) {
        const first = here + record.first(i);
        this.chain[at + 1] = first;
        this.chain[at + 2] = first + record.sectors(i);
        this.logical++;
        if (!this.found && this.choice.fitsMbr(record.type(i), 4 + this.logical)) {
          this.found = true;
          this.first = first;
          this.sectors = record.sectors(i);
        }
      }
    }
    if (following == 0) return this.endOfChain();
    if (following <= this.extendedFirst || following >= this.extendedEnd) return Outcome.DAMAGED;
    for (let i = 0; i < at; i += 3) if (this.chain[i] == following) return Outcome.DAMAGED;
    if (following == here) return Outcome.DAMAGED;
    this.next = following;
    return Outcome.NEXT;
  }

  private primary(record: Record, chosen: i32): Outcome {
    const first = record.first(chosen);
    const end = first + record.sectors(chosen);
    if (first == 0 || end > this.diskSectors) return Outcome.DAMAGED;
    for (let i = 0; i < 4; i++) {
      if (i == chosen || !record.used(i)) continue;
      if (record.first(i) < end && first < record.first(i) + record.sectors(i))
        return Outcome.DAMAGED;
    }
    this.first = first;
    this.sectors = end - first;
    return Outcome.FOUND;
  }

  private endOfChain(): Outcome {
    if (!this.found) return Outcome.NOT_FOUND;
    const first = this.first;
    const end = first + this.sectors;
    if (first <= this.extendedFirst || end > this.extendedEnd) return Outcome.DAMAGED;
    let claims = 0;
    for (let at = 0; at < 3 * this.links; at += 3) {
      if (this.chain[at] >= first && this.chain[at] < end) return Outcome.DAMAGED;
      if (this.chain[at + 1] < end && first < this.chain[at + 2]) claims++;
    }
    return claims == 1 ? Outcome.FOUND : Outcome.DAMAGED;
  }
}
