/** A disk that is read from another and written elsewhere: copy on write, a sector at a time. */
import type { BlockBackend, BlockCompletion, BlockRequest, BlockStatus } from "../types.js";
import { Completions } from "./completions.js";
import { Flusher } from "./flusher.js";

/** Where an overlay keeps the sectors that were written. */
export interface Changes {
  /** Whether all of these sectors were written. */
  coversAll(sector: number, sectors: number): boolean;
  /** Puts those of these sectors that were written into `memory`, at their places from `pointer`. */
  read(sector: number, sectors: number, memory: Uint8Array, pointer: number): BlockStatus;
  /** Keeps whole sectors. `data` is the caller's. */
  write(sector: number, data: Uint8Array): BlockStatus;
  /** Makes what was written durable, off this thread. Absent: nothing here is. */
  readonly sync?: (done: (error: Error | null) => void) => void;
  close(): void;
}

export class OverlayDisk implements BlockBackend {
  readonly sectors: number;
  readonly sectorBytes: number;
  readonly readonly = false;
  /** What was discarded in the overlay would have to hide what lies below: nothing would be gained. */
  readonly discards = false;
  readonly depth: number;
  readonly #base: BlockBackend;
  readonly #changes: Changes;
  readonly #completions = new Completions();
  readonly #flusher: Flusher | null;
  #closed = false;
  #closing: Promise<void> | null = null;

  /** Takes over both. */
  constructor(base: BlockBackend, changes: Changes) {
    this.#base = base;
    this.#changes = changes;
    this.sectors = base.sectors;
    this.sectorBytes = base.sectorBytes;
    this.depth = base.depth;
    const { sync } = changes;
    this.#flusher =
      sync === undefined
        ? null
        : new Flusher(
            (done) => sync.call(changes, done),
            (request, status) => this.#completions.add(request, status),
          );
  }

  attach(wake: () => void): void {
    this.#completions.attach(wake);
    this.#base.attach(wake);
  }

  submit(request: BlockRequest): boolean {
    if (this.#closed) return this.#completions.now(request, "gone");
    if (this.#flusher?.failed === true) return this.#completions.now(request, "io");
    switch (request.operation) {
      case "read":
        if (this.#changes.coversAll(request.sector, request.sectors))
          return this.#completions.now(request, "ok");
        return this.#base.submit(request);
      case "write":
        return this.#completions.now(request, this.#changes.write(request.sector, request.data));
      case "flush":
        if (this.#flusher === null) return this.#completions.now(request, "ok");
        this.#flusher.flush(request);
        return false;
      case "discard":
        return this.#completions.now(request, "ok");
    }
  }

  complete(memory: Uint8Array): BlockCompletion | null {
    const completion = this.#completions.take() ?? this.#base.complete(memory);
    if (completion?.request.operation !== "read" || completion.status !== "ok") return completion;
    const { request } = completion;
    if (this.#closed) return { request, status: "gone" };
    const status = this.#changes.read(request.sector, request.sectors, memory, request.pointer);
    return status === "ok" ? completion : { request, status };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    await this.#flusher?.drained();
    this.#completions.detach();
    this.#changes.close();
    await this.#base.close();
  }
}
