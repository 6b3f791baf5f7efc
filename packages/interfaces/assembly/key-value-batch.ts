/**
 * Changes that happen together. Made once and used again: `clear` keeps its memory.
 *
 * The bytes are those that a store writes into its log, so nothing is encoded twice:
 *
 *     u8 kind   u8 flags   u16 key bytes   u32 value bytes   u64 (PUT with EXPIRES: ns since 1970; CONDITION:
 *     version; else absent)   key   value
 *
 * little-endian, without padding between operations.
 */
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from "./key-value";

export enum BatchKind {
  PUT = 1,
  DELETE = 2,
  /** The key has this version, or is absent (version 0). Checked before anything is applied. */
  CONDITION = 3,
}

export enum BatchFlag {
  /** A PUT has a time at which it expires. */
  EXPIRES = 1,
}

const HEADER_BYTES: i32 = 8;


@final
export class Batch {
  /** The encoded operations: the first `byteLength` bytes. */
  bytes: Uint8Array;
  byteLength: i32 = 0;
  /** Operations in it. */
  count: i32 = 0;

  constructor(bytesExpected: i32 = 256) {
    this.bytes = new Uint8Array(bytesExpected);
  }

  clear(): Batch {
    this.byteLength = 0;
    this.count = 0;
    return this;
  }

  /** Gives a key a value, until `expiresNs` (ns since 1970 UTC; 0: for ever). Both are copied. */
  put(key: Uint8Array, value: Uint8Array, expiresNs: i64 = 0): Batch {
    return this.putPart(key, value, 0, value.length, expiresNs);
  }

  /** `put` of a part of an array. */
  putPart(key: Uint8Array, value: Uint8Array, offset: i32, length: i32, expiresNs: i64 = 0): Batch {
    assert(
      offset >= 0 && length >= 0 && offset <= value.length - length,
      "batch: the value lies outside of the array",
    );
    assert(
      length <= VALUE_BYTES_MAX,
      "batch: a value in a batch has at most 65536 bytes: stream it",
    );
    const flags = expiresNs != 0 ? BatchFlag.EXPIRES : 0;
    const at = this.add(BatchKind.PUT, flags, key, length, expiresNs != 0);
    if (expiresNs != 0) store<i64>(at + HEADER_BYTES, expiresNs);
    memory.copy(this.bytes.dataStart + this.byteLength - length, value.dataStart + offset, length);
    return this;
  }

  /** `put` of a value that is yet to be written: returns where its `length` bytes lie until the batch is changed. */
  putRoom(key: Uint8Array, length: i32): usize {
    assert(
      length >= 0 && length <= VALUE_BYTES_MAX,
      "batch: a value in a batch has at most 65536 bytes: stream it",
    );
    this.add(BatchKind.PUT, 0, key, length, false);
    return this.bytes.dataStart + <usize>(this.byteLength - length);
  }

  /** Removes a key; there is no error when it is not there. */
  delete(key: Uint8Array): Batch {
    this.add(BatchKind.DELETE, 0, key, 0, false);
    return this;
  }

  /** The batch is applied only if the key has this version; 0: only if there is no such key. */
  require(key: Uint8Array, version: u64): Batch {
    const at = this.add(BatchKind.CONDITION, 0, key, 0, true);
    store<u64>(at + HEADER_BYTES, version);
    return this;
  }

  /** Writes the header and the key; returns where the header is. The value's bytes are undefined. */
  private add(kind: BatchKind, flags: i32, key: Uint8Array, valueBytes: i32, extra: bool): usize {
    assert(key.length >= 1 && key.length <= KEY_BYTES_MAX, "batch: a key has 1 to 511 bytes");
    const extraBytes = extra ? 8 : 0;
    const start = this.byteLength;
    this.reserve(HEADER_BYTES + extraBytes + key.length + valueBytes);
    const at = this.bytes.dataStart + start;
    store<u8>(at, kind);
    store<u8>(at, flags, 1);
    store<u16>(at, key.length, 2);
    store<u32>(at, valueBytes, 4);
    memory.copy(at + HEADER_BYTES + extraBytes, key.dataStart, key.length);
    this.count++;
    return at;
  }

  private reserve(more: i32): void {
    const needed = this.byteLength + more;
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(max(needed, this.bytes.length * 2));
      memory.copy(larger.dataStart, this.bytes.dataStart, this.byteLength);
      this.bytes = larger;
    }
    this.byteLength = needed;
  }
}
