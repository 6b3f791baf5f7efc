/** What the operator attached, by the names of the manifest. */
import type {
  BlockDescription,
  FaultsDescription,
  ImpairDescription,
  Named,
  NetDescription,
} from "../backends/options.js";
import { completeNets, type UserWanted } from "./user-devices.js";
import { BootError, checkAttachments, checkNames } from "../attach.js";
import type { Manifest } from "@phantasm/seal";

export interface Wanted extends UserWanted {
  readonly net: readonly Named<NetDescription>[];
  readonly block: readonly Named<BlockDescription>[];
  /** Files that frames are written to. */
  readonly pcap: readonly Named<string>[];
  /** Files, or `-`, with a line for each frame. */
  readonly netTrace: readonly Named<string>[];
  readonly impair: readonly Named<ImpairDescription>[];
  readonly blockFaults: readonly Named<FaultsDescription>[];
  /** Files that writes are recorded in. */
  readonly blockLog: readonly Named<string>[];
}

export interface Described {
  readonly net: Readonly<Record<string, NetDescription>>;
  readonly block: Readonly<Record<string, BlockDescription>>;
}

/**
 * Gives every description a name; one without means the only device of its type. Net devices that
 * nothing is said about get a user network.
 *
 * @throws BootError when that is not clear, or what is attached is not what the image has
 */
export function nameDevices(manifest: Manifest, wanted: Wanted): Described {
  const attached = named(manifest, "net", "--net", wanted.net);
  checkNames(manifest, "net", Object.keys(attached));
  const net = completeNets(manifest, attached, wanted);
  const block = named(manifest, "block", "--block", wanted.block);
  const add = addTo(manifest, "net", net);
  add("--pcap", wanted.pcap, (name, pcap) => ({ name, pcap }));
  add("--net-trace", wanted.netTrace, (name, trace) => ({ name, trace }));
  add("--impair", wanted.impair, (name, impair) => ({ name, impair }));
  const addBlock = addTo(manifest, "block", block);
  addBlock("--block-faults", wanted.blockFaults, (_, faults) => ({ faults }));
  addBlock("--block-log", wanted.blockLog, (_, log) => ({ log }));
  checkAttachments(manifest, { net: Object.keys(net), block: Object.keys(block) });
  return { net, block };
}

/** Adds what other options say to the descriptions. */
function addTo<D extends NetDescription | BlockDescription>(
  manifest: Manifest,
  type: "net" | "block",
  descriptions: Record<string, D>,
): <T>(
  option: string,
  list: readonly Named<T>[],
  part: (name: string, value: T) => Partial<D>,
) => void {
  return (option, list, part) => {
    for (const [name, value] of Object.entries(named(manifest, type, option, list))) {
      // A device may be called "constructor".
      const description = Object.hasOwn(descriptions, name) ? descriptions[name] : undefined;
      if (description === undefined) {
        throw new BootError(
          "device",
          `${option} ${name}: nothing is attached to the device "${name}".`,
        );
      }
      descriptions[name] = { ...description, ...part(name, value) };
    }
  };
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
