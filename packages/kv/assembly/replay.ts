/** Reads the log of a store that is being opened, and applies what it has. */
import { BatchKind, CORRUPT, Errno, KEY_BYTES_MAX, VALUE_BYTES_MAX } from "@phantasm/interfaces";
import { xxh64 } from "@phantasm/checksum";
import { Purpose } from "./disk";
import { Engine } from "./engine";
import {
  ELSEWHERE_BYTES,
  ELSEWHERE_SIZE_MAX,
  EXTENT_BYTES,
  HEAD_COUNT,
  LOGGED_BATCH_HEAD_BYTES,
  OPERATION_HEAD_BYTES,
  PAGE_BYTES,
  PUT_ELSEWHERE,
  RECORD_BATCHES,
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
  VALUE_EXTENTS,
  VALUE_NEXT,
  afterOperation,
} from "./layout";
import { LOG_START, recordChecksum } from "./log";
import { Opening } from "./opening";
import { Operation, OperationKind } from "./operation";
import { isValuePage } from "./page-check";
import { Problem } from "./problem";

enum Phase {
  /** Goes along the records, to see where they end. */
  SCAN,
  /** Looks for a record that says the end was durable. */
  EVIDENCE,
  /** Reads the value pages that records refer to. */
  VALUES,
  APPLY,
  DONE,
}

/** Records elsewhere in the ring whose checksums are looked at: a log without damage has none. */
const EVIDENCE_MAX: i32 = 64;


@final
export class Replay {
  private phase: Phase = Phase.SCAN;
  /** The record in turn: where it is, its number, the checksum of the one before. */
  private unit: u32 = 0;
  private sequence: u64 = 0;
  private previous: u64 = 0;
  /** Records that count, and where they end. */
  private records: u64 = 0;
  private endUnit: u32 = 0;
  private endSequence: u64 = 0;
  private endPrevious: u64 = 0;
  /** Units that they take: more than the ring has is damage, or a forgery that goes around. */
  private unitsPassed: u32 = 0;
  /** Part of the ring that is in the buffer of the log. */
  private windowUnit: u32 = 0;
  private windowUnits: u32 = 0;
  private isReading: bool = false;
  private readDone: i32 = 0;
  private readBytes: i32 = 0;
  /** Of EVIDENCE: units looked at; of APPLY: batches and bytes of the record that are done. */
  private seen: u32 = 0;
  /** Records lie behind the end, since the one before them was lost: what takes its place must not lead to them. */
  private isCut: bool = false;
  private candidates: i32 = 0;
  private batchAt: i32 = 0;
  private batchesLeft: i32 = 0;
  private isApplying: bool = false;
  private readonly operation: Operation = new Operation(-1);
  /** u64 page, u64 checksum, u64 size of values that records refer to. */
  private values: usize = 0;
  private valueCount: i32 = 0;
  private valueMax: i32 = 0;
  private readonly page: Uint8Array = new Uint8Array(PAGE_BYTES);

  constructor(
    private readonly engine: Engine,
    private readonly opening: Opening,
  ) {}

  begin(): void {
    this.rewind();
    this.operation.kind = OperationKind.REPLAY;
    this.operation.durable = false;
  }

  private rewind(): void {
    const log = this.engine.log;
    this.unit = log.head;
    this.sequence = log.sequence;
    this.previous = log.previous;
    this.records = 0;
    this.unitsPassed = 0;
  }

  advance(): void {
    while (!this.isReading && !this.isApplying && this.phase != Phase.DONE) {
      if (this.readDone < this.readBytes) {
        this.readOn();
        if (!this.isReading) return;
      } else if (this.phase == Phase.SCAN) this.scan();
      else if (this.phase == Phase.EVIDENCE) this.lookFor();
      else if (this.phase == Phase.VALUES) {
        if (!this.readValue()) return;
      } else this.apply();
    }
  }

  // The window.

  private get unitBytes(): i32 {
    return this.engine.log.unitBytes;
  }

  /** True if that many bytes from a unit on are there; else reads what begins there. False at the end of the ring too. */
  private has(unit: u32, bytes: i32): bool {
    const units = <u32>((bytes + this.unitBytes - 1) / this.unitBytes);
    if (unit >= this.windowUnit && unit + units <= this.windowUnit + this.windowUnits) return true;
    const log = this.engine.log;
    this.windowUnit = unit;
    this.windowUnits = min(<u32>(log.buffer.length / this.unitBytes), log.units - unit);
    this.readDone = 0;
    this.readBytes = <i32>this.windowUnits * this.unitBytes;
    return false;
  }

