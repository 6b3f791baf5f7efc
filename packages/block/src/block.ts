import { checkOptions, device, type Device } from "phantasm";

export interface BlockOptions {
  /** Requests in flight at once, at most: 1 to 256, or fewer if the disk takes fewer. Default 64. */
  readonly requests?: number;
}

/**
 * A disk, as raw sectors.
 *
 * @param name what the operator attaches a backend to: `phantasm run --block NAME=…`
 * @example devices: { disk: block("disk") }
 */
export function block(name: string, options: BlockOptions = {}): Device<"Block"> {
  checkOptions("block", options, ["requests"]);
  const { requests = 64 } = options;
  return device({
    module: "@phantasm/block",
    class: "HostBlock",
    provides: "Block",
    attachment: { type: "block", name },
    parameters: [
      { name: "handle", handle: true },
      { name: "requests", value: requests, minimum: 1, maximum: 256 },
    ],
  });
}
