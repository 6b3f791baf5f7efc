/**
 * For tests of what lies on a disk: one in memory that fails, shuffles and loses power as the test says.
 *
 *     const disk = new TestDisk(2048);
 *     disk.records = true;
 *     … requests …  disk.run();
 *     disk.crash(disk.journalLength, random, image);   // what is left of it
 *
 * Requests wait until `run`; a write reaches `content` when it is submitted, so what is read is what was
 * written. What would be left after the power fails is another matter: see `crash`.
 */
import { Errno } from "@phantasm/abi";
import { Block, BlockHandler, BlockWaiter, PENDING } from "@phantasm/interfaces";
import { Waiters } from "@phantasm/runtime";
import { TestRandom } from "@phantasm/testing/random";

export { TestRandom } from "@phantasm/testing/random";

export enum DiskEvent {
  WRITE,
  DISCARD,
  /** A flush has reported 0. */
  FLUSHED,
}

/** What the disk did, in the order of submission; a flush when it has reported. */
@final
class JournalEntry {
  constructor(
    readonly event: DiskEvent,
    readonly sector: u64,
    readonly sectors: i32,
    /** Of a write: its data, outside of the collector's heap. */
    readonly data: usize,
    /** Of a flush: everything before this entry is durable. */
    readonly covered: i32,
  ) {}
}


@final
class Request {
  /** The bytes of a read are copied when it is reported. */
  source: usize = 0;
  /** They are in a place of their own. */
  isCopy: bool = false;
  target: Uint8Array | null = null;
  offset: i32 = 0;
  bytes: i32 = 0;
  /** Of a flush: journal entries before it; else -1. */
  covered: i32 = -1;
  status: i32 = 0;

  constructor(
    readonly handler: BlockHandler,
    readonly tag: i32,
  ) {}
}


@final
export class TestDisk implements Block {
  /** What a read sees. */
  readonly content: Uint8Array;
  /** As `Block.state`: the answer to every request, unless 0. */
  state: i32 = 0;
  requestsMax: i32 = 32;
  requestSectorsMax: i32 = 256;
  writable: bool = true;
  discards: bool = true;

  /** What every request reports from now on, unless 0: Errno.IO, NOSPACE or GONE. */
  status: i32 = 0;
  /** What every request is answered with at once, unless 0: Errno.GONE. */
  refusal: i32 = 0;
  /** The request of this number (see `requests`) fails with `failStatus`; -1: none does. */
  failAt: i32 = -1;
  failStatus: i32 = Errno.IO;
  /** Requests are reported in an order of chance. */
  shuffles: bool = false;
  /** Some reads take their data when they are submitted, not when they are reported: writes in between are missed. */
  readsEarly: bool = false;
  /** Keeps a journal, for `crash`. */
  records: bool = false;
  /** A crash may cut a write in two anywhere; else each sector is old or new. */
  tears: bool = true;

  /** Requests accepted, and of which kind. */
  requests: i32 = 0;
  reads: i32 = 0;
  writes: i32 = 0;
  flushes: i32 = 0;
  sectorsWritten: u64 = 0;

  private readonly journal: JournalEntry[] = [];
  private readonly pending: Request[] = [];
  private readonly waiters: Waiters<BlockWaiter> = new Waiters<BlockWaiter>();
  private readonly random: TestRandom;

  constructor(
    private readonly size: u64,
    readonly sectorBytes: i32 = 512,
    seed: u64 = 1,
  ) {
    this.content = new Uint8Array(<i32>size * sectorBytes);
    this.random = new TestRandom(seed);
  }

