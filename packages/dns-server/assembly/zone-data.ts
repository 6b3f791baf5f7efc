/**
 * Zones as src/layout.ts of @phantasm/zone-format describes them, every field. They lie in memory that does not
 * change, and nobody but the build, what writes the same here, or a disk behind `ZoneCheck` has made them: nothing
 * here checks an offset.
 *
 * A node and a set are their addresses; names in them are addresses of nodes, see `nodeAt`.
 */
import { lower8 } from "@phantasm/dns/wire";
import { MAGIC, NODE_BYTES, SET_BYTES, VERSION, ZONE_BYTES } from "./layout";

/** In front of a node's label, its length included. */

export namespace NodeFlag {
  /** It is a name of its zone: it has records, or is above one that does (RFC 4592 §2.2.2). */
  export const EXISTS: i32 = 1;
  export const APEX: i32 = 2;
  /** Not the apex, and has NS. */
  export const CUT: i32 = 4;
  export const DNAME: i32 = 8;
  export const CNAME: i32 = 16;
  /** There is a wildcard below. */
  export const WILDCARD: i32 = 32;
  /** The index has nodes below. */
  export const CHILDREN: i32 = 64;
}

export namespace Layout {
  /** Length and data. */
  export const OPAQUE: i32 = 0;
  /** What is in front of a name, and the name. */
  export const NAME: i32 = 1;
  export const SOA: i32 = 2;
  /** A node, then as OPAQUE. */
  export const TARGET: i32 = 3;
}

// @ts-ignore: decorator
@inline
export function flagsOf(node: usize): i32 {
  return <i32>load<u8>(node, 4);
}

/** Bytes of its label; 0: it is the root. */
// @ts-ignore: decorator
@inline
export function labelBytes(node: usize): i32 {
  return <i32>load<u8>(node, 6);
}

// @ts-ignore: decorator
@inline
export function labelAt(node: usize): usize {
  return node + NODE_BYTES;
}

// @ts-ignore: decorator
@inline
export function setCount(node: usize): i32 {
  return <i32>load<u8>(node, 5);
}

/** The first set, if there is one. */
// @ts-ignore: decorator
@inline
export function firstSet(node: usize): usize {
  const at = node + NODE_BYTES + <usize>labelBytes(node);
  return flagsOf(node) & NodeFlag.APEX ? at + 4 : at;
}

// @ts-ignore: decorator
@inline
export function nextSet(set: usize): usize {
  return set + SET_BYTES + <usize>load<u16>(set, 10);
}

// @ts-ignore: decorator
@inline
export function setType(set: usize): i32 {
  return <i32>bswap(load<u16>(set));
}

/** Type, class and TTL as they are sent. */
// @ts-ignore: decorator
@inline
export function setFields(set: usize): u64 {
  return load<u64>(set);
}

// @ts-ignore: decorator
@inline
export function recordCount(set: usize): i32 {
  return <i32>load<u16>(set, 8);
}

// @ts-ignore: decorator
@inline
export function setLayout(set: usize): i32 {
  return (<i32>load<u8>(set, 12)) & 15;
}

/** Bytes in front of a name. */
// @ts-ignore: decorator
@inline
export function setPrefix(set: usize): i32 {
  return (<i32>load<u8>(set, 12)) >> 4;
}

// @ts-ignore: decorator
@inline
export function firstRecord(set: usize): usize {
  return set + SET_BYTES;
}

/** The set of a type; 0: there is none. */
export function setOf(node: usize, type: i32): usize {
  const wanted = bswap(<u16>type);
  let set = firstSet(node);
  for (let left = setCount(node); left > 0; left--) {
    if (load<u16>(set) == wanted) return set;
    set = nextSet(set);
  }
  return 0;
}

/** Bytes of zones that some may have in memory together: served, and held by who still reads them. */
@final
export class ZoneAccount {
  bytes: u32 = 0;

  constructor(readonly bytesMax: u32) {}

  get left(): u32 {
    return this.bytes < this.bytesMax ? this.bytesMax - this.bytes : 0;
  }
}

/**
 * Zones that lie together: all that an image has baked, or one that was transferred. Several of them are served as a
 * `ZoneSet`, which replaces them while it answers; whoever reads on when the step is over holds them.
 */
@final
export class Zones {
  readonly base: usize;
  readonly root: usize;
  private readonly index: usize;
  private readonly mask: u32;
  private holders: i32 = 0;
  /** What is freed with the last holder; 0: nothing is, they lie in the image. */
  private block: usize = 0;
  private account: ZoneAccount | null = null;

