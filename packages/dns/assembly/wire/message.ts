/** Messages (RFC 1035 §4): a header, questions, records. Nothing here allocates or knows what is being asked. */
import { MALFORMED, skipName } from "./names";

export const HEADER_BYTES: i32 = 12;

export const DNS_PORT: u16 = 53;

/** Bits of the header's second word; the response code is in the lowest four. */
export namespace Flag {
  export const RESPONSE: i32 = 0x8000;
  export const OPCODE: i32 = 0x7800;
  export const AUTHORITATIVE: i32 = 0x0400;
  export const TRUNCATED: i32 = 0x0200;
  export const RECURSION_DESIRED: i32 = 0x0100;
  export const RECURSION_AVAILABLE: i32 = 0x0080;
  export const RCODE: i32 = 0x000f;
}

export namespace Rcode {
  export const NO_ERROR: i32 = 0;
  export const FORMAT_ERROR: i32 = 1;
  export const SERVER_FAILURE: i32 = 2;
  export const NAME_ERROR: i32 = 3;
  export const NOT_IMPLEMENTED: i32 = 4;
  export const REFUSED: i32 = 5;
}

export namespace RecordType {
  export const A: i32 = 1;
  export const NS: i32 = 2;
  export const CNAME: i32 = 5;
  export const SOA: i32 = 6;
  export const PTR: i32 = 12;
  export const MX: i32 = 15;
  export const TXT: i32 = 16;
  export const AAAA: i32 = 28;
  export const SRV: i32 = 33;
  export const OPT: i32 = 41;
  export const ANY: i32 = 255;
}

export namespace RecordClass {
  export const IN: i32 = 1;
  export const ANY: i32 = 255;
}

// @ts-ignore: decorator
@inline
export function u16At(at: usize): i32 {
  return <i32>bswap(load<u16>(at));
}

// @ts-ignore: decorator
@inline
export function u32At(at: usize): u32 {
  return bswap(load<u32>(at));
}

/**
 * Goes through a message, in its order: first the questions, then the records. One object, used again for each
 * message; offsets count from the message's first byte.
 */
export class MessageReader {
  message: usize = 0;
  bytes: i32 = 0;
  /** Where it goes on. */
  at: i32 = 0;

  id: i32 = 0;
  flags: i32 = 0;
  questions: i32 = 0;
  answers: i32 = 0;
  authorities: i32 = 0;
  additionals: i32 = 0;

  // Of the last question or record.
  /** Offset of its name, for `readName`. */
  name: i32 = 0;
  type: i32 = 0;
  class: i32 = 0;
  /** In seconds; with the highest bit it counts as 0 (RFC 2181 §8). Of an OPT record: what it means by it. */
  ttl: u32 = 0;
  /** Offset and bytes of its data, which lie inside the message. */
  data: i32 = 0;
  dataBytes: i32 = 0;

  /** False: shorter than a header. */
  begin(message: usize, bytes: i32): bool {
    if (bytes < HEADER_BYTES) return false;
    this.message = message;
    this.bytes = bytes;
    this.at = HEADER_BYTES;
    this.id = u16At(message);
    this.flags = u16At(message + 2);
    this.questions = u16At(message + 4);
    this.answers = u16At(message + 6);
    this.authorities = u16At(message + 8);
    this.additionals = u16At(message + 10);
    return true;
  }

  get rcode(): i32 {
    return this.flags & Flag.RCODE;
  }

  /** The next question; false: malformed. */
  question(): bool {
    const end = skipName(this.message, this.bytes, this.at);
    if (end == MALFORMED || end > this.bytes - 4) return false;
    this.name = this.at;
    this.type = u16At(this.message + end);
    this.class = u16At(this.message + end + 2);
    this.at = end + 4;
    return true;
  }

  /** The next record, of whichever section; false: malformed. */
  record(): bool {
    const end = skipName(this.message, this.bytes, this.at);
    if (end == MALFORMED || end > this.bytes - 10) return false;
    const message = this.message + end;
    const dataBytes = u16At(message + 8);
    if (dataBytes > this.bytes - end - 10) return false;
    this.name = this.at;
    this.type = u16At(message);
    this.class = u16At(message + 2);
    this.ttl = u32At(message + 4);
    this.data = end + 10;
    this.dataBytes = dataBytes;
    this.at = this.data + dataBytes;
    return true;
  }
}

/**
 * Writes a message from front to back. What does not fit is left out as a whole, and `overflows` says so. One object,
 * used again for each message.
 */
export class MessageWriter {
  overflows: bool = false;
  private message: usize = 0;
  private bytesMax: i32 = 0;
  private at: i32 = 0;

  /** @param bytesMax room at `message`, at least HEADER_BYTES */
  begin(message: usize, bytesMax: i32, id: i32, flags: i32): void {
    this.message = message;
    this.bytesMax = bytesMax;
    this.at = HEADER_BYTES;
    this.overflows = false;
    memory.fill(message, 0, HEADER_BYTES);
    this.put16(0, id);
    this.put16(2, flags);
  }

  /** Bytes so far. */
  get bytes(): i32 {
    return this.at;
  }

  /** Sets or changes the flags. */
  setFlags(flags: i32): void {
    this.put16(2, flags);
  }

  /** @param name in wire form, `nameBytes` long */
  question(name: usize, nameBytes: i32, type: i32, class_: i32): void {
    const at = this.take(nameBytes + 4);
    if (at == 0) return;
    memory.copy(this.message + at, name, nameBytes);
    this.put16(at + nameBytes, type);
    this.put16(at + nameBytes + 2, class_);
    this.count(4);
  }

  /**
   * A record whose data, `dataBytes`, the caller writes to where the result points; 0: it does not fit.
   *
   * @param section 0 answers, 1 authorities, 2 additionals, in this order
   * @param name in wire form; in a message a pointer may take the place of labels: two bytes, 0xc000 and the offset
   */
  record(
    section: i32,
    name: usize,
    nameBytes: i32,
    type: i32,
    class_: i32,
    ttl: u32,
    dataBytes: i32,
  ): usize {
    const at = this.take(nameBytes + 10 + dataBytes);
    if (at == 0) return 0;
    memory.copy(this.message + at, name, nameBytes);
    const end = at + nameBytes;
    this.put16(end, type);
    this.put16(end + 2, class_);
    store<u32>(this.message + end + 4, bswap(ttl));
    this.put16(end + 8, dataBytes);
    this.count(6 + 2 * section);
    return this.message + end + 10;
  }

  /** EDNS (RFC 6891 §6.1.2): the largest datagram we take, version 0, no options. */
  opt(udpBytes: i32, extendedRcode: i32 = 0): void {
    const at = this.take(11);
    if (at == 0) return;
    memory.fill(this.message + at, 0, 11); // the root's name, too
    this.put16(at + 1, RecordType.OPT);
    this.put16(at + 3, udpBytes);
    store<u8>(this.message + at + 5, <u8>extendedRcode);
    this.count(10);
  }

  private take(bytes: i32): i32 {
    const at = this.at;
    if (bytes > this.bytesMax - at) {
      this.overflows = true;
      return 0;
    }
    this.at = at + bytes;
    return at;
  }

  /** One more in the section whose number lies there. */
  private count(at: i32): void {
    this.put16(at, u16At(this.message + at) + 1);
  }

  private put16(at: i32, value: i32): void {
    store<u16>(this.message + at, bswap(<u16>value));
  }
}
