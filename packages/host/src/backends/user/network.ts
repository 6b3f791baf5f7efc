/**
 * A network for one guest, in this process: no root, nothing to install. See ../README.md.
 *
 * The guest's frames wait in a queue until the step is over; then all of them are looked at, and what
 * came of them goes out in one go: one write for each stream, one acknowledgement for each connection.
 */
import { getServers } from "node:dns";
import { Limit, NetFeature } from "@phantasm/abi";
import { systemClock, type Clock } from "../../clock.js";
import { systemEntropy, type Entropy } from "../../entropy.js";
import { eventLoopScheduler, Task, type Scheduler } from "../../scheduler.js";
import { BackendError } from "../error.js";
import { ETHERNET_HEADER_BYTES, HEADER_BYTES, QUEUE_BYTES_MAX } from "../link.js";
import { macOrRandom } from "../mac.js";
import type { NetBackend, PublishedPort } from "../types.js";
import { Waker } from "../wake.js";
import { sameBytes } from "./address.js";
import { Arp } from "./arp.js";
import type { Core } from "./core.js";
import { newUserCounters, type UserCounters } from "./counters.js";
import { DHCP_SERVER_PORT, DhcpServer } from "./dhcp.js";
import { DnsProxy } from "./dns-proxy.js";
import { EgressRules } from "./egress.js";
import { Emitter } from "./emitter.js";
import { FrameQueue } from "./frame-queue.js";
import { Guests } from "./guests.js";
import { Icmp } from "./icmp.js";
import { USER_LIMITS, type UserLimits } from "./limits.js";
import { NeighbourDiscovery } from "./ndp.js";
import { ETHERNET, EtherType, Packet, Protocol } from "./packet.js";
import {
  BROADCAST_4,
  GATEWAY_4,
  GATEWAY_MAC,
  GUEST_4,
  isDns,
  LIMITED_BROADCAST_4,
  MTU_USER,
} from "./plan.js";
import { Ports } from "./ports.js";
import type { PublishDescription } from "./publish-option.js";
import { SlabPool, type Slab } from "./slab.js";
import { TcpFlows } from "./tcp/flows.js";
import { UdpFlows } from "./udp-flows.js";

export interface UserNetworkOptions {
  /** 6 bytes, unicast; random unless given. */
  readonly mac?: Uint8Array;
  /** Bytes, from MTU_USER_MIN on; MTU_USER unless given. */
  readonly mtu?: number;
  readonly publish?: readonly PublishDescription[];
  /** See `egress.ts`. */
  readonly egress?: readonly string[];
  /** See `limits.ts`; those left out are as there. */
  readonly limits?: Partial<UserLimits>;
  /** For tests and simulation. */
  readonly clock?: Clock;
  readonly scheduler?: Scheduler;
  readonly entropy?: Entropy;
  /** Addresses of resolvers; those of the host unless given. */
  readonly resolvers?: () => readonly string[];
}

/** RFC 791 §3.2: what every host takes; DHCP needs no more. */
export const MTU_USER_MIN = 576;

const OFFLOADS =
  NetFeature.CHECKSUM_RECEIVE |
  NetFeature.CHECKSUM_SEND |
  NetFeature.SEGMENT_RECEIVE |
  NetFeature.SEGMENT_SEND;

/** Streams that had no room go on when the guest has taken so much. */
const RESUME_BYTES = QUEUE_BYTES_MAX / 2;
/** Queues that were not used for so long are made small again. */
const TRIM_AFTER_NS = 1e9;
/** How often it is looked whether a guest that somebody waits for is there. */
const WAIT_NS = 500e6;
const NS_PER_MS = 1e6;
const DNS_PORT = 53;

/**
 * Makes a network and opens its published ports. The caller closes it.
 *
 * @throws BackendError for a rule that cannot be read, or a port that is in use
 */
export async function openUserNetwork(options: UserNetworkOptions = {}): Promise<UserNetwork> {
  const network = new UserNetwork(options);
  try {
    for (const description of options.publish ?? []) await network.publish(description);
  } catch (error) {
    await network.close();
    throw error;
  }
  return network;
}

export class UserNetwork implements NetBackend {
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly counters: UserCounters = newUserCounters();
  readonly #core: UserCore;
  readonly #outgoing: FrameQueue;
  readonly #packet: Packet;
  readonly #arp: Arp;
  readonly #dhcp: DhcpServer;
  readonly #ndp: NeighbourDiscovery;
  readonly #dns: DnsProxy;
  readonly #tcp: TcpFlows;
  readonly #udp: UdpFlows;
  readonly #ports: Ports;
  readonly #waiting = new Task(() => this.#retryHeld());
  readonly #trimming = new Task(() => this.#trim());
  readonly #waker: Waker;
  /** Frames sent when it was last looked whether the network rests; negative: nobody will look. */
  #sentWhenLooked = -1;
  #scheduled = false;
  #processing = false;
  #refused = false;
  #roomCameBack = false;
  #waits = false;
  #learnt = false;
  #closed: Promise<void> | null = null;

