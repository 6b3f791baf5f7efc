/** Disks that do something to what goes through them. */
import { checkOptions, type Device } from "phantasm";
import { disk, layer, whole } from "./values.js";

/** What layers that keep requests of their own take. */
export interface RequestOptions {
  /** Requests in flight at once, at most. */
  readonly requests?: number;
}

/** What `cache` takes. */
export interface CacheOptions extends RequestOptions {
  /** Bytes of the disk that are kept in memory: 64 KiB to 1 GiB. Default 4 MiB. */
  readonly bytes?: number;
  /** When more of the pages are dirty, they are written back without being asked for: 1 to 90. Default 50. */
  readonly dirtyPercent?: number;
}

/**
 * A write-back cache: a write is done when it is in memory, and is on the disk when a `flush` has been reported. What
 * is not flushed is lost when the domain ends.
 *
 * @example devices: { disk: cache(block("disk"), { bytes: 16 * 1024 ** 2 }) }
 */
export function cache(of: Device<"Block">, options: CacheOptions = {}): Device<"Block"> {
  const what = "cache";
  checkOptions(what, options, ["bytes", "dirtyPercent", "requests"]);
  const { bytes = 4 * 1024 ** 2, dirtyPercent = 50, requests = 32 } = options;
  const parameters = [
    disk("disk", of),
    { name: "bytes", value: whole(what, "bytes", bytes, 65_536, 2 ** 30) },
    { name: "dirtyPercent", value: whole(what, "dirtyPercent", dirtyPercent, 1, 90) },
    { name: "requests", value: whole(what, "requests", requests, 1, 256) },
  ];
  return layer("Cache", parameters, bytes);
}

/** What `checksummed` takes. */
export interface ChecksummedOptions extends RequestOptions {
  /** Checksums that are kept in memory, in bytes: 64 KiB to 256 MiB; one in 32 (512-byte sectors) or 256 of the disk. Default 256 KiB. */
  readonly bytes?: number;
}

/**
 * A disk that reports CORRUPT where it would hand out something else than was written. Takes 1/16 (sectors of 512
 * bytes) or 1/128 (4096) of the disk for checksums, and formats a disk that is blank.
 *
 * @example devices: { disk: checksummed(block("disk")) }
 */
export function checksummed(
  of: Device<"Block">,
  options: ChecksummedOptions = {},
): Device<"Block"> {
  const what = "checksummed";
  checkOptions(what, options, ["bytes", "requests"]);
  const { bytes = 256 * 1024, requests = 16 } = options;
  const parameters = [
    disk("disk", of),
    { name: "bytes", value: whole(what, "bytes", bytes, 65_536, 2 ** 28) },
    { name: "requests", value: whole(what, "requests", requests, 1, 24) },
  ];
  return layer("Checksummed", parameters, bytes);
}

/**
 * A disk whose requests are reported TIMED_OUT when they take longer.
 *
 * @param ns nanoseconds: 1 ms to an hour
 * @example devices: { disk: timeout(block("disk"), clock(), 2e9) }
 */
export function timeout(
  of: Device<"Block">,
  clock: Device<"Clock">,
  ns: number,
  options: RequestOptions = {},
): Device<"Block"> {
  const what = "timeout";
  checkOptions(what, options, ["requests"]);
  const { requests = 32 } = options;
  return layer("Timeout", [
    disk("disk", of),
    { name: "clock", device: clock, needs: "Clock" },
    { name: "limitNs", value: whole(what, "ns", ns, 1e6, 3600e9) },
    { name: "requests", value: whole(what, "requests", requests, 1, 256) },
  ]);
}
