/**
 * A hash table whose keys are bytes from outside. Grows and shrinks a few buckets at a time, so that no operation takes
 * long: while it does, entries are in the old buckets or in the new ones. Chains are short because the hash is keyed.
 *
 * An entry is raw memory: the head below, more if the table says so, the key.
 */
import { allocate, isRoomFor, release } from "./heap";
import { hashOf } from "./siphash";

const BUCKETS_MIN: u32 = 4;
/** Buckets that are moved with each change of a table that is resized. */
const MOVED_BUCKETS: i32 = 2;
/** Bytes of an entry before its key, where a table does not say more. */
export const ENTRY_BYTES: i32 = 32;
const TABLE_BYTES: i32 = <i32>offsetof<Table>();
/** It shrinks when it has so many more buckets than entries. */
const SPARSE: u32 = 8;
const SHRINKING_BUCKETS_MIN: u32 = 64;


@unmanaged
export class Entry {
  next: u32;
  hash: u32;
  keyLength: i32;
  /** Address of the value, 0: none. */
  value: u32;
  /** Of its owner: a time, or the bits of a score. */
  extra: i64;
  /** Of what is stored of it on the disk. */
  id: u64;

  get address(): usize {
    // eslint-disable-next-line assemblyscript/no-changetype-usize -- raw memory: the collector knows nothing of it
    return changetype<usize>(this);
  }
}


@unmanaged
export class Table {
  private buckets: usize;
  private other: usize;
  private mask: u32;
  private otherMask: u32;
  /** Old buckets before this one are empty, while it is resized. */
  private moved: u32;
  count: i32;
  /** Bytes of an entry before its key. */
  private headBytes: i32;

  get address(): usize {
    // eslint-disable-next-line assemblyscript/no-changetype-usize -- raw memory: the collector knows nothing of it
    return changetype<usize>(this);
  }

  get isResizing(): bool {
    return this.other != 0;
  }

  keyOf(entry: Entry): usize {
    return entry.address + <usize>this.headBytes;
  }

  /** Null: there is none. */
  find(key: usize, bytes: i32): Entry | null {
    return this.findHashed(key, bytes, hashOf(key, bytes));
  }

  private findHashed(key: usize, bytes: i32, hash: u32): Entry | null {
    if (this.other != 0) this.move(1);
    const head = <usize>this.headBytes;
    let at = <usize>load<u32>(this.bucketOf(hash));
    while (at != 0) {
      const entry = changetype<Entry>(at);
      if (
        entry.hash == hash &&
        entry.keyLength == bytes &&
        memory.compare(at + head, key, <usize>bytes) == 0
      )
        return entry;
      at = <usize>entry.next;
    }
    return null;
  }

  private bucketOf(hash: u32): usize {
    const index = hash & this.mask;
    if (this.other != 0 && index < this.moved)
      return this.other + ((<usize>(hash & this.otherMask)) << 2);
    return this.buckets + ((<usize>index) << 2);
  }

  /** Adds a key that is not there. All of its head but next, hash and keyLength is 0. */
  add(key: usize, bytes: i32): Entry {
    if (this.other != 0) this.move(MOVED_BUCKETS);
    else if (<u32>this.count > this.mask) this.resize((this.mask + 1) << 1);
    const at = allocate(this.headBytes + bytes);
    memory.fill(at, 0, <usize>this.headBytes);
    memory.copy(at + <usize>this.headBytes, key, <usize>bytes);
    const entry = changetype<Entry>(at);
    entry.hash = hashOf(key, bytes);
    entry.keyLength = bytes;
    this.link(entry);
    this.count++;
    return entry;
  }

  private link(entry: Entry): void {
    const bucket = this.bucketOf(entry.hash);
    entry.next = load<u32>(bucket);
    store<u32>(bucket, <u32>entry.address);
  }

  /** Takes an entry out, and frees it; its value is the caller's. */
  remove(entry: Entry): void {
    let link = this.bucketOf(entry.hash);
    while (<usize>load<u32>(link) != entry.address) {
      link = <usize>load<u32>(link);
      assert(link != 0, "resp: an entry is not in its table");
    }
    store<u32>(link, entry.next);
    this.count--;
    release(entry.address, this.headBytes + entry.keyLength);
    if (this.other != 0) this.move(MOVED_BUCKETS);
    else if (this.mask >= SHRINKING_BUCKETS_MIN && <u32>this.count * SPARSE <= this.mask)
      this.resize((this.mask + 1) / (SPARSE >> 1));
  }

  private resize(size: u32): void {
    // Without memory for more buckets, it goes on with those that it has.
    if (!isRoomFor((<usize>size) << 2)) return;
    this.other = allocate(<i32>(size << 2));
    // In proportion to the table, but at the speed of memory: 1 ms for a million keys.
    memory.fill(this.other, 0, (<usize>size) << 2);
    this.otherMask = size - 1;
    this.moved = 0;
  }

