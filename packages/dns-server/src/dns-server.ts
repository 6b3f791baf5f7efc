/** The server for a configuration. */
import { isIP, isIPv4 } from "node:net";
import { clock } from "@phantasm/clock";
import { random } from "@phantasm/random";
import { ConfigurationError, checkOptions, device, type Device } from "phantasm";
import { zones as zonesOfFiles } from "./zones.js";
import { noZoneDisk } from "./zones-from.js";
import { secondary, type SecondaryLimits, type SecondaryZone } from "./secondary.js";

export interface RateLimitOptions {
  /** Answers of one kind about one name to one network (/24, /56) in a second; 0: no limit. Default 200. */
  readonly answersPerSecond?: number;
  /** Of limited answers, every n-th asks the client to come over TCP; 0: none. Default 2. */
  readonly slip?: number;
  /** Places of the table, a power of two. Default 65536, which is 1 MiB. */
  readonly places?: number;
}

export interface DnsServerOptions {
  /** The largest datagram that is sent, 512 to 4096. Default 1232, which no network cuts up. */
  readonly udpBytes?: number;
  /** Told to who asks for `version.bind`; default: refused. */
  readonly version?: string;
  /** Told to who asks for `id.server`; default: refused. */
  readonly identity?: string;
  readonly rateLimit?: RateLimitOptions;
  /** TCP connections. Default 256; of more, who was idle longest goes, if for a second. */
  readonly connections?: number;
  /** TCP connections of one address. Default 32; more are refused. */
  readonly connectionsPerAddress?: number;
  /** Seconds after which a connection is ended on which nothing goes forward. Default 10. */
  readonly idleSeconds?: number;
  /** Who may have zones transferred (AXFR): addresses and prefixes such as `192.0.2.0/24`. Default: nobody. */
  readonly transfer?: readonly string[];
  /** Transfers at once. Default 4; one more is told to try again. */
  readonly transfers?: number;
  /** Who is told at the boot, and of new versions, that zones may have changed (RFC 1996): addresses. Default: nobody. */
  readonly notify?: readonly string[];
  /**
   * Zones that come from other servers, and follow their changes. Adds the boot argument `secondary`, for more of
   * them. Default: none, and nothing of it is in the image.
   */
  readonly secondary?: readonly SecondaryZone[];
  readonly secondaryLimits?: SecondaryLimits;
  /**
   * Where zones of a secondary are kept over a restart, such as `keyValue(block("kept"), clock())`: they are answered
   * at the boot, until they expire, also when no primary can be reached. Default: nowhere.
   */
  readonly kept?: Device<"KeyValue">;
  /** Where a secondary says what it has transferred. Default `logging()`. */
  readonly log?: Device<"Log">;
  /** Default `random()`. */
  readonly random?: Device<"Random">;
  /** Default `clock()`. */
  readonly clock?: Device<"Clock">;
}

const OPTIONS = [
  "udpBytes",
  "version",
  "identity",
  "rateLimit",
  "connections",
  "connectionsPerAddress",
  "idleSeconds",
  "transfer",
  "transfers",
  "notify",
  "secondary",
  "secondaryLimits",
  "kept",
  "log",
  "random",
  "clock",
] as const satisfies (keyof DnsServerOptions)[];

/** Answers that have not been taken; a query that has arrived in part, with what is known of the connection. */
const OUTPUT_BYTES = 4 * 1024 * 1024;
const CONNECTION_BYTES = 4352;
/** Of the rate limit. */
const PLACE_BYTES = 16;

const TEXT = /^[\x20-\x7e]{0,255}$/;

function isPrefix(text: unknown): text is string {
  if (typeof text !== "string" || text.includes("%")) return false;
  const [address = "", bits, ...rest] = text.split("/");
  if (isIP(address) === 0 || rest.length > 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isIPv4(address) ? 32 : 128))
  );
}

function isAddress(text: unknown): text is string {
  return typeof text === "string" && isIP(text) !== 0 && !text.includes("%");
}

