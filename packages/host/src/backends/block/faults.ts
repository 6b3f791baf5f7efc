/**
 * A disk on which things go wrong, the same way every time for a seed and the same requests.
 *
 * What befalls a request is decided when it is submitted. A request that is late holds up those behind
 * it, as on a disk that has stalled: so a flush still covers every write before it.
 */
import { systemClock, type Clock } from "../../clock.js";
import { eventLoopScheduler, Task, type Scheduler } from "../../scheduler.js";
import type {
  BlockBackend,
  BlockCompletion,
  BlockRequest,
  BlockStatus,
  BlockWrite,
} from "../types.js";
import { Completions } from "./completions.js";
import { Dice, randomSeed } from "./dice.js";
import type { FaultsDescription } from "./faults-options.js";
import { LossyDisk } from "./lossy.js";
import { WrappedDisk } from "./wrapped.js";

export interface FaultOptions extends FaultsDescription {
  readonly clock?: Clock;
  readonly scheduler?: Scheduler;
}

export interface FaultyDisk extends BlockBackend {
  readonly seed: number;
  readonly counters: Readonly<FaultCounters>;
}

/** How many requests each fault has met. */
export interface FaultCounters {
  errors: number;
  short: number;
  torn: number;
  flips: number;
  slow: number;
}

const SLOW_NS_DEFAULT = 20e6;
/** Added to the seed for what is lost, so that other faults do not change it. */
const LOSS = 0x10000000;

/** Wraps a disk, and takes it over. With `lose`, the disk must carry out reads and writes at once. */
export function blockFaults(disk: BlockBackend, options: FaultOptions): FaultyDisk {
  const seed = options.seed ?? randomSeed();
  const { lose = 0 } = options;
  const behind = lose > 0 ? new LossyDisk(disk, lose, new Dice(seed + LOSS)) : disk;
  return new Faulty(behind, seed, options);
}

/** What becomes of a request once the disk behind has carried out something else in its place. */
interface Altered {
  readonly request: BlockRequest;
  readonly status: BlockStatus | null;
}

class Faulty extends WrappedDisk implements FaultyDisk {
  readonly seed: number;
  readonly counters: FaultCounters = { errors: 0, short: 0, torn: 0, flips: 0, slow: 0 };
  readonly #options: FaultOptions;
  readonly #dice: Dice;
  readonly #failed = new Completions();
  /** By what the disk behind was given. */
  readonly #altered = new Map<BlockRequest, Altered>();
  /** Reads that get a bit wrong. */
  readonly #flipped = new Set<BlockRequest>();
  /** Requests that wait, in their order, each until its time and for those before it. */
  readonly #held: { readonly request: BlockRequest; readonly dueNs: bigint }[] = [];
  readonly #release = new Task(() => this.#submitDue());
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  #wake: () => void = () => undefined;
  #closed = false;

  constructor(disk: BlockBackend, seed: number, options: FaultOptions) {
    super(disk);
    this.seed = seed;
    this.#options = options;
    this.#dice = new Dice(seed);
    this.#clock = options.clock ?? systemClock;
    this.#scheduler = options.scheduler ?? eventLoopScheduler;
  }

  override get notices(): readonly string[] {
    const { seed } = this.#options;
    return seed === undefined
      ? [...super.notices, `faults with seed=${this.seed}, which repeats them`]
      : super.notices;
  }

  override attach(wake: () => void): void {
    this.#wake = wake;
    this.#failed.attach(wake);
    super.attach(wake);
  }

