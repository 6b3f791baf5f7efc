/** Opens an overlay: its base, shared with other readers, and where its changes go. */
import { constants, fstatSync, fsync, ftruncateSync, readSync, statSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { BackendError, explain } from "../error.js";
import { FileChanges, layoutOf, PAGE_BYTES } from "./changes-file.js";
import { descriptorFile } from "./disk-file.js";
import { loadFileCalls } from "./file-calls.js";
import { MemoryChanges } from "./memory-changes.js";
import { lockDisk, openFileDisk, syncDirectory, type OpenFileOptions } from "./open-file.js";
import { OverlayDisk } from "./overlay.js";

const MAGIC = 0x5948_5056_4f48_50n; // "PHOVPHY\0", little-endian
const VERSION = 1;
const HEADER_BYTES = 48;

export interface OpenOverlayOptions extends Pick<
  OpenFileOptions,
  "sectorBytes" | "direct" | "async"
> {
  /** A file that keeps what was written; in memory unless given. */
  readonly changes?: string;
}

/**
 * A disk that begins with what is in `file` and never writes to it.
 *
 * Any number of overlays, and readers, may share the file; none while somebody writes to it. Throws
 * BackendError: as `openFileDisk`, and when the changes are of another base.
 */
export async function openOverlay(
  file: string,
  options: OpenOverlayOptions = {},
): Promise<OverlayDisk> {
  const { changes, ...rest } = options;
  const base = await openFileDisk(file, { ...rest, readonly: true });
  try {
    const kept =
      changes === undefined
        ? new MemoryChanges(base.sectorBytes)
        : await openChanges(changes, file, base.sectors, base.sectorBytes);
    return new OverlayDisk(base, kept);
  } catch (error) {
    await base.close();
    throw error;
  }
}

async function openChanges(
  file: string,
  base: string,
  sectors: number,
  sectorBytes: number,
): Promise<FileChanges> {
  const isNew = statSync(file, { throwIfNoEntry: false }) === undefined;
  const locked = await lockDisk(file, constants.O_RDWR | constants.O_CREAT, false);
  try {
    const { bytes } = layoutOf(sectors, sectorBytes);
    const header = headerOf(sectors, sectorBytes, statSync(base, { bigint: true }).mtimeNs);
    const stat = fstatSync(locked.fd);
    if (!stat.isFile()) throw new BackendError(`${file}: changes are kept in a regular file`);
    if (stat.size === 0) {
      ftruncateSync(locked.fd, bytes);
      // Behind the size: a file without a header is one whose making was cut short.
      await promisify(fsync)(locked.fd);
      writeSync(locked.fd, header, 0, HEADER_BYTES, 0);
      await promisify(fsync)(locked.fd);
      if (isNew) await syncDirectory(file);
    } else checkHeader(file, base, locked.fd, header);
    const bits = new Uint8Array(layoutOf(sectors, sectorBytes).data - PAGE_BYTES);
    for (let done = 0; done < bits.length;) {
      const count = readSync(locked.fd, bits, done, bits.length - done, PAGE_BYTES + done);
      if (count === 0) throw new BackendError(`${file}: it was cut short`);
      done += count;
    }
    const calls = (await loadFileCalls())?.(locked.fd) ?? null;
    const disk = descriptorFile(locked.fd, { close: () => locked.close(), calls });
    return new FileChanges(disk, locked.fd, { sectorBytes, sectors, bits });
  } catch (error) {
    locked.close();
    throw error instanceof BackendError ? error : new BackendError(`${file}: ${explain(error)}`);
  }
}

function headerOf(sectors: number, sectorBytes: number, baseNs: bigint): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, MAGIC, true);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, sectorBytes, true);
  view.setBigUint64(16, BigInt(sectors), true);
  view.setBigInt64(24, baseNs, true);
  view.setUint32(44, crc32(bytes.subarray(0, 44)), true);
  return bytes;
}

function checkHeader(file: string, base: string, fd: number, wanted: Uint8Array): void {
  const found = new Uint8Array(HEADER_BYTES);
  readSync(fd, found, 0, HEADER_BYTES, 0);
  const view = new DataView(found.buffer);
  const fresh = "\ndelete it to begin anew with what is below";
  if (found.every((byte) => byte === 0))
    throw new BackendError(`${file}: its making was cut short${fresh}`);
  if (view.getBigUint64(0, true) !== MAGIC)
    throw new BackendError(
      `${file}: it holds no changes of an overlay\nname a file that does not exist`,
    );
  if (view.getUint32(44, true) !== crc32(found.subarray(0, 44)))
    throw new BackendError(`${file}: its header is damaged`);
  if (view.getUint32(8, true) !== VERSION)
    throw new BackendError(`${file}: version ${view.getUint32(8, true)} of the format is unknown`);
  const same = (from: number, to: number): boolean =>
    Buffer.compare(found.subarray(from, to), wanted.subarray(from, to)) === 0;
  if (!same(12, 24)) {
    const size = `${view.getBigUint64(16, true)} sectors of ${view.getUint32(12, true)} bytes`;
    throw new BackendError(
      `${file}: its changes are of a disk of ${size}, which ${base} is not${fresh}`,
    );
  }
  if (!same(24, 32))
    throw new BackendError(
      `${file}: ${base} was modified since these changes began, and they fit it no more${fresh}`,
    );
}
