/**
 * A disk in memory: zeros at first, gone when it is closed.
 *
 * Memory is taken 64 KiB at a time when it is first written, and given back on discard.
 */
import type { BlockBackend, BlockCompletion, BlockRequest } from "../types.js";
import { Completions } from "./completions.js";
import { DEPTH, SECTOR_BYTES_DEFAULT, sectorsOf, type SectorBytes } from "./geometry.js";

const PAGE_BYTES = 65_536;

export interface MemoryDiskOptions {
  readonly sectorBytes?: SectorBytes;
}

export class MemoryDisk implements BlockBackend {
  readonly sectors: number;
  readonly sectorBytes: SectorBytes;
  readonly readonly = false;
  readonly discards = true;
  readonly depth = DEPTH;
  readonly #pages = new Map<number, Uint8Array>();
  readonly #completions = new Completions();
  #closed = false;

  /** `bytes` is a multiple of the sector. Throws BackendError otherwise. */
  constructor(bytes: number, options: MemoryDiskOptions = {}) {
    this.sectorBytes = options.sectorBytes ?? SECTOR_BYTES_DEFAULT;
    this.sectors = sectorsOf("memory disk", bytes, this.sectorBytes);
  }

  /** Bytes of memory in use. */
  get allocatedBytes(): number {
    return this.#pages.size * PAGE_BYTES;
  }

  attach(wake: () => void): void {
    this.#completions.attach(wake);
  }

  submit(request: BlockRequest): void {
    if (this.#closed) {
      this.#completions.add(request, "gone");
      return;
    }
    switch (request.operation) {
      case "read":
        this.#read(request);
        break;
      case "write":
        this.#completions.add(request, this.#write(request) ? "ok" : "nospace");
        break;
      case "discard":
        this.#discard(request.sector * this.sectorBytes, request.sectors * this.sectorBytes);
        this.#completions.add(request, "ok");
        break;
      case "flush":
        this.#completions.add(request, "ok");
        break;
    }
  }

  complete(): BlockCompletion | null {
    return this.#completions.take();
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#completions.detach();
    this.#pages.clear();
    return Promise.resolve();
  }

  #read(request: BlockRequest & { operation: "read" }): void {
    let data: Uint8Array;
    try {
      data = new Uint8Array(request.sectors * this.sectorBytes);
    } catch {
      // The machine has no memory for the answer.
      this.#completions.add(request, "io");
      return;
    }
    this.#eachPage(request.sector * this.sectorBytes, data.length, (index, from, to, done) => {
      const page = this.#pages.get(index);
      if (page !== undefined) data.set(page.subarray(from, to), done);
    });
    this.#completions.add(request, "ok", data);
  }

  #write({ sector, data }: BlockRequest & { operation: "write" }): boolean {
    try {
      this.#eachPage(sector * this.sectorBytes, data.length, (index, from, to, done) => {
        let page = this.#pages.get(index);
        if (page === undefined) this.#pages.set(index, (page = new Uint8Array(PAGE_BYTES)));
        page.set(data.subarray(done, done + to - from), from);
      });
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  #discard(start: number, bytes: number): void {
    this.#eachPage(start, bytes, (index, from, to) => {
      if (to - from === PAGE_BYTES) this.#pages.delete(index);
      else this.#pages.get(index)?.fill(0, from, to);
    });
  }

  /** Calls `part` for each page of a range: its index, the bytes in it, and how many came before. */
  #eachPage(
    start: number,
    bytes: number,
    part: (index: number, from: number, to: number, done: number) => void,
  ): void {
    for (let done = 0; done < bytes;) {
      const from = (start + done) % PAGE_BYTES;
      const to = Math.min(PAGE_BYTES, from + bytes - done);
      part(Math.floor((start + done) / PAGE_BYTES), from, to, done);
      done += to - from;
    }
  }
}
