/** Reads zones from a disk, checks them and has them served: a little in each step, so that queries are answered. */
import {
  Block,
  BlockHandler,
  BlockWaiter,
  Clock,
  Errno,
  Log,
  Logger,
  PENDING,
  Random,
  SECOND,
  Timer,
  TimerHandler,
} from "@phantasm/interfaces";
import { xxh64 } from "@phantasm/checksum";
import { ZoneCheck } from "./zone-check";
import { Changes, ZoneChanges } from "./zone-changes";
import { ZoneAccount, Zones } from "./zone-data";
import { BaseListener, DiskHeader, HEADER_BYTES, ZoneDisk } from "./zone-disk";
import { ZoneSet } from "./zone-set";

/** Requests in flight, and what each moves at most: together what one step copies. */
const REQUESTS_MAX: i32 = 8;
const REQUEST_BYTES_MAX: u32 = 131_072;
/** What the checksum is made of: each piece is the seed of the next one. */
const PIECE_BYTES: u32 = 1_048_576;
/** Names and indexes are read in steps of eight bytes. */
const PADDING_BYTES: usize = 16;
/** Generations that were refused and may still be there. */
const REFUSED: i32 = 2;

enum Stage {
  IDLE,
  HEADERS,
  CONTENT,
  CHECKSUM,
  CHECK,
  PREPARE,
}


@final
export class DiskZones implements ZoneDisk, BlockHandler, BlockWaiter, TimerHandler {
  private readonly logger: Logger;
  /** What is served, and what transfers still read. */
  private readonly account: ZoneAccount;
  private readonly known: ZoneChanges;
  private readonly check: ZoneCheck = new ZoneCheck();
  private readonly buffers: Uint8Array[] = [];
  /** Where in the content a buffer's bytes belong. */
  private readonly places: StaticArray<u32> = new StaticArray<u32>(REQUESTS_MAX);
  private readonly headers: DiskHeader[] = [new DiskHeader(), new DiskHeader()];
  private readonly refused: DiskHeader[] = [];
  /** What is served, and what is being read. */
  private readonly served: DiskHeader = new DiskHeader();
  private readonly wanted: DiskHeader = new DiskHeader();
  private set: ZoneSet | null = null;
  private listener: BaseListener | null = null;
  private timer: Timer | null = null;
  private stage: i32 = Stage.IDLE;
  private requestBytes: u32 = 0;
  private inFlight: i32 = 0;
  private status: i32 = 0;
  /** The content's memory, and the zones when they are known to be good. */
  private block: usize = 0;
  private zones: Zones | null = null;
  /** How much of it was asked for, and how far the checksum has come. */
  private at: u32 = 0;
  private checksum: u64 = 0;
  private startedNs: i64 = 0;
  /** The same trouble is told once. */
  private told: string = "";
  /** What is wrong with `wanted`; told if it is still on the disk, and not being replaced. */
  private complaint: string = "";

  constructor(
    private readonly disk: Block,
    private readonly clock: Clock,
    log: Log,
    private readonly checkSeconds: i32,
    private readonly bytesMax: i32,
    random: Random,
    changeBytesMax: i32,
    changesMax: i32,
  ) {
    const logger = log.source("zones");
    this.logger = logger;
    this.account = new ZoneAccount(2 * <u32>bytesMax);
    this.known = new ZoneChanges(random.u64(), changeBytesMax, changesMax);
  }

  get changes(): Changes {
    return this.known;
  }

  start(set: ZoneSet, listener: BaseListener): void {
    this.set = set;
    this.listener = listener;
    set.hasBase = false;
    const timer = this.clock.after(0, this);
    timer.background();
    this.timer = timer;
  }

  onBlockReady(): void {
    this.timer!.set(0);
  }

  onTimer(timer: Timer): void {
    if (this.stage == Stage.IDLE) this.look();
    else if (this.stage == Stage.HEADERS) this.readHeaders();
    else if (this.stage == Stage.CONTENT) this.readMore();
    else if (this.stage == Stage.CHECKSUM) this.sum();
    else if (this.stage == Stage.CHECK) this.checkMore();
    else if (this.stage == Stage.PREPARE) this.prepare();
  }

  onBlock(tag: i32, status: i32): void {
    this.inFlight--;
    if (status != 0) this.status = status;
    if (this.stage == Stage.HEADERS) this.onHeaders();
    else this.onContent(tag, status);
  }

  /** Until the next look. */
  private rest(): void {
    this.stage = Stage.IDLE;
    this.timer!.set(<i64>this.checkSeconds * SECOND);
  }

