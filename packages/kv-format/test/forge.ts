/** Changes pages of a store and makes every checksum above them fit again: what only a mistake or malice does. */
import { getReference, setReference, view } from "../src/bytes.js";
import type { MemoryDevice } from "../src/device.js";
import {
  HEAD_BYTES,
  MAP_AT,
  MAP_INDEXES_AT,
  META_CHECKED_BYTES,
  PAGE_BYTES,
  PageKind,
} from "../src/layout.js";
import { chooseMeta } from "../src/meta.js";
import { xxh64 } from "../src/xxh64.js";

export function pageOf({ content }: MemoryDevice, page: number): Uint8Array {
  return content.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
}

/** Where a page has references of others. */
function referencesIn(bytes: Uint8Array): number[] {
  const fields = view(bytes);
  const count = Math.min(fields.getUint16(2, true), (PAGE_BYTES - HEAD_BYTES) / 2);
  if (bytes[0] === PageKind.INDEX.valueOf())
    return Array.from({ length: count }, (_, at) => MAP_AT + at * 16);
  if (bytes[0] !== PageKind.INNER.valueOf()) return [];
  return Array.from(
    { length: count },
    (_, at) => fields.getUint16(HEAD_BYTES + 2 * at, true) + 8,
  ).filter((at) => at + 16 <= PAGE_BYTES);
}

/** Makes the checksums of a page's references fit, from the bottom up; each page below once. */
function mend(
  device: MemoryDevice,
  bytes: Uint8Array,
  offsets: readonly number[],
  seen = new Set<number>(),
): void {
  for (const at of offsets) {
    if (at + 16 > PAGE_BYTES) return;
    const { page } = getReference(view(bytes), at);
    if (page === 0 || (page + 1) * PAGE_BYTES > device.bytes) continue;
    const below = pageOf(device, page);
    if (!seen.has(page)) {
      seen.add(page);
      mend(device, below, referencesIn(below), seen);
    }
    setReference(view(bytes), at, { page, checksum: xxh64(below, page) });
  }
}

/** Makes the checksums of the whole store fit, but those of values. */
export function forge(
  device: MemoryDevice,
  change: (meta: Uint8Array) => void = () => undefined,
): void {
  const { page } = chooseMeta(device);
  const meta = pageOf(device, page);
  change(meta);
  const indexes = view(meta).getUint32(100, true);
  mend(device, meta, [
    80,
    ...Array.from({ length: Math.min(indexes, 224) }, (_, at) => MAP_INDEXES_AT + at * 16),
  ]);
  view(meta).setBigUint64(META_CHECKED_BYTES, xxh64(meta.subarray(0, META_CHECKED_BYTES)), true);
  pageOf(device, page ^ 1).set(meta);
}
