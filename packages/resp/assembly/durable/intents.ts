/**
 * What a crash cut is made good before anything is read: if there is a mark, all that it announced is done, from the
 * beginning. What was done before is done again, which changes nothing.
 *
 * On a disk that is full the rest cannot be done: then it stays as it is, rather than that nothing can be read.
 */
import {
  Batch,
  BatchKind,
  Cursor,
  Errno,
  KeyValue,
  KeyValueHandler,
  PENDING,
  WRONG_FORMAT,
} from "@phantasm/interfaces";
import {
  BATCH_BYTES_MAX,
  BATCH_OPERATIONS_MAX,
  Journal,
  KIND_ELEMENT,
  KIND_EPOCH,
  KIND_INTENT,
  PART_BYTES,
  RECORD_KEY_BYTES,
  partsFor,
} from "./journal";
import { Loader } from "./loader";

const NEXT: i32 = 0;
const COMMIT: i32 = 1;
/** Of an operation in a batch. */
const HEAD_BYTES: i32 = 8;
const OPERATION_BYTES_MAX: i32 = HEAD_BYTES + RECORD_KEY_BYTES + 1 + PART_BYTES;

enum Taken {
  /** More has to be read. */
  NONE,
  ONE,
  WRONG,
}


@final
export class Intents implements KeyValueHandler {
  private readonly cursor: Cursor;
  private readonly batch: Batch = new Batch(4096);
  /** What is left of a part, with an operation that goes on in the next one; and the next one. */
  private readonly text: Uint8Array = new Uint8Array(OPERATION_BYTES_MAX + PART_BYTES);
  private textAt: i32 = 0;
  private textEnd: i32 = 0;
  private id: u64 = 0;
  /** Parts that were seen, the mark too. */
  private parts: i32 = 0;
  private isMarked: bool = false;
  /** Bytes that the mark says are still to come. */
  private left: i64 = 0;
  /** It has come to the end, or there was no mark. */
  private isOver: bool = false;

  constructor(
    private readonly store: KeyValue,
    private readonly journal: Journal,
    private readonly loader: Loader,
  ) {
    const first = new Uint8Array(1);
    first[0] = KIND_INTENT;
    this.cursor = store.scan(first, null, null, false);
  }

  start(): void {
    while (true) {
      const batch = this.batch;
      const isFull =
        batch.count == BATCH_OPERATIONS_MAX ||
        batch.byteLength + OPERATION_BYTES_MAX > BATCH_BYTES_MAX;
      if (isFull || (this.isOver && batch.count > 0)) {
        const result = this.store.commit(batch, false, this, COMMIT);
        if (result == PENDING || !this.committed(result)) return;
        continue;
      }
      const taken = this.operation();
      if (taken == Taken.WRONG) return this.ends(WRONG_FORMAT);
      if (taken == Taken.ONE) continue;
      if (this.isOver) return this.ends(0);
      const result = this.cursor.next(this, NEXT);
      if (result == PENDING || !this.found(result)) return;
    }
  }

  onKeyValue(tag: i32, result: i32): void {
    if (tag == NEXT ? this.found(result) : this.committed(result)) this.start();
  }

  /** False: it has ended. */
  private found(result: i32): bool {
    let outcome = result;
    if (result == 1 && !this.part()) outcome = WRONG_FORMAT;
    // The mark says how much there has to be.
    if (result == 0 && (this.left != 0 || this.textAt < this.textEnd)) outcome = WRONG_FORMAT;
    if (outcome < 0) this.ends(outcome);
    this.isOver = outcome == 0;
    return outcome >= 0;
  }

  /** False: it has ended. */
  private committed(result: i32): bool {
    this.batch.clear();
    if (result >= 0) return true;
    if (result != Errno.NOSPACE) {
      this.ends(result);
      return false;
    }
    // Parts that were not read yet are removed with the others: left alone, they would be taken for those of the next.
    this.parts += partsFor(<i32>this.left);
    this.textAt = this.textEnd;
    this.isOver = true;
    return true;
  }

  private ends(result: i32): void {
    if (result < 0) return this.loader.fail(result);
    if (this.parts > 0) this.journal.intentsRemoved(this.id, 0, this.parts + 1);
    this.loader.start();
  }

  /** The mark, or a part. False: it is none of ours. */
  private part(): bool {
    const key = this.cursor.key;
    if (key.length != RECORD_KEY_BYTES || key[0] != KIND_INTENT) return false;
    const id = bswap(load<u64>(key.dataStart, 1));
    const number = bswap(load<u64>(key.dataStart, 9));
    const value = this.cursor.value;
    if (this.id == 0) {
      this.id = id;
      if (id >= this.journal.nextId) this.journal.nextId = id + 1;
      if (number == 0) {
        this.isMarked = true;
        if (value.length != 8) return false;
        this.left = load<i64>(value.bytes.dataStart);
        return this.left > 0;
      }
    }
    if (id != this.id || number > <u64>i32.MAX_VALUE || number == 0) return false;
    if (!this.isMarked) {
      // Those before it may be gone already: the mark was removed first.
      this.parts = <i32>number;
      return true;
    }
    if (<i32>number != this.parts + 1 || value.length > PART_BYTES) return false;
    this.parts++;
    this.left -= <i64>value.length;
    const text = this.text;
    const kept = this.textEnd - this.textAt;
    memory.copy(text.dataStart, text.dataStart + <usize>this.textAt, <usize>kept);
    memory.copy(text.dataStart + <usize>kept, value.bytes.dataStart, <usize>value.length);
    this.textAt = 0;
    this.textEnd = kept + value.length;
    return this.left >= 0;
  }

  /** Takes the next operation of what was read. */
  private operation(): Taken {
    const left = this.textEnd - this.textAt;
    if (left < HEAD_BYTES) return Taken.NONE;
    const text = this.text;
    const head = text.dataStart + <usize>this.textAt;
    const kind = load<u8>(head);
    const keyBytes = <i32>load<u16>(head, 2);
    const valueBytes = load<u32>(head, 4);
    const isKey = keyBytes == RECORD_KEY_BYTES || keyBytes == RECORD_KEY_BYTES + 1;
    if (!isKey || load<u8>(head, 1) != 0 || valueBytes > <u32>PART_BYTES) return Taken.WRONG;
    const bytes = HEAD_BYTES + keyBytes + <i32>valueBytes;
    if (left < bytes) return Taken.NONE;
    const keyAt = this.textAt + HEAD_BYTES;
    const key = text.slice(keyAt, keyAt + keyBytes);
    if (key[0] < KIND_EPOCH || key[0] > KIND_ELEMENT) return Taken.WRONG;
    if (kind == BatchKind.PUT) this.batch.putPart(key, text, keyAt + keyBytes, <i32>valueBytes);
    else if (kind == BatchKind.DELETE && valueBytes == 0) this.batch.delete(key);
    else return Taken.WRONG;
    this.textAt += bytes;
    return Taken.ONE;
  }
}
