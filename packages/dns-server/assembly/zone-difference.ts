/**
 * What has changed from one version of a zone to the next, as an incremental transfer tells it (RFC 1995 §4): records
 * that are gone, then records that are new, each behind the SOA record of its version. Both versions are walked
 * together in canonical order, a few names in each step.
 */
import { PENDING, TOO_LARGE } from "@phantasm/interfaces";
import { xxh64 } from "@phantasm/checksum";
import { compareNames } from "./name-order";
import {
  Layout,
  Zones,
  firstRecord,
  firstSet,
  labelAt,
  labelBytes,
  nextSet,
  recordCount,
  setCount,
  setFields,
  setLayout,
  setOf,
  setPrefix,
  setType,
} from "./zone-data";

const SOA: i32 = 6;
const NAME_BYTES_MAX: usize = 255;
/** Owner, type, class, TTL, length, and what data there can be. */
const RECORD_BYTES_MAX: usize = NAME_BYTES_MAX + 10 + 65_535;
/** What a message has room for beside header, a question and EDNS: without pointers, the largest are longer. */
const SENT_BYTES_MAX: usize = 65_535 - 12 - 255 - 4 - 11;
/** Records of one set: 12 bytes each at least, and a message has them all. */
const SET_RECORDS_MAX: i32 = 5461;
const GROWTH_BYTES: usize = 4096;
/** Where hashes of one set are found: at least half of the places are free. */
const PLACES_MAX: u32 = 16_384;
/** Names and records that one step looks at. */
const WORK: i32 = 2048;
/** Of what is as much work as one of them. */
const WORK_BYTES_LOG2: usize = 9;

/** Writes the name of a node, without pointers; returns where it ends. */
export function writePlainName(zones: Zones, node: usize, at: usize): usize {
  for (let length = labelBytes(node); length > 0; length = labelBytes(node)) {
    store<u8>(at, <u8>length);
    memory.copy(at + 1, labelAt(node), <usize>length);
    at += <usize>length + 1;
    node = zones.parentOf(node);
  }
  store<u8>(at, 0);
  return at + 1;
}

/** Records, one behind the other as they are sent; grows up to a limit. */
@final
export class RecordList {
  at: usize = 0;
  bytes: usize = 0;
  private room: usize = 0;

  /** False: it would be more than `bytesMax`. */
  add(from: usize, bytes: usize, bytesMax: usize): bool {
    const wanted = this.bytes + bytes;
    if (wanted > bytesMax) return false;
    if (wanted > this.room) {
      const room = min(bytesMax, max(wanted + GROWTH_BYTES, 2 * this.room));
      const larger = heap.alloc(room);
      memory.copy(larger, this.at, this.bytes);
      if (this.at != 0) heap.free(this.at);
      this.at = larger;
      this.room = room;
    }
    memory.copy(this.at + this.bytes, from, bytes);
    this.bytes = wanted;
    return true;
  }

  /** Keeps its memory, unless that is much. */
  clear(): void {
    this.bytes = 0;
    if (this.room <= GROWTH_BYTES * 2) return;
    heap.free(this.at);
    this.at = 0;
    this.room = 0;
  }
}


@final
export class ZoneDifference {
  readonly removed: RecordList = new RecordList();
  readonly added: RecordList = new RecordList();
  private older: Zones | null = null;
  private newer: Zones | null = null;
  private oldNode: usize = 0;
  private oldEnd: usize = 0;
  private newNode: usize = 0;
  private newEnd: usize = 0;
  private recordBytes: usize = 0;
  /** Where one record is written. */
  readonly record: usize = heap.alloc(RECORD_BYTES_MAX);
  /** Hashes of the records of two sets. */
  private readonly hashes: usize = heap.alloc(2 * ((<usize>SET_RECORDS_MAX) << 3));
  private readonly places: usize = heap.alloc((<usize>PLACES_MAX) << 3);
  /** What is left of one step. */
  private left: i32 = 0;

  /**
   * @param seed of what tells records apart, which nobody outside knows
   * @param bytesMax of all records; more are too many
   */
  constructor(
    private readonly seed: u64,
    private readonly bytesMax: usize,
  ) {}

