/** Files that are read and written past the page cache. */
import { constants, readSync } from "node:fs";
import { BackendError, errorCode } from "../error.js";
import { Bounce } from "./bounce.js";
import type { SectorBytes } from "./geometry.js";

/** The flag of open(2). Throws BackendError where there is none. */
export function directFlag(file: string): number {
  // Node has the name on Linux alone.
  const flag = (constants as { readonly O_DIRECT?: number }).O_DIRECT;
  if (flag !== undefined) return flag;
  throw new BackendError(`${file}: ",direct" is for Linux; leave it out to use the page cache`);
}

/** What to say when open(2) failed because of the flag; null when it was something else. */
export function explainOpen(file: string, flags: number, error: unknown): BackendError | null {
  const flag = (constants as { readonly O_DIRECT?: number }).O_DIRECT ?? 0;
  if ((flags & flag) === 0 || errorCode(error) !== "EINVAL") return null;
  return new BackendError(
    `${file}: this file system has no direct access (O_DIRECT)\nleave ",direct" out to use the page cache`,
  );
}

/** Reads one sector: a device whose own blocks are larger refuses. Throws BackendError. */
export function checkDirect(file: string, fd: number, sectorBytes: SectorBytes): void {
  try {
    readSync(fd, new Bounce(1).bytes, 0, sectorBytes, 0);
  } catch (error) {
    if (errorCode(error) !== "EINVAL") throw error;
    throw new BackendError(
      sectorBytes === 512
        ? `${file}: direct access to this device needs larger sectors\nadd ",sector=4096", or leave ",direct" out`
        : `${file}: direct access is refused here for sectors of ${sectorBytes} bytes\nleave ",direct" out`,
    );
  }
}
