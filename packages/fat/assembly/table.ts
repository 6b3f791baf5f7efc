/**
 * The FAT: which cluster follows which, which are free. Values of all three sizes are given as those of
 * FAT32. The disk is slow, so a question may have no answer yet: WAIT, and `cache.status` says why.
 */
import { CORRUPT, Errno, PENDING } from "@phantasm/interfaces";
import { CLUSTER_FIRST, Geometry } from "./boot-sector";
import { SectorCache } from "./cache";

export const FREE: u32 = 0;
/** Behind the last cluster of a chain. */
export const END: u32 = 0x0fff_ffff;
/** An entry that no chain has: of a bad cluster, or beyond the end of the volume. */
export const BAD: u32 = 0x0fff_fff7;
/** No answer: `cache.status` says why. */
export const WAIT: u32 = 0xffff_ffff;

const VALUE_MASK: u32 = 0x0fff_ffff;


@final
export class Table {
  constructor(
    private readonly cache: SectorCache,
    private readonly geometry: Geometry,
  ) {}

  /** Why there was no answer. */
  get status(): i32 {
    return this.cache.status;
  }

  /** Sector of an entry of FAT32, and where in it. */
  @inline
  sectorOf(cluster: u32): u32 {
    return this.geometry.fatStart + cluster / ((<u32>this.geometry.sectorBytes) >> 2);
  }


  @inline
  offsetOf(cluster: u32): i32 {
    return (cluster << 2) & (<u32>(this.geometry.sectorBytes - 1));
  }

  /** What stands at a cluster: FREE, END, BAD, or the next one, which is one of the volume. */
  get(cluster: u32): u32 {
    const bits = this.geometry.bits;
    let value: u32;
    if (bits == 32) {
      const at = this.cache.at(this.sectorOf(cluster));
      if (at == 0) return WAIT;
      value = load<u32>(at + this.offsetOf(cluster)) & VALUE_MASK;
    } else if (bits == 16) {
      value = this.halfWord(cluster << 1);
      if (value == WAIT) return WAIT;
      if (value >= 0xfff0) value |= 0x0fff_0000;
    } else {
      // An entry of FAT12 may lie in two sectors.
      const at = cluster + (cluster >> 1);
      value = this.halfWord(at);
      if (value == WAIT) return WAIT;
      value = cluster & 1 ? value >> 4 : value & 0xfff;
      if (value >= 0xff0) value |= 0x0fff_f000;
    }
    if (value == FREE || this.geometry.isCluster(value)) return value;
    return value >= 0x0fff_fff8 ? END : BAD;
  }

  /** Sets an entry of FAT32. Returns false when its sector is not here yet. */
  set(cluster: u32, value: u32): bool {
    const sector = this.sectorOf(cluster);
    const at = this.cache.at(sector);
    if (at == 0) return false;
    const place = at + this.offsetOf(cluster);
    // The upper four bits are reserved, and kept.
    store<u32>(place, (load<u32>(place) & ~VALUE_MASK) | value);
    this.cache.touch(sector);
    return true;
  }

  /** The cluster behind this one in a chain, which must go on: else WAIT, with CORRUPT. */
  follow(cluster: u32): u32 {
    const next = this.get(cluster);
    if (next == WAIT || this.geometry.isCluster(next)) return next;
    this.cache.status = CORRUPT;
    return WAIT;
  }

  private halfWord(offset: u32): u32 {
    const low = this.byteAt(offset);
    if (low == WAIT) return WAIT;
    const high = this.byteAt(offset + 1);
    return high == WAIT ? WAIT : low | (high << 8);
  }

  private byteAt(offset: u32): u32 {
    const bytes = <u32>this.geometry.sectorBytes;
    const at = this.cache.at(this.geometry.fatStart + offset / bytes);
    return at == 0 ? WAIT : <u32>load<u8>(at + (offset & (bytes - 1)));
  }
}

/** Number of free clusters: not known. As FSInfo says it. */
export const UNKNOWN: u32 = 0xffff_ffff;

/** Free clusters: found from where the last one was, given back chain by chain. One of each at a time. */
@final
export class Space {
  /** Free clusters, or UNKNOWN. A hint: it came from FSInfo. */
  free: u32 = UNKNOWN;
  /** Where the search for a free one begins. */
  next: u32 = CLUSTER_FIRST;
  /** Entries that the search has still to look at; 0: none goes on. */
  private left: u32 = 0;
  /** There was none, and nothing was given back since. */
  private full: bool = false;
  /** What is still to be given back of a chain. */
  private releasing: u32 = 0;

  constructor(
    private readonly cache: SectorCache,
    private readonly table: Table,
    private readonly geometry: Geometry,
  ) {}

  /** Takes a cluster: its entry is END. WAIT with `cache.status` PENDING, NOSPACE or an error. */
  take(): u32 {
    if (this.full) return this.refuse();
    if (this.left == 0) this.left = this.geometry.clusters;
    if (!this.geometry.isCluster(this.next)) this.next = CLUSTER_FIRST;
    while (this.left > 0) {
      const cluster = this.next;
      const value = this.table.get(cluster);
      if (value == WAIT) {
        if (this.cache.status != PENDING) this.left = 0;
        return WAIT;
      }
      if (value == FREE) {
        this.table.set(cluster, END);
        this.left = 0;
        this.step();
        if (this.free != UNKNOWN && this.free > 0) this.free--;
        return cluster;
      }
      this.left--;
      this.step();
    }
    this.full = true;
    if (this.free != UNKNOWN) this.free = 0;
    return this.refuse();
  }

  /** Gives back a chain: call until it returns 0. A chain that is broken ends there. */
  release(first: u32): i32 {
    if (this.releasing == 0) this.releasing = first;
    while (this.geometry.isCluster(this.releasing)) {
      const cluster = this.releasing;
      const next = this.table.get(cluster);
      if (next == WAIT) return this.cache.status;
      // What was given back is free: so a circle ends, too.
      if (next == FREE) break;
      this.table.set(cluster, FREE);
      this.full = false;
      if (this.free != UNKNOWN) this.free++;
      this.releasing = next;
    }
    this.releasing = 0;
    return 0;
  }

  /** A release or a search that failed begins anew. */
  reset(): void {
    this.releasing = 0;
    this.left = 0;
  }

  private step(): void {
    const next = this.next + 1;
    this.next = this.geometry.isCluster(next) ? next : CLUSTER_FIRST;
  }

  private refuse(): u32 {
    this.cache.status = Errno.NOSPACE;
    return WAIT;
  }
}
