/** Reads of any position and length from a disk of sectors: whole sectors where they lie, the ends by way of one. */
import {
  Block,
  BlockHandler,
  BlockWaiter,
  Errno,
  FilesHandler,
  PENDING,
} from "@phantasm/interfaces";

/** Told that a read is over, before its handler. */
export interface ReadOwner {
  onRead(read: Read): void;
}

/** One read at a time; made once, and used again. */
@final
export class Read implements BlockHandler, BlockWaiter {
  /** The number of the file that asked. */
  file: i32 = 0;
  private readonly sector: Uint8Array;
  private position: u64 = 0;
  private buffer: Uint8Array | null = null;
  private offset: i32 = 0;
  private left: i32 = 0;
  private length: i32 = 0;
  /** Bytes of the request in flight, and whether they lie in `sector`. */
  private part: i32 = 0;
  private handler: FilesHandler | null = null;
  private tag: i32 = 0;

  constructor(
    private readonly block: Block,
    private readonly owner: ReadOwner,
  ) {
    this.sector = new Uint8Array(block.sectorBytes);
  }

  /** Begins; PENDING, or why not. `length` is at least 1, and the bytes lie on the disk. */
  start(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32 {
    this.position = position;
    this.buffer = buffer;
    this.offset = offset;
    this.left = length;
    this.length = length;
    this.handler = handler;
    this.tag = tag;
    const status = this.submit();
    if (status == 0) return PENDING;
    this.buffer = null;
    this.handler = null;
    return status;
  }

  onBlockReady(): void {
    const status = this.submit();
    if (status != 0) this.finish(status);
  }

  onBlock(tag: i32, status: i32): void {
    if (status < 0) return this.finish(status);
    const part = this.part;
    if (!this.isWhole) {
      const start = <usize>(this.position % this.block.sectorBytes);
      memory.copy(this.buffer!.dataStart + this.offset, this.sector.dataStart + start, part);
    }
    this.position += part;
    this.offset += part;
    this.left -= part;
    if (this.left == 0) return this.finish(this.length);
    const next = this.submit();
    if (next != 0) this.finish(next);
  }

  /** What is read next are whole sectors. */
  private get isWhole(): bool {
    const sectorBytes = this.block.sectorBytes;
    return this.position % sectorBytes == 0 && this.left >= sectorBytes;
  }

  private submit(): i32 {
    const block = this.block;
    const sectorBytes = block.sectorBytes;
    const sector = this.position / sectorBytes;
    let status = 0;
    if (this.isWhole) {
      const sectors = min(this.left / sectorBytes, block.requestSectorsMax);
      this.part = sectors * sectorBytes;
      status = block.read(sector, sectors, this.buffer!, this.offset, this, 0);
    } else {
      this.part = min(this.left, sectorBytes - <i32>(this.position % sectorBytes));
      status = block.read(sector, 1, this.sector, 0, this, 0);
    }
    if (status != Errno.AGAIN) return status;
    block.whenReady(this);
    return 0;
  }

  private finish(result: i32): void {
    const handler = this.handler!;
    const tag = this.tag;
    this.buffer = null;
    this.handler = null;
    this.owner.onRead(this);
    handler.onFiles(tag, result);
  }
}
