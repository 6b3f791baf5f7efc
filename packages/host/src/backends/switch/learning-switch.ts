/**
 * The switch without its sockets: which port gets a copy of which frame.
 *
 * It learns where an address lives from the source of each frame, floods what it does not know, and
 * never sends a frame back to the port it came from. Everything is bounded: addresses in all and per
 * port, bytes that wait for a port. Not a bridge of IEEE 802.1D: no spanning tree, and reserved
 * multicast addresses are flooded like any other.
 */
import { ETHERNET_HEADER_BYTES, QUEUE_BYTES_MAX } from "../link.js";
import { FrameBatch } from "./frame-batch.js";

/** IEEE 802.1D-2004 §7.9.2, table 7-5: the recommended ageing time. */
export const AGEING_MS = 300_000;
export const ADDRESSES_MAX = 4096;
/** One station that invents addresses cannot push out the others. */
export const ADDRESSES_PER_PORT_MAX = 256;
/** Under a flood of new addresses a full table is searched for aged ones this often at most. */
const SWEEP_INTERVAL_MS = 1000;

export interface LearningSwitchOptions {
  readonly addressesMax?: number;
  readonly addressesPerPortMax?: number;
  readonly ageingMs?: number;
  readonly queueBytesMax?: number;
}

export interface SwitchCounters {
  /** Frames and bytes that came in, over all ports. */
  frames: number;
  bytes: number;
  /** Frames sent to every other port: broadcast, multicast, or an address not learnt. */
  floodedFrames: number;
  /** Frames whose destination lives behind the port they came from. */
  filteredFrames: number;
  /** Copies given up because the queue of a port was full. */
  droppedFrames: number;
  /** Source addresses not learnt because the table, or the port's share of it, was full. */
  unlearntAddresses: number;
}

interface Station {
  readonly address: number;
  port: SwitchPort;
  seenMs: number;
}

/** A socket on the switch. `output` is what waits for it. */
export class SwitchPort {
  readonly id: number;
  readonly output: FrameBatch;
  /** As the station sees it: received is what it sent into the switch. */
  readonly counters = {
    receivedFrames: 0,
    receivedBytes: 0,
    sentFrames: 0,
    sentBytes: 0,
    droppedFrames: 0,
  };
  addresses = 0;
  dirty = false;

  constructor(id: number, queueBytesMax: number) {
    this.id = id;
    this.output = new FrameBatch(queueBytesMax);
  }
}

export class LearningSwitch {
  readonly counters: SwitchCounters = {
    frames: 0,
    bytes: 0,
    floodedFrames: 0,
    filteredFrames: 0,
    droppedFrames: 0,
    unlearntAddresses: 0,
  };
  readonly #addressesMax: number;
  readonly #addressesPerPortMax: number;
  readonly #ageingMs: number;
  readonly #queueBytesMax: number;
  readonly #ports = new Set<SwitchPort>();
  readonly #stations = new Map<number, Station>();
  #dirty: SwitchPort[] = [];
  #nextId = 1;
  #sweptMs = -Infinity;

  constructor(options: LearningSwitchOptions = {}) {
    this.#addressesMax = options.addressesMax ?? ADDRESSES_MAX;
    this.#addressesPerPortMax = options.addressesPerPortMax ?? ADDRESSES_PER_PORT_MAX;
    this.#ageingMs = options.ageingMs ?? AGEING_MS;
    this.#queueBytesMax = options.queueBytesMax ?? QUEUE_BYTES_MAX;
  }

  get ports(): ReadonlySet<SwitchPort> {
    return this.#ports;
  }

  get addresses(): number {
    return this.#stations.size;
  }

  addPort(): SwitchPort {
    const port = new SwitchPort(this.#nextId++, this.#queueBytesMax);
    this.#ports.add(port);
    return port;
  }

  /** Forgets the port and the addresses behind it. */
  removePort(port: SwitchPort): void {
    if (!this.#ports.delete(port)) return;
    for (const station of this.#stations.values()) {
      if (station.port === port) this.#stations.delete(station.address);
    }
  }

  /**
   * Takes the Ethernet frame `bytes[start..end)` from a port and queues its copies.
   *
   * `nowMs` never goes back. The frame has at least an Ethernet header. Ports with something new to
   * write are handed out by `takeDirty`.
   */
  forward(ingress: SwitchPort, bytes: Uint8Array, start: number, end: number, nowMs: number): void {
    const length = end - start;
    if (length < ETHERNET_HEADER_BYTES) throw new RangeError(`a frame of ${length} bytes`);
    this.counters.frames++;
    this.counters.bytes += length;
    ingress.counters.receivedFrames++;
    ingress.counters.receivedBytes += length;
    if (!isGroup(bytes, start + 6)) this.#learn(ingress, addressAt(bytes, start + 6), nowMs);

    const known = isGroup(bytes, start) ? undefined : this.#stations.get(addressAt(bytes, start));
    if (known !== undefined && nowMs - known.seenMs < this.#ageingMs) {
      if (known.port === ingress) this.counters.filteredFrames++;
      else this.#queue(known.port, bytes, start, end);
      return;
    }
    this.counters.floodedFrames++;
    for (const port of this.#ports) {
      if (port !== ingress) this.#queue(port, bytes, start, end);
    }
  }

  /** The ports whose output grew since the last call. */
  takeDirty(): readonly SwitchPort[] {
    const dirty = this.#dirty;
    if (dirty.length === 0) return dirty;
    this.#dirty = [];
    for (const port of dirty) port.dirty = false;
    return dirty;
  }

  #queue(port: SwitchPort, bytes: Uint8Array, start: number, end: number): void {
    if (!port.output.push(bytes, start, end)) {
      port.counters.droppedFrames++;
      this.counters.droppedFrames++;
      return;
    }
    port.counters.sentFrames++;
    port.counters.sentBytes += end - start;
    if (port.dirty) return;
    port.dirty = true;
    this.#dirty.push(port);
  }

  #learn(port: SwitchPort, address: number, nowMs: number): void {
    const station = this.#stations.get(address);
    if (station !== undefined) {
      station.seenMs = nowMs;
      if (station.port === port) return;
      // The station moved: its latest frame is the truth.
      if (port.addresses >= this.#addressesPerPortMax) {
        this.#forget(station);
        this.counters.unlearntAddresses++;
        return;
      }
      station.port.addresses--;
      station.port = port;
      port.addresses++;
      return;
    }
    if (this.#full(port)) {
      if (nowMs - this.#sweptMs >= SWEEP_INTERVAL_MS) this.#sweep(nowMs);
      if (this.#full(port)) {
        this.counters.unlearntAddresses++;
        return;
      }
    }
    this.#stations.set(address, { address, port, seenMs: nowMs });
    port.addresses++;
  }

  #full(port: SwitchPort): boolean {
    return this.#stations.size >= this.#addressesMax || port.addresses >= this.#addressesPerPortMax;
  }

  #sweep(nowMs: number): void {
    this.#sweptMs = nowMs;
    for (const station of this.#stations.values()) {
      if (nowMs - station.seenMs >= this.#ageingMs) this.#forget(station);
    }
  }

  #forget(station: Station): void {
    station.port.addresses--;
    this.#stations.delete(station.address);
  }
}

/** The 48 bits of an address as one number: exact in a double. */
function addressAt(bytes: Uint8Array, at: number): number {
  return bits24(bytes, at) * 0x1_00_00_00 + bits24(bytes, at + 3);
}

function bits24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

function isGroup(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at] ?? 0) & 1) !== 0;
}
