/** A request that needs the volume: finds out what a path stands for, or sends parts of a file. */
import {
  BAD_NAME,
  EXHAUSTED,
  File,
  FileStat,
  FilesHandler,
  IS_DIRECTORY,
  NOT_DIRECTORY,
  NOT_FOUND,
  OpenFlag,
  PENDING,
} from "@phantasm/interfaces";
import { mediaTypeOf, normalPath } from "@phantasm/fs";
import { now } from "@phantasm/runtime";
import { Exchange } from "../server/exchange";
import { ResponseWriter } from "../server/handlers";
import { putUtf8, utf8Bytes } from "../wire/characters";
import { RANGES_MAX, Ranges } from "../wire/conditions";
import { encodedPath } from "../wire/target";
import { CODINGS, Coding, Entry, Variant, codingName, codingSuffix } from "./entry";
import { Site } from "./site";

/** `Location: ` and the end of the line. */
const LOCATION_ROOM: i32 = 12;
/** One write of what lies in memory. */
const PIECE_BYTES: i64 = 1 << 20;
/** A step has no result, the next one is up to somebody else. */
const DONE: i32 = i32.MIN_VALUE;

enum Step {
  STAT,
  INDEX,
  OPEN,
  SIDE_STAT,
  SIDE_OPEN,
  SEND_OPEN,
  READ,
}


@final
export class Job implements FilesHandler, ResponseWriter {
  private exchange: Exchange | null = null;
  private step: Step = Step.STAT;
  private readonly stat: FileStat = new FileStat();
  private path: string = "";
  private endsWithSlash: bool = false;
  private isNormal: bool = false;
  /** What is looked for is the page that tells of nothing. */
  private isMissing: bool = false;
  private hash: u32 = 0;
  /** What is found, from the plain file on; made into variants when all is known. */
  private coding: i32 = 0;
  private readonly addresses: StaticArray<usize> = new StaticArray<usize>(CODINGS);
  private readonly sizes: StaticArray<i64> = new StaticArray<i64>(CODINGS);
  private readonly modified: StaticArray<i64> = new StaticArray<i64>(CODINGS);
  private readonly digests: StaticArray<string | null> = new StaticArray<string | null>(CODINGS);
  private mediaType: string = "";
  // What is sent.
  private entry: Entry | null = null;
  private variant: Variant | null = null;
  private file: File | null = null;
  /** A read is under way, or waits for its turn. */
  private isReading: bool = false;
  private isParked: bool = false;
  private isAborted: bool = false;
  private status: i32 = 0;
  private count: i32 = 0;
  private part: i32 = 0;
  private readonly first: StaticArray<i64> = new StaticArray<i64>(RANGES_MAX);
  private readonly end: StaticArray<i64> = new StaticArray<i64>(RANGES_MAX);
  private position: i64 = 0;
  private until: i64 = 0;
  private buffer: Uint8Array = new Uint8Array(0);
  private bufferAt: i32 = 0;
  private bufferBytes: i32 = 0;
  private boundary: string = "";

  constructor(private readonly site: Site) {}

  // ---- what a path stands for

  resolve(exchange: Exchange, hash: u32): void {
    this.exchange = exchange;
    this.hash = hash;
    this.isMissing = false;
    const text = exchange.path;
    const path = text === null ? "" : normalPath(text);
    if (text === null || path == "") {
      this.fail(BAD_NAME);
      return;
    }
    this.path = path;
    // RFC 3986 §5.2.4: the last of `/a/.` and `/a/b/..` is a slash as well.
    this.endsWithSlash =
      path == "/" || text.endsWith("/") || text.endsWith("/.") || text.endsWith("/..");
    this.isNormal = text == path || text == path + "/";
    this.coding = Coding.IDENTITY;
    this.run(this.begins(Step.STAT));
  }

  resolveMissing(exchange: Exchange, hash: u32): void {
    this.exchange = exchange;
    this.hash = hash;
    this.isMissing = true;
    this.path = this.site.options.notFound;
    this.endsWithSlash = false;
    this.coding = Coding.IDENTITY;
    this.run(this.begins(Step.STAT));
  }

  onFiles(tag: i32, result: i32): void {
    const turns = this.site.turns;
    turns.pending--;
    this.run(result);
    turns.wake();
  }

