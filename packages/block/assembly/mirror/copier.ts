import { Kind, Operation } from "../operation";
import { DATA_AT } from "./record";
import { Leg } from "./leg";

/** Told when a copy has ended: of the leg that failed, or that was written. */
export interface CopierOwner {
  copied(leg: Leg, status: i32): void;
}

/**
 * Copies sectors from one leg to the other. From `lock` to the end of the copy no write may concern them: it could be
 * undone.
 */
@final
export class Copier extends Operation {
  owner: CopierOwner | null = null;
  isBusy: bool = false;
  /** The sectors, as the mirror counts them. */
  first: u64 = 0;
  end: u64 = 0;
  /** Writes under way that it waits for. */
  waitsFor: i32 = 0;
  private from: Leg | null = null;
  private to: Leg | null = null;
  private readonly room: Uint8Array;

  constructor(bytes: i32) {
    super();
    this.room = new Uint8Array(bytes);
  }

  lock(from: Leg, to: Leg, first: u64, sectors: i32): void {
    this.isBusy = true;
    this.from = from;
    this.to = to;
    this.first = first;
    this.end = first + sectors;
    this.waitsFor = 0;
  }

  start(): void {
    const sectors = <i32>(this.end - this.first);
    this.move(Kind.READ, DATA_AT + this.first, sectors, this.room, 0);
    this.from!.way.submit(this);
  }

  done(status: i32): void {
    if (status == 0 && this.kind == Kind.READ) {
      this.kind = Kind.WRITE;
      return this.to!.way.submit(this);
    }
    this.isBusy = false;
    this.owner!.copied(this.kind == Kind.READ ? this.from! : this.to!, status);
  }
}
