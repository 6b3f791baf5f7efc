/** Connects the devices of a manifest with what the operator attached, and refuses what does not fit. */
import { Exit } from "@phantasm/abi";
import type { Manifest } from "@phantasm/seal";
import { nearest } from "./arguments/suggest.js";
import type { BlockBackend, NetBackend } from "./backends/types.js";
import { BlockPort } from "./hypercalls/block.js";
import type { CallContext } from "./hypercalls/context.js";
import type { DevicePorts } from "./hypercalls/devices.js";
import { NetPort } from "./hypercalls/net.js";

/** A domain cannot be booted as it was asked for. `status` is the exit code that says so. */
export class BootError extends Error {
  override name = "BootError";
  readonly code: "device" | "memory";
  readonly status: number;

  constructor(code: "device" | "memory", message: string) {
    super(message);
    this.code = code;
    this.status = code === "device" ? Exit.DEVICE : Exit.MEMORY;
  }
}

export interface Attachments {
  readonly net?: Readonly<Record<string, NetBackend>> | undefined;
  readonly block?: Readonly<Record<string, BlockBackend>> | undefined;
}

const PAGE_BYTES = 65_536;

/** The least that must be said about what was attached, before anything is opened or compiled. */
export function checkAttachments(
  manifest: Manifest,
  names: { readonly net: readonly string[]; readonly block: readonly string[] },
): void {
  for (const type of ["net", "block"] as const) {
    // A misspelt name first: it is also why a device seems to have nothing.
    checkNames(manifest, type, names[type]);
    for (const { name } of manifest.devices.filter((device) => device.type === type)) {
      if (names[type].includes(name)) continue;
      throw new BootError(
        "device",
        `${manifest.name} needs a ${type} device "${name}", and nothing is attached to it\n` +
          `  Attach one: --${type} ${name}=${type === "net" ? "user" : `FILE, or ${name}=FILE:64M to make it`}`,
      );
    }
  }
}

/** Refuses names that no device of the type has. */
export function checkNames(
  manifest: Manifest,
  type: "net" | "block",
  names: readonly string[],
): void {
  const own = manifest.devices.filter((device) => device.type === type).map(({ name }) => name);
  for (const name of names) {
    if (own.includes(name)) continue;
    const near = nearest(name, own);
    throw new BootError(
      "device",
      `${manifest.name} has no ${type} device "${name}"${near === null ? "" : `; did you mean "${near}"?`}\n` +
        `  Its ${type} devices: ${own.join(", ") || "none"}`,
    );
  }
}

/** Refuses an image whose first pages are already more than the operator allows. */
export function checkMemory(manifest: Manifest, bytesMax: number): void {
  const bytes = manifest.memory.minimum * PAGE_BYTES;
  if (bytes <= bytesMax) return;
  throw new BootError(
    "memory",
    `${manifest.name} starts with ${bytes} bytes of memory; the limit is ${bytesMax}.`,
  );
}

/** Bytes that the image may grow to: its own maximum or the operator's, whichever is less. */
export function memoryBytesMax(manifest: Manifest, limit: number | undefined): number {
  return Math.min(manifest.memory.maximum * PAGE_BYTES, limit ?? Infinity);
}

/** What ports tell their domain. */
export interface PortEvents {
  /** An armed source may have become ready. */
  readonly ready: () => void;
  /** A link has ended for good, and says why. Comes from the event loop. */
  readonly gone: (device: string, reason: string) => void;
}

/** One port a device, in the order of the manifest. */
export function openPorts(
  context: CallContext,
  manifest: Manifest,
  attachments: Attachments,
  events: PortEvents,
): DevicePorts {
  const { net = {}, block = {} } = attachments;
  checkAttachments(manifest, { net: Object.keys(net), block: Object.keys(block) });
  return manifest.devices.map((device) => {
    if (device.type === "net") {
      return new NetPort(context, device, found(net[device.name]), events);
    }
    return new BlockPort(context, device.name, found(block[device.name]), events.ready);
  });
}

function found<T>(backend: T | undefined): T {
  if (backend === undefined) throw new Error("a device that was checked has no backend");
  return backend;
}
