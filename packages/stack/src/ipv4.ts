/** Where a stack has its IPv4 address from. */
import { isIPv4 } from "node:net";
import { ConfigurationError, checkOptions, cidr, device, ipv4, type Device } from "phantasm";

export interface DhcpOptions {
  /** Told to the server, which may make it a name. Default: none. */
  readonly hostName?: string;
  /**
   * Asks the network whether somebody has the leased address before it is used, which takes six seconds (RFC 5227).
   * Default false: the server has asked already, and a conflict is seen and acted upon later too.
   */
  readonly probe?: boolean;
  /** In front of the boot arguments: `inside` makes them `--inside-ipv4` and `--inside-gateway`. For a second stack. */
  readonly prefix?: string;
}

/**
 * An address by DHCP, unless the operator gives one at boot. Adds the boot arguments `ipv4` and `gateway`:
 * `phantasm run … -- --ipv4=10.0.0.2/24 --gateway=10.0.0.1`.
 */
export function dhcp(options: DhcpOptions = {}): Device<"Ipv4Setup"> {
  checkOptions("dhcp", options, ["hostName", "probe", "prefix"]);
  const { hostName = "", probe = false, prefix = "" } = options;
  if (!/^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)?$/.test(hostName))
    throw new ConfigurationError(
      `dhcp: hostName must be one label of letters, digits and hyphens, got ${JSON.stringify(hostName)}`,
    );
  if (!/^([a-z][a-z0-9-]{0,30})?$/.test(prefix))
    throw new ConfigurationError(
      `dhcp: prefix must be lower case letters, digits and hyphens, got ${JSON.stringify(prefix)}`,
    );
  const address = prefix === "" ? "ipv4" : `${prefix}-ipv4`;
  const gateway = prefix === "" ? "gateway" : `${prefix}-gateway`;
  return device({
    module: "@phantasm/stack",
    class: "DhcpIpv4",
    provides: "Ipv4Setup",
    interfaces: "@phantasm/stack",
    parameters: [
      { name: "hostName", value: hostName },
      { name: "probe", value: probe },
      { name: "address", argument: address },
      { name: "gateway", argument: gateway },
    ],
    arguments: {
      [address]: cidr({ help: "IPv4 address and prefix instead of DHCP, as 10.0.0.2/24" }),
      [gateway]: ipv4({ help: `Default gateway, with --${address}` }),
    },
  });
}

export interface FixedIpv4Options {
  /** Default gateway, on the link. Default: none. */
  readonly gateway?: string;
}

/**
 * An address that is always the same. The network must know how to reach it.
 *
 * @param address as `10.0.0.2/24`
 */
export function fixedIpv4(address: string, options: FixedIpv4Options = {}): Device<"Ipv4Setup"> {
  checkOptions("fixedIpv4", options, ["gateway"]);
  const [host = "", prefix = ""] = String(address).split("/");
  const bits = Number(prefix);
  if (!isIPv4(host) || !/^\d{1,2}$/.test(prefix) || bits > 32)
    throw new ConfigurationError(
      `fixedIpv4: expected an address and a prefix such as "10.0.0.2/24", got ${JSON.stringify(address)}`,
    );
  const { gateway } = options;
  if (gateway !== undefined && !isIPv4(gateway))
    throw new ConfigurationError(
      `fixedIpv4: gateway must be an address such as "10.0.0.1", got ${JSON.stringify(gateway)}`,
    );
  const value = numberOf(host);
  const network = value >>> 24;
  if (network === 0 || network === 127 || network >= 224)
    throw new ConfigurationError(`fixedIpv4: no host can have the address ${host}`);
  return device({
    module: "@phantasm/stack",
    class: "FixedIpv4",
    provides: "Ipv4Setup",
    interfaces: "@phantasm/stack",
    parameters: [
      { name: "address", value },
      { name: "prefix", value: bits },
      { name: "gateway", value: gateway === undefined ? 0 : numberOf(gateway) },
    ].map((parameter) => ({ ...parameter, minimum: 0, maximum: 0xffff_ffff })),
  });
}

/** No IPv4: nothing of it is in the image. */
export function noIpv4(): Device<"Ipv4Setup"> {
  return device({
    module: "@phantasm/stack",
    class: "NoIpv4",
    provides: "Ipv4Setup",
    interfaces: "@phantasm/stack",
  });
}

function numberOf(address: string): number {
  return address.split(".").reduce((value, octet) => value * 256 + Number(octet), 0);
}
