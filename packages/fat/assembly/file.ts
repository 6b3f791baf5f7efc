import { Errno, File, FilesHandler } from "@phantasm/interfaces";
import { FatFiles } from "./files";
import { Node } from "./node";

/** An open file. */
@final
export class FatFile implements File {
  /** A place in the chain that was found last: the cluster with this number; 0: none. */
  cluster: u32 = 0;
  index: u32 = 0;
  cuts: i32 = 0;
  /** Operations that are under way. */
  busy: i32 = 0;
  open: bool = true;

  constructor(
    private readonly files: FatFiles,
    readonly node: Node,
    readonly writes: bool,
  ) {}

  get size(): u64 {
    return <u64>this.node.size;
  }

  get address(): usize {
    return 0;
  }

  readAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32 {
    this.check(buffer, offset, length);
    return this.files.read(this, position, buffer, offset, length, handler, tag);
  }

  writeAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32 {
    this.check(buffer, offset, length);
    if (!this.writes) return Errno.READONLY;
    return this.files.write(this, position, buffer, offset, length, handler, tag);
  }

  truncate(size: u64, handler: FilesHandler, tag: i32): i32 {
    assert(this.open, "fat: the file is closed");
    if (!this.writes) return Errno.READONLY;
    return this.files.truncate(this, size, handler, tag);
  }

  sync(handler: FilesHandler, tag: i32): i32 {
    assert(this.open, "fat: the file is closed");
    return this.files.sync(this, handler, tag);
  }

  close(): void {
    assert(this.open, "fat: the file is closed already");
    assert(this.busy == 0, "fat: an operation on the file is under way");
    this.open = false;
    this.files.closed(this);
  }

  private check(buffer: Uint8Array, offset: i32, length: i32): void {
    assert(this.open, "fat: the file is closed");
    assert(
      offset >= 0 && length >= 0 && offset <= buffer.length - length,
      "fat: the bytes lie outside the buffer",
    );
  }
}
