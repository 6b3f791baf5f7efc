/**
 * Flows by the four numbers that name them, as the guest sees them. Looking one up makes no garbage.
 *
 * Chains in a Map by a seeded hash: the guest cannot choose which flows collide.
 */
import { sameBytes } from "./address.js";
import type { Packet } from "./packet.js";

export interface FlowKey {
  readonly guest: Uint8Array;
  readonly guestPort: number;
  /** What the guest takes for the other end. */
  readonly remote: Uint8Array;
  readonly remotePort: number;
  /** Next in the chain. Belongs to the table. */
  next: FlowKey | null;
}

export class FlowTable<F extends FlowKey> {
  readonly #heads = new Map<number, F>();
  readonly #seed: number;
  #size = 0;

  /** @param seed 32 random bits */
  constructor(seed: number) {
    this.#seed = seed;
  }

  get size(): number {
    return this.#size;
  }

  /** The flow of a packet of the guest's. */
  find(packet: Packet): F | null {
    const { bytes, addressBytes, source, destination } = packet;
    const guestPort = packet.sourcePort;
    const remotePort = packet.destinationPort;
    let flow = this.#head(bytes, source, bytes, destination, addressBytes, guestPort, remotePort);
    for (; flow !== null; flow = flow.next as F | null) {
      if (
        flow.guestPort === guestPort &&
        flow.remotePort === remotePort &&
        flow.guest.length === addressBytes &&
        sameBytes(flow.guest, 0, bytes, source, addressBytes) &&
        sameBytes(flow.remote, 0, bytes, destination, addressBytes)
      ) {
        return flow;
      }
    }
    return null;
  }

  has(guest: Uint8Array, guestPort: number, remote: Uint8Array, remotePort: number): boolean {
    const bytes = guest.length;
    let flow = this.#head(guest, 0, remote, 0, bytes, guestPort, remotePort);
    for (; flow !== null; flow = flow.next as F | null) {
      if (
        flow.guestPort === guestPort &&
        flow.remotePort === remotePort &&
        flow.guest.length === bytes &&
        sameBytes(flow.guest, 0, guest, 0, bytes) &&
        sameBytes(flow.remote, 0, remote, 0, bytes)
      ) {
        return true;
      }
    }
    return false;
  }

  /** The key must not be there yet. */
  add(flow: F): void {
    const hash = this.#hashOf(flow);
    flow.next = this.#heads.get(hash) ?? null;
    this.#heads.set(hash, flow);
    this.#size++;
  }

  /** Idempotent. */
  remove(flow: F): void {
    const hash = this.#hashOf(flow);
    let before: F | null = null;
    for (let at = this.#heads.get(hash) ?? null; at !== null; at = at.next as F | null) {
      if (at === flow) {
        const after = flow.next as F | null;
        if (before !== null) before.next = after;
        else if (after !== null) this.#heads.set(hash, after);
        else this.#heads.delete(hash);
        flow.next = null;
        this.#size--;
        return;
      }
      before = at;
    }
  }

  /** A copy: flows may leave meanwhile. */
  all(): F[] {
    const flows: F[] = [];
    for (const head of this.#heads.values()) {
      for (let flow: F | null = head; flow !== null; flow = flow.next as F | null) flows.push(flow);
    }
    return flows;
  }

  #hashOf({ guest, guestPort, remote, remotePort }: F): number {
    return this.#hash(guest, 0, remote, 0, guest.length, guestPort, remotePort);
  }

  #head(
    guest: Uint8Array,
    guestAt: number,
    remote: Uint8Array,
    remoteAt: number,
    bytes: number,
    guestPort: number,
    remotePort: number,
  ): F | null {
    const hash = this.#hash(guest, guestAt, remote, remoteAt, bytes, guestPort, remotePort);
    return this.#heads.get(hash) ?? null;
  }

  /** Multiply and mix over the key; 30 bits, so that it is a small integer to the engine. */
  #hash(
    guest: Uint8Array,
    guestAt: number,
    remote: Uint8Array,
    remoteAt: number,
    bytes: number,
    guestPort: number,
    remotePort: number,
  ): number {
    let hash = this.#seed ^ ((guestPort << 16) | remotePort);
    for (let at = 0; at < bytes; at++) {
      hash = Math.imul(hash ^ (guest[guestAt + at] ?? 0), 0x01000193);
      hash = Math.imul(hash ^ (remote[remoteAt + at] ?? 0), 0x01000193);
    }
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    return (hash ^ (hash >>> 13)) & 0x3fff_ffff;
  }
}