  private readOn(): void {
    const disk = this.engine.disk;
    const position = LOG_START + <u64>this.windowUnit * this.unitBytes + <u64>this.readDone;
    const bytes = min(this.readBytes - this.readDone, disk.requestBytesMax);
    const buffer = this.engine.log.buffer;
    const status = disk.readBytes(position, bytes, buffer, this.readDone, Purpose.OPENING);
    if (status == 0) {
      this.isReading = true;
      this.readDone += bytes;
    } else if (status != Errno.AGAIN) this.fail(status, Problem.DEVICE);
  }

  onRead(): void {
    this.isReading = false;
    if (this.phase == Phase.VALUES) this.onValuePage();
  }

  private addressOf(unit: u32): usize {
    const offset = (unit - this.windowUnit) * <u32>this.unitBytes;
    return this.engine.log.buffer.dataStart + <usize>offset;
  }

  // Going along.

  /** Bytes of a record whose head could be one of this store; 0: it is none, or does not fit here. */
  private bytesOf(record: usize, unit: u32): i32 {
    const log = this.engine.log;
    if (load<u32>(record) != RECORD_MAGIC || load<u64>(record, RECORD_IDENTITY) != log.identity)
      return 0;
    if (load<u64>(record, RECORD_EPOCH) != log.epoch) return 0;
    const payload = load<u32>(record, RECORD_PAYLOAD_BYTES);
    const room = <u64>(log.units - unit) * this.unitBytes;
    const bytes = <u64>payload + RECORD_HEAD_BYTES;
    return bytes <= room && bytes <= <u64>log.buffer.length ? <i32>bytes : 0;
  }

  /** 1: the record at the unit in turn counts; 0: it does not; -1: it is being read. */
  private check(): i32 {
    if (!this.has(this.unit, RECORD_HEAD_BYTES)) return -1;
    const bytes = this.bytesOf(this.addressOf(this.unit), this.unit);
    if (bytes == 0) return 0;
    if (!this.has(this.unit, bytes)) return -1;
    const record = this.addressOf(this.unit);
    const fits =
      load<u64>(record, RECORD_SEQUENCE) == this.sequence &&
      load<u64>(record, RECORD_PREVIOUS) == this.previous &&
      recordChecksum(record, bytes - RECORD_HEAD_BYTES, this.engine.log.epoch) ==
        load<u64>(record, RECORD_CHECKSUM);
    return fits ? 1 : 0;
  }

  /** To the next record. False if the records would go around the ring. */
  private pass(record: usize): bool {
    const log = this.engine.log;
    const bytes = <i32>load<u32>(record, RECORD_PAYLOAD_BYTES) + RECORD_HEAD_BYTES;
    let units = <u32>((bytes + this.unitBytes - 1) / this.unitBytes);
    if (load<u32>(record, RECORD_KIND) == RecordKind.REST) units = log.units - this.unit;
    this.unitsPassed += units;
    if (this.unitsPassed > log.units) return false;
    this.unit += units;
    if (this.unit == log.units) this.unit = 0;
    this.sequence++;
    this.previous = load<u64>(record, RECORD_CHECKSUM);
    this.records++;
    return true;
  }

  private scan(): void {
    const result = this.check();
    if (result < 0) return;
    const record: usize = result > 0 ? this.addressOf(this.unit) : 0;
    const kind = result > 0 ? load<u32>(record, RECORD_KIND) : 0;
    if (result == 0 || kind == RecordKind.MARK) {
      this.endUnit = this.unit;
      this.endSequence = this.sequence;
      this.endPrevious = this.previous;
      this.seen = 0;
      this.engine.log.isMarked = result != 0;
      this.phase = result == 0 ? Phase.EVIDENCE : Phase.VALUES;
      this.startValues();
      return;
    }
    const isSound = kind == RecordKind.BATCHES ? this.walk(record) : kind == RecordKind.REST;
    if (!isSound) this.fail(CORRUPT, Problem.LOG);
    else if (!this.pass(record)) this.fail(CORRUPT, Problem.LOG);
  }

