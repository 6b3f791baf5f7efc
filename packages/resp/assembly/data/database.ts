/** Keys, what they stand for, and when they expire. Every change goes through here to the journal. */
import {
  ELEMENT_HEAD_BYTES,
  Journal,
  LARGE_BYTES,
  OBJECT_HEAD_BYTES,
  PART_BYTES,
  partsFor,
} from "../durable/journal";
import { Blob, blankBlob, blobOf, extendBlob, freeBlob } from "../memory/blob";
import { usedBytes } from "../memory/heap";
import { ENTRY_BYTES, Entry, Table, newTable } from "../memory/table";
import { Absent } from "./absent";
import { newList, numberOf } from "./list";
import {
  KEY_HEAD_BYTES,
  Kind,
  blobAt,
  countOf,
  freeValue,
  kindOf,
  listAt,
  partsOf,
  setKind,
  setParts,
  sortedSetAt,
  tableAt,
} from "./object";
import { newSortedSet } from "./sorted-set";

export {
  Kind,
  blobAt,
  freeTable,
  kindOf,
  listAt,
  partsOf,
  sortedSetAt,
  tableAt,
  versionOf,
} from "./object";

/** Removed one by one with their owner; larger collections lose their elements on the disk later. */
const REMOVED_AT_ONCE_MAX: i32 = 64;
/** The head of an entry while `adopt` writes its elements. */
const adopted: usize = memory.data(64, 8);

/** Told of keys that come to be, while somebody waits for some. */
export interface KeyListener {
  onKey(key: usize, bytes: i32): void;
}


@final
export class Database {
  table: Table = newTable(KEY_HEAD_BYTES);
  /** Time of day in ms. */
  nowMs: i64 = 0;
  /** Changes so far. */
  changes: u64 = 0;
  expiring: i32 = 0;
  expired: u64 = 0;
  /** Null: nobody waits. */
  listener: KeyListener | null = null;
  readonly absent: Absent = new Absent();
  private versions: u64 = 0;
  private sweepAt: u32 = 0;

  /** @param memoryBytesMax of keys and values */
  constructor(
    readonly journal: Journal,
    public memoryBytesMax: i64,
  ) {}

  get isFull(): bool {
    return usedBytes > this.memoryBytesMax;
  }

  keyOf(entry: Entry): usize {
    return this.table.keyOf(entry);
  }

  // ---- keys

  /** Null: there is none, or it has expired, and is removed. */
  find(key: usize, bytes: i32): Entry | null {
    const entry = this.table.find(key, bytes);
    if (entry === null || entry.extra == 0 || entry.extra > this.nowMs) return entry;
    this.expired++;
    this.remove(entry);
    return null;
  }

  /** A key that is not there, without a value; `touch` follows. */
  private add(key: usize, bytes: i32, kind: Kind): Entry {
    const entry = this.table.add(key, bytes);
    entry.id = this.journal.takeId();
    setKind(entry, kind);
    this.tell(key, bytes);
    return entry;
  }

  private tell(key: usize, bytes: i32): void {
    this.absent.onKey(key, bytes);
    const listener = this.listener;
    if (listener !== null) listener.onKey(key, bytes);
  }

  /** It was changed: who watches it will see. */
  touch(entry: Entry): void {
    this.changes++;
    store<u64>(entry.address, ++this.versions, <usize>ENTRY_BYTES + 8);
  }

  /** Writes a key, and of a string its value, into the journal. */
  keep(entry: Entry): void {
    if (!this.journal.isOn) return;
    const isString = kindOf(entry) == Kind.STRING;
    const before = entry.id;
    // What is not written at once must not take the place of what there is, before all of it is there.
    if (max(this.recordBytes(entry), partsOf(entry) * PART_BYTES) > LARGE_BYTES) {
      entry.id = this.journal.takeId();
      if (!isString && this.countOf(entry) > 0) {
        this.keepElements(entry);
        this.journal.dropped.add(before);
      }
    }
    this.keepObject(entry, before);
  }

  private recordBytes(entry: Entry): i32 {
    const isString = kindOf(entry) == Kind.STRING;
    return entry.keyLength + (isString ? blobAt(entry).length : 0) + OBJECT_HEAD_BYTES;
  }

