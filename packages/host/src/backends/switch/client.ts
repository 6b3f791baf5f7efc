/**
 * A device on a switch: a NetBackend over a unix socket.
 *
 * The link is a cable. While the switch is away frames are dropped and counted, and the device
 * looks for the switch again or becomes it; the guest sees only loss.
 */
import { setTimeout as delay } from "node:timers/promises";
import { explain } from "../error.js";
import {
  checkMtu,
  ETHERNET_HEADER_BYTES,
  HEADER_BYTES,
  MTU_DEFAULT,
  newLinkCounters,
  QUEUE_BYTES_MAX,
} from "../link.js";
import { macOrRandom } from "../mac.js";
import { jitterMs } from "../time.js";
import type { NetBackend } from "../types.js";
import { Waker } from "../wake.js";
import { Connection } from "./connection.js";
import { joinOrServe, type Joined, type JoinOptions } from "./open.js";
import { checkSocketPath } from "./path.js";
import type { SwitchEvent, SwitchServer } from "./server.js";

/** The largest chunk Node reads at once: reading stops one chunk below the bound. */
const CHUNK_BYTES_MAX = 65_536;
const RECEIVE_PAUSE_BYTES = QUEUE_BYTES_MAX - CHUNK_BYTES_MAX;
const RECEIVE_RESUME_BYTES = QUEUE_BYTES_MAX / 2;
/** A connection that lasted this long was a good one: the next search starts with short delays. */
const STABLE_MS = 1000;
const RECONNECT_MS_MIN = 5;
const RECONNECT_MS_MAX = 1000;

export interface SwitchLinkOptions {
  /** 6 bytes, unicast; random unless given. */
  readonly mac?: Uint8Array;
  /** Bytes; 1500 unless given. Longer frames from the switch are dropped and counted. */
  readonly mtu?: number;
  /** False: the link is gone when the switch is. True unless given. */
  readonly reconnect?: boolean;
  /** What happens on the switch, while it runs here. */
  readonly onEvent?: (event: SwitchEvent) => void;
  /** See `JoinOptions.serve`: the switch does not run on this thread then. */
  readonly serve?: NonNullable<JoinOptions["serve"]>;
}

/**
 * Joins the switch on `path`, or, if nobody listens, becomes it and joins. Throws BackendError.
 *
 * A switch opened this way runs on this thread, unless `serve` is given, and ends with the link; the other devices then look
 * for a new one among themselves.
 */
export async function openSwitch(
  path: string,
  options: SwitchLinkOptions = {},
): Promise<SwitchLink> {
  const socketPath = checkSocketPath(path);
  const mac = macOrRandom(options.mac);
  const mtu = checkMtu(options.mtu ?? MTU_DEFAULT);
  const { onEvent, serve } = options;
  const server = { ...(onEvent && { onEvent }), ...(serve && { serve }) };
  const join = (): Promise<Joined> => joinOrServe(socketPath, server);
  return new SwitchLink(mac, mtu, await join(), options.reconnect === false ? null : join);
}

export class SwitchLink implements NetBackend {
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly features = 0;
  readonly counters = newLinkCounters();
  readonly #join: (() => Promise<Joined>) | null;
  readonly #waker = new Waker(() => this.#news || this.#incoming.some(({ ready }) => ready));
  readonly #stop = new AbortController();
  /** Null while the switch is away. */
  #connection: Connection | null = null;
  /** Connections to receive from, oldest first: a closed one may still hold frames. */
  #incoming: Connection[] = [];
  #server: SwitchServer | null = null;
  #searching: Promise<void> = Promise.resolve();
  #failures = 0;
  #paused = false;
  /** A wake-up is due although no frame waits: room has come back, or the link has ended. */
  #news = false;
  #reason: string | null = null;
  #closing: Promise<void> | null = null;

  /** Takes over a connection. `join` finds the next one; null: the link ends with this one. */
  constructor(mac: Uint8Array, mtu: number, joined: Joined, join: (() => Promise<Joined>) | null) {
    this.mac = mac;
    this.mtu = mtu;
    this.#join = join;
    this.#connect(joined);
  }