  /** @param problem why the disk has nothing for us at the moment */
  private tell(problem: string): void {
    if (problem == this.told) return;
    this.told = problem;
    if (problem.length == 0) return;
    if (this.served.isGood)
      this.logger.warning("{}; generation {} is served", problem, this.served.generation);
    else this.logger.error("{}; no zones are served", problem);
  }

  private look(): void {
    const disk = this.disk;
    if (disk.state == PENDING) return disk.whenReady(this);
    if (disk.state != 0) {
      this.tell(`the disk cannot be used (error ${disk.state})`);
      return this.rest();
    }
    const sectorBytes = <u32>disk.sectorBytes;
    if (this.buffers.length == 0) {
      const most = <u32>disk.requestSectorsMax * sectorBytes;
      this.requestBytes = min(REQUEST_BYTES_MAX, most - (most % HEADER_BYTES));
      if (this.requestBytes < HEADER_BYTES || disk.sectors * <u64>sectorBytes < 4 * HEADER_BYTES) {
        this.tell("the disk is too small for zones");
        return this.rest();
      }
      const count = min(REQUESTS_MAX, max(2, disk.requestsMax));
      for (let i = 0; i < count; i++) this.buffers.push(new Uint8Array(this.requestBytes));
    }
    this.stage = Stage.HEADERS;
    this.at = 0;
    this.readHeaders();
  }

  /** Those of both places, as far as there is room for requests. */
  private readHeaders(): void {
    this.status = 0;
    while (this.at < 2 && this.status == 0) {
      const place = this.at;
      if (this.ask(<u64>place * HEADER_BYTES, HEADER_BYTES, this.buffers[place], place)) this.at++;
    }
    if (this.inFlight == 0) this.onHeaders();
  }

  /** Asks for bytes, whole sectors. */
  private ask(from: u64, bytes: u32, into: Uint8Array, tag: i32): bool {
    const sectorBytes = <u32>this.disk.sectorBytes;
    const sectors = <i32>((bytes + sectorBytes - 1) / sectorBytes);
    const answer = this.disk.read(from / sectorBytes, sectors, into, 0, this, tag);
    if (answer == 0) this.inFlight++;
    else this.status = answer;
    return answer == 0;
  }

  private onHeaders(): void {
    if (this.inFlight > 0) return;
    if (this.status == Errno.AGAIN) return this.disk.whenReady(this);
    if (this.status != 0) {
      this.tell(`the headers cannot be read (error ${this.status})`);
      return this.rest();
    }
    let problem = "";
    for (let place = 0; place < 2; place++) {
      const header = this.headers[place];
      header.parse(this.buffers[place].dataStart, place, this.disk);
      if (header.problem.length > 0)
        problem += `${problem.length > 0 ? ", " : ""}header ${place}: ${header.problem}`;
    }
    const complaint = this.complaint;
    this.complaint = "";
    if (complaint.length > 0)
      for (let place = 0; place < 2; place++)
        if (this.headers[place].isLike(this.wanted)) this.tell(complaint);
    const newest = this.newest();
    if (newest === null) {
      if (problem.length > 0) this.tell(problem);
      else this.tellNothing();
      return this.rest();
    }
    // A header that is being written looks bad for a moment; it is told only when nothing comes of it.
    if (newest.isLike(this.served)) {
      if (problem.length > 0) this.tell(problem);
      return this.rest();
    }
    this.begin(newest);
  }

  /** Of those that were not refused, and are not older than what is served, whose own header may have been damaged. */
  private newest(): DiskHeader | null {
    let found: DiskHeader | null = null;
    for (let place = 0; place < 2; place++) {
      const header = this.headers[place];
      if (!header.isGood || this.isRefused(header)) continue;
      if (this.served.isGood && header.generation < this.served.generation) continue;
      if (found === null || header.generation > found.generation) found = header;
    }
    return found;
  }

  /** Nothing is wrong with the headers, and there is nothing in them to be taken. */
  private tellNothing(): void {
    for (let place = 0; place < 2; place++) {
      const header = this.headers[place];
      if (!header.isGood || header.generation >= this.served.generation) continue;
      return this.tell(
        `the disk has generation ${header.generation}, which is older: it is taken after a restart`,
      );
    }
    if (this.refused.length == 0) this.tell("the disk has no zones");
  }

  private isRefused(header: DiskHeader): bool {
    for (let i = 0; i < this.refused.length; i++) if (this.refused[i].isLike(header)) return true;
    return false;
  }

