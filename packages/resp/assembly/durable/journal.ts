/**
 * What is to be kept, as changes of a KeyValue. README.md says which key stands for what.
 *
 * Keys are `kind id element part`: u8, u64, u64, u8, big-endian, so that their order is that of the numbers. What a
 * command changes is in one batch, unless that would be larger than a store takes. Of what takes several, either the
 * last one alone shows (what large records and results are made of means nothing before it), or all that they will do
 * is written first, so that a crash between them is made good at the next boot.
 */
import { Batch } from "@phantasm/interfaces";
import { isRoomFor } from "../memory/heap";

/** The first number that is in use: what is below was there before a flush. */
export const KIND_EPOCH: u8 = 0x41;
/** A key of ours: of a string with its value. */
export const KIND_OBJECT: u8 = 0x42;
/** An element of a collection. */
export const KIND_ELEMENT: u8 = 0x43;

/** What is about to be changed: see `Journal.announce`. */
export const KIND_INTENT: u8 = 0x44;

export const RECORD_KEY_BYTES: i32 = 18;
/** From this part on, keys have a byte more: what is above. */
export const LONG_KEY_PARTS: i32 = 255;
/** Of a value larger than this, the rest goes under further keys. */
export const PART_BYTES: i32 = 60_000;

/** A larger record is not written in one batch. */
export const LARGE_BYTES: i32 = 512 << 10;
/** So much may wait to be written in a transaction, before it changes no more. */
const WAITING_BYTES_MAX: i32 = 32 << 20;

const BATCH_BYTES_MIN: i32 = 4096;
/** Commands after the one with which a batch grew to this have another one. */
const BATCH_OPERATIONS: i32 = 256;
const BATCH_BYTES: i32 = 192 << 10;
/** Where a batch ends in the middle of a command: what a store with a cache of 32 MiB takes in any case. */
export const BATCH_OPERATIONS_MAX: i32 = 512;
export const BATCH_BYTES_MAX: i32 = 768 << 10;
/** Removing a part takes so many bytes of a batch, at most. */
const REMOVAL_BYTES: i32 = 32;
/** Changes that may follow the first part of a large record, in the same batch: what its key or its place had before. */
const FOLLOWING_MAX: i32 = 256;
/** With so many that wait, nobody changes anything before one of them is committed. */
const WAITING_BATCHES_MAX: i32 = 4;

/** kind u8, key length u32, expiry i64. */
export const OBJECT_HEAD_BYTES: i32 = 13;
/** field length u32, score i64. */
export const ELEMENT_HEAD_BYTES: i32 = 12;

/** The head of the record that is being written. */
const head: usize = memory.data(16);

/** Of a record of so many bytes. */
export function partsFor(bytes: i32): i32 {
  return (bytes + PART_BYTES - 1) / PART_BYTES;
}


@final
export class Journal {
  /** Collects what is not committed yet. */
  batch: Batch = new Batch(BATCH_BYTES_MIN);
  /** Full ones before it. */
  readonly full: Batch[] = [];
  private readonly pool: Batch[] = [];
  /** Numbers of objects and elements, given in their order. */
  nextId: u64 = 1;
  readonly dropped: Dropped = new Dropped();
  private readonly key: Uint8Array = new Uint8Array(RECORD_KEY_BYTES);
  private readonly longKey: Uint8Array = new Uint8Array(RECORD_KEY_BYTES + 1);
  private readonly scratch: Uint8Array;

  /** Those in several batches that were written as intents first. */
  announced: u64 = 0;
  /** And those that were not, since memory had no room for it: a crash may cut them. */
  torn: u64 = 0;
  /** What is written means nothing yet: something that follows in the same command will name it. */
  isPreparing: bool = false;
  /** Batches before the one in which the command under way begins; -1: none is. */
  private unitFirst: i32 = -1;
  /** It has changed something that shows. */
  private unitShows: bool = false;
  /** And a batch with that was closed. */
  private unitIsCut: bool = false;