  /** Without published ports: see `openUserNetwork`. Throws BackendError. */
  constructor(options: UserNetworkOptions = {}) {
    this.mac = macOrRandom(options.mac);
    this.mtu = checkUserMtu(options.mtu ?? MTU_USER);
    const core = new UserCore(this.mtu, this.counters, options, {
      queued: () => this.#waker.request(),
      learnt: () => (this.#learnt = true),
      waits: () => this.#waitForGuest(),
    });
    this.#core = core;
    this.#outgoing = new FrameQueue(QUEUE_BYTES_MAX, core.slabs);
    this.#packet = new Packet(core.slabs.take());
    this.#waker = new Waker(
      () => core.emitter.queue.frames > 0 || this.#roomCameBack || this.#closed !== null,
    );
    core.emitter.features = OFFLOADS;
    this.#arp = new Arp(core);
    this.#dhcp = new DhcpServer(core);
    this.#ndp = new NeighbourDiscovery(core);
    this.#dns = new DnsProxy(core);
    this.#tcp = new TcpFlows(
      core,
      () => this.#schedule(),
      () => this.#dns.stream(),
    );
    this.#udp = new UdpFlows(core);
    this.#ports = new Ports(this.#tcp, this.#udp);
  }

  get features(): number {
    return this.#core.emitter.features;
  }

  get gone(): boolean {
    return this.#closed !== null;
  }

  get published(): readonly PublishedPort[] {
    return this.#ports.published;
  }

  /** Offers a port of the guest on the host. Throws BackendError. */
  publish(description: PublishDescription): Promise<void> {
    return this.#ports.open(description);
  }

  /** What is open now, for the operator. */
  get flows(): { readonly tcp: number; readonly udp: number; readonly held: number } {
    return { tcp: this.#tcp.size, udp: this.#udp.size, held: this.#tcp.heldSize };
  }

  /** Bytes of TCP streams that wait here, on their way to the guest or from it. */
  get streamBytes(): number {
    return this.#tcp.memory.used;
  }

  attach(wake: () => void, accepted = OFFLOADS): void {
    this.#core.emitter.features = accepted & OFFLOADS;
    this.#waker.attach(wake);
  }

  send(frame: Uint8Array): boolean {
    this.#roomCameBack = false;
    if (this.#closed !== null) {
      this.counters.droppedFrames++;
      return true;
    }
    if (!this.#outgoing.push(frame)) {
      this.#refused = true;
      return false;
    }
    this.counters.sentFrames++;
    this.counters.sentBytes += frame.length - HEADER_BYTES;
    this.#schedule();
    return true;
  }

  receive(into: Uint8Array): number {
    const { queue } = this.#core.emitter;
    // A segment for a device that did not agree to segments.
    while (queue.peek() > into.length) {
      queue.drop();
      this.counters.droppedFrames++;
    }
    const bytes = queue.take(into);
    if (bytes === 0) return 0;
    this.counters.receivedFrames++;
    this.counters.receivedBytes += bytes - HEADER_BYTES;
    if (this.#tcp.hasStalled && queue.bytes <= RESUME_BYTES) this.#schedule();
    return bytes;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#waker.detach();
    this.#core.scheduler.cancel(this.#waiting);
    this.#core.scheduler.cancel(this.#trimming);
    this.#ndp.close();
    const ports = this.#ports.close();
    await Promise.all([this.#tcp.close(), this.#udp.close(), this.#dns.close(), ports]);
    this.#outgoing.clear();
    this.#core.emitter.queue.clear();
  }

  #schedule(): void {
    if (this.#scheduled || this.#processing) return;
    this.#scheduled = true;
    queueMicrotask(this.#process);
  }

  /** All that has come together since the last time. Never inside a call of the guest's. */
  readonly #process = (): void => {
    this.#scheduled = false;
    if (this.#closed !== null) return;
    this.#processing = true;
    this.#core.tick();
    for (;;) {
      const slab = this.#outgoing.exchange(this.#packet.slab);
      if (slab === null) break;
      this.#received(slab);
      if (slab.kept) this.#packet.slab = this.#core.slabs.take();
    }
    if (this.#learnt) {
      this.#learnt = false;
      if (this.#waits) this.#knockAgain();
    }
    if (this.#tcp.hasStalled && this.#core.emitter.queue.bytes <= RESUME_BYTES) {
      this.#tcp.resumeStalled();
    }
    this.#tcp.settle();
    this.#processing = false;
    if (this.#sentWhenLooked < 0 && this.#oversized) this.#lookLater();
    if (!this.#refused) return;
    this.#refused = false;
    this.#roomCameBack = true;
    this.#waker.request();
  };

  /** A frame of the guest. */
  #received(slab: Slab): void {
    const packet = this.#packet;
    const refusal = packet.read(slab);
    if (refusal !== null) {
      this.counters[refusal]++;
      return;
    }
    const frame = packet.bytes;
    const group = ((frame[ETHERNET] ?? 0) & 1) !== 0;
    if (!group && !sameBytes(frame, ETHERNET, GATEWAY_MAC, 0, GATEWAY_MAC.length)) {
      this.counters.unroutable++;
      return;
    }
    if (packet.etherType === EtherType.ARP) {
      if (!this.#arp.receive(packet)) this.counters.malformed++;
    } else if (packet.addressBytes > 0) {
      this.#receivedPacket(packet);
    }
  }

  #receivedPacket(packet: Packet): void {
    const { protocol } = packet;
    // These two come before the guest has an address.
    if (protocol === Protocol.UDP && this.#isForDhcp(packet)) return this.#dhcp.receive(packet);
    if (protocol === Protocol.ICMPV6 && this.#ndp.receive(packet)) return;
    if (!this.#core.guests.learnSource(packet)) {
      this.counters.unroutable++;
      return;
    }
    switch (protocol) {
      case Protocol.TCP:
        return this.#tcp.receive(packet);
      case Protocol.UDP:
        return packet.destinationPort === DNS_PORT && isDns(packet.address(packet.destination))
          ? this.#dns.receive(packet)
          : this.#udp.receive(packet);
      case Protocol.ICMP:
      case Protocol.ICMPV6:
        return this.#core.icmp.receive(packet);
      default:
        this.counters.unroutable++;
    }
  }

  #isForDhcp(packet: Packet): boolean {
    if (packet.addressBytes !== 4 || packet.destinationPort !== DHCP_SERVER_PORT) return false;
    const destination = packet.address(packet.destination);
    return [LIMITED_BROADCAST_4, BROADCAST_4, GATEWAY_4].some((own) =>
      sameBytes(own, 0, destination, 0, 4),
    );
  }

  // Large queues are kept while they are in use: making them anew each time cost a tenth of all time.

  get #oversized(): boolean {
    const { emitter, slabs } = this.#core;
    return this.#outgoing.oversized || emitter.queue.oversized || slabs.size > 0;
  }

  #lookLater(): void {
    this.#sentWhenLooked = this.counters.sentFrames;
    this.#core.scheduler.after(this.#trimming, TRIM_AFTER_NS);
  }

  #trim(): void {
    if (this.counters.sentFrames !== this.#sentWhenLooked) return this.#lookLater();
    this.#sentWhenLooked = -1;
    this.#outgoing.trim();
    this.#core.emitter.queue.trim();
    this.#core.slabs.clear();
  }

  // Clients that wait for the guest to have an address.

  #waitForGuest(): void {
    if (this.#waits || this.#closed !== null) return;
    this.#waits = true;
    this.#askForGuest();
    this.#core.scheduler.after(this.#waiting, WAIT_NS);
  }

  #retryHeld(): void {
    this.#core.tick();
    if (!this.#knockAgain()) return;
    this.#askForGuest();
    this.#core.scheduler.after(this.#waiting, WAIT_NS);
  }

  #knockAgain(): boolean {
    const tcp = this.#tcp.retryHeld();
    const udp = this.#udp.retryHeld();
    this.#waits = tcp || udp;
    return this.#waits;
  }

  /** A guest with an address of its own may never have said so. */
  #askForGuest(): void {
    if (this.#core.guests.reach(true, true) === null) this.#arp.ask(GUEST_4);
  }
}

/** What happens in a core. */
interface CoreEvents {
  /** A frame waits for the guest. */
  readonly queued: () => void;
  /** The guest has an address that was not known. */
  readonly learnt: () => void;
  /** Somebody waits for the guest. */
  readonly waits: () => void;
}

class UserCore implements Core {
  readonly mtu: number;
  readonly limits: UserLimits;
  readonly counters: UserCounters;
  readonly slabs = new SlabPool();
  readonly emitter: Emitter;
  readonly guests: Guests;
  readonly icmp: Icmp = new Icmp(this);
  readonly egress: EgressRules;
  readonly scheduler: Scheduler;
  readonly entropy: Entropy;
  readonly resolvers: () => readonly string[];
  readonly waitForGuest: () => void;
  readonly #clock: Clock;
  nowMs = 0;

  constructor(
    mtu: number,
    counters: UserCounters,
    options: UserNetworkOptions,
    events: CoreEvents,
  ) {
    this.mtu = mtu;
    this.limits = { ...USER_LIMITS, ...options.limits };
    this.counters = counters;
    this.emitter = new Emitter(counters, this.slabs, events.queued);
    this.guests = new Guests(events.learnt);
    this.egress = new EgressRules(options.egress);
    this.scheduler = options.scheduler ?? eventLoopScheduler;
    this.entropy = options.entropy ?? systemEntropy;
    this.resolvers = options.resolvers ?? getServers;
    this.waitForGuest = events.waits;
    this.#clock = options.clock ?? systemClock;
    this.tick();
  }

  tick(): void {
    this.nowMs = Number(this.#clock.monotonic()) / NS_PER_MS;
  }
}

function checkUserMtu(mtu: number): number {
  const max = Limit.FRAME_BYTES_MAX - HEADER_BYTES - ETHERNET_HEADER_BYTES;
  if (Number.isInteger(mtu) && mtu >= MTU_USER_MIN && mtu <= max) return mtu;
  throw new BackendError(`an mtu of the user network is ${MTU_USER_MIN} to ${max}, not ${mtu}`);
}
