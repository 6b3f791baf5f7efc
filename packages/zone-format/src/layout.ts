/**
 * How compiled zones lie in memory and on disks. assembly/zone-data.ts of @phantasm/dns-server reads them.
 *
 *      0  u32  magic                       20  u32  offset of the root's node
 *      4  u32  version                     24  u32  offset of the zones
 *      8  u32  bytes in all                28  u32  number of zones
 *     12  u32  places of the index - 1     32  u32  number of names that have records
 *     16  u32  offset of the index         36  u32  number of records
 *
 * All names, those in data included, are one tree of nodes, each with its label and its parent. A child is found by
 * the hash of parent and label in the index: places of 32 bits, the offset of the node in steps of 4 and 8 bits of
 * the hash, open addressing. A name in data is the offset of its node, so that following it is no look-up.
 *
 * A node, at a multiple of 4:
 *
 *      0  u32  parent          5  u8   number of record sets     behind the label, at the apex of a zone: u32, its
 *      4  u8   flags           6  u8   bytes of the label        zone; then the sets, in the order of types
 *
 * A set:
 *
 *      0  type, class, TTL, as they are sent       10  u16  bytes of the records
 *      8  u16  number of records                   12  u8   layout: 0 to 3, and four bits: bytes in front of a name
 *
 * A record has, by layout: 0 length (u16, big-endian) and data; 1 what is in front of a name, and the name's node;
 * 2 (SOA) two nodes and 20 bytes; 3 the node whose addresses are sent along, or 0, then as 0.
 *
 * A zone, 32 bytes: the nodes of its apex, its first and the offset behind its last in canonical order (RFC 4034
 * §6.1); serial; offset of the SOA set; TTL of negative answers (RFC 2308 §5); number of records; the node that a
 * zone above has for the apex, or 0.
 */
export const MAGIC = 0x4e5a4850; // "PHZN"
export const VERSION = 1;
export const HEADER_BYTES = 64;
export const ZONE_BYTES = 32;
export const NODE_BYTES = 7;
export const SET_BYTES = 13;
/** Names are read in steps of eight bytes. */
export const PADDING_BYTES = 16;
/** Places of the index that are taken one behind the other: a tenth of that never is, unless names are chosen for it. */
export const INDEX_RUN_MAX = 2048;
/** An offset in steps of 4, in 24 bits. */
export const ADDRESSED_BYTES_MAX = 2 ** 26;
/** Zones that are longer are refused: an image, which has them in memory, needs room beside them. */
export const COMPILED_BYTES_MAX = 60 * 1024 * 1024;

export enum NodeFlag {
  /** It is a name of its zone: it has records, or is above one that does (RFC 4592 §2.2.2). */
  EXISTS = 1,
  APEX = 2,
  /** Not the apex, and has NS. */
  CUT = 4,
  DNAME = 8,
  CNAME = 16,
  /** There is a wildcard below. */
  WILDCARD = 32,
  /** The index has nodes below. */
  CHILDREN = 64,
}

export enum Layout {
  OPAQUE,
  NAME,
  SOA,
  TARGET,
}

/** Where the index has a child, and how it is marked. */
export function hashOf(parent: number, label: string): number {
  let hash = Math.imul(parent ^ label.length, 0x9e3779b1);
  for (let at = 0; at < label.length; at += 4) {
    const word =
      (label.charCodeAt(at) || 0) |
      ((label.charCodeAt(at + 1) || 0) << 8) |
      ((label.charCodeAt(at + 2) || 0) << 16) |
      ((label.charCodeAt(at + 3) || 0) << 24);
    hash = Math.imul(hash ^ word, 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