  /** @param isOn false: nothing is kept, all of it costs nothing */
  constructor(readonly isOn: bool) {
    this.scratch = new Uint8Array(isOn ? PART_BYTES : 0);
  }

  get isEmpty(): bool {
    return this.batch.count == 0 && this.full.length == 0;
  }

  /** So much waits that nothing should be changed for now. */
  get isBehind(): bool {
    return this.full.length >= WAITING_BATCHES_MAX;
  }

  /** So much that nothing more should be changed, not even within a transaction. */
  get isOverloaded(): bool {
    if (this.full.length <= WAITING_BATCHES_MAX) return false;
    let bytes = 0;
    for (let i = 0; i < this.full.length; i++) bytes += this.full[i].byteLength;
    return bytes > WAITING_BYTES_MAX;
  }

  /** The first batch, to be committed. `give` takes it back. */
  take(): Batch {
    this.end();
    if (this.full.length > 0) return this.full.shift();
    const batch = this.batch;
    this.batch = this.blank();
    return batch;
  }

  give(batch: Batch): void {
    if (this.pool.length < WAITING_BATCHES_MAX) this.pool.push(batch.clear());
  }

  private blank(): Batch {
    return this.pool.length > 0 ? this.pool.pop() : new Batch(BATCH_BYTES_MIN);
  }

  /** A command begins, or a transaction: what it changes is in one batch. */
  begin(): void {
    this.end();
    if (this.batch.count >= BATCH_OPERATIONS || this.batch.byteLength >= BATCH_BYTES) this.close();
    this.unitFirst = this.full.length;
    this.unitShows = false;
    this.unitIsCut = false;
  }

  /** It has ended; what is changed from now on does not belong together. */
  end(): void {
    const first = this.unitFirst;
    this.unitFirst = -1;
    if (first >= 0 && this.unitIsCut) this.announce(first);
  }

  /**
   * Has what the batches from `first` on will do written before them, part by part, then a mark that all parts are
   * there; behind them, the mark is removed, and the parts. At boot, if there is a mark, all of it is done (again).
   */
  private announce(first: i32): void {
    this.close();
    const unit = this.full.splice(first);
    let bytes = 0;
    for (let i = 0; i < unit.length; i++) bytes += unit[i].byteLength;
    const fits = isRoomFor(<usize>bytes + <usize>(BATCH_BYTES_MAX << 1));
    const id = this.takeId();
    const parts = fits ? this.putIntents(id, unit) : 0;
    if (fits) {
      this.announced++;
      store<i64>(this.scratch.dataStart, <i64>bytes);
      this.batch.putPart(this.keyFor(KIND_INTENT, id, 0, 0), this.scratch, 0, 8);
      this.close();
    } else this.torn++;
    for (let i = 0; i < unit.length; i++) this.full.push(unit[i]);
    if (fits) this.intentsRemoved(id, 0, parts + 1);
  }

  /** Returns how many parts there are; they are numbered from 1 on. */
  private putIntents(id: u64, unit: Batch[]): i32 {
    const scratch = this.scratch;
    let part = 0;
    let filled = 0;
    for (let i = 0; i < unit.length; i++) {
      const batch = unit[i];
      for (let at = 0; at < batch.byteLength;) {
        const taken = min(PART_BYTES - filled, batch.byteLength - at);
        memory.copy(
          scratch.dataStart + <usize>filled,
          batch.bytes.dataStart + <usize>at,
          <usize>taken,
        );
        at += taken;
        filled += taken;
        const isLast = i + 1 == unit.length && at == batch.byteLength;
        if (filled < PART_BYTES && !isLast) continue;
        this.record(filled);
        this.batch.putPart(this.keyFor(KIND_INTENT, id, <u64>++part, 0), scratch, 0, filled);
        filled = 0;
      }
    }
    return part;
  }

