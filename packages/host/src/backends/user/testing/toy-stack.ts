/**
 * The smallest TCP that can be talked to: IPv4, segments in order only, go-back-N with a fixed time-out.
 * A guest for tests and benchmarks; it shares no code with the network it is attached to.
 */
import { performance } from "node:perf_hooks";
import type { NetBackend } from "../../types.js";
import {
  ACK,
  EMPTY,
  FIN,
  PSH,
  RST,
  SYN,
  ToyConnection,
  type ToyHandlers,
} from "./toy-connection.js";

export type { ToyConnection, ToyHandlers } from "./toy-connection.js";

const IP = 24;
const TCP = 44;
const RESEND_MS = 60;
const GATEWAY_MAC = [0x52, 0x55, 10, 0, 2, 2];
const SCALE = 7;

export interface ToyOptions {
  readonly address?: string;
  /** Largest payload of a segment that it sends. */
  readonly mss?: number;
  /** Bytes it takes before they are read; `connection.reading = false` lets it fill. */
  readonly windowBytes?: number;
}

export class ToyStack {
  readonly link: NetBackend;
  readonly connections = new Map<number, ToyConnection>();
  readonly #address: number;
  readonly #mss: number;
  readonly #windowBytes: number;
  readonly #listeners = new Map<number, ToyHandlers>();
  readonly #in = new Uint8Array(65_600);
  readonly #view = new DataView(this.#in.buffer);
  readonly #out = new Uint8Array(65_600);
  readonly #outView = new DataView(this.#out.buffer);
  #soon = new Set<ToyConnection>();
  #scheduled = false;
  #port = 30_000;
  #closed = false;
  readonly #timer: NodeJS.Timeout;
  /** Datagrams to any port. */
  onDatagram: (from: number, fromPort: number, port: number, data: Uint8Array) => void = () =>
    undefined;
  frames = 0;