  private begin(header: DiskHeader): void {
    this.wanted.copy(header);
    this.startedNs = this.clock.monotonic();
    if (header.bytes > <u32>this.bytesMax)
      return this.refuse(`it has ${header.bytes} bytes, and bytesMax is ${this.bytesMax}`);
    // As much memory as the image has for them.
    if (header.bytes > this.account.left) {
      this.tell(`generation ${header.generation} waits for transfers that read older ones`);
      return this.rest();
    }
    this.block = heap.alloc(<usize>header.bytes + PADDING_BYTES);
    memory.fill(this.block + <usize>header.bytes, 0, PADDING_BYTES);
    this.stage = Stage.CONTENT;
    this.at = 0;
    this.readMore();
  }

  /** As many requests as there are buffers. */
  private readMore(): void {
    const wanted = this.wanted;
    this.status = 0;
    for (let i = 0; i < this.buffers.length && this.at < wanted.bytes && this.status == 0; i++) {
      const bytes = min(this.requestBytes, wanted.bytes - this.at);
      this.places[i] = this.at;
      if (this.ask(wanted.offset + <u64>this.at, bytes, this.buffers[i], i)) this.at += bytes;
    }
    if (this.inFlight == 0) this.afterRead();
  }

  private onContent(tag: i32, status: i32): void {
    if (status == 0) {
      const from = this.places[tag];
      const bytes = min(this.requestBytes, this.wanted.bytes - from);
      memory.copy(this.block + <usize>from, this.buffers[tag].dataStart, <usize>bytes);
    }
    if (this.inFlight == 0) this.afterRead();
  }

  /** Nothing is in flight. */
  private afterRead(): void {
    if (this.status == Errno.AGAIN) return this.disk.whenReady(this);
    if (this.status != 0) {
      this.giveUp();
      this.tell(`generation ${this.wanted.generation} cannot be read (error ${this.status})`);
      return this.rest();
    }
    if (this.at == this.wanted.bytes) {
      this.stage = Stage.CHECKSUM;
      this.at = 0;
      this.checksum = 0;
    }
    this.timer!.set(0);
  }

  private sum(): void {
    const bytes = min(PIECE_BYTES, this.wanted.bytes - this.at);
    if (bytes > 0) this.checksum = xxh64(this.block + <usize>this.at, <usize>bytes, this.checksum);
    this.at += bytes;
    if (this.at < this.wanted.bytes) return this.timer!.set(0);
    if (this.checksum != this.wanted.checksum) return this.refuse("its checksum does not fit");
    this.check.begin(this.block, this.wanted.bytes);
    this.stage = Stage.CHECK;
    this.timer!.set(0);
  }

  private checkMore(): void {
    const status = this.check.step();
    if (status == PENDING) return this.timer!.set(0);
    if (status != 0) return this.refuse(`byte ${this.check.problemAt}: ${this.check.problem}`);
    const zones = new Zones(this.block, this.wanted.bytes);
    zones.own(this.block, this.account);
    zones.hold();
    this.block = 0;
    this.zones = zones;
    this.stage = Stage.PREPARE;
    this.prepare();
  }

  private prepare(): void {
    const zones = this.zones!;
    const set = this.set!;
    if (this.known.compare(set.base, zones) == PENDING) return this.timer!.set(0);
    set.replaceBase(zones);
    zones.release();
    this.zones = null;
    this.served.copy(this.wanted);
    this.told = "";
    const milliseconds = (this.clock.monotonic() - this.startedNs) / 1_000_000;
    this.logger.info(
      `generation {}: ${zones.count} zones, ${zones.records} records, read in ${milliseconds} ms`,
      this.served.generation,
    );
    this.tellStale();
    this.listener!.onBase(zones);
    this.rest();
  }

  private tellStale(): void {
    const known = this.known;
    if (known.stale == 0) return;
    const others = known.stale > 1 ? ` (and so have ${known.stale - 1} others)` : "";
    this.logger.warning(
      `${known.staleName} has changed${others}, and serial ${known.staleSerial} is not newer: secondaries do not see it`,
    );
  }

  /** The zones are not good; who writes meanwhile has a newer header soon, which is looked for at once. */
  private refuse(problem: string): void {
    this.giveUp();
    const refused = new DiskHeader();
    refused.copy(this.wanted);
    if (this.refused.length == REFUSED) this.refused.shift();
    this.refused.push(refused);
    this.complaint = `generation ${this.wanted.generation}: ${problem}`;
    this.stage = Stage.IDLE;
    this.timer!.set(0);
  }

  private giveUp(): void {
    this.check.finish();
    if (this.block != 0) heap.free(this.block);
    this.block = 0;
  }
}
