import { TestDisk } from "@phantasm/block/testing";
import { Block, BlockHandler, BlockWaiter, FilesHandler } from "@phantasm/interfaces";

/** Counts. */
export class Silent implements FilesHandler {
  calls: i32 = 0;
  last: i32 = 0;
  onFiles(tag: i32, result: i32): void {
    this.calls++;
    this.last = result;
  }
}

/** A disk larger than memory: a few bytes at its start, zeros everywhere else. */
export class HugeDisk implements Block {
  readonly disk: TestDisk;
  private readonly zeros: u64;

  constructor(
    bytes: Uint8Array,
    private readonly size: u64,
  ) {
    const disk = new TestDisk(<u64>(bytes.length / 512) + 64);
    disk.content.set(bytes);
    this.disk = disk;
    this.zeros = <u64>(bytes.length / 512);
  }

  get state(): i32 {
    return this.disk.state;
  }
  get sectors(): u64 {
    return this.size;
  }
  get sectorBytes(): i32 {
    return 512;
  }
  get requestSectorsMax(): i32 {
    return 32;
  }
  get requestsMax(): i32 {
    return this.disk.requestsMax;
  }
  get writable(): bool {
    return false;
  }
  get discards(): bool {
    return false;
  }

  read(
    sector: u64,
    sectors: i32,
    buffer: Uint8Array,
    offset: i32,
    handler: BlockHandler,
    tag: i32,
  ): i32 {
    return this.disk.read(min(sector, this.zeros), sectors, buffer, offset, handler, tag);
  }

  write(
    sector: u64,
    sectors: i32,
    buffer: Uint8Array,
    offset: i32,
    handler: BlockHandler,
    tag: i32,
  ): i32 {
    return -1;
  }

  flush(handler: BlockHandler, tag: i32): i32 {
    return -1;
  }

  discard(sector: u64, sectors: i32, handler: BlockHandler, tag: i32): i32 {
    return -1;
  }

  whenReady(waiter: BlockWaiter): void {
    this.disk.whenReady(waiter);
  }
}
