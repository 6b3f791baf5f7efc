import { ConfigurationError, checkOptions, type Device } from "phantasm";
import { layer, whole } from "./values.js";

export interface RamDiskOptions {
  /** Its size: a multiple of `sectorBytes`, up to 1 GiB. The memory is taken as it is written. */
  readonly bytes: number;
  /** 512, the default, or 4096. */
  readonly sectorBytes?: 512 | 4096;
  /** Requests in flight at once, at most: 1 to 256. Default 64. */
  readonly requests?: number;
}

export const RAM_BYTES_MAX = 2 ** 30;

/**
 * A disk in the memory of the image: gone when it ends, and gives zeros where nothing was written.
 *
 * @example devices: { scratch: ramDisk({ bytes: 16 * 1024 ** 2 }) }
 */
export function ramDisk(options: RamDiskOptions): Device<"Block"> {
  const what = "ramDisk";
  checkOptions(what, options, ["bytes", "sectorBytes", "requests"]);
  const { sectorBytes = 512, requests = 64 } = options;
  if (![512, 4096].includes(sectorBytes))
    throw new ConfigurationError(
      `${what}: sectorBytes must be 512 or 4096, got ${JSON.stringify(sectorBytes)}`,
      "sectorBytes",
    );
  const bytes = whole(what, "bytes", options.bytes, sectorBytes, RAM_BYTES_MAX);
  if (bytes % sectorBytes !== 0)
    throw new ConfigurationError(`${what}: bytes must be a multiple of ${sectorBytes}`, "bytes");
  const parameters = [
    { name: "bytes", value: bytes },
    { name: "sectorBytes", value: sectorBytes },
    { name: "requests", value: whole(what, "requests", requests, 1, 256) },
  ];
  return layer("RamDisk", parameters, bytes);
}
