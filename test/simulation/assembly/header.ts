/**
 * What the plain sender and receiver exchange: the fields of a TCP header that recovery looks at. Payload has a
 * length, and no bytes.
 */
import { SACK_BLOCKS_MAX, SackBlocks } from "../../../packages/tcp/assembly/recovery/sack-blocks";

export enum Flag {
  ECE = 1,
  CWR = 2,
}


@unmanaged
export class Header {
  checksum: u32;
  sequence: u32;
  payloadBytes: i32;
  acknowledged: u32;
  windowBytes: u32;
  flags: u32;
  /** Ticks of a millisecond. */
  timestamp: u32;
  echo: u32;
  blocks: i32;
  block0: u64;
  block1: u64;
  block2: u64;
  block3: u64;

  setBlock(index: i32, start: u32, end: u32): void {
    const value = ((<u64>start) << 32) | end;
    if (index == 0) this.block0 = value;
    else if (index == 1) this.block1 = value;
    else if (index == 2) this.block2 = value;
    else this.block3 = value;
  }

  readBlocks(into: SackBlocks): void {
    into.count = min(this.blocks, SACK_BLOCKS_MAX);
    for (let i = 0; i < into.count; i++) {
      const value =
        i == 0 ? this.block0 : i == 1 ? this.block1 : i == 2 ? this.block2 : this.block3;
      into.set(i, <u32>(value >> 32), <u32>value);
    }
  }
}

export const HEADER_BYTES: i32 = <i32>offsetof<Header>();

/** Bytes of a frame beside the payload: Ethernet, IPv4, TCP with timestamps, what lies between two frames. */
export const OVERHEAD_BYTES: i32 = 14 + 20 + 32 + 24;

/** FNV-1a over what follows the checksum. */
export function headerChecksum(header: usize): u32 {
  let digest: u32 = 0x811c9dc5;
  for (let at: usize = 4; at < <usize>HEADER_BYTES; at += 4)
    digest = (digest ^ load<u32>(header + at)) * 0x01000193;
  return digest;
}
