/** What the tests of disks share. */
import type { BlockBackend, BlockCompletion, BlockRequest, BlockStatus } from "../types.js";
import { until } from "./frames.js";

/** A guest without a guest: one request at a time, or completions as they come. */
export class Disk {
  readonly backend: BlockBackend;
  wakes = 0;
  /** Where reads put their sectors. */
  readonly memory = new Uint8Array(2 ** 21);
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

  take(): BlockCompletion | null {
    return this.backend.complete(this.memory);
  }

  /** Waits for `count` completions. */
  async completions(count: number): Promise<BlockCompletion[]> {
    const result: BlockCompletion[] = [];
    await until(`${count} completions`, () => {
      for (let next = this.take(); next !== null; next = this.take()) {
        result.push(next);
      }
      return result.length >= count;
    });
    return result;
  }

  /** Reads sectors; throws unless the status is "ok". */
  async read(sector: number, sectors: number): Promise<Uint8Array> {
    const request = { operation: "read" as const, sector, sectors, tag: this.#tag++, pointer: 0 };
    const { status } = await this.#one(request);
    if (status !== "ok") throw new Error(`read: ${status}`);
    return this.memory.slice(0, sectors * this.backend.sectorBytes);
  }

  async write(sector: number, data: Uint8Array): Promise<BlockStatus> {
    return (await this.#one({ operation: "write", sector, data, tag: this.#tag++ })).status;
  }

  async discard(sector: number, sectors: number): Promise<BlockStatus> {
    return (await this.#one({ operation: "discard", sector, sectors, tag: this.#tag++ })).status;
  }

  async flush(): Promise<BlockStatus> {
    return (await this.#one({ operation: "flush", tag: this.#tag++ })).status;
  }

  async #one(request: BlockRequest): Promise<BlockCompletion> {
    this.backend.submit(request);
    const [completion] = await this.completions(1);
    if (completion?.request !== request) {
      throw new Error(`the completion of ${request.operation} ${request.tag} is another's`);
    }
    return completion;
  }
}
