/** IP addresses as bytes in network order: 4 for IPv4, 16 for IPv6. */
import { isIPv4, isIPv6 } from "node:net";

export const IPV4_BYTES = 4;
export const IPV6_BYTES = 16;

/** Reads an address without brackets and zone; null when it is none. An IPv4-mapped one becomes IPv4. */
export function parseAddress(text: string): Uint8Array | null {
  if (isIPv4(text)) return Uint8Array.from(text.split("."), Number);
  if (!isIPv6(text) || text.includes("%")) return null;
  const address = new Uint8Array(IPV6_BYTES);
  const [head = "", tail] = text.split("::");
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  address.set(before);
  address.set(after, IPV6_BYTES - after.length);
  return unmapped(address);
}

/** Bytes of `fd00:1` or `ffff:10.0.0.1`. */
function groups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >>> 8, value & 0xff];
  });
}

/** RFC 5952: lower case, the longest run of zero groups as `::`. */
export function formatAddress(address: Uint8Array): string {
  if (address.length === IPV4_BYTES) return address.join(".");
  const words: string[] = [];
  for (let at = 0; at < IPV6_BYTES; at += 2) {
    words.push((((address[at] ?? 0) << 8) | (address[at + 1] ?? 0)).toString(16));
  }
  const text = words.join(":");
  const runs = text.match(/(?:^|:)0(?::0)+(?=:|$)/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  if (longest === "") return text;
  const at = text.indexOf(longest);
  const before = text.slice(0, at);
  const after = text.slice(at + longest.length).replace(/^:/, "");
  return `${before}::${after}`;
}

/** `1.2.3.4:80`, `[fd00::2]:80`. */
export function formatEndpoint(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** RFC 4291 §2.5.5.2: `::ffff:1.2.3.4` is 1.2.3.4, however it is written. */
export function unmapped(address: Uint8Array): Uint8Array {
  if (address.length !== IPV6_BYTES) return address;
  for (let at = 0; at < 10; at++) if (address[at] !== 0) return address;
  return address[10] === 0xff && address[11] === 0xff ? address.slice(12) : address;
}

/** Whether `bytes` of one array equal those of another. */
export function sameBytes(
  a: Uint8Array,
  aStart: number,
  b: Uint8Array,
  bStart: number,
  bytes: number,
): boolean {
  for (let at = 0; at < bytes; at++) if (a[aStart + at] !== b[bStart + at]) return false;
  return true;
}

export function sameAddress(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && sameBytes(a, 0, b, 0, a.length);
}

/** Addresses that share the first `bits`. */
export interface Prefix {
  readonly address: Uint8Array;
  readonly bits: number;
}

export function inPrefix(address: Uint8Array, prefix: Prefix): boolean {
  if (address.length !== prefix.address.length) return false;
  const whole = prefix.bits >> 3;
  if (!sameBytes(address, 0, prefix.address, 0, whole)) return false;
  const rest = prefix.bits & 7;
  if (rest === 0) return true;
  const difference = (address[whole] ?? 0) ^ (prefix.address[whole] ?? 0);
  return difference >>> (8 - rest) === 0;
}

/** Reads `10.0.0.0/8`, or one address; null when it is neither, or has bits beyond its prefix. */
export function parsePrefix(text: string): Prefix | null {
  const [, base = "", length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(base);
  if (address === null) return null;
  const bitsMax = address.length * 8;
  const bits = length === undefined ? bitsMax : Number(length);
  if (bits > bitsMax) return null;
  const prefix = { address, bits };
  for (let bit = bits; bit < bitsMax; bit++) {
    if (((address[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) return null;
  }
  return prefix;
}

/** A constant of this program. */
export function address(text: string): Uint8Array {
  const parsed = parseAddress(text);
  if (parsed === null) throw new Error(`${text} is no address`);
  return parsed;
}