  submit(request: BlockRequest): boolean {
    if (this.#closed) return this.disk.submit(request);
    const delayNs = this.#delay();
    if (delayNs === 0 && this.#held.length === 0) return this.#meet(request);
    // The data is the guest's only until here.
    const kept =
      request.operation === "write" ? { ...request, data: request.data.slice() } : request;
    if (kept !== request) this.#altered.set(kept, { request, status: null });
    this.#held.push({ request: kept, dueNs: this.#clock.monotonic() + BigInt(delayNs) });
    if (this.#held.length === 1) this.#scheduler.after(this.#release, delayNs);
    return false;
  }

  complete(memory: Uint8Array): BlockCompletion | null {
    const completion = this.#failed.take() ?? this.disk.complete(memory);
    if (completion === null) return null;
    const altered = this.#altered.get(completion.request);
    this.#altered.delete(completion.request);
    const request = this.#original(altered?.request ?? completion.request);
    const status = completion.status === "ok" ? (altered?.status ?? "ok") : completion.status;
    if (request.operation === "read" && this.#flipped.delete(request) && status === "ok") {
      const bytes = memory.subarray(
        request.pointer,
        request.pointer + request.sectors * this.sectorBytes,
      );
      this.#flip(bytes);
    }
    return { request, status };
  }

  override async close(): Promise<void> {
    this.#closed = true;
    this.#scheduler.cancel(this.#release);
    // They were accepted.
    for (const { request } of this.#held.splice(0)) this.#meet(request);
    this.#failed.detach();
    await super.close();
  }

  #delay(): number {
    const { slow, delayNs = SLOW_NS_DEFAULT } = this.#options;
    const late = slow === undefined ? this.#options.delayNs !== undefined : this.#dice.falls(slow);
    if (!late) return 0;
    this.counters.slow++;
    return delayNs;
  }

  #submitDue(): void {
    let atOnce = false;
    const nowNs = this.#clock.monotonic();
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      if (first.dueNs > nowNs) {
        this.#scheduler.after(this.#release, Number(first.dueNs - nowNs));
        break;
      }
      this.#held.shift();
      if (this.#meet(first.request)) atOnce = true;
    }
    if (atOnce) this.#wake();
  }

  /** A request meets its fate. */
  #meet(request: BlockRequest): boolean {
    const { readError, writeError, flushError, short, torn, readFlip, writeFlip } = this.#options;
    const dice = this.#dice;
    switch (request.operation) {
      case "read":
        if (dice.falls(readError)) return this.#fail(request);
        if (dice.falls(short)) return this.#cut(request);
        if (dice.falls(readFlip)) this.#flipped.add(this.#original(request));
        return this.disk.submit(request);
      case "write":
        if (dice.falls(writeError)) return this.#fail(request);
        if (dice.falls(short)) return this.#cut(request);
        if (dice.falls(torn)) return this.#tear(request);
        if (dice.falls(writeFlip)) {
          const data = request.data.slice();
          this.#flip(data);
          return this.#instead(request, { ...request, data }, null);
        }
        return this.disk.submit(request);
      case "flush":
        return dice.falls(flushError) ? this.#fail(request) : this.disk.submit(request);
      case "discard":
        return this.disk.submit(request);
    }
  }

  #fail(request: BlockRequest): boolean {
    this.counters.errors++;
    return this.#failed.now(request, "io");
  }

  /** Only the first sectors are moved, perhaps none. */
  #cut(request: Extract<BlockRequest, { operation: "read" | "write" }>): boolean {
    this.counters.short++;
    const size = this.sectorBytes;
    const all = request.operation === "read" ? request.sectors : request.data.length / size;
    const sectors = this.#dice.below(all);
    if (sectors === 0) return this.#failed.now(request, "io");
    const part =
      request.operation === "read"
        ? { ...request, sectors }
        : { ...request, data: request.data.subarray(0, sectors * size) };
    return this.#instead(request, part, "io");
  }

  /** Ends within a sector, the rest of which is rubbish; those behind it are not written. */
  #tear(request: BlockWrite): boolean {
    this.counters.torn++;
    const end = 1 + this.#dice.below(request.data.length - 1);
    const size = this.sectorBytes;
    const data = request.data.slice(0, Math.ceil(end / size) * size);
    this.#dice.fill(data.subarray(end));
    return this.#instead(request, { ...request, data }, "io");
  }

  #flip(bytes: Uint8Array): void {
    this.counters.flips++;
    const bit = this.#dice.below(bytes.length * 8);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  }

  #instead(request: BlockRequest, other: BlockRequest, status: BlockStatus | null): boolean {
    this.#altered.set(other, { request: this.#original(request), status });
    return this.disk.submit(other);
  }

  /** The guest's own object: a request may have been replaced while it was held. */
  #original(request: BlockRequest): BlockRequest {
    const altered = this.#altered.get(request);
    if (altered === undefined) return request;
    this.#altered.delete(request);
    return altered.request;
  }
}
