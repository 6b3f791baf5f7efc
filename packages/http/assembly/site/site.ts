/**
 * Files as a web site: conditions, ranges, compressed neighbours (`name.br`, `name.gz`), an index for directories.
 *
 *     new HttpServer(os.clock, new Site(os.pages));
 */
import { normalPath } from "@phantasm/fs";
import { Files, SECOND } from "@phantasm/interfaces";
import { now } from "@phantasm/runtime";
import { limitBytes } from "@phantasm/runtime/heap/pacing";
import { Exchange } from "../server/exchange";
import { HttpHandler } from "../server/handlers";
import { Ranges, Verdict, judgeConditions } from "../wire/conditions";
import { Method } from "../wire/method";
import { acceptedCoding } from "../wire/quality";
import { CODINGS, Coding, Entry, Variant, codingName } from "./entry";
import { EntryTable, hashOf } from "./entry-table";
import { Job } from "./job";
import { Turns } from "./turns";

export class SiteOptions {
  /** The file that a directory is answered with. */
  index: string = "index.html";
  /** The file that tells, with 404, that there is nothing: a path in the volume; empty, or not there: a page of the server. */
  notFound: string = "";
  /** What Cache-Control says; empty: nothing, clients guess. */
  cacheControl: string = "";
  /** Paths that are remembered. */
  entries: i32 = 1_024;
  /** What is known of a file is looked at again after this time, unless it lies in the image. */
  freshNs: i64 = SECOND;
  /** Requests at once that wait for the volume or are sent from it; those that the volume has no room for wait for the others. The next one is answered with 503. */
  jobs: i32 = 256;
}

/** What a job reads at once, unless all of them together would take more than a sixteenth of the memory. */
const BUFFER_BYTES: i32 = 16 << 10;
/** A heading between two ranges fits in. */
const BUFFER_BYTES_MIN: i32 = 1 << 10;


@final
export class Site implements HttpHandler {
  private readonly table: EntryTable;
  private readonly jobs: Job[] = [];
  private jobCount: i32 = 0;
  private readonly ranges: Ranges = new Ranges();
  readonly turns: Turns = new Turns();
  /** Of the buffer of a job. */
  readonly bufferBytes: i32;
  /** The path of `notFound`, as it is remembered. */
  readonly missingKey: Uint8Array;

  constructor(
    readonly files: Files,
    readonly options: SiteOptions = new SiteOptions(),
  ) {
    const page = options.notFound;
    assert(page == "" || normalPath(page) == page, "http: notFound is a path from the root on");
    this.table = new EntryTable(options.entries);
    const share = (limitBytes() >> 4) / <usize>max(options.jobs, 1);
    this.bufferBytes = <i32>max<usize>(BUFFER_BYTES_MIN, min<usize>(share, BUFFER_BYTES));
    this.missingKey = Uint8Array.wrap(String.UTF8.encode(page));
  }

  onRequest(exchange: Exchange): void {
    const request = exchange.request;
    const method = request.method;
    if (method != Method.GET && method != Method.HEAD) {
      exchange.setField("Allow", "GET, HEAD, OPTIONS");
      if (method == Method.OPTIONS) exchange.sendEmpty(204);
      else exchange.sendError(405);
      return;
    }
    const path = request.path;
    const bytes = request.pathBytes;
    const hash = hashOf(path, bytes);
    const entry = this.remembered(path, bytes, hash);
    if (entry !== null) {
      this.answer(exchange, entry);
      return;
    }
    const job = this.takeJob();
    if (job === null) exchange.sendError(503);
    else job.resolve(exchange, hash);
  }

  private remembered(path: usize, bytes: i32, hash: u32): Entry | null {
    const entry = this.table.find(path, bytes, hash);
    if (entry === null || now() < entry.untilNs) return entry;
    this.forget(entry);
    return null;
  }

  /** There is nothing. */
  answerMissing(exchange: Exchange): void {
    const key = this.missingKey;
    if (key.length == 0) {
      exchange.sendError(404);
      return;
    }
    const hash = hashOf(key.dataStart, key.length);
    const entry = this.remembered(key.dataStart, key.length, hash);
    if (entry !== null) {
      this.sendMissing(exchange, entry);
      return;
    }
    const job = this.takeJob();
    if (job === null) exchange.sendError(503);
    else job.resolveMissing(exchange, hash);
  }