  private keepObject(entry: Entry, before: u64): void {
    const isString = kindOf(entry) == Kind.STRING;
    const blob = blobAt(entry);
    const parts = this.journal.object(
      entry.id,
      <u8>kindOf(entry),
      entry.extra,
      this.keyOf(entry),
      entry.keyLength,
      isString ? blob.bytes : 0,
      isString ? blob.length : 0,
      before,
      partsOf(entry),
    );
    setParts(entry, parts);
  }

  remove(entry: Entry): void {
    this.changes++;
    const journal = this.journal;
    if (journal.isOn) {
      journal.objectRemoved(entry.id, partsOf(entry));
      this.removeElements(entry);
    }
    if (entry.extra != 0) this.expiring--;
    freeValue(entry);
    this.table.remove(entry);
  }

  private removeElements(entry: Entry): void {
    const kind = kindOf(entry);
    if (kind == Kind.STRING) return;
    const count = this.countOf(entry);
    if (count > REMOVED_AT_ONCE_MAX) {
      this.journal.dropped.add(entry.id);
      return;
    }
    if (kind == Kind.LIST) {
      const list = listAt(entry);
      for (let i = 0; i < count; i++)
        this.journal.elementRemoved(entry.id, numberOf(list.numberAt(i)), list.at(i).length);
      return;
    }
    const table = kind == Kind.SORTED_SET ? sortedSetAt(entry).table : tableAt(entry);
    for (let place: u32 = 0; place < table.places; place++) {
      for (let at = table.firstAt(place); at != 0; at = <usize>changetype<Entry>(at).next)
        this.elementRemoved(entry, changetype<Entry>(at), kind == Kind.HASH);
    }
  }

  countOf(entry: Entry): i32 {
    return countOf(entry);
  }

  /** Changes on the disk with which a key goes. */
  private removalsOf(entry: Entry | null): i32 {
    if (entry === null) return 0;
    const count = kindOf(entry) == Kind.STRING ? 0 : countOf(entry);
    return partsOf(entry) + (count > REMOVED_AT_ONCE_MAX ? 0 : count);
  }

  /** Removes all keys. */
  flush(): void {
    this.changes++;
    const table = this.table;
    this.table = newTable(KEY_HEAD_BYTES);
    for (let place: u32 = 0; place < table.places; place++) {
      for (let at = table.firstAt(place); at != 0;) {
        const entry = changetype<Entry>(at);
        at = <usize>entry.next;
        freeValue(entry);
        table.freeEntry(entry);
      }
    }
    table.freeBuckets();
    this.expiring = 0;
    if (this.journal.isOn) this.journal.flushed();
  }

  /** The same under another name, in the place of what may be there. */
  rename(entry: Entry, key: usize, bytes: i32): Entry {
    const other = this.find(key, bytes);
    // For a moment there are two of that name: on the disk, what it had is removed with the last of what it gets.
    const renamed = this.table.add(key, bytes);
    renamed.value = entry.value;
    renamed.extra = entry.extra;
    renamed.id = entry.id;
    setKind(renamed, kindOf(entry));
    setParts(renamed, partsOf(entry));
    this.table.remove(entry);
    this.touch(renamed);
    const recordBytes = min(this.recordBytes(renamed), LARGE_BYTES);
    const changes = max(partsFor(recordBytes), partsOf(renamed)) + this.removalsOf(other);
    this.journal.together(changes, recordBytes);
    this.keep(renamed);
    if (other !== null) this.remove(other);
    this.tell(key, bytes);
    return renamed;
  }

  /** @param ms since 1970, 0: never */
  expireAt(entry: Entry, ms: i64): void {
    if (entry.extra == ms) return;
    if (entry.extra == 0) this.expiring++;
    else if (ms == 0) this.expiring--;
    entry.extra = ms;
  }

  /** Looks at a few places for what has expired. */
  sweep(places: i32): void {
    if (this.expiring == 0) return;
    for (; places > 0; places--) {
      if (this.sweepAt >= this.table.places) this.sweepAt = 0;
      let at = this.table.firstAt(this.sweepAt++);
      while (at != 0) {
        const entry = changetype<Entry>(at);
        at = <usize>entry.next;
        if (entry.extra == 0 || entry.extra > this.nowMs) continue;
        this.expired++;
        this.remove(entry);
        // Removing may have moved what follows.
        break;
      }
    }
  }

  // ---- strings

