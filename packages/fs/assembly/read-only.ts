/** What volumes and files that are never written have in common: how they refuse. */
import { Errno, FilesHandler } from "@phantasm/interfaces";

/** The part of `Files` that changes something. */
export abstract class ReadOnlyFiles {
  get writable(): bool {
    return false;
  }

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
export abstract class ReadOnlyFile {
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
