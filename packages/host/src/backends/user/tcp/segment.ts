/** The header of a TCP segment (RFC 9293 §3.1), read from a packet that was checked. */
import type { Packet } from "../packet.js";

export const Flag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16 } as const;

export const TCP_HEADER_BYTES = 20;

/** RFC 9293 §3.7.1: what the other side takes when it does not say. */
const MSS_DEFAULT_4 = 536;
const MSS_DEFAULT_6 = 1220;
const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;
const MAXIMUM_SEGMENT_SIZE = 2;
const WINDOW_SCALE = 3;
/** RFC 7323 §2.3. */
const SCALE_MAX = 14;

/** What a SYN says beside its numbers. */
export interface SynOptions {
  readonly mss: number;
  /** Null: windows are not scaled, ours neither (RFC 7323 §2.2). */
  readonly scale: number | null;
}

/** One object for all segments, one after the other. */
export class Segment {
  sequence = 0;
  acknowledgement = 0;
  flags = 0;
  /** Not scaled. */
  window = 0;
  /** Where the payload lies in the packet. */
  start = 0;
  end = 0;

  read({ view, start, end }: Packet): void {
    this.sequence = view.getUint32(start + 4);
    this.acknowledgement = view.getUint32(start + 8);
    const word = view.getUint16(start + 12);
    this.flags = word & 0x3f;
    this.window = view.getUint16(start + 14);
    this.start = start + (word >> 12) * 4;
    this.end = end;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  get bytes(): number {
    return this.end - this.start;
  }

  /** Sequence numbers it takes up. */
  get span(): number {
    return this.bytes + (this.has(Flag.SYN) ? 1 : 0) + (this.has(Flag.FIN) ? 1 : 0);
  }
}

export function readSynOptions({ view, start, addressBytes }: Packet): SynOptions {
  let mss = addressBytes === 4 ? MSS_DEFAULT_4 : MSS_DEFAULT_6;
  let scale: number | null = null;
  const end = start + (view.getUint8(start + 12) >> 4) * 4;
  for (let at = start + TCP_HEADER_BYTES; at < end;) {
    const kind = view.getUint8(at);
    if (kind === END_OF_OPTIONS) break;
    if (kind === NO_OPERATION) {
      at++;
      continue;
    }
    const bytes = at + 1 < end ? view.getUint8(at + 1) : 0;
    if (bytes < 2 || at + bytes > end) break;
    if (kind === MAXIMUM_SEGMENT_SIZE && bytes === 4) mss = view.getUint16(at + 2);
    else if (kind === WINDOW_SCALE && bytes === 3) {
      scale = Math.min(view.getUint8(at + 2), SCALE_MAX);
    }
    at += bytes;
  }
  // A guest that says less than any link carries would have us send bytes one by one.
  return { mss: Math.max(mss, 64), scale };
}

/** Writes MSS and window scale; their bytes. */
export function writeSynOptions(
  view: DataView,
  at: number,
  mss: number,
  scale: number | null,
): number {
  view.setUint32(at, (MAXIMUM_SEGMENT_SIZE << 24) | 0x0004_0000 | mss);
  if (scale === null) return 4;
  view.setUint32(at + 4, (NO_OPERATION << 24) | (WINDOW_SCALE << 16) | 0x0300 | scale);
  return 8;
}
