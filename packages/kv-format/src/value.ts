/** Reads values that are elsewhere, an extent at a time. */
import { getNumber, getReference, view } from "./bytes.js";
import type { Elsewhere } from "./cells.js";
import {
  ELSEWHERE_VALUE_BYTES_MAX,
  EXTENT_BYTES,
  EXTENT_PAGES_MAX,
  EXTENT_RECORD_BYTES,
  EXTENTS_AT,
  EXTENTS_PER_PAGE,
  PAGE_BYTES,
  PageKind,
} from "./layout.js";
import { placeOf, unusedHead, type Visit } from "./visit.js";

/** Where a value page has the reference of the next one. */
const NEXT_AT = 24;

/**
 * The bytes of a value, in pieces of at most 128 KiB, each valid until the next one. Damage is told
 * to the visit; after it come no more pieces.
 *
 * @param from what refers to it
 */
export function* extents(
  visit: Visit,
  { size, first, isDirect }: Elsewhere,
  from: number | string,
): Generator<Uint8Array> {
  const page = new Uint8Array(PAGE_BYTES);
  const fields = view(page);
  const buffer = new Uint8Array(EXTENT_BYTES);
  let origin = from;
  let done = 0;
  const value = `value reached from ${typeof from === "number" ? `page ${from}` : from}`;
  if (isDirect) {
    if (size < 1 || size > EXTENT_BYTES) {
      visit.report(value, `it cannot be a sole extent of ${size} bytes`);
      return;
    }
    const piece = buffer.subarray(0, size);
    const place = `pages ${first.page} to ${first.page + Math.ceil(size / PAGE_BYTES) - 1} (${value})`;
    if (visit.read(first.page, piece, first.checksum, place)) yield piece;
    return;
  }
  // Or a chain that goes in a circle would be followed for very long.
  if (size > ELSEWHERE_VALUE_BYTES_MAX) {
    visit.report(value, `it cannot have ${size} bytes: ${ELSEWHERE_VALUE_BYTES_MAX} is the most`);
    return;
  }
  for (let next = first; ;) {
    if (next.page === 0) {
      if (done !== size) visit.report(value, `it has ${done} bytes, and ${size} are expected`);
      return;
    }
    const where = placeOf(next.page, { kind: PageKind.VALUE, from: origin });
    if (!visit.page(next, { kind: PageKind.VALUE, from: origin }, page)) return;
    const count = fields.getUint16(2, true);
    if (count < 1 || count > EXTENTS_PER_PAGE || page[1] !== 0 || !unusedHead(page, [4, 6])) {
      visit.report(where, `its head cannot be: ${count} extents`);
      return;
    }
    for (let extent = 0; extent < count; extent++) {
      const at = EXTENTS_AT + extent * EXTENT_RECORD_BYTES;
      const start = getNumber(fields, at);
      const pages = fields.getUint32(at + 8, true);
      const bytes = fields.getUint32(at + 12, true);
      // All but the last of a value fill their pages.
      const fills = bytes === pages * PAGE_BYTES || done + bytes === size;
      if (
        pages < 1 ||
        pages > EXTENT_PAGES_MAX ||
        Math.ceil(bytes / PAGE_BYTES) !== pages ||
        !fills
      ) {
        visit.report(where, `extent ${extent} cannot be: ${bytes} bytes in ${pages} pages`);
        return;
      }
      const piece = buffer.subarray(0, bytes);
      const place = `pages ${start} to ${start + pages - 1} (extent ${extent} of page ${next.page})`;
      if (!visit.read(start, piece, fields.getBigUint64(at + 16, true), place, pages)) return;
      done += bytes;
      yield piece;
    }
    origin = next.page;
    next = getReference(fields, NEXT_AT);
  }
}
