/**
 * The log of a disk in a file: `--block-log`. Described in docs/reference/block.md; all numbers are
 * little-endian.
 *
 * Entries are handed to the kernel before the disk gets the request, so a killed host leaves them all. A
 * file that ends within an entry ends before it.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from "node:fs";
import { crc32 } from "node:zlib";
import { BackendError, explain } from "../error.js";
import type { LogEntry, LogSink } from "./log.js";

const MAGIC = 0x0a47_4f4c_4b4c_4250n; // "PBLKLOG\n"
const VERSION = 1;
const HEADER_BYTES = 32;
const ENTRY_BYTES = 32;

const KINDS = ["write", "discard", "flush", "flushed", "failed"] as const;

export class FileLog implements LogSink {
  readonly #path: string;
  readonly #sectorBytes: number;
  #fd: number | null;
  #length = 0;
  #problem: string | null = null;

  /** Makes the file anew, unless it is none of these: a slip must not cost a disk. Throws BackendError. */
  constructor(path: string, sectors: number, sectorBytes: number) {
    this.#path = path;
    this.#sectorBytes = sectorBytes;
    this.#fd = openEmpty(path);
    const header = new Uint8Array(HEADER_BYTES);
    const view = new DataView(header.buffer);
    view.setBigUint64(0, MAGIC, true);
    view.setUint32(8, VERSION, true);
    view.setUint32(12, sectorBytes, true);
    view.setBigUint64(16, BigInt(sectors), true);
    view.setUint32(28, crc32(header.subarray(0, 28)), true);
    this.#write(header);
  }

  get length(): number {
    return this.#length;
  }

  get problem(): string | null {
    return this.#problem;
  }

  append(entry: LogEntry): void {
    const header = new Uint8Array(ENTRY_BYTES);
    const view = new DataView(header.buffer);
    view.setUint32(4, KINDS.indexOf(entry.kind), true);
    const data = entry.kind === "write" ? entry.data : null;
    if (entry.kind === "write" || entry.kind === "discard") {
      const sectors =
        entry.kind === "write" ? entry.data.length / this.#sectorBytes : entry.sectors;
      view.setUint32(8, sectors, true);
      view.setBigUint64(16, BigInt(entry.sector), true);
    } else if (entry.kind !== "flush") view.setBigUint64(16, BigInt(entry.entry), true);
    view.setBigUint64(24, BigInt(this.#length), true);
    const sum = crc32(header.subarray(4));
    view.setUint32(0, data === null ? sum : crc32(data, sum), true);
    this.#length++;
    this.#write(header);
    if (data !== null) this.#write(data);
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  /** The disk goes on without its log. */
  #write(bytes: Uint8Array): void {
    if (this.#fd === null) return;
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(this.#fd, bytes, done);
    } catch (error) {
      this.#problem = `--block-log ${this.#path} ends here: ${explain(error)}`;
      this.close();
    }
  }
}

function openEmpty(path: string): number {
  const what = `--block-log ${path}`;
  let fd: number | null = null;
  try {
    // Not waiting: opening a FIFO would hang until somebody reads it.
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK, 0o600);
    const stat = fstatSync(fd);
    const magic = new DataView(new ArrayBuffer(8));
    const isEmpty = stat.isFile() ? stat.size === 0 : !stat.isBlockDevice();
    if (!isEmpty) readSync(fd, magic, 0, 8, 0);
    if (!isEmpty && magic.getBigUint64(0, true) !== MAGIC)
      throw new BackendError(`${what}: it holds something else\nname a file that does not exist`);
    if (stat.isFile()) ftruncateSync(fd, 0);
    return fd;
  } catch (error) {
    if (fd !== null) closeSync(fd);
    throw error instanceof BackendError ? error : new BackendError(`${what}: ${explain(error)}`);
  }
}

export interface BlockLog {
  readonly sectors: number;
  readonly sectorBytes: number;
  readonly entries: readonly LogEntry[];
  /** The file ends within an entry, as that of a host that was killed may. */
  readonly cut: boolean;
}

/**
 * Reads a whole log. Throws BackendError when it is none, of another version, or damaged in the middle.
 */
export function readBlockLog(path: string): BlockLog {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < HEADER_BYTES || view.getBigUint64(0, true) !== MAGIC)
    throw new BackendError(`${path}: it is no log of a disk`);
  if (view.getUint32(28, true) !== crc32(bytes.subarray(0, 28)))
    throw new BackendError(`${path}: its header is damaged`);
  if (view.getUint32(8, true) !== VERSION)
    throw new BackendError(`${path}: version ${view.getUint32(8, true)} of the format is unknown`);
  const sectorBytes = view.getUint32(12, true);
  const entries: LogEntry[] = [];
  let at = HEADER_BYTES;
  while (at + ENTRY_BYTES <= bytes.length) {
    const kind = KINDS[view.getUint32(at + 4, true)];
    const sectors = view.getUint32(at + 8, true);
    const end = at + ENTRY_BYTES + (kind === "write" ? sectors * sectorBytes : 0);
    if (end > bytes.length) break;
    const good =
      view.getUint32(at, true) === crc32(bytes.subarray(at + 4, end)) &&
      Number(view.getBigUint64(at + 24, true)) === entries.length;
    if (kind === undefined || !good)
      throw new BackendError(`${path}: entry ${entries.length} at byte ${at} is damaged`);
    const place = Number(view.getBigUint64(at + 16, true));
    if (kind === "write")
      entries.push({ kind, sector: place, data: bytes.subarray(at + ENTRY_BYTES, end) });
    else if (kind === "discard") entries.push({ kind, sector: place, sectors });
    else if (kind === "flush") entries.push({ kind });
    else entries.push({ kind, entry: place });
    at = end;
  }
  const sectors = Number(view.getBigUint64(16, true));
  return { sectors, sectorBytes, entries, cut: at < bytes.length };
}
