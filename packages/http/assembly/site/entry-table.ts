/**
 * Entries by the bytes of a path: open addressing, never more than half full. When it is full, the oldest place is
 * used again. Only paths that exist, in their one normal form, get here, so strangers cannot fill it with others.
 */
import { Entry } from "./entry";


@final
export class EntryTable {
  private readonly slots: StaticArray<Entry | null>;
  private readonly mask: i32;
  /** In the order of their coming, a ring. */
  private readonly ring: StaticArray<Entry | null>;
  private next: i32 = 0;

  /** @param capacity entries; a power of two is used */
  constructor(capacity: i32) {
    let slots = 16;
    while (slots < 2 * capacity) slots *= 2;
    this.slots = new StaticArray<Entry | null>(slots);
    this.mask = slots - 1;
    this.ring = new StaticArray<Entry | null>(capacity);
  }

  find(key: usize, bytes: i32, hash: u32): Entry | null {
    let i = (<i32>hash) & this.mask;
    for (let entry = this.slots[i]; entry !== null; entry = this.slots[i]) {
      if (
        entry.hash == hash &&
        entry.keyBytes == bytes &&
        memory.compare(entry.key, key, <usize>bytes) == 0
      )
        return entry;
      i = (i + 1) & this.mask;
    }
    return null;
  }

  /** Keeps an entry that is not there. Returns the one that had to go, if one had to. */
  add(entry: Entry): Entry | null {
    const old = this.ring[this.next];
    if (old !== null && !old.isForgotten) this.remove(old);
    this.ring[this.next] = entry;
    this.next = this.next + 1 == this.ring.length ? 0 : this.next + 1;
    let i = (<i32>entry.hash) & this.mask;
    while (this.slots[i] !== null) i = (i + 1) & this.mask;
    this.slots[i] = entry;
    return old;
  }

  /** Takes an entry out; those behind it move up. */
  remove(entry: Entry): void {
    let hole = (<i32>entry.hash) & this.mask;
    while (this.slots[hole] !== entry) hole = (hole + 1) & this.mask;
    this.slots[hole] = null;
    for (let i = (hole + 1) & this.mask; ; i = (i + 1) & this.mask) {
      const other = this.slots[i];
      if (other === null) return;
      const home = (<i32>other.hash) & this.mask;
      // Not if its home lies behind the hole.
      if (((i - home) & this.mask) < ((i - hole) & this.mask)) continue;
      this.slots[hole] = other;
      this.slots[i] = null;
      hole = i;
    }
  }
}

/** Of a path. Multiplies and folds, eight bytes at a time. */
export function hashOf(at: usize, bytes: i32): u32 {
  let hash: u64 = 0x9e3779b97f4a7c15 ^ (<u64>bytes);
  let left = bytes;
  for (; left >= 8; left -= 8, at += 8) {
    hash = (hash ^ load<u64>(at)) * 0xff51afd7ed558ccd;
    hash ^= hash >> 32;
  }
  for (; left > 0; left--, at++) hash = (hash ^ (<u64>load<u8>(at))) * 0xff51afd7ed558ccd;
  hash ^= hash >> 29;
  return <u32>(hash ^ (hash >> 32));
}