  /** The mark, at 0, before all parts: without it they mean nothing. None of it is in a batch with what comes after it. */
  intentsRemoved(id: u64, from: i32, to: i32): void {
    for (let part = from; part < to; part++) {
      this.record(0);
      this.remove(KIND_INTENT, id, <u64>part, 0, 1);
    }
    this.close();
  }

  private close(): void {
    if (this.unitShows && this.unitFirst >= 0) this.unitIsCut = true;
    this.full.push(this.batch);
    this.batch = this.blank();
  }

  /** So many changes follow that have to be in one batch; all but some that remove have so many bytes. */
  together(operations: i32, bytes: i32): void {
    const batch = this.batch;
    if (
      batch.count > 0 &&
      (batch.count + operations > BATCH_OPERATIONS_MAX ||
        batch.byteLength + bytes + operations * REMOVAL_BYTES > BATCH_BYTES_MAX)
    )
      this.close();
  }

  /** Before a record of so many bytes, whose parts stay together: a store refuses a batch that is too large. */
  private record(bytes: i32): void {
    const batch = this.batch;
    if (
      batch.count >= BATCH_OPERATIONS_MAX ||
      (batch.count > 0 && batch.byteLength + bytes > BATCH_BYTES_MAX)
    )
      this.close();
  }

  takeId(): u64 {
    return this.nextId++;
  }

  private keyFor(kind: u8, id: u64, element: u64, part: i32): Uint8Array {
    const isLong = part >= LONG_KEY_PARTS;
    const key = isLong ? this.longKey : this.key;
    const at = key.dataStart;
    store<u8>(at, kind);
    store<u64>(at, bswap(id), 1);
    store<u64>(at, bswap(element), 9);
    store<u8>(at, <u8>min(part, LONG_KEY_PARTS), 17);
    if (isLong) store<u8>(at, <u8>(part - LONG_KEY_PARTS), 18);
    return key;
  }

  /**
   * A record of a head and two pieces, cut into parts. Returns how many. One that is too large for a batch begins with
   * its last part: it is there when its first part is, and that comes with `following` more changes.
   */
  private put(
    kind: u8,
    id: u64,
    element: u64,
    headBytes: i32,
    first: usize,
    firstBytes: i32,
    second: usize,
    secondBytes: i32,
    following: i32,
  ): i32 {
    const bytes = headBytes + firstBytes + secondBytes;
    if (bytes <= PART_BYTES) {
      this.record(bytes);
      if (!this.isPreparing) this.unitShows = true;
      const to = this.batch.putRoom(this.keyFor(kind, id, element, 0), bytes);
      memory.copy(to, head, <usize>headBytes);
      memory.copy(to + <usize>headBytes, first, <usize>firstBytes);
      memory.copy(to + <usize>(headBytes + firstBytes), second, <usize>secondBytes);
      return 1;
    }
    const parts = partsFor(bytes);
    const isLarge = bytes > LARGE_BYTES;
    if (!isLarge) this.record(bytes);
    for (let i = 0; i < parts; i++) {
      const part = isLarge ? parts - 1 - i : i;
      if (isLarge) this.record(PART_BYTES);
      if (isLarge && part == 0) this.together(1 + following + FOLLOWING_MAX, PART_BYTES);
      const from = part * PART_BYTES;
      const to = min(from + PART_BYTES, bytes);
      this.gather(head, 0, headBytes, from, to);
      this.gather(first, headBytes, firstBytes, from, to);
      this.gather(second, headBytes + firstBytes, secondBytes, from, to);
      if (!this.isPreparing && (!isLarge || part == 0)) this.unitShows = true;
      this.batch.putPart(this.keyFor(kind, id, element, part), this.scratch, 0, to - from);
    }
    return parts;
  }

  /** Copies what a part, from one offset of the record to another, has of a piece that begins at an offset. */
  private gather(piece: usize, offset: i32, bytes: i32, from: i32, to: i32): void {
    const start = max(offset, from);
    const length = min(offset + bytes, to) - start;
    if (length <= 0) return;
    const into = this.scratch.dataStart + <usize>(start - from);
    memory.copy(into, piece + <usize>(start - offset), <usize>length);
  }

