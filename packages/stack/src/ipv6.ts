/** Where a stack has its IPv6 addresses from. */
import { isIPv6 } from "node:net";
import { ConfigurationError, checkOptions, device, type Device } from "phantasm";

/** Addresses from routers (RFC 4862), and the link-local one. */
export function automaticIpv6(): Device<"Ipv6Setup"> {
  return device({
    module: "@phantasm/stack",
    class: "AutomaticIpv6",
    provides: "Ipv6Setup",
    interfaces: "@phantasm/stack",
  });
}

export interface FixedIpv6Options {
  /** Default router, on the link. Default: none. */
  readonly gateway?: string;
}

/**
 * An address that is always the same, beside the link-local one. What routers say is not listened to.
 *
 * @param address as `2001:db8::2/64`
 */
export function fixedIpv6(address: string, options: FixedIpv6Options = {}): Device<"Ipv6Setup"> {
  checkOptions("fixedIpv6", options, ["gateway"]);
  const [host = "", prefix = ""] = String(address).split("/");
  const bits = Number(prefix);
  if (!isIPv6(host) || host.includes("%") || !/^\d{1,3}$/.test(prefix) || bits > 128)
    throw new ConfigurationError(
      `fixedIpv6: expected an address and a prefix such as "2001:db8::2/64", got ${JSON.stringify(address)}`,
    );
  const { gateway = "" } = options;
  if (gateway !== "" && (!isIPv6(gateway) || gateway.includes("%")))
    throw new ConfigurationError(
      `fixedIpv6: gateway must be an address such as "fe80::1", got ${JSON.stringify(gateway)}`,
    );
  return device({
    module: "@phantasm/stack",
    class: "FixedIpv6",
    provides: "Ipv6Setup",
    interfaces: "@phantasm/stack",
    parameters: [
      { name: "address", value: host },
      { name: "prefix", value: bits, minimum: 0, maximum: 128 },
      { name: "gateway", value: gateway },
    ],
  });
}

/** No IPv6: nothing of it is in the image. */
export function noIpv6(): Device<"Ipv6Setup"> {
  return device({
    module: "@phantasm/stack",
    class: "NoIpv6",
    provides: "Ipv6Setup",
    interfaces: "@phantasm/stack",
  });
}
