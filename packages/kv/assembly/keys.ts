/** Keys as the tree has them, made in place for one call. */
import { KEY_BYTES_MAX } from "@phantasm/interfaces";
import { NAMESPACE_EXPIRY, NAMESPACE_USER } from "./layout";

/** Of what users put, and of the expiry index. */
export const userKey: usize = memory.data(528, 8);
export const expiryKey: usize = memory.data(528, 8);

/** The buffers here have room for no longer ones. */
export function checkKey(key: Uint8Array): void {
  assert(key.length >= 1 && key.length <= KEY_BYTES_MAX, "kv: a key has 1 to 511 bytes");
}

/** Makes the key of a user's key; returns its length. */
// @ts-ignore: decorator
@inline
export function makeUserKey(key: usize, keyBytes: i32): i32 {
  store<u8>(userKey, NAMESPACE_USER);
  memory.copy(userKey + 1, key, keyBytes);
  return keyBytes + 1;
}

/** Makes the key of an expiry; returns its length. */
export function makeExpiryKey(expiresNs: i64, key: usize, keyBytes: i32): i32 {
  store<u8>(expiryKey, NAMESPACE_EXPIRY);
  store<u64>(expiryKey + 1, bswap<u64>(<u64>expiresNs));
  memory.copy(expiryKey + 9, key, keyBytes);
  return keyBytes + 9;
}
