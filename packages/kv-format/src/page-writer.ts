/** Gives out the pages of a new store one after another, and writes them in large pieces. */
import { setNumber, view, type Reference } from "./bytes.js";
import type { Device } from "./device.js";
import { PAGE_BYTES, type PageKind } from "./layout.js";
import { xxh64 } from "./xxh64.js";

const BUFFER_BYTES = 1_048_576;

/** The store is too small for what is put into it. */
export class FullError extends Error {
  override readonly name = "FullError";
}

export class PageWriter {
  readonly #device: Device;
  readonly #end: number;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #buffered = 0;
  #bufferPage: number;
  #next: number;

  /** Pages from `first` on; `end` is the first that must not be used. */
  constructor(device: Device, first: number, end: number) {
    this.#device = device;
    this.#next = first;
    this.#bufferPage = first;
    this.#end = end;
  }

  /** The page that is given out next. */
  get next(): number {
    return this.#next;
  }

  /** Writes bytes to new pages; the rest of the last one is 0. @throws FullError */
  append(bytes: Uint8Array): Reference {
    const page = this.#next;
    const pages = Math.ceil(bytes.length / PAGE_BYTES);
    if (page + pages > this.#end) throw new FullError("the store is full");
    const room = pages * PAGE_BYTES;
    if (this.#buffered + room > this.#buffer.length) this.flush();
    this.#next += pages;
    this.#buffer.set(bytes, this.#buffered);
    this.#buffer.fill(0, this.#buffered + bytes.length, this.#buffered + room);
    this.#buffered += room;
    return { page, checksum: xxh64(bytes, page) };
  }

  /** Completes the head of a page and writes it to a new place. */
  appendPage(bytes: Uint8Array, kind: PageKind): Reference {
    const fields = view(bytes);
    bytes[0] = kind;
    setNumber(fields, 8, this.#next);
    fields.setBigUint64(16, 1n, true);
    return this.append(bytes);
  }

  /** Writes a page again that was appended before. */
  rewrite(page: number, bytes: Uint8Array): Reference {
    this.flush();
    this.#device.write(bytes, page * PAGE_BYTES);
    return { page, checksum: xxh64(bytes, page) };
  }

  read(page: number, into: Uint8Array): void {
    this.flush();
    this.#device.read(into, page * PAGE_BYTES);
  }

  flush(): void {
    if (this.#buffered > 0)
      this.#device.write(this.#buffer.subarray(0, this.#buffered), this.#bufferPage * PAGE_BYTES);
    this.#bufferPage = this.#next;
    this.#buffered = 0;
  }
}
