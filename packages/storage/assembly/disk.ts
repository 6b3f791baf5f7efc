import { NO_DEADLINE } from "@phantasm/abi";
import { Block, BlockWaiter, Errno, PENDING } from "@phantasm/interfaces";
import { WaitQueue, isInterrupted, wait } from "@phantasm/fibre";
import { now } from "@phantasm/runtime";
import { Kind, Piece, PieceOwner, Transfer } from "./transfer";

/** Requests of a Disk in flight at once, unless it is told otherwise. */
const REQUESTS: i32 = 8;

/** Bytes one request moves, at most. */
const PIECE_BYTES_MAX: i32 = 65_536;

/**
 * A disk for fibres. Every operation waits until the disk has reported it, takes a deadline (absolute, ns), and
 * returns 0 or an error: RANGE, READONLY, IO, NOSPACE, GONE, CORRUPT, the `state` of a disk that could not be opened,
 * CANCELLED or TIMED_OUT. It moves any number of sectors, several requests at a time.
 *
 * After an error, and after CANCELLED and TIMED_OUT, any part of a write may have been done, and may still be done;
 * a flush that reports 0 comes after that. The buffer of a read is the caller's again in any case, with undefined
 * content. Several fibres may use one Disk, and several Disks may use one Block.
 */
@final
export class Disk implements BlockWaiter, PieceOwner {
  /** Requests that the disk has not reported, those of fibres that have given up included. */
  inFlight: i32 = 0;

  private readonly waiters: WaitQueue = new WaitQueue("a disk that opens");
  /** The disk will call `onBlockReady`. */
  private asked: bool = false;
  private readonly pieces: Piece[] = [];
  private firstPiece: Piece | null = null;
  private firstTransfer: Transfer | null = null;
  /** Those who wait for room, in their order. */
  private firstHungry: Transfer | null = null;
  private lastHungry: Transfer | null = null;

  /** @param requests in flight at once, at most: each of a read takes a buffer of up to 64 KiB, which is kept */
  constructor(
    readonly raw: Block,
    private readonly requests: i32 = REQUESTS,
  ) {}

  /** Size of the disk; 0 until it is open. */
  get sectors(): u64 {
    return this.raw.sectors;
  }

  get sectorBytes(): i32 {
    return this.raw.sectorBytes;
  }

  /** Waits until it is known whether the disk can be used, and how large it is. Its state, CANCELLED or TIMED_OUT. */
  open(deadlineNs: i64 = NO_DEADLINE): i32 {
    while (isInterrupted() || this.raw.state == PENDING) {
      this.askReady();
      const outcome = wait(this.waiters, deadlineNs);
      if (outcome != 0) return outcome;
    }
    return this.raw.state;
  }

  /** Reads sectors to `buffer`, from `offset` on. */
  read(
    sector: u64,
    sectors: i32,
    buffer: Uint8Array,
    offset: i32 = 0,
    deadlineNs: i64 = NO_DEADLINE,
  ): i32 {
    this.check(sectors, buffer, offset);
    return this.run(Kind.READ, sector, sectors, buffer, offset, deadlineNs);
  }

  /** Writes sectors. Durable when `flush` has returned 0. */
  write(
    sector: u64,
    sectors: i32,
    buffer: Uint8Array,
    offset: i32 = 0,
    deadlineNs: i64 = NO_DEADLINE,
  ): i32 {
    this.check(sectors, buffer, offset);
    return this.run(Kind.WRITE, sector, sectors, buffer, offset, deadlineNs);
  }

  /** Makes durable what was written before. */
  flush(deadlineNs: i64 = NO_DEADLINE): i32 {
    return this.run(Kind.FLUSH, 0, 1, null, 0, deadlineNs);
  }

  /** Gives up the content of sectors. */
  discard(sector: u64, sectors: i32, deadlineNs: i64 = NO_DEADLINE): i32 {
    assert(sectors >= 0, "disk: a negative number of sectors");
    return this.run(Kind.DISCARD, sector, sectors, null, 0, deadlineNs);
  }

