import { NetFeature } from "@phantasm/abi";
import { checkOptions, device, type Device, type ServiceOptions } from "phantasm";

export interface NetOptions {
  /** What the image listens for on this link: `phantasm run` publishes it and prints where. */
  readonly services?: readonly ServiceOptions[];
}

const ALL_OFFLOADS =
  NetFeature.CHECKSUM_RECEIVE |
  NetFeature.CHECKSUM_SEND |
  NetFeature.SEGMENT_RECEIVE |
  NetFeature.SEGMENT_SEND;

/**
 * A link that carries raw Ethernet frames.
 *
 * @param name what the operator attaches a backend to: `phantasm run --net NAME=…`
 * @example devices: { link: net("service", { services: [{ port: 80, protocol: "tcp" }] }) }
 */
export function net(name: string, options: NetOptions = {}): Device<"Link"> {
  return link("net", name, options, 0);
}

/**
 * A link for a TCP/IP stack: as `net`, and it accepts every offload that the backend has, so that frames may be
 * 64 KiB long and checksums are left to the host.
 *
 * @example devices: { stack: tcpStack(network("service", { services: [{ port: 80 }] })) }
 */
export function network(name: string, options: NetOptions = {}): Device<"Link"> {
  return link("network", name, options, ALL_OFFLOADS);
}

function link(what: string, name: string, options: NetOptions, offloads: number): Device<"Link"> {
  checkOptions(what, options, ["services"]);
  const { services = [] } = options;
  return device({
    module: "@phantasm/net",
    class: "HostLink",
    provides: "Link",
    attachment: {
      type: "net",
      name,
      ...(offloads === 0 ? {} : { offloads }),
      ...(services.length === 0 ? {} : { services }),
    },
    parameters: [{ name: "handle", handle: true }],
  });
}