  get sectors(): u64 {
    return this.state == PENDING ? 0 : this.size;
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
    const refused = this.refuse(sector, sectors, false);
    if (refused != 0) return refused;
    this.reads++;
    const request = this.accept(handler, tag);
    request.source = this.content.dataStart + <usize>sector * this.sectorBytes;
    request.target = buffer;
    request.offset = offset;
    request.bytes = sectors * this.sectorBytes;
    if (this.readsEarly && this.random.below(2) == 0) {
      const data = heap.alloc(request.bytes);
      memory.copy(data, request.source, request.bytes);
      request.source = data;
      request.isCopy = true;
    }
    return 0;
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
    const refused = this.refuse(sector, sectors, true);
    if (refused != 0) return refused;
    this.writes++;
    const request = this.accept(handler, tag);
    let bytes = sectors * this.sectorBytes;
    // A write that fails may have written any part of it.
    if (request.status != 0) bytes = <i32>this.random.below(bytes + 1);
    const target = this.content.dataStart + <usize>sector * this.sectorBytes;
    memory.copy(target, buffer.dataStart + offset, bytes);
    this.sectorsWritten += sectors;
    this.note(DiskEvent.WRITE, sector, sectors, target);
    return 0;
  }

  flush(handler: BlockHandler, tag: i32): i32 {
    const refused = this.refuse(0, 0, false);
    if (refused != 0) return refused;
    this.flushes++;
    const request = this.accept(handler, tag);
    request.covered = this.journal.length;
    if (request.status != 0) this.status = Errno.IO;
    return 0;
  }

  discard(sector: u64, sectors: i32, handler: BlockHandler, tag: i32): i32 {
    const refused = this.refuse(sector, sectors, true);
    if (refused != 0) return refused;
    this.accept(handler, tag);
    const target = this.content.dataStart + <usize>sector * this.sectorBytes;
    // Whoever relies on zeros afterwards is found.
    memory.fill(target, 0xdd, sectors * this.sectorBytes);
    this.note(DiskEvent.DISCARD, sector, sectors, target);
    return 0;
  }

  whenReady(waiter: BlockWaiter): void {
    this.waiters.add(waiter);
  }

  /** Requests in flight. */
  get inFlight(): i32 {
    return this.pending.length;
  }

  /** Reports requests, those too that are made meanwhile, up to a number. Returns how many. */
  run(requestsMax: i32 = i32.MAX_VALUE): i32 {
    let reported = 0;
    while (reported < requestsMax) {
      if (this.pending.length == 0) {
        // Those who found no room and found it all in flight are called last.
        if (this.waiters.count == 0 || this.state == PENDING) break;
        this.waiters.take().onBlockReady();
        continue;
      }
      const at = this.shuffles ? <i32>this.random.below(this.pending.length) : 0;
      const request = this.pending.splice(at, 1)[0];
      reported++;
      this.report(request);
      if (this.waiters.count > 0 && this.pending.length < this.requestsMax) {
        this.waiters.take().onBlockReady();
      }
    }
    return reported;
  }

  /** Who made the requests is no more: none of those in flight is reported. What they wrote is written, not durable. */
  forgetRequests(): void {
    this.pending.length = 0;
    while (this.waiters.count > 0) this.waiters.take();
  }

  /** Events in the journal: a point in time that `crash` can go back to. */
  get journalLength(): i32 {
    return this.journal.length;
  }

  /** Begins the journal anew: what is on the disk now counts as durable. */
  forgetJournal(): void {
    for (let i = 0; i < this.journal.length; i++) {
      const data = this.journal[i].data;
      if (data != 0) heap.free(data);
    }
    this.journal.length = 0;
  }

  /**
   * Fills `image` with what the disk may hold when the power fails after the first `events` of the journal:
   * all that a flush had covered, and of every later write all of it, nothing, or a part torn at a sector or a
   * byte, in any order. `image` begins as the disk was when the journal began.
   */
  crash(events: i32, random: TestRandom, image: Uint8Array): void {
    assert(image.length == this.content.length, "crash: the image has the size of the disk");
    let durable = 0;
    for (let i = 0; i < events; i++) {
      const entry = this.journal[i];
      if (entry.event == DiskEvent.FLUSHED) durable = max(durable, entry.covered);
    }
    for (let i = 0; i < durable; i++) this.apply(this.journal[i], image);
    const open: JournalEntry[] = [];
    for (let i = durable; i < events; i++) {
      if (this.journal[i].event != DiskEvent.FLUSHED) open.push(this.journal[i]);
    }
    // Half of the time in their order, as most disks do; all kept, all lost, or each by chance.
    const inOrder = random.below(2) == 0;
    const fate = random.below(6);
    while (open.length > 0) {
      const at = inOrder ? 0 : <i32>random.below(open.length);
      const entry = open.splice(at, 1)[0];
      const choice = fate < 3 ? fate : random.below(3);
      if (choice == 0) this.apply(entry, image);
      else if (choice == 1 && entry.event == DiskEvent.WRITE) this.tear(entry, random, image);
    }
  }

