/**
 * A trace file: a JSON array of events, one a line, that Perfetto and chrome://tracing open.
 *
 * What is not yet written lies in shared memory, so that whoever opened the file can finish it after
 * the thread that wrote it was ended, whatever it was doing. Every write names its place in the file:
 * doing one again changes nothing.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { systemClock } from "../clock.js";
import { formatBytes } from "../format.js";
import { STEPS, traceEvent, trackId } from "./event.js";

export interface TraceOptions {
  /** The file grows no larger; default TRACE_BYTES_MAX. */
  readonly bytesMax?: number;
}

/** What another thread of this process needs to write to the same file. One at a time. */
export interface TraceShare {
  readonly fd: number;
  readonly path: string;
  readonly bytesMax: number;
  /** Reading of the monotonic clock that counts as 0. */
  readonly originNs: bigint;
  readonly shared: SharedArrayBuffer;
}

/** The file cannot be written. The message is for the operator, and not escaped. */
export class TraceError extends Error {
  override name = "TraceError";
}

export const TRACE_BYTES_MAX = 256 * 1024 * 1024;
/** Less would not hold the names of the tracks. */
export const TRACE_BYTES_MIN = 64 * 1024;

const BUFFER_BYTES = 256 * 1024;
/** Room for what is said when the file is full. */
const RESERVE_BYTES = 8 * 1024;
const HEADER_BYTES = 32;

/** Words of the header, 64 bits each. */
const PRODUCED = 0;
const WRITTEN = 1;
const STATE = 2;
const PROCESSES = 3;

const OPEN = 0n;
const FULL = 1n;
const FAILED = 2n;
const CLOSED = 3n;

const HEAD = "[\n";
const TAIL = "\n]\n";

export class TraceFile {
  readonly share: TraceShare;
  readonly #header: BigInt64Array;
  readonly #buffer: Buffer;
  /** Told once, when the file is full or can no longer be written; one line, not escaped. */
  onStop: (reason: string) => void = () => undefined;

  constructor(share: TraceShare) {
    this.share = share;
    this.#header = new BigInt64Array(share.shared, 0, HEADER_BYTES / 8);
    this.#buffer = Buffer.from(share.shared, HEADER_BYTES);
  }

  /**
   * Creates the file, or empties it if it is a trace: a slip must not cost another file.
   *
   * @throws TraceError when it cannot be written, or holds something else
   */
  static open(path: string, options: TraceOptions = {}): TraceFile {
    let fd: number | null = null;
    try {
      fd = openEmpty(path);
      writeSync(fd, HEAD, 0);
    } catch (error) {
      if (fd !== null) closeSync(fd);
      if (error instanceof TraceError) throw error;
      throw new TraceError(`the trace ${path} cannot be written: ${reasonOf(error)}`);
    }
    const file = new TraceFile({
      fd,
      path,
      bytesMax: Math.max(options.bytesMax ?? TRACE_BYTES_MAX, TRACE_BYTES_MIN),
      originNs: systemClock.monotonic(),
      shared: new SharedArrayBuffer(HEADER_BYTES + BUFFER_BYTES),
    });
    file.#header[PRODUCED] = BigInt(HEAD.length);
    file.#header[WRITTEN] = BigInt(HEAD.length);
    return file;
  }

