/**
 * Buffers for what a guest sends in bulk, used again once the host has taken it: made anew for each
 * frame, they would never be in a cache, and the collector would have a gigabyte a second to free.
 */
import { Limit } from "@phantasm/abi";

const PIECES_KEPT = 16;
/** Shorter ones would waste most of a buffer for as long as the host does not take them. */
const PIECE_BYTES_MIN = 32_768;

export class PiecePool {
  readonly #free: Buffer[] = [];

  /** A copy of `data`. */
  copy(data: Uint8Array): Buffer {
    const { length } = data;
    if (length < PIECE_BYTES_MIN) {
      const piece = Buffer.allocUnsafe(length);
      piece.set(data);
      return piece;
    }
    const whole = this.#free.pop() ?? Buffer.allocUnsafeSlow(Limit.FRAME_BYTES_MAX);
    whole.set(data);
    return whole.subarray(0, length);
  }

  /** Takes back what `copy` gave; nobody else may hold it any more. */
  giveBack(pieces: readonly Buffer[]): void {
    for (const piece of pieces) {
      if (piece.length < PIECE_BYTES_MIN || this.#free.length === PIECES_KEPT) continue;
      this.#free.push(Buffer.from(piece.buffer));
    }
  }

  /** Forgets what is free. */
  clear(): void {
    this.#free.length = 0;
  }
}
