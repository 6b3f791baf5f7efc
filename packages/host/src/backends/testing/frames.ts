/** What the tests of links share. */
import { ETHERNET_HEADER_BYTES, HEADER_BYTES } from "../link.js";
import { monotonicMs } from "../time.js";
import type { NetBackend } from "../types.js";

export const BROADCAST = Uint8Array.of(255, 255, 255, 255, 255, 255);
/** IEEE 802 local experimental EtherType 1. */
const ETHERTYPE = [0x88, 0xb5];

/** A frame with its virtio_net_hdr; the payload is the number, then a pattern that depends on it. */
export function frame(
  destination: Uint8Array,
  source: Uint8Array,
  number: number,
  payloadBytes = 46,
): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + ETHERNET_HEADER_BYTES + payloadBytes);
  bytes.set(destination, HEADER_BYTES);
  bytes.set(source, HEADER_BYTES + 6);
  bytes.set(ETHERTYPE, HEADER_BYTES + 12);
  const payload = bytes.subarray(HEADER_BYTES + ETHERNET_HEADER_BYTES);
  payload.forEach((_, i) => (payload[i] = (number * 31 + i * 7) & 0xff));
  if (payloadBytes >= 4) new DataView(payload.buffer, payload.byteOffset).setUint32(0, number);
  return bytes;
}

/** The number in a frame of `frame`. */
export function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(
    HEADER_BYTES + ETHERNET_HEADER_BYTES,
  );
}

/** Waits until something holds; fails after `limitMs` with what it waited for. */
export async function until(what: string, condition: () => boolean, limitMs = 5000): Promise<void> {
  const deadline = monotonicMs() + limitMs;
  while (!condition()) {
    if (monotonicMs() > deadline) throw new Error(`waited ${limitMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Turns the event loop over, so that everything already under way arrives. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A guest without a guest: attached, woken, and able to wait for frames. */
export class Station {
  readonly link: NetBackend;
  wakes = 0;
  readonly #into = new Uint8Array(65_559);

  constructor(link: NetBackend, accepted?: number) {
    this.link = link;
    link.attach(() => this.wakes++, accepted);
  }

  /** The next frame, copied; null when none waits. */
  take(): Uint8Array | null {
    const bytes = this.link.receive(this.#into);
    return bytes === 0 ? null : this.#into.slice(0, bytes);
  }

  /** Everything that waits. */
  drain(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let next = this.take(); next !== null; next = this.take()) frames.push(next);
    return frames;
  }

  /** Waits for `count` frames. */
  async expect(count: number, limitMs = 5000): Promise<Uint8Array[]> {
    const frames: Uint8Array[] = [];
    await until(
      `${count} frames`,
      () => (frames.push(...this.drain()), frames.length >= count),
      limitMs,
    );
    return frames;
  }
}
