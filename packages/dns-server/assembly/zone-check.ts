/**
 * Looks at zones that come from a disk before anybody answers from them: everything that `zone-data.ts` and those who
 * use it rely on. Whatever the bytes are, nothing is read outside of them, and the work is bounded by their number.
 * A checksum is of no help against who can write to the disk.
 */
import { CORRUPT, PENDING } from "@phantasm/interfaces";
import { lower8 } from "@phantasm/dns/wire";
import {
  BYTES_MAX,
  HEADER_BYTES,
  INDEX_RUN_MAX,
  MAGIC,
  PADDING_BYTES,
  PLACES_MIN,
  VERSION,
  ZONE_BYTES,
} from "./layout";
import { compareLabels, compareNames } from "./name-order";
import {
  Layout,
  NodeFlag,
  Zones,
  firstRecord,
  firstSet,
  flagsOf,
  hashOf,
  labelAt,
  labelBytes,
  nextSet,
  recordCount,
  setCount,
  setLayout,
  setOf,
  setPrefix,
  setType,
} from "./zone-data";
import { ZoneShapes } from "./zone-shapes";

const NAME_BYTES_MAX: u32 = 255;

const NS: i32 = 2;
const CNAME: i32 = 5;
const SOA: i32 = 6;
const DNAME: i32 = 39;

