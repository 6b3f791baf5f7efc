/** Opens what the operator described, where the domain runs. */
import type { BlockBackend, NetBackend, PublishedPort } from "../backends/types.js";
import type { BootOptions } from "./isolated-domain.js";

export interface OpenDevices {
  readonly net: Record<string, NetBackend>;
  readonly block: Record<string, BlockBackend>;
}

/** Which ports of the host lead to them. */
export function publishedPorts({ net }: OpenDevices): PublishedPort[] {
  return Object.values(net).flatMap(({ published = [] }) => [...published]);
}

/**
 * The backends by name, or why one of them cannot be opened: then none is left open.
 *
 * @param serve see `openNet`
 */
export async function openDevices(
  described: Pick<BootOptions, "net" | "block">,
  serve?: (socketPath: string) => Promise<void>,
): Promise<OpenDevices | string> {
  const devices: OpenDevices = { net: {}, block: {} };
  const nets = Object.entries(described.net ?? {});
  const blocks = Object.entries(described.block ?? {});
  if (nets.length + blocks.length === 0) return devices;
  const { BackendError, openBlock, openNet } = await import("../backends/index.js");
  try {
    for (const [name, description] of nets) devices.net[name] = await openNet(description, serve);
    for (const [name, description] of blocks) devices.block[name] = await openBlock(description);
    return devices;
  } catch (error) {
    const opened = [...Object.values(devices.net), ...Object.values(devices.block)];
    await Promise.allSettled(opened.map((backend) => backend.close()));
    if (error instanceof BackendError) return error.message;
    throw error;
  }
}
