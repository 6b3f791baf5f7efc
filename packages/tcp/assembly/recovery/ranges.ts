/**
 * Records of what is in flight: ranges of sequence numbers that have the same fate. In raw memory that all
 * connections share; one that has nothing in flight holds none.
 */

import { hasRoom } from "@phantasm/runtime/heap/room";

/** Records beyond the first of each connection, in the whole image: 40 bytes each. */
export const RANGES_MAX: i32 = 8192;

/** Records of one connection. */
export const RANGES_PER_CONNECTION_MAX: i32 = 256;

/** Of them, those that SACK blocks may not take: what is sent needs some, too. */
export const RANGES_RESERVED: i32 = 64;

const CHUNK_RANGES: i32 = 64;

export enum Fate {
  /** In flight, as far as is known. */
  SENT,
  /** The other side has it, and may still throw it away (RFC 2018 §8). */
  SACKED,
  /** Lost, and not yet sent again. */
  LOST,
}


@unmanaged
export class Range {
  start: u32;
  end: u32;
  /** When its last byte was sent last. */
  sentNs: i64;
  /** When its first byte was sent last. */
  sentFirstNs: i64;
  /** The one that begins where this one ends. */
  next: Range | null;
  fate: Fate;
  /** It was sent more than once. */
  isRetransmitted: bool;

  get bytes(): i32 {
    return <i32>(this.end - this.start);
  }
}

const CHUNK_BYTES: usize = <usize>CHUNK_RANGES * offsetof<Range>();


@final
class RangePool {
  private free: Range | null = null;
  private taken: i32 = 0;
  /** Times that a record was wanted and there was none. */
  exhausted: u64 = 0;

  /** Records in use. */
  get used(): i32 {
    return this.taken;
  }

  /** A record, undefined but for `next`. Null: too many are in use, or memory is full; not with `always`. */
  take(always: bool): Range | null {
    if (!always && this.taken >= RANGES_MAX) return null;
    let range = this.free;
    if (range === null) {
      if (!always && !hasRoom(CHUNK_BYTES)) return null;
      this.grow();
      range = this.free!;
    }
    this.free = range.next;
    range.next = null;
    this.taken++;
    return range;
  }

  give(range: Range): void {
    range.next = this.free;
    this.free = range;
    this.taken--;
  }

  private grow(): void {
    let at = heap.alloc(CHUNK_BYTES);
    for (let i = 0; i < CHUNK_RANGES; i++) {
      const range = changetype<Range>(at);
      range.next = this.free;
      this.free = range;
      at += offsetof<Range>();
    }
  }
}

/** Of all connections. */
export const ranges = new RangePool();
