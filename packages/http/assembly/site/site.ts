/**
 * Files as a web site: conditions, ranges, compressed neighbours (`name.br`, `name.gz`), an index for directories.
 *
 *     new HttpServer(os.clock, new Site(os.pages));
 */
import { Files, SECOND } from "@phantasm/interfaces";
import { now } from "@phantasm/runtime";
import { Exchange } from "../server/exchange";
import { HttpHandler } from "../server/handlers";
import { Ranges, Verdict, judgeConditions } from "../wire/conditions";
import { Method } from "../wire/method";
import { acceptedCoding } from "../wire/quality";
import { CODINGS, Coding, Entry, Variant, codingName } from "./entry";
import { EntryTable, hashOf } from "./entry-table";
import { Job } from "./job";

export class SiteOptions {
  /** The file that a directory is answered with. */
  index: string = "index.html";
  /** What Cache-Control says; empty: nothing, clients guess. */
  cacheControl: string = "";
  /** Paths that are remembered. */
  entries: i32 = 1_024;
  /** What is known of a file is looked at again after this time, unless it lies in the image. */
  freshNs: i64 = SECOND;
  /** Requests at once that wait for the volume or are sent from it. The next one is answered with 503. */
  jobs: i32 = 256;
}


@final
export class Site implements HttpHandler {
  private readonly table: EntryTable;
  private readonly jobs: Job[] = [];
  private jobCount: i32 = 0;
  private readonly ranges: Ranges = new Ranges();

  constructor(
    readonly files: Files,
    readonly options: SiteOptions = new SiteOptions(),
  ) {
    this.table = new EntryTable(options.entries);
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
    const entry = this.table.find(path, bytes, hash);
    if (entry !== null) {
      if (now() < entry.untilNs) {
        this.answer(exchange, entry);
        return;
      }
      this.forget(entry);
    }
    const job = this.takeJob();
    if (job === null) exchange.sendError(503);
    else job.resolve(exchange, hash);
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
