/** The switch with its sockets: a unix socket listener, one port a client. */
import { chmodSync, lstatSync, renameSync, unlinkSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import path from "node:path";
import { systemEntropy } from "../../entropy.js";
import { BackendError, errorCode, explain } from "../error.js";
import { monotonicMs } from "../time.js";
import { FrameDecoder, FramingError } from "./framing.js";
import {
  LearningSwitch,
  type LearningSwitchOptions,
  type SwitchCounters,
  type SwitchPort,
} from "./learning-switch.js";
import { TEMPORARY_NAME_CHARACTERS } from "./path.js";

/** Clients at once; one more is disconnected. */
export const PORTS_MAX = 1024;
/** How long a closing switch waits for clients to take what is queued for them. */
const CLOSE_GRACE_MS = 1000;
/** Pending connections; the kernel may lower it. */
const BACKLOG = 1024;

export type SwitchEvent =
  | { readonly type: "joined"; readonly port: number; readonly ports: number }
  | {
      readonly type: "left";
      readonly port: number;
      readonly ports: number;
      /** Null when the client just went away. */
      readonly reason: string | null;
    }
  | { readonly type: "refused"; readonly reason: string };

export interface SwitchServerOptions extends LearningSwitchOptions {
  readonly portsMax?: number;
  /** Called from the event loop; an exception in it is not caught. */
  readonly onEvent?: (event: SwitchEvent) => void;
}

export class SwitchServer {
  readonly path: string;
  readonly #core: LearningSwitch;
  readonly #portsMax: number;
  readonly #onEvent: (event: SwitchEvent) => void;
  readonly #server: Server;
  readonly #clients = new Map<SwitchPort, Client>();
  #inode = 0n;
  #closing: Promise<void> | null = null;

  private constructor(socketPath: string, options: SwitchServerOptions) {
    this.path = socketPath;
    this.#core = new LearningSwitch(options);
    this.#portsMax = options.portsMax ?? PORTS_MAX;
    this.#onEvent = options.onEvent ?? (() => {});
    this.#server = createServer((socket) => this.#join(socket));
  }

  /**
   * Starts to listen on a path from `checkSocketPath`, replacing whatever is there. The caller has
   * made sure, under the path's lock, that nobody listens: see `open.ts`. Throws BackendError.
   */
  static listen(socketPath: string, options: SwitchServerOptions = {}): Promise<SwitchServer> {
    const result = new SwitchServer(socketPath, options);
    const server = result.#server;
    const temporary = path.join(path.dirname(socketPath), temporaryName());
    return new Promise((resolve, reject) => {
      const failed = (error: unknown): void => {
        server.close();
        reject(new BackendError(`switch ${socketPath}: cannot listen: ${explain(error)}`));
      };
      server.once("error", failed);
      server.listen({ path: temporary, backlog: BACKLOG, exclusive: true }, () => {
        server.off("error", failed);
        try {
          chmodSync(temporary, 0o600);
          result.#inode = lstatSync(temporary, { bigint: true }).ino;
          // A listening socket appears under its name in one step: nobody ever sees a dead one.
          renameSync(temporary, socketPath);
        } catch (error) {
          failed(error);
          return;
        }
        // For example out of descriptors: the client sees its connection end, the others go on.
        server.on("error", (error) => {
          result.#onEvent({ type: "refused", reason: explain(error) });
        });
        resolve(result);
      });
    });
  }

  /** Totals since the start; a live object. */
  get counters(): Readonly<SwitchCounters> {
    return this.#core.counters;
  }

  /** Stations the switch knows at present. */
  get addresses(): number {
    return this.#core.addresses;
  }

  /** The ports at present, in the order of joining, with their own counters. */
  get ports(): readonly Pick<SwitchPort, "id" | "counters">[] {
    return [...this.#core.ports];
  }

  /**
   * Stops listening, gives clients CLOSE_GRACE_MS to take what is queued for them, and disconnects
   * them. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#removeSocketFile();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await Promise.all(Array.from(this.#clients.values(), (client) => client.finish()));
    await closed;
  }

  /** Before the listener ends, so that the name is never a dead socket; and never somebody else's. */
  #removeSocketFile(): void {
    try {
      if (lstatSync(this.path, { bigint: true }).ino === this.#inode) unlinkSync(this.path);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }

  #join(socket: Socket): void {
    if (this.#clients.size >= this.#portsMax || this.#closing !== null) {
      socket.destroy();
      this.#onEvent({ type: "refused", reason: `all ${this.#portsMax} ports are taken` });
      return;
    }
    const port = this.#core.addPort();
    const client = new Client(socket, port, {
      frame: (bytes, start, end, nowMs) => this.#core.forward(port, bytes, start, end, nowMs),
      turn: () => this.#flush(),
      left: (reason) => {
        this.#core.removePort(port);
        this.#clients.delete(port);
        this.#onEvent({ type: "left", port: port.id, ports: this.#clients.size, reason });
      },
    });
    this.#clients.set(port, client);
    this.#onEvent({ type: "joined", port: port.id, ports: this.#clients.size });
  }

  #flush(): void {
    for (const port of this.#core.takeDirty()) this.#clients.get(port)?.flush();
  }
}

/** `.` and 6 random bytes. */
function temporaryName(): string {
  const bytes = Buffer.alloc(((TEMPORARY_NAME_CHARACTERS - 1) * 3) / 4);
  systemEntropy.fill(bytes);
  return `.${bytes.toString("base64url")}`;
}

interface ClientHandler {
  frame(bytes: Uint8Array, start: number, end: number, nowMs: number): void;
  /** The frames of one chunk are through. */
  turn(): void;
  left(reason: string | null): void;
}

/** One connection: decodes what comes, writes what is queued on its port, one write at a time. */
class Client {
  readonly #socket: Socket;
  readonly #port: SwitchPort;
  readonly #handler: ClientHandler;
  readonly #decoder = new FrameDecoder();
  readonly #closed: Promise<void>;
  #finishing = false;

  constructor(socket: Socket, port: SwitchPort, handler: ClientHandler) {
    this.#socket = socket;
    this.#port = port;
    this.#handler = handler;
    let reason: string | null = null;
    socket.on("data", (chunk) => {
      try {
        this.#read(chunk);
      } catch (error) {
        if (!(error instanceof FramingError)) throw error;
        reason = error.message;
        socket.destroy();
      }
      handler.turn();
    });
    // A reset is how a killed client looks; "close" follows.
    socket.on("error", () => {});
    this.#closed = new Promise((resolve) => {
      socket.once("close", () => {
        handler.left(reason);
        resolve();
      });
    });
  }

  flush(): void {
    if (this.#socket.destroyed) return;
    const bytes = this.#port.output.take();
    if (bytes !== null) this.#socket.write(bytes, this.#written);
    else if (this.#finishing && !this.#port.output.writing) this.#socket.end();
  }

  /** Writes what waits, then disconnects; by force after CLOSE_GRACE_MS. */
  async finish(): Promise<void> {
    this.#finishing = true;
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS);
    this.flush();
    await this.#closed;
    clearTimeout(timer);
  }

  #read(chunk: Buffer): void {
    const decoder = this.#decoder;
    decoder.push(chunk);
    const nowMs = monotonicMs();
    while (decoder.next()) this.#handler.frame(decoder.chunk, decoder.start, decoder.end, nowMs);
  }

  readonly #written = (): void => {
    this.#port.output.written();
    this.flush();
  };
}
