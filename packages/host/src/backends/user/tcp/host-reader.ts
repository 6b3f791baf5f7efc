/** From the host: what the stream has for the guest, as long as there is room for it. */
import type { Duplex } from "node:stream";
import { Waits, type Holding, type StreamMemory } from "./memory.js";
import type { SendQueue } from "./send-queue.js";

/** The host's queue for one guest: at the first the stream pauses, at the second it goes on. */
const SEND_BYTES_HIGH = 524_288;
const SEND_BYTES_LOW = 262_144;
const SEND_PIECES_HIGH = 1_024;

/** Whoever is told of what has come. */
export interface HostListener {
  /** Something has happened: what time it is, in milliseconds. */
  stirs(): number;
  /** There is more in the queue. */
  heard(): void;
  /** Nothing follows. */
  ended(): void;
  /** Reading has stopped for want of memory: `resume` when there may be some. */
  hungers(): void;
}

export class HostReader {
  readonly #stream: Duplex;
  readonly #memory: StreamMemory;
  readonly #holding: Holding;
  readonly #listener: HostListener;
  #queue: SendQueue | null = null;
  #ended = false;

  constructor(stream: Duplex, memory: StreamMemory, holding: Holding, listener: HostListener) {
    this.#stream = stream;
    this.#memory = memory;
    this.#holding = holding;
    this.#listener = listener;
  }

  /** Reads into a queue from now on. */
  start(queue: SendQueue): void {
    this.#queue = queue;
    this.#stream.on("data", this.#data);
    this.#stream.on("end", this.#end);
    this.#readOn();
  }

  stop(): void {
    this.#queue = null;
    this.#stream.off("data", this.#data);
    this.#stream.off("end", this.#end);
  }

  /** The guest has taken some of the queue. */
  taken(nowMs: number): void {
    const bytes = this.#queue?.bytes ?? 0;
    this.#holding.set(Waits.FOR_GUEST, bytes, nowMs);
    if (!this.#ended && bytes <= SEND_BYTES_LOW && this.#stream.isPaused()) this.#readOn();
  }

  /** Reads on after `hungers`. False: there is still too little memory for it. */
  resume(): boolean {
    const queue = this.#queue;
    if (queue === null) return true;
    if (!this.#mayRead) return false;
    // With more in its queue, it goes on by itself.
    if (queue.bytes <= SEND_BYTES_LOW) this.#stream.resume();
    return true;
  }

  pause(): void {
    if (this.#queue !== null) this.#stream.pause();
  }

  get #mayRead(): boolean {
    return this.#memory.admitsReading(this.#holding.bytes);
  }

  #readOn(): void {
    if (this.#mayRead) this.#stream.resume();
    else this.#hungers();
  }

  #hungers(): void {
    this.#stream.pause();
    this.#listener.hungers();
  }

  // From the event loop.

  readonly #data = (data: Buffer): void => {
    const queue = this.#queue;
    if (queue === null) return;
    queue.push(data);
    this.#holding.set(Waits.FOR_GUEST, queue.bytes, this.#listener.stirs());
    if (queue.bytes >= SEND_BYTES_HIGH || queue.pieces >= SEND_PIECES_HIGH) this.#stream.pause();
    else if (!this.#mayRead) this.#hungers();
    this.#listener.heard();
  };

  readonly #end = (): void => {
    if (this.#queue === null) return;
    this.#ended = true;
    this.#listener.stirs();
    this.#listener.ended();
  };
}
