import { random } from "@phantasm/random";
import {
  ConfigurationError,
  checkOptions,
  cidr,
  device,
  ipv4,
  type Device,
  type DeviceParameters,
} from "phantasm";
import {
  contains,
  format,
  networkOf,
  overlap,
  readAddress,
  readNetwork,
  readPorts,
  type Network,
} from "./address.js";
import {
  ACTIONS,
  encodeForwards,
  encodeRules,
  type Action,
  type Forward,
  type Rule,
} from "./rules.js";

export type { Action, Forward, Rule } from "./rules.js";

export interface RouterLimitOptions {
  /** Connections that are tracked, 16 to 262144; default 4096. Each costs about 80 bytes. */
  readonly flows?: number;
  /** Fragmented packets that are followed, 4 to 65536, a power of two; default 256. */
  readonly fragments?: number;
  /** Ports of the outside address that hosts inside are given; default `"1024-65535"`. */
  readonly ports?: string;
}

export interface RouterOptions {
  /** The link to the hosts that share the outside address: `network("inside")`. */
  readonly inside: Device<"Link">;
  /** The link to everybody else: `network("outside")`. */
  readonly outside: Device<"Link">;
  /** Where the secrets of hashes and the choice of ports come from; default `random()`. */
  readonly random?: Device<"Random">;
  /** The router's address inside, which hosts there use as their gateway: `"192.168.1.1/24"`. */
  readonly insideAddress: string;
  /** Networks inside that are behind another router, and that router: `{ "10.1.0.0/16": "192.168.1.2" }`. At most 16. */
  readonly insideRoutes?: Readonly<Record<string, string>>;
  /** `"dhcp"`, the default; or an address such as `"198.51.100.2/24"`, which the boot argument `outside` replaces. */
  readonly outsideAddress?: string;
  /** The next router outside, for an address that is not from DHCP; the boot argument `gateway` replaces it. */
  readonly gateway?: string;
  /** At most 256. */
  readonly rules?: readonly Rule[];
  /** At most 256 ports. What comes in by one is accepted, unless a rule says otherwise. */
  readonly forwards?: readonly Forward[];
  /** What becomes of flows that no rule matches; default `{ out: "accept", in: "drop" }`. */
  readonly policy?: { readonly out?: Action; readonly in?: Action };
  /** Lowers the maximum segment size of TCP to what both links carry; default true. */
  readonly clampSegments?: boolean;
  readonly limits?: RouterLimitOptions;
}

const OPTIONS = [
  "inside",
  "outside",
  "random",
  "insideAddress",
  "insideRoutes",
  "outsideAddress",
  "gateway",
  "rules",
  "forwards",
  "policy",
  "clampSegments",
  "limits",
] as const satisfies (keyof RouterOptions)[];

const ROUTES_MAX = 16;

function host(what: string, text: unknown, key: string): Network {
  const network = readNetwork(what, text, key);
  const number = network.address - networkOf(network);
  const hosts = 2 ** (32 - network.prefixBits);
  const isEdge = hosts > 2 && (number === 0 || number === hosts - 1);
  const first = Math.floor(network.address / 2 ** 24);
  if (!String(text).includes("/") || isEdge || first === 0 || first === 127 || first >= 224)
    throw new ConfigurationError(
      `${what}: expected a host's address with its network such as 192.168.1.1/24, got ${JSON.stringify(text)}`,
      key,
    );
  return network;
}

function number(
  what: string,
  value: unknown,
  minimum: number,
  maximum: number,
  key: string,
): number {
  if (Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum)
    return value as number;
  throw new ConfigurationError(
    `router: ${what} must be a whole number from ${minimum} to ${maximum}, got ${String(value)}`,
    key,
  );
}

/** The networks inside: address, prefix length and gateway (0: none) of each, the router's own first. */
function insideNetworks(
  own: Network,
  routes: Readonly<Record<string, string>>,
): readonly (Network & { readonly gateway: number })[] {
  const networks = [{ ...own, gateway: 0 }];
  for (const [text, next] of Object.entries(routes)) {
    const network = readNetwork("router: insideRoutes", text, "insideRoutes");
    const gateway = readAddress(`router: insideRoutes[${text}]`, next, "insideRoutes");
    if (!contains(own, gateway))
      throw new ConfigurationError(`router: ${next} is not in the network inside`, "insideRoutes");
    if (networks.some((other) => overlap(other, network)))
      throw new ConfigurationError(
        `router: ${text} overlaps another network inside`,
        "insideRoutes",
      );
    networks.push({ ...network, gateway });
  }
  if (networks.length > ROUTES_MAX + 1)
    throw new ConfigurationError(
      `router: at most ${ROUTES_MAX} networks behind others`,
      "insideRoutes",
    );
  return networks;
}

