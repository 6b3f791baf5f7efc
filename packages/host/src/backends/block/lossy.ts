/**
 * A disk with a cache that only a flush empties, and that loses what is left in it: what guests that
 * forget to flush should be tried on. Killed, it loses all of it; closed, each sector with a chance.
 */
import type { BlockBackend, BlockCompletion, BlockRequest, BlockStatus } from "../types.js";
import { Completions } from "./completions.js";
import type { Dice } from "./dice.js";
import { WrappedDisk } from "./wrapped.js";

/** More is written to the disk without being asked for: a disk may do that at any time. */
const CACHE_BYTES_MAX = 16 * 2 ** 20;

export class LossyDisk extends WrappedDisk {
  readonly #chance: number;
  readonly #dice: Dice;
  readonly #cache = new Map<number, Uint8Array>();
  readonly #done = new Completions();
  /** Writes that no guest waits for. */
  readonly #own = new Set<BlockRequest>();
  /** Of the writes since the last flush. */
  #failure: BlockStatus | null = null;
  #closing: Promise<void> | null = null;

  /** @param disk carries out reads and writes at once, and any number of them */
  constructor(disk: BlockBackend, chance: number, dice: Dice) {
    super(disk);
    this.#chance = chance;
    this.#dice = dice;
  }

  override attach(wake: () => void): void {
    this.#done.attach(wake);
    super.attach(wake);
  }

  submit(request: BlockRequest): boolean {
    if (this.#closing !== null || this.readonly) return this.disk.submit(request);
    switch (request.operation) {
      case "write": {
        const size = this.sectorBytes;
        for (let done = 0; done < request.data.length; done += size)
          this.#cache.set(request.sector + done / size, request.data.slice(done, done + size));
        if (this.#cache.size * size > CACHE_BYTES_MAX) this.#writeBack();
        return this.#done.now(request, "ok");
      }
      case "flush":
        this.#writeBack();
        return this.disk.submit(request);
      case "discard":
        for (let at = 0; at < request.sectors; at++) this.#cache.delete(request.sector + at);
        return this.disk.submit(request);
      case "read":
        return this.disk.submit(request);
    }
  }

  complete(memory: Uint8Array): BlockCompletion | null {
    const completion = this.#done.take() ?? this.#next(memory);
    if (completion === null) return null;
    const { request, status } = completion;
    if (request.operation === "read" && status === "ok") this.#patch(request, memory);
    if (request.operation === "flush" && this.#failure !== null) {
      const failure = this.#failure;
      this.#failure = null;
      return { request, status: status === "ok" ? failure : status };
    }
    return completion;
  }

  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #close(): Promise<void> {
    for (const sector of [...this.#cache.keys()].sort((a, b) => a - b))
      if (this.#dice.falls(this.#chance)) this.#cache.delete(sector);
    this.#writeBack();
    this.#done.detach();
    return super.close();
  }

  /** Of the disk behind, without what is ours. */
  #next(memory: Uint8Array): BlockCompletion | null {
    for (;;) {
      const completion = this.disk.complete(memory);
      if (completion === null || !this.#own.delete(completion.request)) return completion;
      if (completion.status !== "ok") this.#failure = completion.status;
    }
  }

  #writeBack(): void {
    for (const [sector, data] of this.#cache) {
      const request = { operation: "write", sector, data, tag: 0 } as const;
      this.#own.add(request);
      this.disk.submit(request);
    }
    this.#cache.clear();
  }

  #patch(
    { sector, sectors, pointer }: BlockRequest & { operation: "read" },
    memory: Uint8Array,
  ): void {
    for (let at = 0; at < sectors; at++) {
      const bytes = this.#cache.get(sector + at);
      if (bytes !== undefined) memory.set(bytes, pointer + at * this.sectorBytes);
    }
  }
}
