/** Finds, creates, checks and locks the file of a disk. */
import {
  constants,
  fstatSync,
  fsync,
  ftruncateSync,
  open,
  closeSync,
  readFileSync,
  statSync,
  unlinkSync,
  type Stats,
} from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { BackendError, errorCode, explain } from "../error.js";
import { lockHolder, lockWriter, openLocked, type LockedFile, type LockOptions } from "../lock.js";
import { descriptorFile } from "./disk-file.js";
import { checkDirect, directFlag, explainOpen } from "./direct.js";
import { loadFileCalls } from "./file-calls.js";
import { FileDisk } from "./file.js";
import { QueuedFileDisk } from "./queued-file.js";
import { SECTOR_BYTES_DEFAULT, sectorsOf, type SectorBytes } from "./geometry.js";

export interface OpenFileOptions {
  /** Size of the disk: a file that is absent or empty gets it, any other must have it. */
  readonly bytes?: number;
  readonly readonly?: boolean;
  /**
   * A writer that readers need not be kept from, as what it writes is made for that: it locks like a reader, and keeps
   * others like itself out as far as `lockWriter` can.
   */
  readonly besideReaders?: boolean;
  readonly sectorBytes?: SectorBytes;
  /** Past the page cache (O_DIRECT), on other threads. */
  readonly direct?: boolean;
  /** On other threads. */
  readonly async?: boolean;
  /** For tests of the lock. */
  readonly lock?: LockOptions;
}

const PERMISSIONS = 0o600;

/** A file or block device, open and locked. */
export interface OpenDisk {
  readonly fd: number;
  readonly bytes: number;
  /** Else a block device. */
  readonly isFile: boolean;
  /** It was not there before. */
  readonly created: boolean;
  /** Closes the file, which ends the lock. Idempotent. */
  close(): void;
}

/** Opens a file or block device as `openLockedDisk` does, as a disk for a domain. */
export async function openFileDisk(
  file: string,
  options: OpenFileOptions = {},
): Promise<FileDisk | QueuedFileDisk> {
  const readonly = options.readonly ?? false;
  const sectorBytes = options.sectorBytes ?? SECTOR_BYTES_DEFAULT;
  const { fd, bytes, isFile, close } = await openLockedDisk(file, options);
  try {
    const calls = (await loadFileCalls())?.(fd) ?? null;
    const punches = !readonly && (calls?.canPunch(bytes) ?? false);
    const Kind = options.direct === true || options.async === true ? QueuedFileDisk : FileDisk;
    const sectors = bytes / sectorBytes;
    const description = { close, calls, punches, bytes: isFile ? bytes : 0 };
    return new Kind(descriptorFile(fd, description), { sectors, sectorBytes, readonly });
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Opens a file or block device and locks it: one writer, or any number of readers.
 *
 * A new file is sparse and private to the user. Throws BackendError when the file is missing, held
 * by another process, of another size, or not something that can be a disk.
 */
export async function openLockedDisk(
  file: string,
  options: OpenFileOptions = {},
): Promise<OpenDisk> {
  const readonly = options.readonly ?? false;
  const sectorBytes = options.sectorBytes ?? SECTOR_BYTES_DEFAULT;
  if (options.bytes !== undefined) sectorsOf(file, options.bytes, sectorBytes);
  const found = find(file);
  if (found === undefined && (options.bytes === undefined || readonly)) {
    throw new BackendError(
      readonly
        ? `${file}: no such file, and a read-only disk is not created`
        : `${file}: no such file\ngive a size to create it, as in ${file}:64M`,
    );
  }
  const flags = flagsFor(found, readonly) | (options.direct === true ? directFlag(file) : 0);
  const shared = readonly || options.besideReaders === true;
  const locked = await lockDisk(file, flags, shared, options.lock);
  const writes = options.besideReaders === true && !readonly;
  const release = writes ? await keepWritersOut(file, locked) : (): void => undefined;
  try {
    const bytes = await settleSize(file, locked.fd, options.bytes, readonly);
    sectorsOf(file, bytes, sectorBytes);
    if (found === undefined) await syncDirectory(file);
    if (options.direct === true) checkDirect(file, locked.fd, sectorBytes);
    const isFile = found === undefined || found.isFile();
    const created = found === undefined;
    const close = (): void => {
      release();
      locked.close();
    };
    return { fd: locked.fd, bytes, isFile, created, close };
  } catch (error) {
    release();
    // Only what this call created: another creator's disk is not empty.
    if (found === undefined && fstatSync(locked.fd).size === 0) unlinkSync(file);
    locked.close();
    throw error instanceof BackendError ? error : new BackendError(`${file}: ${explain(error)}`);
  }
}

async function keepWritersOut(file: string, locked: LockedFile): Promise<() => void> {
  const release = await lockWriter(locked.fd);
  if (release !== null) return release;
  // It may be new, and is the other one's.
  locked.close();
  throw new BackendError(
    `${file}: another program writes to it at this moment; nothing was changed\ntry again when it is done`,
  );
}

function find(file: string): Stats | undefined {
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat !== undefined) checkKind(file, stat);
    return stat;
  } catch (error) {
    if (error instanceof BackendError) throw error;
    throw new BackendError(`${file}: ${explain(error)}`);
  }
}