  /** Gives a key a string, whatever was there; it does not expire. `keep` follows. */
  setString(key: usize, bytes: i32, found: Entry | null, value: usize, valueBytes: i32): Entry {
    let entry = found;
    if (entry !== null && kindOf(entry) != Kind.STRING) {
      const recordBytes = bytes + valueBytes + OBJECT_HEAD_BYTES;
      if (recordBytes > LARGE_BYTES && this.journal.isOn) {
        // On the disk the collection stays until all of the string is there: see `keep`.
        this.journal.dropped.add(entry.id);
        freeValue(entry);
        setKind(entry, Kind.STRING);
        entry.value = <u32>blobOf(value, valueBytes).address;
        this.touch(entry);
        return entry;
      }
      this.journal.together(partsFor(recordBytes) + this.removalsOf(entry), recordBytes);
      this.remove(entry);
      entry = null;
    }
    if (entry === null) {
      entry = this.add(key, bytes, Kind.STRING);
      entry.value = <u32>blobOf(value, valueBytes).address;
    } else {
      const blob = blobAt(entry);
      if (valueBytes <= blob.room && valueBytes >= blob.room >> 1) {
        blob.length = valueBytes;
        memory.copy(blob.bytes, value, <usize>valueBytes);
      } else {
        freeBlob(blob);
        entry.value = <u32>blobOf(value, valueBytes).address;
      }
    }
    this.touch(entry);
    return entry;
  }

  /** Makes the string of a key at least so long; makes the key if there is none. */
  extendString(key: usize, bytes: i32, found: Entry | null, length: i32): Entry {
    let entry = found;
    if (entry === null) {
      entry = this.add(key, bytes, Kind.STRING);
      const blob = blankBlob(length);
      memory.fill(blob.bytes, 0, <usize>length);
      entry.value = <u32>blob.address;
    } else entry.value = <u32>extendBlob(blobAt(entry), length).address;
    this.touch(entry);
    return entry;
  }

  // ---- collections

  /** A key for a collection, which the caller fills. */
  addCollection(key: usize, bytes: i32, kind: Kind): Entry {
    const entry = this.add(key, bytes, kind);
    this.makeValue(entry);
    this.keep(entry);
    return entry;
  }

  private makeValue(entry: Entry): void {
    const kind = kindOf(entry);
    if (kind == Kind.LIST) entry.value = <u32>newList().address;
    else if (kind == Kind.SORTED_SET) entry.value = <u32>newSortedSet().address;
    else entry.value = <u32>newTable().address;
  }

  /**
   * An element of a hash, set or sorted set is new, or has changed.
   * @param valueBefore bytes of the value that it had, of a hash
   */
  elementChanged(owner: Entry, element: Entry, field: usize, isHash: bool, valueBefore: i32): void {
    const journal = this.journal;
    if (!journal.isOn) return;
    const before = element.id;
    element.id = journal.takeId();
    const value = isHash ? blobAt(element) : null;
    journal.element(
      owner.id,
      element.id,
      element.extra,
      field,
      element.keyLength,
      value !== null ? value.bytes : 0,
      value !== null ? value.length : 0,
      before,
      element.keyLength + valueBefore,
    );
  }

  /** It is about to be removed, or to have another value. */
  elementRemoved(owner: Entry, element: Entry, isHash: bool): void {
    if (!this.journal.isOn) return;
    const valueBytes = isHash ? blobAt(element).length : 0;
    this.journal.elementRemoved(owner.id, element.id, element.keyLength + valueBytes);
  }

  /** At an end of a list, which owns it from then on. */
  push(owner: Entry, blob: Blob, left: bool): void {
    const list = listAt(owner);
    if (!list.isNumbered(left)) this.renumber(owner);
    this.listChanged(owner, list.push(blob, left), blob);
  }

  /** From an end of a list that has some; it is the caller's. */
  pop(owner: Entry, left: bool): Blob {
    const list = listAt(owner);
    const number = list.numberAt(left ? 0 : list.count - 1);
    const blob = list.pop(left);
    this.listRemoved(owner, number, blob);
    return blob;
  }

  /** Before the element at `index`, of which there is one. */
  insert(owner: Entry, index: i32, blob: Blob): void {
    if (index == 0) return this.push(owner, blob, true);
    const list = listAt(owner);
    let number = list.numberBefore(index);
    if (number == list.numberAt(index - 1)) {
      this.renumber(owner);
      number = list.numberBefore(index);
    }
    list.insert(index, blob, number);
    this.listChanged(owner, number, blob);
  }

