import { Layer, Request } from "../layer";
import { Kind, Operation } from "../operation";
import { DATA_AT } from "./record";

/** Bits of the legs. */
export const FIRST: i32 = 1;
export const SECOND: i32 = 2;

/** Told that the second leg has answered; the request itself is the operation on the first one. */
export interface TwinOwner {
  legAnswered(request: MirrorRequest, leg: i32, status: i32): void;
}

/** What a request does on the second leg. */
@final
export class Twin extends Operation {
  request: MirrorRequest | null = null;

  constructor(private readonly owner: TwinOwner) {
    super();
  }

  done(status: i32): void {
    this.owner.legAnswered(this.request!, SECOND, status);
  }
}

/** A request that concerns both legs. */
@final
export class MirrorRequest extends Request {
  /** Legs that were asked, have not answered, and have failed. */
  asked: i32 = 0;
  pending: i32 = 0;
  failed: i32 = 0;
  failure: i32 = 0;
  /** A change that is on its way to the legs. */
  started: bool = false;
  /** The copier waits for it. */
  delaysCopier: bool = false;

  constructor(
    layer: Layer,
    private readonly twin: Twin,
  ) {
    super(layer);
    twin.request = this;
  }

  begin(legs: i32): void {
    this.asked = legs;
    this.pending = legs;
    this.failed = 0;
    this.failure = 0;
  }

  /** The operation on a leg, filled in. */
  operationOn(leg: i32): Operation {
    const operation = leg == FIRST ? <Operation>this : <Operation>this.twin;
    operation.kind = this.wants;
    operation.sector = DATA_AT + this.from;
    operation.sectors = this.count;
    operation.buffer = this.target;
    operation.offset = this.targetOffset;
    return operation;
  }

  /** Its data may wait. */
  keepOnce(): void {
    if (this.wants == Kind.WRITE && this.target !== this.room) this.keep();
  }

  /** A leg has answered. True: so have all. */
  answered(leg: i32, status: i32): bool {
    this.pending &= ~leg;
    if (status != 0) {
      this.failed |= leg;
      this.failure = status;
    }
    return this.pending == 0;
  }
}