  /** @param content address of what the image has baked, a multiple of 8, and 16 bytes behind them can be read */
  constructor(content: usize, bytes: i32) {
    assert(
      bytes >= 64 && load<u32>(content) == MAGIC && load<u32>(content, 4) == VERSION,
      "dns: these are no zones",
    );
    assert(load<u32>(content, 8) == <u32>bytes, "dns: the zones are cut off");
    this.base = content;
    this.mask = load<u32>(content, 12);
    this.index = content + <usize>load<u32>(content, 16);
    this.root = content + <usize>load<u32>(content, 20);
  }

  /**
   * The memory at `block` (of `heap.alloc`) has nothing but these zones, and is freed when nobody holds them.
   *
   * @param account is told how much that is
   */
  own(block: usize, account: ZoneAccount | null = null): void {
    this.block = block;
    this.account = account;
    if (account !== null) account.bytes += this.bytes;
  }

  get bytes(): u32 {
    return load<u32>(this.base, 8);
  }

  /** They stay where they are until `release`. */
  hold(): void {
    this.holders++;
  }

  /** True: nobody holds them any more; if they own their memory, it is gone. */
  release(): bool {
    assert(this.holders > 0, "dns: zones are released that nobody holds");
    if (--this.holders > 0) return false;
    if (this.block != 0) {
      const account = this.account;
      if (account !== null) account.bytes -= this.bytes;
      heap.free(this.block);
      this.block = 0;
    }
    return true;
  }

  /** How many zones there are. */
  get count(): i32 {
    return load<i32>(this.base, 28);
  }

  /** Names that have records. */
  get names(): i32 {
    return load<i32>(this.base, 32);
  }

  get records(): i32 {
    return load<i32>(this.base, 36);
  }

  /** The node that lies at an offset which stands at `at`. */
  // @ts-ignore: decorator
  @inline
  nodeAt(at: usize): usize {
    return this.base + <usize>load<u32>(at);
  }

  /** Not of the root. */
  // @ts-ignore: decorator
  @inline
  parentOf(node: usize): usize {
    return this.base + <usize>load<u32>(node);
  }

  /** @param number from 0, in canonical order of the apexes */
  zone(number: i32): usize {
    return this.base + <usize>load<u32>(this.base, 24) + <usize>number * ZONE_BYTES;
  }

  /** The zone whose apex a node is. */
  zoneOfApex(node: usize): usize {
    return this.base + <usize>load<u32>(node + NODE_BYTES + <usize>labelBytes(node));
  }

  /**
   * The child with a label; 0: there is none.
   *
   * @param label its length, and behind it the label in lower case; at least seven bytes more can be read
   */
  child(parent: usize, label: usize): usize {
    const length = <i32>load<u8>(label);
    const hash = hashOf(<u32>(parent - this.base), label + 1, length);
    const mask = this.mask;
    const mark = hash >> 24;
    let place = hash & mask;
    let entry = load<u32>(this.index + ((<usize>place) << 2));
    while (entry != 0) {
      if ((entry & 0xff) == mark) {
        const node = this.base + ((<usize>(entry >> 8)) << 2);
        if (this.parentOf(node) == parent && hasLabel(node, label, length)) return node;
      }
      place = (place + 1) & mask;
      entry = load<u32>(this.index + ((<usize>place) << 2));
    }
    return 0;
  }

  /** The apex of the zone that a name is in; 0: it is in none. */
  apexOf(node: usize): usize {
    while (!(flagsOf(node) & NodeFlag.APEX)) {
      if (labelBytes(node) == 0) return 0;
      node = this.parentOf(node);
    }
    return node;
  }
}

/** As src/layout.ts of @phantasm/zone-format computes it. */
// @ts-ignore: decorator
@inline
export function hashOf(parent: u32, label: usize, length: i32): u32 {
  let hash = (parent ^ (<u32>length)) * 0x9e3779b1;
  let left = length;
  for (; left >= 4; left -= 4, label += 4) {
    hash = (hash ^ load<u32>(label)) * 0x85ebca6b;
    hash ^= hash >> 15;
  }
  if (left > 0) {
    hash = (hash ^ (load<u32>(label) & (((<u32>1) << (left << 3)) - 1))) * 0x85ebca6b;
    hash ^= hash >> 15;
  }
  hash *= 0xc2b2ae35;
  return hash ^ (hash >> 16);
}

// @ts-ignore: decorator
@inline
export function hasLabel(node: usize, label: usize, length: i32): bool {
  if (labelBytes(node) != length) return false;
  let own = labelAt(node);
  let other = label + 1;
  let left = length;
  for (; left > 8; left -= 8, own += 8, other += 8)
    if (lower8(load<u64>(own)) != load<u64>(other)) return false;
  return (lower8(load<u64>(own)) ^ load<u64>(other)) << (64 - (left << 3)) == 0;
}