  /** False once it is full, failed or closed: events then go nowhere. */
  get open(): boolean {
    return Atomics.load(this.#header, STATE) === OPEN;
  }

  /** Whole ns since it was opened; the same in every thread. */
  get nowNs(): number {
    return Number(systemClock.monotonic() - this.share.originNs);
  }

  /** A number for one more domain in this file, from 1. */
  nextProcess(): number {
    return Number(Atomics.add(this.#header, PROCESSES, 1n)) + 1;
  }

  /** Adds an event: the text of a JSON object, in ASCII and on one line. */
  event(text: string): void {
    if (!this.open) return;
    const produced = Number(this.#header[PRODUCED]);
    if (produced + text.length > this.share.bytesMax - RESERVE_BYTES) return this.#full();
    this.#add(text);
  }

  /** Writes what is buffered. */
  flush(): void {
    const written = Number(this.#header[WRITTEN]);
    const bytes = Number(this.#header[PRODUCED]) - written;
    try {
      for (let done = 0; done < bytes;) {
        done += writeSync(this.share.fd, this.#buffer, done, bytes - done, written + done);
      }
      this.#header[WRITTEN] = BigInt(written + bytes);
    } catch (error) {
      Atomics.store(this.#header, STATE, FAILED);
      this.onStop(`the trace ${this.share.path} cannot be written: ${reasonOf(error)}`);
    }
  }

  /**
   * Ends the array and closes the file. Only where it was opened, once nobody else writes to it.
   *
   * @param last events for which there is always room
   */
  close(last: readonly string[] = []): void {
    const before = Atomics.exchange(this.#header, STATE, CLOSED);
    if (before === CLOSED) return;
    if (before !== FAILED) {
      for (const text of last) this.#add(text);
      this.flush();
    }
    const written = Number(this.#header[WRITTEN]);
    try {
      // A write that failed may have left a part of itself.
      ftruncateSync(this.share.fd, written);
      writeSync(this.share.fd, TAIL, written);
    } catch {
      // It was said before, or the disk is full: both viewers take an array that is not closed.
    }
    closeSync(this.share.fd);
  }

  #add(text: string): void {
    const room = BUFFER_BYTES - this.#buffered();
    if (text.length + 2 > room) this.flush();
    if (text.length + 2 > BUFFER_BYTES || this.#header[STATE] === FAILED) return;
    const produced = this.#header[PRODUCED] ?? 0n;
    const line = produced === BigInt(HEAD.length) ? text : `,\n${text}`;
    this.#buffer.write(line, this.#buffered(), "latin1");
    // Only now: a thread that is ended in the middle of a line has not written it.
    Atomics.store(this.#header, PRODUCED, produced + BigInt(line.length));
  }

  #buffered(): number {
    return Number((this.#header[PRODUCED] ?? 0n) - (this.#header[WRITTEN] ?? 0n));
  }

  #full(): void {
    Atomics.store(this.#header, STATE, FULL);
    this.#add(
      traceEvent({
        name: "the trace is full",
        cat: "trace",
        ph: "i",
        s: "g",
        ts: this.nowNs,
        pid: 1,
        tid: trackId(1, STEPS),
      }),
    );
    const { path, bytesMax } = this.share;
    this.onStop(
      `the trace ${path} has reached ${formatBytes(bytesMax)} and ends here; see --trace-limit`,
    );
  }
}

/** Opens the file and empties it, unless it is neither empty nor a trace. */
function openEmpty(path: string): number {
  // Not waiting: opening a FIFO would hang until somebody reads it.
  const { O_RDWR, O_WRONLY, O_CREAT, O_NONBLOCK } = constants;
  let fd: number;
  try {
    fd = openSync(path, O_RDWR | O_CREAT | O_NONBLOCK, 0o666);
  } catch {
    // What cannot be read, such as the end of a pipe, has nothing to lose; an ordinary file is refused below.
    fd = openSync(path, O_WRONLY | O_CREAT | O_NONBLOCK, 0o666);
  }
  try {
    const stat = fstatSync(fd);
    if (stat.isFile() ? stat.size > 0 && !isTrace(fd) : stat.isBlockDevice())
      throw new TraceError(
        `the trace ${path} is not written: it holds something else\nname a file that does not exist`,
      );
    if (stat.isFile()) ftruncateSync(fd, 0);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** It begins as a trace does; also one that was cut before its first event, or has none. */
function isTrace(fd: number): boolean {
  const first = `${HEAD}{"ph":"`;
  const bytes = Buffer.alloc(first.length);
  const text = bytes.toString("latin1", 0, readSync(fd, bytes, 0, bytes.length, 0));
  return text === HEAD + TAIL || first.startsWith(text);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
