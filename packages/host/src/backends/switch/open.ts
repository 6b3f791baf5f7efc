/**
 * Who is the switch on a path? Whoever came first.
 *
 * Joining is connecting. When nobody listens, starters take turns under a lock file beside the
 * socket: the first one finds the socket absent or dead, puts its own in place with one rename, and
 * the others then join it. The lock ends with its holder, so a starter that is killed blocks nobody.
 */
import { constants, fstatSync, lstatSync, unlinkSync } from "node:fs";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { BackendError, explain } from "../error.js";
import { openLocked, type LockedFile } from "../lock.js";
import { jitterMs, monotonicMs } from "../time.js";
import { checkReplaceable, checkSocketPath, connectTo } from "./path.js";
import { SwitchServer, type SwitchServerOptions } from "./server.js";

/** How long starters wait for each other before one gives up. */
const ELECTION_MS_MAX = 10_000;
const RETRY_MS_MIN = 2;
const RETRY_MS_SPREAD = 15;

export interface JoinOptions extends SwitchServerOptions {
  /**
   * Makes somebody serve the path, when nobody does; settles when somebody may listen. Without it the
   * switch runs here. Rejects with BackendError.
   */
  readonly serve?: (socketPath: string) => Promise<void>;
}

/** A connection to the switch on a path, and the switch itself when it runs here. */
export interface Joined {
  readonly socket: Socket;
  readonly server: SwitchServer | null;
}

/** Joins the switch on a path from `checkSocketPath`, or becomes it and joins. Throws BackendError. */
export async function joinOrServe(socketPath: string, options: JoinOptions = {}): Promise<Joined> {
  const deadline = monotonicMs() + ELECTION_MS_MAX;
  for (;;) {
    const socket = await connectTo(socketPath);
    if (socket !== null) return { socket, server: null };
    if (options.serve !== undefined) {
      await options.serve(socketPath);
      const theirs = await connectTo(socketPath);
      if (theirs !== null) return { socket: theirs, server: null };
      await retry(socketPath, deadline);
      continue;
    }
    const elected = await elect(socketPath, options);
    if (elected instanceof SwitchServer) {
      const own = await connectTo(socketPath);
      if (own !== null) return { socket: own, server: elected };
      await elected.close();
    } else if (elected !== null) {
      return { socket: elected, server: null };
    }
    await retry(socketPath, deadline);
  }
}

/**
 * Runs a switch on a path and nothing else. Throws BackendError when one runs there already.
 *
 * @example
 * const server = await runSwitch("/tmp/lan.sock", { onEvent: (event) => console.log(event) });
 */
export async function runSwitch(
  given: string,
  options: SwitchServerOptions = {},
): Promise<SwitchServer> {
  const server = await serveUnserved(checkSocketPath(given), options);
  if (server !== null) return server;
  throw new BackendError(
    `switch ${given}: a switch runs there already\nattach images to it with --net NAME=switch:${given}`,
  );
}

/** Runs a switch on a path from `checkSocketPath`; null when one runs there already. Throws BackendError. */
export async function serveUnserved(
  socketPath: string,
  options: SwitchServerOptions = {},
): Promise<SwitchServer | null> {
  const deadline = monotonicMs() + ELECTION_MS_MAX;
  for (;;) {
    const elected = await elect(socketPath, options);
    if (elected instanceof SwitchServer) return elected;
    if (elected !== null) {
      elected.destroy();
      return null;
    }
    await retry(socketPath, deadline);
  }
}

/** The new switch; or a connection, when somebody listens after all; or null: another starter is at it. */
async function elect(
  socketPath: string,
  options: SwitchServerOptions,
): Promise<SwitchServer | Socket | null> {
  checkReplaceable(socketPath);
  const lockPath = `${socketPath}.lock`;
  let lock: LockedFile | null;
  try {
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
    lock = await openLocked(lockPath, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600, "exclusive");
  } catch (error) {
    if (error instanceof BackendError) throw error;
    throw new BackendError(`switch ${socketPath}: ${lockPath}: ${explain(error)}`);
  }
  if (lock === null) return null;
  try {
    // The previous holder removed the file between our open and our lock: lock the new one.
    const named = lstatSync(lockPath, { throwIfNoEntry: false, bigint: true });
    if (named?.ino !== fstatSync(lock.fd, { bigint: true }).ino) return null;
    try {
      const socket = await connectTo(socketPath);
      if (socket !== null) return socket;
      checkReplaceable(socketPath);
      return await SwitchServer.listen(socketPath, options);
    } finally {
      unlinkSync(lockPath);
    }
  } finally {
    lock.close();
  }
}

async function retry(socketPath: string, deadline: number): Promise<void> {
  if (monotonicMs() >= deadline) {
    throw new BackendError(
      `switch ${socketPath}: another process has held ${socketPath}.lock for ${ELECTION_MS_MAX / 1000} s\n` +
        `start a switch of its own with: phantasm switch ${socketPath}`,
    );
  }
  await delay(RETRY_MS_MIN + jitterMs(RETRY_MS_SPREAD));
}
