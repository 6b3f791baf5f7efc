/** What happens to frames on their way in one direction: the impaired path itself, without a link. */
import type { Clock } from "../../clock.js";
import type { SeededEntropy } from "../../entropy.js";
import { Task, type Scheduler } from "../../scheduler.js";
import { HEADER_BYTES, QUEUE_BYTES_MAX } from "../link.js";
import { Finisher, GSO_NONE } from "../offload.js";

/** What an operator asks for. Probabilities from 0 to 1; absent: nothing of the kind. */
export interface Impairments {
  readonly loss?: number;
  readonly duplicate?: number;
  readonly corrupt?: number;
  /** Frames that are overtaken by one to three of those behind them. */
  readonly reorder?: number;
  /** Every frame is late by `delayNs`, give or take up to `jitterNs`; jitter alone reorders nothing. */
  readonly delayNs?: number;
  readonly jitterNs?: number;
  /** Bits of Ethernet frames a second; what comes faster waits. */
  readonly rate?: number;
}

/** What was done so far, in frames. */
export interface PathCounters {
  lost: number;
  duplicated: number;
  corrupted: number;
  reordered: number;
  /** Found the queue full. */
  overflowed: number;
}

export interface PathTime {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

interface Late {
  readonly frame: Uint8Array;
  /** When it arrives; then, for a frame that is overtaken: until when it waits for others, at most. */
  dueNs: number;
  /** Frames that still have to go before it. */
  behind: number;
}

const OVERTAKEN_BY_MAX = 3;
/** A frame that nothing overtakes goes on after this time. */
const OVERTAKEN_NS_MAX = 100e6;
const NS_PER_SECOND = 1e9;
const BITS = 8;

/**
 * A path with a bounded queue: QUEUE_BYTES_MAX of frames are on their way, further ones are dropped and
 * counted, as a router does. The fate of a frame depends on the seed and on how many came before it,
 * and not on time.
 */
export class ImpairedPath {
  readonly counters: PathCounters = {
    lost: 0,
    duplicated: 0,
    corrupted: 0,
    reordered: 0,
    overflowed: 0,
  };
  readonly #impairments: Impairments;
  readonly #random: SeededEntropy;
  readonly #time: PathTime;
  readonly #deliver: (frame: Uint8Array) => boolean;
  readonly #task = new Task(() => this.#run());
  readonly #finisher = new Finisher();
  /** In the order of arrival, which is that of `dueNs`. */
  #queue: Late[] = [];
  #overtaken: Late[] = [];
  #bytes = 0;
  #freeNs = 0;
  #lastDueNs = 0;
  /** `deliver` had no room. */
  #blocked = false;

  /** `deliver` takes a frame at its time, copying what it keeps; false: no room until `resume`. */
  constructor(
    impairments: Impairments,
    random: SeededEntropy,
    time: PathTime,
    deliver: (frame: Uint8Array) => boolean,
  ) {
    this.#impairments = impairments;
    this.#random = random;
    this.#time = time;
    this.#deliver = deliver;
  }

  /** Whether frames are still on their way. */
  get busy(): boolean {
    return this.#queue.length + this.#overtaken.length > 0;
  }

  /** Sends a frame on its way, or not. Copies what it keeps. */
  accept(frame: Uint8Array): void {
    const { loss = 0, duplicate = 0, corrupt = 0, reorder = 0 } = this.#impairments;
    // Always the same number of draws: another loss rate leaves the fate of the others alone.
    const isLost = this.#draw() < loss;
    const isDoubled = this.#draw() < duplicate;
    const isCorrupt = this.#draw() < corrupt;
    const isOvertaken = this.#draw() < reorder;
    const spread = this.#draw();
    const place = this.#draw();
    if (isLost) {
      this.counters.lost++;
      return;
    }
    let sent = frame;
    if (isCorrupt) {
      const damaged = this.#damage(frame, place);
      if (damaged === null) {
        this.counters.lost++;
        return;
      }
      sent = damaged;
      this.counters.corrupted++;
    }
    if (isOvertaken) this.counters.reordered++;
    const behind = isOvertaken ? 1 + Math.floor(place * OVERTAKEN_BY_MAX) : 0;
    this.#enqueue(sent, spread, behind);
    if (!isDoubled) return;
    this.counters.duplicated++;
    this.#enqueue(sent, spread, 0);
  }

  /** There is room again. */
  resume(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#run();
  }