  private move(buckets: i32): void {
    for (; buckets > 0; buckets--) {
      let at = <usize>load<u32>(this.buckets + ((<usize>this.moved) << 2));
      store<u32>(this.buckets + ((<usize>this.moved) << 2), 0);
      while (at != 0) {
        const entry = changetype<Entry>(at);
        at = <usize>entry.next;
        const bucket = this.other + ((<usize>(entry.hash & this.otherMask)) << 2);
        entry.next = load<u32>(bucket);
        store<u32>(bucket, <u32>entry.address);
      }
      if (++this.moved <= this.mask) continue;
      release(this.buckets, <i32>((this.mask + 1) << 2));
      this.buckets = this.other;
      this.mask = this.otherMask;
      this.other = 0;
      this.moved = 0;
      return;
    }
  }

  // ---- going over all

  /** Old and new buckets one after the other: from `firstPlace` on, before `places`. */
  get firstPlace(): u32 {
    return this.moved;
  }

  get places(): u32 {
    return this.mask + 1 + (this.other != 0 ? this.otherMask + 1 : 0);
  }

  /** First entry at a place, 0: none. Entries follow by `next`. Nothing may be looked for in between. */
  firstAt(place: u32): usize {
    if (place <= this.mask) return <usize>load<u32>(this.buckets + ((<usize>place) << 2));
    return <usize>load<u32>(this.other + ((<usize>(place - this.mask - 1)) << 2));
  }

  private get least(): u32 {
    return this.other != 0 ? min(this.mask, this.otherMask) : this.mask;
  }

  /**
   * The cursor behind `cursor`, whose buckets the caller reads by `scanned`; 0: that was the last. Its bits are
   * counted from the highest on, so that what was seen before the table was resized is not seen again, and nothing
   * is left out (Redis: `dictScan`).
   */
  after(cursor: u64): u64 {
    return reversed(reversed(cursor | ~(<u64>this.least)) + 1);
  }

  /** Buckets that a cursor stands for. While resizing, one of the fewer and all that it becomes, or that become it. */
  get scannedBuckets(): i32 {
    if (this.other == 0) return 1;
    const most = max(this.mask, this.otherMask);
    return 1 + <i32>((most + 1) / (this.least + 1));
  }

  /** First entry of one of them, 0: none. */
  scanned(cursor: u64, which: i32): usize {
    const least = this.least;
    const isFewer = which == 0;
    const buckets = this.other == 0 || (this.mask == least) == isFewer ? this.buckets : this.other;
    let index = (<u32>cursor) & least;
    if (!isFewer) index |= (<u32>(which - 1)) << popcnt(least);
    return <usize>load<u32>(buckets + ((<usize>index) << 2));
  }

  /** Frees the table, which has to be empty of entries, or whose entries were freed by `freeEntry`. */
  freeBuckets(): void {
    release(this.buckets, <i32>((this.mask + 1) << 2));
    if (this.other != 0) release(this.other, <i32>((this.otherMask + 1) << 2));
    release(this.address, TABLE_BYTES);
  }

  /** While all are freed: without taking it out. */
  freeEntry(entry: Entry): void {
    release(entry.address, this.headBytes + entry.keyLength);
  }

  /** For `newTable`. */
  initialise(headBytes: i32): void {
    memory.fill(this.address, 0, <usize>TABLE_BYTES);
    this.headBytes = headBytes;
    this.mask = BUCKETS_MIN - 1;
    this.buckets = allocate(<i32>(BUCKETS_MIN << 2));
    memory.fill(this.buckets, 0, (<usize>BUCKETS_MIN) << 2);
  }
}

function reversed(bits: u64): u64 {
  bits = ((bits >> 1) & 0x5555555555555555) | ((bits & 0x5555555555555555) << 1);
  bits = ((bits >> 2) & 0x3333333333333333) | ((bits & 0x3333333333333333) << 2);
  bits = ((bits >> 4) & 0x0f0f0f0f0f0f0f0f) | ((bits & 0x0f0f0f0f0f0f0f0f) << 4);
  return bswap(bits);
}

export function newTable(headBytes: i32 = ENTRY_BYTES): Table {
  const table = changetype<Table>(allocate(TABLE_BYTES));
  table.initialise(headBytes);
  return table;
}

/**
 * An entry by chance, from a table that has some: `draw` is random. Where buckets were emptied, those after the drawn
 * one are looked through.
 */
export function anyEntry(table: Table, draw: u64): Entry {
  const first = table.firstPlace;
  const places = table.places;
  let place = first + <u32>(draw % <u64>(places - first));
  let at = table.firstAt(place);
  while (at == 0) {
    place = place + 1 == places ? first : place + 1;
    at = table.firstAt(place);
  }
  let length: u32 = 0;
  for (let one = at; one != 0; one = <usize>changetype<Entry>(one).next) length++;
  for (let skip = <u32>(draw >> 32) % length; skip > 0; skip--)
    at = <usize>changetype<Entry>(at).next;
  return changetype<Entry>(at);
}
