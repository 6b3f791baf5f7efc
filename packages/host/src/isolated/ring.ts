/**
 * Bytes from one thread to another through shared memory: one writer, one reader, a fixed size.
 *
 * A ring instead of messages, because what a guest has written must survive the end of its thread,
 * and because the bound then costs nothing: a full ring accepts no more.
 */
import { Limit } from "@phantasm/abi";

// Positions count all bytes ever, modulo 2^32; the capacity divides that.
const READ = 0;
const WRITTEN = 1;
/** 1: the writer was refused and wants to hear of room. */
const WRITER_WAITS = 2;
/** 1: the reader has been told of bytes and has not looked yet. */
const TOLD = 3;
const CLOSED = 4;
const HEADER_BYTES = 64;

export class ByteRing {
  readonly shared: SharedArrayBuffer;
  readonly #header: Int32Array;
  readonly #bytes: Uint8Array;

  /** A new ring, or the other end of one that came from the other thread. */
  constructor(shared = new SharedArrayBuffer(HEADER_BYTES + Limit.QUEUE_BYTES_MAX)) {
    this.shared = shared;
    this.#header = new Int32Array(shared, 0, HEADER_BYTES / 4);
    this.#bytes = new Uint8Array(shared, HEADER_BYTES);
  }

  /** Writer. Copies some of `bytes`; 0: it is full, and `consume` will say so. */
  write(bytes: Uint8Array): number {
    let room = this.#bytes.length - this.#used;
    if (room === 0) {
      Atomics.store(this.#header, WRITER_WAITS, 1);
      // The reader may have made room between the two looks, and then told nobody.
      room = this.#bytes.length - this.#used;
      if (room === 0) return 0;
    }
    const accepted = Math.min(room, bytes.length);
    const position = Atomics.load(this.#header, WRITTEN);
    const at = (position >>> 0) % this.#bytes.length;
    const first = Math.min(accepted, this.#bytes.length - at);
    this.#bytes.set(bytes.subarray(0, first), at);
    this.#bytes.set(bytes.subarray(first, accepted), 0);
    Atomics.store(this.#header, WRITTEN, (position + accepted) | 0);
    return accepted;
  }

  /** Writer. True once for each time the reader went to look: it must be told. */
  tell(): boolean {
    return Atomics.exchange(this.#header, TOLD, 1) === 0;
  }

  /** Writer. Nothing follows. */
  close(): void {
    Atomics.store(this.#header, CLOSED, 1);
  }

  /** Reader. Call before looking: from now on the writer tells of more. */
  look(): void {
    Atomics.store(this.#header, TOLD, 0);
  }

  /** Reader. What waits, as far as it lies in one piece; empty: nothing. Valid until `consume`. */
  peek(): Uint8Array {
    const at = (Atomics.load(this.#header, READ) >>> 0) % this.#bytes.length;
    return this.#bytes.subarray(at, Math.min(at + this.#used, this.#bytes.length));
  }

  /** Reader. Gives room back; true: the writer waits for it and must be told. */
  consume(bytes: number): boolean {
    Atomics.add(this.#header, READ, bytes);
    return Atomics.exchange(this.#header, WRITER_WAITS, 0) === 1;
  }

  /** Reader. True: nothing waits and nothing follows. */
  get ended(): boolean {
    return Atomics.load(this.#header, CLOSED) === 1 && this.#used === 0;
  }

  get #used(): number {
    return (Atomics.load(this.#header, WRITTEN) - Atomics.load(this.#header, READ)) >>> 0;
  }
}