  private remove(kind: u8, id: u64, element: u64, from: i32, to: i32): void {
    if (from < to) this.unitShows = true;
    for (let part = from; part < to; part++)
      this.batch.delete(this.keyFor(kind, id, element, part));
  }

  /**
   * A key and, of a string, its value. Returns how many parts it has now.
   * @param idBefore the number that it had, perhaps the same @param partsBefore that it had then
   */
  object(
    id: u64,
    kind: u8,
    expiry: i64,
    key: usize,
    keyBytes: i32,
    value: usize,
    valueBytes: i32,
    idBefore: u64,
    partsBefore: i32,
  ): i32 {
    store<u8>(head, kind);
    store<u32>(head, <u32>keyBytes, 1);
    store<i64>(head, expiry, 5);
    const parts = this.put(
      KIND_OBJECT,
      id,
      0,
      OBJECT_HEAD_BYTES,
      key,
      keyBytes,
      value,
      valueBytes,
      partsBefore,
    );
    this.remove(KIND_OBJECT, idBefore, 0, id == idBefore ? parts : 0, partsBefore);
    return parts;
  }

  objectRemoved(id: u64, parts: i32): void {
    this.record(0);
    this.remove(KIND_OBJECT, id, 0, 0, parts);
  }

  /**
   * An element under a number of its own.
   * @param before the number it had, 0: none @param bytesBefore of its field and value then
   */
  element(
    owner: u64,
    element: u64,
    extra: i64,
    field: usize,
    fieldBytes: i32,
    value: usize,
    valueBytes: i32,
    before: u64,
    bytesBefore: i32,
  ): void {
    store<u32>(head, <u32>fieldBytes);
    store<i64>(head, extra, 4);
    const partsBefore = before == 0 ? 0 : partsFor(bytesBefore + ELEMENT_HEAD_BYTES);
    this.put(
      KIND_ELEMENT,
      owner,
      element,
      ELEMENT_HEAD_BYTES,
      field,
      fieldBytes,
      value,
      valueBytes,
      partsBefore,
    );
    this.remove(KIND_ELEMENT, owner, before, 0, partsBefore);
  }

  /** @param bytes of its field and value */
  elementRemoved(owner: u64, element: u64, bytes: i32): void {
    this.record(0);
    this.remove(KIND_ELEMENT, owner, element, 0, partsFor(bytes + ELEMENT_HEAD_BYTES));
  }

  /** A crash came before the first part of a large record: what there is of it means nothing. */
  orphaned(kind: u8, id: u64, element: u64, from: i32, to: i32): void {
    this.record(0);
    this.remove(kind, id, element, from, to);
  }

  /** All that there was is gone. */
  flushed(): void {
    this.unitShows = true;
    const below = this.takeId();
    store<u64>(this.scratch.dataStart, below);
    this.batch.putPart(this.keyFor(KIND_EPOCH, 0, 0, 0), this.scratch, 0, 8);
    this.dropped.below = below;
  }
}

/** Owners whose elements nobody needs any more, to be removed when there is time. At the limit: at the next boot. */
export class Dropped {
  static readonly OWNERS_MAX: i32 = 1024;
  /** Numbers below this are of no use. */
  below: u64 = 0;
  /** Left for the next boot. */
  forgotten: u64 = 0;
  private readonly owners: StaticArray<u64> = new StaticArray<u64>(Dropped.OWNERS_MAX);
  private first: i32 = 0;
  count: i32 = 0;

  add(owner: u64): void {
    if (this.count == Dropped.OWNERS_MAX) {
      this.forgotten++;
      return;
    }
    this.owners[(this.first + this.count++) % Dropped.OWNERS_MAX] = owner;
  }

  take(): u64 {
    const owner = this.owners[this.first];
    this.first = (this.first + 1) % Dropped.OWNERS_MAX;
    this.count--;
    return owner;
  }
}
