/**
 * What a layer asks of the disk below it: operations that are made once and used again, and the way down, on
 * which they wait for room in their order.
 */
import { Block, BlockHandler, BlockWaiter, Errno } from "@phantasm/interfaces";
import { Task, hold, ready, release } from "@phantasm/runtime";

export enum Kind {
  READ,
  WRITE,
  FLUSH,
  DISCARD,
}

/** One request to the disk below. */
export abstract class Operation implements BlockHandler {
  kind: Kind = Kind.READ;
  sector: u64 = 0;
  sectors: i32 = 0;
  buffer: Uint8Array | null = null;
  offset: i32 = 0;

  /** The next on the way down. */
  nextDown: Operation | null = null;
  /** Of one that was refused: with what. */
  refusal: i32 = 0;
  private wayDown: WayDown | null = null;

  /** Called once for each submission, never from inside it. */
  abstract done(status: i32): void;

  move(kind: Kind, sector: u64, sectors: i32, buffer: Uint8Array, offset: i32): void {
    this.kind = kind;
    this.sector = sector;
    this.sectors = sectors;
    this.buffer = buffer;
    this.offset = offset;
  }

  /** Asks the disk. Returns its answer. */
  askDisk(way: WayDown): i32 {
    this.wayDown = way;
    const disk = way.disk;
    const kind = this.kind;
    if (kind == Kind.FLUSH) return disk.flush(this, 0);
    if (kind == Kind.DISCARD) return disk.discard(this.sector, this.sectors, this, 0);
    const buffer = this.buffer!;
    if (kind == Kind.READ)
      return disk.read(this.sector, this.sectors, buffer, this.offset, this, 0);
    return disk.write(this.sector, this.sectors, buffer, this.offset, this, 0);
  }

  onBlock(tag: i32, status: i32): void {
    this.wayDown!.reported();
    this.done(status);
  }
}

/**
 * The way to a disk below. What finds no room there waits, first in, first out, so that a flush comes after the
 * writes before it. There are as many operations as their owners have made: it needs no limit of its own.
 */
@final
export class WayDown extends Task implements BlockWaiter {
  private first: Operation | null = null;
  private last: Operation | null = null;
  private inFlight: i32 = 0;
  /** The disk will call `onBlockReady`. */
  private asked: bool = false;
  /** Operations that were refused, and will be told. */
  private firstRefused: Operation | null = null;

  constructor(readonly disk: Block) {
    super();
  }

  /** The operation's fields are set; data to be written stays as it is until `done`. */
  submit(operation: Operation): void {
    const last = this.last;
    if (last === null) this.first = operation;
    else last.nextDown = operation;
    this.last = operation;
    if (last === null) this.pump();
  }

  /** Submits it if the disk takes it at once: then its data is copied. */
  offer(operation: Operation): bool {
    if (this.first !== null || this.inFlight >= this.disk.requestsMax) return false;
    const answer = operation.askDisk(this);
    if (answer == Errno.AGAIN) return false;
    this.answered(operation, answer);
    return true;
  }

  flush(operation: Operation): void {
    operation.kind = Kind.FLUSH;
    this.submit(operation);
  }

  /** One of those in flight has been reported. */
  reported(): void {
    this.inFlight--;
    // What its owner submits comes behind those who wait already.
    if (this.first !== null) this.pump();
  }

  onBlockReady(): void {
    this.asked = false;
    this.pump();
  }

  /** Tells those that were refused. */
  performTask(): void {
    let refused = this.firstRefused;
    this.firstRefused = null;
    release();
    while (refused !== null) {
      const next = refused.nextDown;
      refused.nextDown = null;
      refused.done(refused.refusal);
      refused = next;
    }
  }

  private pump(): void {
    for (let first = this.first; first !== null; first = this.first) {
      if (this.asked || this.inFlight >= this.disk.requestsMax) return;
      const answer = first.askDisk(this);
      if (answer == Errno.AGAIN) {
        // The disk has other users, or is not open yet.
        this.asked = true;
        this.disk.whenReady(this);
        return;
      }
      this.first = first.nextDown;
      first.nextDown = null;
      if (this.first === null) this.last = null;
      this.answered(first, answer);
    }
  }

  private answered(operation: Operation, answer: i32): void {
    if (answer == 0) {
      this.inFlight++;
      return;
    }
    operation.refusal = answer;
    if (this.firstRefused === null) {
      hold();
      ready(this);
    }
    operation.nextDown = this.firstRefused;
    this.firstRefused = operation;
  }
}