  /** Begins with two versions of a zone: each `Zones`, and its zone there. They may not change meanwhile. */
  begin(older: Zones, oldZone: usize, newer: Zones, newZone: usize): void {
    this.older = older;
    this.newer = newer;
    this.removed.clear();
    this.added.clear();
    this.oldNode = older.nodeAt(oldZone + 4);
    this.oldEnd = older.nodeAt(oldZone + 8);
    this.newNode = newer.nodeAt(newZone + 4);
    this.newEnd = newer.nodeAt(newZone + 8);
  }

  /** Some more of the work. PENDING: there is more; 0: all is in `removed` and `added`; TOO_LARGE: it is not. */
  step(): i32 {
    const older = this.older!;
    const newer = this.newer!;
    for (this.left = WORK; this.left > 0; this.left--) {
      const oldNode = this.oldNode;
      const newNode = this.newNode;
      const hasOld = oldNode < this.oldEnd;
      const hasNew = newNode < this.newEnd;
      if (!hasOld && !hasNew) return this.end(0);
      const order = !hasOld ? 1 : !hasNew ? -1 : compareNames(older, oldNode, newer, newNode);
      const isRoom = order == 0 ? this.compare() : this.all(order);
      if (!isRoom) return this.end(TOO_LARGE);
      if (order <= 0) this.oldNode = behind(oldNode);
      if (order >= 0) this.newNode = behind(newNode);
    }
    return PENDING;
  }

  private end(status: i32): i32 {
    this.older = null;
    this.newer = null;
    if (status != 0) {
      this.removed.clear();
      this.added.clear();
    }
    return status;
  }

  /** A name that only one version has. */
  private all(order: i32): bool {
    const node = order < 0 ? this.oldNode : this.newNode;
    let set = firstSet(node);
    for (let left = setCount(node); left > 0; left--, set = nextSet(set))
      if (!this.takeSet(order < 0, node, set)) return false;
    return true;
  }

  /** A name that both have: sets are in the order of their types. */
  private compare(): bool {
    const oldNode = this.oldNode;
    const newNode = this.newNode;
    let oldLeft = setCount(oldNode);
    let newLeft = setCount(newNode);
    let oldSet = firstSet(oldNode);
    let newSet = firstSet(newNode);
    while (oldLeft > 0 || newLeft > 0) {
      const oldType = oldLeft > 0 ? setType(oldSet) : i32.MAX_VALUE;
      const newType = newLeft > 0 ? setType(newSet) : i32.MAX_VALUE;
      const isRoom =
        oldType < newType
          ? this.takeSet(true, oldNode, oldSet)
          : oldType > newType
            ? this.takeSet(false, newNode, newSet)
            : this.compareSets(oldSet, newSet);
      if (!isRoom) return false;
      if (oldType <= newType) {
        oldSet = nextSet(oldSet);
        oldLeft--;
      }
      if (newType <= oldType) {
        newSet = nextSet(newSet);
        newLeft--;
      }
    }
    return true;
  }

  private compareSets(oldSet: usize, newSet: usize): bool {
    const oldNode = this.oldNode;
    const newNode = this.newNode;
    // SOA records stand where the versions begin.
    if (setType(oldSet) == SOA) return true;
    if (setFields(oldSet) != setFields(newSet))
      return this.takeSet(true, oldNode, oldSet) && this.takeSet(false, newNode, newSet);
    const oldBytes = nextSet(oldSet) - oldSet;
    this.left -= <i32>(oldBytes >> WORK_BYTES_LOG2);
    if (
      setLayout(oldSet) == Layout.OPAQUE &&
      oldBytes == nextSet(newSet) - newSet &&
      memory.compare(oldSet, newSet, oldBytes) == 0
    )
      return true;
    const oldCount = recordCount(oldSet);
    const newCount = recordCount(newSet);
    if (oldCount > SET_RECORDS_MAX || newCount > SET_RECORDS_MAX) return false;
    const oldHashes = this.hashes;
    const newHashes = oldHashes + ((<usize>SET_RECORDS_MAX) << 3);
    this.hashSet(this.older!, oldNode, oldSet, oldHashes);
    this.hashSet(this.newer!, newNode, newSet, newHashes);
    return (
      this.takeOthers(true, oldNode, oldSet, oldHashes, newHashes, newCount) &&
      this.takeOthers(false, newNode, newSet, newHashes, oldHashes, oldCount)
    );
  }

