/**
 * Links that never leave the process.
 *
 * `loopback` is a loopback plug: every frame comes back to its sender. That is what `--net
 * NAME=loopback` attaches, so that one image alone can send and receive. `loopbackPair` is a cable
 * between two devices, for tests and simulation. Both are lossless: a full queue answers "no room".
 */
import { FrameRing } from "./frame-ring.js";
import { checkMtu, HEADER_BYTES, MTU_DEFAULT, newLinkCounters, QUEUE_BYTES_MAX } from "./link.js";
import { macOrRandom } from "./mac.js";
import type { NetBackend } from "./types.js";
import { Waker } from "./wake.js";

export interface LoopbackOptions {
  /** 6 bytes, unicast; random unless given. */
  readonly mac?: Uint8Array;
  /** Bytes; 1500 unless given. */
  readonly mtu?: number;
  /** Bits of NetFeature. Headers pass unchanged, so each bit must come with its mirror (SEND with RECEIVE). */
  readonly features?: number;
  /**
   * Runs a delivery later. By default the microtask after the sending step; a simulation passes its
   * own queue to add delay or to stay in virtual time.
   */
  readonly schedule?: (deliver: () => void) => void;
}

export interface LoopbackPairOptions extends Omit<LoopbackOptions, "mac"> {
  readonly macs?: readonly [Uint8Array, Uint8Array];
}

/** Two devices on one cable: what one sends, the other receives, in order. */
export function loopbackPair(options: LoopbackPairOptions = {}): [NetBackend, NetBackend] {
  const { macs, ...rest } = options;
  const a = new LoopbackEnd(macs === undefined ? rest : { ...rest, mac: macs[0] });
  const b = new LoopbackEnd(macs === undefined ? rest : { ...rest, mac: macs[1] });
  a.connect(b);
  b.connect(a);
  return [a, b];
}

/** A device with a loopback plug: it receives what it sends. */
export function loopback(options: LoopbackOptions = {}): NetBackend {
  const end = new LoopbackEnd(options);
  end.connect(end);
  return end;
}

/**
 * One end. A sent frame first waits in this end's own queue, and moves to the peer's from the event
 * loop: a hypercall changes only what belongs to its own domain.
 */
class LoopbackEnd implements NetBackend {
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly features: number;
  readonly counters = newLinkCounters();
  readonly #schedule: (deliver: () => void) => void;
  readonly #outgoing = new FrameRing(QUEUE_BYTES_MAX);
  readonly #incoming = new FrameRing(QUEUE_BYTES_MAX);
  readonly #waker = new Waker(() => this.#incoming.frames > 0 || this.#roomCameBack || this.gone);
  #scratch = new Uint8Array(0);
  #peer: LoopbackEnd | null = null;
  #scheduled = false;
  #refused = false;
  #roomCameBack = false;
  #closed = false;

  constructor(options: LoopbackOptions) {
    this.mac = macOrRandom(options.mac);
    this.mtu = checkMtu(options.mtu ?? MTU_DEFAULT);
    this.features = options.features ?? 0;
    this.#schedule = options.schedule ?? queueMicrotask;
  }

  connect(peer: LoopbackEnd): void {
    this.#peer = peer;
  }

  get gone(): boolean {
    return this.#closed || (this.#peer === null && this.#incoming.frames === 0);
  }

  attach(wake: () => void): void {
    this.#waker.attach(wake);
  }

  send(frame: Uint8Array): boolean {
    this.#roomCameBack = false;
    if (this.#closed || this.#peer === null) {
      this.counters.droppedFrames++;
      return true;
    }
    if (!this.#outgoing.push(frame)) {
      this.#refused = true;
      return false;
    }
    this.counters.sentFrames++;
    this.counters.sentBytes += frame.length - HEADER_BYTES;
    this.#scheduleDelivery();
    return true;
  }

  receive(into: Uint8Array): number {
    if (this.#closed) return 0;
    // A segment for a device that did not agree to segments.
    while (this.#incoming.peek() > into.length) {
      this.#incoming.drop();
      this.counters.droppedFrames++;
    }
    const bytes = this.#incoming.take(into);
    if (bytes === 0) return 0;
    this.counters.receivedFrames++;
    this.counters.receivedBytes += bytes - HEADER_BYTES;
    if (this.#peer !== null && this.#peer.#outgoing.frames > 0) this.#peer.#scheduleDelivery();
    return bytes;
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#deliver();
    this.#closed = true;
    this.#waker.detach();
    this.#outgoing.clear();
    this.#incoming.clear();
    const peer = this.#peer;
    this.#peer = null;
    if (peer !== null && peer !== this) {
      peer.#peer = null;
      peer.#outgoing.clear();
      peer.#waker.request();
    }
    return Promise.resolve();
  }

  #scheduleDelivery(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(this.#deliver);
  }

  readonly #deliver = (): void => {
    this.#scheduled = false;
    const peer = this.#peer;
    if (peer === null) return;
    let moved = false;
    for (;;) {
      const bytes = this.#outgoing.peek();
      if (bytes === 0 || !peer.#incoming.fits(bytes)) break;
      if (this.#scratch.length < bytes) this.#scratch = new Uint8Array(bytes);
      this.#outgoing.take(this.#scratch);
      peer.#incoming.push(this.#scratch.subarray(0, bytes));
      moved = true;
    }
    if (!moved) return;
    peer.#waker.request();
    if (this.#refused) {
      this.#refused = false;
      this.#roomCameBack = true;
      this.#waker.request();
    }
  };
}
