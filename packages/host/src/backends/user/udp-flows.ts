/**
 * UDP between the guest and the world: a socket of the host for each pair of ends. The kernel then
 * passes on only what the other end sent, and tells when nobody listens there.
 */
import { createSocket, type Socket } from "node:dgram";
import { Task } from "../../scheduler.js";
import { errorCode } from "../error.js";
import { parseAddress } from "./address.js";
import { random32, type Core } from "./core.js";
import { FlowTable, type FlowKey } from "./flow-table.js";
import { OTHER_KIND_AFTER_MS, type Guest } from "./guests.js";
import { macOf, Unreachable, type RememberedPacket } from "./icmp.js";
import { Protocol, type Packet } from "./packet.js";
import { Path } from "./path.js";
import { targetOf } from "./target.js";
import { visibleAddress } from "./visible.js";

/** RFC 4787 REQ-5: not less than two minutes. */
export const UDP_IDLE_MS = 120_000;
/** Datagrams that wait for a socket to be ready. */
const UNSENT_MAX = 16;
/** Datagrams to published ports while nobody knows the guest. */
export const UDP_HELD_MAX = 64;
export const UDP_HELD_MS_MAX = 5_000;

const EPHEMERAL_FIRST = 49_152;
const EPHEMERAL_COUNT = 16_384;
const NS_PER_MS = 1e6;

class UdpFlow implements FlowKey {
  next: FlowKey | null = null;
  readonly guest: Uint8Array;
  readonly remote: Uint8Array;
  activeMs = 0;
  /** Null: it goes out through the socket of a published port. */
  socket: Socket | null = null;
  /** Until the socket is connected. */
  unsent: Buffer[] | null = null;
  /** For a published port: the client. */
  reply: ((data: Buffer) => void) | null = null;
  /** What `#clients` knows it by. */
  clientKey = "";
  /** The last datagram, for an error about it. */
  about: RememberedPacket | null = null;

  constructor(
    readonly path: Path,
    readonly guestPort: number,
    readonly remotePort: number,
  ) {
    this.guest = path.destination;
    this.remote = path.source;
  }
}

interface HeldDatagram {
  readonly data: Buffer;
  readonly guestPort: number;
  readonly client: UdpClient;
  readonly sinceMs: number;
}

/** Somebody who has sent to a published port. */
export interface UdpClient {
  readonly socket: Socket;
  readonly address: string;
  readonly port: number;
}

export class UdpFlows {
  readonly #core: Core;
  readonly #table: FlowTable<UdpFlow>;
  /** In the order of their last use. */
  readonly #order = new Set<UdpFlow>();
  readonly #clients = new Map<string, UdpFlow>();
  readonly #sockets = new Set<Socket>();
  readonly #expiry = new Task(() => this.#expire());
  #held: HeldDatagram[] = [];
  #armed = false;
  #ephemeral = 0;

  constructor(core: Core) {
    this.#core = core;
    this.#table = new FlowTable(random32(core.entropy));
  }

  get size(): number {
    return this.#table.size;
  }

  /** A datagram of the guest, for somebody outside. */
  receive(packet: Packet): void {
    const flow = this.#table.find(packet) ?? this.#open(packet);
    if (flow === null) return;
    this.#used(flow);
    const data = Buffer.from(packet.bytes.subarray(packet.start + 8, packet.end));
    if (flow.reply !== null) return flow.reply(data);
    if (flow.unsent !== null) {
      if (flow.unsent.length < UNSENT_MAX) flow.unsent.push(data);
      else this.#core.counters.udpDropped++;
      return;
    }
    this.#send(flow, data);
  }

  /** A datagram to a published port. */
  accept(data: Buffer, guestPort: number, client: UdpClient, since?: number): void {
    const core = this.#core;
    core.tick();
    const sinceMs = since ?? core.nowMs;
    const key = `${guestPort} ${client.address} ${client.port}`;
    let flow = this.#clients.get(key);
    if (flow === undefined) {
      const address = parseAddress(client.address);
      const guest = core.guests.reach(
        address?.length !== 16,
        core.nowMs - sinceMs < OTHER_KIND_AFTER_MS,
      );
      if (guest === null) {
        if (this.#held.length < UDP_HELD_MAX && core.nowMs - sinceMs < UDP_HELD_MS_MAX) {
          this.#held.push({ data, guestPort, client, sinceMs });
          core.waitForGuest();
        } else {
          core.counters.udpDropped++;
        }
        return;
      }
      const opened = this.#openFor(client, address, guest, guestPort);
      if (opened === null) {
        core.counters.udpDropped++;
        return;
      }
      flow = opened;
      flow.clientKey = key;
      this.#clients.set(key, flow);
    }
    this.#used(flow);
    this.#deliver(flow, data);
  }

  /** What waits for the guest goes to it, if it has an address by now. True: some still waits. */
  retryHeld(): boolean {
    const held = this.#held;
    this.#held = [];
    for (const { data, guestPort, client, sinceMs } of held) {
      this.accept(data, guestPort, client, sinceMs);
    }
    return this.#held.length > 0;
  }

