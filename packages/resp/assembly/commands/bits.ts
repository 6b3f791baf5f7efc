/** Strings as rows of bits, the highest of each byte first: SETBIT, GETBIT, BITCOUNT, BITPOS, BITOP. */
import { Kind, blobAt } from "../data/database";
import { blankBlob, freeBlob } from "../memory/blob";
import { Entry } from "../memory/table";
import { isNumber, readInteger } from "../protocol/numbers";
import { Call } from "./call";

const BAD_OFFSET: string = "ERR bit offset is not an integer or out of range";

/** -1: the error is written. */
function offsetAt(call: Call, index: i32): i64 {
  const offset = readInteger(call.at(index), call.bytes(index));
  if (isNumber && offset >= 0 && offset >> 3 < <i64>call.stringBytesMax) return offset;
  call.reply.error(BAD_OFFSET);
  return -1;
}

function bitOf(at: usize, offset: i64): i32 {
  return ((<i32>load<u8>(at + <usize>(offset >> 3))) >> (7 - <i32>(offset & 7))) & 1;
}

export function getbit(call: Call): void {
  const offset = offsetAt(call, 2);
  if (offset < 0) return;
  const entry = call.key(1, Kind.STRING);
  if (call.isWrong) return;
  const isThere = entry !== null && offset >> 3 < <i64>blobAt(entry).length;
  call.reply.integer(isThere ? <i64>bitOf(blobAt(entry!).bytes, offset) : 0);
}

export function setbit(call: Call): void {
  const offset = offsetAt(call, 2);
  if (offset < 0) return;
  const bit = readInteger(call.at(3), call.bytes(3));
  if (!isNumber || bit < 0 || bit > 1)
    return call.reply.error("ERR bit is not an integer or out of range");
  const found = call.key(1, Kind.STRING);
  if (call.isWrong) return;
  const place = <i32>(offset >> 3);
  const length = found === null ? place + 1 : max(blobAt(found).length, place + 1);
  if (!call.hasMemory(length)) return;
  const entry = call.db.extendString(call.at(1), call.bytes(1), found, length);
  const at = blobAt(entry).bytes + <usize>place;
  const mask = <u8>((<u32>0x80) >> (<u32>(offset & 7)));
  const before = (load<u8>(at) & mask) != 0;
  if (bit == 1) store<u8>(at, load<u8>(at) | mask);
  else store<u8>(at, load<u8>(at) & ~mask);
  call.db.keep(entry);
  call.reply.integer(before ? 1 : 0);
}

/** A part of a string that was asked for: bits from the first to before the last. */
let firstBit: i64 = 0;
let endBit: i64 = 0;

/** START [END [BYTE | BIT]] from an argument on. False: the error is written. */
function readPart(call: Call, at: i32, bytes: i32): bool {
  let first: i64 = 0;
  let last: i64 = -1;
  let inBits: bool = false;
  if (call.count > at) {
    first = call.integer(at);
    if (!isNumber) return false;
  }
  if (call.count > at + 1) {
    last = call.integer(at + 1);
    if (!isNumber) return false;
  }
  if (call.count > at + 2) {
    inBits = call.is(at + 2, "bit");
    if (!inBits && !call.is(at + 2, "byte")) {
      call.syntax();
      return false;
    }
  }
  const length = inBits ? (<i64>bytes) << 3 : <i64>bytes;
  if (first < 0) first = max<i64>(first + length, 0);
  if (last < 0) last = max<i64>(last + length, 0);
  last = min(last, length - 1);
  const unit = inBits ? 0 : 3;
  firstBit = first << unit;
  endBit = (last + 1) << unit;
  if (first > last) endBit = firstBit;
  return true;
}

function isNegative(call: Call, index: i32): bool {
  return call.bytes(index) > 0 && load<u8>(call.at(index)) == 0x2d;
}

