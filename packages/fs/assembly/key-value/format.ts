/**
 * What a volume is in the store. All keys begin with the prefix of the volume, then one letter:
 *
 *     h                          the header
 *     e  u64 directory  name     an entry: what it is, and where its content lies
 *     d  u64 content  u32 n      chunk n of a content; what is missing or short is zeros
 *     g  u64 content             garbage: chunks from a number on are to be deleted
 *
 * Numbers in keys are big-endian, so that they are in order; in values they are little-endian. Names are
 * UTF-8. The root is directory 1 and has no entry. A number of a directory or a content is never used again.
 */
import { Value } from "@phantasm/interfaces";

/** A name has at most so many bytes. */
export const NAME_BYTES_MAX: i32 = 255;

/** A prefix has at most so many bytes: then every key has room. */
export const PREFIX_BYTES_MAX: i32 = 200;

export const CHUNK_BYTES_MIN: i32 = 4096;
export const CHUNK_BYTES_MAX: i32 = 65_536;

/** Chunks of a file, at most: their numbers are u32. */
export const CHUNKS_MAX: u64 = 0xffff_ffff;

export const ROOT: u64 = 1;

/** No number of a directory or a content reaches this. */
const NUMBERS_END: u64 = 1 << 62;

const LETTER_HEADER: u8 = 0x68;
const LETTER_ENTRY: u8 = 0x65;
const LETTER_DATA: u8 = 0x64;
const LETTER_GARBAGE: u8 = 0x67;

/** "PHFILES" and the version of the format. */
const MAGIC: u64 = 0x01_53_45_4c_49_46_48_50;

const HEADER_BYTES: i32 = 24;
const ENTRY_BYTES: i32 = 32;
const GARBAGE_BYTES: i32 = 8;

const KIND_FILE: u8 = 1;
const KIND_DIRECTORY: u8 = 2;

/** The value at the header's key: u64 magic, u32 bytes of a chunk, u32 0, u64 the first number that was never used. */
@final
export class Header {
  chunkBytes: i32 = 0;
  nextNumber: u64 = 0;
  readonly bytes: Uint8Array = new Uint8Array(HEADER_BYTES);

  /** False: it is not the header of such a volume. */
  parse(value: Value): bool {
    if (value.length != HEADER_BYTES) return false;
    const at = value.bytes.dataStart;
    this.chunkBytes = load<i32>(at, 8);
    this.nextNumber = load<u64>(at, 16);
    const bytes = this.chunkBytes;
    return (
      load<u64>(at) == MAGIC &&
      bytes >= CHUNK_BYTES_MIN &&
      bytes <= CHUNK_BYTES_MAX &&
      (bytes & (bytes - 1)) == 0 &&
      this.nextNumber > ROOT &&
      this.nextNumber < NUMBERS_END
    );
  }

  /** Fills `bytes`. */
  encode(): Uint8Array {
    const at = this.bytes.dataStart;
    store<u64>(at, MAGIC);
    store<u64>(at, <u64>this.chunkBytes, 8);
    store<u64>(at, this.nextNumber, 16);
    return this.bytes;
  }
}

/** The value of an entry: u8 kind, 7 bytes 0, u64 number, u64 size, i64 when it was changed. */
@final
export class Entry {
  directory: bool = false;
  /** Of the directory, or of the content. */
  number: u64 = 0;
  /** Bytes of a file. */
  size: u64 = 0;
  modifiedNs: i64 = 0;
  /** Of the batch that wrote it; 0: there is none. */
  version: u64 = 0;
  readonly bytes: Uint8Array = new Uint8Array(ENTRY_BYTES);

  /** False: damage, or not an entry. */
  parse(value: Value, sizeMax: u64): bool {
    if (value.length != ENTRY_BYTES) return false;
    const at = value.bytes.dataStart;
    const kind = load<u8>(at);
    this.directory = kind == KIND_DIRECTORY;
    this.number = load<u64>(at, 8);
    this.size = load<u64>(at, 16);
    this.modifiedNs = load<i64>(at, 24);
    this.version = value.version;
    return (
      (this.directory || kind == KIND_FILE) &&
      this.number > ROOT &&
      this.number < NUMBERS_END &&
      this.size <= sizeMax
    );
  }

  /** Fills `bytes`. */
  encode(): Uint8Array {
    const at = this.bytes.dataStart;
    store<u64>(at, this.directory ? KIND_DIRECTORY : KIND_FILE);
    store<u64>(at, this.number, 8);
    store<u64>(at, this.size, 16);
    store<i64>(at, this.modifiedNs, 24);
    return this.bytes;
  }

  copyFrom(other: Entry): void {
    this.directory = other.directory;
    this.number = other.number;
    this.size = other.size;
    this.modifiedNs = other.modifiedNs;
    this.version = other.version;
  }
}

/** The first chunk that a garbage value says is to be deleted; negative: it is none. */
export function parseGarbage(value: Value): i64 {
  return value.length == GARBAGE_BYTES ? <i64>load<u32>(value.bytes.dataStart) : -1;
}

