/**
 * Looks at the keys of the next requests of a pipeline before the first of them is executed: the entry of a key is
 * three misses of the processor's cache away, one after the other, and those of several keys can be waited for at once.
 *
 * Nothing depends on what it finds: what is no request, or has no key there, is left to the parser.
 */
import { Kind, blobAt, kindOf } from "../data/object";
import { Entry, Table } from "./table";
import { hashOf } from "./siphash";

const REQUESTS_MAX: i32 = 16;
const KEY_BYTES_MAX: i32 = 128;
/** Of a string, the beginning comes by itself. */
const LINE_BYTES: i32 = 64;
const STRING_BYTES_MAX: i32 = 256;

const STAR: u8 = 0x2a;
const DOLLAR: u8 = 0x24;

/** A request that has more is not looked through: what is not complete would be, again and again. */
const ARGUMENTS_MAX: i32 = 8;
const ONE_BYTES: usize = 8;

/** Of each, u32 address of its key and u32 bytes; then u32 hash and u32 address of the entry. */
const keys: usize = memory.data(128, 8);

/** Where `numberAt` ended, behind its CR and LF. */
let numberEnd: usize = 0;
/** Something that depends on what was read, or it would not be read. */
export let seen: u32 = 0;

/** Looks at the keys of the requests that are there; returns how many requests to execute before the next look. */
export function lookAhead(table: Table, requests: usize, end: usize): i32 {
  let count = 0;
  for (let at = requests; count < REQUESTS_MAX; count++) {
    at = noteKey(at, end, keys + <usize>count * ONE_BYTES);
    if (at == 0) break;
  }
  // One alone has nobody to wait with.
  if (count < 2) return 1;
  const last = keys + <usize>count * ONE_BYTES;
  for (let one = keys; one < last; one += ONE_BYTES) {
    const hash = hashOf(<usize>load<u32>(one), load<i32>(one, 4));
    store<u32>(one, hash);
    store<u32>(one, table.firstOf(hash), 4);
  }
  for (let one = keys; one < last; one += ONE_BYTES) {
    const at = <usize>load<u32>(one, 4);
    if (at == 0) continue;
    const entry = changetype<Entry>(at);
    if (entry.hash != load<u32>(one)) store<u32>(one, entry.next, 4);
  }
  let sum: u32 = 0;
  for (let one = keys; one < last; one += ONE_BYTES) {
    const at = <usize>load<u32>(one, 4);
    if (at == 0) continue;
    const entry = changetype<Entry>(at);
    sum += load<u8>(table.keyOf(entry));
    if (kindOf(entry) != Kind.STRING) continue;
    const blob = blobAt(entry);
    const bytes = min(blob.length, STRING_BYTES_MAX);
    for (let offset = LINE_BYTES; offset < bytes; offset += LINE_BYTES)
      sum += load<u8>(blob.bytes + <usize>offset);
  }
  seen += sum;
  return count;
}

/** Notes where the second argument of a request is; returns where the next one begins, 0: nothing more is known. */
function noteKey(request: usize, end: usize, into: usize): usize {
  const count = numberAt(request, end, STAR);
  if (count < 2 || count > ARGUMENTS_MAX) return 0;
  for (let i = 0; i < count; i++) {
    const bytes = numberAt(numberEnd, end, DOLLAR);
    const at = numberEnd;
    if (bytes < 0 || <i32>(end - at) < bytes + 2) return 0;
    if (i == 1) {
      if (bytes > KEY_BYTES_MAX) return 0;
      store<u32>(into, <u32>at);
      store<i32>(into, bytes, 4);
    }
    numberEnd = at + <usize>bytes + 2;
  }
  return numberEnd;
}

/** A number behind a sign, with its CR and LF; -1: there is none, or it is large. */
// @ts-ignore: decorator
@inline
function numberAt(from: usize, end: usize, sign: u8): i32 {
  let at = from;
  if (at + 4 > end || load<u8>(at) != sign) return -1;
  let value = 0;
  for (at++; at + 1 < end; at++) {
    const digit = <i32>load<u8>(at) - 0x30;
    if (digit < 0 || digit > 9) {
      numberEnd = at + 2;
      return digit == 0x0d - 0x30 ? value : -1;
    }
    value = value * 10 + digit;
    if (value > 0xffff) return -1;
  }
  return -1;
}