  constructor(link: NetBackend, options: ToyOptions = {}) {
    this.link = link;
    this.#address = toNumber(options.address ?? "10.0.2.15");
    this.#mss = options.mss ?? link.mtu - 40;
    this.#windowBytes = options.windowBytes ?? 1 << 20;
    link.attach(() => this.#schedule());
    this.#timer = setInterval(() => this.#resend(), RESEND_MS / 2);
    this.announce();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  /** A gratuitous ARP: the network learns the address. */
  announce(): void {
    const frame = new Uint8Array(10 + 14 + 28);
    const view = new DataView(frame.buffer);
    frame.fill(255, 10, 16);
    frame.set(this.link.mac, 16);
    view.setUint16(22, 0x0806);
    view.setUint32(24, 0x0001_0800);
    view.setUint32(28, 0x0604_0001);
    frame.set(this.link.mac, 32);
    view.setUint32(38, this.#address);
    view.setUint32(48, this.#address);
    this.link.send(frame);
  }

  listen(port: number, handlers: ToyHandlers): void {
    this.#listeners.set(port, handlers);
  }

  connect(address: string, port: number, handlers: ToyHandlers): ToyConnection {
    const own = this.#port++;
    const remote = toNumber(address);
    const initial = (own * 7919) >>> 0;
    const connection = new ToyConnection(this, handlers, remote, port, own, initial, this.#mss);
    this.connections.set(keyOf(remote, port, own), connection);
    this.#syn(connection);
    return connection;
  }

  datagram(address: string, toPort: number, port: number, data: Uint8Array): void {
    this.#ip(17, toNumber(address), 8 + data.length);
    const view = this.#outView;
    view.setUint16(TCP, port);
    view.setUint16(TCP + 2, toPort);
    view.setUint16(TCP + 4, 8 + data.length);
    view.setUint16(TCP + 6, 0);
    this.#out.set(data, TCP + 8);
    this.#send(TCP + 8 + data.length);
  }

  soon(connection: ToyConnection): void {
    this.#soon.add(connection);
    this.#schedule();
  }

  forget(connection: ToyConnection): void {
    connection.state = "closed";
    this.connections.delete(keyOf(connection.remote, connection.remotePort, connection.port));
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#closed) this.#step();
    });
  }

  /** As an image does: at most 64 frames a step. */
  #step(): void {
    let left = 64;
    for (; left > 0; left--) {
      const bytes = this.link.receive(this.#in);
      if (bytes === 0) break;
      this.frames++;
      this.#received(bytes);
    }
    if (left === 0) this.#schedule();
    const soon = this.#soon;
    this.#soon = new Set();
    for (const connection of soon) this.#pump(connection);
  }

  #received(bytes: number): void {
    const view = this.#view;
    const type = view.getUint16(22);
    if (type === 0x0806) return this.#arp();
    if (type !== 0x0800 || bytes < TCP) return;
    if (view.getUint8(33) === 17) {
      const end = TCP + view.getUint16(TCP + 4);
      return this.onDatagram(
        view.getUint32(36),
        view.getUint16(TCP),
        view.getUint16(TCP + 2),
        this.#in.subarray(TCP + 8, end),
      );
    }
    if (view.getUint8(33) !== 6) return;
    const remote = view.getUint32(36);
    const remotePort = view.getUint16(TCP);
    const port = view.getUint16(TCP + 2);
    const flags = view.getUint8(TCP + 13);
    let connection = this.connections.get(keyOf(remote, remotePort, port));
    if (connection === undefined) {
      const listener = this.#listeners.get(port);
      if (listener === undefined || (flags & (SYN | ACK)) !== SYN) {
        if ((flags & RST) === 0) this.#refuse(remote, remotePort, port, flags);
        return;
      }
      const initial = (remotePort * 104_729) >>> 0;
      connection = new ToyConnection(this, listener, remote, remotePort, port, initial, this.#mss);
      connection.state = "asked";
      this.connections.set(keyOf(remote, remotePort, port), connection);
    }
    this.#segmentOf(connection, flags, IP + view.getUint16(26));
  }

  #segmentOf(connection: ToyConnection, flags: number, end: number): void {
    const view = this.#view;
    const sequence = view.getUint32(TCP + 4);
    const acknowledgement = view.getUint32(TCP + 8);
    const start = TCP + (view.getUint8(TCP + 12) >> 4) * 4;
    if ((flags & RST) !== 0) {
      this.forget(connection);
      connection.handlers.reset?.(connection);
      return;
    }
    if ((flags & SYN) !== 0) {
      if (connection.state === "open") {
        connection.owesAck = true;
        return this.soon(connection);
      }
      connection.rcv = (sequence + 1) >>> 0;
      this.#options(connection, start);
      connection.peerWindow = view.getUint16(TCP + 14);
      if (connection.state === "asked") return this.#syn(connection);
      if ((flags & ACK) === 0) return;
      connection.owesAck = true;
    }
    if ((flags & ACK) === 0) return;
    if (connection.state !== "open") {
      if (acknowledgement !== (connection.una + 1) >>> 0) return;
      connection.una = acknowledgement;
      connection.nxt = acknowledgement;
      connection.state = "open";
      if ((flags & SYN) === 0) {
        connection.peerWindow = view.getUint16(TCP + 14) << connection.peerScale;
      }
      connection.handlers.opened?.(connection);
    } else {
      this.#acknowledged(connection, acknowledgement);
      connection.peerWindow = view.getUint16(TCP + 14) << connection.peerScale;
    }
    this.#data(connection, sequence, start, end, (flags & FIN) !== 0);
    this.soon(connection);
  }

  #acknowledged(connection: ToyConnection, acknowledgement: number): void {
    let bytes = (acknowledgement - connection.una) | 0;
    if (bytes <= 0) return;
    connection.una = acknowledgement;
    if (((connection.nxt - acknowledgement) | 0) < 0) connection.nxt = acknowledgement;
    connection.sentAtMs = performance.now();
    if (bytes > connection.queuedBytes) {
      connection.finAcked = true;
      bytes = connection.queuedBytes;
    }
    connection.queuedBytes -= bytes;
    connection.spent += bytes;
    for (let first = connection.queue[0]; first !== undefined; first = connection.queue[0]) {
      if (connection.spent < first.length) break;
      connection.spent -= first.length;
      connection.queue.shift();
    }
    this.#finish(connection);
  }

  #data(
    connection: ToyConnection,
    sequence: number,
    start: number,
    end: number,
    fin: boolean,
  ): void {
    if (end === start && !fin) {
      if (sequence !== connection.rcv) connection.owesAck = true;
      return;
    }
    connection.owesAck = true;
    if (sequence !== connection.rcv || connection.remoteEnded) return;
    const bytes = end - start;
    if (connection.unread + bytes > this.#windowBytes) return;
    connection.rcv = (connection.rcv + bytes) >>> 0;
    if (!connection.reading) connection.unread += bytes;
    if (bytes > 0) connection.handlers.data?.(connection, this.#in.subarray(start, end));
    if (!fin) return;
    connection.rcv = (connection.rcv + 1) >>> 0;
    connection.remoteEnded = true;
    connection.handlers.ended?.(connection);
    this.#finish(connection);
  }

  #finish(connection: ToyConnection): void {
    if (!connection.finAcked || !connection.remoteEnded) return;
    if (connection.owesAck) this.segment(connection, ACK, connection.nxt, EMPTY, 0, 0);
    this.forget(connection);
  }

  #pump(connection: ToyConnection): void {
    if (connection.state !== "open") return;
    for (;;) {
      const sent = (connection.nxt - connection.una) | 0;
      const bytes = Math.min(
        connection.queuedBytes - sent,
        connection.peerWindow - sent,
        connection.mss,
      );
      if (bytes <= 0) break;
      const { piece, at } = this.#find(connection, sent);
      const here = Math.min(bytes, piece.length - at);
      if (!this.segment(connection, ACK | PSH, connection.nxt, piece, at, here)) return;
      if (sent === 0) connection.sentAtMs = performance.now();
      connection.nxt = (connection.nxt + here) >>> 0;
    }
    const sent = (connection.nxt - connection.una) | 0;
    if (connection.ended && sent === connection.queuedBytes && !connection.finAcked) {
      this.segment(connection, FIN | ACK, connection.nxt, EMPTY, 0, 0);
      connection.nxt = (connection.nxt + 1) >>> 0;
      connection.sentAtMs = performance.now();
    }
    if (connection.owesAck) this.segment(connection, ACK, connection.nxt, EMPTY, 0, 0);
  }