  /** Checks the structure of a record, and notes the values it refers to. */
  private walk(record: usize): bool {
    let at = record + RECORD_HEAD_BYTES;
    const end = at + load<u32>(record, RECORD_PAYLOAD_BYTES);
    let version: u64 = 0;
    let batches = load<u32>(record, RECORD_BATCHES);
    for (; batches > 0; batches--) {
      if (<i32>(end - at) < LOGGED_BATCH_HEAD_BYTES) return false;
      const bytes = load<u32>(at);
      const batch = at + LOGGED_BATCH_HEAD_BYTES;
      if (<usize>bytes > end - batch || load<u64>(at, 8) <= version) return false;
      version = load<u64>(at, 8);
      at = batch + bytes;
      for (let operation = batch; operation < at;) {
        const next = this.checkOperation(operation, at);
        if (next == 0) return false;
        const isNew = version > this.engine.lastVersion;
        if (isNew && load<u8>(operation) == PUT_ELSEWHERE) this.noteValue(next - ELSEWHERE_BYTES);
        operation = next;
      }
    }
    return at == end;
  }

  /** Where the operation ends; 0 if it cannot be one. */
  private checkOperation(operation: usize, end: usize): usize {
    if (<i32>(end - operation) < OPERATION_HEAD_BYTES) return 0;
    const kind = <i32>load<u8>(operation);
    const flags = load<u8>(operation, 1);
    const keyBytes = <i32>load<u16>(operation, 2);
    const valueBytes = load<u32>(operation, 4);
    if (keyBytes < 1 || keyBytes > KEY_BYTES_MAX || flags > 1) return 0;
    if (kind == BatchKind.DELETE) {
      if (flags != 0 || valueBytes != 0) return 0;
    } else if (kind == PUT_ELSEWHERE) {
      if (valueBytes != ELSEWHERE_BYTES) return 0;
    } else if (kind != BatchKind.PUT || valueBytes > <u32>VALUE_BYTES_MAX) return 0;
    const next = afterOperation(operation);
    if (next > end) return 0;
    if (kind != PUT_ELSEWHERE) return next;
    const size = load<u64>(next - ELSEWHERE_BYTES);
    return size == 0 || size > ELSEWHERE_SIZE_MAX ? 0 : next;
  }

  private noteValue(value: usize): void {
    if (this.valueCount == this.valueMax) {
      this.valueMax = max(16, this.valueMax * 2);
      const larger = heap.alloc(<usize>this.valueMax * 24);
      memory.copy(larger, this.values, <usize>this.valueCount * 24);
      if (this.values != 0) heap.free(this.values);
      this.values = larger;
    }
    const index = this.valueCount++;
    memory.copy(this.values + <usize>index * 24, value, 24);
  }

  /** Any unit of the ring that does not belong to the records may begin one that was written after the end. */
  private lookFor(): void {
    const log = this.engine.log;
    while (this.seen < log.units - this.unitsPassed) {
      let unit = this.endUnit + this.seen;
      if (unit >= log.units) unit -= log.units;
      if (!this.has(unit, RECORD_HEAD_BYTES)) return;
      const record = this.addressOf(unit);
      const bytes = this.bytesOf(record, unit);
      if (bytes > 0 && load<u64>(record, RECORD_SEQUENCE) > this.endSequence) this.isCut = true;
      if (bytes > 0 && load<u64>(record, RECORD_DURABLE) >= this.endSequence) {
        if (!this.has(unit, bytes)) return;
        const whole = this.addressOf(unit);
        const checksum = recordChecksum(whole, bytes - RECORD_HEAD_BYTES, log.epoch);
        if (checksum == load<u64>(whole, RECORD_CHECKSUM) || ++this.candidates > EVIDENCE_MAX) {
          this.fail(CORRUPT, Problem.LOG);
          return;
        }
      }
      this.seen++;
    }
    this.phase = Phase.VALUES;
    this.startValues();
  }

  // Values that records refer to: their pages must not be given away before the records are applied.

  private startValues(): void {
    this.readDone = 0;
    this.readBytes = 0;
  }

  /** False: the device takes no request now. */
  private readValue(): bool {
    if (this.valueCount == 0) {
      if (this.values != 0) heap.free(this.values);
      this.values = 0;
      this.phase = Phase.APPLY;
      this.windowUnits = 0;
      this.rewind();
      return true;
    }
    const entry = this.values + <usize>(this.valueCount - 1) * 24;
    const number = load<u64>(entry, 8);
    const cache = this.engine.cache;
    if (number < cache.firstPage || number >= cache.endPage) {
      this.fail(CORRUPT, Problem.VALUE);
      return true;
    }
    const status = this.engine.disk.readPages(number, 1, this.page, 0, Purpose.OPENING, 0);
    if (status == 0) this.isReading = true;
    else if (status != Errno.AGAIN) this.fail(status, Problem.DEVICE);
    return status != Errno.AGAIN;
  }

