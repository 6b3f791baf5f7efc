/**
 * A file of records that a slow disk never slows: one write is in flight at a time, and what comes
 * meanwhile gathers, up to a bound, for the next. Records that find no room are left out and counted. A
 * full disk ends the file, after a whole record.
 */
import { close, closeSync, constants, fstatSync, ftruncate, open, write } from "node:fs";
import { promisify } from "node:util";
import { BackendError, explain } from "./error.js";

const BUFFER_BYTES_MIN = 4096;
/** What waits for the disk: a few milliseconds of the fastest link. */
const BUFFER_BYTES_MAX = 8 * 1_048_576;

export interface RecordFileOptions {
  /** Bytes that wait for the disk, at most; 8 MiB unless given. */
  readonly bufferBytesMax?: number;
  /** Writes at a position of the file, calls back once. Tests put a slow or full disk here. */
  readonly write?: (
    fd: number,
    bytes: Uint8Array,
    position: number,
    done: (error: Error | null, written: number) => void,
  ) => void;
}

/** What has become of the records of a file. */
export interface RecordCounters {
  /** Records handed to the file, and records left out. */
  readonly frames: number;
  readonly droppedFrames: number;
  /** Why the file was given up, for the operator. */
  readonly error: string | null;
}

/** What an operator should know of a file: why it was given up, how much is not in it. */
export function problemsOf(
  what: string,
  { droppedFrames, error }: RecordCounters,
): readonly string[] {
  const missing = droppedFrames > 0 ? [`${what}: ${droppedFrames} frames are not in it`] : [];
  return error === null ? missing : [error, ...missing];
}

/** Empties or creates a regular file, private to the user. `what` names it in errors. Throws BackendError. */
export async function createRecordFile(
  what: string,
  path: string,
  head: Uint8Array,
  options: RecordFileOptions = {},
): Promise<RecordFile> {
  let fd: number | null = null;
  try {
    // Not waiting: opening a FIFO would hang until somebody reads it.
    const { O_WRONLY, O_CREAT, O_NONBLOCK } = constants;
    fd = await promisify(open)(path, O_WRONLY | O_CREAT | O_NONBLOCK, 0o600);
    if (!fstatSync(fd).isFile()) throw new Error("it is not a regular file");
    await promisify(ftruncate)(fd, 0);
  } catch (error) {
    if (fd !== null) closeSync(fd);
    throw new BackendError(`${what} ${path}: ${explain(error)}`);
  }
  return new RecordFile(fd, `${what} ${path}`, head, options);
}

export class RecordFile implements RecordCounters {
  frames = 0;
  droppedFrames = 0;
  error: string | null = null;
  readonly #fd: number;
  readonly #label: string;
  readonly #bytesMax: number;
  readonly #write: NonNullable<RecordFileOptions["write"]>;
  #buffer: Buffer;
  #filled: number;
  #inFlightBytes = 0;
  /** Where the next write goes; always the end of a whole record. */
  #position = 0;
  #scheduled = false;
  #idle: (() => void) | null = null;
  #closing: Promise<void> | null = null;

  constructor(fd: number, label: string, head: Uint8Array, options: RecordFileOptions) {
    this.#fd = fd;
    this.#label = label;
    this.#bytesMax = options.bufferBytesMax ?? BUFFER_BYTES_MAX;
    this.#write = options.write ?? writeAt;
    this.#buffer = Buffer.alloc(Math.max(BUFFER_BYTES_MIN, head.length));
    this.#buffer.set(head);
    this.#filled = head.length;
    if (head.length > 0) this.#schedule();
  }

  /** Room for one record, for the caller to fill before it returns; null: left out, and counted. */
  add(bytes: number): Buffer | null {
    const busy = this.#inFlightBytes + this.#filled + bytes > this.#bytesMax;
    if (busy || this.error !== null || this.#closing !== null) {
      this.droppedFrames++;
      return null;
    }
    this.#reserve(this.#filled + bytes);
    const record = this.#buffer.subarray(this.#filled, this.#filled + bytes);
    this.#filled += bytes;
    this.frames++;
    this.#schedule();
    return record;
  }

  /** Writes what waits, then closes the file. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#flush();
    if (this.#inFlightBytes > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    await promisify(close)(this.#fd);
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    let capacity = Math.max(BUFFER_BYTES_MIN, this.#buffer.length * 2);
    while (capacity < bytes) capacity *= 2;
    const grown = Buffer.allocUnsafeSlow(capacity);
    this.#buffer.copy(grown, 0, 0, this.#filled);
    this.#buffer = grown;
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlightBytes > 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#inFlightBytes > 0 || this.error !== null) return;
    if (this.#filled === 0) return;
    const bytes = this.#buffer.subarray(0, this.#filled);
    this.#buffer = Buffer.alloc(0);
    this.#filled = 0;
    this.#inFlightBytes = bytes.length;
    this.#writeFrom(bytes, 0);
  }

  #writeFrom(bytes: Buffer, done: number): void {
    this.#write(this.#fd, bytes.subarray(done), this.#position + done, (error, written) => {
      const total = done + written;
      if (error === null && written === 0) error = new Error("nothing was written");
      if (error === null && total < bytes.length) {
        this.#writeFrom(bytes, total);
        return;
      }
      if (error !== null) {
        this.#giveUp(error);
        return;
      }
      this.#position += bytes.length;
      this.#settled();
    });
  }

  /** Leaves a file that ends with a whole record, as far as it got. */
  #giveUp(error: Error): void {
    this.error = `${this.#label}: ${explain(error)}`;
    this.#buffer = Buffer.alloc(0);
    this.#filled = 0;
    ftruncate(this.#fd, this.#position, () => this.#settled());
  }

  #settled(): void {
    this.#inFlightBytes = 0;
    this.#flush();
    if (this.#inFlightBytes === 0) this.#idle?.();
  }
}

function writeAt(
  fd: number,
  bytes: Uint8Array,
  position: number,
  done: (error: Error | null, written: number) => void,
): void {
  write(fd, bytes, 0, bytes.length, position, (error, written) => done(error, written ?? 0));
}
