/** What a store lies on. */
import { fsyncSync, readSync, writeSync } from "node:fs";

/** Reads; throws system errors. */
export interface Source {
  readonly bytes: number;
  /** Fills the whole array. */
  read(into: Uint8Array, position: number): void;
}

export interface Device extends Source {
  /** Writes the whole array. */
  write(from: Uint8Array, position: number): void;
  /** Returns when what was written is durable. */
  sync(): void;
}

/** The file ended before its size: somebody cuts it, or a device went away. */
export class ShortReadError extends Error {
  override readonly name = "ShortReadError";
}

/** An open file or block device. The caller closes it. */
export class FileDevice implements Device {
  readonly bytes: number;
  readonly #fd: number;

  constructor(fd: number, bytes: number) {
    this.#fd = fd;
    this.bytes = bytes;
  }

  read(into: Uint8Array, position: number): void {
    for (let done = 0; done < into.length;) {
      const count = readSync(this.#fd, into, done, into.length - done, position + done);
      if (count === 0) throw new ShortReadError(`the file ends at byte ${position + done}`);
      done += count;
    }
  }

  write(from: Uint8Array, position: number): void {
    for (let done = 0; done < from.length;)
      done += writeSync(this.#fd, from, done, from.length - done, position + done);
  }

  sync(): void {
    fsyncSync(this.#fd);
  }
}

/** For tests, and stores that came over a network. */
export class MemoryDevice implements Device {
  readonly content: Uint8Array;

  constructor(content: Uint8Array) {
    this.content = content;
  }

  get bytes(): number {
    return this.content.length;
  }

  read(into: Uint8Array, position: number): void {
    if (position + into.length > this.content.length)
      throw new ShortReadError(`the device ends at byte ${this.content.length}`);
    into.set(this.content.subarray(position, position + into.length));
  }

  write(from: Uint8Array, position: number): void {
    this.content.set(from, position);
  }

  sync(): void {
    // It has no cache.
  }
}
