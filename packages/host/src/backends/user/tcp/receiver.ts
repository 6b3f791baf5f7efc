/** The receiving half: puts the guest's segments in order and keeps the window. No effects. */
import type { Packet } from "../packet.js";
import type { Slab } from "../slab.js";
import { Reassembly } from "./reassembly.js";
import { Flag, type Segment } from "./segment.js";
import { advance, difference } from "./sequence.js";

/** What the guest may send before the host has taken any of it. */
export const RECEIVE_BYTES_MAX = 1_048_576;
/** Our windows count in units of 32 bytes: enough for the above. */
export const RECEIVE_SCALE = 5;
const WINDOW_FIELD_MAX = 0xffff;

export interface Sink {
  /**
   * Takes bytes in order; they are valid only during the call, but in a slab that is kept (see `Slab`).
   *
   * @param slab they lie in it; null: in no slab
   */
  deliver(data: Uint8Array, slab: Slab | null): void;
}

export class Receiver {
  /** RCV.NXT */
  next: number;
  /** The guest's FIN has come, and all before it. */
  ended = false;
  readonly #scale: number;
  readonly #mss: number;
  readonly #reassembly = new Reassembly();
  /** The first sequence number the guest may not use. Never goes back (RFC 9293 §3.8.6). */
  #edge: number;
  #fin: number | null = null;

  /** @param scale null: windows are not scaled */
  constructor(sequence: number, mss: number, scale: number | null) {
    this.next = sequence;
    this.#mss = mss;
    this.#scale = scale ?? 0;
    this.#edge = advance(sequence, WINDOW_FIELD_MAX);
  }

  /** Bytes that wait for what comes before them. */
  get bytes(): number {
    return this.#reassembly.bytes;
  }

  /** Forgets what waits, as if it had been lost on the way (RFC 9293 §3.10.7.4 lets a receiver do so). */
  forget(): void {
    this.#reassembly.clear();
  }

  /** Delivers what is in order. True: the guest must be told where we are. */
  accept(segment: Segment, { bytes, slab }: Packet, sink: Sink): boolean {
    if (segment.span === 0) {
      // RFC 9293 §3.8.4: a keep-alive has an old sequence number and wants an answer.
      return difference(segment.sequence, this.next) < 0;
    }
    if (this.ended) return true;
    let { start, end, sequence } = segment;
    let fin = segment.has(Flag.FIN);
    const old = difference(this.next, sequence);
    if (old > 0) {
      if (old >= end - start + (fin ? 1 : 0)) return true;
      start += old;
      sequence = this.next;
    }
    const room = difference(this.#edge, sequence);
    if (end - start > room) {
      end = start + Math.max(room, 0);
      fin = false;
    }
    if (fin) this.#fin = advance(sequence, end - start);
    if (sequence === this.next) {
      this.#deliver(bytes.subarray(start, end), slab, sink);
    } else if (end > start && !this.#reassembly.add(sequence, bytes.subarray(start, end)) && fin) {
      this.#fin = null;
    }
    if (this.#fin === this.next) {
      this.ended = true;
      this.next = advance(this.next, 1);
      this.#reassembly.clear();
    }
    return true;
  }

  #deliver(data: Uint8Array, slab: Slab, sink: Sink): void {
    if (data.length > 0) sink.deliver(data, slab);
    this.next = advance(this.next, data.length);
    while (this.#reassembly.bytes > 0) {
      const piece = this.#reassembly.take(this.next);
      if (piece === null) return;
      sink.deliver(piece, null);
      this.next = advance(this.next, piece.length);
    }
  }

  /** The window field to send when `space` more bytes can be taken. */
  advertise(space: number): number {
    const edge = advance(this.next, Math.max(space, 0));
    // RFC 9293 §3.8.6.2.2: only in large steps.
    if (difference(edge, this.#edge) >= Math.min(this.#mss, RECEIVE_BYTES_MAX / 2)) {
      this.#edge = edge;
    }
    const window = Math.max(difference(this.#edge, this.next), 0) >>> this.#scale;
    if (window <= WINDOW_FIELD_MAX) return window;
    this.#edge = advance(this.next, WINDOW_FIELD_MAX << this.#scale);
    return WINDOW_FIELD_MAX;
  }

  /** Whether the guest should hear of more room although it has sent nothing. */
  worthTelling(space: number): boolean {
    if (this.ended) return false;
    const window = difference(this.#edge, this.next);
    const limit = Math.min(WINDOW_FIELD_MAX << this.#scale, RECEIVE_BYTES_MAX);
    const more = Math.min(space, limit) - window;
    return more >= Math.min(2 * this.#mss, limit / 2) || (window < this.#mss && more >= this.#mss);
  }
}
