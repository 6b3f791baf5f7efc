/**
 * The log: a ring of records, each with the batches that were committed while the one before it was on its
 * way. One record is in flight at a time: its writes and, if somebody waits for one of its batches or has for long, a
 * flush behind them, which is one of the records before it, too.
 */
import { BatchKind, Errno } from "@phantasm/interfaces";
import { xxh64 } from "@phantasm/checksum";
import { KeyValueCounters } from "./counters";
import { Disk, Purpose } from "./disk";
import {
  LOGGED_BATCH_HEAD_BYTES,
  META_PAGES,
  PAGE_SHIFT,
  RECORD_BATCHES,
  RECORD_BYTES_MAX,
  RECORD_CHECKSUM,
  RECORD_DURABLE,
  RECORD_EPOCH,
  RECORD_HEAD_BYTES,
  RECORD_IDENTITY,
  RECORD_KIND,
  RECORD_MAGIC,
  RECORD_PAYLOAD_BYTES,
  RECORD_PREVIOUS,
  RECORD_SEQUENCE,
  RecordKind,
  afterOperation,
} from "./layout";

/** Byte of the device at which the ring begins. */
export const LOG_START: u64 = (<u64>META_PAGES) << PAGE_SHIFT;

enum Phase {
  IDLE,
  /** A record is being handed to the device, part by part. */
  WRITING,
  /** All of it is, and the flush behind it, if there is one. */
  FLUSHING,
  MARKING,
}


@final
export class Log {
  identity: u64 = 0;
  epoch: u64 = 0;
  unitBytes: i32 = 512;
  /** Units of the ring. */
  units: u32 = 0;
  /** Where the next record begins, and its number. */
  head: u32 = 0;
  sequence: u64 = 1;
  /** Checksum of the record before it. */
  previous: u64 = 0;
  /** Units with records that the tree on the disk does not contain. */
  used: u32 = 0;
  /** Every record up to this one is durable, and so is every batch up to that version. */
  durableSequence: u64 = 0;
  durableVersion: u64 = 0;
  /** Version of the last batch in the buffer. */
  bufferedVersion: u64 = 0;
  /** Somebody waits for what is in the buffer, or for what is written and not flushed. */
  wanted: bool = false;
  /** Records were written without a flush since the last one. */
  unflushed: bool = false;
  /** A record was written since the last mark. */
  markDue: bool = false;
  /**
   * Where the next record begins, there is a mark. That one is flushed before another follows: should a crash lose it,
   * the mark says that nothing comes behind it, and nothing does.
   */
  isMarked: bool = false;
  buffer: Uint8Array = new Uint8Array(0);
  private filled: i32 = RECORD_HEAD_BYTES;
  private batches: i32 = 0;
  private phase: Phase = Phase.IDLE;
  private outstanding: i32 = 0;
  private status: i32 = 0;
  private position: u32 = 0;
  private recordBytes: i32 = 0;
  private submitted: i32 = 0;
  private restDue: bool = false;
  private restAt: u32 = 0;
  /** What is in flight ends with a flush. */
  private flushes: bool = false;
  private flushDue: bool = false;
  inFlightVersion: u64 = 0;
  /** For the record of kind 3 and for marks: one unit each. */
  private readonly rest: Uint8Array = new Uint8Array(4096);
  private readonly mark: Uint8Array = new Uint8Array(4096);

  constructor(
    private readonly disk: Disk,
    private readonly counters: KeyValueCounters,
  ) {}

  /** The geometry is known. */
  start(logPages: u32, unitBytes: i32): void {
    this.unitBytes = unitBytes;
    this.units = (logPages << PAGE_SHIFT) / <u32>unitBytes;
    this.buffer = new Uint8Array(min(<i32>((logPages << PAGE_SHIFT) >> 2), RECORD_BYTES_MAX));
  }

  /** Bytes of operations that a batch can have. */
  get batchBytesMax(): i32 {
    return this.buffer.length - RECORD_HEAD_BYTES - LOGGED_BATCH_HEAD_BYTES;
  }

  get isEmpty(): bool {
    return this.batches == 0;
  }

  /** Something is neither durable nor on its way to be. */
  get isPending(): bool {
    return this.batches > 0 || this.unflushed;
  }

