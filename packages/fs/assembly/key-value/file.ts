/** An open file. */
import { Errno, EXHAUSTED, File, FilesHandler, TOO_LARGE } from "@phantasm/interfaces";
import { Purpose } from "./data-operation";
import { KeyValueFiles } from "./files";
import { Node } from "./node";


@final
export class KeyValueFile implements File {
  /** Under way. */
  operations: i32 = 0;
  private closed: bool = false;

  constructor(
    private readonly volume: KeyValueFiles,
    readonly node: Node,
    private readonly writes: bool,
  ) {}

  get size(): u64 {
    return this.node.size;
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
    return this.begin(Purpose.READ, position, buffer, offset, length, handler, tag);
  }

  writeAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32 {
    if (!this.writes) return Errno.READONLY;
    if (length == 0) return 0;
    const sizeMax = this.volume.sizeMax;
    if (position > sizeMax || sizeMax - position < <u64>length) return TOO_LARGE;
    return this.begin(Purpose.WRITE, position, buffer, offset, length, handler, tag);
  }

  truncate(size: u64, handler: FilesHandler, tag: i32): i32 {
    if (!this.writes) return Errno.READONLY;
    if (size > this.volume.sizeMax) return TOO_LARGE;
    return this.begin(Purpose.TRUNCATE, size, null, 0, 0, handler, tag);
  }

  sync(handler: FilesHandler, tag: i32): i32 {
    return this.begin(Purpose.SYNC, 0, null, 0, 0, handler, tag);
  }

  close(): void {
    assert(!this.closed, "files: the file is closed already");
    assert(this.operations == 0, "files: an operation of the file is under way");
    this.closed = true;
    this.volume.close(this.node);
  }

  private begin(
    purpose: Purpose,
    position: u64,
    buffer: Uint8Array | null,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32 {
    assert(!this.closed, "files: the file is closed");
    if (buffer !== null)
      assert(
        offset >= 0 && length >= 0 && offset <= buffer.length - length,
        "files: the bytes lie outside of the array",
      );
    const operation = this.volume.takeData();
    if (operation === null) return EXHAUSTED;
    this.operations++;
    operation.purpose = purpose;
    operation.file = this;
    operation.position = position;
    operation.buffer = buffer;
    operation.offset = offset;
    operation.length = length;
    return operation.start(handler, tag);
  }
}
