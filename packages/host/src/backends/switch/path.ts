/** Where a switch listens: the path of a unix socket, and how to find out who is behind it. */
import { lstatSync, statSync } from "node:fs";
import { connect as connectSocket, type Socket } from "node:net";
import path from "node:path";
import { BackendError, errorCode, explain } from "../error.js";

/** `sun_path` of sockaddr_un is 108 bytes on Linux and 104 on the BSDs, the final zero included. */
const SOCKET_PATH_BYTES_MAX = process.platform === "linux" ? 107 : 103;
/** The server first binds `DIRECTORY/.` and 8 characters, then renames. */
export const TEMPORARY_NAME_CHARACTERS = 9;

/**
 * Checks a path before anything is created and makes it absolute. Throws BackendError.
 *
 * The kernel's limit would otherwise show as EINVAL, or as a socket with a name cut short.
 */
export function checkSocketPath(given: string): string {
  if (given === "" || given.includes("\0")) {
    throw new BackendError(`a switch needs the path of its socket, as in switch:/tmp/lan.sock`);
  }
  const absolute = path.resolve(given);
  const directory = path.dirname(absolute);
  const bytes = Math.max(
    Buffer.byteLength(absolute),
    Buffer.byteLength(path.join(directory, "x".repeat(TEMPORARY_NAME_CHARACTERS))),
  );
  if (bytes > SOCKET_PATH_BYTES_MAX) {
    throw new BackendError(
      `switch ${given}: the path of a unix socket has at most ${SOCKET_PATH_BYTES_MAX} bytes, this one needs ${bytes}\n` +
        `choose a shorter one, as in /tmp/lan.sock`,
    );
  }
  return absolute;
}

/** What lies at the path, as far as a new server is concerned. Throws BackendError when it must not be replaced. */
export function checkReplaceable(socketPath: string): void {
  const directory = path.dirname(socketPath);
  try {
    if (!statSync(directory).isDirectory()) {
      throw new BackendError(`switch ${socketPath}: ${directory} is not a directory`);
    }
  } catch (error) {
    if (error instanceof BackendError) throw error;
    throw new BackendError(`switch ${socketPath}: ${directory}: ${explain(error)}`);
  }
  const stat = lstatSync(socketPath, { throwIfNoEntry: false });
  if (stat === undefined || stat.isSocket()) return;
  // connect() to a regular file is refused just like a dead socket is: never mistake one for the other.
  throw new BackendError(
    `switch ${socketPath}: a file that is not a socket is in the way\n` +
      `choose another path, or remove the file`,
  );
}

/**
 * Connects to whoever listens on the path.
 *
 * Null: nobody does (no socket, or the socket of a dead process), or it is too busy to answer now.
 * Throws BackendError when trying again would not help.
 */
export function connectTo(socketPath: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ path: socketPath });
    const failed = (error: Error): void => {
      socket.destroy();
      switch (errorCode(error)) {
        case "ENOENT":
        case "ECONNREFUSED":
        case "ECONNRESET":
        case "EAGAIN":
          resolve(null);
          break;
        case "EPROTOTYPE":
          reject(new BackendError(`switch ${socketPath}: the socket there is not a stream socket`));
          break;
        default:
          reject(new BackendError(`switch ${socketPath}: ${explain(error)}`));
      }
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      resolve(socket);
    });
  });
}
