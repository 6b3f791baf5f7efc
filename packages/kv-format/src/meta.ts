/** The meta page: four copies, of which the newest whole one counts. */
import { firstNonZero, getNumber, getReference, setNumber, setReference, view } from "./bytes.js";
import type { Reference } from "./bytes.js";
import { NoStoreError } from "./damage.js";
import type { Source } from "./device.js";
import {
  FORMAT_VERSION,
  FORMAT_VERSION_MIN,
  indexPagesOf,
  LEVELS_MAX,
  LOG_PAGES_MAX,
  LOG_PAGES_MIN,
  LOG_UNIT_BYTES,
  MAP_INDEXES_AT,
  MAP_INDEXES_MAX,
  META_CHECKED_BYTES,
  META_MAGIC,
  META_PAGES,
  PAGE_BYTES,
  REFERENCE_BYTES,
  STORE_PAGES_MAX,
  STORE_PAGES_MIN,
  type LogUnitBytes,
} from "./layout.js";
import { xxh64 } from "./xxh64.js";

export interface Meta {
  readonly identity: bigint;
  readonly generation: bigint;
  readonly pages: number;
  readonly logPages: number;
  readonly logUnitBytes: LogUnitBytes;
  readonly epoch: bigint;
  /** Unit of the ring with the first record that the tree does not contain. */
  readonly logPosition: number;
  readonly sequence: bigint;
  /** Checksum of the record before it. */
  readonly chain: bigint;
  readonly root: Reference;
  readonly levels: number;
  readonly entries: number;
  readonly version: bigint;
  readonly usedPages: number;
  readonly indexes: readonly Reference[];
}

export interface ChosenMeta {
  readonly meta: Meta;
  /** The page it was read from. */
  readonly page: number;
  /** Copies that do not count: an interrupted checkpoint leaves such, and so does damage. */
  readonly notes: readonly string[];
  /** What no interruption explains. */
  readonly damages: readonly string[];
}

/** Units of the ring. */
export function logUnits({ logPages, logUnitBytes }: Meta): number {
  return (logPages * PAGE_BYTES) / logUnitBytes;
}

export function encodeMeta(meta: Meta): Uint8Array {
  const bytes = new Uint8Array(PAGE_BYTES);
  const fields = view(bytes);
  fields.setBigUint64(0, META_MAGIC, true);
  fields.setUint32(8, FORMAT_VERSION, true);
  fields.setUint32(12, PAGE_BYTES, true);
  fields.setBigUint64(16, meta.identity, true);
  fields.setBigUint64(24, meta.generation, true);
  setNumber(fields, 32, meta.pages);
  fields.setUint32(40, meta.logPages, true);
  fields.setUint32(44, meta.logUnitBytes, true);
  fields.setBigUint64(48, meta.epoch, true);
  setNumber(fields, 56, meta.logPosition);
  fields.setBigUint64(64, meta.sequence, true);
  fields.setBigUint64(72, meta.chain, true);
  setReference(fields, 80, meta.root);
  fields.setUint32(96, meta.levels, true);
  fields.setUint32(100, meta.indexes.length, true);
  setNumber(fields, 104, meta.entries);
  fields.setBigUint64(112, meta.version, true);
  setNumber(fields, 120, meta.usedPages);
  for (const [at, reference] of meta.indexes.entries())
    setReference(fields, MAP_INDEXES_AT + at * REFERENCE_BYTES, reference);
  fields.setBigUint64(META_CHECKED_BYTES, xxh64(bytes.subarray(0, META_CHECKED_BYTES)), true);
  return bytes;
}

/** First of the two pages in which a generation lies. */
export function metaPageOf(generation: bigint): number {
  return Number(generation % 2n) * 2;
}

/** Why the copy in this page does not count; null when it does. */
function disqualified(bytes: Uint8Array, page: number): string | null {
  const fields = view(bytes);
  if (fields.getBigUint64(0, true) !== META_MAGIC)
    return firstNonZero(bytes) < 0 ? "blank" : "no copy of the meta page";
  const checksum = xxh64(bytes.subarray(0, META_CHECKED_BYTES));
  if (checksum !== fields.getBigUint64(META_CHECKED_BYTES, true))
    return "a copy of the meta page whose checksum does not fit";
  const generation = fields.getBigUint64(24, true);
  return metaPageOf(generation) === (page & 2)
    ? null
    : `a copy of generation ${generation}, which does not belong here`;
}

