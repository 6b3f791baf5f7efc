/**
 * Wakes when a descriptor can be read, through Node's own event loop and without a thread.
 *
 * libuv treats any descriptor as a pipe that is told so, and polls it; nothing else in Node waits for
 * a tap. It reads once before it calls, so a wake-up comes with its first frame.
 */
import { Socket } from "node:net";
import { BackendError, errorCode } from "../error.js";
import { Errno } from "./libc.js";

export interface ReaderEvents {
  /** A frame lies at the front of the buffer. False: stop, until `resume`. */
  readonly frame: (bytes: number) => boolean;
  /** Nothing comes any more; the code of the error, or null for a regular end. */
  readonly ended: (code: string | null) => void;
}

interface PipeHandle {
  open(descriptor: number): number;
}

interface PipeWrap {
  readonly Pipe: new (type: number) => PipeHandle;
  readonly constants: { readonly SOCKET: number };
}

/** Options of a socket that types do not know: a handle of one's own. */
interface HandleOptions {
  readonly handle: PipeHandle;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly onread: { buffer: Uint8Array; callback: (bytes: number) => boolean };
}

export class Reader {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;

  /** Takes over the descriptor, and makes it non-blocking. Reads nothing before `resume`. */
  constructor(descriptor: number, buffer: Uint8Array, events: ReaderEvents) {
    const handle = openPipe(descriptor);
    const options: HandleOptions = {
      handle,
      readable: true,
      writable: true,
      onread: { buffer, callback: events.frame },
    };
    this.#socket = new Socket(options);
    this.#socket.on("error", (error) => events.ended(codeOf(error)));
    this.#socket.on("end", () => events.ended(null));
    this.#closed = new Promise((resolve) => this.#socket.once("close", () => resolve()));
  }

  /** True once the descriptor is closed, or about to be: the number may belong to something else. */
  get closed(): boolean {
    return this.#socket.destroyed;
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Closes the descriptor. Nothing is called any more. Idempotent. */
  close(): Promise<void> {
    this.#socket.removeAllListeners("end");
    this.#socket.destroy();
    return this.#closed;
  }
}

/** The code of a failed read or write, also of the one that Node has no name for. */
export function codeOf(error: unknown): string {
  const isDeleted =
    error instanceof Error && "errno" in error && Math.abs(Number(error.errno)) === Errno.EBADFD;
  return isDeleted ? "EBADFD" : errorCode(error);
}

function openPipe(descriptor: number): PipeHandle {
  // Deprecated (DEP0111), and the only way: `new Socket({ fd })` refuses what it does not know.
  const { binding } = process as unknown as { binding?: (name: string) => unknown };
  let wrap: PipeWrap;
  try {
    wrap = binding?.call(process, "pipe_wrap") as PipeWrap;
  } catch (error) {
    throw new BackendError(
      `Node ${process.version} gives no access to its event loop, which tap devices need: ${String(error)}`,
    );
  }
  const handle = new wrap.Pipe(wrap.constants.SOCKET);
  const status = handle.open(descriptor);
  if (status === 0) return handle;
  throw new BackendError(`descriptor ${descriptor} cannot be watched (libuv error ${status})`);
}