/** Makes the keys of a volume. */
@final
export class Keys {
  readonly header: Uint8Array;
  /** Where all garbage begins. */
  readonly garbageAll: Uint8Array;
  readonly prefix: Uint8Array;
  private readonly garbageValue: Uint8Array = new Uint8Array(GARBAGE_BYTES);

  constructor(prefix: string) {
    const bytes = Uint8Array.wrap(String.UTF8.encode(prefix));
    assert(bytes.length <= PREFIX_BYTES_MAX, "files: a prefix has at most 200 bytes");
    this.prefix = bytes;
    this.header = new Uint8Array(bytes.length + 1);
    this.garbageAll = new Uint8Array(bytes.length + 1);
    this.begin(this.header, LETTER_HEADER);
    this.begin(this.garbageAll, LETTER_GARBAGE);
  }

  /** Where the entries of a directory begin. */
  children(directory: u64): Uint8Array {
    return this.numbered(LETTER_ENTRY, directory, 0);
  }

  /** An entry: the name is the part of a checked path. Null: it is too long. */
  entry(directory: u64, path: string, start: i32, end: i32): Uint8Array | null {
    const bytes = utf8Bytes(path, start, end);
    if (bytes == 0 || bytes > NAME_BYTES_MAX) return null;
    const key = this.numbered(LETTER_ENTRY, directory, bytes);
    encode(path, start, end, key.dataStart + key.length - bytes);
    return key;
  }

  /** The name in the key of an entry. */
  nameOf(key: Uint8Array): string {
    const before = this.prefix.length + 9;
    return String.UTF8.decodeUnsafe(key.dataStart + before, key.length - before);
  }

  /** Where the chunks of a content begin. */
  chunks(content: u64): Uint8Array {
    return this.numbered(LETTER_DATA, content, 0);
  }

  /** A key for chunks, to be filled by `setChunk`. */
  chunk(): Uint8Array {
    return this.numbered(LETTER_DATA, 0, 4);
  }

  setChunk(key: Uint8Array, content: u64, chunk: u32): void {
    const at = key.dataStart + key.length - 12;
    store<u64>(at, bswap<u64>(content));
    store<u32>(at, bswap<u32>(chunk), 8);
  }

  /** The number of the chunk with this key; negative: it has no such key. */
  chunkOf(key: Uint8Array): i64 {
    if (key.length != this.prefix.length + 13) return -1;
    return <i64>bswap<u32>(load<u32>(key.dataStart + key.length - 4));
  }

  garbage(content: u64): Uint8Array {
    return this.numbered(LETTER_GARBAGE, content, 0);
  }

  /** The content that a key of garbage is about; 0: it has no such key. */
  garbageOf(key: Uint8Array): u64 {
    if (key.length != this.prefix.length + 9) return 0;
    const content = bswap<u64>(load<u64>(key.dataStart + key.length - 8));
    return content < NUMBERS_END ? content : 0;
  }

  /** The value that says: chunks from this one on. Valid until the next call. */
  garbageFrom(chunk: u32): Uint8Array {
    store<u64>(this.garbageValue.dataStart, <u64>chunk);
    return this.garbageValue;
  }

  private numbered(letter: u8, number: u64, more: i32): Uint8Array {
    const key = new Uint8Array(this.prefix.length + 9 + more);
    this.begin(key, letter);
    store<u64>(key.dataStart + this.prefix.length, bswap<u64>(number), 1);
    return key;
  }

  private begin(key: Uint8Array, letter: u8): void {
    memory.copy(key.dataStart, this.prefix.dataStart, this.prefix.length);
    store<u8>(key.dataStart + this.prefix.length, letter);
  }
}

/** Bytes of a part of a path, whose surrogates come in pairs. */
function utf8Bytes(path: string, start: i32, end: i32): i32 {
  let bytes = 0;
  for (let at = start; at < end; at++) {
    const unit = path.charCodeAt(at);
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit & 0xf800) == 0xd800 ? 2 : 3;
  }
  return bytes;
}

function encode(path: string, start: i32, end: i32, address: usize): void {
  for (let at = start; at < end; at++) {
    let point: u32 = path.charCodeAt(at);
    if (point < 0x80) {
      store<u8>(address++, point);
      continue;
    }
    if (point < 0x800) {
      store<u8>(address++, 0xc0 | (point >> 6));
    } else {
      if ((point & 0xf800) == 0xd800) {
        point = 0x10000 + ((point & 0x3ff) << 10) + (path.charCodeAt(++at) & 0x3ff);
        store<u8>(address++, 0xf0 | (point >> 18));
        store<u8>(address++, 0x80 | ((point >> 12) & 0x3f));
      } else {
        store<u8>(address++, 0xe0 | (point >> 12));
      }
      store<u8>(address++, 0x80 | ((point >> 6) & 0x3f));
    }
    store<u8>(address++, 0x80 | (point & 0x3f));
  }
}