function list(name: string, value: unknown, is: (text: unknown) => boolean, like: string): string {
  if (Array.isArray(value) && value.every(is)) return value.join(",");
  throw new ConfigurationError(`dnsServer: ${name} must be a list such as ["${like}"]`, name);
}

function text(name: "version" | "identity", value: unknown): string {
  if (typeof value === "string" && TEXT.test(value)) return value;
  throw new ConfigurationError(
    `dnsServer: ${name} must be a text of at most 255 characters of ASCII`,
    name,
  );
}

/**
 * An authoritative server for zones, at port 53 of a stack, over UDP and TCP.
 *
 * @example
 * devices: {
 *   server: dnsServer(tcpStack(network("service", { services: DNS_SERVICES })), zones(["./example.org.zone"])),
 * }
 */
export function dnsServer(
  stack: Device<"Stack">,
  zones: Device<"Zones"> | Device<"ZoneDisk">,
  options: DnsServerOptions = {},
): Device<"DnsServer"> {
  checkOptions("dnsServer", options, OPTIONS);
  const { random: randomDevice, clock: clockDevice, log, kept } = options;
  const devices = { stack, random: randomDevice, clock: clockDevice, log, kept };
  const {
    connections = 256,
    rateLimit = {},
    version = "",
    identity = "",
    transfer = [],
    notify = [],
  } = options;
  checkOptions("dnsServer: rateLimit", rateLimit, ["answersPerSecond", "slip", "places"]);
  const { places = 65_536 } = rateLimit;
  if (!Number.isInteger(Math.log2(places)))
    throw new ConfigurationError(
      `dnsServer: places must be a power of two, got ${places}`,
      "places",
    );
  return device({
    module: "@phantasm/dns-server",
    class: "DnsServer",
    provides: "DnsServer",
    interfaces: "@phantasm/dns-server",
    parameters: [
      { name: "stack", device: stack, needs: "Stack" },
      {
        name: "zones",
        device: zones.provides === "ZoneDisk" ? zonesOfFiles([]) : zones,
        needs: "Zones",
      },
      {
        name: "disk",
        device: zones.provides === "ZoneDisk" ? zones : noZoneDisk(),
        needs: "ZoneDisk",
      },
      {
        name: "secondary",
        device: secondary(options.secondary, options.secondaryLimits ?? {}, devices),
        needs: "Secondary",
      },
      { name: "random", device: options.random ?? random(), needs: "Random" },
      { name: "clock", device: options.clock ?? clock(), needs: "Clock" },
      { name: "udpBytes", value: options.udpBytes ?? 1232, minimum: 512, maximum: 4096 },
      { name: "version", value: text("version", version) },
      { name: "identity", value: text("identity", identity) },
      {
        name: "answersPerSecond",
        value: rateLimit.answersPerSecond ?? 200,
        minimum: 0,
        maximum: 1_000_000,
      },
      { name: "slip", value: rateLimit.slip ?? 2, minimum: 0, maximum: 10 },
      { name: "places", value: places, minimum: 16, maximum: 1_048_576 },
      { name: "connections", value: connections, minimum: 1, maximum: 16_384 },
      {
        name: "connectionsPerAddress",
        value: options.connectionsPerAddress ?? 32,
        minimum: 1,
        maximum: 16_384,
      },
      { name: "idleSeconds", value: options.idleSeconds ?? 10, minimum: 1, maximum: 3600 },
      { name: "transfers", value: options.transfers ?? 4, minimum: 1, maximum: 1024 },
      { name: "transfer", value: list("transfer", transfer, isPrefix, "192.0.2.0/24") },
      { name: "notify", value: list("notify", notify, isAddress, "192.0.2.53") },
    ],
    memoryBytes: OUTPUT_BYTES + connections * CONNECTION_BYTES + places * PLACE_BYTES,
  });
}

/** What a link is told, for `phantasm run` to publish: port 53 of both. */
export const DNS_SERVICES = [
  { port: 53, protocol: "udp" },
  { port: 53, protocol: "tcp" },
] as const;
