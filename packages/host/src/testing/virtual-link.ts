/** A link in virtual time: to itself, to another one, or to a test that plays the other end. */
import { FrameRing } from "../backends/frame-ring.js";
import type { LinkCounters, NetBackend } from "../backends/types.js";
import { Task } from "../scheduler.js";
import type { VirtualTime } from "./virtual-time.js";

export interface VirtualLinkOptions {
  readonly mac?: Uint8Array;
  readonly mtu?: number;
  /** Bits of NetFeature. */
  readonly features?: number;
  /** From sending to arrival. Default 0: at the same instant, but never within the same step. */
  readonly latencyNs?: number;
}

const QUEUE_BYTES_MAX = 1_048_576;
const HEADER_BYTES = 10;

interface Travelling {
  readonly arrivalNs: bigint;
  readonly frame: Uint8Array;
}

/**
 * Frames carry their 10-byte header everywhere. Each direction queues up to QUEUE_BYTES_MAX on either
 * side of the wire: a sender is then told that there is no room, and what a receiver does not read is
 * dropped and counted.
 */
export class VirtualLink implements NetBackend {
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly features: number;
  readonly counters: LinkCounters = {
    sentFrames: 0,
    sentBytes: 0,
    receivedFrames: 0,
    receivedBytes: 0,
    droppedFrames: 0,
  };
  gone = false;
  readonly #time: VirtualTime;
  readonly #latencyNs: number;
  readonly #task: Task;
  #wake: () => void = () => undefined;
  #outgoing: Travelling[] = [];
  #outgoingBytes = 0;
  readonly #incoming = new FrameRing(QUEUE_BYTES_MAX);
  #peer: VirtualLink | null = null;
  #unplugged = false;
  #refused = false;
  #deliver: (frame: Uint8Array) => void;

  /** Until it is connected, it is a loopback plug. */
  constructor(time: VirtualTime, options: VirtualLinkOptions = {}) {
    this.#time = time;
    this.mac = options.mac ?? Uint8Array.of(2, 0, 0, 0, 0, 1);
    this.mtu = options.mtu ?? 1500;
    this.features = options.features ?? 0;
    this.#latencyNs = options.latencyNs ?? 0;
    this.#task = new Task(() => this.#arrive());
    this.#deliver = (frame) => this.inject(frame);
  }

  /** From now on sent frames go to the other link, and the other way round. */
  connect(other: VirtualLink): void {
    this.#deliver = (frame) => other.inject(frame);
    other.#deliver = (frame) => this.inject(frame);
    this.#peer = other;
    other.#peer = this;
  }

  /** From now on sent frames go to `handler`, each at its time of arrival. */
  listen(handler: (frame: Uint8Array) => void): void {
    this.#deliver = handler;
  }

  /** Lets a frame arrive now. */
  inject(frame: Uint8Array): void {
    if (!this.#incoming.push(frame)) this.counters.droppedFrames++;
    this.#wake();
  }

  /** Unplugs it for good; what has arrived can still be read. */
  unplug(): void {
    this.gone = this.#incoming.frames === 0;
    this.#deliver = () => undefined;
    this.#unplugged = true;
    this.#wake();
  }

  attach(wake: () => void): void {
    this.#wake = wake;
  }

  send(frame: Uint8Array): boolean {
    if (this.#outgoingBytes + frame.length > QUEUE_BYTES_MAX) {
      this.#refused = true;
      return false;
    }
    this.counters.sentFrames++;
    this.counters.sentBytes += frame.length - HEADER_BYTES;
    this.#outgoingBytes += frame.length;
    const arrivalNs = this.#time.nowNs + BigInt(this.#latencyNs);
    this.#outgoing.push({ arrivalNs, frame: frame.slice() });
    if (this.#outgoing.length === 1) this.#schedule(arrivalNs);
    return true;
  }

  receive(into: Uint8Array): number {
    const length = this.#incoming.take(into);
    if (this.#unplugged) this.gone = this.#incoming.frames === 0;
    if (length === 0) return 0;
    this.counters.receivedFrames++;
    this.counters.receivedBytes += length - HEADER_BYTES;
    return length;
  }

  close(): Promise<void> {
    this.#time.cancel(this.#task);
    this.#wake = () => undefined;
    // The other end of a cable notices.
    this.#peer?.unplug();
    this.#peer = null;
    return Promise.resolve();
  }

  #schedule(arrivalNs: bigint): void {
    const left = arrivalNs - this.#time.nowNs;
    if (left <= 0n) this.#time.ready(this.#task);
    else this.#time.after(this.#task, Number(left));
  }

  #arrive(): void {
    for (;;) {
      const first = this.#outgoing[0];
      if (first === undefined) break;
      if (first.arrivalNs > this.#time.nowNs) return this.#schedule(first.arrivalNs);
      this.#outgoing.shift();
      this.#outgoingBytes -= first.frame.length;
      this.#deliver(first.frame);
    }
    if (!this.#refused) return;
    this.#refused = false;
    this.#wake();
  }
}
