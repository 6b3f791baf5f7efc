/**
 * Makes zones of a draft: byte for byte what src/compile.ts makes of the same records, which describes the layout.
 * It goes through the draft several times, a little in each step, so that queries are answered meanwhile.
 */
import { LABEL_BYTES_MAX, lowerName } from "@phantasm/dns/wire";
import { Draft, DraftError } from "./draft";
import { DraftNode, Mark, RECORD_FRONT_BYTES } from "./draft-node";
import { LabelSort } from "./label-order";
import {
  BYTES_MAX,
  HEADER_BYTES,
  INDEX_RUN_MAX,
  MAGIC,
  NODE_BYTES,
  PADDING_BYTES,
  PLACES_MIN,
  SET_BYTES,
  VERSION,
  ZONE_BYTES,
} from "./layout";
import { copy } from "./message";
import { layoutOf, prefixOf } from "./record-data";
import { Layout, NodeFlag, ZoneAccount, Zones, hashOf, labelAt, labelBytes } from "./zone-data";

const NS: i32 = 2;
const CNAME: i32 = 5;
const SOA: i32 = 6;
const DNAME: i32 = 39;
/** The label `*`, and its length. */
const ASTERISK: u16 = 0x2a01;
/** What clearing a page of the index is worth, in steps. */
const CLEAR_BYTES: usize = 0x10000;
const CLEAR_STEPS: i32 = 16;
/** What looking at so many places of the index is worth the same. */
const LOOKED_AT: u32 = 8192;

/** In this order. */
enum Pass {
  /** Sets, order and what is led to. */
  MARK,
  /** Names of the zone. */
  PLACE_NAMES,
  /** Names of the zone that only data have. */
  PLACE_TARGETS,
  /** Names of others. */
  PLACE_OTHERS,
  CLEAR,
  WRITE_NAMES,
  WRITE_OTHERS,
  /** Whether looking for a name ends soon. */
  RUNS,
  DONE,
}

/** What `work` answers when there is more to do; 0: the zones are there; negative: a DraftError. */
export const WORKING: i32 = 1;

/** Used again for the next draft. */
@final
export class ZoneWriter {
  private pass: i32 = Pass.DONE;
  private at: usize = 0;
  private readonly sort: LabelSort = new LabelSort();
  /** The children that are being sorted. */
  private children: i32 = 0;
  private names: u32 = 0;
  private first: u32 = 0;
  private end: u32 = 0;
  private next: u32 = 0;
  private indexed: u32 = 0;
  private places: u32 = 0;
  private indexAt: u32 = 0;
  private cleared: usize = 0;
  /** Places that were looked at, and how many of the last of them are taken. */
  private looked: u32 = 0;
  private run: u32 = 0;
  private block: usize = 0;
  private total: u32 = 0;
  private soa: usize = 0;
  private isCrowded: bool = false;
  private readonly label: usize = heap.alloc(<usize>LABEL_BYTES_MAX + 8);

  private account: ZoneAccount | null = null;

  constructor(private readonly draft: Draft) {}

  /** @param account that has room for the zones, or not */
  begin(account: ZoneAccount): void {
    this.account = account;
    this.pass = Pass.MARK;
    this.at = this.draft.root;
    this.names = 0;
    this.indexed = 0;
    this.soa = 0;
    this.isCrowded = false;
    this.looked = 0;
    this.run = 0;
    this.next = HEADER_BYTES + ZONE_BYTES;
    this.first = this.next;
  }

  /** Gives up; the draft may be cleared. */
  clear(): void {
    this.sort.end();
    if (this.block != 0) {
      this.account!.bytes -= this.total;
      heap.free(this.block);
    }
    this.block = 0;
    this.account = null;
    this.pass = Pass.DONE;
  }

  /** Does so many steps, each about as much as a name or a record. See WORKING. */
  work(steps: i32): i32 {
    while (steps > 0) {
      if (this.pass == Pass.DONE) return 0;
      if (this.pass == Pass.CLEAR) {
        steps -= CLEAR_STEPS;
        this.clearIndex();
        continue;
      }
      if (this.pass == Pass.RUNS) {
        steps -= CLEAR_STEPS;
        if (!this.areShort()) return DraftError.CROWDED;
        continue;
      }
      const node = this.at;
      if (node == 0) {
        const status = this.nextPass();
        if (status < 0) return status;
        continue;
      }
      if (this.pass == Pass.MARK) {
        steps = this.mark(node, steps);
        if (steps < 0) return steps;
        continue;
      }
      steps -= this.visit(node);
      if (this.isCrowded) return DraftError.CROWDED;
      this.at = DraftNode.after(node, this.top, true);
      if (this.skipsZone && this.at == this.draft.apex)
        this.at = DraftNode.after(this.at, this.top, false);
    }
    return WORKING;
  }

