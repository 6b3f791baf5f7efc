import { Block, Clock, Errno, PENDING, TIMED_OUT, Timer, TimerHandler } from "@phantasm/interfaces";
import { Kind, Operation, WayDown } from "./operation";
import { Layer, Request, transferSectors } from "./layer";

/** What a request is below. It outlives the request when that is reported before the disk has answered. */
@final
class Errand extends Operation {
  /** Whom it is for; null: its time is up. */
  request: Request | null = null;
  dueNs: i64 = 0;
  /** Not with the disk yet: it waits for a write that is overdue. */
  held: bool = false;
  /** Neighbours among those that were begun, the oldest first; or the next that is free. */
  next: Errand | null = null;
  previous: Errand | null = null;
  private room: Uint8Array | null = null;

  constructor(private readonly layer: Timeout) {
    super();
  }

  done(status: i32): void {
    this.layer.errandDone(this, status);
  }

  /** True: it may still change some of these sectors. */
  threatens(sector: u64, sectors: i32): bool {
    if (this.request !== null || (this.kind != Kind.WRITE && this.kind != Kind.DISCARD))
      return false;
    return this.sector < sector + <u64>sectors && sector < this.sector + <u64>this.sectors;
  }

  /** Reads to a buffer of its own, writes from one. */
  useRoom(bytes: i32): usize {
    let room = this.room;
    if (room === null) {
      room = new Uint8Array(bytes);
      this.room = room;
    }
    this.buffer = room;
    this.offset = 0;
    return room.dataStart;
  }
}

/**
 * A disk whose requests are reported TIMED_OUT when it takes too long.
 *
 * Reads go through a buffer of the layer, so that the caller's is free from then on, whatever the disk still does.
 * A request that is overdue keeps its place (one of `requestsMax`) until the disk has reported it. One that overlaps
 * a write which is overdue waits for that, as long as its own time lasts: what it writes is not overtaken. A flush
 * that is overdue says nothing; a later one that reports 0 covers it.
 */
@final
export class Timeout extends Layer implements TimerHandler {
  /** Requests that were reported TIMED_OUT. */
  timeouts: u64 = 0;
  /** Those of them that the disk has not reported yet. */
  overdue: i32 = 0;

  private readonly way: WayDown;
  private timer: Timer | null = null;
  private first: Errand | null = null;
  private last: Errand | null = null;
  private firstFree: Errand | null = null;
  private errands: i32 = 0;

  constructor(
    disk: Block,
    private readonly clock: Clock,
    private readonly limitNs: i64,
    requests: i32,
  ) {
    super(requests);
    this.way = new WayDown(disk);
    this.openLayer();
  }

  get sectorBytes(): i32 {
    return this.way.disk.sectorBytes;
  }

  get requestSectorsMax(): i32 {
    return transferSectors(this.way.disk);
  }

  get writable(): bool {
    return this.way.disk.writable;
  }

  get discards(): bool {
    return this.way.disk.discards;
  }

  protected pendingBelow(): Block | null {
    return this.way.disk.state == PENDING ? this.way.disk : null;
  }

  protected begin(): void {
    this.sectorCount = this.way.disk.sectors;
    this.decide(this.way.disk.state);
  }

  protected get isWorking(): bool {
    return this.overdue > 0;
  }

  protected admit(kind: Kind, sector: u64, sectors: i32): i32 {
    return this.errands == this.requestsMax ? Errno.AGAIN : 0;
  }

  protected start(request: Request): void {
    const errand = this.takeErrand();
    errand.request = request;
    errand.kind = request.wants;
    errand.sector = request.from;
    errand.sectors = request.count;
    errand.dueNs = this.clock.now() + this.limitNs;
    errand.held = this.isThreatened(errand);
    if (request.wants == Kind.READ) errand.useRoom(this.roomBytes);
    else if (request.wants == Kind.WRITE) {
      errand.buffer = request.target;
      errand.offset = request.targetOffset;
      if (errand.held || !this.way.offer(errand)) this.keepData(errand);
      else return this.watch();
    }
    if (!errand.held) this.way.submit(errand);
    this.watch();
  }

  /** The errands report, and not the requests. */
  advance(request: Request, status: i32): void {}

  errandDone(errand: Errand, status: i32): void {
    const request = errand.request;
    if (request === null) this.overdue--;
    else {
      if (request.wants == Kind.READ && status == 0) {
        const target = request.target!.dataStart + request.targetOffset;
        memory.copy(target, errand.buffer!.dataStart, request.count * this.sectorBytes);
      }
      this.finish(request, status);
    }
    this.freeErrand(errand);
    if (request === null) {
      this.goOn();
      this.attend();
    }
  }

  onTimer(timer: Timer): void {
    const now = this.clock.now();
    let next: Errand | null = null;
    for (let errand = this.first; errand !== null; errand = next) {
      next = errand.next;
      if (errand.dueNs > now) break;
      const request = errand.request;
      if (request === null) continue;
      this.timeouts++;
      errand.request = null;
      if (errand.held) this.freeErrand(errand);
      else this.overdue++;
      this.finish(request, TIMED_OUT);
    }
    this.watch();
  }

  /** Sets the timer for the oldest whose time is not up. */
  private watch(): void {
    let timer = this.timer;
    if (timer !== null && timer.pending) return;
    let errand = this.first;
    while (errand !== null && errand.request === null) errand = errand.next;
    if (errand === null) return;
    const delayNs = errand.dueNs - this.clock.now();
    if (timer === null) {
      timer = this.clock.after(delayNs, this);
      // The request keeps the domain alive.
      timer.background();
      this.timer = timer;
    } else timer.set(delayNs);
  }

  private isThreatened(errand: Errand): bool {
    if (this.overdue == 0 || errand.kind == Kind.FLUSH) return false;
    for (let other = this.first; other !== null; other = other!.next)
      if (other.threatens(errand.sector, errand.sectors)) return true;
    return false;
  }

  /** Submits those that nothing threatens any more. */
  private goOn(): void {
    for (let errand = this.first; errand !== null; errand = errand!.next) {
      if (!errand.held || this.isThreatened(errand)) continue;
      errand.held = false;
      this.way.submit(errand);
    }
  }

  private keepData(errand: Errand): void {
    const source = errand.buffer!.dataStart + errand.offset;
    memory.copy(errand.useRoom(this.roomBytes), source, errand.sectors * this.sectorBytes);
  }

  private takeErrand(): Errand {
    let errand = this.firstFree;
    if (errand === null) errand = new Errand(this);
    else this.firstFree = errand.next;
    this.errands++;
    const last = this.last;
    errand.previous = last;
    errand.next = null;
    if (last === null) this.first = errand;
    else last.next = errand;
    this.last = errand;
    return errand;
  }

  private freeErrand(errand: Errand): void {
    const next = errand.next;
    const previous = errand.previous;
    if (next === null) this.last = previous;
    else next.previous = previous;
    if (previous === null) this.first = next;
    else previous.next = next;
    errand.request = null;
    errand.buffer = null;
    errand.previous = null;
    errand.next = this.firstFree;
    this.firstFree = errand;
    this.errands--;
  }
}