function checkKind(file: string, stat: Stats): void {
  if (stat.isFile() || stat.isBlockDevice()) return;
  const kind = stat.isDirectory()
    ? "a directory"
    : stat.isFIFO()
      ? "a FIFO"
      : stat.isSocket()
        ? "a socket"
        : "a character device";
  throw new BackendError(`${file}: it is ${kind}; a disk is a regular file or a block device`);
}

function flagsFor(found: Stats | undefined, readonly: boolean): number {
  if (readonly) return constants.O_RDONLY;
  if (found === undefined) return constants.O_RDWR | constants.O_CREAT;
  // On Linux, O_EXCL without O_CREAT refuses a device that is mounted or otherwise in use.
  const exclusive = found.isBlockDevice() && process.platform === "linux" ? constants.O_EXCL : 0;
  return constants.O_RDWR | exclusive;
}

/** Opens and locks. Throws BackendError that says who has it, or what is wrong with the file. */
export async function lockDisk(
  file: string,
  flags: number,
  shared: boolean,
  options?: LockOptions,
): Promise<LockedFile> {
  let locked: LockedFile | null;
  try {
    locked = await openLocked(file, flags, PERMISSIONS, shared ? "shared" : "exclusive", options);
  } catch (error) {
    if (error instanceof BackendError) throw error;
    const refused = explainOpen(file, flags, error);
    if (refused !== null) throw refused;
    if (errorCode(error) === "EBUSY") throw inUse(file, "it is mounted, or another program has it");
    const hint =
      errorCode(error) === "EACCES" && !shared ? `\nattach it read-only: ${file}:ro` : "";
    throw new BackendError(`${file}: ${explain(error)}${hint}`);
  }
  if (locked !== null) return locked;
  throw inUse(file, "another process has it");
}

function inUse(file: string, otherwise: string): BackendError {
  const holder = lockHolder(file);
  const own = holder?.startsWith(`process ${process.pid} `) === true ? ", which is this one" : "";
  return new BackendError(
    `${file}: the disk is in use${holder === null ? `: ${otherwise}` : ` by ${holder}${own}`}\n` +
      `a disk has one writer, or any number of readers that attach it with :ro`,
  );
}

/** The size in bytes; gives an empty file the size asked for. Under the lock, so two creators agree. */
async function settleSize(
  file: string,
  fd: number,
  wanted: number | undefined,
  readonly: boolean,
): Promise<number> {
  const stat = fstatSync(fd);
  checkKind(file, stat);
  const bytes = stat.isBlockDevice() ? deviceBytes(file, stat.rdev) : stat.size;
  if (wanted === undefined || bytes === wanted) return bytes;
  if (bytes === 0 && stat.isFile() && !readonly) {
    ftruncateSync(fd, wanted);
    await promisify(fsync)(fd);
    return wanted;
  }
  throw new BackendError(
    `${file}: it has ${bytes} bytes, and ${wanted} were asked for\nleave the size out to use it as it is`,
  );
}

/** A new name is durable only when its directory is: else a crash takes a flushed disk with it. */
export async function syncDirectory(file: string): Promise<void> {
  const fd = await promisify(open)(path.dirname(path.resolve(file)), constants.O_RDONLY);
  try {
    await promisify(fsync)(fd);
  } finally {
    closeSync(fd);
  }
}

/** Linux counts the size of a device in these, whatever its own sector is. */
const SYSFS_SECTOR_BYTES = 512;

function deviceBytes(file: string, rdev: number): number {
  try {
    const text = readFileSync(`/sys/dev/block/${deviceName(rdev)}/size`, "utf8");
    return Number.parseInt(text, 10) * SYSFS_SECTOR_BYTES;
  } catch {
    throw new BackendError(`${file}: the size of this device cannot be found out; use a file`);
  }
}

/** `major:minor` of a device number in the layout of the Linux C libraries (64 bits, split fields). */
export function deviceName(rdev: number): string {
  const number = BigInt(rdev);
  const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xfffff000n);
  const minor = (number & 0xffn) | ((number >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}
