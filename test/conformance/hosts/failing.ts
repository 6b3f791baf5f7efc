/** A disk on which every request fails. */
import type { BlockBackend, BlockCompletion, BlockRequest, BlockStatus } from "@phantasm/host";

export class FailingDisk implements BlockBackend {
  readonly sectors: number;
  readonly sectorBytes: number;
  readonly readonly = false;
  readonly discards = true;
  readonly depth: number;
  readonly #inner: BlockBackend;
  readonly #status: BlockStatus;

  /** @param inner a disk that works; owned by this one */
  constructor(inner: BlockBackend, status: BlockStatus) {
    this.#inner = inner;
    this.#status = status;
    this.sectors = inner.sectors;
    this.sectorBytes = inner.sectorBytes;
    this.depth = inner.depth;
  }

  attach(wake: () => void): void {
    this.#inner.attach(wake);
  }

  submit(request: BlockRequest): boolean {
    return this.#inner.submit(request);
  }

  complete(memory: Uint8Array): BlockCompletion | null {
    const completion = this.#inner.complete(memory);
    return completion && { ...completion, status: this.#status };
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