  private onValuePage(): void {
    const entry = this.values + <usize>(this.valueCount - 1) * 24;
    const number = load<u64>(entry, 8);
    const page = this.page.dataStart;
    const engine = this.engine;
    const isSound =
      xxh64(page, PAGE_BYTES, number) == load<u64>(entry, 16) &&
      isValuePage(page, number, engine.cache.firstPage, engine.cache.endPage);
    // Its content was durable before the record was written: this is damage.
    if (!isSound) {
      this.fail(CORRUPT, Problem.VALUE);
      return;
    }
    const count = <i32>load<u16>(page, HEAD_COUNT);
    let left = load<u64>(entry);
    for (let index = 0; index < count; index++) {
      const extent = page + VALUE_EXTENTS + <usize>index * EXTENT_BYTES;
      const first = load<u64>(extent);
      const pages = <u64>load<u32>(extent, 8);
      for (let at: u64 = 0; at < pages; at++) this.keep(first + at);
      left -= min(left, <u64>load<u32>(extent, 12));
    }
    this.keep(number);
    const next = load<u64>(page, VALUE_NEXT);
    if (next == 0 || left == 0) this.valueCount--;
    else {
      store<u64>(entry, left);
      store<u64>(entry, next, 8);
      store<u64>(entry, load<u64>(page, VALUE_NEXT + 8), 16);
    }
  }

  private keep(page: u64): void {
    this.engine.space.reserve(page);
    this.engine.space.enliven(page);
  }

  // Applying.

  private apply(): void {
    const engine = this.engine;
    if (this.batchesLeft == 0) {
      if (this.sequence == this.endSequence) {
        this.finish();
        return;
      }
      // The window may have been read over: it is the log's buffer, and nothing else uses it yet.
      if (!this.has(this.unit, RECORD_HEAD_BYTES)) return;
      const bytes = this.bytesOf(this.addressOf(this.unit), this.unit);
      if (bytes == 0) {
        this.fail(CORRUPT, Problem.LOG);
        return;
      }
      if (!this.has(this.unit, bytes)) return;
      // What the device gives the second time may differ from the first.
      if (this.check() != 1) {
        this.fail(CORRUPT, Problem.LOG);
        return;
      }
      const record = this.addressOf(this.unit);
      if (load<u32>(record, RECORD_KIND) != RecordKind.BATCHES) {
        this.pass(record);
        return;
      }
      if (!this.walk(record)) {
        this.fail(CORRUPT, Problem.LOG);
        return;
      }
      this.valueCount = 0;
      // A checkpoint meanwhile says that the log begins here.
      engine.log.head = this.unit;
      engine.log.sequence = this.sequence;
      engine.log.previous = this.previous;
      this.batchAt = RECORD_HEAD_BYTES;
      this.batchesLeft = <i32>load<u32>(record, RECORD_BATCHES);
      if (this.batchesLeft == 0) this.pass(record);
      return;
    }
    const record = this.addressOf(this.unit);
    const batch = record + <usize>this.batchAt;
    const bytes = load<u32>(batch);
    const version = load<u64>(batch, 8);
    this.batchAt += LOGGED_BATCH_HEAD_BYTES + <i32>bytes;
    if (version <= engine.lastVersion) {
      this.onBatch();
      return;
    }
    const operation = this.operation;
    operation.operations = batch + LOGGED_BATCH_HEAD_BYTES;
    operation.operationBytes = <i32>bytes;
    operation.version = version;
    operation.tries = 0;
    this.isApplying = true;
    engine.commits.replay(operation);
    engine.commits.run();
  }

  onApplied(status: i32): void {
    this.isApplying = false;
    if (status == 0) this.onBatch();
    else {
      const isSmall = status != CORRUPT && status != Errno.IO && status != Errno.GONE;
      this.fail(status, isSmall ? Problem.CACHE : Problem.LOG);
    }
  }

  private onBatch(): void {
    if (--this.batchesLeft == 0) this.pass(this.addressOf(this.unit));
  }

  private finish(): void {
    this.phase = Phase.DONE;
    const log = this.engine.log;
    log.head = this.endUnit;
    log.sequence = this.endSequence;
    log.previous = this.endPrevious;
    this.opening.onLogDone(this.records > 0 || this.isCut);
  }

  private fail(status: i32, problem: Problem): void {
    this.phase = Phase.DONE;
    this.opening.end(status, problem);
  }
}
