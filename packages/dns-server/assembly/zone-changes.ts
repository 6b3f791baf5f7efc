/** The last changes of zones, for secondaries that have an older version and take no more than what is new. */
import { PENDING } from "@phantasm/interfaces";
import { lower8, textOfName } from "@phantasm/dns/wire";
import { compareNames } from "./name-order";
import { Zones } from "./zone-data";
import { ZoneDifference, writePlainName } from "./zone-difference";

const NAME_BYTES_MAX: usize = 255;
const NAME_ROOM: usize = 264;

/** From one version of a zone to another one. */
@final
export class Change {
  private holders: i32 = 1;

  /**
   * @param block of `heap.alloc`: the apex in lower case, then the records
   * @param bytes of the records
   */
  constructor(
    private readonly block: usize,
    readonly nameBytes: usize,
    readonly bytes: usize,
    readonly from: u32,
    readonly to: u32,
  ) {}

  get name(): usize {
    return this.block;
  }

  /** Records as they are sent, without pointers: SOA, what is gone, SOA, what is new. */
  get records(): usize {
    return this.block + this.nameBytes;
  }

  get blockBytes(): usize {
    return this.nameBytes + this.bytes;
  }

  hold(): void {
    this.holders++;
  }

  release(): void {
    if (--this.holders == 0) heap.free(this.block);
  }
}

/** Whoever knows of changes. */
export interface Changes {
  /**
   * Puts all changes from one version of a zone to another one into `into`, and holds them. False: some are not known,
   * and nothing was put there.
   */
  collect(zones: Zones, apex: usize, from: u32, to: u32, into: Change[]): bool;
}


@final
export class NoChanges implements Changes {
  collect(zones: Zones, apex: usize, from: u32, to: u32, into: Change[]): bool {
    return false;
  }
}


@final
export class ZoneChanges implements Changes {
  /** The oldest first. */
  private readonly all: Change[] = [];
  private bytes: usize = 0;
  private readonly difference: ZoneDifference;
  private readonly name: usize = heap.alloc(NAME_ROOM);
  /** Zones that have changed, and whose serial does not say so, in the last comparison. */
  stale: i32 = 0;
  /** The first of them, and its serial. */
  staleName: string = "";
  staleSerial: u32 = 0;
  // The versions that are being compared.
  private newer: Zones | null = null;
  private oldAt: i32 = 0;
  private newAt: i32 = 0;
  private isComparing: bool = false;
  /** A bit for each zone that is served, and that is to be: its serial has stood for other contents too. */
  private unclear: Uint8Array = new Uint8Array(0);
  private unclearNext: Uint8Array = new Uint8Array(0);

  /**
   * @param bytesMax of all changes of all zones, 0: none are kept; beyond it, and beyond `versionsMax` of them, the
   *     oldest go
   */
  constructor(
    seed: u64,
    private readonly bytesMax: usize,
    private readonly versionsMax: i32,
  ) {
    this.difference = new ZoneDifference(seed, bytesMax);
  }

  collect(zones: Zones, apex: usize, from: u32, to: u32, into: Change[]): bool {
    const nameBytes = this.lowerName(zones, apex);
    let serial = from;
    // Each change is found behind the one before it.
    for (let i = 0; i < this.all.length && serial != to; i++) {
      const change = this.all[i];
      if (change.from != serial || !this.isOf(change, nameBytes)) continue;
      change.hold();
      into.push(change);
      serial = change.to;
    }
    if (serial == to && into.length > 0) return true;
    while (into.length > 0) into.pop().release();
    return false;
  }

  /**
   * Compares what is served with what is about to be, and keeps the differences. PENDING: it has not come to the end;
   * call again with the same zones.
   */
  compare(older: Zones, newer: Zones): i32 {
    if (this.bytesMax == 0) return 0;
    if (this.newer !== newer) {
      this.newer = newer;
      this.oldAt = 0;
      this.newAt = 0;
      this.stale = 0;
      this.isComparing = false;
      this.unclearNext = new Uint8Array((newer.count + 7) >> 3);
    }
    if (this.isComparing) {
      const status = this.difference.step();
      if (status == PENDING) return PENDING;
      this.take(older, newer, status);
      this.isComparing = false;
      this.oldAt++;
      this.newAt++;
      return PENDING;
    }
    // Zones are in canonical order.
    while (this.oldAt < older.count) {
      const oldZone = older.zone(this.oldAt);
      const oldApex = older.nodeAt(oldZone);
      let order = -1;
      let newZone: usize = 0;
      if (this.newAt < newer.count) {
        newZone = newer.zone(this.newAt);
        order = compareNames(older, oldApex, newer, newer.nodeAt(newZone));
      }
      if (order == 0) {
        this.difference.begin(older, oldZone, newer, newZone);
        this.isComparing = true;
        return PENDING;
      }
      if (order < 0) {
        this.forget(this.lowerName(older, oldApex));
        this.oldAt++;
      } else this.newAt++;
    }
    this.newer = null;
    this.unclear = this.unclearNext;
    return 0;
  }

