/**
 * What is to be kept, as changes of a KeyValue. README.md says which key stands for what.
 *
 * Keys are `kind id element part`: u8, u64, u64, u8, big-endian, so that their order is that of the numbers. What a
 * command changes is in one batch, unless that would be larger than a store takes.
 */
import { Batch } from "@phantasm/interfaces";

/** The first number that is in use: what is below was there before a flush. */
export const KIND_EPOCH: u8 = 0x41;
/** A key of ours: of a string with its value. */
export const KIND_OBJECT: u8 = 0x42;
/** An element of a collection. */
export const KIND_ELEMENT: u8 = 0x43;

export const RECORD_KEY_BYTES: i32 = 18;
/** Of a value larger than this, the rest goes under further keys. */
export const PART_BYTES: i32 = 60_000;

const BATCH_BYTES_MIN: i32 = 4096;
/** Commands after the one with which a batch grew to this have another one. */
const BATCH_OPERATIONS: i32 = 256;
const BATCH_BYTES: i32 = 192 << 10;
/** Where a batch ends in the middle of a command: what a store with a cache of 32 MiB takes in any case. */
const BATCH_OPERATIONS_MAX: i32 = 512;
const BATCH_BYTES_MAX: i32 = 768 << 10;
/** With so many that wait, nobody changes anything before one of them is committed. */
const WAITING_BATCHES_MAX: i32 = 4;

/** kind u8, key length u32, expiry i64. */
export const OBJECT_HEAD_BYTES: i32 = 13;
/** field length u32, score i64. */
export const ELEMENT_HEAD_BYTES: i32 = 12;


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
  private readonly scratch: Uint8Array;

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

  /** The first batch, to be committed. `give` takes it back. */
  take(): Batch {
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
    if (this.batch.count >= BATCH_OPERATIONS || this.batch.byteLength >= BATCH_BYTES) this.close();
  }

  private close(): void {
    this.full.push(this.batch);
    this.batch = this.blank();
  }

  /** So many changes follow that have to be in one batch. */
  together(operations: i32): void {
    if (this.batch.count + operations > BATCH_OPERATIONS_MAX) this.close();
  }

  /** Between records, whose parts stay together. */
  private record(): void {
    if (this.batch.count >= BATCH_OPERATIONS_MAX || this.batch.byteLength >= BATCH_BYTES_MAX)
      this.close();
  }

  takeId(): u64 {
    return this.nextId++;
  }

  private keyFor(kind: u8, id: u64, element: u64, part: i32): Uint8Array {
    const at = this.key.dataStart;
    store<u8>(at, kind);
    store<u64>(at, bswap(id), 1);
    store<u64>(at, bswap(element), 9);
    store<u8>(at, <u8>part, 17);
    return this.key;
  }

  /** A record of up to three pieces, cut into parts. Returns how many. */
  private put(
    kind: u8,
    id: u64,
    element: u64,
    headBytes: i32,
    first: usize,
    firstBytes: i32,
    second: usize,
    secondBytes: i32,
  ): i32 {
    // The head was written into the scratch.
    const scratch = this.scratch.dataStart;
    let used = headBytes;
    let part = 0;
    for (let piece = 0; piece < 2; piece++) {
      let from = piece == 0 ? first : second;
      let left = piece == 0 ? firstBytes : secondBytes;
      while (left > 0) {
        const taken = min(left, PART_BYTES - used);
        memory.copy(scratch + <usize>used, from, <usize>taken);
        used += taken;
        from += <usize>taken;
        left -= taken;
        if (used < PART_BYTES) continue;
        this.batch.putPart(this.keyFor(kind, id, element, part++), this.scratch, 0, used);
        used = 0;
      }
    }
    if (used > 0) this.batch.putPart(this.keyFor(kind, id, element, part++), this.scratch, 0, used);
    return part;
  }

  private remove(kind: u8, id: u64, element: u64, from: i32, to: i32): void {
    for (let part = from; part < to; part++)
      this.batch.delete(this.keyFor(kind, id, element, part));
  }

  /** A key and, of a string, its value. Returns how many parts it has now. */
  object(
    id: u64,
    kind: u8,
    expiry: i64,
    key: usize,
    keyBytes: i32,
    value: usize,
    valueBytes: i32,
    partsBefore: i32,
  ): i32 {
    this.record();
    const head = this.scratch.dataStart;
    store<u8>(head, kind);
    store<u32>(head, <u32>keyBytes, 1);
    store<i64>(head, expiry, 5);
    const parts = this.put(KIND_OBJECT, id, 0, OBJECT_HEAD_BYTES, key, keyBytes, value, valueBytes);
    this.remove(KIND_OBJECT, id, 0, parts, partsBefore);
    return parts;
  }

  objectRemoved(id: u64, parts: i32): void {
    this.record();
    this.remove(KIND_OBJECT, id, 0, 0, parts);
  }

  /** An element under a number of its own. */
  element(
    owner: u64,
    element: u64,
    extra: i64,
    field: usize,
    fieldBytes: i32,
    value: usize,
    valueBytes: i32,
  ): void {
    this.record();
    const head = this.scratch.dataStart;
    store<u32>(head, <u32>fieldBytes);
    store<i64>(head, extra, 4);
    this.put(
      KIND_ELEMENT,
      owner,
      element,
      ELEMENT_HEAD_BYTES,
      field,
      fieldBytes,
      value,
      valueBytes,
    );
  }

  /** @param bytes of its field and value */
  elementRemoved(owner: u64, element: u64, bytes: i32): void {
    this.record();
    const parts = (bytes + ELEMENT_HEAD_BYTES + PART_BYTES - 1) / PART_BYTES;
    this.remove(KIND_ELEMENT, owner, element, 0, parts);
  }

  /** All that there was is gone. */
  flushed(): void {
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
