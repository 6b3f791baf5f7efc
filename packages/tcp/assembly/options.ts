/**
 * Options (RFC 9293 §3.2): what is unknown is skipped, and from a length that cannot be on, the rest counts as
 * not there (RFC 9293 MUST-7; the segment itself is good).
 */
import { Flag, Segment } from "./segment";
import { load16, load32 } from "./wire";

/** Numbers of the IANA registry "TCP Option Kind Numbers". */
export namespace Kind {
  export const END: u32 = 0;
  export const NO_OPERATION: u32 = 1;
  export const MAXIMUM_SEGMENT: u32 = 2;
  export const WINDOW_SCALE: u32 = 3;
  export const SACK_PERMITTED: u32 = 4;
  export const SACK: u32 = 5;
  export const TIMESTAMPS: u32 = 8;
}

/** RFC 7323 §2.3: a larger shift counts as this one. */
export const WINDOW_SCALE_MAX: i32 = 14;

/** Two fillers and the timestamps option (RFC 7323 appendix A). */
export const TIMESTAMPS_BYTES: i32 = 12;

/** NOP NOP TIMESTAMPS 10, as the machine loads it. */
const TIMESTAMPS_ALONE: u32 = 0x0a08_0101;

const SACK_BLOCKS_MAX: i32 = 4;

export function parseOptions(at: usize, bytes: i32, segment: Segment): void {
  segment.hasTimestamps = false;
  segment.blocks.count = 0;
  if (segment.has(Flag.SYN)) {
    segment.maximumSegment = 0;
    segment.windowScale = -1;
    segment.isSackPermitted = false;
  }
  // What nearly every segment of a connection has.
  if (bytes == TIMESTAMPS_BYTES && load<u32>(at) == TIMESTAMPS_ALONE) {
    segment.hasTimestamps = true;
    segment.timestamp = load32(at, 4);
    segment.timestampEcho = load32(at, 8);
    return;
  }
  const end = at + bytes;
  while (at < end) {
    const kind: u32 = load<u8>(at);
    if (kind == Kind.END) return;
    if (kind == Kind.NO_OPERATION) {
      at++;
      continue;
    }
    if (at + 2 > end) return;
    const length = <i32>load<u8>(at, 1);
    if (length < 2 || at + length > end) return;
    parseOption(kind, at, length, segment);
    at += length;
  }
}

/** One option that lies wholly within the header. */
function parseOption(kind: u32, at: usize, length: i32, segment: Segment): void {
  const isSyn = segment.has(Flag.SYN);
  if (kind == Kind.TIMESTAMPS && length == 10) {
    segment.hasTimestamps = true;
    segment.timestamp = load32(at, 2);
    segment.timestampEcho = load32(at, 6);
  } else if (kind == Kind.SACK && !isSyn && length >= 10 && ((length - 2) & 7) == 0) {
    const count = min((length - 2) >> 3, SACK_BLOCKS_MAX);
    for (let i = 0; i < count; i++)
      segment.blocks.set(i, load32(at, 2 + ((<usize>i) << 3)), load32(at, 6 + ((<usize>i) << 3)));
    segment.blocks.count = count;
  } else if (!isSyn) {
    return;
  } else if (kind == Kind.MAXIMUM_SEGMENT && length == 4) {
    segment.maximumSegment = <i32>load16(at, 2);
  } else if (kind == Kind.WINDOW_SCALE && length == 3) {
    segment.windowScale = min(<i32>load<u8>(at, 2), WINDOW_SCALE_MAX);
  } else if (kind == Kind.SACK_PERMITTED && length == 2) {
    segment.isSackPermitted = true;
  }
}

/** Writes the timestamps option with its fillers; returns where the next one goes. */
export function writeTimestamps(at: usize, value: u32, echo: u32): usize {
  store<u32>(at, TIMESTAMPS_ALONE);
  store<u32>(at, bswap(value), 4);
  store<u32>(at, bswap(echo), 8);
  return at + TIMESTAMPS_BYTES;
}

/**
 * Writes the options of a SYN; returns where they end.
 *
 * @param windowScale -1: none
 */
export function writeSynOptions(
  at: usize,
  maximumSegment: i32,
  windowScale: i32,
  sackPermitted: bool,
  timestamps: bool,
  value: u32,
  echo: u32,
): usize {
  store<u32>(at, bswap<u32>(0x0204_0000 | (<u32>maximumSegment)));
  at += 4;
  if (sackPermitted) {
    store<u32>(at, bswap<u32>(0x0101_0402));
    at += 4;
  }
  if (timestamps) at = writeTimestamps(at, value, echo);
  if (windowScale >= 0) {
    store<u32>(at, bswap<u32>(0x0103_0300 | (<u32>windowScale)));
    at += 4;
  }
  return at;
}
