/**
 * Addresses as text: RFC 4291 §2.2 reads, RFC 5952 writes. What is ambiguous is refused: octets with leading
 * zeros, which some read as octal, zones, and anything around the address.
 */
import { Endpoint, IPV4_HIGH, IpAddress, ipv4Low } from "./address";

const COLON: i32 = 0x3a;
const DOT: i32 = 0x2e;
const ZERO: i32 = 0x30;
const OPEN: i32 = 0x5b;
const CLOSE: i32 = 0x5d;

/** Value of a digit; 255: it is none. */
function digit(code: i32): u32 {
  const decimal = <u32>(code - ZERO);
  if (decimal < 10) return decimal;
  const letter = <u32>((code | 0x20) - 0x61);
  return letter < 6 ? letter + 10 : 255;
}

/** A number of decimal digits without leading zeros, from `from` up to `to`; -1: it is none, or too large. */
export function parseDecimal(text: string, from: i32, to: i32, maximum: i32): i32 {
  if (from >= to || to - from > 5) return -1;
  if (to - from > 1 && text.charCodeAt(from) == ZERO) return -1;
  let value = 0;
  for (let at = from; at < to; at++) {
    const one = digit(text.charCodeAt(at));
    if (one > 9) return -1;
    value = value * 10 + one;
  }
  return value <= maximum ? value : -1;
}

/** Four octets; -1: they are none. */
function parseIpv4(text: string, from: i32, to: i32): i64 {
  let value: i64 = 0;
  for (let octets = 0; octets < 4; octets++) {
    let end = from;
    while (end < to && text.charCodeAt(end) != DOT) end++;
    if ((end == to) != (octets == 3)) return -1;
    const octet = parseDecimal(text, from, end, 255);
    if (octet < 0) return -1;
    value = (value << 8) | octet;
    from = end + 1;
  }
  return value;
}

/** What is read of an address of IPv6: its groups before the gap, then those behind it. */
class Groups {
  high: u64 = 0;
  low: u64 = 0;
  count: i32 = 0;

  add(group: u32): void {
    this.high = (this.high << 16) | (this.low >> 48);
    this.low = (this.low << 16) | group;
    this.count++;
  }

  /** Zeros behind it, until there are eight. */
  shift(groups: i32): void {
    for (; groups > 0; groups--) this.add(0);
  }
}

function parseIpv6(text: string, from: i32, to: i32): IpAddress | null {
  const front = new Groups();
  const back = new Groups();
  let groups = front;
  let at = from;
  if (at + 1 < to && text.charCodeAt(at) == COLON && text.charCodeAt(at + 1) == COLON) {
    groups = back;
    at += 2;
  }
  while (at < to) {
    if (front.count + back.count == 8) return null;
    let end = at;
    let value: u32 = 0;
    for (; end < to; end++) {
      const one = digit(text.charCodeAt(end));
      if (one > 15) break;
      value = (value << 4) | one;
    }
    if (end == at || end - at > 4) return null;
    const code = end < to ? text.charCodeAt(end) : COLON;
    if (code == DOT) {
      // §2.2 (3): the last two groups as an address of IPv4.
      const last = parseIpv4(text, at, to);
      if (last < 0 || front.count + back.count > 6) return null;
      groups.add(<u32>(last >> 16));
      groups.add((<u32>last) & 0xffff);
      at = to;
      break;
    }
    if (code != COLON) return null;
    groups.add(value);
    if (end == to) {
      at = to;
      break;
    }
    at = end + 1;
    if (at < to && text.charCodeAt(at) == COLON) {
      // A second gap would say nothing.
      if (groups === back) return null;
      groups = back;
      at++;
    } else if (at == to) return null;
  }
  const missing = 8 - front.count - back.count;
  // The gap stands for at least one group.
  if (groups === back ? missing < 1 : missing != 0) return null;
  front.shift(8 - front.count);
  return new IpAddress(front.high | back.high, front.low | back.low);
}

/** Either version, from `from` up to `to`. */
function parseRange(text: string, from: i32, to: i32): IpAddress | null {
  for (let at = from; at < to; at++)
    if (text.charCodeAt(at) == COLON) return parseIpv6(text, from, to);
  const value = parseIpv4(text, from, to);
  return value < 0 ? null : new IpAddress(IPV4_HIGH, ipv4Low(<u32>value));
}

export function parseAddress(text: string): IpAddress | null {
  return parseRange(text, 0, text.length);
}

/** 192.0.2.1:53 or [2001:db8::1]:53 (RFC 3986 §3.2.2). */
export function parseEndpoint(text: string): Endpoint | null {
  const length = text.length;
  let end = length - 1;
  while (end >= 0 && text.charCodeAt(end) != COLON) end--;
  const port = parseDecimal(text, end + 1, length, 65535);
  if (end < 1 || port < 0) return null;
  const brackets = text.charCodeAt(0) == OPEN;
  if (brackets && text.charCodeAt(end - 1) != CLOSE) return null;
  const address = brackets ? parseRange(text, 1, end - 1) : parseRange(text, 0, end);
  // Brackets for IPv6, and for IPv6 only.
  if (address === null || brackets == address.isIpv4) return null;
  return new Endpoint(address, <u16>port);
}

function groupOf(high: u64, low: u64, index: i32): u32 {
  return <u32>((index < 4 ? high >> (48 - 16 * index) : low >> (112 - 16 * index)) & 0xffff);
}

/** Of a group. The library's `toString(16)` would bring its tables into every image that has addresses. */
function hexadecimal(group: u32): string {
  let shift = 12;
  while (shift > 0 && group >> shift == 0) shift -= 4;
  let text = "";
  for (; shift >= 0; shift -= 4) {
    const digit = (group >> shift) & 15;
    text += String.fromCharCode(digit < 10 ? 0x30 + digit : 0x57 + digit);
  }
  return text;
}

/** RFC 5952 §4: lower case, no leading zeros, the first longest run of two zeros or more as `::`. */
export function addressText(high: u64, low: u64): string {
  if (high == IPV4_HIGH && low >> 32 == 0xffff) {
    const value = <u32>low;
    return `${value >> 24}.${(value >> 16) & 255}.${(value >> 8) & 255}.${value & 255}`;
  }
  let gap = 8;
  let gapLength = 1;
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groupOf(high, low, end) == 0) end++;
    if (end - at > gapLength) {
      gap = at;
      gapLength = end - at;
    }
  }
  let text = "";
  for (let at = 0; at < 8; at++) {
    if (at == gap) {
      text += "::";
      at += gapLength - 1;
      continue;
    }
    if (at > 0 && at != gap + gapLength) text += ":";
    text += hexadecimal(groupOf(high, low, at));
  }
  return text;
}
