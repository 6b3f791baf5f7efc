/** Builds pages of a tree from cells in the order of their keys, from the leaves to the root. */
import { setReference, view, type Reference } from "./bytes.js";
import { HEAD_BYTES, INNER_CELL_HEAD_BYTES, PAGE_BYTES, PageKind } from "./layout.js";
import type { PageWriter } from "./page-writer.js";

/** Room that is left in each page, so that the first puts do not split them all. */
const SPARE_BYTES = 400;

/** A page of the tree that is being filled: cells grow down from its end, their offsets up from its head. */
class Filling {
  readonly bytes = new Uint8Array(PAGE_BYTES);
  #cells = 0;
  #lowest = PAGE_BYTES;

  get cells(): number {
    return this.#cells;
  }

  hasRoom(bytes: number): boolean {
    const slots = HEAD_BYTES + 2 * (this.#cells + 1);
    const spare = this.#cells === 0 ? 0 : SPARE_BYTES;
    return slots + bytes + spare <= this.#lowest;
  }

  add(cell: Uint8Array): void {
    this.#lowest -= cell.length;
    this.bytes.set(cell, this.#lowest);
    view(this.bytes).setUint16(HEAD_BYTES + 2 * this.#cells, this.#lowest, true);
    this.#cells++;
  }

  write(pages: PageWriter, kind: PageKind, level: number): Reference {
    const fields = view(this.bytes);
    this.bytes[1] = level;
    fields.setUint16(2, this.#cells, true);
    fields.setUint16(4, this.#lowest, true);
    return pages.appendPage(this.bytes, kind);
  }
}

/** Told of each leaf, with a key that is above all before it and not above its own. */
export interface LeafSink {
  leaf(separator: Uint8Array, reference: Reference): void;
}

export class LeafWriter {
  readonly #pages: PageWriter;
  readonly #sink: LeafSink;
  #filling: Filling | null = null;
  #separator = new Uint8Array(0);
  #last = new Uint8Array(0);

  constructor(pages: PageWriter, sink: LeafSink) {
    this.#pages = pages;
    this.#sink = sink;
  }

  /** @param key of the tree, above the one before */
  add(key: Uint8Array, cell: Uint8Array): void {
    if (this.#filling?.hasRoom(cell.length) !== true) {
      this.finish();
      this.#filling = new Filling();
      this.#separator = separatorOf(this.#last, key);
    }
    this.#filling.add(cell);
    this.#last = key.slice();
  }

  finish(): void {
    if (this.#filling === null) return;
    this.#sink.leaf(this.#separator, this.#filling.write(this.#pages, PageKind.LEAF, 0));
    this.#filling = null;
  }
}

/** The shortest key that is above `before` and not above `key`. */
function separatorOf(before: Uint8Array, key: Uint8Array): Uint8Array<ArrayBuffer> {
  let common = 0;
  while (common < before.length && before[common] === key[common]) common++;
  return key.slice(0, common + 1);
}

interface Cell {
  readonly key: Uint8Array;
  readonly reference: Reference;
}

/** One level of inner pages. A page waits for its last child, so that none has just one. */
class Level {
  cells: Cell[] = [];
  bytes = HEAD_BYTES;
  /** Pages written. */
  pages = 0;
}

export interface Root {
  readonly root: Reference;
  readonly levels: number;
}

/** The inner pages above leaves. */
export class InnerWriter implements LeafSink {
  readonly #pages: PageWriter;
  readonly #levels: Level[] = [];
  #leaves = 0;
  #first: Reference = { page: 0, checksum: 0n };

  constructor(pages: PageWriter) {
    this.#pages = pages;
  }

  leaf(separator: Uint8Array, reference: Reference): void {
    if (this.#leaves++ === 0) this.#first = reference;
    this.#add(1, { key: separator.slice(), reference });
  }

  finish(): Root {
    if (this.#leaves <= 1) return { root: this.#first, levels: this.#leaves };
    for (let level = 1; ; level++) {
      const open = this.#levels[level]!;
      const cells = open.cells.splice(0);
      const reference = this.#write(level, cells);
      if (open.pages === 1) return { root: reference, levels: level + 1 };
      this.#add(level + 1, { key: cells[0]!.key, reference });
    }
  }

  #add(level: number, cell: Cell): void {
    const open = (this.#levels[level] ??= new Level());
    const bytes = 2 + INNER_CELL_HEAD_BYTES + cell.key.length;
    if (open.bytes + bytes > PAGE_BYTES - SPARE_BYTES) {
      // The last one comes along: the new page has two from the beginning.
      const along = open.cells.pop()!;
      const cells = open.cells;
      open.cells = [along];
      open.bytes = HEAD_BYTES + 2 + INNER_CELL_HEAD_BYTES + along.key.length;
      this.#add(level + 1, { key: cells[0]!.key, reference: this.#write(level, cells) });
    }
    open.cells.push(cell);
    open.bytes += bytes;
  }

  #write(level: number, cells: readonly Cell[]): Reference {
    const filling = new Filling();
    for (const [at, { key, reference }] of cells.entries()) {
      // The key of the first is empty: nothing is below it here.
      const keyBytes = at === 0 ? 0 : key.length;
      const cell = new Uint8Array(INNER_CELL_HEAD_BYTES + keyBytes);
      view(cell).setUint16(0, keyBytes, true);
      setReference(view(cell), 8, reference);
      cell.set(key.subarray(0, keyBytes), INNER_CELL_HEAD_BYTES);
      filling.add(cell);
    }
    this.#levels[level]!.pages++;
    return filling.write(this.#pages, PageKind.INNER, level);
  }
}
