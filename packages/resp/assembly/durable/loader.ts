/** Reads all that was kept, at boot. Records come in the order of their keys: objects first, then their elements. */
import { Cursor, KeyValue, KeyValueHandler, PENDING, WRONG_FORMAT } from "@phantasm/interfaces";
import { Database, Kind, kindOf, listAt, sortedSetAt, tableAt } from "../data/database";
import { blobOf } from "../memory/blob";
import { Entry } from "../memory/table";
import {
  ELEMENT_HEAD_BYTES,
  KIND_ELEMENT,
  KIND_EPOCH,
  KIND_INTENT,
  KIND_OBJECT,
  LONG_KEY_PARTS,
  OBJECT_HEAD_BYTES,
  RECORD_KEY_BYTES,
} from "./journal";

/** Told when all is there. */
export interface LoadListener {
  /** 0, or why it could not be read. */
  onLoaded(result: i32): void;
}

const OWNER_BYTES: i32 = 16;
const ROOM_MIN: i32 = 4096;
/** Records without a beginning that are removed; a crash leaves one. */
const ORPHANS_MAX: i32 = 64;

/** Of a key: which part of its record it is. */
function partOf(key: Uint8Array): i32 {
  const part = <i32>key[RECORD_KEY_BYTES - 1];
  if (key.length == RECORD_KEY_BYTES) return part;
  return part == LONG_KEY_PARTS ? part + <i32>key[RECORD_KEY_BYTES] : -1;
}


@final
export class Loader implements KeyValueHandler {
  private readonly cursor: Cursor;
  /** The record that is being put together from its parts: its first 17 bytes of the key, and the bytes. */
  private kind: u8 = 0;
  private id: u64 = 0;
  private element: u64 = 0;
  private parts: i32 = 0;
  private record: usize = heap.alloc(<usize>ROOM_MIN);
  private recordRoom: i32 = ROOM_MIN;
  /** 0, unless a crash came before it was written. */
  private firstPart: i32 = 0;
  private orphans: i32 = 0;
  private recordBytes: i32 = 0;
  /** Objects in the order of their numbers: id u64, entry u32. */
  private owners: usize = heap.alloc(<usize>ROOM_MIN);
  private ownersRoom: i32 = ROOM_MIN / OWNER_BYTES;
  private ownerCount: i32 = 0;
  private ownerAt: i32 = 0;
  private orphan: u64 = 0;
  private below: u64 = 0;

  constructor(
    store: KeyValue,
    private readonly db: Database,
    private readonly listener: LoadListener,
  ) {
    // What was announced and done is behind all records, and removed later.
    const end = new Uint8Array(1);
    end[0] = KIND_INTENT;
    this.cursor = store.scan(null, null, end, false);
  }

  /** That which comes before it has failed. */
  fail(result: i32): void {
    this.listener.onLoaded(result);
  }

  start(): void {
    while (true) {
      const result = this.cursor.next(this, 0);
      if (result == PENDING || !this.take(result)) return;
    }
  }

  onKeyValue(tag: i32, result: i32): void {
    if (this.take(result)) this.start();
  }

  private take(result: i32): bool {
    if (result != 1) {
      const finished = result == 0 && !this.finish() ? WRONG_FORMAT : result;
      if (finished == 0) this.removeEmpty();
      heap.free(this.record);
      heap.free(this.owners);
      this.db.changes = 0;
      this.listener.onLoaded(finished);
      return false;
    }
    if (this.part()) return true;
    this.listener.onLoaded(WRONG_FORMAT);
    return false;
  }

  /** A crash may have come between a key and its first elements, where they were too many for one batch. */
  private removeEmpty(): void {
    for (let i = 0; i < this.ownerCount; i++) {
      const at = this.owners + <usize>(i * OWNER_BYTES);
      const entry = changetype<Entry>(<usize>load<u32>(at, 8));
      if (kindOf(entry) != Kind.STRING && this.db.countOf(entry) == 0) this.db.remove(entry);
    }
  }

  private part(): bool {
    const key = this.cursor.key;
    if (key.length < RECORD_KEY_BYTES || key.length > RECORD_KEY_BYTES + 1) return false;
    const at = key.dataStart;
    const kind = load<u8>(at);
    const id = bswap(load<u64>(at, 1));
    const element = bswap(load<u64>(at, 9));
    if (kind != this.kind || id != this.id || element != this.element) {
      if (!this.finish()) return false;
      this.kind = kind;
      this.id = id;
      this.element = element;
      this.parts = partOf(key);
      this.firstPart = this.parts;
    }
    if (partOf(key) != this.parts++) return false;
    // Of a record without its beginning nothing is kept.
    if (this.firstPart != 0) return true;
    const value = this.cursor.value;
    const needed = this.recordBytes + value.length;
    if (needed > this.recordRoom) {
      const larger = heap.alloc(<usize>(2 * needed));
      memory.copy(larger, this.record, <usize>this.recordBytes);
      heap.free(this.record);
      this.record = larger;
      this.recordRoom = 2 * needed;
    }
    memory.copy(this.record + <usize>this.recordBytes, value.bytes.dataStart, <usize>value.length);
    this.recordBytes = needed;
    return true;
  }