  private apply(entry: JournalEntry, image: Uint8Array): void {
    const target = image.dataStart + <usize>entry.sector * this.sectorBytes;
    const bytes = entry.sectors * this.sectorBytes;
    if (entry.event == DiskEvent.WRITE) memory.copy(target, entry.data, bytes);
    else if (entry.event == DiskEvent.DISCARD) memory.fill(target, 0xdd, bytes);
  }

  private tear(entry: JournalEntry, random: TestRandom, image: Uint8Array): void {
    const target = image.dataStart + <usize>entry.sector * this.sectorBytes;
    const bytes = entry.sectors * this.sectorBytes;
    const way = random.below(3);
    if (way == 0 || !this.tears) {
      // Each sector as a whole, or not.
      for (let at = 0; at < bytes; at += this.sectorBytes) {
        if (random.below(2) == 0) memory.copy(target + at, entry.data + at, this.sectorBytes);
      }
      return;
    }
    // The bytes before a place, or those after it.
    const cut = <i32>random.below(bytes + 1);
    if (way == 1) memory.copy(target, entry.data, cut);
    else memory.copy(target + cut, entry.data + cut, bytes - cut);
  }

  private report(request: Request): void {
    const status = request.status;
    if (status == 0 && request.source != 0) {
      memory.copy(request.target!.dataStart + request.offset, request.source, request.bytes);
    } else if (request.target !== null) {
      // Nothing is promised about it.
      memory.fill(request.target!.dataStart + request.offset, 0xee, request.bytes);
    }
    if (request.isCopy) heap.free(request.source);
    if (status == 0 && request.covered >= 0 && this.records) {
      this.journal.push(new JournalEntry(DiskEvent.FLUSHED, 0, 0, 0, request.covered));
    }
    request.handler.onBlock(request.tag, status);
  }

  private accept(handler: BlockHandler, tag: i32): Request {
    const request = new Request(handler, tag);
    request.status = this.requests++ == this.failAt ? this.failStatus : this.status;
    this.pending.push(request);
    return request;
  }

  private refuse(sector: u64, sectors: i32, changes: bool): i32 {
    if (this.state != 0) return this.state == PENDING ? Errno.AGAIN : this.state;
    if (this.refusal != 0) return this.refusal;
    if (changes && !this.writable) return Errno.READONLY;
    if (sector > this.sectors || this.sectors - sector < <u64>sectors) return Errno.RANGE;
    return this.pending.length >= this.requestsMax ? Errno.AGAIN : 0;
  }

  private check(sectors: i32, buffer: Uint8Array, offset: i32): void {
    assert(
      sectors >= 1 && sectors <= this.requestSectorsMax,
      "block: a request moves 1 to requestSectorsMax sectors",
    );
    assert(
      offset >= 0 && offset <= buffer.length - sectors * this.sectorBytes,
      "block: the sectors lie outside the buffer",
    );
  }

  private note(event: DiskEvent, sector: u64, sectors: i32, content: usize): void {
    if (!this.records) return;
    let data: usize = 0;
    if (event == DiskEvent.WRITE) {
      data = heap.alloc(sectors * this.sectorBytes);
      memory.copy(data, content, sectors * this.sectorBytes);
    }
    this.journal.push(new JournalEntry(event, sector, sectors, data, 0));
  }
}
