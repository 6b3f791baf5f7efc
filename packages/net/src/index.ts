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
