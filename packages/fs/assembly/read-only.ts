/**
 * What volumes and files that are never written have in common: how they refuse. These implement the interfaces
 * themselves: what a class inherits from one that does not, a call through the interface does not find.
 */
import { Errno, File, FileList, FileStat, Files, FilesHandler } from "@phantasm/interfaces";

/** The part of `Files` that changes something. */
export abstract class ReadOnlyFiles implements Files {
  get writable(): bool {
    return false;
  }

  abstract get state(): i32;
  abstract open(path: string, flags: i32, handler: FilesHandler, tag: i32): i32;
  abstract takeFile(): File;
  abstract stat(path: string, into: FileStat, handler: FilesHandler, tag: i32): i32;
  abstract list(path: string, next: string, into: FileList, handler: FilesHandler, tag: i32): i32;

  remove(path: string, handler: FilesHandler, tag: i32): i32 {
    return Errno.READONLY;
  }

  rename(from: string, to: string, handler: FilesHandler, tag: i32): i32 {
    return Errno.READONLY;
  }

  makeDirectory(path: string, handler: FilesHandler, tag: i32): i32 {
    return Errno.READONLY;
  }
}

/** The part of `File` that changes something. */
export abstract class ReadOnlyFile implements File {
  abstract get size(): u64;
  abstract get address(): usize;
  abstract close(): void;
  abstract readAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32;

  writeAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32 {
    return Errno.READONLY;
  }

  truncate(size: u64, handler: FilesHandler, tag: i32): i32 {
    return Errno.READONLY;
  }

  /** There is nothing to make durable. */
  sync(handler: FilesHandler, tag: i32): i32 {
    return 0;
  }
}

/** Ends the domain when what is to be read has no room in the buffer. */
// @ts-ignore: decorator
@inline
export function checkRoom(buffer: Uint8Array, offset: i32, length: i32): void {
  assert(
    offset >= 0 && length >= 0 && length <= buffer.length - offset,
    "files: what is read has no room in the buffer",
  );
}
