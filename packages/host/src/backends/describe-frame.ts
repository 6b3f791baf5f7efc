/**
 * A frame in one line, much as `tcpdump -n` has it.
 *
 * Frames come from strangers: every field is read within the frame's bytes, what is not there is said
 * to be missing, and nothing of a payload is printed.
 */
import { ETHERNET_HEADER_BYTES, HEADER_BYTES } from "./link.js";
import { formatMac } from "./mac.js";
import { FLAG_NEEDS_CSUM, GSO_NONE } from "./offload.js";

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_IPV6 = 0x86dd;
const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const EXTENSIONS_MAX = 8;
const OPTIONS_MAX = 20;

const TCP_FLAGS = [
  [0x02, "S"],
  [0x01, "F"],
  [0x04, "R"],
  [0x08, "P"],
  [0x20, "U"],
  [0x40, "E"],
  [0x80, "W"],
  [0x10, "."],
] as const;

const ICMP_TYPES: Readonly<Record<number, string>> = {
  0: "echo reply",
  3: "destination unreachable",
  5: "redirect",
  8: "echo request",
  11: "time exceeded",
  12: "parameter problem",
};

const ICMPV6_TYPES: Readonly<Record<number, string>> = {
  1: "destination unreachable",
  2: "packet too big",
  3: "time exceeded",
  4: "parameter problem",
  128: "echo request",
  129: "echo reply",
  133: "router solicitation",
  134: "router advertisement",
  135: "neighbor solicitation",
  136: "neighbor advertisement",
  143: "multicast listener report v2",
};

/** Names of codes of "destination unreachable" that are worth telling apart. */
const UNREACHABLE: Readonly<Record<number, string>> = {
  0: "net",
  1: "host",
  2: "protocol",
  3: "port",
  4: "fragmentation needed",
  13: "prohibited",
};

/** Says that a field lies beyond the end. */
class Missing extends Error {}

/** The bytes of one frame; whoever reads beyond them ends up in `describeFrame`. */
class Bytes {
  readonly #bytes: Uint8Array;
  readonly length: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.length = bytes.length;
  }

  u8(at: number): number {
    const byte = this.#bytes[at];
    if (byte === undefined) throw new Missing();
    return byte;
  }

  u16(at: number): number {
    return this.u8(at) * 256 + this.u8(at + 1);
  }

  u32(at: number): number {
    return this.u16(at) * 65_536 + this.u16(at + 2);
  }

  slice(at: number, bytes: number): Uint8Array {
    this.u8(at + bytes - 1);
    return this.#bytes.subarray(at, at + bytes);
  }
}

/** A description of a frame with its virtio_net_hdr, of `length` bytes in all; without a line end. */
export function describeFrame(frame: Uint8Array, length = frame.length): string {
  const bytes = new Bytes(frame.subarray(HEADER_BYTES, length));
  const words: string[] = [];
  try {
    ethernet(bytes, words);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    words.push("[cut off]");
  }
  if (((frame[0] ?? 0) & FLAG_NEEDS_CSUM) !== 0) words.push("[partial checksum]");
  if (frame[1] !== GSO_NONE)
    words.push(`[segments of ${(frame[4] ?? 0) + 256 * (frame[5] ?? 0)} bytes]`);
  return words.join(" ");
}

function ethernet(bytes: Bytes, words: string[]): void {
  let at = ETHERNET_HEADER_BYTES;
  let type = bytes.u16(at - 2);
  if (type === ETHERTYPE_VLAN) {
    words.push(`vlan ${bytes.u16(at) & 0xfff},`);
    at += 4;
    type = bytes.u16(at - 2);
  }
  if (type === ETHERTYPE_IPV4) ipv4(bytes, at, words);
  else if (type === ETHERTYPE_IPV6) ipv6(bytes, at, words);
  else if (type === ETHERTYPE_ARP) arp(bytes, at, words);
  else {
    const [to, from] = [formatMac(bytes.slice(0, 6)), formatMac(bytes.slice(6, 6))];
    words.push(`${from} > ${to}, ethertype ${hex(type, 4)}, length ${bytes.length}`);
  }
}

function arp(bytes: Bytes, at: number, words: string[]): void {
  words.push("ARP,");
  if (bytes.u32(at) !== 0x00010800 || bytes.u16(at + 4) !== 0x0604) {
    words.push("neither Ethernet nor IPv4");
    return;
  }
  const operation = bytes.u16(at + 6);
  const sender = formatIpv4(bytes.slice(at + 14, 4));
  const target = formatIpv4(bytes.slice(at + 24, 4));
  if (operation === 1) words.push(`Request who-has ${target} tell ${sender}`);
  else if (operation === 2)
    words.push(`Reply ${sender} is-at ${formatMac(bytes.slice(at + 8, 6))}`);
  else words.push(`operation ${operation}`);
}

function ipv4(bytes: Bytes, at: number, words: string[]): void {
  words.push("IP");
  const headerBytes = (bytes.u8(at) & 15) * 4;
  const from = formatIpv4(bytes.slice(at + 12, 4));
  const to = formatIpv4(bytes.slice(at + 16, 4));
  const protocol = bytes.u8(at + 9);
  const fragment = bytes.u16(at + 6) & 0x3fff;
  const end = at + bytes.u16(at + 2);
  if (headerBytes < 20 || at + headerBytes > end) {
    words.push(`${from} > ${to}: bad header`);
  } else if ((fragment & 0x1fff) !== 0) {
    const offset = (fragment & 0x1fff) * 8;
    words.push(`${from} > ${to}: protocol ${protocol}, fragment at ${offset}`);
  } else {
    transport(bytes, { at: at + headerBytes, end, from, to, protocol }, words);
    if (fragment !== 0) words.push("[first fragment]");
  }
}

