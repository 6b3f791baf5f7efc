/** The changes of an overlay in memory: gone at the end. */
import type { BlockStatus } from "../types.js";
import type { Changes } from "./overlay.js";

/** Memory is taken this much at a time. */
const CHUNK_BYTES = 65_536;

interface Chunk {
  readonly bytes: Uint8Array;
  /** 1 for each sector that was written. */
  readonly written: Uint8Array;
}

export class MemoryChanges implements Changes {
  readonly #sectorBytes: number;
  readonly #chunkSectors: number;
  readonly #chunks = new Map<number, Chunk>();

  constructor(sectorBytes: number) {
    this.#sectorBytes = sectorBytes;
    this.#chunkSectors = CHUNK_BYTES / sectorBytes;
  }

  /** Bytes of memory in use. */
  get allocatedBytes(): number {
    return this.#chunks.size * CHUNK_BYTES;
  }

  coversAll(sector: number, sectors: number): boolean {
    for (let at = sector; at < sector + sectors; at++) if (this.#find(at) === null) return false;
    return true;
  }

  read(sector: number, sectors: number, memory: Uint8Array, pointer: number): BlockStatus {
    for (let at = 0; at < sectors; at++) {
      const bytes = this.#find(sector + at);
      if (bytes !== null) memory.set(bytes, pointer + at * this.#sectorBytes);
    }
    return "ok";
  }

  write(sector: number, data: Uint8Array): BlockStatus {
    const size = this.#sectorBytes;
    try {
      for (let done = 0; done < data.length; done += size) {
        const at = sector + done / size;
        const chunk = this.#chunkOf(Math.floor(at / this.#chunkSectors));
        const index = at % this.#chunkSectors;
        chunk.bytes.set(data.subarray(done, done + size), index * size);
        chunk.written[index] = 1;
      }
      return "ok";
    } catch (error) {
      // The machine has no memory for it.
      if (error instanceof RangeError && !/call stack/.test(error.message)) return "nospace";
      throw error;
    }
  }

  close(): void {
    this.#chunks.clear();
  }

  #find(sector: number): Uint8Array | null {
    const chunk = this.#chunks.get(Math.floor(sector / this.#chunkSectors));
    const index = sector % this.#chunkSectors;
    if (chunk?.written[index] !== 1) return null;
    return chunk.bytes.subarray(index * this.#sectorBytes, (index + 1) * this.#sectorBytes);
  }

  #chunkOf(index: number): Chunk {
    let chunk = this.#chunks.get(index);
    if (chunk === undefined) {
      chunk = {
        bytes: new Uint8Array(CHUNK_BYTES),
        written: new Uint8Array(this.#chunkSectors),
      };
      this.#chunks.set(index, chunk);
    }
    return chunk;
  }
}