  /** Delivers at once what is on its way, as far as there is room, and forgets the rest. */
  close(): void {
    for (const { frame } of [...this.#overtaken, ...this.#queue]) if (!this.#deliver(frame)) break;
    this.#time.scheduler.cancel(this.#task);
    this.#queue = [];
    this.#overtaken = [];
    this.#bytes = 0;
    this.#finisher.clear();
  }

  /** Evenly from 0 to 1. */
  #draw(): number {
    return Number(this.#random.next() >> 11n) / 2 ** 53;
  }

  /**
   * A copy with one bit flipped, as a wire does it: after the checksum was made, so that a receiver can
   * find out. A large segment has one for each part of it: the damaged part would not be accepted, nor
   * is the whole. Null: lost.
   */
  #damage(frame: Uint8Array, place: number): Uint8Array | null {
    const copy = frame.slice();
    if (copy[1] !== GSO_NONE || !this.#finisher.complete(copy, copy.length)) return null;
    const bit = Math.floor(place * (copy.length - HEADER_BYTES) * BITS);
    const at = HEADER_BYTES + (bit >>> 3);
    copy[at] = (copy[at] ?? 0) ^ (1 << (bit & 7));
    return copy;
  }

  #enqueue(frame: Uint8Array, spread: number, behind: number): void {
    if (this.#bytes + frame.length > QUEUE_BYTES_MAX) {
      this.counters.overflowed++;
      return;
    }
    const { delayNs = 0, jitterNs = 0, rate } = this.#impairments;
    const nowNs = this.#nowNs();
    this.#freeNs = Math.max(this.#freeNs, nowNs);
    if (rate !== undefined) {
      this.#freeNs += ((frame.length - HEADER_BYTES) * BITS * NS_PER_SECOND) / rate;
    }
    const dueNs = this.#freeNs + delayNs + (2 * spread - 1) * jitterNs;
    // A queue keeps its order: a frame that is less late than the one before it arrives right behind.
    this.#lastDueNs = Math.max(this.#lastDueNs, dueNs);
    const isNow = this.#lastDueNs <= nowNs && this.#queue.length === 0 && behind === 0;
    if (isNow && !this.#blocked && this.#deliver(frame)) {
      if (this.#overtaken.length > 0) this.#pass();
      return;
    }
    if (isNow) this.#blocked = true;
    this.#bytes += frame.length;
    this.#queue.push({ frame: frame.slice(), dueNs: this.#lastDueNs, behind });
    if (this.#queue.length === 1) this.#arm();
  }

  #run(): void {
    const nowNs = this.#nowNs();
    let taken = 0;
    for (const late of this.#queue) {
      if (late.dueNs > nowNs || this.#blocked) break;
      if (late.behind > 0) {
        late.dueNs = nowNs + OVERTAKEN_NS_MAX;
        this.#overtaken.push(late);
      } else if (this.#deliver(late.frame)) {
        this.#bytes -= late.frame.length;
        this.#pass();
      } else {
        this.#blocked = true;
        break;
      }
      taken++;
    }
    if (taken > 0) this.#queue = this.#queue.slice(taken);
    this.#letOvertaken((late) => late.dueNs <= nowNs);
    this.#arm();
  }

  /** A frame has arrived: those it has overtaken may be next. */
  #pass(): void {
    if (this.#overtaken.length === 0) return;
    for (const late of this.#overtaken) late.behind--;
    this.#letOvertaken((late) => late.behind <= 0);
  }

  #letOvertaken(isDue: (late: Late) => boolean): void {
    if (this.#overtaken.length === 0) return;
    this.#overtaken = this.#overtaken.filter((late) => {
      if (this.#blocked || !isDue(late)) return true;
      this.#blocked = !this.#deliver(late.frame);
      if (!this.#blocked) this.#bytes -= late.frame.length;
      return this.#blocked;
    });
  }

  #arm(): void {
    // Both are in the order of `dueNs`.
    const first = Math.min(
      this.#queue[0]?.dueNs ?? Infinity,
      this.#overtaken[0]?.dueNs ?? Infinity,
    );
    const { scheduler } = this.#time;
    if (this.#blocked || first === Infinity) scheduler.after(this.#task, Infinity);
    else if (first <= this.#nowNs()) scheduler.ready(this.#task);
    else scheduler.after(this.#task, first - this.#nowNs());
  }

  #nowNs(): number {
    return Number(this.#time.clock.monotonic());
  }
}
