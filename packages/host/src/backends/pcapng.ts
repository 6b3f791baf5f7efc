/**
 * The blocks of a pcapng file (draft-ietf-opsawg-pcapng), in the byte order of the writer, which is
 * little-endian: one section, one interface, and an enhanced packet block for every frame.
 */
const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;

const LINKTYPE_ETHERNET = 1;
const SNAP_BYTES = 262_144;

const OPTION_END = 0;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_MAC_ADDRESS = 6;
const IF_TSRESOL = 9;
/** 10^-9 s. */
const NANOSECONDS = 9;
const EPB_FLAGS = 2;
const FLAG_INBOUND = 1;
const FLAG_OUTBOUND = 2;

/** Type and length in front, the length again behind. */
const BLOCK_BYTES = 12;
/** Interface, two halves of the time, bytes captured, bytes on the wire. */
const PACKET_FIELDS_BYTES = 20;
/** Where the frame begins. */
export const PACKET_OFFSET = 8 + PACKET_FIELDS_BYTES;
const OPTION_BYTES = 4;
const PACKET_OPTIONS_BYTES = OPTION_BYTES + 4 + OPTION_BYTES;

const padded = (bytes: number): number => (bytes + 3) & ~3;

/** What the file begins with. */
export function fileHead(name: string, mac: Uint8Array): Uint8Array {
  const section = Buffer.alloc(16);
  section.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  section.writeUInt16LE(1, 4);
  // The length of the section is not known: -1.
  section.fill(0xff, 8, 16);
  const description = Buffer.alloc(8);
  description.writeUInt16LE(LINKTYPE_ETHERNET, 0);
  description.writeUInt32LE(SNAP_BYTES, 4);
  return Buffer.concat([
    block(SECTION_HEADER, section, [option(SHB_USERAPPL, Buffer.from("phantasm"))]),
    block(INTERFACE_DESCRIPTION, description, [
      option(IF_NAME, Buffer.from(name)),
      option(IF_MAC_ADDRESS, mac),
      option(IF_TSRESOL, Uint8Array.of(NANOSECONDS)),
    ]),
  ]);
}

/** Bytes of the block for a frame. */
export function packetBytes(frameBytes: number): number {
  return BLOCK_BYTES + PACKET_FIELDS_BYTES + padded(frameBytes) + PACKET_OPTIONS_BYTES;
}

/** Writes everything of a packet block but the frame itself, which stands at PACKET_OFFSET. */
export function finishPacket(
  block: Buffer,
  frameBytes: number,
  nowNs: bigint,
  isOutbound: boolean,
): void {
  block.writeUInt32LE(ENHANCED_PACKET, 0);
  block.writeUInt32LE(block.length, 4);
  block.writeUInt32LE(0, 8);
  block.writeUInt32LE(Number(BigInt.asUintN(32, nowNs >> 32n)), 12);
  block.writeUInt32LE(Number(BigInt.asUintN(32, nowNs)), 16);
  block.writeUInt32LE(frameBytes, 20);
  block.writeUInt32LE(frameBytes, 24);
  let at = PACKET_OFFSET + frameBytes;
  const end = PACKET_OFFSET + padded(frameBytes);
  while (at < end) block[at++] = 0;
  block.writeUInt16LE(EPB_FLAGS, at);
  block.writeUInt16LE(4, at + 2);
  block.writeUInt32LE(isOutbound ? FLAG_OUTBOUND : FLAG_INBOUND, at + 4);
  block.writeUInt32LE(OPTION_END, at + 8);
  block.writeUInt32LE(block.length, at + 12);
}

function option(code: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(OPTION_BYTES + padded(value.length));
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt16LE(value.length, 2);
  bytes.set(value, OPTION_BYTES);
  return bytes;
}

function block(type: number, fields: Buffer, options: readonly Buffer[]): Buffer {
  const body = Buffer.concat([fields, ...options, Buffer.alloc(OPTION_BYTES)]);
  const bytes = Buffer.alloc(BLOCK_BYTES + body.length);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(bytes.length, 4);
  bytes.set(body, 8);
  bytes.writeUInt32LE(bytes.length, bytes.length - 4);
  return bytes;
}