  private run(result: i32): void {
    while (result != PENDING && result != DONE) result = this.next(result);
    if (result == PENDING) this.site.turns.pending++;
  }

  /** It is this job's turn. */
  tryAgain(): void {
    this.isParked = false;
    if (this.step == Step.READ) {
      this.isReading = false;
      this.pump();
    } else this.run(this.begins(this.step));
  }

  /** Asks the volume for what a step needs. */
  private begins(step: Step): i32 {
    this.step = step;
    const files = this.site.files;
    const isSend = step == Step.SEND_OPEN;
    const path = isSend ? this.variant!.path : this.path + codingSuffix(this.coding);
    return step == Step.STAT || step == Step.INDEX || step == Step.SIDE_STAT
      ? files.stat(path, this.stat, this, 0)
      : files.open(path, OpenFlag.READ, this, 0);
  }

  /** Takes a result, and begins what follows. */
  private next(result: i32): i32 {
    if (result == EXHAUSTED && this.step != Step.READ && this.site.turns.park(this, false))
      return DONE;
    switch (this.step) {
      case Step.STAT:
      case Step.INDEX:
        return this.afterStat(result);
      case Step.OPEN:
      case Step.SIDE_OPEN:
        return this.afterOpen(result);
      case Step.SIDE_STAT:
        if (result != 0 || this.stat.directory) return this.nextSide();
        this.note();
        return this.begins(Step.SIDE_OPEN);
      case Step.SEND_OPEN:
        if (result != 0) return this.fail(result);
        this.file = this.site.files.takeFile();
        this.site.turns.openFiles++;
        // Nobody reads a file for a client that has gone.
        if (this.exchange!.isOpen) this.begin();
        else this.release().abort();
        return DONE;
      default:
        this.isReading = false;
        if (this.isAborted) this.release();
        else if (this.took(result)) this.pump();
        return DONE;
    }
  }

  private afterStat(result: i32): i32 {
    if (result != 0) return this.fail(result);
    if (this.stat.directory) {
      if (this.step == Step.INDEX || this.isMissing) return this.fail(NOT_FOUND);
      if (!this.endsWithSlash) return this.redirect();
      this.path =
        this.path == "/"
          ? "/" + this.site.options.index
          : this.path + "/" + this.site.options.index;
      return this.begins(Step.INDEX);
    }
    if (this.step == Step.STAT && this.endsWithSlash) return this.fail(NOT_FOUND);
    this.mediaType = this.stat.mediaType.length > 0 ? this.stat.mediaType : mediaTypeOf(this.path);
    for (let i = 0; i < CODINGS; i++) this.sizes[i] = -1;
    this.note();
    return this.begins(Step.OPEN);
  }

  /** Relative references in an index need the slash. The path is our own normal form, so that it leads nowhere else. */
  private redirect(): i32 {
    const exchange = this.release();
    const query = exchange.request.queryBytes;
    let location = encodedPath(this.path) + "/";
    if (query >= 0)
      location += "?" + String.UTF8.decodeUnsafe(exchange.request.query, <usize>query);
    // It may be longer than what was asked for: some characters are encoded now that were not.
    if (location.length > exchange.server.limits.fieldBytesMax - LOCATION_ROOM)
      exchange.sendError(414);
    else exchange.redirect(301, location);
    return DONE;
  }

  private note(): void {
    const coding = this.coding;
    this.sizes[coding] = <i64>this.stat.size;
    this.modified[coding] = this.stat.modifiedNs;
    this.digests[coding] = this.stat.digest;
    this.addresses[coding] = 0;
  }

  private afterOpen(result: i32): i32 {
    if (result == 0) {
      const file = this.site.files.takeFile();
      this.addresses[this.coding] = file.address;
      this.sizes[this.coding] = <i64>file.size;
      file.close();
    } else if (this.step == Step.OPEN) return this.fail(result);
    else this.sizes[this.coding] = -1;
    return this.nextSide();
  }

