/** Goes over the leaves of a tree in the order of their keys. */
import { compareBytes, type Reference } from "./bytes.js";
import { Malformed, parseInner, parseLeaf, type Bounds, type Child, type Entry } from "./cells.js";
import { PAGE_BYTES, PageKind } from "./layout.js";
import { placeOf, type Origin, type Visit } from "./visit.js";

export interface Leaf {
  readonly page: number;
  readonly entries: readonly Entry[];
}

const EVERYTHING: Bounds = { low: new Uint8Array(0), high: null };

/** A page of the tree whose children are being visited. */
interface Open {
  readonly page: number;
  readonly level: number;
  readonly bounds: Bounds;
  readonly children: readonly Child[];
  next: number;
}

/**
 * The leaves with keys of `wanted`; the first and the last of them may have others too. What a leaf
 * holds is valid until the next one.
 *
 * A page that is damaged is told to the visit, and left out with what is below it.
 */
export function* leaves(visit: Visit, wanted: Bounds = EVERYTHING): Generator<Leaf> {
  const { root, levels } = visit.meta;
  if (levels === 0) return;
  const buffers = Array.from({ length: levels }, () => new Uint8Array(PAGE_BYTES));
  const path: Open[] = [];
  let bounds = EVERYTHING;
  let reference: Reference = root;
  let origin: string | number = "the meta page";
  for (;;) {
    const level = path.length === 0 ? levels - 1 : path.at(-1)!.level - 1;
    const buffer = buffers[level]!;
    if (level === 0) {
      const entries = readLeaf(visit, reference, origin, buffer, bounds);
      if (entries !== null) yield { page: reference.page, entries };
    } else {
      const children = readInner(visit, reference, origin, buffer, level, bounds);
      if (children !== null) path.push({ page: reference.page, level, bounds, children, next: 0 });
    }
    const step = nextChild(path, wanted);
    if (step === null) return;
    ({ reference, bounds, origin } = step);
  }
}

interface Step {
  readonly reference: Reference;
  readonly bounds: Bounds;
  readonly origin: number;
}

/** The next child that may have wanted keys; leaves what has none any more. */
function nextChild(path: Open[], wanted: Bounds): Step | null {
  for (let open = path.at(-1); open !== undefined; open = path.at(-1)) {
    const child = open.children[open.next];
    if (child === undefined) {
      path.pop();
      continue;
    }
    open.next++;
    const low = child.key.length === 0 ? open.bounds.low : child.key;
    const high = open.children[open.next]?.key ?? open.bounds.high;
    if (wanted.high !== null && compareBytes(low, wanted.high) >= 0) continue;
    if (high !== null && compareBytes(high, wanted.low) <= 0) continue;
    return { reference: child.reference, bounds: { low, high }, origin: open.page };
  }
  return null;
}

function readLeaf(
  visit: Visit,
  reference: Reference,
  from: number | string,
  buffer: Uint8Array,
  bounds: Bounds,
): readonly Entry[] | null {
  const origin: Origin = { kind: PageKind.LEAF, from };
  if (!visit.page(reference, origin, buffer)) return null;
  return told(visit, reference, origin, () => parseLeaf(buffer, bounds));
}

function readInner(
  visit: Visit,
  reference: Reference,
  from: number | string,
  buffer: Uint8Array,
  level: number,
  bounds: Bounds,
): readonly Child[] | null {
  const origin: Origin = { kind: PageKind.INNER, from };
  if (!visit.page(reference, origin, buffer)) return null;
  return told(visit, reference, origin, () => parseInner(buffer, level, bounds));
}

function told<T>(visit: Visit, { page }: Reference, origin: Origin, parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    visit.report(placeOf(page, origin), error.message);
    return null;
  }
}
