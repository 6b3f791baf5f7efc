/** Writes a value that is elsewhere, as its bytes come. */
import { setNumber, setReference, view, type Reference } from "./bytes.js";
import {
  EXTENT_BYTES,
  EXTENT_RECORD_BYTES,
  EXTENTS_AT,
  EXTENTS_PER_PAGE,
  PAGE_BYTES,
  PageKind,
} from "./layout.js";
import type { PageWriter } from "./page-writer.js";

export class ValueWriter {
  readonly #pages: PageWriter;
  readonly #extent = new Uint8Array(EXTENT_BYTES);
  #filled = 0;
  #page = new Uint8Array(PAGE_BYTES);
  #extents = 0;
  /** Value pages before the last one: they are written, but do not know their next page yet. */
  #written: number[] = [];

  constructor(pages: PageWriter) {
    this.#pages = pages;
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const taken = Math.min(EXTENT_BYTES - this.#filled, bytes.length - at);
      this.#extent.set(bytes.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === EXTENT_BYTES) this.#endExtent();
    }
  }

  /**
   * Ends the value, which has at least one byte, and makes ready for another.
   *
   * @returns its first value page; or its bytes, if all are in one extent
   */
  finish(): { readonly first: Reference; readonly isDirect: boolean } {
    if (this.#extents === 0 && this.#written.length === 0) {
      const first = this.#pages.append(this.#extent.subarray(0, this.#filled));
      this.#filled = 0;
      return { first, isDirect: true };
    }
    if (this.#filled > 0) this.#endExtent();
    let reference = this.#appendPage();
    // A reference has the checksum of what it leads to: backwards.
    for (const page of this.#written.reverse()) {
      this.#pages.read(page, this.#page);
      setReference(view(this.#page), EXTENTS_AT - 16, reference);
      reference = this.#pages.rewrite(page, this.#page);
    }
    this.#page = new Uint8Array(PAGE_BYTES);
    this.#written = [];
    return { first: reference, isDirect: false };
  }

  #endExtent(): void {
    if (this.#extents === EXTENTS_PER_PAGE) this.#written.push(this.#appendPage().page);
    const bytes = this.#extent.subarray(0, this.#filled);
    const { page, checksum } = this.#pages.append(bytes);
    const fields = view(this.#page);
    const at = EXTENTS_AT + this.#extents * EXTENT_RECORD_BYTES;
    setNumber(fields, at, page);
    fields.setUint32(at + 8, Math.ceil(bytes.length / PAGE_BYTES), true);
    fields.setUint32(at + 12, bytes.length, true);
    fields.setBigUint64(at + 16, checksum, true);
    this.#extents++;
    this.#filled = 0;
  }

  #appendPage(): Reference {
    view(this.#page).setUint16(2, this.#extents, true);
    const reference = this.#pages.appendPage(this.#page, PageKind.VALUE);
    this.#page = new Uint8Array(PAGE_BYTES);
    this.#extents = 0;
    return reference;
  }
}
