/** The format on the disk: docs/reference/key-value-format.md, whose words and numbers these are. */
import { BatchKind, KEY_BYTES_MAX } from "@phantasm/interfaces";

export const PAGE_BYTES: i32 = 4096;
export const PAGE_SHIFT: i32 = 12;
export const PAGES_MIN: u64 = 64;
/** Pages 0 to 3 are the meta page's. */
export const META_PAGES: i32 = 4;
export const LOG_PAGES_MIN: u64 = 16;
export const LOG_PAGES_MAX: u64 = 4096;

// Meta page.
export const META_MAGIC: u64 = 0x31564b544e414850; // "PHANTKV1"
/** Version 1 has no values of a sole extent; a store of it gets this one with its next checkpoint. */
export const FORMAT_VERSION: u32 = 2;
export const FORMAT_VERSION_MIN: u32 = 1;
export const META_VERSION: usize = 8;
export const META_PAGE_BYTES: usize = 12;
export const META_IDENTITY: usize = 16;
export const META_GENERATION: usize = 24;
export const META_STORE_PAGES: usize = 32;
export const META_LOG_PAGES: usize = 40;
export const META_UNIT_BYTES: usize = 44;
export const META_EPOCH: usize = 48;
export const META_LOG_POSITION: usize = 56;
export const META_LOG_SEQUENCE: usize = 64;
export const META_LOG_PREVIOUS: usize = 72;
export const META_ROOT: usize = 80;
export const META_LEVELS: usize = 96;
export const META_INDEX_COUNT: usize = 100;
export const META_ENTRIES: usize = 104;
export const META_LAST_VERSION: usize = 112;
export const META_USED: usize = 120;
export const META_INDEX: usize = 160;
export const META_INDEX_MAX: i32 = 224;
export const META_CHECKSUM: usize = 4088;

// The head that all other pages share.
export const HEAD_COUNT: usize = 2;
export const HEAD_LOWEST: usize = 4;
export const HEAD_UNUSED: usize = 6;
export const HEAD_PAGE: usize = 8;
export const HEAD_GENERATION: usize = 16;

export enum PageKind {
  LEAF = 1,
  INNER = 2,
  VALUE = 3,
  MAP = 4,
  MAP_INDEX = 5,
}

// Pages of the tree.
export const CELLS: usize = 24;
/** More levels than a tree of 2^51 pages can need, were each page but a third full. */
export const LEVELS_MAX: i32 = 16;
export const TREE_KEY_BYTES_MAX: i32 = KEY_BYTES_MAX + 9;
export const LEAF_CELL_BYTES_MAX: i32 = 1016;
export const INNER_CELL_KEY: usize = 24;
export const NAMESPACE_EXPIRY: u8 = 1;
export const NAMESPACE_USER: u8 = 2;

export enum CellFlag {
  EXPIRES = 1,
  ELSEWHERE = 2,
  /** With ELSEWHERE: the reference leads to the bytes, which are in one extent. */
  DIRECT = 4,
}

/** Of a value that is elsewhere: u64 size and a reference. */
export const ELSEWHERE_BYTES: i32 = 24;

// Value pages.
export const VALUE_NEXT: usize = 24;
export const VALUE_EXTENTS: usize = 40;
export const EXTENT_BYTES: usize = 24;
export const VALUE_PAGE_EXTENTS_MAX: i32 = 169;
export const EXTENT_PAGES_MAX: i32 = 32;
export const EXTENTS_MAX: i32 = 65536;
/** 8 GiB. What claims more may lead in a circle. */
export const ELSEWHERE_SIZE_MAX: u64 = (<u64>(EXTENTS_MAX * EXTENT_PAGES_MAX)) << PAGE_SHIFT;

// The map of free pages.
export const MAP_BITS: usize = 32;
export const MAP_PAGE_BITS: i32 = 32512;
export const MAP_PAGE_BIT_BYTES: i32 = 4064;
export const INDEX_REFERENCES: usize = 32;
export const INDEX_REFERENCES_MAX: i32 = 254;

// The log.
export const RECORD_MAGIC: u32 = 0x524c4850; // "PHLR"
export const RECORD_KIND: usize = 4;
export const RECORD_PAYLOAD_BYTES: usize = 8;
export const RECORD_BATCHES: usize = 12;
export const RECORD_IDENTITY: usize = 16;
export const RECORD_EPOCH: usize = 24;
export const RECORD_SEQUENCE: usize = 32;
export const RECORD_DURABLE: usize = 40;
export const RECORD_PREVIOUS: usize = 48;
export const RECORD_CHECKSUM: usize = 56;
export const RECORD_HEAD_BYTES: i32 = 64;
export const LOGGED_BATCH_HEAD_BYTES: i32 = 16;
/** A record has at most a quarter of the log, and at most this. */
export const RECORD_BYTES_MAX: i32 = 1 << 20;

export enum RecordKind {
  BATCHES = 1,
  MARK = 2,
  REST = 3,
}

/** Operations in a batch, at most. */
export const BATCH_OPERATIONS_MAX: i32 = 4096;

/** An operation of a batch, beside those of `BatchKind`: a value that was written before. */
export const PUT_ELSEWHERE: i32 = 4;
export const OPERATION_HEAD_BYTES: i32 = 8;

/** Bytes of an encoded operation's head: with the 8 bytes behind it if it has them. */
// @ts-ignore: decorator
@inline
export function operationHeadBytes(operation: usize): usize {
  const more = load<u8>(operation) == BatchKind.CONDITION || (load<u8>(operation, 1) & 1) != 0;
  return more ? 16 : 8;
}

/** Where the next operation begins. */
// @ts-ignore: decorator
@inline
export function afterOperation(operation: usize): usize {
  return (
    operation + operationHeadBytes(operation) + load<u16>(operation, 2) + load<u32>(operation, 4)
  );
}
