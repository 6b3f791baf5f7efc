/**
 * Whether the expiry index has exactly the entries that expire.
 *
 * Keeping either would take memory without end, so each entry goes into a sum of checksums: equal sums
 * and counts mean equal sets. Only when they differ is every entry looked up, to name what is wrong.
 */
import { compareBytes, view } from "./bytes.js";
import type { Entry } from "./cells.js";
import { EXPIRY_BYTES, Namespace } from "./layout.js";
import { leaves } from "./tree.js";
import { Visit } from "./visit.js";
import { xxh64 } from "./xxh64.js";

/** Entries of the index that are named when they are wrong. */
const NAMED_MAX = 10;

/** The key in the index of an entry that expires. */
export function expiryKey(expires: bigint, userKey: Uint8Array): Uint8Array {
  const made = new Uint8Array(1 + EXPIRY_BYTES + userKey.length);
  made[0] = Namespace.EXPIRY;
  view(made).setBigUint64(1, expires);
  made.set(userKey, 1 + EXPIRY_BYTES);
  return made;
}

export class ExpirySums {
  #indexed = 0n;
  #expected = 0n;
  #indexedCount = 0;
  #expectedCount = 0;

  /** An entry of the index. */
  index(key: Uint8Array): void {
    this.#indexed += xxh64(key);
    this.#indexedCount++;
  }

  /** An entry that expires. */
  entry(expires: bigint, userKey: Uint8Array): void {
    this.#expected += xxh64(expiryKey(expires, userKey));
    this.#expectedCount++;
  }

  get count(): number {
    return this.#indexedCount;
  }

  get agree(): boolean {
    return this.#indexedCount === this.#expectedCount && this.#indexed === this.#expected;
  }
}

/** An entry by its key, or undefined. Every page on the way is checked again. */
function find(visit: Visit, key: Uint8Array): Entry | undefined {
  const again = new Visit(visit.source, visit.meta, () => undefined);
  const high = new Uint8Array(key.length + 1);
  high.set(key);
  for (const { entries } of leaves(again, { low: key, high }))
    for (const entry of entries) if (compareBytes(entry.key, key) === 0) return entry;
  return undefined;
}

/** Goes over the tree once more, and names the entries of which the other half is missing. */
export function nameExpiryFaults(visit: Visit): void {
  let named = 0;
  const again = new Visit(visit.source, visit.meta, () => undefined);
  for (const { page, entries } of leaves(again)) {
    for (const { key, expires } of entries) {
      if (named === NAMED_MAX) {
        visit.report("expiry index", "more of its entries are wrong");
        return;
      }
      if (key[0] === Namespace.EXPIRY.valueOf()) {
        const expected = view(key).getBigUint64(1);
        const userKey = key.subarray(1 + EXPIRY_BYTES);
        const other = find(visit, Buffer.concat([Buffer.of(Namespace.USER), userKey]));
        if (other?.expires === expected) continue;
        const says = other === undefined ? "is not there" : `has ${other.expires ?? "no expiry"}`;
        visit.report(
          `page ${page} (leaf)`,
          `the expiry index has ${expected} for the key ${describeKey(userKey)}, which ${says}`,
        );
        named++;
      } else if (expires !== null) {
        const userKey = key.subarray(1);
        if (find(visit, expiryKey(expires, userKey)) !== undefined) continue;
        visit.report(
          `page ${page} (leaf)`,
          `the key ${describeKey(userKey)} expires, and the expiry index does not have it`,
        );
        named++;
      }
    }
  }
}

const SHOWN_BYTES_MAX = 40;

/** A key for a message: text where it is plain, else hexadecimal. */
export function describeKey(key: Uint8Array): string {
  const shown = key.subarray(0, SHOWN_BYTES_MAX);
  const rest = key.length > shown.length ? "…" : "";
  const plain = shown.every((byte) => byte >= 0x20 && byte < 0x7f && byte !== 0x22);
  const text = Buffer.from(shown);
  return plain ? `"${text.toString("latin1")}${rest}"` : `0x${text.toString("hex")}${rest}`;
}
