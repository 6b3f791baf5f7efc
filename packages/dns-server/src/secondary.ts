/** Being a secondary, for a configuration. */
import { isIP } from "node:net";
import { clock } from "@phantasm/clock";
import { logging } from "@phantasm/log";
import { random } from "@phantasm/random";
import { NameError, parseName } from "@phantasm/zone-format";
import { ConfigurationError, checkOptions, device, string, type Device } from "phantasm";

/** A zone that comes from another server. */
export interface SecondaryZone {
  readonly zone: string;
  /** Who has it, the first one first: `192.0.2.1`, `2001:db8::1`, `192.0.2.1#5353`. */
  readonly primaries: readonly string[];
}

export interface SecondaryLimits {
  /** Bytes of all versions of all these zones: served, and still read by others. Default 32 MiB, 65536 to 128 MiB. */
  readonly bytes?: number;
  /** Records of one zone. Default 500000, at most 8000000. */
  readonly records?: number;
  /** Zones that are transferred here at once. Default 2; the others wait. */
  readonly transfers?: number;
}

export interface SecondaryDevices {
  readonly stack: Device<"Stack">;
  readonly random?: Device<"Random"> | undefined;
  readonly clock?: Device<"Clock"> | undefined;
  readonly log?: Device<"Log"> | undefined;
  /** Where zones are kept over a restart. */
  readonly kept?: Device<"KeyValue"> | undefined;
}

/** While the records of a zone are collected, they take up to three times the half of `bytes`. */
const DRAFTS = 1.5;
/** While a zone that was kept is looked at: a bit for each of its words. */
const CHECK = 1 / 32;
/** Buffers of a transfer. */
const BUFFER_BYTES = 1024 * 1024;

function isPrimary(text: unknown): boolean {
  if (typeof text !== "string" || text.includes("%")) return false;
  const [address = "", port, ...rest] = text.split("#");
  if (isIP(address) === 0 || rest.length > 0) return false;
  return port === undefined || (/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535);
}

function entry(value: SecondaryZone): string {
  checkOptions("dnsServer: secondary", value, ["zone", "primaries"]);
  const { zone, primaries } = value;
  if (!Array.isArray(primaries) || primaries.length === 0 || !primaries.every(isPrimary))
    throw new ConfigurationError(
      `dnsServer: primaries of ${JSON.stringify(zone)} must be a list such as ["192.0.2.1", "192.0.2.2#5353"]`,
      "primaries",
    );
  try {
    parseName(zone.endsWith(".") ? zone : `${zone}.`, null);
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
    throw new ConfigurationError(
      `dnsServer: ${JSON.stringify(zone)} is no name of a zone: ${error.message}`,
      "zone",
    );
  }
  if (/[;=\s]/.test(zone))
    throw new ConfigurationError(
      `dnsServer: a secondary zone's name has no ";", "=" or space, got ${JSON.stringify(zone)}`,
      "zone",
    );
  return `${zone}=${primaries.join(",")}`;
}

/** @param zones undefined: the server is no secondary, and the image has nothing of it */
export function secondary(
  zones: readonly SecondaryZone[] | undefined,
  limits: SecondaryLimits,
  devices: SecondaryDevices,
): Device<"Secondary"> {
  const common = {
    module: "@phantasm/dns-server",
    provides: "Secondary",
    interfaces: "@phantasm/dns-server",
  } as const;
  checkOptions("dnsServer: secondaryLimits", limits, ["bytes", "records", "transfers"]);
  if (zones === undefined) {
    if (devices.kept !== undefined)
      throw new ConfigurationError(
        "dnsServer: kept is for zones of a secondary; `secondary: []` has those that are named at the boot",
        "kept",
      );
    return device({ ...common, class: "NoSecondary" });
  }
  if (!Array.isArray(zones))
    throw new ConfigurationError(
      `dnsServer: secondary must be a list such as [{ zone: "example.net", primaries: ["192.0.2.1"] }]`,
      "secondary",
    );
  const list = (zones as readonly SecondaryZone[]).map(entry).join(";");
  const clockDevice = devices.clock ?? clock();
  const log = devices.log ?? logging();
  const { bytes = 32 * 1024 * 1024, records = 500_000, transfers = 2 } = limits;
  return device({
    ...common,
    class: "SecondaryZones",
    parameters: [
      { name: "stack", device: devices.stack, needs: "Stack" },
      { name: "random", device: devices.random ?? random(), needs: "Random" },
      { name: "clock", device: clockDevice, needs: "Clock" },
      { name: "log", device: log, needs: "Log" },
      { name: "zones", value: list },
      { name: "given", argument: "secondary" },
      { name: "transfers", value: transfers, minimum: 1, maximum: 16 },
      { name: "bytes", value: bytes, minimum: 65_536, maximum: 128 * 1024 * 1024 },
      { name: "records", value: records, minimum: 1, maximum: 8_000_000 },
      { name: "kept", device: kept(devices.kept, clockDevice, log), needs: "KeptZones" },
    ],
    memoryBytes: Math.ceil(bytes * (1 + CHECK + DRAFTS * transfers) + BUFFER_BYTES * transfers),
    arguments: {
      secondary: string({
        default: "",
        help: "More zones to have from others: ZONE=ADDRESS[#PORT][,ADDRESS…][;ZONE=…]",
      }),
    },
  });
}

function kept(
  store: Device<"KeyValue"> | undefined,
  clockDevice: Device<"Clock">,
  log: Device<"Log">,
): Device<"KeptZones"> {
  const common = {
    module: "@phantasm/dns-server",
    provides: "KeptZones",
    interfaces: "@phantasm/dns-server",
  } as const;
  if (store === undefined) return device({ ...common, class: "NothingKept" });
  return device({
    ...common,
    class: "KeptInStore",
    parameters: [
      { name: "store", device: store, needs: "KeyValue" },
      { name: "clock", device: clockDevice, needs: "Clock" },
      { name: "log", device: log, needs: "Log" },
    ],
  });
}
