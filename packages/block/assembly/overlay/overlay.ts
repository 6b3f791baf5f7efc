import { Block, Errno, PENDING, TOO_LARGE, WRONG_FORMAT } from "@phantasm/interfaces";
import { FlushingLayer } from "../flushes";
import { Request, transferSectors } from "../layer";
import { Kind, Operation, WayDown } from "../operation";
import { NO_CLUSTER, SLOT_SECTORS } from "./format";
import { ChangeMap, NO_SLOT } from "./map";
import { OverlayOpener, OverlayOpening } from "./opening";

/** Tables that are written at once. */
const TABLE_WRITES: i32 = 4;

/** Where a flush is. */
enum Phase {
  /** The data is made durable. */
  DATA,
  /** Then the tables that say where it is are written, */
  TABLES,
  /** and made durable. */
  SEAL,
}

/** A table on its way to the disk. */
@final
class TableWrite extends Operation {
  constructor(
    private readonly overlay: Overlay,
    sectorBytes: i32,
  ) {
    super();
    this.kind = Kind.WRITE;
    this.sectors = 1;
    this.buffer = new Uint8Array(sectorBytes);
  }

  done(status: i32): void {
    this.overlay.tableWritten(this, status);
  }
}

/**
 * Copy on write: what is written goes to another disk, `changes`, and the base is never written. What was flushed is
 * there when it is opened again with the same two disks; see format.ts for what lies on `changes`.
 */
@final
export class Overlay extends FlushingLayer implements OverlayOpener {
  private readonly wayBase: WayDown;
  private readonly way: WayDown;
  private opening: OverlayOpening | null = null;
  private map: ChangeMap | null = null;
  private phase: Phase = Phase.DATA;
  /** How far a flush has gone through the tables. */
  private table: i32 = 0;
  private tablesInFlight: i32 = 0;
  private failure: i32 = 0;

  constructor(base: Block, changes: Block, requests: i32) {
    super(requests);
    this.wayBase = new WayDown(base);
    this.way = new WayDown(changes);
    this.openLayer();
  }

  get sectorBytes(): i32 {
    return this.wayBase.disk.sectorBytes;
  }

  get requestSectorsMax(): i32 {
    return min(this.wayBase.disk.requestSectorsMax, transferSectors(this.way.disk));
  }

  get writable(): bool {
    return this.way.disk.writable;
  }

  /** They are accepted: the room of what is discarded is not given back. */
  get discards(): bool {
    return false;
  }

  /** Sectors that can still change for the first time, at least; 0: such a write is answered NOSPACE, others are not. */
  get freeSectors(): u64 {
    const map = this.map;
    return map === null ? 0 : <u64>map.free * SLOT_SECTORS;
  }

  protected pendingBelow(): Block | null {
    if (this.wayBase.disk.state == PENDING) return this.wayBase.disk;
    return this.way.disk.state == PENDING ? this.way.disk : null;
  }

  protected begin(): void {
    const base = this.wayBase.disk;
    const changes = this.way.disk;
    if (base.state != 0) return this.decide(base.state);
    if (changes.state != 0) return this.decide(changes.state);
    if (base.sectorBytes != changes.sectorBytes) return this.decide(WRONG_FORMAT);
    if (base.sectors / SLOT_SECTORS >= NO_CLUSTER) return this.decide(TOO_LARGE);
    const opening = new OverlayOpening(this.way, base, this);
    if (opening.map.free == 0) return this.decide(base.sectors == 0 ? 0 : Errno.NOSPACE);
    this.opening = opening;
    opening.begin();
  }

  overlayOpened(state: i32): void {
    this.map = this.opening!.map;
    this.opening = null;
    this.sectorCount = this.wayBase.disk.sectors;
    this.decide(state);
  }

  protected start(request: Request): void {
    const wants = request.wants;
    if (wants == Kind.FLUSH) return this.askFlush(request);
    if (wants == Kind.DISCARD) return this.finish(request, 0);
    if (wants == Kind.WRITE && !this.takeSlots(request)) return this.finish(request, Errno.NOSPACE);
    this.nextRun(request);
  }

