/**
 * Compiled zones on a disk: docs/reference/zone-disk.md is the description. Two headers and two halves; a new
 * generation is written to where the current one is not, and its header last of all, so that whoever reads meanwhile
 * finds the old generation or the new one, whole.
 */
import { type Device, type Source, xxh64 } from "@phantasm/kv-format";

const MAGIC = 0x004b5349445a4850n; // "PHZDISK\0"
const VERSION = 1;
/** Of each of the two headers; the content is behind them. */
const HEADER_BYTES = 4096;
const CONTENT_AT = 2 * HEADER_BYTES;
const CHECKED_BYTES = 64;
const ALIGNMENT = 4096;
/** Each piece of the content is the seed of the next one's checksum. */
const PIECE_BYTES = 1_048_576;

/** Nobody takes more: see CompiledZones. */
const CONTENT_BYTES_MAX = 64 * 1024 * 1024;

/** Room for two generations of any size: mostly holes in the file. */
export const DISK_BYTES_DEFAULT = CONTENT_AT + 2 * CONTENT_BYTES_MAX;
export const DISK_BYTES_MIN = CONTENT_AT + 2 * ALIGNMENT;

export interface DiskHeader {
  readonly generation: bigint;
  /** Bytes. */
  readonly offset: number;
  readonly bytes: number;
  readonly checksum: bigint;
}

/** What is wrong with a disk, in words. */
export class ZoneDiskError extends Error {
  override readonly name = "ZoneDiskError";
}

/** The disk's place for a header: that of generation g is g modulo 2. */
function placeOf(generation: bigint): number {
  return Number(generation & 1n);
}

/** Bytes that one generation may have. */
export function roomOf(diskBytes: number): number {
  const half = Math.floor((diskBytes - CONTENT_AT) / 2);
  return Math.max(0, half - (half % ALIGNMENT));
}

/** A text: what is wrong with the header. */
function readHeader(source: Source, place: number): DiskHeader | string {
  const bytes = Buffer.alloc(CHECKED_BYTES + 8);
  source.read(bytes, place * HEADER_BYTES);
  if (bytes.every((byte) => byte === 0)) return "it is empty";
  if (bytes.readBigUInt64LE(0) !== MAGIC) return "it is no header of zones";
  if (bytes.readBigUInt64LE(CHECKED_BYTES) !== xxh64(bytes.subarray(0, CHECKED_BYTES)))
    return "its checksum does not fit";
  const version = bytes.readUInt32LE(8);
  if (version !== VERSION) return `it has version ${version}, and ${VERSION} is known here`;
  const generation = bytes.readBigUInt64LE(16);
  const offset = bytes.readBigUInt64LE(24);
  const length = bytes.readBigUInt64LE(32);
  if (placeOf(generation) !== place) return `generation ${generation} is not here`;
  if (offset % BigInt(ALIGNMENT) !== 0n || offset < CONTENT_AT)
    return `its content would be at byte ${offset}`;
  if (offset + length > source.bytes)
    return `its content would end at byte ${offset + length}, and the disk at ${source.bytes}`;
  if (length > CONTENT_BYTES_MAX)
    return `its content would have ${length} bytes, and zones have at most ${CONTENT_BYTES_MAX}`;
  return {
    generation,
    offset: Number(offset),
    bytes: Number(length),
    checksum: bytes.readBigUInt64LE(40),
  };
}

export interface DiskHeaders {
  /** The newest first. */
  readonly good: readonly DiskHeader[];
  /** What is wrong with the others. */
  readonly bad: readonly string[];
}

/** @throws ZoneDiskError when the disk is too small to have any */
export function readHeaders(source: Source): DiskHeaders {
  if (source.bytes < DISK_BYTES_MIN)
    throw new ZoneDiskError(`${source.bytes} bytes are too few for zones`);
  const good: DiskHeader[] = [];
  const bad: string[] = [];
  for (const place of [0, 1]) {
    const header = readHeader(source, place);
    if (typeof header === "string") bad.push(`header ${place}: ${header}`);
    else good.push(header);
  }
  good.sort((a, b) => (a.generation > b.generation ? -1 : 1));
  return { good, bad };
}

/** Whether nothing but zones has been written to it: so that nothing else is overwritten. */
export function isZoneDisk(source: Source): boolean {
  const first = Buffer.alloc(8);
  return [0, HEADER_BYTES].every((at) => {
    source.read(first, at);
    return first.readBigUInt64LE(0) === MAGIC || first.every((byte) => byte === 0);
  });
}

function checksumOf(content: Uint8Array): bigint {
  let checksum = 0n;
  for (let at = 0; at < content.length; at += PIECE_BYTES)
    checksum = xxh64(content.subarray(at, at + PIECE_BYTES), checksum);
  return checksum;
}

/** @throws ZoneDiskError when the checksum does not fit */
export function readContent(source: Source, header: DiskHeader): Buffer {
  const content = Buffer.alloc(header.bytes);
  source.read(content, header.offset);
  if (checksumOf(content) !== header.checksum)
    throw new ZoneDiskError(
      `generation ${header.generation}: the checksum of its ${header.bytes} bytes does not fit`,
    );
  return content;
}

/** Where so many bytes do not lie over the current generation. */
function freePlace(diskBytes: number, bytes: number, current: DiskHeader | undefined): number {
  const room = roomOf(diskBytes);
  const end = current ? current.offset + current.bytes : 0;
  const places = [CONTENT_AT, CONTENT_AT + room, Math.ceil(end / ALIGNMENT) * ALIGNMENT];
  const isFree = (at: number): boolean =>
    at >= CONTENT_AT &&
    at + bytes <= diskBytes &&
    (!current || at + bytes <= current.offset || at >= end);
  const place = bytes <= room ? places.find(isFree) : undefined;
  if (place !== undefined) return place;
  throw new ZoneDiskError(
    `the zones have ${bytes} bytes, and half of the disk, beside those that are there, has room for ${room}`,
  );
}

/**
 * Writes zones beside those that are there, then their header. The caller keeps other writers out; readers are not
 * disturbed.
 *
 * @throws ZoneDiskError when there is no room, or somebody else has written meanwhile
 */
export function writeZones(device: Device, content: Uint8Array): DiskHeader {
  const before = readHeaders(device).good[0];
  const generation = (before?.generation ?? 0n) + 1n;
  const offset = freePlace(device.bytes, content.length, before);
  const header = { generation, offset, bytes: content.length, checksum: checksumOf(content) };
  device.write(content, offset);
  device.sync();
  if (readHeaders(device).good[0]?.generation !== before?.generation)
    throw new ZoneDiskError("somebody else has written zones meanwhile: try again");
  device.write(headerBytes(header), placeOf(generation) * HEADER_BYTES);
  device.sync();
  readContent(device, header);
  return header;
}

function headerBytes({ generation, offset, bytes, checksum }: DiskHeader): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeBigUInt64LE(MAGIC, 0);
  header.writeUInt32LE(VERSION, 8);
  header.writeBigUInt64LE(generation, 16);
  header.writeBigUInt64LE(BigInt(offset), 24);
  header.writeBigUInt64LE(BigInt(bytes), 32);
  header.writeBigUInt64LE(checksum, 40);
  header.writeBigUInt64LE(xxh64(header.subarray(0, CHECKED_BYTES)), CHECKED_BYTES);
  return header;
}