  private renumber(owner: Entry): void {
    listAt(owner).renumber();
    if (!this.journal.isOn) return;
    const before = owner.id;
    owner.id = this.journal.takeId();
    this.keepElements(owner);
    this.journal.dropped.add(before);
    this.journal.together(2 + partsOf(owner), owner.keyLength + OBJECT_HEAD_BYTES);
    this.keepObject(owner, before);
  }

  /** Puts another in the place of an element, which is freed. */
  replace(owner: Entry, index: i32, blob: Blob): void {
    const list = listAt(owner);
    const replaced = list.at(index);
    // What is not written at once has a number of its own.
    const isLarge = max(blob.length, replaced.length) + ELEMENT_HEAD_BYTES > LARGE_BYTES;
    if (isLarge && !list.hasNumberFor(index)) this.renumber(owner);
    const before = list.numberAt(index);
    const number = isLarge ? list.renumberOne(index) : before;
    list.set(index, blob);
    if (!isLarge) {
      this.listRemoved(owner, number, replaced);
      this.listChanged(owner, number, blob);
    } else if (this.journal.isOn)
      this.journal.element(
        owner.id,
        numberOf(number),
        0,
        0,
        0,
        blob.bytes,
        blob.length,
        numberOf(before),
        replaced.length,
      );
    freeBlob(replaced);
  }

  listChanged(owner: Entry, number: i64, blob: Blob): void {
    if (this.journal.isOn)
      this.journal.element(owner.id, numberOf(number), 0, 0, 0, blob.bytes, blob.length, 0, 0);
  }

  listRemoved(owner: Entry, number: i64, blob: Blob): void {
    if (this.journal.isOn) this.journal.elementRemoved(owner.id, numberOf(number), blob.length);
  }

  /** Under a number that no key has yet. */
  private keepElements(owner: Entry): void {
    this.journal.isPreparing = true;
    this.keepEach(owner);
    this.journal.isPreparing = false;
  }

  private keepEach(owner: Entry): void {
    const kind = kindOf(owner);
    if (kind == Kind.LIST) {
      const list = listAt(owner);
      for (let i = 0; i < list.count; i++) this.listChanged(owner, list.numberAt(i), list.at(i));
      return;
    }
    const table = kind == Kind.SORTED_SET ? sortedSetAt(owner).table : tableAt(owner);
    for (let place: u32 = 0; place < table.places; place++) {
      for (let at = table.firstAt(place); at != 0; at = <usize>changetype<Entry>(at).next) {
        const element = changetype<Entry>(at);
        // It stays where it was, too, for as long as that means something.
        element.id = 0;
        this.elementChanged(owner, element, table.keyOf(element), kind == Kind.HASH, 0);
      }
    }
  }

  /**
   * Gives a key a collection that was made apart from all keys, and is not empty, whatever was there. On the disk its
   * elements come first, which mean nothing before the key does: it is there as a whole, or not at all.
   * @param value address, which is the key's from then on
   */
  adopt(key: usize, bytes: i32, kind: Kind, value: usize, expiry: i64): Entry {
    // Under a name that nobody has asked for yet: `table` knows it only afterwards.
    const made = changetype<Entry>(adopted);
    memory.fill(adopted, 0, <usize>KEY_HEAD_BYTES);
    made.id = this.journal.takeId();
    made.value = <u32>value;
    setKind(made, kind);
    if (this.journal.isOn) this.keepElements(made);
    const before = this.find(key, bytes);
    const recordBytes = bytes + OBJECT_HEAD_BYTES;
    this.journal.together(partsFor(recordBytes) + this.removalsOf(before), recordBytes);
    if (before !== null) this.remove(before);
    const entry = this.add(key, bytes, kind);
    entry.id = made.id;
    entry.value = <u32>value;
    this.expireAt(entry, expiry);
    this.touch(entry);
    this.keep(entry);
    return entry;
  }

  // ---- from the disk

  restore(id: u64, kind: Kind, expiry: i64, key: usize, bytes: i32, parts: i32): Entry {
    const entry = this.add(key, bytes, kind);
    entry.id = id;
    setParts(entry, parts);
    this.expireAt(entry, expiry);
    if (kind != Kind.STRING) this.makeValue(entry);
    return entry;
  }
}
