/**
 * Keeps the zones of a secondary in a key-value store: each version when it has come, and when it was last known to be
 * current, so that a boot without a primary answers from them until they expire (RFC 1035 §3.3.13).
 */
import {
  Batch,
  Clock,
  Cursor,
  KeyValue,
  KeyValueHandler,
  Log,
  Logger,
  PENDING,
  SECOND,
  Timer,
  TimerHandler,
  errorText,
} from "@phantasm/interfaces";
import { KeptZones } from "./kept";
import { TIME_BYTES, TIME_PREFIX, ZONE_PREFIX, keyOf } from "./kept-layout";
import { KeptReader } from "./kept-reader";
import { KeptWriter } from "./kept-writer";
import { SecondaryZone } from "./secondary-zone";
import { ZoneAccount } from "./zone-data";

const PIECE_BYTES: i32 = 65_536;
/** Pieces in a step: less than a millisecond. */
const PIECES: i32 = 4;
/** So much later, at most, is written when a zone was known to be current: it expires so much earlier after a boot. */
export const TIMES_NS: i64 = 30 * SECOND;
/** Times in a batch. */
const TIMES_MAX: i32 = 64;

enum Work {
  NONE,
  READING,
  /** What is kept of zones that are not listed any more goes. */
  SWEEPING,
  REMOVING,
  WRITING,
  TIMES,
}


@final
export class KeptInStore implements KeptZones, KeyValueHandler, TimerHandler {
  private readonly logger: Logger;
  private readonly reader: KeptReader;
  private readonly writer: KeptWriter;
  private readonly batch: Batch = new Batch();
  private readonly time: Uint8Array = new Uint8Array(TIME_BYTES);
  private zones: SecondaryZone[] = [];
  private account: ZoneAccount = new ZoneAccount(0);
  private work: i32 = Work.NONE;
  /** Of what was begun last, for the next step. */
  private result: i32 = 0;
  private timer: Timer | null = null;
  /** How many zones were read, and whether the rest was swept. */
  private read: i32 = 0;
  private isSwept: bool = false;
  private cursor: Cursor | null = null;
  private writing: SecondaryZone | null = null;
  private timesNs: i64 = i64.MAX_VALUE;
  /** The same trouble is told once. */
  private told: string = "";

  constructor(
    private readonly store: KeyValue,
    private readonly clock: Clock,
    log: Log,
  ) {
    const logger = log.source("secondary");
    this.logger = logger;
    const buffer = new Uint8Array(PIECE_BYTES);
    this.reader = new KeptReader(store, buffer);
    this.writer = new KeptWriter(store, buffer);
  }

  start(zones: SecondaryZone[], account: ZoneAccount): bool {
    this.zones = zones;
    this.account = account;
    const timer = this.clock.after(0, this);
    timer.background();
    this.timer = timer;
    return true;
  }

  replaced(zone: SecondaryZone): void {
    zone.isKept = false;
    zone.isToKeep = true;
    if (this.work == Work.NONE) this.timer!.set(0);
  }

  confirmed(zone: SecondaryZone): void {
    // Of a version that is still to be written, or could not be, there is no time.
    if (!zone.isKept || zone.isConfirmed) return;
    zone.isConfirmed = true;
    if (this.timesNs == i64.MAX_VALUE) this.timesNs = this.clock.now() + TIMES_NS;
    if (this.work == Work.NONE) this.timer!.set(max<i64>(0, this.timesNs - this.clock.now()));
  }

  onKeyValue(tag: i32, result: i32): void {
    this.run(result);
  }

  onTimer(timer: Timer): void {
    this.run(this.result);
  }

  private run(result: i32): void {
    for (let pieces = PIECES; pieces > 0; pieces--) {
      result = this.step(result);
      if (result == PENDING) return;
    }
    this.result = result;
    this.timer!.set(0);
  }

  /** Takes the result of what was begun, and begins the next. PENDING: somebody calls again. */
  private step(result: i32): i32 {
    switch (this.work) {
      case Work.READING:
        result = this.reader.step(result, this.account);
        if (this.reader.isDone) this.restored();
        return result;
      case Work.SWEEPING:
        return this.sweep(result);
      case Work.REMOVING:
        this.work = Work.SWEEPING;
        return result < 0 ? this.swept() : this.cursor!.next(this, 0);
      case Work.WRITING:
        result = this.writer.step(result);
        if (this.writer.isDone) this.written();
        return result;
      case Work.TIMES:
        if (result < 0) this.tell(errorText(result));
        this.work = Work.NONE;
        return 0;
      default:
        return this.next();
    }
  }

