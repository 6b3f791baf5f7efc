/**
 * Compiled zones, read from outside and with suspicion: nothing is followed before it has been looked at. Shares only
 * the description of the layout with what writes them, and nothing with what answers from them.
 */
import { CODE, mayBeInZone } from "./types.js";
import {
  HEADER_BYTES,
  INDEX_RUN_MAX,
  Layout,
  MAGIC,
  NODE_BYTES,
  NodeFlag,
  PADDING_BYTES,
  SET_BYTES,
  VERSION,
  ZONE_BYTES,
  hashOf,
} from "./layout.js";
import { LABEL_BYTES_MAX, NAME_BYTES_MAX, ROOT, canonicalKey, lower } from "./name.js";

/** Of a set, in a message of TCP: see zone.ts. */
const SET_WIRE_BYTES_MAX = 65_535 - 12 - NAME_BYTES_MAX - 4 - 64;
const CLASS_IN = 1;
const PLACES_MIN = 16;

/** What does not fit, and where. */
export class CompiledError extends Error {
  override readonly name = "CompiledError";

  constructor(at: number, message: string) {
    super(`byte ${at}: ${message}`);
  }
}

export interface CompiledSet {
  readonly at: number;
  readonly type: number;
  readonly ttl: number;
  /** In wire form, without compression. */
  readonly records: readonly Buffer[];
}

export interface CompiledZone {
  readonly at: number;
  readonly apex: number;
  readonly first: number;
  readonly end: number;
  readonly serial: number;
  readonly soa: number;
  readonly negativeTtl: number;
  readonly records: number;
  readonly above: number;
}

/** Where records and the names in them lie. */
interface RawSet {
  readonly at: number;
  readonly type: number;
  readonly layout: Layout;
  readonly prefix: number;
  readonly ttl: number;
  /** Places of records. */
  readonly records: readonly number[];
  readonly end: number;
}

export class CompiledZones {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #nodes = new Set<number>();
  /** Names by node, filled as they are asked for. */
  readonly #names = new Map<number, string>();
  #nodesEnd = 0;
  #root = 0;
  #index = 0;
  #places = 0;
  readonly zones: readonly CompiledZone[];

