/** All TCP connections of a network: which segment goes to which, how many there may be, who waits. */
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { NetFeature } from "@phantasm/abi";
import { MTU_MAX } from "../../link.js";
import { parseAddress } from "../address.js";
import { random32, type Core } from "../core.js";
import { segmentBytesMax } from "../emitter.js";
import { FlowTable } from "../flow-table.js";
import { Task } from "../../../scheduler.js";
import { OTHER_KIND_AFTER_MS, type Guest } from "../guests.js";
import { macOf, Unreachable, type RememberedPacket } from "../icmp.js";
import { Protocol, type Packet } from "../packet.js";
import { Path } from "../path.js";
import { isUnicast } from "../plan.js";
import { targetOf } from "../target.js";
import { visibleAddress } from "../visible.js";
import { abort } from "./abort.js";
import type { FlowKeeper } from "./flow-keeper.js";
import { TcpFlow } from "./flow.js";
import { StreamMemory } from "./memory.js";
import { Flag, Segment, TCP_HEADER_BYTES } from "./segment.js";
import { advance } from "./sequence.js";

/** How long a client waits for the guest. */
export const TCP_HELD_MS_MAX = 30_000;
/** With all places taken, a connection that the host tries to make for longer gives up its own. */
const DIAL_PATIENCE_MS = 5_000;

/** RFC 9293 §3.4.1: initial sequence numbers move by one every 4 µs. */
const SEQUENCE_TICKS_PER_MS = 250;

/** How often it is looked who makes room, while there is little memory. */
const RELIEF_NS = 250e6;
const NS_PER_MS = 1e6;

const EPHEMERAL_FIRST = 49_152;
const EPHEMERAL_COUNT = 16_384;

/** A connection to a published port. */
interface Held {
  readonly socket: Socket;
  readonly guestPort: number;
  /** Of the client. */
  readonly address: Uint8Array | null;
  readonly sinceMs: number;
}

export class TcpFlows implements FlowKeeper {
  readonly core: Core;
  readonly memory: StreamMemory;
  readonly #table: FlowTable<TcpFlow>;
  readonly #segment = new Segment();
  readonly #dns: () => Duplex;
  /** Streams that are not closed yet, also those whose flow has ended. */
  readonly #streams = new Set<Duplex>();
  /** Not established: those that the guest asked for, and those that it is asked for. In their order. */
  readonly #dialling = new Set<TcpFlow>();
  readonly #knocking = new Set<TcpFlow>();
  /** In the order in which they came to rest. */
  readonly #resting = new Set<TcpFlow>();
  #held: Held[] = [];
  #soon: TcpFlow[] = [];
  #stalled: TcpFlow[] = [];
  /** Resets that found no room. */
  #unsaid: TcpFlow[] = [];
  /** Those that do not read from the host for want of memory. */
  readonly #hungry = new Set<TcpFlow>();
  readonly #relief = new Task(() => this.#relieve());
  #relieves = false;
  #relievesAtMs = 0;
  readonly #schedule: () => void;
  readonly #sequenceOrigin: number;
  #ephemeral = 0;

  /**
   * @param schedule has `settle` called soon
   * @param dns a stream to a resolver
   */
  constructor(core: Core, schedule: () => void, dns: () => Duplex) {
    this.core = core;
    this.#schedule = schedule;
    this.#dns = dns;
    this.#table = new FlowTable(random32(core.entropy));
    this.memory = new StreamMemory(core.limits.tcpBytes);
    this.#sequenceOrigin = random32(core.entropy);
  }

  get size(): number {
    return this.#table.size;
  }

  get heldSize(): number {
    return this.#held.length;
  }

  /** A link of small frames still carries large segments to a guest that takes them. */
  get segmentsBytesMax(): number {
    const { emitter, mtu } = this.core;
    const whole = (emitter.features & NetFeature.SEGMENT_RECEIVE) !== 0 ? MTU_MAX : mtu;
    return segmentBytesMax(whole, false);
  }

