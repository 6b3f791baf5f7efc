/** The device in pages and bytes, and who is told of which request. */
import { Block, BlockHandler } from "@phantasm/interfaces";
import { PAGE_BYTES, PAGE_SHIFT } from "./layout";

/** What a request was made for: the upper bits of its tag. */
export enum Purpose {
  PAGE,
  OPENING,
  LOG_WRITE,
  LOG_FLUSH,
  MARK,
  RUN,
  CHECKPOINT_FLUSH,
  META,
  META_FLUSH,
  OPERATION,
  /** Values of the batch that is being prepared. */
  VALUE,
  WRITER,
  WRITER_FLUSH,
}

const INDEX_BITS: i32 = 24;


@final
export class Disk {
  readonly sectorBytes: i32;
  /** Pages that one request moves, at most; at least 1 if the device can be used at all. */
  readonly requestPagesMax: i32;
  readonly writable: bool;
  /** Requests accepted and not reported. */
  inFlight: i32 = 0;
  /** A request was answered with AGAIN since the last report. */
  refused: bool = false;
  private readonly pageSectors: i32;

  constructor(
    readonly block: Block,
    private readonly handler: BlockHandler,
  ) {
    const sectorBytes = block.sectorBytes;
    this.sectorBytes = sectorBytes;
    const pageSectors = PAGE_BYTES / sectorBytes;
    this.pageSectors = pageSectors;
    this.requestPagesMax = min(32, block.requestSectorsMax / pageSectors);
    this.writable = block.writable;
  }

  /** Of the device; known once its state is 0. */
  get pages(): u64 {
    return this.block.sectors / this.pageSectors;
  }

  readPages(page: u64, count: i32, into: Uint8Array, at: i32, purpose: Purpose, index: i32): i32 {
    const sectors = this.pageSectors;
    return this.accepted(
      this.block.read(
        page * sectors,
        count * sectors,
        into,
        at,
        this.handler,
        (purpose << INDEX_BITS) | index,
      ),
    );
  }

  writePages(page: u64, count: i32, from: Uint8Array, at: i32, purpose: Purpose, index: i32): i32 {
    const sectors = this.pageSectors;
    return this.accepted(
      this.block.write(
        page * sectors,
        count * sectors,
        from,
        at,
        this.handler,
        (purpose << INDEX_BITS) | index,
      ),
    );
  }

  /** `position` and `bytes` are multiples of the sector. */
  writeBytes(
    position: u64,
    bytes: i32,
    from: Uint8Array,
    at: i32,
    purpose: Purpose,
    index: i32,
  ): i32 {
    const size = this.sectorBytes;
    return this.accepted(
      this.block.write(
        position / size,
        bytes / size,
        from,
        at,
        this.handler,
        (purpose << INDEX_BITS) | index,
      ),
    );
  }

  readBytes(position: u64, bytes: i32, into: Uint8Array, at: i32, purpose: Purpose): i32 {
    const size = this.sectorBytes;
    return this.accepted(
      this.block.read(position / size, bytes / size, into, at, this.handler, purpose << INDEX_BITS),
    );
  }

  flush(purpose: Purpose, index: i32): i32 {
    return this.accepted(this.block.flush(this.handler, (purpose << INDEX_BITS) | index));
  }

  static purpose(tag: i32): Purpose {
    return tag >>> INDEX_BITS;
  }

  static index(tag: i32): i32 {
    return tag & ((1 << INDEX_BITS) - 1);
  }

  /** Bytes of one request, at most. */
  get requestBytesMax(): i32 {
    return this.requestPagesMax << PAGE_SHIFT;
  }

  /** Its state is PENDING: whoever goes on when it takes requests again goes on when it is another one, too. */
  awaitState(): void {
    this.refused = true;
  }

  private accepted(status: i32): i32 {
    if (status == 0) this.inFlight++;
    else if (status == -1) this.refused = true;
    return status;
  }
}
