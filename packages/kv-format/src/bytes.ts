/** Little-endian fields of arrays that came from a device. */
import { REFERENCE_BYTES } from "./layout.js";

/** Where something is, and what it has to be. */
export interface Reference {
  /** 0: nowhere. May be anything: a number above 2⁵³ is rounded, and is outside of every device. */
  readonly page: number;
  readonly checksum: bigint;
}

export const NOWHERE: Reference = { page: 0, checksum: 0n };

export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A u64 as a number; above 2⁵³ it is rounded. */
export function getNumber(fields: DataView, at: number): number {
  return fields.getUint32(at, true) + fields.getUint32(at + 4, true) * 2 ** 32;
}

/** @param value a whole number of at most 2⁵³ */
export function setNumber(fields: DataView, at: number, value: number): void {
  fields.setUint32(at, value % 2 ** 32, true);
  fields.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

export function getReference(fields: DataView, at: number): Reference {
  return { page: getNumber(fields, at), checksum: fields.getBigUint64(at + 8, true) };
}

export function setReference(fields: DataView, at: number, { page, checksum }: Reference): void {
  setNumber(fields, at, page);
  fields.setBigUint64(at + REFERENCE_BYTES / 2, checksum, true);
}

/** The first byte that is not 0; -1: all are. */
export function firstNonZero(bytes: Uint8Array, from = 0): number {
  for (let at = from; at < bytes.length; at++) if (bytes[at] !== 0) return at;
  return -1;
}

export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  return Buffer.compare(left, right);
}

export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return (
    bytes.length >= prefix.length && compareBytes(bytes.subarray(0, prefix.length), prefix) === 0
  );
}

/** The least bytes that are above all that begin with these; null: there are none. */
export function above(prefix: Uint8Array): Uint8Array | null {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) return null;
  const next = prefix.slice(0, length);
  next[length - 1]!++;
  return next;
}
