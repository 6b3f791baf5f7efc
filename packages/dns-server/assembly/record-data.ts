/** Data of a record as they arrive: checked, and without the pointers of their message. */
import { MALFORMED, NAME_BUFFER_BYTES, readName } from "@phantasm/dns/wire";
import { copy } from "./message";
import { Layout } from "./zone-data";

const CNAME: i32 = 5;
const SOA: i32 = 6;
const NAPTR: i32 = 35;
const SVCB: i32 = 64;
const HTTPS: i32 = 65;

const DATA_BYTES_MAX: usize = 0xffff;
const SOA_TAIL_BYTES: i32 = 20;

/** How a type's data begin: bytes in front of its names, how many there are, and what follows. */
const ONE_NAME: i32 = 0x100;
const TWO_NAMES: i32 = 0x200;
/** Anything may follow; without it, nothing. */
const REST: i32 = 0x1000;

/** RFC 1035 §3.3, and those of RFC 3597 §4 that may be compressed when they arrive. */
function shapeOf(type: i32): i32 {
  switch (type) {
    case 2: // NS
    case 3: // MD
    case 4: // MF
    case CNAME:
    case 7: // MB
    case 8: // MG
    case 9: // MR
    case 12: // PTR
    case 39: // DNAME
      return ONE_NAME;
    case SOA:
      return TWO_NAMES | REST;
    case 14: // MINFO
    case 17: // RP
      return TWO_NAMES;
    case 15: // MX
    case 18: // AFSDB
    case 21: // RT
    case 36: // KX
      return ONE_NAME | 2;
    case 26: // PX
      return TWO_NAMES | 2;
    case 33: // SRV
      return ONE_NAME | 6;
    case SVCB:
    case HTTPS:
      return ONE_NAME | REST | 2;
    default:
      return 0;
  }
}

/** How src/compile.ts of @phantasm/zone-format lays a type out. */
export function layoutOf(type: i32): i32 {
  switch (type) {
    case 2:
    case CNAME:
    case 12:
    case 15:
      return Layout.NAME;
    case SOA:
      return Layout.SOA;
    case 18: // AFSDB
    case 33: // SRV
    case 36: // KX
    case 39: // DNAME
    case SVCB:
    case HTTPS:
      return Layout.TARGET;
    default:
      return Layout.OPAQUE;
  }
}

/** Bytes in front of the name, of those that are not OPAQUE. */
export function prefixOf(type: i32): i32 {
  return shapeOf(type) & 0xff;
}

/** Types of questions and of messages (RFC 6895 §3.1): no record of a zone has one. */
export function mayBeInZone(type: i32): bool {
  return type != 0 && type != 41 && !(type >= 128 && type <= 255);
}

/** One object, used again for each record. */
@final
export class RecordData {
  /** The data, names in full. */
  readonly data: usize = heap.alloc(DATA_BYTES_MAX + 3 * <usize>NAME_BUFFER_BYTES);
  bytes: i32 = 0;
  /** Where its names begin, as far as there are any. */
  first: i32 = 0;
  second: i32 = 0;

  /** Reads `bytes` bytes at an offset of a message. False: they are not what the type has. */
  read(message: usize, messageBytes: i32, type: i32, at: i32, bytes: i32): bool {
    const to = this.data;
    const end = at + bytes;
    // Pointers lead to the front: what is behind is no part of the data.
    messageBytes = min(messageBytes, end);
    let shape = shapeOf(type);
    if (type == NAPTR) {
      const front = naptrFront(message + <usize>at, bytes);
      if (front < 0) return false;
      shape = ONE_NAME;
      this.first = front;
    } else this.first = shape & 0xff;
    if (shape == 0) {
      if ((type == 1 && bytes != 4) || (type == 28 && bytes != 16)) return false;
      memory.copy(to, message + <usize>at, <usize>bytes);
      this.bytes = bytes;
      return true;
    }
    if (bytes < this.first) return false;
    let written = this.first;
    memory.copy(to, message + <usize>at, <usize>written);
    at += written;
    for (let names = (shape >> 8) & 3; names > 0; names--) {
      this.second = written;
      const length = readName(message, messageBytes, at, to + <usize>written);
      if (length == MALFORMED) return false;
      written += length;
      at = behindName(message, at);
    }
    const rest = end - at;
    if (rest < 0 || (rest > 0 && !(shape & REST))) return false;
    if (type == SOA && rest != SOA_TAIL_BYTES) return false;
    memory.copy(to + <usize>written, message + <usize>at, <usize>rest);
    this.bytes = written + rest;
    return this.bytes <= <i32>DATA_BYTES_MAX;
  }
}

/** Offset behind a name that has been read. */
function behindName(message: usize, at: i32): i32 {
  for (;;) {
    const length = <i32>load<u8>(message + <usize>at);
    if (length >= 0xc0) return at + 2;
    at += length + 1;
    if (length == 0) break;
  }
  return at;
}

/** RFC 3403 §4.1: two numbers and three texts in front of the name; negative: it is cut off. */
function naptrFront(data: usize, bytes: i32): i32 {
  let at = 4;
  for (let texts = 3; texts > 0; texts--) {
    if (at >= bytes) return -1;
    at += <i32>load<u8>(data + <usize>at) + 1;
  }
  return at;
}