  get isIdle(): bool {
    return this.phase == Phase.IDLE;
  }

  /** True if the operations of a batch can be appended now. */
  takes(bytes: i32): bool {
    const isFree = this.phase != Phase.WRITING;
    return isFree && this.filled + LOGGED_BATCH_HEAD_BYTES + bytes <= this.buffer.length;
  }

  /** True if the ring has room for what is in the buffer and that much more. */
  hasRoom(bytes: i32): bool {
    return this.unitsFor(this.filled + LOGGED_BATCH_HEAD_BYTES + bytes) <= this.units - this.used;
  }

  get isHalfBuffered(): bool {
    return this.filled > this.buffer.length >> 1;
  }

  get isHalfFull(): bool {
    return this.used > this.units >> 1;
  }

  /** Adds a batch, which `takes` has said there is room for. Conditions are left out. */
  append(operations: usize, bytes: i32, version: u64): void {
    const start = this.buffer.dataStart + this.filled;
    let to = start + LOGGED_BATCH_HEAD_BYTES;
    const end = operations + bytes;
    // What lies between conditions is copied at once.
    let from = operations;
    for (let operation = operations; operation <= end;) {
      const isEnd = operation == end;
      const next = isEnd ? end + 1 : afterOperation(operation);
      if (isEnd || load<u8>(operation) == BatchKind.CONDITION) {
        memory.copy(to, from, operation - from);
        to += operation - from;
        from = next;
      }
      operation = next;
    }
    store<u32>(start, <u32>(to - start) - LOGGED_BATCH_HEAD_BYTES);
    store<u32>(start, 0, 4);
    store<u64>(start, version, 8);
    this.filled += <i32>(to - start);
    this.batches++;
    this.bufferedVersion = version;
  }

  /** Units that the next record takes, with what is left at the end of the ring if it does not fit there. */
  private unitsFor(bytes: i32): u32 {
    const count = <u32>((bytes + this.unitBytes - 1) / this.unitBytes);
    const left = this.units - this.head;
    return left >= count ? count : left + count;
  }

  /** Begins to write what is in the buffer, or to flush what was written, if nothing else is being written. */
  begin(): void {
    if (this.phase != Phase.IDLE) return;
    if (this.batches == 0) {
      if (this.wanted && this.unflushed) this.flushWritten();
      return;
    }
    const bytes = this.filled;
    const units = <u32>((bytes + this.unitBytes - 1) / this.unitBytes);
    if (this.unitsFor(bytes) > this.units - this.used) return;
    this.flushes = this.wanted || this.isMarked;
    this.wanted = false;
    this.isMarked = false;
    const left = this.units - this.head;
    if (left < units) {
      if (left > 0) {
        this.writeHead(this.rest.dataStart, RecordKind.REST, 0, 0);
        this.previous = load<u64>(this.rest.dataStart, RECORD_CHECKSUM);
        this.sequence++;
        this.restDue = true;
        this.restAt = this.head;
        this.used += left;
      }
      this.head = 0;
    }
    const start = this.buffer.dataStart;
    this.writeHead(start, RecordKind.BATCHES, bytes - RECORD_HEAD_BYTES, this.batches);
    this.previous = load<u64>(start, RECORD_CHECKSUM);
    this.recordBytes = <i32>units * this.unitBytes;
    // `filled` ends at a unit only by chance, and the buffer is whole units long.
    memory.fill(start + bytes, 0, this.recordBytes - bytes);
    this.position = this.head;
    this.submitted = 0;
    this.sequence++;
    this.head += units;
    if (this.head == this.units) this.head = 0;
    this.used += units;
    this.inFlightVersion = this.bufferedVersion;
    this.status = 0;
    this.markDue = true;
    this.phase = Phase.WRITING;
    this.counters.records++;
    this.advance();
  }

  private flushWritten(): void {
    this.wanted = false;
    this.status = 0;
    this.flushes = true;
    this.flushDue = true;
    this.phase = Phase.FLUSHING;
    this.advance();
  }

