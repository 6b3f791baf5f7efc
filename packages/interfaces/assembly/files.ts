/**
 * Files in directories: baked into the image, in a tar, on a FAT volume, in a key-value store.
 *
 * Paths are UTF-8, absolute, with one `/` between names and none at the end: `/index.html`; the root is `/`.
 * There are no `.` and `..`, and no empty names: such a path is BAD_NAME (`normalPath` of @phantasm/fs
 * makes one of what a client sent). Whether names that differ only in case are different is the volume's
 * matter: on FAT they are the same.
 *
 * An operation that could need the disk takes a handler and a tag. It returns its result at once when it
 * has it, or PENDING, and then the handler is called once, later, with that tag and the result; never from
 * inside the call. What is passed in belongs to the operation until it has its result.
 *
 * Results are 0 or a count, else an error: NOT_FOUND, EXISTS, IS_DIRECTORY, NOT_DIRECTORY, NOT_EMPTY,
 * BAD_NAME, TOO_LARGE, NOSPACE, READONLY, EXHAUSTED (too many files are open, or operations wait), CORRUPT,
 * IO, GONE, WRONG_FORMAT (the device has no such volume).
 */

/** Told the result of an operation that was PENDING. */
export interface FilesHandler {
  onFiles(tag: i32, result: i32): void;
}

/** What is known of a file or directory: made once, and used again. */
export class FileStat {
  directory: bool = false;
  /** Bytes; 0 of a directory. */
  size: u64 = 0;
  /** When it was last changed, in ns since 1970 UTC; 0: not known. */
  modifiedNs: i64 = 0;
  /** A digest of the content in hexadecimal, or another text that changes when it does (for an ETag); empty: not known. */
  digest: string = "";
  /** The media type by its name, as `text/html; charset=utf-8`; empty: not known here. */
  mediaType: string = "";
}

/** Names in a directory, a page at a time: made once, and used again. */
export class FileList {
  /** Names without their directory, in the order of their bytes as far as the volume has an order. */
  names: string[] = [];
  directories: bool[] = [];
  sizes: u64[] = [];
  /** Where the next page begins: given to `list` again. Empty: this was the last one. */
  next: string = "";

  clear(): void {
    this.names.length = 0;
    this.directories.length = 0;
    this.sizes.length = 0;
    this.next = "";
  }
}

export enum OpenFlag {
  READ = 0,
  /** For writing too. READONLY on a volume that is. */
  WRITE = 1,
  /** Made if it is not there. With WRITE. */
  CREATE = 2,
  /** With CREATE: EXISTS if it is there already. */
  EXCLUSIVE = 4,
  /** Its content goes. With WRITE. */
  TRUNCATE = 8,
}

/** An open file: several may be open on the same one. */
export interface File {
  readonly size: u64;

  /**
   * Where its bytes lie in memory, when they do, for as long as the image runs: sending them needs no copy.
   * 0: they do not.
   */
  readonly address: usize;

  /** Copies up to `length` bytes from `position`. Returns how many: fewer only at the end, 0 there. */
  readAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32;

  /** Writes `length` bytes at `position`, which are copied; a gap behind the end is filled with zeros. Returns 0. Durable after `sync`. */
  writeAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32;

  /** Gives it this size: cuts it, or adds zeros. */
  truncate(size: u64, handler: FilesHandler, tag: i32): i32;

  /** Makes what was written durable, with the name and the size. */
  sync(handler: FilesHandler, tag: i32): i32;

  /** No operation may be under way. What was not synced is not lost, but not durable either. */
  close(): void;
}

export interface Files {
  /** False: READ and nothing else. */
  readonly writable: bool;

  /** 0 when the volume was found, PENDING before, else why not. Operations before wait for it. */
  readonly state: i32;

  /** Opens a file. Returns 0, and `takeFile` gives it. */
  open(path: string, flags: i32, handler: FilesHandler, tag: i32): i32;

  /** The file of the last `open` that gave 0: taken once, at once or in the handler. The caller closes it. */
  takeFile(): File;

  stat(path: string, into: FileStat, handler: FilesHandler, tag: i32): i32;

  /** The names in a directory from `next` on (empty: from the first), as many as fit in a page. Returns how many. */
  list(path: string, next: string, into: FileList, handler: FilesHandler, tag: i32): i32;

  /** Removes a file, or a directory that is empty. What is open of it can be read until it is closed, or answers GONE. Durable. */
  remove(path: string, handler: FilesHandler, tag: i32): i32;

  /** Gives a file or directory another path, at once; a file that has it is replaced. Durable. */
  rename(from: string, to: string, handler: FilesHandler, tag: i32): i32;

  /** Makes a directory. Durable. */
  makeDirectory(path: string, handler: FilesHandler, tag: i32): i32;
}
