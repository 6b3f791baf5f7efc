/** Segments that came before their turn: the link is in order, but what wraps it may not be. */
import { difference } from "./sequence.js";

/** At either limit a segment is dropped; the guest sends it again. */
export const OUT_OF_ORDER_BYTES_MAX = 262_144;
export const OUT_OF_ORDER_SEGMENTS_MAX = 128;

interface Piece {
  readonly sequence: number;
  readonly data: Uint8Array;
}

export class Reassembly {
  /** By sequence number. They may overlap. */
  readonly #pieces: Piece[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Copies a segment. False: no room. */
  add(sequence: number, data: Uint8Array): boolean {
    const pieces = this.#pieces;
    let at = pieces.length;
    while (at > 0 && difference(sequence, pieces[at - 1]?.sequence ?? 0) < 0) at--;
    const before = pieces[at - 1];
    if (before !== undefined) {
      // The same segment again.
      const into = difference(sequence, before.sequence);
      if (into + data.length <= before.data.length) return true;
    }
    if (pieces.length === OUT_OF_ORDER_SEGMENTS_MAX) return false;
    if (this.#bytes + data.length > OUT_OF_ORDER_BYTES_MAX) return false;
    pieces.splice(at, 0, { sequence, data: Uint8Array.from(data) });
    this.#bytes += data.length;
    return true;
  }

  /** The bytes that come next; null: they have not arrived. */
  take(next: number): Uint8Array | null {
    for (;;) {
      const piece = this.#pieces[0];
      if (piece === undefined) return null;
      const old = difference(next, piece.sequence);
      if (old < 0) return null;
      this.#pieces.shift();
      this.#bytes -= piece.data.length;
      if (old < piece.data.length) return piece.data.subarray(old);
    }
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#bytes = 0;
  }
}
