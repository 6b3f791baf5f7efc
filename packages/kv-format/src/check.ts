/** Checks a store from outside: everything that can be reached, and that the rest is free. */
import { compareBytes } from "./bytes.js";
import type { Entry } from "./cells.js";
import { ExpirySums, nameExpiryFaults, describeKey } from "./expiry.js";
import type { Source } from "./device.js";
import { EXPIRY_BYTES, Namespace, PAGE_BYTES, USER_KEY_BYTES_MAX } from "./layout.js";
import { readLog, type Change } from "./log.js";
import { compareMap, readMap } from "./map.js";
import { chooseMeta, type Meta } from "./meta.js";
import { leaves } from "./tree.js";
import { extents } from "./value.js";
import { hexadecimal, Visit } from "./visit.js";

export interface CheckReport {
  /** Damages, the first DAMAGES_MAX of them. None: the store is good. */
  readonly damages: readonly string[];
  readonly damageCount: number;
  /** What nothing depends on: meta pages that an interruption explains as well as damage does, and lost room. */
  readonly notes: readonly string[];
  readonly summary: CheckSummary;
}

export interface CheckSummary {
  readonly identity: string;
  readonly generation: string;
  /** Of the last batch, those in the log included. */
  readonly version: string;
  /** As the store would open: with the log. */
  readonly entries: number;
  /** Of them, those in the tree that expire. */
  readonly expiring: number;
  /** Bytes of keys, and of values, in the tree. */
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly storeBytes: number;
  /** In use by the tree, the meta pages and the log, or lost. */
  readonly usedBytes: number;
  readonly lostBytes: number;
  readonly freeBytes: number;
  /** Levels of the tree. */
  readonly depth: number;
  /** Bytes that the records take, of those that the log has. */
  readonly logBytes: number;
  readonly logCapacityBytes: number;
  readonly logRecords: number;
  readonly logBatches: number;
}

/** Damages that are kept; more are counted. */
export const DAMAGES_MAX = 100;

export interface CheckOptions {
  /** Told of the pages that were checked, of those in use. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Checks the store on a device. Bounded in time and memory whatever the device holds: no page is
 * visited twice, and there is a bit of memory for each.
 *
 * @throws NoStoreError when there is no store to check
 */
export function check(source: Source, options: CheckOptions = {}): CheckReport {
  const { meta, notes, damages: metaDamages } = chooseMeta(source);
  const damages: string[] = [...metaDamages];
  let damageCount = damages.length;
  const visit = new Visit(source, meta, ({ message }) => {
    damageCount++;
    if (damages.length < DAMAGES_MAX) damages.push(message);
  });
  let done = 0;
  visit.onProgress = (pages) => options.onProgress?.((done += pages), meta.usedPages);

  const log = readLog(source, meta);
  for (const { where, what } of log.damages) visit.report(where, what);
  // What was told up to here hides nothing of the tree.
  const before = visit.damages;
  const tree = new TreeCheck(visit, log.changes);
  tree.run();
  const maps = readMap(visit);
  const whole = visit.damages === before;
  const lost = compareMap(visit, maps, whole);
  const used = visit.claims.count + lost.pages;
  if (whole) compareTotals(visit, tree, used);
  for (const { value, unit } of log.changes)
    if (value !== null && "size" in value)
      for (const piece of extents(visit, value, `log unit ${unit}`)) void piece;

  return {
    damages,
    damageCount,
    notes: [...notes, ...lost.notes],
    summary: {
      identity: hexadecimal(meta.identity),
      generation: String(meta.generation),
      version: String(log.version),
      entries: tree.entries + tree.added,
      expiring: tree.expiry.count,
      keyBytes: tree.keyBytes,
      valueBytes: tree.valueBytes,
      storeBytes: meta.pages * PAGE_BYTES,
      usedBytes: used * PAGE_BYTES,
      lostBytes: lost.pages * PAGE_BYTES,
      freeBytes: (meta.pages - used) * PAGE_BYTES,
      depth: meta.levels,
      logBytes: log.bytes,
      logCapacityBytes: meta.logPages * PAGE_BYTES,
      logRecords: log.records,
      logBatches: log.batches,
    },
  };
}

function compareTotals(visit: Visit, tree: TreeCheck, used: number): void {
  const { meta } = visit;
  if (tree.entries !== meta.entries)
    visit.report("meta page", `it says ${meta.entries} entries, and there are ${tree.entries}`);
  if (used !== meta.usedPages)
    visit.report("meta page", `it says ${meta.usedPages} pages in use, and there are ${used}`);
  if (!tree.expiry.agree) nameExpiryFaults(visit);
}

/** Goes over all entries of the tree, beside the changes that the log makes to them. */
class TreeCheck {
  readonly #visit: Visit;
  readonly #meta: Meta;
  readonly #changes: readonly Change[];
  #nextChange = 0;
  readonly expiry = new ExpirySums();
  entries = 0;
  /** Entries that the log adds, less those it deletes. */
  added = 0;
  keyBytes = 0;
  valueBytes = 0;

  constructor(visit: Visit, changes: readonly Change[]) {
    this.#visit = visit;
    this.#meta = visit.meta;
    this.#changes = changes;
  }

  run(): void {
    for (const { page, entries } of leaves(this.#visit))
      for (const entry of entries)
        if (entry.key[0] === Namespace.EXPIRY.valueOf()) this.#expiryEntry(entry, page);
        else this.#userEntry(entry, page);
    this.#changesBefore(null);
  }

  #wrong(page: number, key: Uint8Array, what: string): void {
    this.#visit.report(`page ${page} (leaf)`, `key ${describeKey(key)}: ${what}`);
  }

  #expiryEntry({ key, version, expires, value }: Entry, page: number): void {
    if (key.length < 2 + EXPIRY_BYTES)
      this.#wrong(page, key, "it is too short for the expiry index");
    else if (
      version !== 0n ||
      expires !== null ||
      !(value instanceof Uint8Array) ||
      value.length > 0
    )
      this.#wrong(page, key, "an entry of the expiry index has a value, a version or an expiry");
    this.expiry.index(key);
  }

  #userEntry({ key, version, expires, value }: Entry, page: number): void {
    const userKey = key.subarray(1);
    if (key[0] !== Namespace.USER.valueOf())
      return this.#wrong(page, key, `there is no namespace ${key[0]}`);
    if (userKey.length < 1 || userKey.length > USER_KEY_BYTES_MAX)
      this.#wrong(page, userKey, `it has ${userKey.length} bytes`);
    if (version === 0n || version > this.#meta.version)
      this.#wrong(page, userKey, `version ${version}, and the store is at ${this.#meta.version}`);
    this.#changesBefore(userKey);
    this.entries++;
    this.keyBytes += userKey.length;
    if (expires !== null) this.expiry.entry(expires, userKey);
    if (value instanceof Uint8Array) {
      this.valueBytes += value.length;
    } else {
      this.valueBytes += value.size;
      for (const piece of extents(this.#visit, value, page)) void piece;
    }
  }

  /** Counts what the log does to keys up to this one, which is in the tree. */
  #changesBefore(userKey: Uint8Array | null): void {
    for (; this.#nextChange < this.#changes.length; this.#nextChange++) {
      const { key, value } = this.#changes[this.#nextChange]!;
      const order = userKey === null ? -1 : compareBytes(key, userKey);
      if (order > 0) return;
      if (order < 0 && value !== null) this.added++;
      if (order === 0 && value === null) this.added--;
    }
  }
}