export function bitcount(call: Call): void {
  const entry = call.key(1, Kind.STRING);
  if (call.isWrong) return;
  if (entry === null) return call.reply.integer(0);
  if (call.count == 3 || call.count > 5) return call.syntax();
  // As it is written, before anything else is looked at.
  if (call.count > 3 && isNegative(call, 2) && isNegative(call, 3)) {
    const first = call.integer(2);
    if (!isNumber) return;
    const last = call.integer(3);
    if (!isNumber) return;
    if (first > last) return call.reply.integer(0);
  }
  if (!readPart(call, 2, blobAt(entry).length)) return;
  const at = blobAt(entry).bytes;
  let count: i64 = 0;
  let bit = firstBit;
  while (bit < endBit) {
    if ((bit & 7) == 0 && endBit - bit >= 64) {
      count += <i64>popcnt(load<u64>(at + <usize>(bit >> 3)));
      bit += 64;
    } else count += <i64>bitOf(at, bit++);
  }
  call.reply.integer(count);
}

export function bitpos(call: Call): void {
  const bit = call.integer(2);
  if (!isNumber) return;
  if (bit != 0 && bit != 1) return call.reply.error("ERR The bit argument must be 1 or 0.");
  const entry = call.key(1, Kind.STRING);
  if (call.isWrong) return;
  if (entry === null) return call.reply.integer(bit == 1 ? -1 : 0);
  if (call.count > 6) return call.syntax();
  if (!readPart(call, 3, blobAt(entry).length)) return;
  const at = blobAt(entry).bytes;
  const none: u64 = bit == 1 ? 0 : u64.MAX_VALUE;
  for (let place = firstBit; place < endBit;) {
    if ((place & 7) == 0 && endBit - place >= 64 && load<u64>(at + <usize>(place >> 3)) == none)
      place += 64;
    else if (<i64>bitOf(at, place) == bit) return call.reply.integer(place);
    else place++;
  }
  // Behind the end are zeros, unless it was said where the end is.
  const isOpen = bit == 0 && call.count < 5 && endBit > firstBit;
  call.reply.integer(isOpen ? endBit : -1);
}

enum Operation {
  AND,
  OR,
  XOR,
  NOT,
}

export function bitop(call: Call): void {
  let operation = Operation.AND;
  if (call.is(1, "or")) operation = Operation.OR;
  else if (call.is(1, "xor")) operation = Operation.XOR;
  else if (call.is(1, "not")) operation = Operation.NOT;
  else if (!call.is(1, "and")) return call.syntax();
  if (operation == Operation.NOT && call.count != 4)
    return call.reply.error("ERR BITOP NOT must be called with a single source key.");
  let length = 0;
  for (let i = 3; i < call.count; i++) {
    const entry = call.key(i, Kind.STRING);
    if (call.isWrong) return;
    if (entry !== null) length = max(length, blobAt(entry).length);
  }
  const db = call.db;
  if (length == 0) {
    const before = call.find(2);
    if (before !== null) db.remove(before);
    return call.reply.integer(0);
  }
  if (!call.hasMemory(2 * length)) return;
  const result = blankBlob(length);
  memory.fill(result.bytes, 0, <usize>length);
  for (let i = 3; i < call.count; i++) {
    const entry = call.find(i);
    apply(operation, result.bytes, length, entry, i == 3);
  }
  const kept = db.setString(call.at(2), call.bytes(2), call.find(2), result.bytes, length);
  freeBlob(result);
  db.expireAt(kept, 0);
  db.keep(kept);
  call.reply.integer(<i64>length);
}

/** A string that is shorter has zeros behind it. */
function apply(
  operation: Operation,
  into: usize,
  bytes: i32,
  entry: Entry | null,
  isFirst: bool,
): void {
  const from: usize = entry === null ? 0 : blobAt(entry).bytes;
  const length = entry === null ? 0 : blobAt(entry).length;
  for (let i: usize = 0; i < <usize>bytes; i++) {
    const other: u8 = i < <usize>length ? load<u8>(from + i) : 0;
    const own = load<u8>(into + i);
    let result = other;
    if (operation == Operation.NOT) result = ~other;
    else if (isFirst) result = other;
    else if (operation == Operation.AND) result = own & other;
    else if (operation == Operation.OR) result = own | other;
    else result = own ^ other;
    store<u8>(into + i, result);
  }
}