  /** A segment of the guest. */
  receive(packet: Packet): void {
    const segment = this.#segment;
    segment.read(packet);
    let flow = this.#table.find(packet);
    const asks = segment.has(Flag.SYN) && !segment.has(Flag.ACK) && !segment.has(Flag.RST);
    if (flow?.phase === "resting" && asks) {
      // RFC 9293 §3.6.1: a new connection may take the place of one in TIME-WAIT.
      flow.abandonRest();
      flow = null;
    }
    if (flow !== null) return flow.receive(packet, segment);
    if (segment.has(Flag.RST)) return;
    if (asks) this.#open(packet, segment);
    else this.#refuse(packet, segment);
  }

  /** A connection to a published port. */
  accept(socket: Socket, guestPort: number): void {
    this.core.tick();
    // It may break before a flow listens.
    socket.on("error", () => undefined);
    const address = parseAddress(socket.remoteAddress ?? "");
    const guest = this.core.guests.reach(address?.length !== 16, true);
    if (guest !== null && this.#mayKnock) return this.#knock(socket, guest, guestPort, address);
    if (this.#held.length >= this.core.limits.tcpHeld) return this.#turnAway(socket);
    this.#track(socket);
    this.#held.push({ socket, guestPort, address, sinceMs: this.core.nowMs });
    this.core.waitForGuest();
  }

  /**
   * Whoever waits for the guest knocks, when it has an address by now: of the client's own kind at once,
   * of another one after a while; or is turned away. True: some still wait.
   */
  retryHeld(): boolean {
    const { nowMs, counters, guests } = this.core;
    const held = this.#held;
    this.#held = [];
    for (const one of held) {
      const { socket, guestPort, address, sinceMs } = one;
      if (socket.destroyed) continue;
      const waitedMs = nowMs - sinceMs;
      const guest = guests.reach(address?.length !== 16, waitedMs < OTHER_KIND_AFTER_MS);
      if (guest !== null && this.#mayKnock) {
        this.#knock(socket, guest, guestPort, address);
      } else if (waitedMs < TCP_HELD_MS_MAX) {
        this.#held.push(one);
      } else {
        counters.tcpTimedOut++;
        abort(socket);
      }
    }
    return this.#held.length > 0;
  }

  soon(flow: TcpFlow): void {
    if (flow.queued) return;
    flow.queued = true;
    this.#soon.push(flow);
    this.#schedule();
  }

  stalled(flow: TcpFlow): void {
    if (flow.waitsForRoom) return;
    flow.waitsForRoom = true;
    this.#stalled.push(flow);
  }

  unsaid(flow: TcpFlow): void {
    if (this.#unsaid.length < this.core.limits.tcpFlows) this.#unsaid.push(flow);
  }

  get hasStalled(): boolean {
    return this.#stalled.length > 0 || this.#unsaid.length > 0;
  }

  /** The guest has taken frames: those that had no room go on, each in its turn. */
  resumeStalled(): void {
    const unsaid = this.#unsaid;
    this.#unsaid = [];
    for (const flow of unsaid) flow.sendReset();
    const stalled = this.#stalled;
    this.#stalled = [];
    for (const flow of stalled) {
      flow.waitsForRoom = false;
      this.soon(flow);
    }
  }

  lacksMemory(flow: TcpFlow): void {
    this.#hungry.add(flow);
    if (this.memory.used < this.memory.limit) return;
    // All of it is taken: what others read in the meantime would go beyond.
    for (const other of this.#table.all()) {
      other.pauseReading();
      this.#hungry.add(other);
    }
  }

  /** Does what the turn has left to do. */
  settle(): void {
    this.#watchMemory();
    if (this.#held.length > 0 && this.#mayKnock) this.retryHeld();
    const flows = this.#soon;
    if (flows.length === 0) return;
    this.#soon = [];
    for (const flow of flows) {
      flow.queued = false;
      flow.settle();
    }
  }

  opened(flow: TcpFlow): void {
    this.#dialling.delete(flow);
    this.#knocking.delete(flow);
    this.core.counters.tcpOpened++;
  }

  /** A guest with addresses of both kinds may listen on one only: the client's own kind was tried first. */
  refused(flow: TcpFlow): boolean {
    const socket = flow.stream as Socket;
    const client = parseAddress(socket.remoteAddress ?? "");
    if (client?.length !== flow.guest.length) return false;
    const guest = this.core.guests.reach(client.length !== 4, true);
    if (guest === null) return false;
    flow.release();
    this.#knock(socket, guest, flow.guestPort, client);
    return true;
  }

  resting(flow: TcpFlow): void {
    this.#resting.add(flow);
  }

  closed(flow: TcpFlow): void {
    this.#table.remove(flow);
    this.#dialling.delete(flow);
    if (this.#knocking.delete(flow) && this.#held.length > 0) this.#schedule();
    this.#resting.delete(flow);
    this.#hungry.delete(flow);
  }

  #watchMemory(): void {
    if (this.#relieves || (!this.memory.isLow && this.#hungry.size === 0)) return;
    this.#relieves = true;
    this.#relievesAtMs = this.core.nowMs + RELIEF_NS / NS_PER_MS;
    this.core.scheduler.after(this.#relief, RELIEF_NS);
  }

  /** Resets those that have been stalled longest, until there is memory again; then what can be sent again goes. */
  #relieve(): void {
    this.#relieves = false;
    this.core.tick();
    const awayMs = Math.max(this.core.nowMs - this.#relievesAtMs, 0);
    const stalled = this.#table
      .all()
      .map((flow) => ({ flow, sinceMs: flow.stalledSinceMs(awayMs) }))
      .filter(({ sinceMs }) => sinceMs < Infinity)
      .sort((a, b) => a.sinceMs - b.sinceMs);
    for (const { flow } of stalled) {
      if (!this.memory.isLow) break;
      this.core.counters.tcpEvicted++;
      flow.reset();
    }
    for (const flow of this.memory.isLow ? this.#table.all() : []) flow.forgetBehindGap();
    for (const flow of this.#hungry) if (flow.resumeReading()) this.#hungry.delete(flow);
    this.#watchMemory();
  }

  /** Ends everything. Settles when every stream is closed. */
  async close(): Promise<void> {
    this.#held = [];
    this.core.scheduler.cancel(this.#relief);
    for (const flow of this.#table.all()) flow.abandon();
    this.#soon = [];
    this.#stalled = [];
    this.#unsaid = [];
    const closed = [...this.#streams].map(
      (stream) => new Promise<void>((resolve) => stream.once("close", () => resolve())),
    );
    for (const stream of this.#streams) stream.destroy();
    await Promise.all(closed);
  }

  // Connections that the guest opens.

  #open(packet: Packet, segment: Segment): void {
    const { core } = this;
    const target = targetOf(packet);
    if (target.kind === "group") {
      core.counters.unroutable++;
      return;
    }
    if (target.kind === "nobody") {
      core.counters.unroutable++;
      core.icmp.unreachable(packet, Unreachable.HOST);
      return;
    }
    const allowed =
      target.kind === "dns"
        ? core.egress.allowsDns("tcp")
        : core.egress.allows("tcp", target.address, packet.destinationPort);
    if (!allowed || packet.destinationPort === 0) {
      core.counters.egressDenied++;
      return this.#refuse(packet, segment);
    }
    if (!this.#mayDial() || !this.#makeRoom()) {
      core.counters.tcpRefused++;
      // The guest asks again; by then there may be room.
      return;
    }
    const path = new Path(
      packet.address(packet.destination),
      packet.address(packet.source),
      macOf(packet),
      Protocol.TCP,
    );
    const ports = { guestPort: packet.sourcePort, remotePort: packet.destinationPort };
    const stream =
      target.kind === "dns"
        ? this.#dns()
        : connect({
            host: target.text,
            port: ports.remotePort,
            allowHalfOpen: true,
            noDelay: true,
          });
    this.#track(stream);
    const flow = new TcpFlow(this, path, ports, stream, this.#initialSequence, "dialling");
    this.#table.add(flow);
    this.#dialling.add(flow);
    flow.greeted(packet, segment);
    if (target.kind === "dns") {
      flow.connected();
      return;
    }
    const about = core.icmp.remember(packet);
    stream.once("connect", () => flow.connected());
    stream.once("error", (error) => this.#failedToConnect(flow, about, error));
  }

  /** ECONNREFUSED is the other side's word, passed on as a reset; the rest is the way there. */
  #failedToConnect(flow: TcpFlow, about: RememberedPacket, error: Error): void {
    if (flow.phase !== "dialling") return;
    const code = "code" in error ? error.code : "";
    if (code === "ECONNREFUSED" || code === "ECONNRESET") return flow.reset();
    flow.abandon();
    this.core.icmp.unreachableCopy(
      about,
      code === "EACCES" || code === "EPERM"
        ? Unreachable.PROHIBITED
        : code === "ENETUNREACH"
          ? Unreachable.NETWORK
          : Unreachable.HOST,
    );
  }

  // Connections to the guest.

  #knock(socket: Socket, guest: Guest, guestPort: number, client: Uint8Array | null): void {
    if (!this.#makeRoom()) return this.#turnAway(socket);
    const remote = visibleAddress(client, guest);
    const port = this.#freePort(guest, guestPort, remote, socket.remotePort ?? 0);
    if (port === null) return this.#turnAway(socket);
    this.#track(socket);
    const path = new Path(remote, guest.address, guest.mac, Protocol.TCP);
    const ports = { guestPort, remotePort: port };
    const flow = new TcpFlow(this, path, ports, socket, this.#initialSequence, "knocking");
    this.#table.add(flow);
    this.#knocking.add(flow);
    flow.knock();
  }

  /** The client's own port where that is free, so that logs agree. */
  #freePort(
    { address }: Guest,
    guestPort: number,
    remote: Uint8Array,
    wanted: number,
  ): number | null {
    if (wanted !== 0 && !this.#table.has(address, guestPort, remote, wanted)) return wanted;
    for (let tries = 0; tries <= this.core.limits.tcpFlows; tries++) {
      const port = EPHEMERAL_FIRST + (this.#ephemeral++ % EPHEMERAL_COUNT);
      if (!this.#table.has(address, guestPort, remote, port)) return port;
    }
    return null;
  }

  #turnAway(socket: Socket): void {
    this.core.counters.tcpRefused++;
    abort(socket);
  }

  // Bookkeeping.

  /**
   * By the clock, so that a guest that keeps a connection in TIME-WAIT, where the client's port is used
   * again, sees that this one is later (RFC 9293 §3.6.1). Nobody but the guest sees these numbers.
   */
  get #initialSequence(): number {
    return advance(this.#sequenceOrigin, Math.floor(this.core.nowMs * SEQUENCE_TICKS_PER_MS));
  }

  get #mayKnock(): boolean {
    return this.#knocking.size < this.core.limits.tcpKnocking;
  }

  /** Unanswered calls into the void must not take all places for as long as the kernel tries. */
  #mayDial(): boolean {
    if (this.#dialling.size < this.core.limits.tcpDialling) return true;
    for (const oldest of this.#dialling) {
      if (this.core.nowMs - oldest.sinceMs < DIAL_PATIENCE_MS) return false;
      this.core.counters.tcpTimedOut++;
      oldest.reset();
      return true;
    }
    return false;
  }

  /** Whether one more connection may be. One that rests gives way. */
  #makeRoom(): boolean {
    if (this.#table.size < this.core.limits.tcpFlows) return true;
    for (const flow of this.#resting) {
      flow.abandonRest();
      return true;
    }
    return false;
  }

  #track(stream: Duplex): void {
    if (this.#streams.has(stream)) return;
    this.#streams.add(stream);
    stream.once("close", () => this.#streams.delete(stream));
  }

  /** RFC 9293 §3.10.7.1: a segment for no connection. */
  #refuse(packet: Packet, segment: Segment): void {
    const { emitter } = this.core;
    const path = new Path(
      packet.address(packet.destination),
      packet.address(packet.source),
      macOf(packet),
      Protocol.TCP,
    );
    if (!isUnicast(path.source)) return;
    emitter.begin(path);
    const { view } = emitter;
    const { start } = path;
    const acknowledges = segment.has(Flag.ACK);
    const flags = acknowledges ? Flag.RST : Flag.RST | Flag.ACK;
    view.setUint16(start, packet.destinationPort);
    view.setUint16(start + 2, packet.sourcePort);
    view.setUint32(start + 4, acknowledges ? segment.acknowledgement : 0);
    view.setUint32(start + 8, acknowledges ? 0 : advance(segment.sequence, segment.span));
    view.setUint16(start + 12, (TCP_HEADER_BYTES << 10) | flags);
    view.setUint32(start + 14, 0);
    view.setUint16(start + 18, 0);
    emitter.send(path, TCP_HEADER_BYTES);
  }
}
