import { checkOptions, device, type Device } from "phantasm";

export interface FatOptions {
  /** Bytes of sectors kept in memory: 16 KiB to 64 MiB. Never less than three sectors for each operation. Default 256 KiB. */
  readonly cacheBytes?: number;
  /** Files that may be open at once, 1 to 4096; one more is EXHAUSTED. Default 64. */
  readonly openFilesMax?: number;
  /** Operations that may wait or go on at once, 1 to 256; one more is EXHAUSTED. Default 16. */
  readonly operationsMax?: number;
}

/**
 * Files on a FAT volume: FAT32 to read and write, FAT12 and FAT16 to read.
 *
 * @param disk the whole volume, as `mkfs.vfat` makes it; of a disk with partitions, one of them
 * @param clock what the times of files are taken from
 * @example devices: { files: fat(block("disk"), clock()) }
 */
export function fat(
  disk: Device<"Block">,
  clock: Device<"Clock">,
  options: FatOptions = {},
): Device<"Files"> {
  checkOptions("fat", options, ["cacheBytes", "openFilesMax", "operationsMax"]);
  const { cacheBytes = 262_144, openFilesMax = 64, operationsMax = 16 } = options;
  return device({
    module: "@phantasm/fat",
    class: "FatFiles",
    provides: "Files",
    memoryBytes: cacheBytes,
    parameters: [
      { name: "disk", device: disk, needs: "Block" },
      { name: "clock", device: clock, needs: "Clock" },
      { name: "cacheBytes", value: cacheBytes, minimum: 16_384, maximum: 67_108_864 },
      { name: "openFilesMax", value: openFilesMax, minimum: 1, maximum: 4096 },
      { name: "operationsMax", value: operationsMax, minimum: 1, maximum: 256 },
    ],
  });
}