  /** From the plain file to gzip to Brotli, then the answer. */
  private nextSide(): i32 {
    if (this.coding > 0) {
      this.coding--;
      return this.begins(Step.SIDE_STAT);
    }
    const site = this.site;
    const entry = this.makeEntry();
    const exchange = this.release();
    const isMissing = this.isMissing;
    if (isMissing) this.keep(entry, site.missingKey.dataStart, site.missingKey.length);
    else if (exchange.isOpen && this.isNormal)
      this.keep(entry, exchange.request.path, exchange.request.pathBytes);
    else entry.isForgotten = true;
    entry.users++;
    if (isMissing) site.sendMissing(exchange, entry);
    else site.answer(exchange, entry);
    entry.users--;
    site.freeUnused(entry);
    return DONE;
  }

  private keep(entry: Entry, key: usize, bytes: i32): void {
    entry.keyBytes = bytes;
    entry.key = heap.alloc(<usize>bytes);
    memory.copy(entry.key, key, <usize>bytes);
    entry.hash = this.hash;
    this.site.keep(entry);
  }

  private makeEntry(): Entry {
    const entry = new Entry();
    const options = this.site.options;
    entry.isNegotiated = this.sizes[Coding.GZIP] >= 0 || this.sizes[Coding.BROTLI] >= 0;
    let inImage = !this.site.files.writable;
    for (let coding = 0; coding < CODINGS; coding++) {
      const size = this.sizes[coding];
      if (size < 0) continue;
      inImage = inImage && (this.addresses[coding] != 0 || size == 0);
      const digest = this.digests[coding];
      entry.variants[coding] = new Variant(
        this.path + codingSuffix(coding),
        this.addresses[coding],
        size,
        this.mediaType,
        coding,
        digest === null ? "" : digest,
        this.modified[coding],
        entry.isNegotiated,
        options.cacheControl,
      );
    }
    entry.untilNs = inImage ? i64.MAX_VALUE : now() + options.freshNs;
    return entry;
  }

  /** Answers with the status that fits an error of the volume. */
  private fail(error: i32): i32 {
    const exchange = this.release();
    if (this.isMissing) {
      exchange.sendError(404);
      return DONE;
    }
    switch (error) {
      case NOT_FOUND:
      case NOT_DIRECTORY:
      case IS_DIRECTORY:
      case BAD_NAME:
        this.site.answerMissing(exchange);
        break;
      case EXHAUSTED:
        exchange.sendError(503);
        break;
      default:
        exchange.sendError(500);
    }
    return DONE;
  }

  // ---- sending

  /** Sends a file, or the ranges of it. */
  send(exchange: Exchange, entry: Entry, variant: Variant, status: i32, ranges: Ranges): void {
    this.exchange = exchange;
    this.isMissing = status == 404;
    this.entry = entry;
    entry.users++;
    this.variant = variant;
    this.status = status;
    this.isAborted = false;
    this.part = -1;
    this.position = 0;
    this.until = 0;
    this.bufferAt = 0;
    this.bufferBytes = 0;
    this.count = status == 206 ? ranges.count : 1;
    this.first[0] = 0;
    this.end[0] = variant.size;
    for (let i = 0; i < this.count && status == 206; i++) {
      this.first[i] = ranges.first[i];
      this.end[i] = ranges.end[i];
    }
    if (variant.address != 0) this.begin();
    else this.run(this.begins(Step.SEND_OPEN));
  }

  private begin(): void {
    const exchange = this.exchange!;
    const variant = this.variant!;
    let type = variant.mediaType;
    let length = this.end[0] - this.first[0];
    if (this.status != 404) {
      exchange.setLines(variant.commonFields, variant.commonBytes);
      exchange.setField("Accept-Ranges", "bytes");
    } else if (this.entry!.isNegotiated) exchange.setField("Vary", "Accept-Encoding");
    if (variant.coding != <i32>Coding.IDENTITY)
      exchange.setField("Content-Encoding", codingName(variant.coding));
    if (this.count > 1) {
      this.boundary = `phantasm-${exchange.server.counters.requests}-${variant.size}`;
      type = `multipart/byteranges; boundary=${this.boundary}`;
      length = utf8Bytes(this.closing);
      for (let i = 0; i < this.count; i++)
        length += <i64>utf8Bytes(this.heading(i)) + this.end[i] - this.first[i];
    } else if (this.status == 206) exchange.setField("Content-Range", this.rangeText(0));
    exchange.begin(this.status, type, length, this);
    this.pump();
  }