  /** The record is complete. False: it is none of ours. */
  private finish(): bool {
    const kind = this.kind;
    const bytes = this.recordBytes;
    const parts = this.parts;
    this.recordBytes = 0;
    this.parts = 0;
    if (kind == 0) return true;
    if (this.firstPart != 0) return this.orphaned(kind, parts);
    if (kind == KIND_EPOCH) {
      if (bytes != 8) return false;
      this.below = load<u64>(this.record);
      // What is left of a sweep that was interrupted.
      this.db.journal.dropped.below = this.below;
      this.seen(this.below);
      return true;
    }
    if (kind == KIND_OBJECT) return this.object(bytes, parts);
    return kind == KIND_ELEMENT && this.member(bytes);
  }

  /** A crash came before the rest of it was written. */
  private orphaned(kind: u8, end: i32): bool {
    if (kind != KIND_OBJECT && kind != KIND_ELEMENT) return false;
    this.seen(this.id);
    // Numbers of elements of a list are none of ours, but then they are too large or too small.
    if (kind == KIND_ELEMENT && this.element < 1 << 62) this.seen(this.element);
    if (this.orphans++ < ORPHANS_MAX)
      this.db.journal.orphaned(kind, this.id, this.element, this.firstPart, end);
    return true;
  }

  private seen(id: u64): void {
    const journal = this.db.journal;
    if (id >= journal.nextId) journal.nextId = id + 1;
  }

  private object(bytes: i32, parts: i32): bool {
    if (this.id < this.below) return true;
    if (bytes < OBJECT_HEAD_BYTES) return false;
    const at = this.record;
    const kind = <i32>load<u8>(at);
    const keyBytes = load<i32>(at, 1);
    const valueBytes = bytes - OBJECT_HEAD_BYTES - keyBytes;
    if (kind > Kind.SORTED_SET || keyBytes < 0 || valueBytes < 0) return false;
    const key = at + <usize>OBJECT_HEAD_BYTES;
    if (this.db.table.find(key, keyBytes) !== null) return false;
    const expiry = load<i64>(at, 5);
    const entry = this.db.restore(this.id, <Kind>kind, expiry, key, keyBytes, parts);
    if (kind == Kind.STRING) entry.value = <u32>blobOf(key + <usize>keyBytes, valueBytes).address;
    this.db.touch(entry);
    this.seen(this.id);
    this.remember(entry);
    return true;
  }

  private remember(entry: Entry): void {
    if (this.ownerCount == this.ownersRoom) {
      const larger = heap.alloc(<usize>(2 * this.ownersRoom * OWNER_BYTES));
      memory.copy(larger, this.owners, <usize>(this.ownerCount * OWNER_BYTES));
      heap.free(this.owners);
      this.owners = larger;
      this.ownersRoom *= 2;
    }
    const at = this.owners + <usize>(this.ownerCount++ * OWNER_BYTES);
    store<u64>(at, this.id);
    store<u32>(at, <u32>entry.address, 8);
  }

  private owner(): Entry | null {
    while (this.ownerAt < this.ownerCount) {
      const at = this.owners + <usize>(this.ownerAt * OWNER_BYTES);
      const id = load<u64>(at);
      if (id == this.id) return changetype<Entry>(<usize>load<u32>(at, 8));
      if (id > this.id) return null;
      this.ownerAt++;
    }
    return null;
  }

  private member(bytes: i32): bool {
    const owner = this.owner();
    if (owner === null) {
      if (this.id != this.orphan && this.id >= this.below) this.db.journal.dropped.add(this.id);
      this.orphan = this.id;
      this.seen(this.id);
      return true;
    }
    if (bytes < ELEMENT_HEAD_BYTES) return false;
    const fieldBytes = load<i32>(this.record);
    const valueBytes = bytes - ELEMENT_HEAD_BYTES - fieldBytes;
    if (fieldBytes < 0 || valueBytes < 0) return false;
    const field = this.record + <usize>ELEMENT_HEAD_BYTES;
    const value = field + <usize>fieldBytes;
    const kind = kindOf(owner);
    if (kind == Kind.LIST) {
      const number = <i64>(this.element ^ 0x8000_0000_0000_0000);
      listAt(owner).pushNumbered(blobOf(value, valueBytes), false, number);
      return true;
    }
    this.seen(this.element);
    if (kind == Kind.STRING) return false;
    const table = kind == Kind.SORTED_SET ? sortedSetAt(owner).table : tableAt(owner);
    if (table.find(field, fieldBytes) !== null) return false;
    let entry: Entry;
    if (kind == Kind.SORTED_SET) {
      const score = load<f64>(this.record, 4);
      if (isNaN(score)) return false;
      entry = sortedSetAt(owner).add(field, fieldBytes, score);
    } else entry = table.add(field, fieldBytes);
    if (kind == Kind.HASH) entry.value = <u32>blobOf(value, valueBytes).address;
    entry.id = this.element;
    return true;
  }
}
