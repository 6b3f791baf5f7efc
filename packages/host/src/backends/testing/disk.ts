/** What the tests of disks share. */
import type { BlockBackend, BlockCompletion, BlockStatus } from "../types.js";
import { until } from "./frames.js";

/** A guest without a guest: one request at a time, or completions as they come. */
export class Disk {
  readonly backend: BlockBackend;
  wakes = 0;
  #tag = 1000;

  constructor(backend: BlockBackend) {
    this.backend = backend;
    backend.attach(() => this.wakes++);
  }

  /** Sectors of bytes that depend on a seed. */
  pattern(sectors: number, seed: number): Uint8Array {
    return new Uint8Array(sectors * this.backend.sectorBytes).map(
      (_, i) => (i * 131 + seed) & 0xff,
    );
  }

  /** Waits for `count` completions. */
  async completions(count: number): Promise<BlockCompletion[]> {
    const result: BlockCompletion[] = [];
    await until(`${count} completions`, () => {
      for (let next = this.backend.complete(); next !== null; next = this.backend.complete()) {
        result.push(next);
      }
      return result.length >= count;
    });
    return result;
  }

  /** Reads sectors; throws unless the status is "ok". */
  async read(sector: number, sectors: number): Promise<Uint8Array> {
    this.backend.submit({ operation: "read", sector, sectors, tag: this.#tag++, pointer: 0 });
    const [completion] = await this.completions(1);
    if (completion!.status !== "ok") throw new Error(`read: ${completion!.status}`);
    return Uint8Array.from(completion!.data!);
  }

  async write(sector: number, data: Uint8Array): Promise<BlockStatus> {
    this.backend.submit({ operation: "write", sector, data, tag: this.#tag++ });
    return (await this.completions(1))[0]!.status;
  }

  async discard(sector: number, sectors: number): Promise<BlockStatus> {
    this.backend.submit({ operation: "discard", sector, sectors, tag: this.#tag++ });
    return (await this.completions(1))[0]!.status;
  }

  async flush(): Promise<BlockStatus> {
    this.backend.submit({ operation: "flush", tag: this.#tag++ });
    return (await this.completions(1))[0]!.status;
  }
}