  private rangeText(part: i32): string {
    return `bytes ${this.first[part]}-${this.end[part] - 1}/${this.variant!.size}`;
  }

  /** RFC 9110 §14.6. */
  private heading(part: i32): string {
    const type = this.variant!.mediaType;
    const typeLine = type.length > 0 ? `Content-Type: ${type}\r\n` : "";
    return `\r\n--${this.boundary}\r\n${typeLine}Content-Range: ${this.rangeText(part)}\r\n\r\n`;
  }

  private get closing(): string {
    return `\r\n--${this.boundary}--\r\n`;
  }

  onWritable(exchange: Exchange): void {
    this.pump();
  }

  onAborted(exchange: Exchange): void {
    this.isAborted = true;
    if (this.isParked) {
      this.site.turns.leave(this);
      this.isReading = false;
      this.isParked = false;
    }
    if (!this.isReading) this.release();
  }

  /** Writes as much as there is and as there is room for. */
  private pump(): void {
    const exchange = this.exchange!;
    while (!this.isAborted && !this.isReading) {
      const waiting = this.bufferBytes - this.bufferAt;
      if (waiting > 0) {
        const taken = exchange.write(this.buffer, this.bufferAt, waiting);
        if (taken <= 0) return;
        this.bufferAt += taken;
        if (taken < waiting) return;
      } else if (this.position < this.until) {
        if (!this.pumpFile(exchange)) return;
      } else if (!this.nextPart()) {
        this.release().end();
        return;
      }
    }
  }

  /** True if more can be written. */
  private pumpFile(exchange: Exchange): bool {
    const left = this.until - this.position;
    const address = this.variant!.address;
    if (address != 0) {
      const piece = <i32>min(left, PIECE_BYTES);
      const taken = exchange.writeFrom(address + <usize>this.position, piece);
      if (taken <= 0) return false;
      this.position += taken;
      return taken == piece;
    }
    const turns = this.site.turns;
    this.reserveBuffer();
    this.step = Step.READ;
    this.isReading = true;
    this.isParked = turns.givesWay(this);
    if (this.isParked) return false;
    const wanted = <i32>min<i64>(left, this.buffer.length);
    const result = this.file!.readAt(<u64>this.position, this.buffer, 0, wanted, this, 0);
    if (result == PENDING) {
      turns.pending++;
      return false;
    }
    this.isReading = false;
    return this.took(result);
  }

  private reserveBuffer(): void {
    if (this.buffer.length == 0) this.buffer = new Uint8Array(this.site.bufferBytes);
  }

  /** Bytes have been read. False: none; it waits for its turn, or the answer was broken off, for its length has been promised. */
  private took(result: i32): bool {
    if (result == EXHAUSTED && this.site.turns.park(this, true)) {
      this.isReading = true;
      this.isParked = true;
      return false;
    }
    if (result <= 0) {
      this.release().abort();
      return false;
    }
    this.bufferAt = 0;
    this.bufferBytes = result;
    this.position += result;
    return true;
  }

  /** Goes to the next range; its heading comes first if there are several. False: all has been written. */
  private nextPart(): bool {
    this.part++;
    if (this.part > this.count || (this.part == this.count && this.count == 1)) return false;
    this.bufferAt = 0;
    this.bufferBytes = 0;
    if (this.count > 1) {
      this.reserveBuffer();
      const text = this.part == this.count ? this.closing : this.heading(this.part);
      this.bufferBytes = <i32>(putUtf8(this.buffer.dataStart, text) - this.buffer.dataStart);
    }
    if (this.part == this.count) return true;
    this.position = this.first[this.part];
    this.until = this.end[this.part];
    return true;
  }

  /** Gives the job back, and what it had open. */
  private release(): Exchange {
    const exchange = this.exchange!;
    const file = this.file;
    const entry = this.entry;
    this.exchange = null;
    this.file = null;
    this.entry = null;
    this.variant = null;
    if (file !== null) {
      file.close();
      this.site.turns.openFiles--;
    }
    this.site.turns.wake();
    if (entry !== null) {
      entry.users--;
      this.site.freeUnused(entry);
    }
    this.site.giveJob(this);
    return exchange;
  }
}
