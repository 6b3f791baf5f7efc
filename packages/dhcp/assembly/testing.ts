/** For tests: what a server says, and a Random that says what comes next. */
import { Random } from "@phantasm/interfaces";

/** 02:00:00:00:00:01 */
export const MAC: Uint8Array = new Uint8Array(6);
MAC[0] = 2;
MAC[5] = 1;

export const SERVER: u32 = 0x0a000001;
export const ADDRESS: u32 = 0x0a000042;

/** Draws the xids 1, 2, 3, …, and otherwise the middle. */
export class Dice implements Random {
  drawn: u32 = 0;
  u32(): u32 {
    return ++this.drawn;
  }
  u64(): u64 {
    return ++this.drawn;
  }
  below(bound: u32): u32 {
    return bound >> 1;
  }
  f64(): f64 {
    return 0;
  }
  fill(bytes: Uint8Array, offset: i32, length: i32): void {
    bytes.fill(0x5a, offset, offset + length);
  }
}

/** A message of a server, built by hand. */
export class Answer {
  readonly bytes: Uint8Array = new Uint8Array(1500);
  length: i32 = 240;

  constructor(type: u8, xid: u32, address: u32 = ADDRESS) {
    const at = this.bytes.dataStart;
    store<u32>(at, 0x00060102);
    store<u32>(at + 4, bswap(xid));
    store<u32>(at + 16, bswap(address));
    memory.copy(at + 28, MAC.dataStart, 6);
    store<u32>(at + 236, bswap<u32>(0x63825363));
    if (type != 0) this.option(53, [type]);
  }

  get start(): usize {
    return this.bytes.dataStart;
  }

  /** An OFFER, ACK or NAK as a usual server sends it. */
  static usual(type: u8, xid: u32, address: u32 = ADDRESS, server: u32 = SERVER): Answer {
    const answer = new Answer(type, xid, address).option32(54, server);
    if (type != 6) answer.option32(51, 3600).option32(1, 0xffffff00).option32(3, SERVER);
    return answer;
  }

  option(code: u8, value: u8[]): Answer {
    this.length = this.optionAt(this.length, code, value);
    return this;
  }

  option32(code: u8, value: u32): Answer {
    return this.option(code, octets(value));
  }

  /** Into `sname` (44) or `file` (108), or wherever. Returns the place behind it. */
  optionAt(at: i32, code: u8, value: u8[]): i32 {
    this.bytes[at] = code;
    this.bytes[at + 1] = <u8>value.length;
    for (let i = 0; i < value.length; i++) this.bytes[at + 2 + i] = value[i];
    return at + 2 + value.length;
  }

  end(): Answer {
    this.bytes[this.length++] = 255;
    return this;
  }
}

export function octets(value: u32): u8[] {
  return [<u8>(value >> 24), <u8>(value >> 16), <u8>(value >> 8), <u8>value];
}
