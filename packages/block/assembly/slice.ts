import { Block, BlockHandler, BlockWaiter, Errno, PENDING } from "@phantasm/interfaces";

/** A part of a disk: a shift of numbers, and nothing that waits. */
export class Slice implements Block {
  /** @param count sectors; 0: up to the end of the disk */
  constructor(
    protected readonly disk: Block,
    protected first: u64,
    protected count: u64,
  ) {}

  /** RANGE: the disk is too small for it. */
  get state(): i32 {
    const state = this.disk.state;
    if (state != 0) return state;
    const size = this.disk.sectors;
    return size < this.first || size - this.first < this.count ? Errno.RANGE : 0;
  }

  get sectors(): u64 {
    if (this.state != 0) return 0;
    return this.count != 0 ? this.count : this.disk.sectors - this.first;
  }

  get sectorBytes(): i32 {
    return this.disk.sectorBytes;
  }

  get requestSectorsMax(): i32 {
    return this.disk.requestSectorsMax;
  }

  get requestsMax(): i32 {
    return this.disk.requestsMax;
  }

  get writable(): bool {
    return this.disk.writable;
  }

  get discards(): bool {
    return this.disk.discards;
  }

  read(
    sector: u64,
    sectors: i32,
    buffer: Uint8Array,
    offset: i32,
    handler: BlockHandler,
    tag: i32,
  ): i32 {
    const refused = this.refuse(sector, sectors);
    if (refused != 0) return refused;
    return this.disk.read(this.first + sector, sectors, buffer, offset, handler, tag);
  }

  write(
    sector: u64,
    sectors: i32,
    buffer: Uint8Array,
    offset: i32,
    handler: BlockHandler,
    tag: i32,
  ): i32 {
    const refused = this.refuse(sector, sectors);
    if (refused != 0) return refused;
    return this.disk.write(this.first + sector, sectors, buffer, offset, handler, tag);
  }

  /** Of the whole disk. */
  flush(handler: BlockHandler, tag: i32): i32 {
    const refused = this.refuse(0, 0);
    if (refused != 0) return refused;
    return this.disk.flush(handler, tag);
  }

  discard(sector: u64, sectors: i32, handler: BlockHandler, tag: i32): i32 {
    const refused = this.refuse(sector, sectors);
    if (refused != 0) return refused;
    return this.disk.discard(this.first + sector, sectors, handler, tag);
  }

  whenReady(waiter: BlockWaiter): void {
    this.disk.whenReady(waiter);
  }

  private refuse(sector: u64, sectors: i32): i32 {
    const state = this.state;
    if (state != 0) return state == PENDING ? Errno.AGAIN : state;
    const size = this.sectors;
    return sector > size || size - sector < <u64>sectors ? Errno.RANGE : 0;
  }
}
