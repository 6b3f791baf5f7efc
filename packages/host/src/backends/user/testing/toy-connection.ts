/** A connection of ToyStack: what it knows, and what its user asks of it. */
import type { ToyStack } from "./toy-stack.js";

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;
export const EMPTY = new Uint8Array(0);

export interface ToyHandlers {
  opened?(connection: ToyConnection): void;
  data?(connection: ToyConnection, data: Uint8Array): void;
  ended?(connection: ToyConnection): void;
  reset?(connection: ToyConnection): void;
}

export class ToyConnection {
  readonly handlers: ToyHandlers;
  readonly remote: number;
  readonly remotePort: number;
  readonly port: number;
  state: "asking" | "asked" | "open" | "closed" = "asking";
  una: number;
  nxt: number;
  rcv = 0;
  peerWindow = 0;
  peerScale = 0;
  ended = false;
  finSent = false;
  finAcked = false;
  remoteEnded = false;
  owesAck = false;
  sentAtMs = 0;
  /** False: the window fills, and shuts. */
  reading = true;
  unread = 0;
  mss: number;
  readonly queue: Uint8Array[] = [];
  queuedBytes = 0;
  spent = 0;
  readonly #stack: ToyStack;

  constructor(
    stack: ToyStack,
    handlers: ToyHandlers,
    remote: number,
    remotePort: number,
    port: number,
    initial: number,
    mss: number,
  ) {
    this.#stack = stack;
    this.handlers = handlers;
    this.remote = remote;
    this.remotePort = remotePort;
    this.port = port;
    this.una = initial;
    this.nxt = initial;
    this.mss = mss;
  }

  write(data: Uint8Array): void {
    this.queue.push(data);
    this.queuedBytes += data.length;
    this.#stack.soon(this);
  }

  end(): void {
    this.ended = true;
    this.#stack.soon(this);
  }

  reset(): void {
    this.#stack.segment(this, RST | ACK, this.nxt, EMPTY, 0, 0);
    this.#stack.forget(this);
  }

  /** Reads what was held back, and goes on. */
  resume(): void {
    this.reading = true;
    this.unread = 0;
    this.owesAck = true;
    this.#stack.soon(this);
  }
}
