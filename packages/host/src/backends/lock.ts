/**
 * Locks a file against other processes, in a way that ends with the process that holds it.
 *
 * Node has no flock(2), but a lock of flock belongs to the open file description, which a child
 * shares: the `flock` command (util-linux, busybox), given our descriptor, locks it for us and goes
 * away; the lock stays until we close the descriptor or die. It follows the inode, so every path,
 * link and mount of the file is one lock, and it is seen across containers, which neither process
 * ids in a lock file nor a socket name would be (process and network namespaces hide those).
 *
 * Where there is no such command, an abstract socket named after the inode takes its place: also
 * released by the kernel, but seen within one network namespace only, and without shared locks. On
 * macOS and the BSDs open(2) itself takes the lock.
 */
import { spawn } from "node:child_process";
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { BackendError, errorCode } from "./error.js";

export type LockMode = "exclusive" | "shared";

export interface LockedFile {
  readonly fd: number;
  /** Closes the file, which ends the lock. Idempotent. */
  close(): void;
}

export interface LockOptions {
  /** The command that locks descriptor 3; tests name one that does not exist. */
  readonly command?: string;
  readonly platform?: NodeJS.Platform;
}

/** open(2) of macOS and the BSDs; Node passes them through but has no names for them. */
const O_SHLOCK = 0x10;
const O_EXLOCK = 0x20;

/** Exit status of `flock -n` when somebody else holds the lock. */
const HELD = 1;

/**
 * Opens a file and locks it; null when another process, or another open in this one, holds it.
 *
 * `flags` and `permissions` are those of open(2); the file is never waited for (a FIFO does not
 * block). Throws what open throws, and BackendError when this machine offers no lock at all.
 */
export async function openLocked(
  path: string,
  flags: number,
  permissions: number,
  mode: LockMode,
  options: LockOptions = {},
): Promise<LockedFile | null> {
  const platform = options.platform ?? process.platform;
  if (platform !== "linux") {
    try {
      const lock = mode === "exclusive" ? O_EXLOCK : O_SHLOCK;
      return new HeldFile(openSync(path, flags | lock | constants.O_NONBLOCK, permissions), null);
    } catch (error) {
      if (errorCode(error) === "EAGAIN") return null;
      throw error;
    }
  }
  const fd = openSync(path, flags | constants.O_NONBLOCK, permissions);
  try {
    const outcome = await lockWithCommand(options.command ?? "flock", fd, mode);
    if (outcome === "locked") return new HeldFile(fd, null);
    if (outcome === "unavailable") {
      const socket = await lockWithSocket(path, fd, mode);
      if (socket !== "held") return new HeldFile(fd, socket);
    }
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  closeSync(fd);
  return null;
}

class HeldFile implements LockedFile {
  readonly fd: number;
  #socket: Server | null;
  #open = true;

  constructor(fd: number, socket: Server | null) {
    this.fd = fd;
    this.#socket = socket;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.fd);
    this.#socket?.close();
    this.#socket = null;
  }
}

function lockWithCommand(
  command: string,
  fd: number,
  mode: LockMode,
): Promise<"locked" | "held" | "unavailable"> {
  return new Promise((resolve) => {
    try {
      const child = spawn(command, ["-n", mode === "exclusive" ? "-x" : "-s", "3"], {
        stdio: ["ignore", "ignore", "ignore", fd],
      });
      child.once("error", () => resolve("unavailable"));
      child.once("exit", (status) =>
        resolve(status === 0 ? "locked" : status === HELD ? "held" : "unavailable"),
      );
    } catch {
      // Starting a process is not permitted here.
      resolve("unavailable");
    }
  });
}

async function lockWithSocket(
  path: string,
  fd: number,
  mode: LockMode,
): Promise<Server | null | "held"> {
  if (mode === "shared") return null;
  try {
    return await nameSocket("lock", fd);
  } catch {
    throw new BackendError(`${path}: cannot be locked here; install the command flock`);
  }
}

/** An abstract socket that only one can have. */
function nameSocket(purpose: "lock" | "writer", fd: number): Promise<Server | "held"> {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error) => {
      if (errorCode(error) === "EADDRINUSE") resolve("held");
      else reject(error);
    });
    server.listen({ path: `\0phantasm-${purpose}-${dev}-${ino}`, exclusive: true }, () => {
      server.unref();
      resolve(server);
    });
  });
}

/**
 * Keeps other writers out of a file that readers may have open meanwhile: their lock and this one exclude nobody but
 * their like. Seen within one network namespace of Linux; elsewhere it keeps nobody out.
 *
 * @returns what gives it back; null when another one writes
 */
export async function lockWriter(
  fd: number,
  platform: NodeJS.Platform = process.platform,
): Promise<(() => void) | null> {
  if (platform !== "linux") return () => undefined;
  const socket = await nameSocket("writer", fd).catch(() => null);
  if (socket === "held") return null;
  return () => socket?.close();
}

/**
 * Who holds a lock on the file, as "process 123 (node)"; null when it cannot be found out: another
 * user's process, another container, another system. Best effort, for an error message.
 */
export function lockHolder(path: string): string | null {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    let inode: bigint;
    try {
      inode = fstatSync(fd, { bigint: true }).ino;
    } finally {
      closeSync(fd);
    }
    for (const pid of readdirSync("/proc")) {
      if (/^\d+$/.test(pid) && holdsLock(pid, inode)) {
        return `process ${pid} (${readFileSync(`/proc/${pid}/comm`, "utf8").trim()})`;
      }
    }
  } catch {
    // No /proc here.
  }
  return null;
}

function holdsLock(pid: string, inode: bigint): boolean {
  try {
    const directory = `/proc/${pid}/fdinfo`;
    const lock = new RegExp(`^lock:.* FLOCK .*:${inode} `, "m");
    return readdirSync(directory).some((fd) => {
      try {
        return lock.test(readFileSync(`${directory}/${fd}`, "utf8"));
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}