  /** Hands over what the device did not take before. Returns an error of the device, or 0. */
  advance(): i32 {
    if (this.phase == Phase.WRITING) {
      if (this.restDue) {
        const status = this.disk.writeBytes(
          this.byteOf(this.restAt),
          this.unitBytes,
          this.rest,
          0,
          Purpose.LOG_WRITE,
          0,
        );
        if (status != 0) return this.refused(status);
        this.outstanding++;
        this.restDue = false;
      }
      while (this.submitted < this.recordBytes) {
        const bytes = min(this.recordBytes - this.submitted, this.disk.requestBytesMax);
        const status = this.disk.writeBytes(
          this.byteOf(this.position) + <u64>this.submitted,
          bytes,
          this.buffer,
          this.submitted,
          Purpose.LOG_WRITE,
          0,
        );
        if (status != 0) return this.refused(status);
        this.outstanding++;
        this.submitted += bytes;
      }
      this.filled = RECORD_HEAD_BYTES;
      this.batches = 0;
      this.flushDue = this.flushes;
      this.phase = Phase.FLUSHING;
    }
    if (this.flushDue) {
      const status = this.disk.flush(Purpose.LOG_FLUSH, 0);
      if (status != 0) return this.refused(status);
      this.outstanding++;
      this.flushDue = false;
      this.counters.flushes++;
    }
    return 0;
  }

  private refused(status: i32): i32 {
    if (status == Errno.AGAIN) return 0;
    this.status = status;
    return status;
  }

  /** A write or flush was reported. Returns its error, or 0. */
  onReport(status: i32): i32 {
    this.outstanding--;
    if (status != 0 && this.status == 0) this.status = status;
    if (this.outstanding > 0 || this.phase != Phase.FLUSHING || this.flushDue) return this.status;
    this.unflushed = !this.flushes;
    if (this.status == 0 && this.flushes) {
      this.durableSequence = this.sequence - 1;
      this.durableVersion = max(this.durableVersion, this.inFlightVersion);
    }
    this.phase = Phase.IDLE;
    return this.status;
  }

  /** Says on the disk that what was written is durable: when nothing else is to be written. */
  writeMark(): i32 {
    this.markDue = false;
    if (this.used >= this.units) return 0;
    const start = this.mark.dataStart;
    this.writeHead(start, RecordKind.MARK, 0, 0);
    const status = this.disk.writeBytes(
      this.byteOf(this.head),
      this.unitBytes,
      this.mark,
      0,
      Purpose.MARK,
      0,
    );
    if (status == 0) {
      this.phase = Phase.MARKING;
      this.isMarked = true;
    } else if (status == Errno.AGAIN) this.markDue = true;
    return status == Errno.AGAIN ? 0 : status;
  }

  onMark(): void {
    this.phase = Phase.IDLE;
  }

  /** The tree on the disk contains everything up to here: `units` were used when it was sealed. */
  onCheckpoint(units: u32): void {
    this.used -= units;
  }

  private byteOf(unit: u32): u64 {
    return LOG_START + <u64>unit * this.unitBytes;
  }

  private writeHead(at: usize, kind: RecordKind, payloadBytes: i32, batches: i32): void {
    store<u32>(at, RECORD_MAGIC);
    store<u32>(at, kind, RECORD_KIND);
    store<u32>(at, payloadBytes, RECORD_PAYLOAD_BYTES);
    store<u32>(at, batches, RECORD_BATCHES);
    store<u64>(at, this.identity, RECORD_IDENTITY);
    store<u64>(at, this.epoch, RECORD_EPOCH);
    store<u64>(at, this.sequence, RECORD_SEQUENCE);
    store<u64>(at, this.durableSequence, RECORD_DURABLE);
    store<u64>(at, this.previous, RECORD_PREVIOUS);
    store<u64>(at, recordChecksum(at, payloadBytes, this.epoch), RECORD_CHECKSUM);
  }
}

const headScratch: usize = memory.data(64, 8);

/** H(the first 56 bytes and the payload, epoch): the field of the checksum, between the two, is left out. */
export function recordChecksum(record: usize, payloadBytes: i32, epoch: u64): u64 {
  memory.copy(headScratch, record, RECORD_HEAD_BYTES);
  memory.copy(record + 8, headScratch, RECORD_CHECKSUM);
  const checksum = xxh64(record + 8, RECORD_CHECKSUM + <usize>payloadBytes, epoch);
  memory.copy(record, headScratch, RECORD_HEAD_BYTES);
  return checksum;
}
