/** Numbers of the layout of compiled zones, as @phantasm/zone-format (src/layout.ts) has them. */

/** `PHZN`, little-endian. */
export const MAGIC: u32 = 0x4e5a4850;
export const VERSION: u32 = 1;
export const HEADER_BYTES: u32 = 64;
/** Of the description of a zone, behind the header. */
export const ZONE_BYTES: u32 = 32;
/** Of a node, in front of its label. */
export const NODE_BYTES: u32 = 7;
/** Of a set, in front of its records. */
export const SET_BYTES: u32 = 13;
/** At the end, so that whole words can be read. */
export const PADDING_BYTES: u32 = 16;
/** Of the index, at least. */
export const PLACES_MIN: u32 = 16;
/** Places of the index that are taken one behind the other: a tenth of that never is, unless names are chosen for it. */
export const INDEX_RUN_MAX: u32 = 2048;
/** An offset in steps of 4, in 24 bits. */
export const BYTES_MAX: u32 = 1 << 26;