  /** What is to be done; PENDING: nothing is. */
  private next(): i32 {
    this.result = 0;
    if (this.read < this.zones.length) {
      this.work = Work.READING;
      return this.reader.begin(this.zones[this.read].served, this);
    }
    // Nothing can be changed, or it was told why it is no store.
    if (!this.store.writable || this.store.state != 0) {
      this.tell(this.store.state != 0 ? this.store.problem() : "the store is read-only");
      return PENDING;
    }
    if (!this.isSwept) {
      const cursor = this.store.scan(ZONE_PREFIX, null, null, false);
      this.cursor = cursor;
      this.work = Work.SWEEPING;
      return cursor.next(this, 0);
    }
    for (let i = 0; i < this.zones.length; i++)
      if (this.zones[i].isToKeep) return this.write(this.zones[i]);
    if (this.clock.now() >= this.timesNs) return this.times();
    if (this.timesNs != i64.MAX_VALUE) this.timer!.set(this.timesNs - this.clock.now());
    return PENDING;
  }

  private restored(): void {
    const zone = this.zones[this.read++];
    const reader = this.reader;
    const zones = reader.zones;
    this.work = Work.NONE;
    if (reader.problem.length > 0)
      if (this.store.state != 0) this.tell(reader.problem);
      else this.logger.error("{}: what is kept is not taken: {}", zone.name, reader.problem);
    zone.restored(zones, reader.confirmedNs);
    if (zones !== null) zones.release();
    reader.zones = null;
  }

  private sweep(result: i32): i32 {
    if (result <= 0) return this.swept();
    const cursor = this.cursor!;
    const name = cursor.key.dataStart + ZONE_PREFIX.length;
    const bytes = cursor.key.length - ZONE_PREFIX.length;
    for (let i = 0; i < this.zones.length; i++) {
      const served = this.zones[i].served;
      if (served.nameBytes == bytes && memory.compare(served.name, name, bytes) == 0)
        return cursor.next(this, 0);
    }
    this.logger.info("what is kept of a zone that is not listed any more is removed");
    this.work = Work.REMOVING;
    const batch = this.batch.clear();
    batch.delete(cursor.key).delete(keyOf(TIME_PREFIX, name, bytes));
    return this.store.commit(batch, false, this, 0);
  }

  private swept(): i32 {
    this.cursor = null;
    this.isSwept = true;
    this.work = Work.NONE;
    return 0;
  }

  private write(zone: SecondaryZone): i32 {
    zone.isToKeep = false;
    const zones = zone.served.zones;
    // It has expired meanwhile.
    if (zones === null) return 0;
    this.writing = zone;
    this.work = Work.WRITING;
    const result = this.writer.begin(zone.served, zones, zone.confirmedNs, this);
    if (this.writer.isDone) this.written();
    return result;
  }

  private written(): void {
    const zone = this.writing!;
    const status = this.writer.status;
    this.writing = null;
    this.work = Work.NONE;
    if (status < 0) {
      this.tell(errorText(status));
      return;
    }
    this.told = "";
    this.logger.debug("{}: kept", zone.name);
    // Another version may have come meanwhile.
    zone.isKept = !zone.isToKeep;
  }

  private times(): i32 {
    const batch = this.batch.clear();
    const time = this.time.dataStart;
    this.timesNs = i64.MAX_VALUE;
    for (let i = 0; i < this.zones.length; i++) {
      const zone = this.zones[i];
      if (!zone.isConfirmed) continue;
      if (batch.count == TIMES_MAX) {
        this.timesNs = this.clock.now();
        break;
      }
      zone.isConfirmed = false;
      if (!zone.isKept) continue;
      store<i64>(time, zone.confirmedNs);
      store<u32>(time, zone.version.serial, 8);
      batch.put(keyOf(TIME_PREFIX, zone.served.name, zone.served.nameBytes), this.time);
    }
    if (batch.count == 0) return 0;
    this.work = Work.TIMES;
    return this.store.commit(batch, true, this, 0);
  }

  private tell(problem: string): void {
    if (problem == this.told) return;
    this.told = problem;
    this.logger.error("zones are not kept: {}", problem);
  }
}
