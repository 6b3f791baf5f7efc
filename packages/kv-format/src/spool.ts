/** A list of byte strings that may be longer than memory: what does not fit goes to a temporary file. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { view } from "./bytes.js";

const MEMORY_BYTES = 1_048_576;
const READ_BYTES = 65_536;
const READ_BYTES_MIN = 4096;
const LENGTH_BYTES = 4;

/** Appends, then reads from any place it was told. `close` in any case. */
export class Spool {
  #buffer = new Uint8Array(MEMORY_BYTES);
  #filled = 0;
  #written = 0;
  #fd: number | null = null;

  /** Bytes appended: a place from which to read. */
  get position(): number {
    return this.#written + this.#filled;
  }

  append(item: Uint8Array): void {
    if (this.#filled + LENGTH_BYTES + item.length > this.#buffer.length) this.#spill();
    view(this.#buffer).setUint32(this.#filled, item.length, true);
    this.#buffer.set(item, this.#filled + LENGTH_BYTES);
    this.#filled += LENGTH_BYTES + item.length;
  }

  /** The items between two places, each valid until the next. */
  *items(from: number, to: number, bufferBytes = READ_BYTES): Generator<Uint8Array> {
    const buffer = new Uint8Array(Math.max(READ_BYTES_MIN, bufferBytes));
    let start = from;
    let have = 0;
    const ensure = (at: number, bytes: number): number => {
      if (at + bytes > start + have) {
        start = at;
        have = Math.min(buffer.length, to - at);
        this.#read(buffer.subarray(0, have), at);
      }
      return at - start;
    };
    for (let at = from; at < to;) {
      const length = view(buffer).getUint32(ensure(at, LENGTH_BYTES), true);
      const offset = ensure(at, LENGTH_BYTES + length) + LENGTH_BYTES;
      yield buffer.subarray(offset, offset + length);
      at += LENGTH_BYTES + length;
    }
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #spill(): void {
    this.#fd ??= openTemporary();
    for (let done = 0; done < this.#filled;)
      done += writeSync(this.#fd, this.#buffer, done, this.#filled - done, this.#written + done);
    this.#written += this.#filled;
    this.#filled = 0;
  }

  #read(into: Uint8Array, at: number): void {
    let done = 0;
    while (this.#fd !== null && done < into.length && at + done < this.#written) {
      const wanted = Math.min(into.length - done, this.#written - at - done);
      const count = readSync(this.#fd, into, done, wanted, at + done);
      if (count === 0) throw new Error("the temporary file is shorter than what was written");
      done += count;
    }
    const from = at + done - this.#written;
    into.set(this.#buffer.subarray(from, from + into.length - done), done);
  }
}

/** A file without a name: it is gone with the process. */
function openTemporary(): number {
  const folder = mkdtempSync(join(tmpdir(), "phantasm-kv-"));
  try {
    return openSync(join(folder, "spool"), "wx+", 0o600);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
