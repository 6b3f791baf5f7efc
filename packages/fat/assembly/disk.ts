/**
 * The block device in the sectors of the volume: which may be larger than its own. Who asks is told by
 * `onDisk` that something has happened, and then looks whether it was what it waits for.
 */
import { Block, BlockHandler, BlockWaiter, Errno, PENDING } from "@phantasm/interfaces";

export interface DiskListener {
  /** A request was carried out, or may be made again. */
  onDisk(): void;
}

/** Told of requests of the cache. */
export interface SlotListener {
  onSlotRead(slot: i32, status: i32): void;
  onSlotWritten(slot: i32, status: i32): void;
}

/** The requests of one operation. */
@final
export class Transfer {
  inFlight: i32 = 0;
  /** Of the first that failed, or was refused. */
  error: i32 = 0;

  constructor(readonly index: i32) {}

  /** 0 when all are done, else PENDING or what went wrong, once all are done. */
  outcome(): i32 {
    if (this.inFlight > 0) return PENDING;
    const error = this.error;
    this.error = 0;
    return error;
  }
}

enum Tag {
  SLOT_READ = 0x0000_0000,
  SLOT_WRITE = 0x1000_0000,
  TRANSFER = 0x2000_0000,
}

const TAG_MASK: i32 = 0x0fff_ffff;


@final
export class Disk implements BlockHandler, BlockWaiter {
  /** Device sectors in one of the volume. */
  private factor: u32 = 1;
  /** What was written since the last flush began is not known to be durable. */
  unflushed: bool = false;
  /** Largest transfer in sectors of the volume. */
  transferMax: i32 = 0;
  slots: SlotListener | null = null;
  listener: DiskListener | null = null;
  private readonly transfers: Transfer[] = [];
  private waiting: bool = false;

  constructor(readonly block: Block) {
    this.transferMax = block.requestSectorsMax;
  }

  /** From now on sectors have this size: a multiple of the device's. Returns false when a request cannot move one. */
  useSectorBytes(bytes: i32): bool {
    this.factor = bytes / this.block.sectorBytes;
    this.transferMax = this.block.requestSectorsMax / <i32>this.factor;
    return this.transferMax >= 1;
  }

  newTransfer(): Transfer {
    const transfer = new Transfer(this.transfers.length);
    this.transfers.push(transfer);
    return transfer;
  }

  /** Returns false when the device takes none now, or the transfer has an error. */
  read(sector: u32, sectors: i32, buffer: Uint8Array, offset: i32, transfer: Transfer): bool {
    if (transfer.error != 0) return false;
    return this.begin(
      transfer,
      this.block.read(
        <u64>sector * this.factor,
        sectors * <i32>this.factor,
        buffer,
        offset,
        this,
        Tag.TRANSFER | transfer.index,
      ),
    );
  }

  /** As `read`. */
  write(sector: u32, sectors: i32, buffer: Uint8Array, offset: i32, transfer: Transfer): bool {
    if (transfer.error != 0) return false;
    this.unflushed = true;
    return this.begin(
      transfer,
      this.block.write(
        <u64>sector * this.factor,
        sectors * <i32>this.factor,
        buffer,
        offset,
        this,
        Tag.TRANSFER | transfer.index,
      ),
    );
  }

  /** As `read`. All writes that it is to cover have been reported. */
  flush(transfer: Transfer): bool {
    if (transfer.error != 0) return false;
    return this.begin(transfer, this.block.flush(this, Tag.TRANSFER | transfer.index));
  }

  /** Reads a slot of the cache. Returns 0, PENDING when the device takes none now, or an error. */
  readSlot(sector: u32, slot: i32, buffer: Uint8Array, offset: i32): i32 {
    return this.ask(
      this.block.read(
        <u64>sector * this.factor,
        <i32>this.factor,
        buffer,
        offset,
        this,
        Tag.SLOT_READ | slot,
      ),
    );
  }

  writeSlot(sector: u32, slot: i32, buffer: Uint8Array, offset: i32): i32 {
    this.unflushed = true;
    return this.ask(
      this.block.write(
        <u64>sector * this.factor,
        <i32>this.factor,
        buffer,
        offset,
        this,
        Tag.SLOT_WRITE | slot,
      ),
    );
  }

  onBlock(tag: i32, status: i32): void {
    const index = tag & TAG_MASK;
    if (tag >= Tag.TRANSFER) {
      const transfer = this.transfers[index];
      transfer.inFlight--;
      if (status < 0 && transfer.error == 0) transfer.error = status;
    } else if (tag >= Tag.SLOT_WRITE) {
      this.slots!.onSlotWritten(index, status);
    } else {
      this.slots!.onSlotRead(index, status);
    }
    this.listener!.onDisk();
  }

  onBlockReady(): void {
    this.waiting = false;
    this.listener!.onDisk();
  }

  private begin(transfer: Transfer, answer: i32): bool {
    if (answer == 0) transfer.inFlight++;
    else if (this.ask(answer) != PENDING) transfer.error = answer;
    return answer == 0;
  }

  private ask(answer: i32): i32 {
    if (answer != Errno.AGAIN) return answer;
    if (!this.waiting) {
      this.waiting = true;
      this.block.whenReady(this);
    }
    return PENDING;
  }
}
