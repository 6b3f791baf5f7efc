/** The shape of a disk, and its checks. */
import { BackendError } from "../error.js";

/** Requests in flight a disk of ours accepts. */
export const DEPTH = 32;

export type SectorBytes = 512 | 4096;
export const SECTOR_BYTES_DEFAULT: SectorBytes = 512;

/**
 * Sectors of a disk of `bytes`. Throws BackendError when the size is not a whole number of sectors.
 * `disk` names it in the message.
 */
export function sectorsOf(disk: string, bytes: number, sectorBytes: SectorBytes): number {
  if (!Number.isSafeInteger(bytes) || bytes <= 0 || bytes % sectorBytes !== 0) {
    throw new BackendError(
      `${disk}: ${bytes} bytes is not a disk: the size must be a multiple of the sector, ${sectorBytes} bytes, and not 0`,
    );
  }
  return bytes / sectorBytes;
}
