/** Lays zones out as the server reads them (layout.ts): the same bytes for the same zones. */
import { ROOT, canonicalKey, firstLabel, lower, nameText, parentOf } from "./name.js";
import { type RecordSet, type Zone, nameIn } from "./zone.js";
import { CODE, typeOf } from "./types.js";
import {
  ADDRESSED_BYTES_MAX,
  COMPILED_BYTES_MAX,
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

const TOO_LARGE = `the zones have more than 64 MiB when compiled; at most ${COMPILED_BYTES_MAX} bytes are possible`;

function chosen(node: Node): string {
  return `names such as ${nameText(node.name)} were chosen so that looking for them is slow`;
}

interface Node {
  readonly name: string;
  readonly parent: Node | null;
  sets: readonly RecordSet[];
  flags: number;
  indexed: boolean;
  zone: PlacedZone | null;
  offset: number;
}

interface PlacedZone {
  readonly zone: Zone;
  readonly nodes: Map<string, Node>;
  /** Names that a zone below answers for. */
  readonly shadows: Map<string, Node>;
  offset: number;
  first: number;
  end: number;
  soa: number;
  above: Node | null;
}

function layoutOf({ type, records }: RecordSet): { layout: Layout; prefix: number } {
  const kind = typeOf(type);
  const nameAt = records[0]?.data.nameAt ?? -1;
  if (type === CODE.SOA) return { layout: Layout.SOA, prefix: 0 };
  if (!kind || nameAt < 0) return { layout: Layout.OPAQUE, prefix: 0 };
  if (kind.compressible) return { layout: Layout.NAME, prefix: nameAt };
  // A DNAME is followed like what is sent along.
  if (kind.target || type === CODE.DNAME) return { layout: Layout.TARGET, prefix: nameAt };
  return { layout: Layout.OPAQUE, prefix: 0 };
}

function recordBytes(layout: Layout, prefix: number, data: Buffer): number {
  if (layout === Layout.NAME) return prefix + 4;
  if (layout === Layout.SOA) return 28;
  return (layout === Layout.TARGET ? 6 : 2) + data.length;
}

class Compiler {
  readonly #zones: PlacedZone[];
  readonly #byApex = new Map<string, PlacedZone>();
  /** Names that are in no zone. */
  readonly #outside = new Map<string, Node>();
  readonly #root: Node;

  constructor(zones: readonly Zone[]) {
    this.#zones = [...zones]
      .map((zone) => ({ zone, order: canonicalKey(zone.apex) }))
      .sort((a, b) => (a.order < b.order ? -1 : 1))
      .map(({ zone }) => ({
        zone,
        nodes: new Map<string, Node>(),
        shadows: new Map<string, Node>(),
        offset: 0,
        first: 0,
        end: 0,
        soa: 0,
        above: null,
      }));
    for (const placed of this.#zones) this.#byApex.set(placed.zone.apex, placed);
    this.#root = this.#node(ROOT);
    for (const placed of this.#zones) this.#place(placed);
    for (const placed of this.#zones) this.#placeTargets(placed);
    for (const placed of this.#zones) this.#index(this.#node(placed.zone.apex));
  }

  /** The zone that answers for a name. */
  #zoneOf(key: string): PlacedZone | null {
    for (let name = key; ; name = parentOf(name)) {
      const placed = this.#byApex.get(name);
      if (placed || name === ROOT) return placed ?? null;
    }
  }

  #node(key: string, name = key): Node {
    const placed = this.#zoneOf(key);
    const nodes = placed ? placed.nodes : this.#outside;
    const known = nodes.get(key);
    if (known) return known;
    const parent = key === ROOT ? null : this.#node(parentOf(key), parentOf(name));
    const node = this.#make(name, parent);
    if (placed?.zone.apex === key) {
      node.flags |= NodeFlag.APEX;
      node.zone = placed;
    }
    nodes.set(key, node);
    return node;
  }

  #make(name: string, parent: Node | null): Node {
    return { name, parent, sets: [], flags: 0, indexed: false, zone: null, offset: 0 };
  }

  #place(placed: PlacedZone): void {
    const { zone, shadows } = placed;
    for (const [key, { name, sets }] of zone.names) {
      if (this.#zoneOf(key) === placed) {
        const node = this.#node(key, name);
        node.sets = sets;
        this.#exists(node, placed);
        continue;
      }
      shadows.set(key, { ...this.#make(name, this.#node(parentOf(key))), sets });
      // What is above a delegation exists, whoever answers below.
      for (let above = key; above !== zone.apex;) {
        above = parentOf(above);
        if (this.#zoneOf(above) === placed) this.#exists(this.#node(above), placed);
      }
    }
    for (const node of placed.nodes.values()) {
      const has = (type: number): boolean => node.sets.some((set) => set.type === type);
      if (has(CODE.NS) && !(node.flags & NodeFlag.APEX)) node.flags |= NodeFlag.CUT;
      if (has(CODE.DNAME)) node.flags |= NodeFlag.DNAME;
      if (has(CODE.CNAME)) node.flags |= NodeFlag.CNAME;
    }
    for (const [key, node] of placed.nodes)
      if (node.flags & NodeFlag.EXISTS && !this.#isGlue(node)) {
        this.#index(node);
        if (firstLabel(key) === "*" && node.parent && key !== zone.apex)
          node.parent.flags |= NodeFlag.WILDCARD;
      }
    for (const [key, shadow] of shadows) {
      const below = this.#byApex.get(key);
      if (below && this.#parentZone(below) === placed) below.above = shadow;
    }
  }

  #parentZone({ zone }: PlacedZone): PlacedZone | null {
    return zone.apex === ROOT ? null : this.#zoneOf(parentOf(zone.apex));
  }

  /** With all names above it in its zone. */
  #exists(node: Node, placed: PlacedZone): void {
    for (let at: Node | null = node; at && !(at.flags & NodeFlag.EXISTS); at = at.parent) {
      at.flags |= NodeFlag.EXISTS;
      if (at.zone === placed) break;
    }
  }

  /** Below a delegation: it is found by way of the NS records only. */
  #isGlue(node: Node): boolean {
    for (let at = node.parent; at && !(node.flags & NodeFlag.APEX); at = at.parent) {
      if (at.flags & NodeFlag.CUT) return true;
      if (at.flags & NodeFlag.APEX) break;
    }
    return false;
  }

  /** The index leads to it from the root. */
  #index(node: Node): void {
    for (let at = node; !at.indexed; at = at.parent) {
      at.indexed = true;
      if (!at.parent) break;
      at.parent.flags |= NodeFlag.CHILDREN;
    }
  }

  #placeTargets({ zone }: PlacedZone): void {
    for (const { sets } of zone.names.values())
      for (const set of sets) {
        const { layout } = layoutOf(set);
        if (layout === Layout.OPAQUE) continue;
        for (const { data } of set.records)
          for (const name of namesIn(layout, data)) this.#node(lower(name), name);
      }
  }

  write(): Buffer {
    const inOrder = (nodes: Map<string, Node>, all: boolean): Node[] =>
      [...nodes.values()]
        .filter((node) => all || node.flags & NodeFlag.EXISTS || node.sets.length > 0)
        .map((node) => ({ node, order: canonicalKey(lower(node.name)) }))
        .sort((a, b) => (a.order < b.order ? -1 : 1))
        .map(({ node }) => node);
    const placed: Node[] = [];
    let end = HEADER_BYTES + ZONE_BYTES * this.#zones.length;
    const put = (node: Node): void => {
      node.offset = end;
      placed.push(node);
      end = (end + nodeBytes(node) + 3) & ~3;
      if (end > ADDRESSED_BYTES_MAX) throw new RangeError(TOO_LARGE);
    };
    this.#zones.forEach((one, index) => {
      one.offset = HEADER_BYTES + ZONE_BYTES * index;
      one.first = end;
      const nodes = new Map([...one.nodes].filter(([, node]) => node.flags & NodeFlag.EXISTS));
      inOrder(new Map([...nodes, ...one.shadows]), false).forEach(put);
      one.end = end;
    });
    for (const one of this.#zones)
      inOrder(
        new Map([...one.nodes].filter(([, node]) => !(node.flags & NodeFlag.EXISTS))),
        true,
      ).forEach(put);
    inOrder(this.#outside, true).forEach(put);

    const indexed = placed.filter((node) => node.indexed && node.parent);
    let places = 16;
    while (places < 2 * indexed.length) places *= 2;
    const indexAt = end;
    const total = indexAt + 4 * places + PADDING_BYTES;
    if (total > ADDRESSED_BYTES_MAX) throw new RangeError(TOO_LARGE);
    const bytes = Buffer.alloc(total);
    for (const node of placed) this.#writeNode(bytes, node);
    for (const node of indexed) {
      const hash = hashOf(node.parent?.offset ?? 0, lower(firstLabel(node.name)));
      let place = hash & (places - 1);
      for (let probes = 0; bytes.readUInt32LE(indexAt + 4 * place) !== 0; probes++) {
        if (probes === INDEX_RUN_MAX) throw new RangeError(chosen(node));
        place = (place + 1) & (places - 1);
      }
      bytes.writeUInt32LE((((node.offset >>> 2) << 8) | (hash >>> 24)) >>> 0, indexAt + 4 * place);
    }
    let run = 0;
    for (let place = 0; place < places + INDEX_RUN_MAX; place++) {
      run = bytes.readUInt32LE(indexAt + 4 * (place & (places - 1))) === 0 ? 0 : run + 1;
      if (run > INDEX_RUN_MAX) throw new RangeError(chosen(indexed.at(-1)!));
    }
    let names = 0;
    let records = 0;
    for (const one of this.#zones) {
      const counted = this.#writeZone(bytes, one);
      names += one.zone.names.size;
      records += counted;
    }
    [
      MAGIC,
      VERSION,
      total,
      places - 1,
      indexAt,
      this.#root.offset,
      HEADER_BYTES,
      this.#zones.length,
      names,
      records,
    ].forEach((value, index) => bytes.writeUInt32LE(value, 4 * index));
    return bytes;
  }

  #writeZone(bytes: Buffer, placed: PlacedZone): number {
    const { zone, offset, first, end, soa, above } = placed;
    const apex = this.#node(zone.apex);
    const set = apex.sets.find(({ type }) => type === CODE.SOA);
    const data = set?.records[0]?.data.bytes ?? Buffer.alloc(20);
    let records = 0;
    for (const { sets } of zone.names.values())
      for (const one of sets) records += one.records.length;
    const negativeTtl = Math.min(set?.ttl ?? 0, data.readUInt32BE(data.length - 4));
    [
      apex.offset,
      first,
      end,
      data.readUInt32BE(data.length - 20),
      soa,
      negativeTtl,
      records,
      above?.offset ?? 0,
    ].forEach((value, index) => bytes.writeUInt32LE(value, offset + 4 * index));
    return records;
  }

  #writeNode(bytes: Buffer, node: Node): void {
    const label = firstLabel(node.name);
    let at = node.offset;
    bytes.writeUInt32LE(node.parent?.offset ?? 0, at);
    bytes[at + 4] = node.flags;
    bytes[at + 5] = node.sets.length;
    bytes[at + 6] = label.length;
    at += NODE_BYTES + bytes.write(label, at + NODE_BYTES, "latin1");
    if (node.zone) at = bytes.writeUInt32LE(node.zone.offset, at);
    for (const set of node.sets) {
      if (node.zone && set.type === CODE.SOA) node.zone.soa = at;
      at = this.#writeSet(bytes, at, node, set);
    }
  }

  #writeSet(bytes: Buffer, start: number, node: Node, set: RecordSet): number {
    const { layout, prefix } = layoutOf(set);
    bytes.writeUInt16BE(set.type, start);
    bytes.writeUInt16BE(1, start + 2);
    bytes.writeUInt32BE(set.ttl, start + 4);
    bytes.writeUInt16LE(set.records.length, start + 8);
    bytes[start + 12] = layout | (prefix << 4);
    let at = start + SET_BYTES;
    const reference = (name: string): void => {
      at = bytes.writeUInt32LE(this.#node(lower(name)).offset, at);
    };
    for (const { data } of set.records) {
      const names = namesIn(layout, data);
      if (layout === Layout.NAME) {
        at += data.bytes.copy(bytes, at, 0, prefix);
        names.forEach(reference);
      } else if (layout === Layout.SOA) {
        names.forEach(reference);
        at += data.bytes.copy(bytes, at, data.bytes.length - 20);
      } else {
        if (layout === Layout.TARGET) {
          const [target = ROOT] = names;
          // RFC 9460 §2.5.2: in service mode, "." is the owner itself.
          const isService = set.type === CODE.SVCB || set.type === CODE.HTTPS;
          const isOwner = isService && target === ROOT && data.bytes.readUInt16BE(0) !== 0;
          if (isOwner) at = bytes.writeUInt32LE(node.offset, at);
          else reference(target);
        }
        at = bytes.writeUInt16BE(data.bytes.length, at);
        at += data.bytes.copy(bytes, at);
      }
    }
    bytes.writeUInt16LE(at - start - SET_BYTES, start + 10);
    return at;
  }
}

function nodeBytes({ name, zone, sets }: Node): number {
  let bytes = NODE_BYTES + firstLabel(name).length + (zone ? 4 : 0);
  for (const set of sets) {
    const { layout, prefix } = layoutOf(set);
    bytes += SET_BYTES;
    for (const { data } of set.records) bytes += recordBytes(layout, prefix, data.bytes);
  }
  return bytes;
}

/** The names that are written as nodes, as they are spelled. */
function namesIn(layout: Layout, { bytes, nameAt }: { bytes: Buffer; nameAt: number }): string[] {
  if (layout === Layout.OPAQUE) return [];
  const length = nameIn(bytes, nameAt).length;
  const first = bytes.toString("latin1", nameAt, nameAt + length);
  if (layout !== Layout.SOA) return [first];
  const second = nameAt + length;
  return [first, bytes.toString("latin1", second, bytes.length - 20)];
}

/** @throws RangeError when they have more than 64 MiB */
export function compileZones(zones: readonly Zone[]): Buffer {
  return new Compiler(zones).write();
}
