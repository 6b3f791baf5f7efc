/**
 * Writes what passes over a link to a pcap file, for tcpdump and Wireshark.
 *
 * Any link can be wrapped. A frame is written when the link has accepted it, or when the guest takes
 * it, without its virtio_net_hdr; partial checksums look wrong in the file. A slow disk never slows
 * the link: frames that find the buffer full are left out and counted.
 */
import { close, closeSync, constants, fstatSync, ftruncate, open, write } from "node:fs";
import { promisify } from "node:util";
import { systemClock, type Clock } from "../clock.js";
import { BackendError, explain } from "./error.js";
import { HEADER_BYTES, QUEUE_BYTES_MAX } from "./link.js";
import type { LinkCounters, NetBackend } from "./types.js";

/** draft-ietf-opsawg-pcap: time stamps in nanoseconds; the byte order is the writer's. */
const MAGIC_NANOSECONDS = 0xa1b23c4d;
const VERSION_MAJOR = 2;
const VERSION_MINOR = 4;
const SNAP_BYTES = 262_144;
const LINKTYPE_ETHERNET = 1;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const BUFFER_BYTES_MIN = 4096;
const NS_PER_SECOND = 1_000_000_000n;

export interface CaptureOptions {
  /** Stamps the frames; the machine's clock unless given. */
  readonly clock?: Clock;
  /** Bytes that wait for the disk, at most. */
  readonly bufferBytesMax?: number;
  /** Writes at a position of the file, calls back once. Tests put a slow or full disk here. */
  readonly write?: (
    fd: number,
    bytes: Uint8Array,
    position: number,
    done: (error: Error | null, written: number) => void,
  ) => void;
}

/** A link with a pcap file; `close` writes what waits and closes both. */
export interface CapturedLink extends NetBackend {
  readonly capture: {
    /** Frames handed to the file, and frames left out. */
    readonly frames: number;
    readonly droppedFrames: number;
    /** Why the file was given up, for the operator; the link goes on. */
    readonly error: string | null;
  };
}

/** Wraps a link. Takes it over when it succeeds; throws BackendError when the file cannot be created. */
export async function capture(
  link: NetBackend,
  file: string,
  options: CaptureOptions = {},
): Promise<CapturedLink> {
  let fd: number | null = null;
  try {
    // Not waiting: opening a FIFO would hang until somebody reads it.
    const { O_WRONLY, O_CREAT, O_NONBLOCK } = constants;
    fd = await promisify(open)(file, O_WRONLY | O_CREAT | O_NONBLOCK, 0o600);
    if (!fstatSync(fd).isFile()) throw new Error("it is not a regular file");
    await promisify(ftruncate)(fd, 0);
  } catch (error) {
    if (fd !== null) closeSync(fd);
    throw new BackendError(`pcap file ${file}: ${explain(error)}`);
  }
  return new Capture(link, new PcapFile(fd, file, options), options.clock ?? systemClock);
}

class Capture implements CapturedLink {
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly features: number;
  readonly counters: LinkCounters;
  readonly #link: NetBackend;
  readonly #file: PcapFile;
  readonly #clock: Clock;
  /** Wall time when monotonic time was 0: the monotonic clock is the finer one, and never jumps. */
  readonly #wallOriginNs: bigint;

  constructor(link: NetBackend, file: PcapFile, clock: Clock) {
    this.mac = link.mac;
    this.mtu = link.mtu;
    this.features = link.features;
    this.counters = link.counters;
    this.#link = link;
    this.#file = file;
    this.#clock = clock;
    this.#wallOriginNs = clock.wall() - clock.monotonic();
  }

  get capture(): CapturedLink["capture"] {
    return this.#file;
  }

  get gone(): boolean {
    return this.#link.gone;
  }

  get reason(): string | null {
    return this.#link.reason ?? null;
  }

  attach(wake: () => void): void {
    this.#link.attach(wake);
  }

  send(frame: Uint8Array): boolean {
    if (!this.#link.send(frame)) return false;
    this.#file.add(frame, HEADER_BYTES, frame.length, this.#nowNs());
    return true;
  }

  receive(into: Uint8Array): number {
    const bytes = this.#link.receive(into);
    if (bytes > 0) this.#file.add(into, HEADER_BYTES, bytes, this.#nowNs());
    return bytes;
  }

  async close(): Promise<void> {
    await this.#link.close();
    await this.#file.close();
  }

  #nowNs(): bigint {
    return this.#wallOriginNs + this.#clock.monotonic();
  }
}

/** One write in flight at a time; what comes meanwhile gathers, up to a bound, for the next. */
class PcapFile {
  frames = 0;
  droppedFrames = 0;
  error: string | null = null;
  readonly #fd: number;
  readonly #path: string;
  readonly #bytesMax: number;
  readonly #write: NonNullable<CaptureOptions["write"]>;
  #buffer: Buffer;
  #filled = FILE_HEADER_BYTES;
  #inFlightBytes = 0;
  /** Where the next write goes; always the end of a whole record. */
  #position = 0;
  #scheduled = false;
  #idle: (() => void) | null = null;
  #closing: Promise<void> | null = null;

  constructor(fd: number, path: string, options: CaptureOptions) {
    this.#fd = fd;
    this.#path = path;
    this.#bytesMax = options.bufferBytesMax ?? QUEUE_BYTES_MAX;
    this.#write = options.write ?? writeAt;
    this.#buffer = Buffer.alloc(BUFFER_BYTES_MIN);
    this.#buffer.writeUInt32LE(MAGIC_NANOSECONDS, 0);
    this.#buffer.writeUInt16LE(VERSION_MAJOR, 4);
    this.#buffer.writeUInt16LE(VERSION_MINOR, 6);
    this.#buffer.writeUInt32LE(SNAP_BYTES, 16);
    this.#buffer.writeUInt32LE(LINKTYPE_ETHERNET, 20);
    this.#schedule();
  }

  add(bytes: Uint8Array, start: number, end: number, nowNs: bigint): void {
    const length = end - start;
    const record = RECORD_HEADER_BYTES + length;
    if (
      this.error !== null ||
      this.#closing !== null ||
      this.#inFlightBytes + this.#filled + record > this.#bytesMax
    ) {
      this.droppedFrames++;
      return;
    }
    this.#reserve(this.#filled + record);
    const buffer = this.#buffer;
    const at = this.#filled;
    buffer.writeUInt32LE(Number(BigInt.asUintN(32, nowNs / NS_PER_SECOND)), at);
    buffer.writeUInt32LE(Number(nowNs % NS_PER_SECOND), at + 4);
    buffer.writeUInt32LE(length, at + 8);
    buffer.writeUInt32LE(length, at + 12);
    buffer.set(bytes.subarray(start, end), at + RECORD_HEADER_BYTES);
    this.#filled += record;
    this.frames++;
    this.#schedule();
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
    this.error = `pcap file ${this.#path}: ${explain(error)}`;
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
