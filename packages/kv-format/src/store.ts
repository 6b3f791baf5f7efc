/** Reads a store as it would open: the tree, and over it the log. */
import { above, compareBytes, startsWith } from "./bytes.js";
import { treeKey, type Elsewhere, type Entry } from "./cells.js";
import type { Source } from "./device.js";
import { Namespace } from "./layout.js";
import { readLog, type Change, type Log } from "./log.js";
import { chooseMeta, type Meta } from "./meta.js";
import { leaves } from "./tree.js";
import { extents } from "./value.js";
import { stopAtDamage, Visit } from "./visit.js";

/** An entry as users know it. Valid until the next one. */
export interface StoredEntry {
  readonly key: Uint8Array;
  readonly version: bigint;
  readonly expires: bigint | null;
  /** Bytes of the value. */
  readonly size: number;
  /** The value if it lies in one piece, else null. */
  readonly inline: Uint8Array | null;
  /** The value in pieces of at most 128 KiB, each valid until the next. Throws Damage. At most once. */
  pieces(): Generator<Uint8Array>;
}

export class Store {
  readonly meta: Meta;
  readonly #source: Source;
  readonly #log: Log;

  /** @throws NoStoreError, or Damage of the log */
  constructor(source: Source) {
    this.#source = source;
    const { meta } = chooseMeta(source);
    this.meta = meta;
    this.#log = readLog(source, meta);
    const [damage] = this.#log.damages;
    if (damage !== undefined) throw damage;
  }

  /** Of the last batch. */
  get version(): bigint {
    return this.#log.version;
  }

  /** The entries whose keys begin with `prefix`, in the order of keys. Throws Damage. */
  *entries(prefix: Uint8Array = new Uint8Array(0)): Generator<StoredEntry> {
    const visit = new Visit(this.#source, this.meta, stopAtDamage);
    const changes = this.#log.changes.filter(({ key }) => startsWith(key, prefix));
    let next = 0;
    const low = treeKey(prefix);
    for (const { page, entries } of leaves(visit, { low, high: above(low) })) {
      for (const entry of entries) {
        if (!startsWith(entry.key, low)) continue;
        const key = entry.key.subarray(1);
        let replaced = false;
        for (; next < changes.length; next++) {
          const change = changes[next]!;
          const order = compareBytes(change.key, key);
          if (order > 0) break;
          replaced ||= order === 0;
          if (change.value !== null) yield changed(visit, change, change.value);
        }
        if (!replaced && entry.key[0] === Namespace.USER.valueOf())
          yield stored(visit, entry, page);
      }
    }
    for (; next < changes.length; next++) {
      const change = changes[next]!;
      if (change.value !== null) yield changed(visit, change, change.value);
    }
  }
}

function stored(visit: Visit, { key, version, expires, value }: Entry, page: number): StoredEntry {
  return { key: key.subarray(1), version, expires, ...content(visit, value, page) };
}

function changed(
  visit: Visit,
  { key, version, expires, unit }: Change,
  value: Uint8Array | Elsewhere,
): StoredEntry {
  return { key, version, expires, ...content(visit, value, `log unit ${unit}`) };
}

function content(
  visit: Visit,
  value: Uint8Array | Elsewhere,
  from: number | string,
): Pick<StoredEntry, "size" | "inline" | "pieces"> {
  if (value instanceof Uint8Array)
    return {
      size: value.length,
      inline: value,
      *pieces() {
        yield value;
      },
    };
  return { size: value.size, inline: null, pieces: () => extents(visit, value, from) };
}