  #find(connection: ToyConnection, position: number): { piece: Uint8Array; at: number } {
    let left = position + connection.spent;
    for (const piece of connection.queue) {
      if (left < piece.length) return { piece, at: left };
      left -= piece.length;
    }
    throw new Error("nothing is queued there");
  }

  #resend(): void {
    const now = performance.now();
    for (const connection of this.connections.values()) {
      if (now - connection.sentAtMs < RESEND_MS) continue;
      if (connection.state !== "open") {
        this.#syn(connection);
      } else if (connection.una !== connection.nxt || connection.queuedBytes > 0) {
        connection.nxt = connection.una;
        // Into a shut window, one byte.
        if (connection.peerWindow === 0 && connection.queuedBytes > 0) {
          const { piece, at } = this.#find(connection, 0);
          this.segment(connection, ACK, connection.nxt, piece, at, 1);
        } else {
          this.soon(connection);
        }
      }
    }
  }

  #syn(connection: ToyConnection): void {
    const flags = connection.state === "asked" ? SYN | ACK : SYN;
    const view = this.#outView;
    connection.sentAtMs = performance.now();
    view.setUint32(TCP + 20, 0x0204_0000 | Math.min(this.link.mtu - 40, 65_535));
    view.setUint32(TCP + 24, 0x0103_0300 | SCALE);
    this.segment(connection, flags, connection.una, EMPTY, 0, 0, 8);
  }

  /** False: the link had no room. */
  segment(
    connection: ToyConnection,
    flags: number,
    sequence: number,
    data: Uint8Array,
    at: number,
    bytes: number,
    optionBytes = 0,
  ): boolean {
    const header = 20 + optionBytes;
    this.#ip(6, connection.remote, header + bytes);
    const view = this.#outView;
    view.setUint16(TCP, connection.port);
    view.setUint16(TCP + 2, connection.remotePort);
    view.setUint32(TCP + 4, sequence);
    view.setUint32(TCP + 8, (flags & ACK) === 0 ? 0 : connection.rcv);
    view.setUint16(TCP + 12, (header << 10) | flags);
    const window = this.#windowBytes - connection.unread;
    view.setUint16(
      TCP + 14,
      (flags & SYN) !== 0 ? Math.min(window, 65_535) : Math.min(window >> SCALE, 65_535),
    );
    view.setUint32(TCP + 16, 0);
    if (bytes > 0) {
      this.#out.set(
        at === 0 && bytes === data.length ? data : data.subarray(at, at + bytes),
        TCP + header,
      );
    }
    connection.owesAck = false;
    return this.#send(TCP + header + bytes);
  }

  #refuse(remote: number, remotePort: number, port: number, flags: number): void {
    const view = this.#view;
    const acknowledgement = view.getUint32(TCP + 8);
    const next = (view.getUint32(TCP + 4) + 1) >>> 0;
    const acknowledges = (flags & ACK) !== 0;
    const stub = new ToyConnection(
      this,
      {},
      remote,
      remotePort,
      port,
      acknowledges ? acknowledgement : 0,
      this.#mss,
    );
    stub.rcv = next;
    this.segment(stub, acknowledges ? RST : RST | ACK, stub.una, EMPTY, 0, 0);
  }

  #options(connection: ToyConnection, end: number): void {
    const view = this.#view;
    for (let at = TCP + 20; at < end;) {
      const kind = view.getUint8(at);
      if (kind === 0) break;
      if (kind === 1) {
        at++;
        continue;
      }
      if (kind === 2) connection.mss = Math.min(connection.mss, view.getUint16(at + 2));
      if (kind === 3) connection.peerScale = view.getUint8(at + 2);
      at += Math.max(view.getUint8(at + 1), 2);
    }
  }

  #arp(): void {
    const view = this.#view;
    if (view.getUint16(30) === 1 && view.getUint32(48) === this.#address) this.announce();
  }

  #ip(protocol: number, destination: number, bytes: number): void {
    const view = this.#outView;
    const out = this.#out;
    out.fill(0, 0, 10);
    if (protocol === 6) {
      out[0] = 1;
      view.setUint16(6, 34, true);
      view.setUint16(8, 16, true);
    }
    out.set(GATEWAY_MAC, 10);
    out.set(this.link.mac, 16);
    view.setUint16(22, 0x0800);
    view.setUint16(24, 0x4500);
    view.setUint16(26, 20 + bytes);
    view.setUint32(28, 0x4000);
    view.setUint16(32, (64 << 8) | protocol);
    view.setUint16(34, 0);
    view.setUint32(36, this.#address);
    view.setUint32(40, destination);
    let sum = 0;
    for (let at = 24; at < 44; at += 2) sum += view.getUint16(at);
    sum = (sum & 0xffff) + (sum >>> 16);
    view.setUint16(34, ~(sum + (sum >>> 16)));
  }

  #send(length: number): boolean {
    return this.link.send(this.#out.subarray(0, length));
  }
}

function keyOf(remote: number, remotePort: number, port: number): number {
  return (remote & 0x1f_ffff) * 2 ** 32 + remotePort * 65_536 + port;
}

export function toNumber(address: string): number {
  return address.split(".").reduce((value, byte) => value * 256 + Number(byte), 0);
}