  private take(older: Zones, newer: Zones, status: i32): void {
    const oldZone = older.zone(this.oldAt);
    const newZone = newer.zone(this.newAt);
    const from = load<u32>(oldZone, 12);
    const to = load<u32>(newZone, 12);
    const removed = this.difference.removed;
    const added = this.difference.added;
    const isSame = status == 0 && removed.bytes + added.bytes == 0;
    const nameBytes = this.lowerName(newer, newer.nodeAt(newZone));
    // What a secondary has of such a serial may be what was there before: changes are of no use to it.
    const wasUnclear = isMarked(this.unclear, this.oldAt);
    if (from == to && isSame) {
      if (wasUnclear) mark(this.unclearNext, this.newAt);
      return;
    }
    // RFC 1982: else no secondary would see that it is newer, or it would take changes of something else.
    const isNewer = <i32>(to - from) > 0;
    if (!isNewer) {
      if (this.stale++ == 0) {
        this.staleName = textOfName(this.name);
        this.staleSerial = to;
      }
      mark(this.unclearNext, this.newAt);
    }
    if (isNewer && status == 0 && !wasUnclear) this.keep(older, oldZone, newer, newZone, nameBytes);
    else this.forget(nameBytes);
    removed.clear();
    added.clear();
  }

  private keep(older: Zones, oldZone: usize, newer: Zones, newZone: usize, nameBytes: usize): void {
    const difference = this.difference;
    const removed = difference.removed;
    const added = difference.added;
    const oldSoaBytes = difference.writeSoa(older, oldZone);
    const oldSoa = heap.alloc(oldSoaBytes);
    memory.copy(oldSoa, difference.record, oldSoaBytes);
    const newSoaBytes = difference.writeSoa(newer, newZone);
    const bytes = oldSoaBytes + removed.bytes + newSoaBytes + added.bytes;
    if (nameBytes + bytes > this.bytesMax) this.forget(nameBytes);
    else {
      while (this.all.length == this.versionsMax || this.bytes + nameBytes + bytes > this.bytesMax)
        this.drop(0);
      const block = heap.alloc(nameBytes + bytes);
      memory.copy(block, this.name, nameBytes);
      let at = block + nameBytes;
      memory.copy(at, oldSoa, oldSoaBytes);
      at += oldSoaBytes;
      memory.copy(at, removed.at, removed.bytes);
      at += removed.bytes;
      memory.copy(at, difference.record, newSoaBytes);
      memory.copy(at + newSoaBytes, added.at, added.bytes);
      const change = new Change(
        block,
        nameBytes,
        bytes,
        load<u32>(oldZone, 12),
        load<u32>(newZone, 12),
      );
      this.all.push(change);
      this.bytes += change.blockBytes;
    }
    heap.free(oldSoa);
  }

  private drop(index: i32): void {
    const change = this.all[index];
    this.bytes -= change.blockBytes;
    for (; index < this.all.length - 1; index++) this.all[index] = this.all[index + 1];
    this.all.pop();
    change.release();
  }

  /** All changes of the zone whose name is in `name`. */
  private forget(nameBytes: usize): void {
    for (let i = this.all.length - 1; i >= 0; i--)
      if (this.isOf(this.all[i], nameBytes)) this.drop(i);
  }

  private isOf(change: Change, nameBytes: usize): bool {
    return change.nameBytes == nameBytes && memory.compare(change.name, this.name, nameBytes) == 0;
  }

  /** The name of a node, to `name`; returns its bytes. Bytes of lengths are no letters. */
  private lowerName(zones: Zones, node: usize): usize {
    const bytes = writePlainName(zones, node, this.name) - this.name;
    for (let i: usize = 0; i < bytes; i += 8)
      store<u64>(this.name + i, lower8(load<u64>(this.name + i)));
    return min(bytes, NAME_BYTES_MAX);
  }
}

function mark(bits: Uint8Array, index: i32): void {
  bits[index >> 3] |= (<u8>1) << ((<u8>index) & 7);
}

function isMarked(bits: Uint8Array, index: i32): bool {
  return index >> 3 < bits.length && ((<i32>bits[index >> 3]) >> (index & 7)) & 1 ? true : false;
}
