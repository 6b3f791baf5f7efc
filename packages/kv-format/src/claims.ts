/** Which pages something was found in, so that nothing is counted twice and no cycle is followed. */
import { MAP_BYTES, PAGES_PER_MAP } from "./layout.js";

/** A bit a page, in pieces as large as a page of the map: a piece has memory when a page of it is claimed. */
export class Claims {
  readonly #pages: number;
  readonly #pieces: (Uint8Array | undefined)[] = [];
  #count = 0;

  constructor(pages: number) {
    this.#pages = pages;
  }

  /** Pages claimed. */
  get count(): number {
    return this.#count;
  }

  /** False, and nothing is claimed, when one of them was claimed before or lies outside of the store. */
  claim(first: number, pages = 1): boolean {
    if (!(first >= 0 && first + pages <= this.#pages)) return false;
    for (let page = first; page < first + pages; page++) if (this.has(page)) return false;
    for (let page = first; page < first + pages; page++) this.#set(page);
    this.#count += pages;
    return true;
  }

  has(page: number): boolean {
    const piece = this.#pieces[Math.floor(page / PAGES_PER_MAP)];
    const bit = page % PAGES_PER_MAP;
    return piece !== undefined && (piece[bit >> 3]! & (1 << (bit & 7))) !== 0;
  }

  /** The piece for map page number `index`, as it should be on the device. */
  piece(index: number): Uint8Array {
    return this.#pieces[index] ?? new Uint8Array(MAP_BYTES);
  }

  #set(page: number): void {
    const piece = (this.#pieces[Math.floor(page / PAGES_PER_MAP)] ??= new Uint8Array(MAP_BYTES));
    const bit = page % PAGES_PER_MAP;
    piece[bit >> 3]! |= 1 << (bit & 7);
  }
}