  get gone(): boolean {
    if (this.#closing !== null) return true;
    return this.#reason !== null && !this.#incoming.some(({ ready }) => ready);
  }

  get reason(): string | null {
    return this.#reason;
  }

  /** The switch, while it runs in this process for this link. */
  get server(): SwitchServer | null {
    return this.#server;
  }

  /** False while the switch is away. */
  get connected(): boolean {
    return this.#connection !== null;
  }

  attach(wake: () => void): void {
    this.#waker.attach(wake);
  }

  send(frame: Uint8Array): boolean {
    this.#news = false;
    const length = frame.length - HEADER_BYTES;
    if (
      this.#connection === null ||
      length < ETHERNET_HEADER_BYTES ||
      length > ETHERNET_HEADER_BYTES + this.mtu
    ) {
      this.counters.droppedFrames++;
      return true;
    }
    if (!this.#connection.send(frame)) return false;
    this.counters.sentFrames++;
    this.counters.sentBytes += length;
    return true;
  }

  receive(into: Uint8Array): number {
    for (;;) {
      const connection = this.#incoming[0];
      if (connection === undefined) return 0;
      const frame = connection.next();
      if (frame === null) {
        if (!connection.closed) return 0;
        this.#incoming.shift();
        continue;
      }
      if (this.#paused) this.#resumeWhenDrained();
      const length = frame.end - frame.start;
      if (length > ETHERNET_HEADER_BYTES + this.mtu) {
        this.counters.droppedFrames++;
        continue;
      }
      into.fill(0, 0, HEADER_BYTES);
      frame.chunk.copy(into, HEADER_BYTES, frame.start, frame.end);
      this.counters.receivedFrames++;
      this.counters.receivedBytes += length;
      return HEADER_BYTES + length;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#waker.detach();
    this.#stop.abort();
    this.#incoming = [];
    await this.#searching;
    await this.#connection?.finish();
    await this.#server?.close();
  }

  #connect({ socket, server }: Joined): void {
    const connection = new Connection(socket, {
      frames: () => {
        if (this.#waitingBytes() >= RECEIVE_PAUSE_BYTES) this.#pause();
        this.#waker.request();
      },
      room: () => this.#announce(),
      closed: (reason) => this.#lost(connection, reason),
    });
    this.#connection = connection;
    this.#server = server;
    this.#incoming = this.#incoming.filter(({ ready }) => ready);
    this.#incoming.push(connection);
    if (this.#paused) connection.pause();
  }

  #lost(connection: Connection, reason: string | null): void {
    this.#connection = null;
    if (this.#closing !== null) return;
    if (reason !== null || this.#join === null) {
      this.#end(reason ?? "the switch has gone away");
      return;
    }
    // Whoever waits for room need not: from here on frames are dropped.
    this.#announce();
    this.#failures = connection.ageMs >= STABLE_MS ? 0 : this.#failures + 1;
    this.#searching = this.#search(this.#join);
  }

  async #search(join: () => Promise<Joined>): Promise<void> {
    try {
      await this.#server?.close();
      this.#server = null;
      const spread = Math.min(RECONNECT_MS_MAX, RECONNECT_MS_MIN * 2 ** this.#failures);
      await delay(jitterMs(spread), undefined, { signal: this.#stop.signal });
      // Handed to close() too, when it is waiting for this search: it ends the connection.
      this.#connect(await join());
    } catch (error) {
      if (this.#closing === null) this.#end(explain(error));
    }
  }

  #end(reason: string): void {
    this.#reason = reason;
    this.#announce();
  }

  #announce(): void {
    this.#news = true;
    this.#waker.request();
  }

  #waitingBytes(): number {
    return this.#incoming.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0);
  }

  #pause(): void {
    this.#paused = true;
    this.#connection?.pause();
  }

  #resumeWhenDrained(): void {
    if (this.#waitingBytes() > RECEIVE_RESUME_BYTES) return;
    this.#paused = false;
    this.#connection?.resume();
  }
}
