/** An answer while it is written: records of zones, with compressed names (RFC 1035 §4.1.4). */
import { HEADER_BYTES } from "@phantasm/dns/wire";
import {
  Layout,
  Zones,
  firstRecord,
  labelAt,
  labelBytes,
  recordCount,
  setLayout,
  setPrefix,
  setType,
} from "./zone-data";

export namespace Section {
  export const ANSWER: usize = 6;
  export const AUTHORITY: usize = 8;
  export const ADDITIONAL: usize = 10;
}

/** Types whose data have a name, of which nothing is sent along. */
const CNAME: i32 = 5;
const PTR: i32 = 12;
const DNAME: i32 = 39;

/** Places of the table of names. */
const PLACES: u32 = 256;
/** What a pointer can reach. */
const REACH: usize = 0x4000;
/** Names of which addresses are sent along; of more, they are left out. */
const TARGETS_MAX: i32 = 128;

/** Copies a few bytes: `memory.copy` takes longer than that for less than a line of the cache. */
// @ts-ignore: decorator
@inline
export function copy(to: usize, from: usize, bytes: usize): void {
  if (bytes > 64) {
    memory.copy(to, from, bytes);
    return;
  }
  for (; bytes >= 8; bytes -= 8, to += 8, from += 8) store<u64>(to, load<u64>(from));
  if (bytes & 4) {
    store<u32>(to, load<u32>(from));
    to += 4;
    from += 4;
  }
  if (bytes & 2) {
    store<u16>(to, load<u16>(from));
    to += 2;
    from += 2;
  }
  if (bytes & 1) store<u8>(to, load<u8>(from));
}

/** One object, used again for each answer. Nothing is written at or behind `limit`. */
@final
export class Message {
  start: usize = 0;
  /** Where it goes on. */
  at: usize = 0;
  limit: usize = 0;
  /** Offset of the name that is asked for, or that an alias led to. */
  name: i32 = HEADER_BYTES;

  /** Nodes whose addresses may be sent along. */
  readonly targets: usize = heap.alloc(<usize>TARGETS_MAX * sizeof<usize>());
  targetCount: i32 = 0;

  /** Where names are: node, offset, and the number of the message it holds for. */
  private readonly table: usize = heap.alloc((<usize>PLACES) << 3);
  private stamp: u32 = 0;

  /** @param zones that the nodes to be written are of; may be set while a message is written */
  constructor(public zones: Zones) {
    memory.fill(this.table, 0, (<usize>PLACES) << 3);
  }

  /** @param at behind the question */
  begin(start: usize, at: usize, limit: usize): void {
    this.start = start;
    this.at = at;
    this.limit = limit;
    this.name = HEADER_BYTES;
    this.targetCount = 0;
    if (++this.stamp > 0xffff) {
      this.stamp = 1;
      memory.fill(this.table, 0, (<usize>PLACES) << 3);
    }
  }

  get bytes(): i32 {
    return <i32>(this.at - this.start);
  }

  target(index: i32): usize {
    return load<usize>(this.targets + <usize>index * sizeof<usize>());
  }

  /** The name of a node lies at an offset. */
  // @ts-ignore: decorator
  @inline
  remember(node: usize, offset: usize): void {
    if (offset >= REACH) return;
    const place = this.table + this.placeOf(node);
    store<u32>(place, <u32>node);
    store<u32>(place, (this.stamp << 16) | (<u32>offset), 4);
  }

  /** Offset of a node's name; 0: it is not there. */
  // @ts-ignore: decorator
  @inline
  private offsetOf(node: usize): u32 {
    const place = this.table + this.placeOf(node);
    if (load<u32>(place) != <u32>node) return 0;
    const entry = load<u32>(place, 4);
    return entry >> 16 == this.stamp ? entry & 0xffff : 0;
  }

  // @ts-ignore: decorator
  @inline
  private placeOf(node: usize): usize {
    return <usize>(((<u32>node * 0x9e3779b1) >> 24) << 3);
  }

