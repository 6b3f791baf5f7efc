/** Disks that are made of two. */
import { ConfigurationError, checkOptions, type Device } from "phantasm";
import type { RequestOptions } from "./filters.js";
import { ramDisk } from "./ram-disk.js";
import { disk, layer, whole } from "./values.js";

function apart(what: string, one: Device<"Block">, other: Device<"Block">): void {
  if (one === other) throw new ConfigurationError(`${what}: expected two different disks`);
}

/**
 * Copy on write: `base` is never written, what changes goes to `changes`, which is formatted if it is blank. It
 * remembers: the next boot with the same two disks sees what was flushed.
 *
 * @example devices: { disk: overlay(block("base"), block("changes")) }
 */
export function overlay(
  base: Device<"Block">,
  changes: Device<"Block">,
  options: RequestOptions = {},
): Device<"Block"> {
  const what = "overlay";
  checkOptions(what, options, ["requests"]);
  apart(what, base, changes);
  const { requests = 16 } = options;
  return layer("Overlay", [
    disk("base", base),
    disk("changes", changes),
    { name: "requests", value: whole(what, "requests", requests, 1, 256) },
  ]);
}

export interface OverlayInMemoryOptions extends RequestOptions {
  /** Room for what changes, in bytes: 64 KiB to 1 GiB. What finds none is answered NOSPACE. */
  readonly bytes: number;
  /** Of the base: 512, the default, or 4096. */
  readonly sectorBytes?: 512 | 4096;
}

/**
 * Copy on write to memory: every boot begins with `base` as it is.
 *
 * @example devices: { disk: overlayInMemory(block("base"), { bytes: 16 * 1024 ** 2 }) }
 */
export function overlayInMemory(
  base: Device<"Block">,
  options: OverlayInMemoryOptions,
): Device<"Block"> {
  const what = "overlayInMemory";
  checkOptions(what, options, ["bytes", "sectorBytes", "requests"]);
  const { bytes, sectorBytes = 512, ...rest } = options;
  whole(what, "bytes", bytes, 65_536, 2 ** 30);
  return overlay(base, ramDisk({ bytes, sectorBytes }), rest);
}

/**
 * Two disks with the same on them: writes go to both, and one is enough. Both are formatted if they are blank. With
 * `checksummed` ones, what is damaged on one is repaired from the other.
 *
 * @example devices: { disk: mirror(checksummed(block("a")), checksummed(block("b"))) }
 */
export function mirror(
  a: Device<"Block">,
  b: Device<"Block">,
  options: RequestOptions = {},
): Device<"Block"> {
  const what = "mirror";
  checkOptions(what, options, ["requests"]);
  apart(what, a, b);
  const { requests = 16 } = options;
  return layer("Mirror", [
    disk("a", a),
    disk("b", b),
    { name: "requests", value: whole(what, "requests", requests, 1, 256) },
  ]);
}
