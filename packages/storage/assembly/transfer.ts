import { Block, BlockHandler, Errno } from "@phantasm/interfaces";
import { WaitQueue } from "@phantasm/fibre";

export enum Kind {
  READ,
  WRITE,
  FLUSH,
  DISCARD,
}

/** Told about the requests of a disk. */
export interface PieceOwner {
  pieceDone(piece: Piece, transfer: Transfer | null, status: i32): void;
}

/** What a fibre has asked for: as many requests as it takes. Used again. */
@final
export class Transfer {
  kind: Kind = Kind.READ;
  sector: u64 = 0;
  /** Sectors that have not been asked for. */
  left: i32 = 0;
  buffer: Uint8Array | null = null;
  offset: i32 = 0;
  /** Requests that have not been reported. */
  inFlight: i32 = 0;
  status: i32 = 0;
  /** It waits for room. */
  hungry: bool = false;
  next: Transfer | null = null;
  readonly waiter: WaitQueue = new WaitQueue("a disk");

  begin(kind: Kind, sector: u64, sectors: i32, buffer: Uint8Array | null, offset: i32): void {
    this.kind = kind;
    this.sector = sector;
    this.left = sectors;
    this.buffer = buffer;
    this.offset = offset;
    this.inFlight = 0;
    this.status = 0;
    this.hungry = false;
  }
}

/**
 * One request. A read goes to the piece's own buffer and is copied when it is reported, so that a fibre which has
 * given up has its buffer for itself.
 */
@final
export class Piece implements BlockHandler {
  next: Piece | null = null;
  /** Whom it is for; null: that one has given up. */
  transfer: Transfer | null = null;
  private sectors: i32 = 0;
  private offset: i32 = 0;
  private room: Uint8Array | null = null;

  constructor(
    private readonly disk: Block,
    private readonly owner: PieceOwner,
    private readonly sectorsMax: i32,
  ) {}

  /** Asks for the next sectors of a transfer. Returns the disk's answer. */
  ask(transfer: Transfer): i32 {
    const disk = this.disk;
    const sectors = min(transfer.left, this.sectorsMax);
    let answer: i32 = Errno.AGAIN;
    if (transfer.kind == Kind.FLUSH) answer = disk.flush(this, 0);
    else if (transfer.kind == Kind.DISCARD)
      answer = disk.discard(transfer.sector, sectors, this, 0);
    else if (transfer.kind == Kind.READ)
      answer = disk.read(transfer.sector, sectors, this.needRoom(), 0, this, 0);
    else {
      const buffer = transfer.buffer!;
      answer = disk.write(transfer.sector, sectors, buffer, transfer.offset, this, 0);
    }
    if (answer != 0) return answer;
    this.transfer = transfer;
    this.sectors = sectors;
    this.offset = transfer.offset;
    transfer.inFlight++;
    transfer.left -= sectors;
    transfer.sector += sectors;
    transfer.offset += sectors * disk.sectorBytes;
    return 0;
  }

  onBlock(tag: i32, status: i32): void {
    const transfer = this.transfer;
    this.transfer = null;
    if (transfer !== null && transfer.kind == Kind.READ && status == 0) {
      const bytes = this.sectors * this.disk.sectorBytes;
      memory.copy(transfer.buffer!.dataStart + this.offset, this.needRoom().dataStart, bytes);
    }
    this.owner.pieceDone(this, transfer, status);
  }

  private needRoom(): Uint8Array {
    let room = this.room;
    if (room === null) {
      room = new Uint8Array(this.sectorsMax * this.disk.sectorBytes);
      this.room = room;
    }
    return room;
  }
}
