/** What disks in a file have in common: how they answer what needs no data, and how they end. */
import type { BlockBackend, BlockCompletion, BlockRequest } from "../types.js";
import type { BlockFlush, BlockRead, BlockWrite } from "../types.js";
import { Completions } from "./completions.js";
import type { DiskFile } from "./disk-file.js";
import { Flusher } from "./flusher.js";
import { DEPTH, type SectorBytes } from "./geometry.js";
import { Pending } from "./pending.js";
import { statusOf } from "./status.js";

export interface FileDiskOptions {
  readonly sectors: number;
  readonly sectorBytes: SectorBytes;
  readonly readonly: boolean;
}

/** A flush is fdatasync on another thread, a discard punches a hole on one. */
export abstract class DiskOnFile implements BlockBackend {
  readonly sectors: number;
  readonly sectorBytes: SectorBytes;
  readonly readonly: boolean;
  readonly discards: boolean;
  readonly depth = DEPTH;
  protected readonly file: DiskFile;
  protected readonly completions = new Completions();
  protected readonly flusher: Flusher;
  protected closed = false;
  readonly #punching = new Pending();
  #closing: Promise<void> | null = null;

  /** Takes over the file. */
  constructor(file: DiskFile, options: FileDiskOptions) {
    this.file = file;
    this.sectors = options.sectors;
    this.sectorBytes = options.sectorBytes;
    this.readonly = options.readonly;
    this.discards = !options.readonly && file.punch !== undefined;
    this.flusher = new Flusher(
      (done) => file.sync(done),
      (request, status) => this.completions.add(request, status),
    );
  }

  attach(wake: () => void): void {
    this.completions.attach(wake);
  }

  submit(request: BlockRequest): boolean {
    if (this.closed) return this.completions.now(request, "gone");
    if (this.flusher.failed) return this.completions.now(request, "io");
    switch (request.operation) {
      case "read":
        return this.read(request);
      case "write":
        return this.readonly ? this.completions.now(request, "io") : this.write(request);
      case "flush":
        this.flush(request);
        return false;
      case "discard": {
        if (this.readonly) return this.completions.now(request, "io");
        if (this.file.punch === undefined) return this.completions.now(request, "ok");
        this.#punching.begin();
        const position = request.sector * this.sectorBytes;
        this.file.punch(position, request.sectors * this.sectorBytes, (error) => {
          this.completions.add(request, error === null ? "ok" : statusOf(error));
          this.#punching.end();
        });
        return false;
      }
    }
  }

  abstract complete(memory: Uint8Array): BlockCompletion | null;

  /** True: it is complete, as `submit` says. */
  protected abstract read(request: BlockRead): boolean;
  protected abstract write(request: BlockWrite): boolean;
  /** Hands it to the flusher, once all writes before it have been taken by the kernel. */
  protected abstract flush(request: BlockFlush): void;
  /** Resolves when no read or write is under way; none will begin. */
  protected abstract settled(): Promise<void>;

  /** Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.closed = true;
    await Promise.all([this.settled(), this.#punching.drained()]);
    // The last write has started the flushes that waited for it.
    await this.flusher.drained();
    this.completions.detach();
    this.file.close();
  }
}