  private hashSet(zones: Zones, node: usize, set: usize, into: usize): void {
    let record = firstRecord(set);
    for (let left = recordCount(set); left > 0; left--, into += 8) {
      record = this.write(zones, node, set, record);
      store<u64>(into, xxh64(this.record, this.recordBytes, this.seed));
    }
  }

  /** Of a set, the records that the other one does not have. */
  private takeOthers(
    isOld: bool,
    node: usize,
    set: usize,
    hashes: usize,
    others: usize,
    otherCount: i32,
  ): bool {
    const zones = isOld ? this.older! : this.newer!;
    const mask = this.enter(others, otherCount);
    let record = firstRecord(set);
    for (let left = recordCount(set); left > 0; left--, hashes += 8) {
      const isThere = load<u64>(this.placeOf(load<u64>(hashes), mask)) != 0;
      record = this.write(zones, node, set, record);
      if (!isThere && !this.keep(isOld)) return false;
    }
    return true;
  }

  /** Makes hashes findable; returns the mask of their places. */
  private enter(hashes: usize, count: i32): u32 {
    let places: u32 = 2;
    while (places < 2 * <u32>count) places <<= 1;
    memory.fill(this.places, 0, (<usize>places) << 3);
    for (; count > 0; count--, hashes += 8) {
      const hash = load<u64>(hashes);
      store<u64>(this.placeOf(hash, places - 1), hash);
    }
    return places - 1;
  }

  /** Where a hash is, or the empty place where it would be. */
  private placeOf(hash: u64, mask: u32): usize {
    let place = (<u32>hash) & mask;
    for (;;) {
      const at = this.places + ((<usize>place) << 3);
      const there = load<u64>(at);
      if (there == 0 || there == hash) return at;
      place = (place + 1) & mask;
    }
    return 0;
  }

  private takeSet(isOld: bool, node: usize, set: usize): bool {
    if (setType(set) == SOA) return true;
    const zones = isOld ? this.older! : this.newer!;
    let record = firstRecord(set);
    for (let left = recordCount(set); left > 0; left--) {
      record = this.write(zones, node, set, record);
      if (!this.keep(isOld)) return false;
    }
    return true;
  }

  /** The record that was written. False: there are too many, or it is too long. */
  private keep(isOld: bool): bool {
    if (this.recordBytes > SENT_BYTES_MAX) return false;
    const list = isOld ? this.removed : this.added;
    const other = isOld ? this.added : this.removed;
    return list.add(this.record, this.recordBytes, this.bytesMax - other.bytes);
  }

  /** One record as it is sent, without pointers, into `record`; returns where the next one of the set lies. */
  private write(zones: Zones, node: usize, set: usize, record: usize): usize {
    const start = this.record;
    let at = writePlainName(zones, node, start);
    store<u64>(at, setFields(set));
    const from = at + 10;
    const layout = setLayout(set);
    let next: usize;
    if (layout == Layout.NAME) {
      const prefix = <usize>setPrefix(set);
      memory.copy(from, record, prefix);
      at = writePlainName(zones, zones.nodeAt(record + prefix), from + prefix);
      next = record + prefix + 4;
    } else if (layout == Layout.SOA) {
      at = writePlainName(zones, zones.nodeAt(record), from);
      at = writePlainName(zones, zones.nodeAt(record + 4), at);
      memory.copy(at, record + 8, 20);
      at += 20;
      next = record + 28;
    } else {
      if (layout == Layout.TARGET) record += 4;
      const bytes = <usize>bswap(load<u16>(record));
      memory.copy(from, record + 2, bytes);
      at = from + bytes;
      next = record + 2 + bytes;
    }
    store<u16>(from - 2, bswap(<u16>(at - from)));
    this.recordBytes = at - start;
    this.left -= 1 + <i32>(this.recordBytes >> WORK_BYTES_LOG2);
    return next;
  }

  /** The SOA record of a zone, written at `record`; returns its bytes. */
  writeSoa(zones: Zones, zone: usize): usize {
    const apex = zones.nodeAt(zone);
    const set = setOf(apex, SOA);
    this.write(zones, apex, set, firstRecord(set));
    return this.recordBytes;
  }
}

/** Where the next node lies. */
function behind(node: usize): usize {
  let end = firstSet(node);
  for (let left = setCount(node); left > 0; left--) end = nextSet(end);
  return (end + 3) & ~3;
}