/** The label `*`. */
const ASTERISK: usize = memory.data<u8>([1, 0x2a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/** Room for a label in lower case. */
const LOWERED: usize = memory.data(80, 8);

/** Nodes, records and places that one step looks at; each is some tens of nanoseconds. */
const WORK: i32 = 8192;

enum Stage {
  NODES,
  NAMES,
  PLACES,
  INDEX,
  ZONES,
  DONE,
}


@final
export class ZoneCheck extends ZoneShapes {
  private stage: Stage = Stage.DONE;
  private index: u32 = 0;
  private places: u32 = 0;
  private zoneCount: u32 = 0;
  private zones: Zones | null = null;
  /** A bit for each word: a node begins there. */
  private marks: usize = 0;
  // Where it goes on.
  private at: u32 = 0;
  private place: u32 = 0;
  private used: u32 = 0;
  /** The place behind the last empty one. */
  private run: u32 = 0;
  private zone: u32 = 0;
  private zoneEnd: u32 = 0;
  private last: u32 = 0;

  /**
   * Begins with `bytes` bytes at `content`, a multiple of 8; 16 bytes behind them can be read. They may not change
   * until `step` has returned something else than PENDING, or `end` was called.
   */
  begin(content: usize, bytes: u32): void {
    this.finish();
    this.base = content;
    this.problem = "";
    if (!this.header(bytes)) return;
    const markBytes = <usize>(bytes >> 5) + 8;
    this.marks = heap.alloc(markBytes);
    memory.fill(this.marks, 0, markBytes);
    this.zones = new Zones(content, bytes);
    this.at = HEADER_BYTES + ZONE_BYTES * this.zoneCount;
    this.stage = Stage.NODES;
  }

  /** Some more of the work. PENDING: there is more; 0: all is well; CORRUPT: see `problem`. */
  step(): i32 {
    this.work = WORK;
    while (this.problem.length == 0 && this.stage != Stage.DONE && this.work > 0) {
      if (this.stage == Stage.NODES) this.nodes();
      else if (this.stage == Stage.NAMES) this.names();
      else if (this.stage == Stage.PLACES) this.findEmpty();
      else if (this.stage == Stage.INDEX) this.entries();
      else this.zoneNodes();
    }
    if (this.problem.length == 0 && this.stage != Stage.DONE) return PENDING;
    this.finish();
    return this.problem.length == 0 ? 0 : CORRUPT;
  }

  /** Gives back what it needs meanwhile. Idempotent. */
  finish(): void {
    if (this.marks != 0) heap.free(this.marks);
    this.marks = 0;
    this.zones = null;
    this.stage = Stage.DONE;
  }

  private header(bytes: u32): bool {
    if (bytes < HEADER_BYTES) return this.fail(bytes, "they end before the header does");
    if (bytes > BYTES_MAX) return this.fail(8, "they are too long");
    if (this.word(0) != MAGIC) return this.fail(0, "these are no compiled zones");
    if (this.word(4) != VERSION) return this.fail(4, "their version is not known here");
    if (this.word(8) != bytes) return this.fail(8, "their length is another one");
    const places = this.word(12) + 1;
    if (places < PLACES_MIN || (places & (places - 1)) != 0 || places > BYTES_MAX >> 2)
      return this.fail(12, "the index has so many places as none has");
    const index = this.word(16);
    if ((index & 3) != 0 || <u64>index + 4 * <u64>places + PADDING_BYTES != <u64>bytes)
      return this.fail(16, "the index does not end with the zones");
    if (this.word(24) != HEADER_BYTES) return this.fail(24, "the zones do not follow the header");
    const count = this.word(28);
    if (<u64>HEADER_BYTES + <u64>ZONE_BYTES * <u64>count > <u64>index)
      return this.fail(28, "there is no room for so many zones");
    this.places = places;
    this.index = index;
    this.end = index;
    this.root = this.word(20);
    this.zoneCount = count;
    return true;
  }

  // @ts-ignore: decorator
  @inline
  private isNode(at: u32): bool {
    if ((at & 3) != 0 || at >= this.end) return false;
    return ((<u32>load<u8>(this.marks + <usize>(at >> 5))) >> ((at >> 2) & 7)) & 1 ? true : false;
  }

  /** Nodes lie one behind the other, up to the index: how long they are, and what their sets consist of. */
  private nodes(): void {
    while (this.at < this.end) {
      if (this.work <= 0) return;
      this.work--;
      const next = this.shape(this.at);
      if (next == 0) return;
      const mark = this.marks + <usize>(this.at >> 5);
      store<u8>(mark, load<u8>(mark) | (<u8>((<u32>1) << ((this.at >> 2) & 7))));
      this.at = next;
    }
    if (!this.isNode(this.root)) {
      this.fail(20, "the root is not there");
      return;
    }
    this.at = HEADER_BYTES + ZONE_BYTES * this.zoneCount;
    this.stage = Stage.NAMES;
  }

  /** What leads from node to node. */
  private names(): void {
    while (this.at < this.end) {
      if (this.work <= 0) return;
      const node = this.base + <usize>this.at;
      if (!this.way(this.at) || !this.content(node) || !this.flags(node)) return;
      let end = firstSet(node);
      for (let left = setCount(node); left > 0; left--) end = nextSet(end);
      this.at = (<u32>(end - this.base) + 3) & ~3;
    }
    this.place = 0;
    this.stage = Stage.PLACES;
  }

  /** To the root there are at most 127 steps, as each label makes the name longer. */
  private way(at: u32): bool {
    let bytes: u32 = 1;
    for (let node = at; node != this.root;) {
      this.work--;
      bytes += 1 + <u32>labelBytes(this.base + <usize>node);
      if (bytes > NAME_BYTES_MAX) return this.fail(at, "a name is too long, or leads to itself");
      node = this.word(node);
      if (!this.isNode(node)) return this.fail(at, "the parent of a node is none");
    }
    return true;
  }

  /** Names in the data of records. */
  private content(node: usize): bool {
    let set = firstSet(node);
    for (let left = setCount(node); left > 0; left--, set = nextSet(set)) {
      const layout = setLayout(set);
      if (layout == Layout.OPAQUE) continue;
      const prefix = <usize>setPrefix(set);
      let record = firstRecord(set);
      for (let count = recordCount(set); count > 0; count--) {
        this.work--;
        const at = <u32>(record - this.base);
        if (layout == Layout.SOA) {
          if (!this.isNode(load<u32>(record)) || !this.isNode(load<u32>(record, 4)))
            return this.fail(at, "a name in a SOA record is none");
          record += 28;
        } else if (layout == Layout.NAME) {
          if (!this.isNode(load<u32>(record + prefix)))
            return this.fail(at, "a name in a record is none");
          record += prefix + 4;
        } else {
          const target = load<u32>(record);
          if (!this.isNode(target)) return this.fail(at, "a name in a record is none");
          const bytes = <usize>bswap(load<u16>(record, 4));
          record += 6;
          if (!this.isNamed(target, record + prefix, record + bytes))
            return this.fail(at, "a record and its node have different names");
          record += bytes;
        }
      }
    }
    return true;
  }

  /** The name at `at`, which ends before `end`, is that of a node; or ".", which stands for an owner. */
  private isNamed(node: u32, at: usize, end: usize): bool {
    if (at >= end) return false;
    if (load<u8>(at) == 0) return true;
    while (node != this.root) {
      const label = this.base + <usize>node;
      const length = <usize>labelBytes(label);
      if (at + length + 1 >= end || <usize>load<u8>(at) != length) return false;
      for (let i: usize = 0; i < length; i++)
        if (lowered(load<u8>(labelAt(label) + i)) != lowered(load<u8>(at + 1 + i))) return false;
      at += length + 1;
      node = this.word(node);
      if (!this.isNode(node)) return false;
    }
    return load<u8>(at) == 0;
  }

  private flags(node: usize): bool {
    const flags = flagsOf(node);
    const at = <u32>(node - this.base);
    if (
      (flags & NodeFlag.CUT && setOf(node, NS) == 0) ||
      (flags & NodeFlag.CNAME && setOf(node, CNAME) == 0) ||
      (flags & NodeFlag.DNAME && setOf(node, DNAME) == 0) ||
      ((flags & NodeFlag.APEX) != 0) != (setOf(node, SOA) != 0)
    )
      return this.fail(at + 4, "the flags of a node are not about its records");
    if (!(flags & NodeFlag.APEX)) return true;
    if (!(flags & NodeFlag.EXISTS)) return this.fail(at + 4, "an apex does not exist");
    const zone = load<u32>(labelAt(node) + <usize>labelBytes(node));
    const number = (zone - HEADER_BYTES) / ZONE_BYTES;
    if (
      zone < HEADER_BYTES ||
      (zone - HEADER_BYTES) % ZONE_BYTES != 0 ||
      number >= this.zoneCount ||
      this.word(zone) != at
    )
      return this.fail(at, "the zone of an apex has another one");
    return true;
  }

  /** What lies behind an empty place is found, if it is not behind a second one. */
  private findEmpty(): void {
    while (this.place < this.places && this.entry(this.place) != 0) {
      if (this.work-- <= 0) return;
      this.place++;
    }
    if (this.place == this.places) {
      this.fail(this.index, "the index is full");
      return;
    }
    this.run = this.place + 1;
    this.at = 0;
    this.used = 0;
    this.stage = Stage.INDEX;
  }

  // @ts-ignore: decorator
  @inline
  private entry(place: u32): u32 {
    return this.word(this.index + ((place & (this.places - 1)) << 2));
  }

  /** Each entry leads to a node, which is looked for where it is: all places once, from the first empty one. */
  private entries(): void {
    const mask = this.places - 1;
    for (; this.at < this.places; this.at++) {
      if (this.work-- <= 0) return;
      const place = this.place + 1 + this.at;
      const entry = this.entry(place);
      if (entry == 0) {
        this.run = place + 1;
        continue;
      }
      this.used++;
      if (place - this.run >= INDEX_RUN_MAX) {
        this.fail(
          this.index + ((place & mask) << 2),
          "the names were chosen so that looking for them is slow",
        );
        return;
      }
      const at = (entry >> 8) << 2;
      const where = this.index + ((place & mask) << 2);
      if (!this.isNode(at) || at == this.root) {
        this.fail(where, "the index leads to no node");
        return;
      }
      const node = this.base + <usize>at;
      const hash = this.hash(node);
      if (hash >> 24 != (entry & 0xff) || ((place - hash) & mask) > place - this.run) {
        this.fail(where, "the index has a node where nobody looks for it");
        return;
      }
    }
    if (this.used > this.places >> 1) {
      this.fail(this.index, "the index is too full");
      return;
    }
    this.zone = 0;
    this.zoneEnd = HEADER_BYTES + ZONE_BYTES * this.zoneCount;
    this.at = this.zoneEnd;
    this.stage = Stage.ZONES;
  }

  private hash(node: usize): u32 {
    const length = labelBytes(node);
    for (let i: usize = 0; <i32>i < length; i += 8)
      store<u64>(LOWERED + i, lower8(load<u64>(labelAt(node) + i)));
    return hashOf(load<u32>(node), LOWERED, length);
  }

  /** Zones one after the other, their nodes in canonical order; then names that none of them has. */
  private zoneNodes(): void {
    while (this.at < this.end) {
      if (this.work-- <= 0) return;
      if (this.at == this.zoneEnd && this.zone < this.zoneCount)
        if (!this.beginZone(HEADER_BYTES + ZONE_BYTES * this.zone++)) return;
      const node = this.base + <usize>this.at;
      if (this.at >= this.zoneEnd) {
        if (flagsOf(node) & ~NodeFlag.CHILDREN) {
          this.fail(this.at + 4, "a name that is in no zone has the flags of one");
          return;
        }
      } else if (!this.inZone(node)) return;
      this.last = this.at;
      let end = firstSet(node);
      for (let left = setCount(node); left > 0; left--) end = nextSet(end);
      this.at = (<u32>(end - this.base) + 3) & ~3;
    }
    if (this.zone < this.zoneCount) this.fail(28, "there are not so many zones");
    this.stage = Stage.DONE;
  }

  private inZone(node: usize): bool {
    const zones = this.zones!;
    if (!this.isWithin(this.at, this.word(HEADER_BYTES + ZONE_BYTES * (this.zone - 1))))
      return this.fail(this.at, "a node is not in the zone that it lies in");
    if (this.last != 0) {
      const last = this.base + <usize>this.last;
      const order =
        load<u32>(last) == load<u32>(node)
          ? compareLabels(last, node)
          : compareNames(zones, last, zones, node);
      if (order >= 0) return this.fail(this.at, "the nodes of a zone are not in canonical order");
    }
    if (flagsOf(node) & NodeFlag.WILDCARD && zones.child(node, ASTERISK) == 0)
      return this.fail(this.at, "there is no wildcard where one should be");
    return true;
  }

  private beginZone(at: u32): bool {
    const apex = this.word(at);
    const first = this.word(at + 4);
    const end = this.word(at + 8);
    const node = this.base + <usize>apex;
    if (!this.isNode(apex) || !(flagsOf(node) & NodeFlag.APEX) || first != apex)
      return this.fail(at, "a zone does not begin with its apex");
    if (first != this.zoneEnd || end <= first || !(end == this.end || this.isNode(end)))
      return this.fail(at + 4, "a zone does not begin where another ends, or ends within a node");
    const soa = setOf(node, SOA);
    if (<u32>(soa - this.base) != this.word(at + 16))
      return this.fail(at + 16, "the SOA record of a zone is elsewhere");
    if (bswap(load<u32>(firstRecord(soa), 8)) != this.word(at + 12))
      return this.fail(at + 12, "the serial of a zone is not that of its SOA record");
    const above = this.word(at + 28);
    if (above != 0 && (!this.isNode(above) || !this.hasZoneAbove(apex)))
      return this.fail(at + 28, "there is no zone above");
    this.zoneEnd = end;
    this.last = 0;
    return true;
  }

  private hasZoneAbove(apex: u32): bool {
    for (let node = apex; node != this.root;) {
      node = this.word(node);
      if (flagsOf(this.base + <usize>node) & NodeFlag.APEX) return true;
    }
    return false;
  }

  private isWithin(node: u32, apex: u32): bool {
    this.work--;
    while (node != apex && node != this.root) {
      node = this.word(node);
      this.work--;
    }
    return node == apex;
  }
}

function lowered(byte: u8): u8 {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}
