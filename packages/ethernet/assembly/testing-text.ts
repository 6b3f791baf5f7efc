/** What a frame says, in words, for transcripts. Reads by itself, so that it does not share our mistakes. */
import { LINK_HEADROOM_BYTES } from "@phantasm/interfaces";

function u16At(at: usize): u32 {
  return ((<u32>load<u8>(at)) << 8) | load<u8>(at, 1);
}

function u32At(at: usize): u32 {
  return (u16At(at) << 16) | u16At(at + 2);
}

/** RFC 1071 §4.1, the slow way. */
function onesSum(at: usize, bytes: i32, start: u32): u32 {
  let sum = start;
  for (let i = 0; i < bytes; i++) {
    const value = <u32>load<u8>(at + i);
    sum += i & 1 ? value : value << 8;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

export function ipv4Text(at: usize): string {
  return `${load<u8>(at)}.${load<u8>(at, 1)}.${load<u8>(at, 2)}.${load<u8>(at, 3)}`;
}

function hexByte(value: u8): string {
  return (value < 16 ? "0" : "") + value.toString(16);
}

export function macText(mac: u64): string {
  let text = "";
  for (let at = 0; at < 6; at++) text += (at > 0 ? ":" : "") + hexByte(<u8>(mac >> (40 - 8 * at)));
  return text;
}

function macAt(at: usize): string {
  let mac: u64 = 0;
  for (let i = 0; i < 6; i++) mac = (mac << 8) | load<u8>(at + i);
  return macText(mac);
}

/** Eight groups, without the shortening of zeros. */
function ipv6Text(at: usize): string {
  let text = "";
  for (let i = 0; i < 16; i += 2) text += (i > 0 ? ":" : "") + u16At(at + i).toString(16);
  return text;
}

function arpText(at: usize): string {
  const operation = u16At(at + 6);
  const sender = ipv4Text(at + 14);
  const target = ipv4Text(at + 24);
  if (operation == 1) {
    if (sender == target) return `arp announce ${sender}`;
    return `arp who-has ${target} tell ${sender}`;
  }
  return `arp ${sender} is-at ${macAt(at + 8)}`;
}

function unreachableText(code: u32, at: usize): string {
  if (code == 0) return "network unreachable";
  if (code == 1) return "host unreachable";
  if (code == 2) return "protocol unreachable";
  if (code == 3) return "port unreachable";
  if (code == 4) return `too large, mtu ${u16At(at + 6)}`;
  return `unreachable ${code}`;
}

function icmpText(at: usize, bytes: i32): string {
  const type = load<u8>(at);
  const code = <u32>load<u8>(at, 1);
  const bad = onesSum(at, bytes, 0) == 0xffff ? "" : " BAD CHECKSUM";
  if (type == 8 || type == 0) {
    const what = type == 8 ? "request" : "reply";
    return `echo ${what} id ${u16At(at + 4)} seq ${u16At(at + 6)}, ${bytes - 8} bytes${bad}`;
  }
  if (type == 3) return unreachableText(code, at) + bad;
  if (type == 11) return (code == 0 ? "time exceeded" : "reassembly time exceeded") + bad;
  return `icmp type ${type} code ${code}${bad}`;
}

function flagsText(flags: u32): string {
  let text = "";
  if (flags & 2) text += "SYN ";
  if (flags & 1) text += "FIN ";
  if (flags & 4) text += "RST ";
  if (flags & 8) text += "PSH ";
  if (flags & 16) text += "ACK ";
  if (flags & 32) text += "URG ";
  return text.trimEnd();
}

/** What a transport says; `sum` is that of its pseudo-header. */
function transportText(
  protocol: u32,
  at: usize,
  bytes: i32,
  source: string,
  destination: string,
  pseudo: u32,
  partial: bool,
): string {
  if (protocol == 17 && bytes >= 8) {
    let note = "";
    if (u16At(at + 4) != bytes) note = " BAD LENGTH";
    if (u16At(at + 6) == 0) note += " no checksum";
    else if (partial) note += " partial checksum";
    else if (onesSum(at, bytes, pseudo) != 0xffff) note += " BAD CHECKSUM";
    return `udp ${source}:${u16At(at)} > ${destination}:${u16At(at + 2)}, ${bytes - 8} bytes${note}`;
  }
  if (protocol == 6 && bytes >= 20) {
    const header = (<i32>(load<u8>(at, 12) >> 4)) << 2;
    let note = "";
    if (partial) note = " partial checksum";
    else if (onesSum(at, bytes, pseudo) != 0xffff) note = " BAD CHECKSUM";
    return (
      `tcp ${source}:${u16At(at)} > ${destination}:${u16At(at + 2)} ${flagsText(load<u8>(at, 13))}` +
      ` seq ${u32At(at + 4)} ack ${u32At(at + 8)} win ${u16At(at + 14)}, ${bytes - header} bytes${note}`
    );
  }
  return `ip ${source} > ${destination} protocol ${protocol}, ${bytes} bytes`;
}

function ipv4PacketText(at: usize, frameBytes: i32, partial: bool): string {
  const header = (<i32>(load<u8>(at) & 15)) << 2;
  const total = <i32>u16At(at + 2);
  if (load<u8>(at) >> 4 != 4 || header < 20 || total < header || total > frameBytes)
    return "ip MALFORMED";
  const source = ipv4Text(at + 12);
  const destination = ipv4Text(at + 16);
  const protocol = <u32>load<u8>(at, 9);
  const bytes = total - header;
  const payload = at + header;
  const cut = u16At(at + 6);
  const offset = (<i32>(cut & 0x1fff)) << 3;
  if (onesSum(at, header, 0) != 0xffff) return `ip ${source} > ${destination} BAD HEADER CHECKSUM`;
  if (cut & 0x3fff) {
    const more = cut & 0x2000 ? "+" : "";
    return `ip ${source} > ${destination} fragment ${offset}-${offset + bytes}${more}`;
  }
  if (protocol == 1 && bytes >= 8)
    return `icmp ${source} > ${destination} ${icmpText(payload, bytes)}`;
  const pseudo = onesSum(at + 12, 8, protocol + bytes);
  return transportText(protocol, payload, bytes, source, destination, pseudo, partial);
}

function ipv6PacketText(at: usize, frameBytes: i32, partial: bool): string {
  const bytes = <i32>u16At(at + 4);
  if (frameBytes < 40 || bytes > frameBytes - 40) return "ip6 MALFORMED";
  const source = ipv6Text(at + 8);
  const destination = ipv6Text(at + 24);
  const protocol = <u32>load<u8>(at, 6);
  const pseudo = onesSum(at + 8, 32, protocol + bytes);
  return transportText(protocol, at + 40, bytes, source, destination, pseudo, partial);
}

/** @param frame with its virtio_net_hdr in front */
export function describeFrame(frame: Uint8Array): string {
  const header = frame.dataStart;
  const at = header + LINK_HEADROOM_BYTES;
  const bytes = frame.length - LINK_HEADROOM_BYTES - 14;
  const type = u16At(at + 12);
  const payload = at + 14;
  const partial = (load<u8>(header) & 1) != 0;
  const cut = load<u8>(header, 1) != 0 ? `, cut to ${load<u16>(header, 4)}` : "";
  if (type == 0x0806) return bytes >= 28 ? arpText(payload) : "arp MALFORMED";
  if (type == 0x0800)
    return bytes >= 20 ? ipv4PacketText(payload, bytes, partial) + cut : "ip short";
  if (type == 0x86dd) return ipv6PacketText(payload, bytes, partial) + cut;
  return `type ${type.toString(16)}, ${bytes} bytes`;
}
