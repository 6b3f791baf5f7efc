import { Geometry, NO_CLUSTER, SLOT_SECTORS, entryAddress } from "./format";

export const NO_SLOT: i32 = -1;

/**
 * Clusters of one bucket that are looked through while a map is read. There are a handful by chance; a disk that was
 * made to have more would make every request slow.
 */
const BUCKET_MAX: i32 = 64;

/** Bits: what is to be done with a table. */
namespace TableState {
  export const CHANGED: u8 = 1;
  /** It goes with the flush that is under way. */
  export const SENT: u8 = 2;
}

/**
 * Which sectors of the base have changed, and in which slot they are: 8 bytes a slot and 8 for finding it, whatever
 * the size of the base. Slots are given out in their order, so that what is written in a row lies in a row.
 */
@final
export class ChangeMap {
  /** Slots in use, and holes between them. */
  private used: i32 = 0;
  /** Slots that a crash has left unused, linked by `nexts`. */
  private firstHole: i32 = NO_SLOT;
  private holes: i32 = 0;

  private readonly clusters: StaticArray<u32>;
  /** Sectors that are in a slot. */
  private readonly masks: StaticArray<u16>;
  /** Those of them that were durable when the last flush began: only these may be written to a table. */
  private readonly durable: StaticArray<u16>;
  private readonly nexts: StaticArray<i32>;
  private readonly buckets: StaticArray<i32>;
  private readonly shift: i32;
  private readonly states: StaticArray<u8>;
  private readonly generations: StaticArray<u64>;

  constructor(readonly geometry: Geometry) {
    const slots = geometry.slots;
    this.clusters = new StaticArray<u32>(slots);
    this.masks = new StaticArray<u16>(slots);
    this.durable = new StaticArray<u16>(slots);
    this.nexts = new StaticArray<i32>(slots);
    this.states = new StaticArray<u8>(geometry.tables);
    this.generations = new StaticArray<u64>(geometry.tables);
    const bits = max(1, 32 - <i32>clz(slots));
    const buckets = new StaticArray<i32>(1 << bits);
    for (let i = 0; i < buckets.length; i++) buckets[i] = NO_SLOT;
    this.buckets = buckets;
    this.shift = 32 - bits;
    for (let table = 0; table < geometry.tables; table++) this.generations[table] = 1;
  }

  find(cluster: u32): i32 {
    let slot = this.buckets[this.bucketOf(cluster)];
    while (slot != NO_SLOT && this.clusters[slot] != cluster) slot = this.nexts[slot];
    return slot;
  }

  get free(): i32 {
    return this.geometry.slots - this.used + this.holes;
  }

  /** Gives a cluster the next slot; there must be one, and it must have none. */
  add(cluster: u32): i32 {
    let slot = this.firstHole;
    if (slot == NO_SLOT) slot = this.used++;
    else {
      this.firstHole = this.nexts[slot];
      this.holes--;
    }
    this.link(slot, cluster);
    return slot;
  }

  /** Bits of the sectors of a slot that have changed. */
  mask(slot: i32): u32 {
    return slot == NO_SLOT ? 0 : this.masks[slot];
  }

  /** Sectors of a slot have been written. */
  addChanged(slot: i32, mask: u32): void {
    if ((this.masks[slot] & mask) == mask) return;
    this.masks[slot] |= <u16>mask;
    this.states[slot / this.geometry.perTable] |= TableState.CHANGED;
  }

  /** First sector of a slot. */
  sectorOf(slot: i32): u64 {
    return this.geometry.slotsAt + <u64>slot * SLOT_SECTORS;
  }

  /** A flush begins: what has been written until now will be durable. Returns how many tables will have to be written. */
  send(): i32 {
    const perTable = this.geometry.perTable;
    let sent = 0;
    for (let table = 0; table < this.states.length; table++) {
      if (this.states[table] == 0) continue;
      this.states[table] = TableState.SENT;
      sent++;
      const end = min(this.used, (table + 1) * perTable);
      for (let slot = table * perTable; slot < end; slot++) this.durable[slot] = this.masks[slot];
    }
    return sent;
  }

  /** The first table from `table` on that was sent and not written yet; as many as there are if none. */
  nextSent(table: i32): i32 {
    while (table < this.states.length && (this.states[table] & TableState.SENT) == 0) table++;
    return table;
  }

  /** Writes the next generation of a table into a sector, and returns where that goes. */
  writeTable(table: i32, address: usize): u64 {
    const generation = ++this.generations[table];
    this.states[table] &= ~TableState.SENT;
    const first = table * this.geometry.perTable;
    for (let i = 0; i < this.geometry.perTable; i++) {
      const slot = first + i;
      const entry = entryAddress(address, i);
      const isUsed = slot < this.used && this.durable[slot] != 0;
      store<u32>(entry, isUsed ? this.clusters[slot] : NO_CLUSTER);
      store<u32>(entry, isUsed ? this.durable[slot] : 0, 4);
    }
    this.geometry.sealTable(address, table, generation);
    return this.geometry.sectorOf(table, generation);
  }

  /** Takes a table from the disk: its two copies, one after the other. False: it is damaged. */
  readTable(table: i32, address: usize): bool {
    const geometry = this.geometry;
    const second = address + geometry.sectorBytes;
    const first = geometry.tableGeneration(address, table, 0);
    const other = geometry.tableGeneration(second, table, 1);
    const generation = max(first, other);
    if (generation == 0) return false;
    this.generations[table] = generation;
    const newest = first > other ? address : second;
    const clusters = geometry.clusters;
    for (let i = 0; i < geometry.perTable; i++) {
      const entry = entryAddress(newest, i);
      const cluster = load<u32>(entry);
      if (cluster == NO_CLUSTER || load<u16>(entry, 4) == 0) continue;
      const slot = table * geometry.perTable + i;
      if (slot >= geometry.slots || cluster >= clusters || this.isCrowded(cluster)) return false;
      this.link(slot, cluster);
      this.masks[slot] = load<u16>(entry, 4);
      this.durable[slot] = load<u16>(entry, 4);
      this.used = slot + 1;
    }
    return true;
  }

  /** All tables have been read: finds the slots that none of them uses. */
  findHoles(): void {
    for (let slot = this.used - 1; slot >= 0; slot--) {
      if (this.masks[slot] != 0) continue;
      this.nexts[slot] = this.firstHole;
      this.firstHole = slot;
      this.holes++;
    }
  }

  /** The cluster has a slot already, or its bucket is too full. */
  private isCrowded(cluster: u32): bool {
    let slot = this.buckets[this.bucketOf(cluster)];
    for (let seen = 0; slot != NO_SLOT; seen++) {
      if (this.clusters[slot] == cluster || seen == BUCKET_MAX) return true;
      slot = this.nexts[slot];
    }
    return false;
  }

  private link(slot: i32, cluster: u32): void {
    this.clusters[slot] = cluster;
    const bucket = this.bucketOf(cluster);
    this.nexts[slot] = this.buckets[bucket];
    this.buckets[bucket] = slot;
  }

  private bucketOf(cluster: u32): i32 {
    // Fibonacci hashing (Knuth, TAOCP 6.4).
    return <i32>((cluster * 0x9e37_79b9) >> this.shift);
  }
}
