/** Zones that are on a disk, for a configuration. */
import { clock } from "@phantasm/clock";
import { logging } from "@phantasm/log";
import { random } from "@phantasm/random";
import { checkOptions, device, type Device } from "phantasm";

export interface ChangesOptions {
  /** Bytes of all changes of all zones; of more, the oldest go. Default 1 MiB, at most 64 MiB; 0: none are kept. */
  readonly bytes?: number;
  /** How many versions of all zones together. Default 64, at most 1024. */
  readonly versions?: number;
}

export interface ZonesFromOptions {
  /** How often the disk is looked at. Default 10, 1 to 3600. */
  readonly checkSeconds?: number;
  /** Bytes that compiled zones may have; twice as many are needed while they are replaced. Default 16 MiB, at most 64. */
  readonly bytesMax?: number;
  /** What is kept for secondaries that have an older version (IXFR, RFC 1995). */
  readonly changes?: ChangesOptions;
  /** Default `clock()`. */
  readonly clock?: Device<"Clock">;
  /** Default `logging()`. */
  readonly log?: Device<"Log">;
  /** Default `random()`. */
  readonly random?: Device<"Random">;
}

const MIB = 1024 * 1024;
const MODULE = {
  module: "@phantasm/dns-server",
  interfaces: "@phantasm/dns-server",
} as const;
/** Buffers for reading, and for one record and the sets that are compared. */
const BUFFER_BYTES = 1.5 * MIB;

/**
 * Zones from a disk that `phantasm zones compile` has written: read at the boot, and again whenever the disk has a new
 * generation, checked first, and whole or not at all. Attach it read-only, so that it can be written meanwhile:
 * `--block zones=zones.img:ro`.
 *
 * @example devices: { server: dnsServer(tcpStack(network("service")), zonesFrom(block("zones"))) }
 */
export function zonesFrom(
  disk: Device<"Block">,
  options: ZonesFromOptions = {},
): Device<"ZoneDisk"> {
  checkOptions("zonesFrom", options, [
    "checkSeconds",
    "bytesMax",
    "changes",
    "clock",
    "log",
    "random",
  ]);
  const { bytesMax = 16 * MIB, changes = {} } = options;
  checkOptions("zonesFrom: changes", changes, ["bytes", "versions"]);
  const { bytes = MIB, versions = 64 } = changes;
  return device({
    ...MODULE,
    class: "DiskZones",
    provides: "ZoneDisk",
    parameters: [
      { name: "disk", device: disk, needs: "Block" },
      { name: "clock", device: options.clock ?? clock(), needs: "Clock" },
      { name: "log", device: options.log ?? logging(), needs: "Log" },
      { name: "checkSeconds", value: options.checkSeconds ?? 10, minimum: 1, maximum: 3600 },
      { name: "bytesMax", value: bytesMax, minimum: 65_536, maximum: 64 * MIB },
      { name: "random", device: options.random ?? random(), needs: "Random" },
      { name: "changeBytesMax", value: bytes, minimum: 0, maximum: 64 * MIB },
      { name: "changesMax", value: versions, minimum: 1, maximum: 1024 },
    ],
    // The old ones, the new ones and a bit for each of their words; changes, and those being collected.
    memoryBytes: Math.ceil(bytesMax * (2 + 1 / 32) + 3 * bytes + BUFFER_BYTES),
  });
}

/** All zones are in the image. */
export function noZoneDisk(): Device<"ZoneDisk"> {
  return device({ ...MODULE, class: "NoZoneDisk", provides: "ZoneDisk" });
}