function action(value: unknown, direction: "out" | "in"): number {
  const index = ACTIONS.indexOf(value as Action);
  if (index < 0)
    throw new ConfigurationError(
      `router: policy.${direction} must be one of ${ACTIONS.join(", ")}, got ${JSON.stringify(value)}`,
      "policy",
    );
  return index;
}

function encodeSettings(options: RouterOptions): string {
  const { limits = {}, policy = {}, clampSegments = true } = options;
  checkOptions("router: limits", limits, ["flows", "fragments", "ports"]);
  checkOptions("router: policy", policy, ["out", "in"]);
  const flows = number("limits.flows", limits.flows ?? 4096, 16, 262_144, "flows");
  const fragments = number("limits.fragments", limits.fragments ?? 256, 4, 65_536, "fragments");
  if ((fragments & (fragments - 1)) !== 0)
    throw new ConfigurationError("router: limits.fragments must be a power of two", "fragments");
  const ports = readPorts("router: limits.ports", limits.ports ?? "1024-65535", "ports");
  if (ports.first < 1024)
    throw new ConfigurationError("router: limits.ports must begin at 1024 or above", "ports");
  return [
    flows,
    fragments,
    ports.first,
    ports.last,
    action(policy.out ?? "accept", "out"),
    action(policy.in ?? "drop", "in"),
    clampSegments ? 1 : 0,
  ].join(" ");
}

/**
 * A router of IPv4 between two links: hosts inside share the address outside (NAT), connections are tracked in a
 * bounded table, rules say which may begin.
 *
 * @example
 * devices: {
 *   router: router({
 *     inside: network("inside"),
 *     outside: network("outside"),
 *     insideAddress: "192.168.1.1/24",
 *     rules: [{ direction: "out", action: "reject", protocol: "tcp", destinationPort: 25 }],
 *     forwards: [{ protocol: "tcp", port: 8080, to: "192.168.1.10:80" }],
 *   }),
 * }
 */
export function router(options: RouterOptions): Device<"Router"> {
  checkOptions("router", options, OPTIONS);
  const own = host("router: insideAddress", options.insideAddress, "insideAddress");
  const inside = insideNetworks(own, options.insideRoutes ?? {});
  const { outsideAddress = "dhcp", gateway } = options;
  const parameters: DeviceParameters[] = [
    { name: "inside", device: options.inside, needs: "Link" },
    { name: "outside", device: options.outside, needs: "Link" },
    { name: "random", device: options.random ?? random(), needs: "Random" },
    {
      name: "networks",
      value: inside
        .map((network) => [network.address, network.prefixBits, network.gateway].join(" "))
        .join(";"),
    },
    { name: "rules", value: encodeRules(options.rules ?? []) },
    { name: "forwards", value: encodeForwards(options.forwards ?? [], inside, own.address) },
    { name: "settings", value: encodeSettings(options) },
  ];
  if (outsideAddress === "dhcp") {
    if (gateway !== undefined)
      throw new ConfigurationError("router: DHCP says which gateway there is", "gateway");
    return device({
      module: "@phantasm/router/dhcp",
      class: "DhcpRouter",
      provides: "Router",
      interfaces: "@phantasm/router",
      parameters,
    });
  }
  const outside = host("router: outsideAddress", outsideAddress, "outsideAddress");
  const overlapping = inside.find((network) => overlap(network, outside));
  if (overlapping !== undefined)
    throw new ConfigurationError(
      `router: ${outsideAddress} overlaps ${format(networkOf(overlapping))}/${overlapping.prefixBits} inside`,
      "outsideAddress",
    );
  if (
    gateway !== undefined &&
    !contains(outside, readAddress("router: gateway", gateway, "gateway"))
  )
    throw new ConfigurationError(`router: ${gateway} is not in the network outside`, "gateway");
  return device({
    module: "@phantasm/router/static",
    class: "StaticRouter",
    provides: "Router",
    interfaces: "@phantasm/router",
    parameters: [
      ...parameters,
      { name: "address", argument: "outside" },
      { name: "gateway", argument: "gateway" },
    ],
    arguments: {
      outside: cidr({ default: outsideAddress, help: "Address outside, and its network" }),
      gateway: ipv4({
        default: gateway ?? "0.0.0.0",
        help: "The next router outside; 0.0.0.0: there is none",
      }),
    },
  });
}
