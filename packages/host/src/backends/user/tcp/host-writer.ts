/** To the host: what the guest has sent, in order, given to the stream once a turn. */
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { LARGE_BYTES_MIN } from "../frame-queue.js";
import type { Slab, SlabPool } from "../slab.js";
import type { Sink } from "./receiver.js";

export class HostWriter implements Sink {
  readonly #stream: Duplex;
  readonly #slabs: SlabPool;
  readonly #taken: () => void;
  /** What goes to the host at the end of this turn, and the slabs in which some of it lies. */
  #pieces: Buffer[] = [];
  #kept: Slab[] = [];
  #piecesBytes = 0;
  #untaken = 0;

  /** @param taken called from the event loop: the host has taken some */
  constructor(stream: Duplex, slabs: SlabPool, taken: () => void) {
    this.#stream = stream;
    this.#slabs = slabs;
    this.#taken = taken;
  }

  /** Bytes that are kept for the host. */
  get bytes(): number {
    return this.#untaken + this.#piecesBytes;
  }

  /** Bytes of these that the stream was given. */
  get untaken(): number {
    return this.#untaken;
  }

  /** Bytes of these that the kernel does not have yet. */
  get waiting(): number {
    return this.#stream.writableLength + this.#piecesBytes;
  }

  deliver(data: Uint8Array, slab: Slab | null): void {
    const { length } = data;
    if (slab !== null && length >= LARGE_BYTES_MIN) {
      slab.kept = true;
      this.#kept.push(slab);
      this.#pieces.push(Buffer.from(data.buffer, data.byteOffset, length));
    } else {
      const piece = Buffer.allocUnsafe(length);
      piece.set(data);
      this.#pieces.push(piece);
    }
    this.#piecesBytes += length;
  }

  /** Hands the pieces of this turn to the stream, in one system call. */
  flush(): void {
    const pieces = this.#pieces;
    if (pieces.length === 0) return;
    const kept = this.#kept;
    const bytes = this.#piecesBytes;
    this.forget();
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return;
    this.#untaken += bytes;
    const last = pieces.length - 1;
    if (last > 0) stream.cork();
    for (let at = 0; at < last; at++) stream.write(pieces[at]);
    stream.write(pieces[last], (error) => this.#written(kept, bytes, error));
    if (last > 0) stream.uncork();
  }

  /** Nothing follows. */
  end(): void {
    this.flush();
    this.#stream.end();
  }

  /** Gives up what the stream was not given. */
  forget(): void {
    this.#pieces = [];
    this.#kept = [];
    this.#piecesBytes = 0;
  }

  /** The host has taken these, and all before them. */
  #written(kept: readonly Slab[], bytes: number, error?: Error | null): void {
    // What has failed may still be on its way to the kernel; any other stream may keep what it is given.
    if (!error && this.#stream instanceof Socket) for (const slab of kept) this.#slabs.give(slab);
    this.#untaken -= bytes;
    this.#taken();
  }
}