  pieceDone(piece: Piece, transfer: Transfer | null, status: i32): void {
    this.inFlight--;
    piece.next = this.firstPiece;
    this.firstPiece = piece;
    if (transfer !== null) {
      transfer.inFlight--;
      if (status != 0 && transfer.status == 0) transfer.status = status;
      transfer.waiter.wake();
    }
    this.feed();
  }

  onBlockReady(): void {
    this.asked = false;
    this.waiters.wakeAll();
    this.feed();
  }

  private run(
    kind: Kind,
    sector: u64,
    sectors: i32,
    buffer: Uint8Array | null,
    offset: i32,
    deadlineNs: i64,
  ): i32 {
    // What would be given up at once is not begun.
    if (isInterrupted() || deadlineNs <= now()) return wait(this.waiters, deadlineNs);
    const transfer = this.takeTransfer();
    transfer.begin(kind, sector, sectors, buffer, offset);
    while (true) {
      this.advance(transfer);
      if (transfer.inFlight == 0 && (transfer.left == 0 || transfer.status != 0)) break;
      const outcome = wait(transfer.waiter, deadlineNs);
      if (outcome == 0) continue;
      this.abandon(transfer);
      return outcome;
    }
    const status = transfer.status;
    this.freeTransfer(transfer);
    return status;
  }

  /** Asks for as much as there is room for. */
  private advance(transfer: Transfer): void {
    while (transfer.left > 0 && transfer.status == 0 && !transfer.hungry) {
      const piece = this.takePiece();
      if (piece === null) return this.starve(transfer);
      const answer = piece.ask(transfer);
      if (answer == 0) {
        this.inFlight++;
        continue;
      }
      piece.next = this.firstPiece;
      this.firstPiece = piece;
      if (answer == Errno.AGAIN) {
        this.askReady();
        return this.starve(transfer);
      }
      transfer.status = answer;
    }
  }

  private starve(transfer: Transfer): void {
    transfer.hungry = true;
    transfer.next = null;
    const last = this.lastHungry;
    if (last === null) this.firstHungry = transfer;
    else last.next = transfer;
    this.lastHungry = transfer;
  }

  /** There is room: those who wait for it try again. */
  private feed(): void {
    let transfer = this.firstHungry;
    this.firstHungry = null;
    this.lastHungry = null;
    while (transfer !== null) {
      const next = transfer.next;
      transfer.next = null;
      transfer.hungry = false;
      transfer.waiter.wake();
      transfer = next;
    }
  }

  private askReady(): void {
    if (this.asked) return;
    this.asked = true;
    this.raw.whenReady(this);
  }

  /** Its fibre does not wait any more; the disk still has its requests. */
  private abandon(transfer: Transfer): void {
    for (let at = 0; at < this.pieces.length; at++) {
      const piece = this.pieces[at];
      if (piece.transfer === transfer) piece.transfer = null;
    }
    if (transfer.hungry) {
      let before: Transfer | null = null;
      let at = this.firstHungry!;
      while (at !== transfer) {
        before = at;
        at = at.next!;
      }
      if (before === null) this.firstHungry = transfer.next;
      else before.next = transfer.next;
      if (this.lastHungry === transfer) this.lastHungry = before;
    }
    this.freeTransfer(transfer);
  }

  private takePiece(): Piece | null {
    const piece = this.firstPiece;
    if (piece !== null) {
      this.firstPiece = piece.next;
      return piece;
    }
    if (this.pieces.length == this.requests) return null;
    const sectors = min(this.raw.requestSectorsMax, PIECE_BYTES_MAX / this.raw.sectorBytes);
    const made = new Piece(this.raw, this, sectors);
    this.pieces.push(made);
    return made;
  }

  private takeTransfer(): Transfer {
    const transfer = this.firstTransfer;
    if (transfer === null) return new Transfer();
    this.firstTransfer = transfer.next;
    return transfer;
  }

  private freeTransfer(transfer: Transfer): void {
    transfer.buffer = null;
    transfer.next = this.firstTransfer;
    this.firstTransfer = transfer;
  }

  private check(sectors: i32, buffer: Uint8Array, offset: i32): void {
    assert(
      sectors >= 0 && offset >= 0 && <i64>sectors * this.sectorBytes <= buffer.length - offset,
      "disk: the sectors lie outside the buffer",
    );
  }
}
