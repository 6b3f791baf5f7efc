import { SackBlocks } from "./recovery/sack-blocks";

/** Control bits (RFC 9293 §3.1, RFC 3168 §6.1). */
export namespace Flag {
  export const FIN: u32 = 1;
  export const SYN: u32 = 2;
  export const RST: u32 = 4;
  export const PSH: u32 = 8;
  export const ACK: u32 = 16;
  export const URG: u32 = 32;
  export const ECE: u32 = 64;
  export const CWR: u32 = 128;
}

/** A segment that has arrived, parsed. One object, used again for each. */
@final
export class Segment {
  sourcePort: u16 = 0;
  destinationPort: u16 = 0;
  sequence: u32 = 0;
  acknowledgment: u32 = 0;
  /** Bits of Flag. */
  flags: u32 = 0;
  /** As it stands in the header, not scaled. */
  window: u32 = 0;
  /** Where the data lies, and how many bytes of it there are. */
  payload: usize = 0;
  bytes: i32 = 0;
  /** How many segments the link has joined to this one. */
  joined: i32 = 1;
  /** Congestion was experienced on the way (RFC 3168 §5). */
  isMarked: bool = false;

  /** Maximum segment size that the peer takes (RFC 9293 §3.7.1); 0: it does not say. */
  maximumSegment: i32 = 0;
  /** Shift of the peer's windows (RFC 7323 §2.2), at most 14; -1: it does not scale. */
  windowScale: i32 = -1;
  isSackPermitted: bool = false;
  hasTimestamps: bool = false;
  timestamp: u32 = 0;
  timestampEcho: u32 = 0;
  readonly blocks: SackBlocks = new SackBlocks();

  // @ts-ignore: decorator
  @inline
  has(flags: u32): bool {
    return (this.flags & flags) != 0;
  }

  /** Sequence numbers it takes: its bytes, and one each for SYN and FIN. */
  get length(): u32 {
    return <u32>this.bytes + ((this.flags >> 1) & 1) + (this.flags & Flag.FIN);
  }
}
