/**
 * Zones in a key-value store (docs/reference/kept-zones.md):
 *
 *     dns-secondary/zone/NAME   u32 magic, u32 version, i64 when it was written; the compiled zone
 *     dns-secondary/time/NAME   i64 when it was last known to be current, u32 serial of the version that was
 *
 * Little-endian; times in ns since 1970 UTC; NAME is in wire form and lower case.
 */

/** `PHZK`. */
export const KEPT_MAGIC: u32 = 0x4b5a4850;
export const KEPT_VERSION: u32 = 1;
export const KEPT_HEADER_BYTES: i32 = 16;
export const TIME_BYTES: i32 = 12;

export const ZONE_PREFIX: Uint8Array = bytesOf("dns-secondary/zone/");
export const TIME_PREFIX: Uint8Array = bytesOf("dns-secondary/time/");

function bytesOf(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

/** @param prefix of the two, which have the same length */
export function keyOf(prefix: Uint8Array, name: usize, nameBytes: i32): Uint8Array {
  const key = new Uint8Array(prefix.length + nameBytes);
  memory.copy(key.dataStart, prefix.dataStart, prefix.length);
  memory.copy(key.dataStart + prefix.length, name, nameBytes);
  return key;
}