  /** @throws CompiledError unless all of it is as it should be */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#checkHeader();
    this.zones = this.#readZones();
    this.#findNodes();
    this.#node(this.#root, 20, "the root");
    for (const node of this.#nodes) this.#checkNode(node);
    this.#checkIndex();
    let end = HEADER_BYTES + ZONE_BYTES * this.zones.length;
    for (const zone of this.zones) {
      if (zone.first !== end)
        throw new CompiledError(zone.at + 4, "it does not begin where another one ends");
      this.#checkZone(zone);
      end = zone.end;
    }
    for (const node of this.#nodes)
      if (node >= end && this.#flags(node) & ~NodeFlag.CHILDREN)
        throw new CompiledError(node + 4, "a name that is in no zone has the flags of one");
    for (const node of this.#nodes)
      if (this.#flags(node) & NodeFlag.WILDCARD && this.#child(node, "*") === 0)
        throw new CompiledError(node, "it has no wildcard below, as it says");
  }

  get names(): number {
    return this.#u32(32);
  }

  get records(): number {
    return this.#u32(36);
  }

  get bytes(): number {
    return this.#bytes.length;
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  #flags(node: number): number {
    return this.#bytes[node + 4] ?? 0;
  }

  #labelBytes(node: number): number {
    return this.#bytes[node + 6] ?? 0;
  }

  #checkHeader(): void {
    const { length } = this.#bytes;
    const fail = (at: number, message: string): never => {
      throw new CompiledError(at, message);
    };
    if (length < HEADER_BYTES) fail(length, "they end before the header does");
    if (this.#u32(0) !== MAGIC) fail(0, "these are no compiled zones");
    if (this.#u32(4) !== VERSION)
      fail(4, `they have version ${this.#u32(4)}, and ${VERSION} is known here`);
    if (this.#u32(8) !== length)
      fail(8, `they would have ${this.#u32(8)} bytes, and have ${length}`);
    this.#places = this.#u32(12) + 1;
    if (this.#places < PLACES_MIN || (this.#places & (this.#places - 1)) !== 0)
      fail(12, `an index of ${this.#places} places`);
    this.#index = this.#u32(16);
    if (this.#index % 4 !== 0 || this.#index + 4 * this.#places + PADDING_BYTES !== length)
      fail(16, `the index would begin at byte ${this.#index}`);
    this.#root = this.#u32(20);
    this.#nodesEnd = this.#index;
    if (this.#u32(24) !== HEADER_BYTES) fail(24, "the zones do not follow the header");
    if (HEADER_BYTES + ZONE_BYTES * this.#u32(28) > this.#nodesEnd)
      fail(28, `there is no room for ${this.#u32(28)} zones`);
  }

  #readZones(): CompiledZone[] {
    return Array.from({ length: this.#u32(28) }, (_, index) => {
      const at = HEADER_BYTES + ZONE_BYTES * index;
      const field = (number: number): number => this.#u32(at + 4 * number);
      return {
        at,
        apex: field(0),
        first: field(1),
        end: field(2),
        serial: field(3),
        soa: field(4),
        negativeTtl: field(5),
        records: field(6),
        above: field(7),
      };
    });
  }

  /** Nodes lie one behind the other, up to the index. */
  #findNodes(): void {
    for (let at = HEADER_BYTES + ZONE_BYTES * this.zones.length; at < this.#nodesEnd;) {
      this.#nodes.add(at);
      this.#within(at, NODE_BYTES);
      const labelBytes = this.#labelBytes(at);
      if (labelBytes > LABEL_BYTES_MAX)
        throw new CompiledError(at, `a label of ${labelBytes} bytes`);
      if ((labelBytes === 0) !== (at === this.#root))
        throw new CompiledError(at, "the root, and nothing else, has no label");
      let end = this.#setsAt(at);
      for (let left = this.#bytes[at + 5] ?? 0, last = 0; left > 0; left--) {
        const set = this.#readSet(end);
        if (set.type <= last) throw new CompiledError(set.at, "the sets are not in order");
        last = set.type;
        end = set.end;
      }
      at = (end + 3) & ~3;
    }
  }

  #within(at: number, bytes: number): void {
    if (at + bytes > this.#nodesEnd) throw new CompiledError(at, "it goes beyond the nodes");
  }

  #setsAt(node: number): number {
    return node + NODE_BYTES + this.#labelBytes(node) + (this.#flags(node) & NodeFlag.APEX ? 4 : 0);
  }

  #readSet(at: number): RawSet {
    this.#within(at, SET_BYTES);
    const type = this.#view.getUint16(at);
    const count = this.#u16(at + 8);
    const end = at + SET_BYTES + this.#u16(at + 10);
    const layout: Layout = (this.#bytes[at + 12] ?? 0) & 15;
    const prefix = (this.#bytes[at + 12] ?? 0) >> 4;
    if (!mayBeInZone(type))
      throw new CompiledError(at, `a zone cannot have records of type ${type}`);
    if (this.#view.getUint16(at + 2) !== CLASS_IN)
      throw new CompiledError(at + 2, "the class is not IN");
    this.#checkKind(at, type, layout, prefix, count);
    const records = [];
    let wire = 0;
    let next = at + SET_BYTES;
    for (let left = count; left > 0; left--) {
      records.push(next);
      const bytes = this.#recordBytes(next, layout, prefix);
      wire += 12 + bytes;
      next += bytes;
      if (next > end) throw new CompiledError(at, "its records go beyond it");
    }
    if (next !== end) throw new CompiledError(at, "its records end before it");
    if (wire > SET_WIRE_BYTES_MAX)
      throw new CompiledError(at, "its records are too long for a message");
    return { at, type, layout, prefix, ttl: this.#view.getUint32(at + 4), records, end };
  }

  #checkKind(at: number, type: number, layout: Layout, prefix: number, count: number): void {
    if (layout > Layout.TARGET) throw new CompiledError(at + 12, `layout ${layout} is not known`);
    if ((type === CODE.SOA) !== (layout === Layout.SOA))
      throw new CompiledError(at + 12, "a SOA record, and nothing else, has the layout of one");
    const isAlias = type === CODE.CNAME || type === CODE.DNAME;
    if (isAlias && (layout !== (type === CODE.CNAME ? Layout.NAME : Layout.TARGET) || prefix !== 0))
      throw new CompiledError(at + 12, "an alias is not laid out as one");
    if (count === 0 || ((isAlias || type === CODE.SOA) && count !== 1))
      throw new CompiledError(at + 8, `a set of ${count} records`);
  }

  #recordBytes(at: number, layout: Layout, prefix: number): number {
    if (layout === Layout.NAME) return prefix + 4;
    if (layout === Layout.SOA) return 28;
    const front = layout === Layout.TARGET ? 4 : 0;
    this.#within(at, front + 2);
    return front + 2 + this.#view.getUint16(at + front);
  }

  #node(node: number, at: number, what: string): number {
    if (!this.#nodes.has(node)) throw new CompiledError(at, `${what} would be at byte ${node}`);
    return node;
  }

  /** With a check of the way to the root: once for each node. */
  nameOf(node: number): string {
    const known = this.#names.get(node);
    if (known !== undefined) return known;
    const way = [];
    let at = node;
    for (; at !== this.#root && !this.#names.has(at); at = this.#u32(at)) {
      this.#node(this.#u32(at), at, "its parent");
      way.push(at);
      if (way.length > NAME_BYTES_MAX / 2) throw new CompiledError(node, "it has too many labels");
    }
    let name = this.#names.get(at) ?? ROOT;
    for (const one of way.reverse()) {
      const length = this.#labelBytes(one);
      const from = one + NODE_BYTES;
      name =
        String.fromCharCode(length) + this.#bytes.toString("latin1", from, from + length) + name;
      if (name.length > NAME_BYTES_MAX) throw new CompiledError(one, "its name is too long");
      this.#names.set(one, name);
    }
    return name;
  }

  #checkNode(node: number): void {
    this.nameOf(node);
    const flags = this.#flags(node);
    const types = new Set<number>();
    for (const set of this.#rawSets(node)) {
      types.add(set.type);
      if (set.type === CODE.SOA && !(flags & NodeFlag.APEX))
        throw new CompiledError(set.at, "a SOA record that is not at an apex");
      for (const record of set.records) this.#recordOf(set, record);
    }
    const needs: [number, number][] = [
      [NodeFlag.CUT, CODE.NS],
      [NodeFlag.DNAME, CODE.DNAME],
      [NodeFlag.CNAME, CODE.CNAME],
      [NodeFlag.APEX, CODE.SOA],
    ];
    for (const [flag, type] of needs)
      if (flags & flag && !types.has(type))
        throw new CompiledError(node + 4, `its flags say that it has records of type ${type}`);
    if (!(flags & NodeFlag.APEX)) return;
    if (!(flags & NodeFlag.EXISTS))
      throw new CompiledError(node + 4, "an apex that does not exist");
    const at = node + NODE_BYTES + this.#labelBytes(node);
    const zone = this.zones[(this.#u32(at) - HEADER_BYTES) / ZONE_BYTES];
    if (zone?.apex !== node) throw new CompiledError(at, "its zone has another apex");
  }

  #rawSets(node: number): RawSet[] {
    const sets = [];
    let at = this.#setsAt(node);
    for (let left = this.#bytes[node + 5] ?? 0; left > 0; left--) {
      const set = this.#readSet(at);
      sets.push(set);
      at = set.end;
    }
    return sets;
  }

  setsOf(node: number): CompiledSet[] {
    return this.#rawSets(node).map((set) => ({
      at: set.at,
      type: set.type,
      ttl: set.ttl,
      records: set.records.map((record) => this.#recordOf(set, record)),
    }));
  }

  #nameAt(at: number): Buffer {
    return Buffer.from(this.nameOf(this.#node(this.#u32(at), at, "a name")), "latin1");
  }

  /** The data of a record as they are sent, without compression. */
  #recordOf({ layout, prefix }: RawSet, at: number): Buffer {
    const bytes = this.#bytes;
    if (layout === Layout.NAME)
      return Buffer.concat([bytes.subarray(at, at + prefix), this.#nameAt(at + prefix)]);
    if (layout === Layout.SOA)
      return Buffer.concat([
        this.#nameAt(at),
        this.#nameAt(at + 4),
        bytes.subarray(at + 8, at + 28),
      ]);
    const from = layout === Layout.TARGET ? at + 6 : at + 2;
    const data = bytes.subarray(from, from + this.#view.getUint16(from - 2));
    if (layout === Layout.TARGET) {
      const target = lower(this.#nameAt(at).toString("latin1"));
      const name = lower(data.toString("latin1", prefix, prefix + target.length));
      // "." of SVCB stands for the owner.
      if (name !== target && data[prefix] !== 0)
        throw new CompiledError(at, "the name in its data is not that of its node");
    }
    return data;
  }

  #child(parent: number, label: string): number {
    const mask = this.#places - 1;
    for (let place = hashOf(parent, label) & mask; ; place = (place + 1) & mask) {
      const entry = this.#u32(this.#index + 4 * place);
      if (entry === 0) return 0;
      const node = (entry >>> 8) * 4;
      if (this.#u32(node) === parent && this.#label(node) === label) return node;
    }
  }

  #label(node: number): string {
    const from = node + NODE_BYTES;
    return lower(this.#bytes.toString("latin1", from, from + this.#labelBytes(node)));
  }

  /** Every entry leads to a node, and is where it is looked for. */
  #checkIndex(): void {
    const mask = this.#places - 1;
    const entry = (place: number): number => this.#u32(this.#index + 4 * (place & mask));
    let used = 0;
    let run = 0;
    // What is taken at the end goes on at the beginning.
    for (let place = 0; place < this.#places + INDEX_RUN_MAX; place++) {
      run = entry(place) === 0 ? 0 : run + 1;
      if (run > INDEX_RUN_MAX)
        throw new CompiledError(
          this.#index + 4 * (place & mask),
          "the names were chosen so that looking for them is slow",
        );
    }
    for (let place = 0; place < this.#places; place++) {
      const value = entry(place);
      if (value === 0) continue;
      used++;
      this.#node((value >>> 8) * 4, this.#index + 4 * place, "a node of the index");
    }
    if (2 * used > this.#places) throw new CompiledError(this.#index, "the index is too full");
    for (let place = 0; place < this.#places; place++) {
      const value = entry(place);
      if (value === 0) continue;
      const at = this.#index + 4 * place;
      const node = (value >>> 8) * 4;
      if (node === this.#root) throw new CompiledError(at, "the root is in the index");
      const hash = hashOf(this.#u32(node), this.#label(node));
      let home = hash & mask;
      while (home !== place && entry(home) !== 0) home = (home + 1) & mask;
      if (home !== place || (value & 0xff) !== hash >>> 24)
        throw new CompiledError(at, `nobody looks here for the node at byte ${node}`);
    }
  }

  #checkZone(zone: CompiledZone): void {
    const { at, apex, first, end, soa, above } = zone;
    this.#node(apex, at, "the apex");
    if (!(this.#flags(apex) & NodeFlag.APEX)) throw new CompiledError(at, "its apex is none");
    if (first !== apex || end <= first || (end !== this.#nodesEnd && !this.#nodes.has(end)))
      throw new CompiledError(at + 4, "its nodes do not begin with the apex, or do not end");
    const set = this.setsOf(apex).find(({ type }) => type === CODE.SOA);
    const data = set?.records[0];
    if (!set || !data || set.at !== soa)
      throw new CompiledError(at + 16, "its SOA record is not there");
    if (data.readUInt32BE(data.length - 20) !== zone.serial)
      throw new CompiledError(at + 12, "its serial is not that of the SOA record");
    if (above !== 0) {
      this.#node(above, at + 28, "the node of the zone above");
      if (this.#zoneAbove(apex) === 0) throw new CompiledError(at + 28, "there is no zone above");
    }
    let last = "";
    for (const node of this.nodesOf(zone)) {
      const key = canonicalKey(lower(this.nameOf(node)));
      if (last !== "" && key <= last) throw new CompiledError(node, "it is not in canonical order");
      if (!this.#isWithin(node, apex)) throw new CompiledError(node, "it is not below the apex");
      last = key;
    }
  }

  #zoneAbove(apex: number): number {
    for (let node = apex; node !== this.#root;) {
      node = this.#u32(node);
      if (this.#flags(node) & NodeFlag.APEX) return node;
    }
    return 0;
  }

  #isWithin(node: number, apex: number): boolean {
    while (node !== apex && node !== this.#root) node = this.#u32(node);
    return node === apex;
  }

  /** In canonical order. */
  *nodesOf({ first, end }: CompiledZone): Generator<number> {
    for (let node = first; node < end;) {
      yield node;
      const sets = this.#rawSets(node);
      node = ((sets.at(-1)?.end ?? this.#setsAt(node)) + 3) & ~3;
    }
  }
}
