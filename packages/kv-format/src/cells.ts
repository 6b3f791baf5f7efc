/** Pages of the tree, from bytes to entries and children. Everything is checked here, once. */
import { compareBytes, getNumber, getReference, view, type Reference } from "./bytes.js";
import {
  CellFlag,
  ELSEWHERE_BYTES,
  HEAD_BYTES,
  INNER_CELL_HEAD_BYTES,
  LEAF_CELL_BYTES_MAX,
  LEAF_CELL_HEAD_BYTES,
  Namespace,
  PAGE_BYTES,
  TREE_KEY_BYTES_MAX,
} from "./layout.js";

/** A value that is in pages of its own. */
export interface Elsewhere {
  readonly size: number;
  /** The first value page; of a sole extent, its bytes. */
  readonly first: Reference;
  readonly isDirect: boolean;
}

/** An entry of the tree, of either namespace. Views into the page. */
export interface Entry {
  /** The namespace's byte, and what follows. */
  readonly key: Uint8Array;
  readonly version: bigint;
  /** ns since 1970; null: never. */
  readonly expires: bigint | null;
  readonly value: Uint8Array | Elsewhere;
}

export interface Child {
  /** Empty: the first. */
  readonly key: Uint8Array;
  readonly reference: Reference;
}

/** Keys that a page may have: from `low` on, below `high` (null: no end). */
export interface Bounds {
  readonly low: Uint8Array;
  readonly high: Uint8Array | null;
}

/** Why the content of a page whose checksum fits cannot be: a mistake of the program that wrote it. */
export class Malformed extends Error {
  override readonly name = "Malformed";
}

function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Malformed(what);
}

/** Finds the cells of a page, and that they share no byte and leave none over. */
class Cells {
  readonly bytes: Uint8Array;
  readonly fields: DataView;
  readonly count: number;
  readonly #lowest: number;
  readonly #ranges: Float64Array;
  #found = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.fields = view(bytes);
    this.count = this.fields.getUint16(2, true);
    this.#lowest = this.fields.getUint16(4, true);
    const end = HEAD_BYTES + 2 * this.count;
    demand(this.count > 0, "it has no cells");
    demand(end <= PAGE_BYTES, `it has ${this.count} cells, more than fit`);
    demand(
      this.#lowest >= end && this.#lowest <= PAGE_BYTES,
      `its lowest cell is at byte ${this.#lowest}`,
    );
    this.#ranges = new Float64Array(this.count);
  }

  /** Offset of a cell whose head has so many bytes. */
  at(cell: number, headBytes: number): number {
    const at = this.fields.getUint16(HEAD_BYTES + 2 * cell, true);
    demand(at >= this.#lowest && at + headBytes <= PAGE_BYTES, `cell ${cell} is at byte ${at}`);
    return at;
  }

  took(at: number, bytes: number): void {
    demand(at + bytes <= PAGE_BYTES, `cell ${this.#found} reaches over the end of the page`);
    this.#ranges[this.#found++] = at * 2 * PAGE_BYTES + bytes;
  }

  checkRoom(): void {
    const ranges = this.#ranges.sort();
    let end = this.#lowest;
    let between = 0;
    for (const range of ranges) {
      const at = Math.floor(range / (2 * PAGE_BYTES));
      demand(at >= end, `two cells share byte ${at}`);
      between += at - end;
      end = at + (range % (2 * PAGE_BYTES));
    }
    between += PAGE_BYTES - end;
    const said = this.fields.getUint16(6, true);
    demand(
      between === said,
      `${between} bytes between its cells are used by none, and it says ${said}`,
    );
  }
}

function checkOrder(
  key: Uint8Array,
  before: Uint8Array | null,
  { low, high }: Bounds,
  cell: number,
): void {
  if (before !== null)
    demand(compareBytes(before, key) < 0, `the key of cell ${cell} is not above the one before it`);
  demand(
    compareBytes(low, key) <= 0,
    `the key of cell ${cell} belongs into a page before this one`,
  );
  if (high !== null)
    demand(
      compareBytes(key, high) < 0,
      `the key of cell ${cell} belongs into a page after this one`,
    );
}

