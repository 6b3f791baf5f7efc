/**
 * A link that treats frames badly, in both directions, the same way every time for a seed.
 *
 * It stands between a backend and whatever records frames, so that records show what the guest sees.
 * Frames that are late are copied, and wait here: see `path.ts`. Both directions have the same rules and
 * each its own fate. A super-frame is one frame.
 */
import { Limit } from "@phantasm/abi";
import { systemClock, type Clock } from "../../clock.js";
import { SeededEntropy, systemEntropy } from "../../entropy.js";
import { eventLoopScheduler, Task, type Scheduler } from "../../scheduler.js";
import { FrameRing } from "../frame-ring.js";
import { QUEUE_BYTES_MAX } from "../link.js";
import type { NetBackend } from "../types.js";
import { WrappedLink } from "../wrapped.js";
import { ImpairedPath, type Impairments, type PathCounters } from "./path.js";

export interface ImpairOptions extends Impairments {
  /** A whole number; random, and told in a notice, unless given. */
  readonly seed?: number;
  readonly clock?: Clock;
  readonly scheduler?: Scheduler;
}

export interface ImpairedLink extends NetBackend {
  readonly seed: number;
  readonly impaired: { readonly in: Readonly<PathCounters>; readonly out: Readonly<PathCounters> };
}

/** Frames taken from the link behind in one turn. */
const TURN_FRAMES_MAX = 64;
/** Added to the seed for the way in, so that the two ways differ. */
const INBOUND = 1n << 63n;

/** Wraps a link, and takes it over. */
export function impair(link: NetBackend, options: ImpairOptions): ImpairedLink {
  return new Impaired(link, options);
}

class Impaired extends WrappedLink implements ImpairedLink {
  readonly seed: number;
  readonly impaired: ImpairedLink["impaired"];
  readonly #notices: readonly string[];
  readonly #out: ImpairedPath;
  readonly #in: ImpairedPath;
  readonly #incoming = new FrameRing(QUEUE_BYTES_MAX);
  /** Wakes through the scheduler, which may be one of virtual time. */
  readonly #wakeUp = new Task(() => {
    if (this.#incoming.frames > 0 || this.gone) this.#wake();
  });
  #wake: () => void = () => undefined;
  readonly #scratch = new Uint8Array(Limit.FRAME_BYTES_MAX);
  readonly #scheduler: Scheduler;
  readonly #pull = new Task(() => this.#takeIn());
  #closed = false;

  constructor(link: NetBackend, options: ImpairOptions) {
    super(link);
    const { clock = systemClock, scheduler = eventLoopScheduler } = options;
    this.seed = options.seed ?? randomSeed();
    this.#notices =
      options.seed === undefined ? [`impaired with seed=${this.seed}, which repeats it`] : [];
    this.#scheduler = scheduler;
    const time = { clock, scheduler };
    const seed = BigInt(this.seed);
    this.#out = new ImpairedPath(options, new SeededEntropy(seed), time, (frame) =>
      this.link.send(frame),
    );
    this.#in = new ImpairedPath(options, new SeededEntropy(seed ^ INBOUND), time, (frame) =>
      this.#arrive(frame),
    );
    this.impaired = { in: this.#in.counters, out: this.#out.counters };
  }

  override get notices(): readonly string[] {
    return [...super.notices, ...this.#notices];
  }

  override get gone(): boolean {
    return this.#closed || (this.link.gone && !this.#in.busy && this.#incoming.frames === 0);
  }

  override attach(wake: () => void, accepted?: number): void {
    this.#wake = wake;
    this.link.attach(() => {
      this.#out.resume();
      this.#takeIn();
    }, accepted);
    this.#scheduler.ready(this.#pull);
  }

  /** Never says that there is no room: what finds the queue full is lost. */
  send(frame: Uint8Array): boolean {
    if (!this.#closed) this.#out.accept(frame);
    return true;
  }

  receive(into: Uint8Array): number {
    while (this.#incoming.peek() > into.length) {
      this.#incoming.drop();
      this.counters.droppedFrames++;
    }
    const bytes = this.#incoming.take(into);
    // Not from here: it would run what belongs to the event loop.
    if (bytes > 0 && this.#in.busy) this.#scheduler.ready(this.#pull);
    return bytes;
  }

  override async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#scheduler.cancel(this.#wakeUp);
      this.#scheduler.cancel(this.#pull);
      this.#out.close();
      this.#in.close();
      this.#incoming.clear();
    }
    await this.link.close();
  }

  #takeIn(): void {
    if (this.#closed) return;
    this.#in.resume();
    let taken = 0;
    for (; taken < TURN_FRAMES_MAX; taken++) {
      const bytes = this.link.receive(this.#scratch);
      if (bytes === 0) break;
      this.#in.accept(this.#scratch.subarray(0, bytes));
    }
    if (taken === TURN_FRAMES_MAX) this.#scheduler.ready(this.#pull);
    if (this.gone) this.#scheduler.ready(this.#wakeUp);
  }

  #arrive(frame: Uint8Array): boolean {
    if (!this.#incoming.push(frame)) return false;
    this.#scheduler.ready(this.#wakeUp);
    return true;
  }
}

function randomSeed(): number {
  const bytes = new Uint8Array(4);
  systemEntropy.fill(bytes);
  return new DataView(bytes.buffer).getUint32(0);
}
