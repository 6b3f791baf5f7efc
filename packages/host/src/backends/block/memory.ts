/**
 * A disk in memory: zeros at first, gone when it is closed.
 *
 * Memory is taken 64 KiB at a time when it is first written, and given back on discard.
 */
import type {
  BlockBackend,
  BlockCompletion,
  BlockRead,
  BlockRequest,
  BlockWrite,
} from "../types.js";
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

  submit(request: BlockRequest): boolean {
    if (this.#closed) return this.#completions.now(request, "gone");
    if (request.operation === "write")
      return this.#completions.now(request, this.#write(request) ? "ok" : "nospace");
    if (request.operation === "discard")
      this.#discard(request.sector * this.sectorBytes, request.sectors * this.sectorBytes);
    return this.#completions.now(request, "ok");
  }

  complete(memory: Uint8Array): BlockCompletion | null {
    const completion = this.#completions.take();
    if (completion?.request.operation === "read" && completion.status === "ok")
      this.#read(completion.request, memory);
    return completion;
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#completions.detach();
    this.#pages.clear();
    return Promise.resolve();
  }

  #read({ sector, sectors, pointer }: BlockRead, memory: Uint8Array): void {
    const bytes = sectors * this.sectorBytes;
    this.#eachPage(sector * this.sectorBytes, bytes, (index, from, to, done) => {
      const page = this.#pages.get(index);
      if (page !== undefined) memory.set(page.subarray(from, to), pointer + done);
      else memory.fill(0, pointer + done, pointer + done + to - from);
    });
  }

  #write({ sector, data }: BlockWrite): boolean {
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