  /** The zones, which own their memory; after `work` has answered 0, once. */
  take(): Zones {
    const account = this.account!;
    const zones = new Zones(this.block, <i32>this.total);
    account.bytes -= this.total;
    zones.own(this.block, account);
    this.block = 0;
    return zones;
  }

  /** Where the pass began. */
  private get top(): usize {
    return this.skipsZone || this.pass == Pass.MARK ? this.draft.root : this.draft.apex;
  }

  private get skipsZone(): bool {
    return this.pass == Pass.PLACE_OTHERS || this.pass == Pass.WRITE_OTHERS;
  }

  private isApex(node: usize): bool {
    return node == this.draft.apex;
  }

  private nextPass(): i32 {
    const draft = this.draft;
    if (this.pass == Pass.MARK && this.soa == 0) return DraftError.NO_SOA;
    if (this.pass == Pass.PLACE_NAMES) this.end = this.next;
    this.pass++;
    this.at = draft.apex;
    if (this.skipsZone) this.at = draft.root == draft.apex ? 0 : draft.root;
    if (this.pass == Pass.CLEAR) return this.allocate();
    if (this.pass == Pass.DONE) this.writeHeader();
    return 0;
  }

  /** What is left of `steps`, or a DraftError. */
  private mark(node: usize, steps: i32): i32 {
    if (DraftNode.marks(node) & Mark.DISORDER) {
      steps = this.order(node, steps);
      if (steps == 0) return 0;
    }
    if (this.isApex(node)) DraftNode.addFlags(node, NodeFlag.APEX);
    const status = this.draft.check(node);
    if (status < 0) return status;
    let cost = 1;
    let sets = DraftNode.firstSet(node);
    if (sets != 0) {
      this.names++;
      this.exists(node);
    }
    for (; sets != 0; sets = <usize>load<u32>(sets)) {
      cost += <i32>load<u16>(sets, 18);
      this.markTargets(node, sets);
    }
    this.at = DraftNode.after(node, this.draft.root, true);
    return max(0, steps - cost);
  }

  /** Puts the children in order; what is left of `steps`, 0: go on another time. */
  private order(node: usize, steps: i32): i32 {
    const sort = this.sort;
    if (!sort.isBusy) {
      let count = 0;
      for (let child = DraftNode.firstChild(node); child != 0; child = DraftNode.next(child))
        count++;
      let at = sort.begin(count);
      for (let child = DraftNode.firstChild(node); child != 0; child = DraftNode.next(child)) {
        store<u32>(at, <u32>child);
        at += 4;
      }
      this.children = count;
    }
    const left = sort.work(steps);
    if (left == 0) return 0;
    let last: usize = 0;
    for (let i = 0; i < this.children; i++) {
      const child = sort.node(i);
      if (last == 0) DraftNode.setFirstChild(node, child);
      else DraftNode.setNext(last, child);
      last = child;
    }
    DraftNode.setNext(last, 0);
    DraftNode.setLastChild(node, last);
    sort.end();
    store<u8>(node, <u8>(DraftNode.marks(node) & ~Mark.DISORDER), 5);
    return left;
  }

  /** With all names above it in its zone. */
  private exists(node: usize): void {
    const apex = this.draft.apex;
    this.use(node);
    for (let at = node; !(DraftNode.flags(at) & NodeFlag.EXISTS); at = DraftNode.parent(at)) {
      DraftNode.addFlags(at, NodeFlag.EXISTS);
      if (at == apex) break;
    }
  }

  private use(node: usize): void {
    for (; node != 0 && !(DraftNode.marks(node) & Mark.USED); node = DraftNode.parent(node))
      DraftNode.mark(node, Mark.USED);
  }

  private markTargets(node: usize, set: usize): void {
    const type = <i32>load<u16>(set, 16);
    const layout = layoutOf(type);
    if (type == NS && !this.isApex(node)) DraftNode.addFlags(node, NodeFlag.CUT);
    else if (type == DNAME) DraftNode.addFlags(node, NodeFlag.DNAME);
    else if (type == CNAME) DraftNode.addFlags(node, NodeFlag.CNAME);
    else if (type == SOA && this.isApex(node)) this.soa = set;
    if (layout == Layout.OPAQUE) return;
    const at = layout == Layout.NAME ? <usize>prefixOf(type) : 0;
    for (let record = <usize>load<u32>(set, 4); record != 0; record = <usize>load<u32>(record)) {
      const form = record + RECORD_FRONT_BYTES;
      this.use(<usize>load<u32>(form + at));
      if (layout == Layout.SOA) this.use(<usize>load<u32>(form, 4));
    }
  }

