/** The map of free pages: read, and held against what is really in use. */
import { getReference, view, type Reference } from "./bytes.js";
import {
  MAP_AT,
  mapPagesOf,
  MAPS_PER_INDEX,
  PAGE_BYTES,
  PageKind,
  PAGES_PER_MAP,
  REFERENCE_BYTES,
} from "./layout.js";
import { xxh64 } from "./xxh64.js";
import { placeOf, type Visit } from "./visit.js";

/** A map page whose checksum fits. */
interface MapPage {
  readonly index: number;
  readonly reference: Reference;
}

/** Checks the pages of the map and claims them: they are in use too. */
export function readMap(visit: Visit): readonly MapPage[] {
  const { indexes, pages } = visit.meta;
  const page = new Uint8Array(PAGE_BYTES);
  const content = new Uint8Array(PAGE_BYTES);
  const found: MapPage[] = [];
  const total = mapPagesOf(pages);
  for (const [number, index] of indexes.entries()) {
    const origin = { kind: PageKind.INDEX, from: "the meta page" } as const;
    if (!visit.page(index, origin, page)) continue;
    const fields = view(page);
    const count = fields.getUint16(2, true);
    const expected = Math.min(MAPS_PER_INDEX, total - number * MAPS_PER_INDEX);
    if (count !== expected) {
      visit.report(
        placeOf(index.page, origin),
        `it has ${count} references, and ${expected} are expected`,
      );
      continue;
    }
    for (let at = 0; at < count; at++) {
      const reference = getReference(fields, MAP_AT + at * REFERENCE_BYTES);
      if (visit.page(reference, { kind: PageKind.MAP, from: index.page }, content))
        found.push({ index: number * MAPS_PER_INDEX + at, reference });
    }
  }
  return found;
}

/** What the map says that nothing else does. */
export interface LostRoom {
  readonly pages: number;
  /** Ranges of them, the first RANGES_MAX. */
  readonly notes: readonly string[];
}

const RANGES_MAX = 20;

/**
 * Tells where the map and the visit disagree, as ranges of pages. Pages in use to which nothing leads
 * are lost room, and no damage: a value leaves such that was removed when it could not be read any more.
 *
 * @param whole false: parts of the store could not be read, so pages may be in use that were not seen
 */
export function compareMap(visit: Visit, maps: readonly MapPage[], whole: boolean): LostRoom {
  const page = new Uint8Array(PAGE_BYTES);
  const notes: string[] = [];
  let pages = 0;
  for (const { index, reference } of maps) {
    // Again, instead of keeping them all.
    visit.source.read(page, reference.page * PAGE_BYTES);
    const where = placeOf(reference.page, { kind: PageKind.MAP, from: "an index page" });
    if (xxh64(page, reference.page) !== reference.checksum) {
      visit.report(where, "it changed while it was checked");
      continue;
    }
    const said = page.subarray(MAP_AT);
    const used = visit.claims.piece(index);
    if (Buffer.compare(said, used) === 0) continue;
    for (const { first, last, inUse } of differences(said, used)) {
      const from = index * PAGES_PER_MAP + first;
      const to = index * PAGES_PER_MAP + last;
      const range = from === to ? `page ${from}` : `pages ${from} to ${to}`;
      const map = `the map (page ${reference.page}) says`;
      if (inUse) {
        visit.report(range, `in use, and ${map} free`);
      } else if (to >= visit.meta.pages) {
        visit.report(range, `${map} in use, and the store has no such pages`);
      } else if (whole) {
        pages += to - from + 1;
        if (notes.length < RANGES_MAX)
          notes.push(`${range}: ${map} in use, and nothing leads there: lost room`);
      }
    }
  }
  return { pages, notes };
}

interface Difference {
  readonly first: number;
  readonly last: number;
  readonly inUse: boolean;
}

function* differences(said: Uint8Array, used: Uint8Array): Generator<Difference> {
  const bit = (bytes: Uint8Array, at: number): boolean => (bytes[at >> 3]! & (1 << (at & 7))) !== 0;
  for (let at = 0; at < PAGES_PER_MAP;) {
    if ((at & 7) === 0 && said[at >> 3] === used[at >> 3]) {
      at += 8;
      continue;
    }
    const inUse = bit(used, at);
    let end = at;
    while (end < PAGES_PER_MAP && bit(used, end) === inUse && bit(said, end) !== inUse) end++;
    if (end === at) {
      at++;
      continue;
    }
    yield { first: at, last: end - 1, inUse };
    at = end;
  }
}