  advance(request: Request, status: i32): void {
    if (request.wants == Kind.FLUSH) return this.flushed(status);
    if (status != 0) return this.finish(request, status);
    request.stage += request.sectors;
    if (request.stage < request.count) return this.nextRun(request);
    if (request.wants == Kind.WRITE) this.markChanged(request);
    this.finish(request, 0);
  }

  /** Gives every cluster of a write a slot, or none. */
  private takeSlots(request: Request): bool {
    const map = this.map!;
    const first = <u32>(request.from / SLOT_SECTORS);
    const last = <u32>((request.end - 1) / SLOT_SECTORS);
    let needed = 0;
    for (let cluster = first; cluster <= last; cluster++)
      if (map.find(cluster) == NO_SLOT) needed++;
    if (needed > map.free) return false;
    for (let cluster = first; needed > 0; cluster++) {
      if (map.find(cluster) != NO_SLOT) continue;
      map.add(cluster);
      needed--;
    }
    return true;
  }

  /** Asks for the next sectors that lie in a row on one of the disks; `stage` counts those that are done. */
  private nextRun(request: Request): void {
    const map = this.map!;
    const writes = request.wants == Kind.WRITE;
    const sector = request.from + request.stage;
    const slot = map.find(<u32>(sector / SLOT_SECTORS));
    const within = <i32>(sector % SLOT_SECTORS);
    const changed = writes || (map.mask(slot) & (1 << within)) != 0;
    let end = sector + 1;
    for (; end < request.end; end++) {
      const next = map.find(<u32>(end / SLOT_SECTORS));
      const bit = ((map.mask(next) >> (<u32>end % SLOT_SECTORS)) & 1) != 0;
      if ((writes || bit) != changed) break;
      // In the same slot, or in the one behind it.
      if (changed && next != slot + <i32>(end / SLOT_SECTORS - sector / SLOT_SECTORS)) break;
    }
    const offset = request.targetOffset + request.stage * this.sectorBytes;
    const at = changed ? map.sectorOf(slot) + within : sector;
    request.move(request.wants, at, <i32>(end - sector), request.target!, offset);
    const way = changed ? this.way : this.wayBase;
    if (writes && request.target !== request.room) {
      if (request.stage == 0 && end == request.end && way.offer(request)) return;
      request.keep();
      request.buffer = request.target;
      request.offset = request.stage * this.sectorBytes;
    }
    way.submit(request);
  }

  private markChanged(request: Request): void {
    const map = this.map!;
    for (let sector = request.from; sector < request.end;) {
      const index = <i32>(sector % SLOT_SECTORS);
      const count = <i32>min<u64>(request.end - sector, SLOT_SECTORS - index);
      map.addChanged(map.find(<u32>(sector / SLOT_SECTORS)), ((1 << count) - 1) << index);
      sector += count;
    }
  }

  protected beginFlush(): void {
    this.phase = Phase.DATA;
    this.failure = 0;
    // What has been written until now is durable when this has been flushed.
    const tables = this.map!.send();
    if (tables == 0) this.phase = Phase.SEAL;
    this.way.flush(this.flushRequest);
  }

  private flushed(status: i32): void {
    if (status != 0) this.failure = status;
    if (this.phase == Phase.SEAL || status != 0) return this.flushEnds();
    this.phase = Phase.TABLES;
    this.table = 0;
    for (let i = 0; i < TABLE_WRITES; i++)
      if (!this.writeNext(new TableWrite(this, this.sectorBytes))) break;
  }

  tableWritten(write: TableWrite, status: i32): void {
    this.tablesInFlight--;
    if (status != 0) this.failure = status;
    if (this.failure == 0 && this.writeNext(write)) return;
    if (this.tablesInFlight > 0) return;
    if (this.failure != 0) return this.flushEnds();
    this.phase = Phase.SEAL;
    this.way.flush(this.flushRequest);
  }

  private writeNext(write: TableWrite): bool {
    const map = this.map!;
    const table = map.nextSent(this.table);
    this.table = table;
    if (table == map.geometry.tables) return false;
    write.sector = map.writeTable(table, write.buffer!.dataStart);
    this.tablesInFlight++;
    this.way.submit(write);
    return true;
  }

  private flushEnds(): void {
    if (this.failure != 0) this.decide(Errno.IO);
    this.endFlush(this.state);
  }
}