  /** A step of a pass; what it costs. */
  private visit(node: usize): i32 {
    switch (this.pass) {
      case Pass.PLACE_NAMES:
        if (DraftNode.flags(node) & NodeFlag.EXISTS) this.placeName(node);
        return 1;
      case Pass.PLACE_TARGETS:
        if (!(DraftNode.flags(node) & NodeFlag.EXISTS)) this.place(node);
        return 1;
      case Pass.PLACE_OTHERS:
        this.place(node);
        if (this.isIndexed(node)) this.indexed++;
        return 1;
      default:
        return this.write(node);
    }
  }

  private placeName(node: usize): void {
    const parent = DraftNode.parent(node);
    this.place(node);
    if (!this.isApex(node) && isBelowCut(parent)) {
      DraftNode.mark(node, Mark.GLUE);
      return;
    }
    // Names above the zone lead to it.
    for (let at = parent; at != 0; at = DraftNode.parent(at)) {
      if (DraftNode.flags(at) & NodeFlag.CHILDREN) break;
      DraftNode.addFlags(at, NodeFlag.CHILDREN);
      if (!this.isApex(node)) break;
    }
    if (parent == 0) return;
    this.indexed++;
    if (!this.isApex(node) && load<u16>(node, 6) == ASTERISK)
      DraftNode.addFlags(parent, NodeFlag.WILDCARD);
  }

  private place(node: usize): void {
    if (!(DraftNode.marks(node) & Mark.USED) && !this.isApex(node) && node != this.draft.root)
      return;
    DraftNode.setOffset(node, this.next);
    let bytes = NODE_BYTES + <u32>labelBytes(node) + (this.isApex(node) ? 4 : 0);
    for (let set = DraftNode.firstSet(node); set != 0; set = <usize>load<u32>(set))
      bytes += SET_BYTES + <u32>load<u16>(set, 20);
    // A zone that has become too large stays so.
    if (this.next < BYTES_MAX) this.next = (this.next + bytes + 3) & ~3;
  }

  /** In the index: of its zone and not below a delegation, or above the zone. */
  private isIndexed(node: usize): bool {
    if (DraftNode.parent(node) == 0) return false;
    const flags = DraftNode.flags(node);
    if (flags & NodeFlag.EXISTS) return !(DraftNode.marks(node) & Mark.GLUE);
    return (flags & NodeFlag.CHILDREN) != 0;
  }

  private allocate(): i32 {
    let places = PLACES_MIN;
    while (places < 2 * this.indexed) places *= 2;
    this.places = places;
    this.indexAt = this.next;
    this.total = this.next + 4 * places + PADDING_BYTES;
    const account = this.account!;
    if (this.next >= BYTES_MAX || this.total > min(BYTES_MAX, account.left))
      return DraftError.LIMIT;
    // From now on: another zone may be written at the same time.
    account.bytes += this.total;
    this.block = heap.alloc(<usize>this.total);
    this.cleared = this.block + <usize>this.indexAt;
    memory.fill(this.block, 0, HEADER_BYTES + ZONE_BYTES);
    return 0;
  }

  private clearIndex(): void {
    const end = this.block + <usize>this.total;
    const bytes = min(CLEAR_BYTES, end - this.cleared);
    memory.fill(this.cleared, 0, bytes);
    this.cleared += bytes;
    if (this.cleared == end) this.nextPass();
  }

  private write(node: usize): i32 {
    const offset = DraftNode.offset(node);
    if (offset == 0) return 1;
    const start = this.block + <usize>offset;
    const parent = DraftNode.parent(node);
    const length = <usize>labelBytes(node);
    store<u32>(start, parent == 0 ? 0 : DraftNode.offset(parent));
    store<u8>(start, <u8>DraftNode.flags(node), 4);
    copy(start + 6, node + 6, length + 1);
    let at = start + <usize>NODE_BYTES + length;
    if (this.isApex(node)) {
      store<u32>(at, HEADER_BYTES);
      at += 4;
    }
    let cost = 1;
    let sets = 0;
    for (let set = DraftNode.firstSet(node); set != 0; set = <usize>load<u32>(set), sets++) {
      cost += <i32>load<u16>(set, 18);
      at = this.writeSet(at, set);
    }
    store<u8>(start, <u8>sets, 5);
    // Between nodes, as the build leaves it.
    for (; at & 3; at++) store<u8>(at, 0);
    if (this.isIndexed(node)) this.enter(node, offset);
    return cost;
  }

