import { NetFeature } from "@phantasm/abi";
import { device, type Device } from "phantasm";

/**
 * A link that carries raw Ethernet frames.
 *
 * @param name what the operator attaches a backend to: `phantasm run --net NAME=…`
 * @example devices: { link: net("service") }
 */
export function net(name: string): Device<"Link"> {
  return device({
    module: "@phantasm/net",
    class: "HostLink",
    provides: "Link",
    attachment: { type: "net", name },
    parameters: [{ name: "handle", handle: true }],
  });
}

/**
 * A link for a TCP/IP stack: as `net`, and it accepts every offload that the backend has, so that frames may be
 * 64 KiB long and checksums are left to the host.
 *
 * @example devices: { stack: stack(network("service"), { ipv4: dhcp() }) }
 */
export function network(name: string): Device<"Link"> {
  return device({
    module: "@phantasm/net",
    class: "HostLink",
    provides: "Link",
    attachment: {
      type: "net",
      name,
      offloads:
        NetFeature.CHECKSUM_RECEIVE |
        NetFeature.CHECKSUM_SEND |
        NetFeature.SEGMENT_RECEIVE |
        NetFeature.SEGMENT_SEND,
    },
    parameters: [{ name: "handle", handle: true }],
  });
}