/** @throws NoStoreError when a field cannot be, although the checksum fits */
function parse(bytes: Uint8Array, devicePages: number): Meta {
  const fields = view(bytes);
  const demand = (holds: boolean, what: string): void => {
    if (!holds) throw new NoStoreError(`its meta page cannot be: ${what}`);
  };
  const format = fields.getUint32(8, true);
  if (format < FORMAT_VERSION_MIN || format > FORMAT_VERSION)
    throw new NoStoreError(
      `its format is version ${format}; this program knows versions ${FORMAT_VERSION_MIN} to ${FORMAT_VERSION}`,
    );
  const pages = getNumber(fields, 32);
  const logPages = fields.getUint32(40, true);
  const logUnitBytes = LOG_UNIT_BYTES.find((each) => each === fields.getUint32(44, true)) ?? 512;
  const root = getReference(fields, 80);
  const levels = fields.getUint32(96, true);
  const indexCount = fields.getUint32(100, true);
  demand(fields.getUint32(12, true) === PAGE_BYTES, "pages of another size");
  demand(pages >= STORE_PAGES_MIN && pages <= STORE_PAGES_MAX, `a store of ${pages} pages`);
  if (pages > devicePages)
    throw new NoStoreError(
      `the store has ${pages} pages and its device only ${devicePages}: the end was cut off`,
    );
  demand(
    logPages >= LOG_PAGES_MIN && logPages <= LOG_PAGES_MAX && META_PAGES + logPages < pages,
    `a log of ${logPages} pages`,
  );
  demand(logUnitBytes === fields.getUint32(44, true), "a log with units of another size");
  demand(levels <= LEVELS_MAX, `a tree of ${levels} levels`);
  demand((root.page === 0) === (levels === 0), `a tree of ${levels} levels at page ${root.page}`);
  demand(
    indexCount <= MAP_INDEXES_MAX && indexCount === indexPagesOf(pages),
    `${indexCount} index pages of the map for ${pages} pages`,
  );
  const end = MAP_INDEXES_AT + indexCount * REFERENCE_BYTES;
  demand(firstNonZero(bytes.subarray(128, MAP_INDEXES_AT)) < 0, "bytes 128 to 159 are not 0");
  demand(firstNonZero(bytes.subarray(end, META_CHECKED_BYTES)) < 0, `bytes from ${end} are not 0`);
  const meta: Meta = {
    identity: fields.getBigUint64(16, true),
    generation: fields.getBigUint64(24, true),
    pages,
    logPages,
    logUnitBytes,
    epoch: fields.getBigUint64(48, true),
    logPosition: getNumber(fields, 56),
    sequence: fields.getBigUint64(64, true),
    chain: fields.getBigUint64(72, true),
    root,
    levels,
    entries: getNumber(fields, 104),
    version: fields.getBigUint64(112, true),
    usedPages: getNumber(fields, 120),
    indexes: Array.from({ length: indexCount }, (_, at) =>
      getReference(fields, MAP_INDEXES_AT + at * REFERENCE_BYTES),
    ),
  };
  demand(meta.logPosition < logUnits(meta), `a log that begins at unit ${meta.logPosition}`);
  demand(meta.usedPages <= pages, `${meta.usedPages} of ${pages} pages in use`);
  return meta;
}

/** @throws NoStoreError when none counts, or the one that does cannot be */
export function chooseMeta(source: Source): ChosenMeta {
  const devicePages = Math.floor(source.bytes / PAGE_BYTES);
  if (devicePages < META_PAGES) throw new NoStoreError("it is too small to hold a store");
  const copies = Array.from({ length: META_PAGES }, (_, page) => {
    const bytes = new Uint8Array(PAGE_BYTES);
    source.read(bytes, page * PAGE_BYTES);
    const reason = disqualified(bytes, page);
    return { page, bytes, reason, generation: view(bytes).getBigUint64(24, true) };
  });
  const whole = copies.filter(({ reason }) => reason === null);
  if (whole.length === 0) {
    if (copies.every(({ reason }) => reason === "blank"))
      throw new NoStoreError("there is no store in it: pages 0 to 3 are blank");
    throw new NoStoreError(
      copies.some(({ reason }) => reason?.startsWith("a copy") === true)
        ? "no copy of its meta page is whole: the store cannot be opened"
        : "there is no store in it: pages 0 to 3 hold something else",
    );
  }
  const newest = whole.reduce((best, copy) => (copy.generation > best.generation ? copy : best));
  const damages: string[] = [];
  const notes: string[] = [];
  for (const [page, { bytes, reason }] of copies.entries()) {
    const twin = copies[page ^ 1]!;
    if (reason === null) {
      // Told once, at the second of a pair.
      const pair = page % 2 === 1 && twin.reason === null;
      if (pair && view(bytes).getBigUint64(24, true) === twin.generation)
        if (Buffer.compare(bytes, twin.bytes) !== 0)
          damages.push(`page ${page}: differs from its twin, page ${page ^ 1}`);
      continue;
    }
    // The first generation leaves the other pair as it was.
    if (reason === "blank" && newest.generation <= 1n && (page & 2) !== (newest.page & 2)) continue;
    notes.push(`page ${page}: ${reason}; page ${newest.page} serves`);
  }
  return { meta: parse(newest.bytes, devicePages), page: newest.page, notes, damages };
}
