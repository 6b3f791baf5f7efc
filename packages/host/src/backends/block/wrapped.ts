/** A disk in front of another one: what middleware does not change, it passes on. */
import type { BlockBackend, BlockCompletion, BlockRequest } from "../types.js";

export abstract class WrappedDisk implements BlockBackend {
  readonly sectors: number;
  readonly sectorBytes: number;
  readonly readonly: boolean;
  readonly discards: boolean;
  readonly depth: number;
  /** The disk behind; owned, and closed with this one. */
  protected readonly disk: BlockBackend;

  constructor(disk: BlockBackend) {
    this.disk = disk;
    this.sectors = disk.sectors;
    this.sectorBytes = disk.sectorBytes;
    this.readonly = disk.readonly;
    this.discards = disk.discards;
    this.depth = disk.depth;
  }

  get notices(): readonly string[] {
    return this.disk.notices ?? [];
  }

  attach(wake: () => void): void {
    this.disk.attach(wake);
  }

  abstract submit(request: BlockRequest): boolean;
  abstract complete(memory: Uint8Array): BlockCompletion | null;

  close(): Promise<void> {
    return this.disk.close();
  }
}
