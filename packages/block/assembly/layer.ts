import { Block, BlockHandler, BlockWaiter, Errno, PENDING } from "@phantasm/interfaces";
import { Task, Waiters, hold, isEnding, ready, release } from "@phantasm/runtime";
import { Kind, Operation } from "./operation";

/**
 * A request that a layer has accepted: made once, used again. As an operation it is what the request does on
 * the disk below at the moment.
 */
export class Request extends Operation {
  /** What was asked for; `kind`, `sector` … are of the operation below. */
  wants: Kind = Kind.READ;
  from: u64 = 0;
  count: i32 = 0;
  target: Uint8Array | null = null;
  targetOffset: i32 = 0;
  handler: BlockHandler | null = null;
  tag: i32 = 0;
  status: i32 = 0;
  /** The layer's own: how far it has come. */
  stage: i32 = 0;
  attempts: i32 = 0;

  /** Neighbours in a RequestList: a change is in one of its layer until it is finished. */
  nextRequest: Request | null = null;
  previousRequest: Request | null = null;
  /** The next in a RequestQueue. */
  nextInQueue: Request | null = null;
  /** Counts the requests of the layer. */
  number: u64 = 0;
  /** Room for its data, made when it is needed and kept. */
  private ownRoom: Uint8Array | null = null;

  constructor(protected readonly layer: Layer) {
    super();
  }

  get changes(): bool {
    return this.wants == Kind.WRITE || this.wants == Kind.DISCARD;
  }

  get end(): u64 {
    return this.from + <u64>this.count;
  }

  /** Sectors of it that are also in this range: none if not above 0. */
  overlaps(sector: u64, end: u64): bool {
    return this.from < end && sector < this.end;
  }

  done(status: i32): void {
    this.layer.advance(this, status);
  }

  /** `roomBytes` of the layer. */
  get room(): Uint8Array {
    let room = this.ownRoom;
    if (room === null) {
      room = new Uint8Array(this.layer.roomBytes);
      this.ownRoom = room;
    }
    return room;
  }

  /** Copies the data of a write, so that it may wait. */
  keep(): void {
    const bytes = this.count * this.layer.sectorBytes;
    memory.copy(this.room.dataStart, this.target!.dataStart + this.targetOffset, bytes);
    this.target = this.room;
    this.targetOffset = 0;
  }
}

/** First in, first out; each may leave from the middle. */
@final
export class RequestList {
  first: Request | null = null;
  private last: Request | null = null;

  append(request: Request): void {
    const last = this.last;
    request.previousRequest = last;
    request.nextRequest = null;
    if (last === null) this.first = request;
    else last.nextRequest = request;
    this.last = request;
  }

  remove(request: Request): void {
    const next = request.nextRequest;
    const previous = request.previousRequest;
    if (next === null) this.last = previous;
    else next.previousRequest = previous;
    if (previous === null) this.first = next;
    else previous.nextRequest = next;
    request.nextRequest = null;
    request.previousRequest = null;
  }

  take(): Request | null {
    const first = this.first;
    if (first !== null) this.remove(first);
    return first;
  }
}

/** First in, first out: for what a layer does with requests of its own. */
@final
export class RequestQueue {
  first: Request | null = null;
  private last: Request | null = null;

  append(request: Request): void {
    const last = this.last;
    request.nextInQueue = null;
    if (last === null) this.first = request;
    else last.nextInQueue = request;
    this.last = request;
  }

  take(): Request | null {
    const first = this.first;
    if (first === null) return null;
    const next = first.nextInQueue;
    this.first = next;
    if (next === null) this.last = null;
    first.nextInQueue = null;
    return first;
  }

  /** Takes over all of another. */
  moveFrom(other: RequestQueue): void {
    for (let request = other.take(); request !== null; request = other.take()) this.append(request);
  }
}

/** Layers that keep data of a request move up to this many bytes at once. */
const TRANSFER_BYTES_MAX: i32 = 65_536;

/** Sectors of a request to a layer that keeps its data. */
export function transferSectors(disk: Block): i32 {
  return min(disk.requestSectorsMax, TRANSFER_BYTES_MAX / disk.sectorBytes);
}

/**
 * What the layers have in common that are more than a shift of numbers: a bounded number of requests, each
 * reported once and never from inside a call; a flush that waits for the changes before it; those who wait for
 * room; and a state that is PENDING until the disks below are usable and the layer has read what it needs.
 */
export abstract class Layer extends Task implements Block, BlockWaiter {
  abstract get sectorBytes(): i32;
  abstract get requestSectorsMax(): i32;
  abstract get writable(): bool;
  abstract get discards(): bool;

  protected sectorCount: u64 = 0;
  private opened: i32 = PENDING;
  private readonly free: RequestList = new RequestList();
  private readonly finished: RequestList = new RequestList();
  /** Changes that are not finished, in their order. */
  protected readonly open: RequestList = new RequestList();
  /** Flushes that wait for some of them. */
  private readonly flushes: RequestList = new RequestList();
  private readonly waiters: Waiters<BlockWaiter> = new Waiters<BlockWaiter>();
  private requestNumber: u64 = 0;
  private isReady: bool = false;
  private accepted: i32 = 0;

  /** @param requestsMax accepted and not reported, at most */
  constructor(readonly requestsMax: i32) {
    super();
  }

  get state(): i32 {
    return this.opened;
  }

  get sectors(): u64 {
    return this.opened == PENDING ? 0 : this.sectorCount;
  }

  /** Bytes of a request's room. */
  get roomBytes(): i32 {
    return this.requestSectorsMax * this.sectorBytes;
  }

  /** A disk below whose state is PENDING, or null: `begin` waits for them one after the other. */
  protected abstract pendingBelow(): Block | null;