  /** Writes the name of a node. False: there is no room; what has been written is undefined. */
  writeName(node: usize): bool {
    let at = this.at;
    const limit = this.limit;
    for (let length = labelBytes(node); length > 0; length = labelBytes(node)) {
      const known = this.offsetOf(node);
      if (known != 0) {
        if (at + 2 > limit) return false;
        store<u16>(at, bswap(<u16>(0xc000 | known)));
        this.at = at + 2;
        return true;
      }
      if (at + <usize>length + 1 > limit) return false;
      this.remember(node, at - this.start);
      store<u8>(at, <u8>length);
      copy(at + 1, labelAt(node), <usize>length);
      at += <usize>length + 1;
      node = this.zones.parentOf(node);
    }
    if (at >= limit) return false;
    store<u8>(at, 0);
    this.at = at + 1;
    return true;
  }

  /** Owner of a record: a node's name, or for 0 the name that is asked for. */
  // @ts-ignore: decorator
  @inline
  private writeOwner(owner: usize): bool {
    if (owner != 0) return this.writeName(owner);
    if (this.at + 2 > this.limit) return false;
    store<u16>(this.at, bswap(<u16>(0xc000 | this.name)));
    this.at += 2;
    return true;
  }

  /** Owner and the fixed fields; the length of the data is left for later. */
  writeHead(owner: usize, fields: u64): bool {
    if (!this.writeOwner(owner)) return false;
    const at = this.at;
    if (at + 10 > this.limit) return false;
    store<u64>(at, fields);
    this.at = at + 10;
    return true;
  }

  /** The data that began at `from` end here. */
  // @ts-ignore: decorator
  @inline
  endData(from: usize): void {
    store<u16>(from - 2, bswap(<u16>(this.at - from)));
  }

  // @ts-ignore: decorator
  @inline
  count(section: usize, records: i32): void {
    const at = this.start + section;
    store<u16>(at, bswap(<u16>(<i32>bswap(load<u16>(at)) + records)));
  }

  /**
   * All records of a set, or none. False: there is no room, and names that were remembered are not to be relied upon:
   * nothing but `begin` may follow.
   */
  writeSet(section: usize, owner: usize, set: usize, fields: u64): bool {
    const start = this.at;
    const records = recordCount(set);
    let record = firstRecord(set);
    for (let left = records; left > 0; left--) {
      record = this.writeRecord(owner, set, record, fields);
      if (record == 0) {
        this.at = start;
        return false;
      }
    }
    this.count(section, records);
    return true;
  }

  /** One record; returns where the next one of the set lies, 0: there is no room. */
  writeRecord(owner: usize, set: usize, record: usize, fields: u64): usize {
    if (!this.writeHead(owner, fields)) return 0;
    const from = this.at;
    const zones = this.zones;
    const layout = setLayout(set);
    if (layout == Layout.NAME) {
      const prefix = <usize>setPrefix(set);
      if (from + prefix > this.limit) return 0;
      copy(from, record, prefix);
      this.at = from + prefix;
      record += prefix;
      const target = zones.nodeAt(record);
      const type = setType(set);
      if (type != CNAME && type != PTR) this.addTarget(target);
      if (!this.writeName(target)) return 0;
      this.endData(from);
      return record + 4;
    }
    if (layout == Layout.SOA) {
      if (!this.writeName(zones.nodeAt(record))) return 0;
      if (!this.writeName(zones.nodeAt(record + 4))) return 0;
      const at = this.at;
      if (at + 20 > this.limit) return 0;
      copy(at, record + 8, 20);
      this.at = at + 20;
      this.endData(from);
      return record + 28;
    }
    if (layout == Layout.TARGET) {
      const target = zones.nodeAt(record);
      if (setType(set) != DNAME) this.addTarget(target);
      record += 4;
      // It is not compressed, but what follows may point to it. "." of SVCB stands for the owner.
      const at = <usize>setPrefix(set);
      if (load<u8>(record + 2 + at) != 0 && this.offsetOf(target) == 0)
        this.remember(target, from - this.start + at);
    }
    const bytes = <usize>bswap(load<u16>(record));
    if (from + bytes > this.limit) return 0;
    copy(from - 2, record, bytes + 2);
    this.at = from + bytes;
    return record + bytes + 2;
  }

  private addTarget(node: usize): void {
    const count = this.targetCount;
    if (count == TARGETS_MAX) return;
    for (let i = 0; i < count; i++) if (this.target(i) == node) return;
    store<usize>(this.targets + <usize>count * sizeof<usize>(), node);
    this.targetCount = count + 1;
  }
}
