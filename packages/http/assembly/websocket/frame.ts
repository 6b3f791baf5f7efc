/** Frames of WebSocket (RFC 6455 §5.2): the bytes in front of a payload. */

export enum Opcode {
  CONTINUATION = 0,
  TEXT = 1,
  BINARY = 2,
  CLOSE = 8,
  PING = 9,
  PONG = 10,
}

/** A control frame has no more payload (§5.5). */
export const CONTROL_BYTES_MAX: i32 = 125;

/** Bytes of a header at most, with a mask. */
export const HEADER_BYTES_MAX: i32 = 14;

/** Codes with which a connection is closed (§7.4.1). */
export namespace CloseCode {
  export const NORMAL: i32 = 1000;
  export const GOING_AWAY: i32 = 1001;
  export const PROTOCOL_ERROR: i32 = 1002;
  /** Never sent: the other side said none. */
  export const NONE: i32 = 1005;
  /** Never sent: it broke. */
  export const ABNORMAL: i32 = 1006;
  export const INVALID_DATA: i32 = 1007;
  export const POLICY: i32 = 1008;
  export const TOO_LARGE: i32 = 1009;
  export const INTERNAL_ERROR: i32 = 1011;
  /** Of the IANA registry: the server has too much to do. */
  export const TRY_AGAIN: i32 = 1013;
}

/** May stand in a close frame (§7.4.2). */
export function isCloseCode(code: i32): bool {
  return (
    (code >= 1000 && code <= 1003) ||
    (code >= 1007 && code <= 1014) ||
    (code >= 3000 && code <= 4999)
  );
}

/** A header, read. */
@final
export class FrameHeader {
  opcode: i32 = 0;
  isFinal: bool = false;
  payloadBytes: u64 = 0;
  mask: u32 = 0;
  /** Bytes of the header itself. */
  bytes: i32 = 0;

  /**
   * Reads a header that a client sent. Returns its bytes; 0: it goes on; -1: it breaks the rules.
   */
  read(at: usize, available: i32): i32 {
    if (available < 2) return 0;
    const first = <i32>load<u8>(at);
    const second = <i32>load<u8>(at, 1);
    // Reserved bits belong to extensions, and we have agreed on none; a client masks (§5.1).
    if ((first & 0x70) != 0 || (second & 0x80) == 0) return -1;
    const opcode = first & 15;
    const isFinal = (first & 0x80) != 0;
    if (opcode > Opcode.PONG || (opcode > Opcode.BINARY && opcode < Opcode.CLOSE)) return -1;
    let payload = <u64>(second & 0x7f);
    // §5.5: control frames are short and whole.
    if (opcode >= Opcode.CLOSE && (!isFinal || payload > <u64>CONTROL_BYTES_MAX)) return -1;
    let bytes = 6;
    if (payload == 126) bytes = 8;
    else if (payload == 127) bytes = 14;
    if (available < bytes) return 0;
    if (payload == 126) {
      payload = bswap<u16>(load<u16>(at, 2));
      // As few bytes as possible.
      if (payload < 126) return -1;
    } else if (payload == 127) {
      payload = bswap<u64>(load<u64>(at, 2));
      if (payload < 0x10000 || payload >> 63 != 0) return -1;
    }
    this.opcode = opcode;
    this.isFinal = isFinal;
    this.payloadBytes = payload;
    this.mask = load<u32>(at + <usize>(bytes - 4));
    this.bytes = bytes;
    return bytes;
  }
}

/** Writes the header of a frame that a server sends, whole and without a mask. Returns its bytes. */
export function putHeader(to: usize, opcode: i32, bytes: i32): i32 {
  store<u8>(to, <u8>(0x80 | opcode));
  if (bytes < 126) {
    store<u8>(to, <u8>bytes, 1);
    return 2;
  }
  if (bytes < 0x10000) {
    store<u8>(to, 126, 1);
    store<u16>(to, bswap<u16>(<u16>bytes), 2);
    return 4;
  }
  store<u8>(to, 127, 1);
  store<u64>(to, bswap<u64>(<u64>bytes), 2);
  return 10;
}

/**
 * Takes the mask off while copying (§5.3).
 *
 * @param position of the first byte in the payload
 */
export function unmask(to: usize, from: usize, bytes: i32, mask: u32, position: u64): void {
  const shifted = rotr<u32>(mask, (<u32>(position & 3)) << 3);
  const wide = ((<u64>shifted) << 32) | (<u64>shifted);
  let left = bytes;
  for (; left >= 8; left -= 8, to += 8, from += 8) store<u64>(to, load<u64>(from) ^ wide);
  for (let i: usize = 0; i < <usize>left; i++)
    store<u8>(to + i, load<u8>(from + i) ^ (<u8>(wide >> ((<u64>i) << 3))));
}