  /** The disks below can be used, or say why not: begins to open the layer; `decide` ends it. */
  protected abstract begin(): void;

  /** The request was accepted: does it, or its first part. */
  protected abstract start(request: Request): void;

  /** Its operation below is done. */
  abstract advance(request: Request, status: i32): void;

  /** A request for which the layer has no room just now: AGAIN. */
  protected admit(kind: Kind, sector: u64, sectors: i32): i32 {
    return 0;
  }

  /** It does something that `attend` follows, though nobody waits for a report. */
  protected get isWorking(): bool {
    return false;
  }

  /** The requests of a layer whose requests have more to them. */
  protected makeRequest(): Request {
    return new Request(this);
  }

  /** To be called when the layer is made. */
  protected openLayer(): void {
    const below = this.pendingBelow();
    if (below === null) this.begin();
    else below.whenReady(this);
  }

  onBlockReady(): void {
    this.openLayer();
  }

  /** Sets the state. */
  protected decide(state: i32): void {
    this.opened = state;
    this.attend();
  }

  read(
    sector: u64,
    sectors: i32,
    buffer: Uint8Array,
    offset: i32,
    handler: BlockHandler,
    tag: i32,
  ): i32 {
    this.check(sectors, buffer, offset);
    return this.accept(Kind.READ, sector, sectors, buffer, offset, handler, tag);
  }

  write(
    sector: u64,
    sectors: i32,
    buffer: Uint8Array,
    offset: i32,
    handler: BlockHandler,
    tag: i32,
  ): i32 {
    this.check(sectors, buffer, offset);
    return this.accept(Kind.WRITE, sector, sectors, buffer, offset, handler, tag);
  }

  flush(handler: BlockHandler, tag: i32): i32 {
    return this.accept(Kind.FLUSH, 0, 0, null, 0, handler, tag);
  }

  discard(sector: u64, sectors: i32, handler: BlockHandler, tag: i32): i32 {
    assert(sectors >= 1 && sectors <= this.requestSectorsMax, TOO_MANY);
    return this.accept(Kind.DISCARD, sector, sectors, null, 0, handler, tag);
  }

  whenReady(waiter: BlockWaiter): void {
    this.waiters.add(waiter);
    // Else there is another cause to look after them.
    if (this.opened != PENDING && this.accepted == 0 && !this.isWorking) this.attend();
  }

  /** Nothing of the layer refers to the request any more: reports it, soon. */
  protected finish(request: Request, status: i32): void {
    request.status = status;
    if (request.changes) {
      this.open.remove(request);
      this.finished.append(request);
      this.startFlushes();
    } else this.finished.append(request);
    this.attend();
  }

  /** Has those looked after who wait for a report or for room. */
  protected attend(): void {
    if (this.isReady) return;
    this.isReady = true;
    hold();
    ready(this);
  }

  /** Reports what is finished now, then calls those who wait. */
  performTask(): void {
    this.isReady = false;
    release();
    // What its handlers finish by asking anew has its turn when others have had theirs.
    const until = this.requestNumber;
    for (let request = this.finished.first; request !== null; request = this.finished.first) {
      if (isEnding()) return;
      if (request.number > until) {
        this.attend();
        break;
      }
      this.finished.remove(request);
      const handler = request.handler!;
      const tag = request.tag;
      const status = request.status;
      request.handler = null;
      request.target = null;
      request.buffer = null;
      this.free.append(request);
      this.accepted--;
      release();
      handler.onBlock(tag, status);
    }
    if (this.opened == PENDING) return;
    for (let count = this.waiters.count; count > 0; count--) {
      if (isEnding() || (this.accepted >= this.requestsMax && this.opened == 0)) return;
      this.waiters.take().onBlockReady();
    }
  }

  private accept(
    kind: Kind,
    sector: u64,
    sectors: i32,
    buffer: Uint8Array | null,
    offset: i32,
    handler: BlockHandler,
    tag: i32,
  ): i32 {
    if (this.opened != 0) return this.opened == PENDING ? Errno.AGAIN : this.opened;
    if ((kind == Kind.WRITE || kind == Kind.DISCARD) && !this.writable) return Errno.READONLY;
    if (sector > this.sectorCount || this.sectorCount - sector < <u64>sectors) return Errno.RANGE;
    if (this.accepted >= this.requestsMax) return Errno.AGAIN;
    const admitted = this.admit(kind, sector, sectors);
    if (admitted != 0) return admitted;
    const request = this.take();
    request.wants = kind;
    request.from = sector;
    request.count = sectors;
    request.target = buffer;
    request.targetOffset = offset;
    request.handler = handler;
    request.tag = tag;
    request.stage = 0;
    request.attempts = 0;
    if (request.changes) this.open.append(request);
    if (kind == Kind.FLUSH) {
      this.flushes.append(request);
      this.startFlushes();
    } else this.start(request);
    return 0;
  }

  private take(): Request {
    let request = this.free.take();
    if (request === null) request = this.makeRequest();
    request.number = ++this.requestNumber;
    this.accepted++;
    hold();
    return request;
  }

  private startFlushes(): void {
    for (let flush = this.flushes.first; flush !== null; flush = this.flushes.first) {
      const oldest = this.open.first;
      if (oldest !== null && oldest.number < flush.number) return;
      this.flushes.remove(flush);
      this.start(flush);
    }
  }

  private check(sectors: i32, buffer: Uint8Array, offset: i32): void {
    assert(sectors >= 1 && sectors <= this.requestSectorsMax, TOO_MANY);
    assert(
      offset >= 0 && offset <= buffer.length - sectors * this.sectorBytes,
      "block: the sectors lie outside the buffer",
    );
  }
}

const TOO_MANY = "block: a request moves 1 to requestSectorsMax sectors";
