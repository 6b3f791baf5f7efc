/**
 * The changes of an overlay in a file: kept from one boot to the next.
 *
 * | bytes            |                                                                       |
 * | ---------------- | --------------------------------------------------------------------- |
 * | 0 to 4095        | header: magic, version, sector, sectors, base, checksum                |
 * | from 4096        | a bit for each sector: it was written; padded to 4096                  |
 * | behind the bits  | the sectors, each at its place; what was never written is a hole       |
 *
 * Bits are set, never cleared, and reach the file only in a flush, after what they speak of is durable:
 * after a crash a sector is either as it was flushed, or as below. A torn page of bits is no different.
 */
import { fdatasync, writeSync } from "node:fs";
import { promisify } from "node:util";
import type { BlockStatus } from "../types.js";
import { readWhole, writeWhole, type DiskFile } from "./disk-file.js";
import type { Changes } from "./overlay.js";

export const PAGE_BYTES = 4096;
const PAGE_BITS = PAGE_BYTES * 8;

/** Where the sectors begin, and how long the file is. */
export function layoutOf(sectors: number, sectorBytes: number): { data: number; bytes: number } {
  const data = PAGE_BYTES + Math.ceil(sectors / PAGE_BITS) * PAGE_BYTES;
  return { data, bytes: data + sectors * sectorBytes };
}

export interface FileChangesOptions {
  readonly sectorBytes: number;
  readonly sectors: number;
  /** The bits, as the file has them, with their padding. */
  readonly bits: Uint8Array;
}

export class FileChanges implements Changes {
  readonly #file: DiskFile;
  readonly #fd: number;
  readonly #sectorBytes: number;
  readonly #data: number;
  readonly #bits: Uint8Array;
  /** Pages of bits that the file does not have yet. */
  #dirty = new Set<number>();

  /** Takes over the file; `fd` is its descriptor. */
  constructor(file: DiskFile, fd: number, { sectorBytes, sectors, bits }: FileChangesOptions) {
    this.#file = file;
    this.#fd = fd;
    this.#sectorBytes = sectorBytes;
    this.#data = layoutOf(sectors, sectorBytes).data;
    this.#bits = bits;
  }

  coversAll(sector: number, sectors: number): boolean {
    for (let at = sector; at < sector + sectors; at++) if (!this.#has(at)) return false;
    return true;
  }

  read(sector: number, sectors: number, memory: Uint8Array, pointer: number): BlockStatus {
    const size = this.#sectorBytes;
    for (let at = 0; at < sectors;) {
      if (!this.#has(sector + at)) {
        at++;
        continue;
      }
      let end = at + 1;
      while (end < sectors && this.#has(sector + end)) end++;
      const position = this.#data + (sector + at) * size;
      const status = readWhole(
        this.#file,
        memory,
        pointer + at * size,
        (end - at) * size,
        position,
      );
      if (status !== "ok") return status;
      at = end;
    }
    return "ok";
  }

  write(sector: number, data: Uint8Array): BlockStatus {
    const status = writeWhole(this.#file, data, this.#data + sector * this.#sectorBytes);
    if (status !== "ok") return status;
    const end = sector + data.length / this.#sectorBytes;
    for (let at = sector; at < end; at++) this.#set(at);
    return "ok";
  }

  sync(done: (error: Error | null) => void): void {
    this.#sync().then(
      () => done(null),
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
    );
  }

  close(): void {
    this.#file.close();
  }

  async #sync(): Promise<void> {
    // As of now: what is written while the data is on its way is for the next flush.
    const pages = [...this.#dirty].map((page) => {
      const from = page * PAGE_BYTES;
      return { from, bytes: this.#bits.slice(from, from + PAGE_BYTES) };
    });
    this.#dirty = new Set();
    const sync = promisify(fdatasync);
    await sync(this.#fd);
    if (pages.length === 0) return;
    for (const { from, bytes } of pages)
      writeSync(this.#fd, bytes, 0, PAGE_BYTES, PAGE_BYTES + from);
    await sync(this.#fd);
  }

  #has(sector: number): boolean {
    return ((this.#bits[Math.floor(sector / 8)] ?? 0) & (1 << (sector % 8))) !== 0;
  }

  #set(sector: number): void {
    if (this.#has(sector)) return;
    const at = Math.floor(sector / 8);
    this.#bits[at] = (this.#bits[at] ?? 0) | (1 << (sector % 8));
    this.#dirty.add(Math.floor(at / PAGE_BYTES));
  }
}