  private writeSet(at: usize, set: usize): usize {
    const type = <i32>load<u16>(set, 16);
    const layout = layoutOf(type);
    const prefix = layout == Layout.OPAQUE || layout == Layout.SOA ? 0 : prefixOf(type);
    if (set == this.soa) store<u32>(this.block, <u32>(at - this.block), HEADER_BYTES + 16);
    store<u16>(at, bswap(<u16>type));
    store<u16>(at, 0x0100, 2);
    store<u32>(at, bswap(load<u32>(set, 12)), 4);
    store<u16>(at, load<u16>(set, 18), 8);
    store<u16>(at, load<u16>(set, 20), 10);
    store<u8>(at, <u8>(layout | (prefix << 4)), 12);
    at += <usize>SET_BYTES;
    const nodeAt = layout == Layout.NAME ? <usize>prefix : 0;
    for (let record = <usize>load<u32>(set, 4); record != 0; record = <usize>load<u32>(record)) {
      const bytes = <usize>load<u16>(record, 8);
      copy(at, record + RECORD_FRONT_BYTES, bytes);
      if (layout != Layout.OPAQUE) settle(at + nodeAt);
      if (layout == Layout.SOA) settle(at + 4);
      at += bytes;
    }
    return at;
  }

  private enter(node: usize, offset: u32): void {
    const index = this.block + <usize>this.indexAt;
    const mask = this.places - 1;
    const label = this.label;
    const length = labelBytes(node);
    copy(label, labelAt(node), <usize>length);
    lowerName(label, length);
    const hash = hashOf(DraftNode.offset(DraftNode.parent(node)), label, length);
    let place = hash & mask;
    for (let left = INDEX_RUN_MAX; load<u32>(index + ((<usize>place) << 2)) != 0; left--) {
      if (left == 0) {
        this.isCrowded = true;
        return;
      }
      place = (place + 1) & mask;
    }
    store<u32>(index + ((<usize>place) << 2), ((offset >> 2) << 8) | (hash >> 24));
  }

  /** False: too many places are taken one behind the other. Some of them in each step. */
  private areShort(): bool {
    const index = this.block + <usize>this.indexAt;
    const mask = this.places - 1;
    // Those at the end go on at the beginning.
    const end = this.places + INDEX_RUN_MAX;
    const stop = min(end, this.looked + LOOKED_AT);
    let run = this.run;
    for (let place = this.looked; place < stop; place++) {
      run = load<u32>(index + ((<usize>(place & mask)) << 2)) == 0 ? 0 : run + 1;
      if (run > INDEX_RUN_MAX) return false;
    }
    this.run = run;
    this.looked = stop;
    if (stop == end) this.nextPass();
    return true;
  }

  private writeHeader(): void {
    const block = this.block;
    const draft = this.draft;
    store<u32>(block, MAGIC);
    store<u32>(block, VERSION, 4);
    store<u32>(block, this.total, 8);
    store<u32>(block, this.places - 1, 12);
    store<u32>(block, this.indexAt, 16);
    store<u32>(block, DraftNode.offset(draft.root), 20);
    store<u32>(block, HEADER_BYTES, 24);
    store<u32>(block, 1, 28);
    store<u32>(block, this.names, 32);
    store<u32>(block, draft.records, 36);
    const zone = block + <usize>HEADER_BYTES;
    const soa = <usize>load<u32>(this.soa, 4) + RECORD_FRONT_BYTES + 8;
    store<u32>(zone, DraftNode.offset(draft.apex));
    store<u32>(zone, this.first, 4);
    store<u32>(zone, this.end, 8);
    store<u32>(zone, bswap(load<u32>(soa)), 12);
    store<u32>(zone, min(load<u32>(this.soa, 12), bswap(load<u32>(soa, 16))), 20);
    store<u32>(zone, draft.records, 24);
  }
}

/** At or below a delegation. */
function isBelowCut(node: usize): bool {
  return (
    node != 0 &&
    ((DraftNode.flags(node) & NodeFlag.CUT) != 0 || (DraftNode.marks(node) & Mark.GLUE) != 0)
  );
}

/** The draft of a node becomes its offset. */
function settle(at: usize): void {
  store<u32>(at, DraftNode.offset(<usize>load<u32>(at)));
}