/** @throws Malformed */
export function parseLeaf(bytes: Uint8Array, bounds: Bounds): readonly Entry[] {
  const cells = new Cells(bytes);
  const { fields } = cells;
  demand(fields.getUint8(1) === 0, `it is a leaf of level ${fields.getUint8(1)}`);
  const entries: Entry[] = [];
  let before: Uint8Array | null = null;
  for (let cell = 0; cell < cells.count; cell++) {
    const at = cells.at(cell, LEAF_CELL_HEAD_BYTES);
    const keyBytes = fields.getUint16(at, true);
    const flags = fields.getUint16(at + 2, true);
    const valueBytes = fields.getUint32(at + 4, true);
    const expires = (flags & CellFlag.EXPIRES) !== 0;
    const elsewhere = (flags & CellFlag.ELSEWHERE) !== 0;
    const isDirect = (flags & CellFlag.DIRECT) !== 0;
    demand(flags <= 7 && (elsewhere || !isDirect), `cell ${cell} has the flags ${flags}`);
    demand(
      keyBytes >= 1 && keyBytes <= TREE_KEY_BYTES_MAX,
      `cell ${cell}: ${keyBytes} bytes of key`,
    );
    const headBytes = LEAF_CELL_HEAD_BYTES + (expires ? 8 : 0);
    const cellBytes = headBytes + keyBytes + valueBytes;
    demand(cellBytes <= LEAF_CELL_BYTES_MAX, `cell ${cell} has ${cellBytes} bytes`);
    cells.took(at, cellBytes);
    const valueAt = at + headBytes + keyBytes;
    const key = bytes.subarray(at + headBytes, valueAt);
    checkOrder(key, before, bounds, cell);
    if (elsewhere)
      demand(valueBytes === ELSEWHERE_BYTES, `cell ${cell}: ${valueBytes} bytes of reference`);
    before = key;
    entries.push({
      key,
      version: fields.getBigUint64(at + 8, true),
      expires: expires ? fields.getBigUint64(at + 16, true) : null,
      value: elsewhere
        ? { size: getNumber(fields, valueAt), first: getReference(fields, valueAt + 8), isDirect }
        : bytes.subarray(valueAt, valueAt + valueBytes),
    });
  }
  cells.checkRoom();
  return entries;
}

/** @throws Malformed */
export function parseInner(bytes: Uint8Array, level: number, bounds: Bounds): readonly Child[] {
  const cells = new Cells(bytes);
  const { fields } = cells;
  demand(
    fields.getUint8(1) === level,
    `it is of level ${fields.getUint8(1)}, and ${level} is expected here`,
  );
  const children: Child[] = [];
  let before: Uint8Array | null = null;
  for (let cell = 0; cell < cells.count; cell++) {
    const at = cells.at(cell, INNER_CELL_HEAD_BYTES);
    const keyBytes = fields.getUint16(at, true);
    demand(keyBytes <= TREE_KEY_BYTES_MAX, `cell ${cell}: ${keyBytes} bytes of key`);
    demand(
      fields.getUint16(at + 2, true) === 0 && fields.getUint32(at + 4, true) === 0,
      `bytes 2 to 7 of cell ${cell} are not 0`,
    );
    cells.took(at, INNER_CELL_HEAD_BYTES + keyBytes);
    const keyAt = at + INNER_CELL_HEAD_BYTES;
    const key = bytes.subarray(keyAt, keyAt + keyBytes);
    demand((keyBytes === 0) === (cell === 0), `cell ${cell}: a key of ${keyBytes} bytes`);
    if (cell > 0) checkOrder(key, before, bounds, cell);
    before = key;
    children.push({ key, reference: getReference(fields, at + 8) });
  }
  cells.checkRoom();
  return children;
}

/** A key in the tree for what users call a key. */
export function treeKey(key: Uint8Array): Uint8Array {
  const made = new Uint8Array(1 + key.length);
  made[0] = Namespace.USER;
  made.set(key, 1);
  return made;
}