  /** Conditions and ranges are about what was asked for, and so are its validators. */
  sendMissing(exchange: Exchange, page: Entry): void {
    const variant = choose(exchange, page);
    if (variant.address == 0 && variant.size > 0 && exchange.method == Method.GET) {
      this.send(exchange, page, variant, 404);
      return;
    }
    if (variant.coding != <i32>Coding.IDENTITY)
      exchange.setField("Content-Encoding", codingName(variant.coding));
    if (page.isNegotiated) exchange.setField("Vary", "Accept-Encoding");
    exchange.sendStatic(404, variant.mediaType, variant.address, variant.size);
  }

  /** Answers with what is known. */
  answer(exchange: Exchange, entry: Entry): void {
    const head = exchange.request;
    const variant = choose(exchange, entry);
    const seconds = exchange.server.seconds;
    const there = variant.there;
    const verdict = judgeConditions(head, head.method, there, seconds);
    if (verdict == Verdict.NOT_MODIFIED)
      exchange.sendPrepared(304, variant.commonFields, variant.commonBytes, 0, 0);
    else if (verdict == Verdict.FAILED) exchange.sendError(412);
    else if (head.method == Method.GET && head.find("range") >= 0)
      this.answerRanges(exchange, entry, variant, seconds);
    else this.answerWhole(exchange, entry, variant);
  }

  private answerWhole(exchange: Exchange, entry: Entry, variant: Variant): void {
    if (variant.address == 0 && variant.size > 0 && exchange.method == Method.GET) {
      this.send(exchange, entry, variant, 200);
      return;
    }
    exchange.sendPrepared(200, variant.fields, variant.fieldBytes, variant.address, variant.size);
  }

  private answerRanges(exchange: Exchange, entry: Entry, variant: Variant, seconds: i64): void {
    const ranges = this.ranges;
    const status = ranges.judge(exchange.request, variant.there, variant.size, seconds);
    if (status == 206) this.send(exchange, entry, variant, 206);
    else if (status == 416) {
      exchange.setField("Content-Range", `bytes */${variant.size}`);
      exchange.sendError(416);
    } else this.answerWhole(exchange, entry, variant);
  }

  private send(exchange: Exchange, entry: Entry, variant: Variant, status: i32): void {
    const job = this.takeJob();
    if (job === null) exchange.sendError(503);
    else job.send(exchange, entry, variant, status, this.ranges);
  }

  // ---- for jobs

  takeJob(): Job | null {
    if (this.jobs.length > 0) return this.jobs.pop();
    if (this.jobCount == this.options.jobs) return null;
    this.jobCount++;
    return new Job(this);
  }

  giveJob(job: Job): void {
    this.jobs.push(job);
  }

  keep(entry: Entry): void {
    const old = this.table.find(entry.key, entry.keyBytes, entry.hash);
    if (old !== null) this.forget(old);
    const gone = this.table.add(entry);
    if (gone !== null && !gone.isForgotten) {
      gone.isForgotten = true;
      this.freeUnused(gone);
    }
  }

  private forget(entry: Entry): void {
    this.table.remove(entry);
    entry.isForgotten = true;
    this.freeUnused(entry);
  }

  /** Frees an entry that nobody finds and nobody sends. */
  freeUnused(entry: Entry): void {
    if (entry.isForgotten && entry.users == 0) entry.free();
  }
}

/** Proactive negotiation (RFC 9110 §12.5.3). What is not wanted is still better than nothing. */
function choose(exchange: Exchange, entry: Entry): Variant {
  const identity = entry.variants[Coding.IDENTITY]!;
  const head = exchange.request;
  if (!entry.isNegotiated || head.find("accept-encoding") < 0) return identity;
  let best = identity;
  let bestQuality = 0;
  for (let coding = 0; coding < CODINGS; coding++) {
    const variant = entry.variants[coding];
    if (variant === null) continue;
    const quality = acceptedCoding(head, codingName(coding));
    // Those that are explicitly as good as the plain one are smaller.
    if (quality > bestQuality) {
      best = variant;
      bestQuality = quality;
    }
  }
  return best;
}
