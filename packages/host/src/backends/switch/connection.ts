/** One connection of a device to a switch: the socket, what waits on it, what was read from it. */
import type { Socket } from "node:net";
import { HEADER_BYTES, QUEUE_BYTES_MAX } from "../link.js";
import { monotonicMs } from "../time.js";
import { FrameBatch } from "./frame-batch.js";
import { FrameDecoder, FramingError } from "./framing.js";

/** How long `finish` waits for frames already accepted to leave. */
const CLOSE_GRACE_MS = 1000;

export interface ConnectionHandler {
  /** A whole frame waits, or frames the peer garbled. */
  frames(): void;
  /** A frame that was refused would fit now. */
  room(): void;
  /** Called once. `reason` is null when the peer went away, else what it did wrong. */
  closed(reason: string | null): void;
}

export class Connection {
  readonly #socket: Socket;
  readonly #handler: ConnectionHandler;
  readonly #decoder = new FrameDecoder();
  readonly #batch = new FrameBatch(QUEUE_BYTES_MAX);
  readonly #openedMs = monotonicMs();
  readonly #ended: Promise<void>;
  #scheduled = false;
  #refused = false;
  #finishing = false;
  #closed = false;
  #reason: string | null = null;

  constructor(socket: Socket, handler: ConnectionHandler) {
    this.#socket = socket;
    this.#handler = handler;
    socket.on("data", (chunk) => this.#read(chunk));
    // A reset is how a killed peer looks; "close" follows.
    socket.on("error", () => {});
    this.#ended = new Promise((resolve) => {
      socket.once("close", () => {
        this.#closed = true;
        handler.closed(this.#reason);
        resolve();
      });
    });
  }

  /** True when nothing more will arrive; what has arrived can still be taken. */
  get closed(): boolean {
    return this.#closed;
  }

  get ageMs(): number {
    return monotonicMs() - this.#openedMs;
  }

  /** Bytes that were read and not taken. */
  get waitingBytes(): number {
    return this.#decoder.bytes;
  }

  /** Whether `next` has something to say. */
  get ready(): boolean {
    if (this.#reason !== null) return false;
    try {
      return this.#decoder.ready();
    } catch {
      return true;
    }
  }

  /** The decoder, standing on the next frame; null when no whole frame waits. */
  next(): FrameDecoder | null {
    if (this.#reason !== null) return null;
    try {
      return this.#decoder.next() ? this.#decoder : null;
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      this.#reason = error.message;
      this.#schedule();
      return null;
    }
  }

  /** Queues a frame with its virtio_net_hdr, to leave at the end of this turn; false: no room. */
  send(frame: Uint8Array): boolean {
    if (!this.#batch.push(frame, HEADER_BYTES, frame.length)) {
      this.#refused = true;
      return false;
    }
    this.#schedule();
    return true;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Writes what waits, then closes; by force after CLOSE_GRACE_MS. Nothing is read any more. */
  async finish(): Promise<void> {
    if (this.#closed) return;
    this.#finishing = true;
    this.resume();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS);
    this.#turn();
    await this.#ended;
    clearTimeout(timer);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#turn);
  }

  /** All frames of one step leave in one write. */
  readonly #turn = (): void => {
    this.#scheduled = false;
    if (this.#socket.destroyed) return;
    if (this.#reason !== null) {
      this.#socket.destroy();
      return;
    }
    const bytes = this.#batch.take();
    if (bytes !== null) this.#socket.write(bytes, this.#written);
    else if (this.#finishing && !this.#batch.writing) this.#socket.end();
  };

  readonly #written = (): void => {
    this.#batch.written();
    // Node reports the end of a write that the close has cut off, without an error.
    if (this.#socket.destroyed) return;
    if (this.#refused) {
      this.#refused = false;
      this.#handler.room();
    }
    this.#turn();
  };

  #read(chunk: Buffer): void {
    if (this.#finishing) return;
    this.#decoder.push(chunk);
    if (this.ready) this.#handler.frames();
  }
}
