/** Packets made and read by the letter of the RFCs, slowly, and independently of the code under test. */
import { ETHERNET_HEADER_BYTES, HEADER_BYTES } from "../link.js";

export interface TcpPacket {
  readonly version: 4 | 6;
  readonly tags?: number;
  /** IPv4 options or IPv6 extension headers, in units of 4 and 8 bytes. */
  readonly extra?: number;
  readonly identification?: number;
  readonly sequence: number;
  readonly flags: number;
  /** TCP options, in units of 4 bytes. */
  readonly options?: number;
  readonly payload: Uint8Array;
}

/** RFC 1071, bit by bit as it is written there: the complement of the sum, 0 for a range that holds its own. */
export function referenceChecksum(...ranges: readonly Uint8Array[]): number {
  let sum = 0;
  for (const range of ranges) {
    for (let at = 0; at < range.length; at += 2) {
      sum += range[at]! * 256 + (range[at + 1] ?? 0);
    }
  }
  while (sum > 0xffff) sum = (sum % 65_536) + Math.floor(sum / 65_536);
  return ~sum & 0xffff;
}

/** A frame with a virtio_net_hdr that says: segment, partial checksum. */
export function superFrame(packet: TcpPacket, segmentBytes: number): Uint8Array {
  const { version, tags = 0, extra = 0, options = 0, payload } = packet;
  const ipHeader = version === 4 ? 20 + extra * 4 : 40 + extra * 8;
  const tcpHeader = 20 + options * 4;
  const ip = HEADER_BYTES + ETHERNET_HEADER_BYTES + tags * 4;
  const tcp = ip + ipHeader;
  const bytes = new Uint8Array(tcp + tcpHeader + payload.length);
  const view = new DataView(bytes.buffer);
  for (let at = HEADER_BYTES; at < HEADER_BYTES + 12; at++) bytes[at] = at;
  for (let tag = 0; tag < tags; tag++) view.setUint32(HEADER_BYTES + 12 + tag * 4, 0x81000007);
  view.setUint16(ip - 2, version === 4 ? 0x0800 : 0x86dd);
  for (let at = ip; at < tcp; at++) bytes[at] = 1;
  if (version === 4) {
    view.setUint8(ip, 0x40 | (ipHeader / 4));
    view.setUint8(ip + 1, 0);
    view.setUint16(ip + 2, bytes.length - ip);
    view.setUint16(ip + 4, packet.identification ?? 0);
    view.setUint16(ip + 6, 0x4000);
    view.setUint8(ip + 8, 64);
    view.setUint8(ip + 9, 6);
    view.setUint16(ip + 10, 0);
    bytes.set([10, 0, 0, 1, 10, 0, 0, 2], ip + 12);
    view.setUint16(ip + 10, referenceChecksum(bytes.subarray(ip, tcp)));
  } else {
    view.setUint32(ip, 0x60000000);
    view.setUint16(ip + 4, bytes.length - ip - 40);
    view.setUint8(ip + 6, extra > 0 ? 60 : 6);
    view.setUint8(ip + 7, 64);
    for (let at = 0; at < 32; at++) bytes[ip + 8 + at] = at * 5;
    for (let header = 0; header < extra; header++) {
      view.setUint8(ip + 40 + header * 8, header + 1 < extra ? 60 : 6);
      view.setUint8(ip + 41 + header * 8, 0);
    }
  }
  view.setUint16(tcp, 8080);
  view.setUint16(tcp + 2, 443);
  view.setUint32(tcp + 4, packet.sequence);
  view.setUint8(tcp + 12, (tcpHeader / 4) << 4);
  view.setUint8(tcp + 13, packet.flags);
  view.setUint16(tcp + 14, 1000);
  for (let at = tcp + 20; at < tcp + tcpHeader; at++) bytes[at] = 1;
  bytes.set(payload, tcp + tcpHeader);
  // The sender leaves the sum of the pseudo-header, not complemented.
  view.setUint16(
    tcp + 16,
    ~referenceChecksum(pseudoHeader(bytes, ip, bytes.length - tcp)) & 0xffff,
  );
  bytes[0] = 1;
  bytes[1] = version === 4 ? 1 : 4;
  view.setUint16(2, tcp + tcpHeader - HEADER_BYTES, true);
  view.setUint16(4, segmentBytes, true);
  view.setUint16(6, tcp - HEADER_BYTES, true);
  view.setUint16(8, 16, true);
  return bytes;
}

/** What a receiver sees of a frame, after it has checked both checksums and every length. */
export interface Received {
  readonly header: Uint8Array;
  readonly identification: number;
  readonly sequence: number;
  readonly flags: number;
  readonly options: Uint8Array;
  readonly payload: Uint8Array;
}

/** Throws when anything about a finished TCP frame is not as the RFCs want it. */
export function receiveTcp(frame: Uint8Array): Received {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (frame.subarray(0, HEADER_BYTES).some((byte) => byte !== 0)) throw new Error("header in use");
  let ip = HEADER_BYTES + ETHERNET_HEADER_BYTES;
  while (view.getUint16(ip - 2) === 0x8100) ip += 4;
  const isIpv4 = view.getUint16(ip - 2) === 0x0800;
  let tcp = ip + (isIpv4 ? (frame[ip]! & 15) * 4 : 40);
  if (isIpv4) {
    if (referenceChecksum(frame.subarray(ip, tcp)) !== 0) throw new Error("IPv4 checksum");
    if (view.getUint16(ip + 2) !== frame.length - ip) throw new Error("IPv4 length");
  } else {
    if (view.getUint16(ip + 4) !== frame.length - ip - 40) throw new Error("IPv6 length");
    for (let next = frame[ip + 6]!; next !== 6; next = frame[tcp - 8]!) tcp += 8;
  }
  const segment = frame.subarray(tcp);
  if (referenceChecksum(pseudoHeader(frame, ip, segment.length), segment) !== 0) {
    throw new Error("TCP checksum");
  }
  const data = tcp + (frame[tcp + 12]! >> 4) * 4;
  return {
    header: frame.slice(HEADER_BYTES, ip),
    identification: isIpv4 ? view.getUint16(ip + 4) : 0,
    sequence: view.getUint32(tcp + 4),
    flags: frame[tcp + 13]!,
    options: frame.slice(tcp + 20, data),
    payload: frame.slice(data),
  };
}

function pseudoHeader(frame: Uint8Array, ip: number, length: number): Uint8Array {
  const isIpv4 = frame[ip]! >> 4 === 4;
  const addresses = isIpv4 ? frame.subarray(ip + 12, ip + 20) : frame.subarray(ip + 8, ip + 40);
  const bytes = new Uint8Array(addresses.length + 8);
  bytes.set(addresses);
  const view = new DataView(bytes.buffer);
  view.setUint32(addresses.length, length);
  view.setUint32(addresses.length + 4, 6);
  return bytes;
}
