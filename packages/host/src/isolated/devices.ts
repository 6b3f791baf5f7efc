/** What the operator attached, by the names of the manifest. */
import type { BlockDescription, Named, NetDescription } from "../backends/options.js";
import { BootError, checkAttachments } from "../attach.js";
import type { Manifest } from "@phantasm/seal";

export interface Wanted {
  readonly net: readonly Named<NetDescription>[];
  readonly block: readonly Named<BlockDescription>[];
  /** Files that frames are written to. */
  readonly pcap: readonly Named<string>[];
}

export interface Described {
  readonly net: Readonly<Record<string, NetDescription>>;
  readonly block: Readonly<Record<string, BlockDescription>>;
}

/**
 * Gives every description a name; one without means the only device of its type.
 *
 * @throws BootError when that is not clear, or what is attached is not what the image has
 */
export function nameDevices(manifest: Manifest, wanted: Wanted): Described {
  const net = named(manifest, "net", "--net", wanted.net);
  const block = named(manifest, "block", "--block", wanted.block);
  for (const [name, pcap] of Object.entries(named(manifest, "net", "--pcap", wanted.pcap))) {
    // A device may be called "constructor".
    const description = Object.hasOwn(net, name) ? net[name] : undefined;
    if (description === undefined) {
      throw new BootError("device", `--pcap ${name}: nothing is attached to the device "${name}".`);
    }
    net[name] = { ...description, pcap };
  }
  checkAttachments(manifest, { net: Object.keys(net), block: Object.keys(block) });
  return { net, block };
}

function named<T>(
  manifest: Manifest,
  type: "net" | "block",
  option: string,
  list: readonly Named<T>[],
): Record<string, T> {
  const devices = manifest.devices.filter((device) => device.type === type);
  const result: Record<string, T> = {};
  for (const { name, description } of list) {
    if (name === null && devices.length !== 1) {
      const names = devices.map((device) => device.name).join(", ");
      throw new BootError(
        "device",
        devices.length === 0
          ? `${option}: ${manifest.name} has no ${type} device.`
          : `${option}: ${manifest.name} has several ${type} devices (${names}); say which: NAME=…`,
      );
    }
    const key = name ?? devices[0]?.name ?? "";
    if (Object.hasOwn(result, key)) {
      throw new BootError("device", `${option}: the device "${key}" is attached twice.`);
    }
    result[key] = description;
  }
  return result;
}
