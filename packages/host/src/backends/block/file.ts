/**
 * A disk in a file or a block device.
 *
 * Reads and writes are synchronous and go through the page cache: that is 40 times faster than
 * asking a thread when the data is cached, which it usually is. A flush is fdatasync on another
 * thread. Discards are accepted and ignored: Node cannot punch a hole, and writing zeros would take
 * space instead of giving it back.
 */
import { closeSync, fdatasync, readSync, writeSync } from "node:fs";
import { errorCode } from "../error.js";
import type { BlockBackend, BlockCompletion, BlockRequest, BlockStatus } from "../types.js";
import { Completions } from "./completions.js";
import { DEPTH, type SectorBytes } from "./geometry.js";

/** What a file disk asks of the file. Tests put failures here. */
export interface DiskFile {
  /** As pread(2): may be short, 0 at the end of the file. Throws system errors. */
  read(into: Uint8Array, offset: number, length: number, position: number): number;
  /** As pwrite(2): may be short. Throws system errors. */
  write(from: Uint8Array, offset: number, length: number, position: number): number;
  /** As fdatasync(2), off this thread. */
  sync(done: (error: Error | null) => void): void;
  /** Closes the file and ends its lock. */
  close(): void;
}

/** The file behind a descriptor. */
export function descriptorFile(fd: number, close: () => void = () => closeSync(fd)): DiskFile {
  return {
    read: (into, offset, length, position) => readSync(fd, into, offset, length, position),
    write: (from, offset, length, position) => writeSync(fd, from, offset, length, position),
    sync: (done) => fdatasync(fd, done),
    close,
  };
}

export interface FileDiskOptions {
  readonly sectors: number;
  readonly sectorBytes: SectorBytes;
  readonly readonly: boolean;
}

export class FileDisk implements BlockBackend {
  readonly sectors: number;
  readonly sectorBytes: SectorBytes;
  readonly readonly: boolean;
  readonly discards = false;
  readonly depth = DEPTH;
  readonly #file: DiskFile;
  readonly #completions = new Completions();
  /** Flushes that the running fdatasync covers, and those that came after it began. */
  #syncing: BlockRequest[] = [];
  #waiting: BlockRequest[] = [];
  #failed = false;
  #closed = false;
  #idle: (() => void) | null = null;
  #closing: Promise<void> | null = null;

  /** Takes over the file. */
  constructor(file: DiskFile, options: FileDiskOptions) {
    this.#file = file;
    this.sectors = options.sectors;
    this.sectorBytes = options.sectorBytes;
    this.readonly = options.readonly;
  }

  attach(wake: () => void): void {
    this.#completions.attach(wake);
  }

  submit(request: BlockRequest): void {
    if (this.#closed) {
      this.#completions.add(request, "gone");
    } else if (this.#failed) {
      this.#completions.add(request, "io");
    } else if (request.operation === "flush") {
      this.#waiting.push(request);
      if (this.#syncing.length === 0) this.#sync();
    } else if (request.operation === "read") {
      this.#read(request);
    } else if (this.readonly) {
      this.#completions.add(request, "io");
    } else if (request.operation === "write") {
      this.#completions.add(request, this.#write(request));
    } else {
      this.#completions.add(request, "ok");
    }
  }

  complete(): BlockCompletion | null {
    return this.#completions.take();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    if (this.#syncing.length > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#completions.detach();
    this.#file.close();
  }

  #read(request: BlockRequest & { operation: "read" }): void {
    const length = request.sectors * this.sectorBytes;
    const position = request.sector * this.sectorBytes;
    try {
      // Not from the pool: the buffer is handed over whole. Never seen unless all of it was read.
      const data = Buffer.allocUnsafeSlow(length);
      for (let done = 0; done < length;) {
        const count = retried(() => this.#file.read(data, done, length - done, position + done));
        // Somebody cut the file short.
        if (count === 0) throw new RangeError("end of file");
        done += count;
      }
      this.#completions.add(request, "ok", data);
    } catch {
      this.#completions.add(request, "io");
    }
  }

  #write({ sector, data }: BlockRequest & { operation: "write" }): BlockStatus {
    const position = sector * this.sectorBytes;
    try {
      for (let done = 0; done < data.length;) {
        const count = retried(() =>
          this.#file.write(data, done, data.length - done, position + done),
        );
        if (count === 0) return "io";
        done += count;
      }
      return "ok";
    } catch (error) {
      return statusOf(error);
    }
  }

  /**
   * One fdatasync at a time, for all flushes that wait: a guest that queues flushes does not occupy
   * the process's threads. A flush waits for one that begins after it, so writes before it are covered.
   */
  #sync(): void {
    this.#syncing = this.#waiting;
    this.#waiting = [];
    this.#file.sync((error) => {
      const done = this.#syncing;
      this.#syncing = [];
      // After a failure the kernel forgets the dirty pages: a later sync would succeed and lie.
      if (error !== null) this.#failed = true;
      const status = error === null ? "ok" : statusOf(error);
      for (const request of done) this.#completions.add(request, status);
      if (this.#failed) {
        for (const request of this.#waiting) this.#completions.add(request, "io");
        this.#waiting = [];
      }
      if (this.#waiting.length > 0) this.#sync();
      else this.#idle?.();
    });
  }
}

function statusOf(error: unknown): BlockStatus {
  const code = errorCode(error);
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG" ? "nospace" : "io";
}

/** A signal may interrupt a call on some file systems. */
function retried(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (errorCode(error) !== "EINTR") throw error;
    }
  }
}
