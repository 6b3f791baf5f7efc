/** What an IPv6 frame says, in words, for transcripts. Reads by itself, so that it does not share our mistakes. */
import { macText } from "@phantasm/ethernet/testing";

const names: string[] = [];
const named: Uint8Array[] = [];

/** From now on this address (16 bytes at `at`) is written as that name. */
export function nameAddress(at: usize, name: string): void {
  const bytes = new Uint8Array(16);
  memory.copy(bytes.dataStart, at, 16);
  named.push(bytes);
  names.push(name);
}

export function u16At(at: usize): u32 {
  return ((<u32>load<u8>(at)) << 8) | load<u8>(at, 1);
}

function u32At(at: usize): u32 {
  return (u16At(at) << 16) | u16At(at + 2);
}

/** RFC 5952, or the name it was given. */
export function addressText(at: usize): string {
  for (let i = names.length - 1; i >= 0; i--)
    if (memory.compare(named[i].dataStart, at, 16) == 0) return names[i];
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && u16At(at + 2 * (i + length)) == 0) length++;
    if (length > bestLength) {
      best = i;
      bestLength = length;
    }
  }
  let text = "";
  for (let i = 0; i < 8; i++) {
    if (i == best) {
      text += "::";
      i += bestLength - 1;
      continue;
    }
    if (text != "" && !text.endsWith(":")) text += ":";
    text += u16At(at + 2 * i).toString(16);
  }
  return text;
}

function macAt(at: usize): string {
  let mac: u64 = 0;
  for (let i = 0; i < 6; i++) mac = (mac << 8) | load<u8>(at + i);
  return macText(mac);
}

/** RFC 1071 §4.1, the slow way. */
export function slowSum(at: usize, bytes: i32, start: u32): u32 {
  let sum = start;
  for (let i = 0; i < bytes; i++) {
    const value = <u32>load<u8>(at + i);
    sum += i & 1 ? value : value << 8;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

/** Sum of the pseudo-header of a packet. */
function pseudo(packet: usize, protocol: u32, bytes: i32): u32 {
  return slowSum(packet + 8, 32, protocol + ((<u32>bytes) & 0xffff) + ((<u32>bytes) >> 16));
}

/** The link address in an option of that type, as text; else nothing. */
function linkText(at: usize, end: usize, type: u8, before: string): string {
  return at + 8 <= end && load<u8>(at) == type && load<u8>(at, 1) == 1
    ? before + macAt(at + 2)
    : "";
}

function discoveryText(type: u32, at: usize, end: usize): string {
  if (type == 133) return "router solicitation" + linkText(at + 8, end, 1, " from ");
  const target = addressText(at + 8);
  if (type == 135) return `who-has ${target}${linkText(at + 24, end, 1, " tell ")}`;
  const flags = load<u8>(at, 4);
  const text =
    (flags & 0x80 ? " router" : "") +
    (flags & 0x40 ? " solicited" : "") +
    (flags & 0x20 ? " override" : "");
  return `${target}${linkText(at + 24, end, 2, " is-at ")}${text}`;
}

function reportText(at: usize): string {
  let text = "listener report";
  const records = u16At(at + 6);
  for (let i: u32 = 0; i < records; i++) {
    const record = at + 8 + 20 * i;
    text += (load<u8>(record) == 4 ? " to-exclude " : " is-exclude ") + addressText(record + 4);
  }
  return text;
}

function icmpText(at: usize, bytes: i32): string {
  const type = <u32>load<u8>(at);
  const code = <u32>load<u8>(at, 1);
  const quoted = `, quotes ${bytes - 8} bytes`;
  if (type == 128 || type == 129) {
    const what = type == 128 ? "request" : "reply";
    return `echo ${what} id ${u16At(at + 4)} seq ${u16At(at + 6)}, ${bytes - 8} bytes`;
  }
  if (type == 1) return (code == 4 ? "port unreachable" : `unreachable ${code}`) + quoted;
  if (type == 2) return `too big, mtu ${u32At(at + 4)}` + quoted;
  if (type == 3) return `time exceeded ${code}` + quoted;
  if (type == 4) return `parameter problem ${code} at ${u32At(at + 4)}` + quoted;
  if (type == 143) return reportText(at);
  if (type >= 133 && type <= 136) return discoveryText(type, at, at + bytes);
  return `icmp type ${type} code ${code}`;
}

function flagsText(flags: u32): string {
  return (flags & 2 ? "SYN" : "") + (flags & 4 ? "RST" : "") + (flags & 16 ? "ACK" : "");
}

/** @param frame with its virtio_net_hdr of 10 bytes in front */
export function textOf(frame: Uint8Array): string {
  const header = frame.dataStart;
  const packet = header + 24;
  if (frame.length < 24 + 40 || u16At(packet - 2) != 0x86dd) return "no IPv6";
  const payload = <i32>u16At(packet + 4);
  if (load<u8>(packet) >> 4 != 6 || payload != frame.length - 64) return "MALFORMED";
  const partial = (load<u8>(header) & 1) != 0;
  let next = <u32>load<u8>(packet, 6);
  let at = packet + 40;
  let bytes = payload;
  let note = "";
  // Where it goes on the link: a group's own address, or whatever the case says.
  const group = load<u8>(packet, 24) == 0xff;
  const toGroup = u16At(packet - 14) == 0x3333;
  if (group != toGroup || (group && u32At(packet - 12) != u32At(packet + 36)))
    note += " WRONG LINK";
  const ways = `${addressText(packet + 8)} > ${addressText(packet + 24)}`;
  if (next == 0) {
    if (u32At(at) != 0x3a000502 || u32At(at + 4) != 0x0100) note += " NO ALERT";
    next = load<u8>(at);
    at += 8;
    bytes -= 8;
  }
  if (next == 44) {
    const place = u16At(at + 2);
    const from = place & 0xfff8;
    return `${ways} fragment ${from}-${from + bytes - 8}${place & 1 ? "+" : ""} of ${load<u8>(at)}${note}`;
  }
  const sum = pseudo(packet, next, bytes);
  const valid = slowSum(at, bytes, sum) == 0xffff;
  if (partial) {
    const from = load<u16>(header, 6);
    const offset = load<u16>(header, 8);
    const wanted = sum == 0 ? 0xffff : sum;
    note += ` partial checksum at ${from - 14}+${offset}`;
    if (u16At(packet + from - 14 + offset) != wanted) note += " BAD";
    if (load<u8>(header, 1) != 0)
      note += `, cut to ${load<u16>(header, 4)} behind ${load<u16>(header, 2)} kind ${load<u8>(header, 1)}`;
  } else if ((next == 58 || next == 17 || next == 6) && !valid) note += " BAD CHECKSUM";
  const hopLimit = <u32>load<u8>(packet, 7);
  if (next == 58) {
    const type = <u32>load<u8>(at);
    const expected: u32 = type == 143 ? 1 : type >= 133 && type <= 137 ? 255 : 64;
    if (hopLimit != expected) note += ` HOP LIMIT ${hopLimit}`;
    return `${ways} ${icmpText(at, bytes)}${note}`;
  }
  if (hopLimit != 64) note += ` hop limit ${hopLimit}`;
  if (next == 17) return `${ways} udp ${u16At(at)} > ${u16At(at + 2)}, ${bytes - 8} bytes${note}`;
  if (next == 6)
    return `${ways} tcp ${u16At(at)} > ${u16At(at + 2)} ${flagsText(load<u8>(at, 13))}, ${bytes - 20} bytes${note}`;
  return `${ways} protocol ${next}, ${bytes} bytes${note}`;
}
