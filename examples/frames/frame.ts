import { ETHERNET_HEADER_BYTES, LINK_HEADROOM_BYTES, MAC_BYTES } from "@phantasm/interfaces";

/** Frames of this example: EtherType of IEEE 802 for local experiments, then kind and number. */
const ETHERTYPE: u16 = 0x88b5;
const FRAME_BYTES: i32 = ETHERNET_HEADER_BYTES + 5;

export enum Kind {
  PING = 1,
  PONG = 2,
}

/** A frame in a buffer of a link; see `isFrame`. */
export class Frame {
  /** A buffer for one frame to send. */
  static make(): Frame {
    return new Frame(new Uint8Array(LINK_HEADROOM_BYTES + FRAME_BYTES), LINK_HEADROOM_BYTES);
  }

  constructor(
    readonly buffer: Uint8Array,
    readonly offset: i32,
  ) {}

  get length(): i32 {
    return FRAME_BYTES;
  }

  get kind(): Kind {
    return load<u8>(this.at(ETHERNET_HEADER_BYTES));
  }

  get number(): u32 {
    return bswap(load<u32>(this.at(ETHERNET_HEADER_BYTES + 1)));
  }

  /** Source address of this frame as its new destination. */
  turnAround(): void {
    memory.copy(this.at(0), this.at(MAC_BYTES), MAC_BYTES);
  }

  toEveryone(): void {
    memory.fill(this.at(0), 0xff, MAC_BYTES);
  }

  fill(source: Uint8Array, kind: Kind, number: u32): void {
    memory.copy(this.at(MAC_BYTES), source.dataStart, MAC_BYTES);
    store<u16>(this.at(2 * MAC_BYTES), bswap(ETHERTYPE));
    store<u8>(this.at(ETHERNET_HEADER_BYTES), <u8>kind);
    store<u32>(this.at(ETHERNET_HEADER_BYTES + 1), bswap(number));
  }

  private at(index: i32): usize {
    return this.buffer.dataStart + this.offset + index;
  }
}

/** True if what was received is a frame of this example: then its fields can be read. */
export function isFrame(buffer: Uint8Array, offset: i32, length: i32): bool {
  return (
    length >= FRAME_BYTES &&
    bswap(load<u16>(buffer.dataStart + offset + 2 * MAC_BYTES)) == ETHERTYPE
  );
}