function ipv6(bytes: Bytes, at: number, words: string[]): void {
  words.push("IP6");
  const from = formatIpv6(bytes.slice(at + 8, 16));
  const to = formatIpv6(bytes.slice(at + 24, 16));
  const end = at + 40 + bytes.u16(at + 4);
  let protocol = bytes.u8(at + 6);
  let payload = at + 40;
  // RFC 8200 §4: hop-by-hop, routing, destination options.
  for (let seen = 0; [0, 43, 60].includes(protocol) && seen < EXTENSIONS_MAX; seen++) {
    protocol = bytes.u8(payload);
    payload += (bytes.u8(payload + 1) + 1) * 8;
  }
  if (protocol === 44) words.push(`${from} > ${to}: fragment at ${bytes.u16(payload + 2) & ~7}`);
  else transport(bytes, { at: payload, end, from, to, protocol }, words);
}

interface Packet {
  readonly at: number;
  readonly end: number;
  readonly from: string;
  readonly to: string;
  readonly protocol: number;
}

function transport(bytes: Bytes, packet: Packet, words: string[]): void {
  const { at, end, from, to, protocol } = packet;
  if (protocol === TCP || protocol === UDP) {
    words.push(`${from}.${bytes.u16(at)} > ${to}.${bytes.u16(at + 2)}:`);
    if (protocol === TCP) tcp(bytes, at, end, words);
    else words.push(`UDP, length ${bytes.u16(at + 4) - 8}`);
    return;
  }
  words.push(`${from} > ${to}:`);
  if (protocol === ICMP) icmp(bytes, at, end, words);
  else if (protocol === ICMPV6) icmpv6(bytes, at, end, words);
  else words.push(`protocol ${protocol}, length ${Math.max(0, end - at)}`);
}

function tcp(bytes: Bytes, at: number, end: number, words: string[]): void {
  const flags = bytes.u8(at + 13);
  const data = at + (bytes.u8(at + 12) >>> 4) * 4;
  const payload = end - data;
  const letters = TCP_FLAGS.map(([bit, letter]) => ((flags & bit) !== 0 ? letter : "")).join("");
  words.push(`Flags [${letters || "none"}],`);
  const sequence = bytes.u32(at + 4);
  const last = payload > 0 ? `:${(sequence + payload) % 2 ** 32}` : "";
  words.push(`seq ${sequence}${last},`);
  if ((flags & 0x10) !== 0) words.push(`ack ${bytes.u32(at + 8)},`);
  words.push(`win ${bytes.u16(at + 14)},`);
  if (data < at + 20 || payload < 0) {
    words.push("bad header");
    return;
  }
  const options = tcpOptions(bytes, at + 20, data);
  if (options !== "") words.push(`options [${options}],`);
  words.push(`length ${payload}`);
}

function tcpOptions(bytes: Bytes, start: number, end: number): string {
  const found: string[] = [];
  let at = start;
  while (at < end && found.length < OPTIONS_MAX) {
    const kind = bytes.u8(at);
    if (kind === 0) break;
    if (kind === 1) {
      at++;
      continue;
    }
    const length = bytes.u8(at + 1);
    if (length < 2 || at + length > end) return [...found, "bad"].join(",");
    if (kind === 2) found.push(`mss ${bytes.u16(at + 2)}`);
    else if (kind === 3) found.push(`wscale ${bytes.u8(at + 2)}`);
    else if (kind === 4) found.push("sackOK");
    else if (kind === 5) found.push(`sack ${(length - 2) >> 3}`);
    else if (kind === 8) found.push(`TS val ${bytes.u32(at + 2)} ecr ${bytes.u32(at + 6)}`);
    else found.push(`unknown-${kind}`);
    at += length;
  }
  return found.join(",");
}

function icmp(bytes: Bytes, at: number, end: number, words: string[]): void {
  const type = bytes.u8(at);
  const code = bytes.u8(at + 1);
  let text = ICMP_TYPES[type] ?? `type ${type}`;
  if (type === 3) text += `: ${UNREACHABLE[code] ?? `code ${code}`}`;
  if (type === 3 && code === 4) text += `, mtu ${bytes.u16(at + 6)}`;
  if (type === 0 || type === 8) text += `, id ${bytes.u16(at + 4)}, seq ${bytes.u16(at + 6)}`;
  words.push(`ICMP ${text}, length ${Math.max(0, end - at)}`);
}

function icmpv6(bytes: Bytes, at: number, end: number, words: string[]): void {
  const type = bytes.u8(at);
  let text = ICMPV6_TYPES[type] ?? `type ${type}`;
  if (type === 2) text += `, mtu ${bytes.u32(at + 4)}`;
  if (type === 128 || type === 129) text += `, id ${bytes.u16(at + 4)}, seq ${bytes.u16(at + 6)}`;
  if (type === 135) text += `, who has ${formatIpv6(bytes.slice(at + 8, 16))}`;
  if (type === 136) text += `, tgt is ${formatIpv6(bytes.slice(at + 8, 16))}`;
  words.push(`ICMP6 ${text}, length ${Math.max(0, end - at)}`);
}

function formatIpv4(address: Uint8Array): string {
  return address.join(".");
}

/** RFC 5952 §4: the longest run of two zero groups or more, the first of equal ones, becomes `::`. */
export function formatIpv6(address: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, group) =>
    ((address[group * 2] ?? 0) * 256 + (address[group * 2 + 1] ?? 0)).toString(16),
  );
  let [start, longest] = [0, 1];
  for (let from = 0; from < 8; from++) {
    let run = 0;
    while (groups[from + run] === "0") run++;
    if (run > longest) [start, longest] = [from, run];
  }
  if (longest < 2) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + longest).join(":")}`;
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}
