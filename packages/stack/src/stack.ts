import { isIP } from "node:net";
import { ConfigurationError, checkOptions, device, type Device } from "phantasm";
import { cubic } from "@phantasm/tcp";
import { random } from "@phantasm/random";
import { dhcp } from "./ipv4.js";
import { automaticIpv6 } from "./ipv6.js";

/** What a stack may keep at once. Each README of a layer says what happens at the limit. */
export interface StackLimits {
  /** TCP connections, TIME_WAIT not included. Default 16384; never more than one for each 4 KiB of the image's memory. */
  readonly connections?: number;
  /** TCP ports that are listened at. Default 64. */
  readonly listeners?: number;
  /** TCP connections whose handshake is not finished; SYN cookies beyond. Default 256. */
  readonly halfOpen?: number;
  /** TCP connections in TIME_WAIT; the oldest make room. Default 4096. */
  readonly timeWait?: number;
  /** Bytes of all TCP send and receive queues together. Default 32 MiB; never more than seven sixteenths of the image's memory. */
  readonly tcpMemory?: number;
  /** Bytes that one TCP connection may have received and not read. Default 2 MiB. */
  readonly receiveBuffer?: number;
  /** Bytes that one TCP connection may have queued and unacknowledged. Default 2 MiB. */
  readonly sendBuffer?: number;
  /** UDP ports that are bound. Default 64. */
  readonly sockets?: number;
  /** Neighbours on the link whose addresses are remembered; the one that is missed least makes room. Default 128. */
  readonly neighbours?: number;
  /** IP fragments that wait for the others; the oldest datagram is given up. Default 64. */
  readonly fragments?: number;
  /** DNS questions on their way. Default 16. */
  readonly questions?: number;
  /** Names and types in the DNS cache. Default 64. */
  readonly names?: number;
}

export interface StackOptions {
  /** Default `dhcp()`. */
  readonly ipv4?: Device<"Ipv4Setup">;
  /** Default `automaticIpv6()`; `noIpv6()` makes the image smaller. */
  readonly ipv6?: Device<"Ipv6Setup">;
  /** Asked in the place of those that DHCP and routers name; addresses. */
  readonly nameServers?: readonly string[];
  /** Default `cubic()`; `newReno()`, or one of your own: see @phantasm/tcp. */
  readonly congestion?: Device<"CongestionFactory">;
  /** Default `random()`. */
  readonly random?: Device<"Random">;
  readonly limits?: StackLimits;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** In the order of the constructor's parameters: default, least, most. */
const LIMITS: Readonly<Record<keyof StackLimits, readonly [number, number, number]>> = {
  connections: [16_384, 1, 1_048_576],
  listeners: [64, 1, 65_535],
  halfOpen: [256, 1, 65_536],
  timeWait: [4096, 1, 1_048_576],
  tcpMemory: [32 * MIB, 64 * KIB, 1024 * MIB],
  receiveBuffer: [2 * MIB, 4 * KIB, 256 * MIB],
  sendBuffer: [2 * MIB, 4 * KIB, 256 * MIB],
  sockets: [64, 1, 4096],
  neighbours: [128, 4, 65_536],
  fragments: [64, 4, 4096],
  questions: [16, 1, 1024],
  names: [64, 1, 65_536],
};

/**
 * A TCP/IP stack over a link: IPv4 and IPv6, UDP, TCP, names. What the application does not reach is not linked.
 *
 * @example devices: { stack: tcpStack(network("service"), { ipv4: dhcp() }) }
 */
export function tcpStack(link: Device<"Link">, options: StackOptions = {}): Device<"Stack"> {
  checkOptions("tcpStack", options, [
    "ipv4",
    "ipv6",
    "nameServers",
    "congestion",
    "random",
    "limits",
  ]);
  const { nameServers = [], limits = {} } = options;
  checkOptions("tcpStack: limits", limits, Object.keys(LIMITS));
  for (const server of nameServers)
    if (isIP(server) === 0 || server.includes("%"))
      throw new ConfigurationError(
        `tcpStack: nameServers must be addresses such as "9.9.9.9", got ${JSON.stringify(server)}`,
      );
  const ipv4 = options.ipv4 ?? dhcp();
  const ipv6 = options.ipv6 ?? automaticIpv6();
  if (ipv4.class === "NoIpv4" && ipv6.class === "NoIpv6")
    throw new ConfigurationError("tcpStack: without IPv4 and IPv6 there is nothing to send with");
  return device({
    module: "@phantasm/stack",
    class: "NetworkStack",
    provides: "Stack",
    interfaces: "@phantasm/stack",
    parameters: [
      { name: "link", device: link, needs: "Link" },
      { name: "random", device: options.random ?? random(), needs: "Random" },
      { name: "ipv4", device: ipv4, needs: "Ipv4Setup" },
      { name: "ipv6", device: ipv6, needs: "Ipv6Setup" },
      {
        name: "congestion",
        device: options.congestion ?? cubic(),
        needs: "CongestionFactory",
      },
      { name: "nameServers", value: nameServers.join(",") },
      ...Object.entries(LIMITS).map(([name, [fallback, minimum, maximum]]) => ({
        name,
        value: limits[name as keyof StackLimits] ?? fallback,
        minimum,
        maximum,
      })),
    ],
  });
}
