/** Sizes, offsets and kinds of docs/reference/key-value-format.md, version 2. */

export const FORMAT_VERSION = 2;
/** Version 1 is the same without values of a sole extent. */
export const FORMAT_VERSION_MIN = 1;
export const PAGE_BYTES = 4096;
export const STORE_PAGES_MIN = 64;

export const META_MAGIC = 0x31564b544e414850n; // "PHANTKV1"
export const META_PAGES = 4;
export const META_CHECKED_BYTES = 4088;
export const MAP_INDEXES_AT = 160;
export const MAP_INDEXES_MAX = 224;

export const LOG_PAGES_MIN = 16;
export const LOG_PAGES_MAX = 4096;
export const LOG_UNIT_BYTES = [512, 4096] as const;
export type LogUnitBytes = (typeof LOG_UNIT_BYTES)[number];

export const REFERENCE_BYTES = 16;
/** What every page but the meta page begins with. */
export const HEAD_BYTES = 24;

export enum PageKind {
  LEAF = 1,
  INNER = 2,
  VALUE = 3,
  MAP = 4,
  INDEX = 5,
}

export const PAGE_KIND_NAMES: Readonly<Record<PageKind, string>> = {
  [PageKind.LEAF]: "leaf",
  [PageKind.INNER]: "inner",
  [PageKind.VALUE]: "value",
  [PageKind.MAP]: "map",
  [PageKind.INDEX]: "index",
};

/** First byte of a key in the tree. */
export enum Namespace {
  EXPIRY = 1,
  USER = 2,
}

export const USER_KEY_BYTES_MAX = 511;
export const TREE_KEY_BYTES_MAX = 520;
/** `u64` big-endian before the key of the user. */
export const EXPIRY_BYTES = 8;

export const LEAF_CELL_HEAD_BYTES = 16;
export const LEAF_CELL_BYTES_MAX = 1016;
export const INNER_CELL_HEAD_BYTES = 24;
export enum CellFlag {
  EXPIRES = 1,
  ELSEWHERE = 2,
  /** With ELSEWHERE: the reference leads to the bytes, which are in one extent. */
  DIRECT = 4,
}
/** `u64` size and a reference. */
export const ELSEWHERE_BYTES = 24;
export const ELSEWHERE_VALUE_BYTES_MAX = 2 ** 33;

export const LEVELS_MAX = 16;

export const EXTENTS_AT = 40;
export const EXTENT_RECORD_BYTES = 24;
export const EXTENTS_PER_PAGE = Math.floor((PAGE_BYTES - EXTENTS_AT) / EXTENT_RECORD_BYTES);
export const EXTENT_PAGES_MAX = 32;
export const EXTENT_BYTES = EXTENT_PAGES_MAX * PAGE_BYTES;

export const MAP_AT = 32;
export const MAP_BYTES = PAGE_BYTES - MAP_AT;
export const PAGES_PER_MAP = MAP_BYTES * 8;
export const MAPS_PER_INDEX = MAP_BYTES / REFERENCE_BYTES;
export const STORE_PAGES_MAX = MAP_INDEXES_MAX * MAPS_PER_INDEX * PAGES_PER_MAP;

export const RECORD_MAGIC = 0x524c4850; // "PHLR"
export const RECORD_HEAD_BYTES = 64;
export const RECORD_CHECKSUM_AT = 56;
/** A record has at most this, and at most a quarter of the ring. */
export const RECORD_BYTES_MAX = 1_048_576;
export enum RecordKind {
  BATCHES = 1,
  MARK = 2,
  REST = 3,
}

export const BATCH_HEAD_BYTES = 16;
export const OPERATION_HEAD_BYTES = 8;
export enum OperationKind {
  PUT = 1,
  DELETE = 2,
  PUT_ELSEWHERE = 4,
}

/** Largest value of an operation kind PUT. */
export const PUT_VALUE_BYTES_MAX = 65_536;

/** Pages of the log of a store of so many pages. */
export function logPagesOf(pages: number): number {
  return Math.min(LOG_PAGES_MAX, Math.max(LOG_PAGES_MIN, Math.floor(pages / 16)));
}

export function mapPagesOf(pages: number): number {
  return Math.ceil(pages / PAGES_PER_MAP);
}

export function indexPagesOf(pages: number): number {
  return Math.ceil(mapPagesOf(pages) / MAPS_PER_INDEX);
}