  async close(): Promise<void> {
    this.#core.scheduler.cancel(this.#expiry);
    this.#held = [];
    for (const flow of this.#table.all()) this.#close(flow);
    await Promise.all(
      [...this.#sockets].map(
        (socket) => new Promise<void>((resolve) => socket.once("close", () => resolve())),
      ),
    );
  }

  #open(packet: Packet): UdpFlow | null {
    const core = this.#core;
    const target = targetOf(packet);
    if (target.kind !== "host") {
      core.counters.unroutable++;
      if (target.kind === "nobody") core.icmp.unreachable(packet, Unreachable.HOST);
      return null;
    }
    const port = packet.destinationPort;
    if (port === 0 || !core.egress.allows("udp", target.address, port)) {
      core.counters.egressDenied++;
      core.icmp.unreachable(packet, Unreachable.PROHIBITED);
      return null;
    }
    const path = new Path(
      packet.address(packet.destination),
      packet.address(packet.source),
      macOf(packet),
      Protocol.UDP,
    );
    const flow = new UdpFlow(path, packet.sourcePort, port);
    this.#add(flow);
    flow.about = core.icmp.remember(packet);
    const socket = createSocket(target.address.length === 4 ? "udp4" : "udp6");
    flow.socket = socket;
    flow.unsent = [];
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", (error) => this.#failed(flow, error));
    socket.on("message", (data) => {
      this.#core.tick();
      this.#used(flow);
      this.#deliver(flow, data);
    });
    socket.once("connect", () => {
      const unsent = flow.unsent ?? [];
      flow.unsent = null;
      for (const data of unsent) this.#send(flow, data);
    });
    socket.connect(port, target.text);
    return flow;
  }

  /** A flow for a client of a published port; null: there are no ports left to tell it by. */
  #openFor(
    { socket, address, port }: UdpClient,
    parsed: Uint8Array | null,
    guest: Guest,
    guestPort: number,
  ): UdpFlow | null {
    const remote = visibleAddress(parsed, guest);
    let visible = port;
    for (let tries = 0; this.#table.has(guest.address, guestPort, remote, visible); tries++) {
      if (tries > this.#core.limits.udpFlows) return null;
      visible = EPHEMERAL_FIRST + (this.#ephemeral++ % EPHEMERAL_COUNT);
    }
    const path = new Path(remote, guest.address, guest.mac, Protocol.UDP);
    const flow = new UdpFlow(path, guestPort, visible);
    flow.reply = (data) => {
      try {
        socket.send(data, port, address, (error) => {
          if (error !== null) this.#core.counters.udpDropped++;
        });
      } catch {
        this.#core.counters.udpDropped++;
      }
    };
    this.#add(flow);
    return flow;
  }

  #send(flow: UdpFlow, data: Buffer): void {
    try {
      flow.socket?.send(data, (error) => {
        if (error !== null) this.#failed(flow, error);
      });
    } catch (error) {
      this.#failed(flow, error);
    }
  }

  /** The other end, or the way to it, has refused. */
  #failed(flow: UdpFlow, error: unknown): void {
    const { about } = flow;
    const code = errorCode(error);
    if (about !== null && code === "ECONNREFUSED") {
      this.#core.icmp.unreachableCopy(about, Unreachable.PORT);
      return;
    }
    this.#core.counters.udpDropped++;
    if (code === "EMSGSIZE" || code === "ENOBUFS") return;
    if (about !== null && (code === "ENETUNREACH" || code === "EHOSTUNREACH")) {
      const what = code === "ENETUNREACH" ? Unreachable.NETWORK : Unreachable.HOST;
      this.#core.icmp.unreachableCopy(about, what);
    }
    this.#close(flow);
  }

  #deliver(flow: UdpFlow, data: Buffer): void {
    const { emitter, counters, mtu } = this.#core;
    if (!emitter.datagram(flow.path, flow.remotePort, flow.guestPort, data, mtu)) {
      counters.udpDropped++;
    }
  }

  #add(flow: UdpFlow): void {
    if (this.#table.size >= this.#core.limits.udpFlows) {
      for (const quietest of this.#order) {
        this.#core.counters.udpEvicted++;
        this.#close(quietest);
        break;
      }
    }
    this.#table.add(flow);
    this.#core.counters.udpOpened++;
    if (!this.#armed) {
      this.#armed = true;
      this.#core.scheduler.after(this.#expiry, UDP_IDLE_MS * NS_PER_MS);
    }
  }

  #used(flow: UdpFlow): void {
    flow.activeMs = this.#core.nowMs;
    this.#order.delete(flow);
    this.#order.add(flow);
  }

  #expire(): void {
    this.#armed = false;
    this.#core.tick();
    const { nowMs, scheduler } = this.#core;
    for (const flow of this.#order) {
      const leftMs = flow.activeMs + UDP_IDLE_MS - nowMs;
      if (leftMs > 0) {
        this.#armed = true;
        scheduler.after(this.#expiry, leftMs * NS_PER_MS);
        return;
      }
      this.#close(flow);
    }
  }

  #close(flow: UdpFlow): void {
    this.#table.remove(flow);
    this.#order.delete(flow);
    if (flow.clientKey !== "") this.#clients.delete(flow.clientKey);
    const { socket } = flow;
    flow.socket = null;
    flow.unsent = null;
    if (socket === null) return;
    try {
      socket.close();
    } catch {
      // It was closed already.
    }
  }
}
