/** Opens backends from their descriptions, loading only the code that one needs. */
import { BackendError } from "./error.js";
import { loopback } from "./loopback.js";
import { parseMac } from "./mac.js";
import type { DiskSupport } from "./block/support.js";
import type { BlockDescription, FaultsDescription, NetDescription } from "./options.js";
import type { SwitchLink, SwitchLinkOptions } from "./switch/client.js";
import type { SwitchServer, SwitchServerOptions } from "./switch/server.js";
import type { TapSupport } from "./tap/support.js";
import type { BlockBackend, NetBackend } from "./types.js";

/**
 * Attaches to a link. Throws BackendError. The caller closes the result.
 *
 * @param serve runs a switch that nobody runs yet, elsewhere; without it, it runs on this thread
 */
export async function openNet(
  description: NetDescription,
  serve?: SwitchLinkOptions["serve"],
): Promise<NetBackend> {
  let link = await openLink(description, serve);
  const { pcap, trace, impair: impairments, name = "net" } = description;
  try {
    // Next to the backend: what is recorded is what the guest sees.
    if (impairments !== undefined) {
      const { impair } = await import("./impair/impair.js");
      link = impair(link, impairments);
    }
    if (trace !== undefined) {
      const { traceFrames } = await import("./net-trace.js");
      link = await traceFrames(link, trace, { name });
    }
    if (pcap !== undefined) {
      const { capture } = await import("./pcap.js");
      link = await capture(link, pcap, { name });
    }
    return link;
  } catch (error) {
    await link.close();
    throw error;
  }
}

async function openLink(
  description: NetDescription,
  serve: SwitchLinkOptions["serve"],
): Promise<NetBackend> {
  const options = {
    ...(description.mac === undefined ? {} : { mac: macOf(description.mac) }),
    ...(description.mtu === undefined ? {} : { mtu: description.mtu }),
  };
  switch (description.kind) {
    case "loopback":
      return loopback(options);
    case "user": {
      const { openUserNetwork } = await import("./user/network.js");
      const { publish = [], egress = [] } = description;
      return openUserNetwork({ ...options, publish, egress });
    }
    case "switch":
      return openSwitch(description.path, { ...options, ...(serve && { serve }) });
    case "tap":
      return (await import("./tap/open.js")).openTap(description.interface, options);
    case "tap-fd":
      return (await import("./tap/open.js")).openTapDescriptor(description.descriptor, options);
  }
}

function macOf(text: string): Uint8Array {
  const mac = parseMac(text);
  if (mac === null) {
    throw new BackendError(`${text} is not the address of one station, as 02:00:00:00:00:01 is`);
  }
  return mac;
}

/** Opens a disk. Throws BackendError. The caller closes the result. */
export async function openBlock(description: BlockDescription): Promise<BlockBackend> {
  const { faults, log } = description;
  let disk = await openDisk(description);
  try {
    if (faults !== undefined) {
      checkFaults(description, faults);
      const { blockFaults } = await import("./block/faults.js");
      disk = blockFaults(disk, faults);
    }
    // In front of the faults: what is recorded is what the guest asked for.
    if (log !== undefined) {
      const { logWrites } = await import("./block/log.js");
      const { FileLog } = await import("./block/log-file.js");
      disk = logWrites(disk, new FileLog(log, disk.sectors, disk.sectorBytes));
    }
    return disk;
  } catch (error) {
    await disk.close();
    throw error;
  }
}

async function openDisk(description: BlockDescription): Promise<BlockBackend> {
  const { kind, sectorBytes } = description;
  const sector = sectorBytes === undefined ? {} : { sectorBytes };
  if (kind === "memory") {
    const { MemoryDisk } = await import("./block/memory.js");
    const disk = new MemoryDisk(description.bytes, sector);
    if (description.readonly !== true) return disk;
    const { readonlyDisk } = await import("./block/readonly.js");
    return readonlyDisk(disk);
  }
  const { direct = false, async = false, path, readonly = false } = description;
  if (kind === "overlay") {
    const { openOverlay } = await import("./block/open-overlay.js");
    const kept = description.changes === undefined ? {} : { changes: description.changes };
    return openOverlay(path, { ...sector, direct, async, ...kept });
  }
  const { openFileDisk } = await import("./block/open-file.js");
  const size = description.bytes === undefined ? {} : { bytes: description.bytes };
  return openFileDisk(path, { readonly, direct, async, ...sector, ...size });
}

/** What a cache holds back is written all at once, which is more than threads take. */
function checkFaults(description: BlockDescription, faults: FaultsDescription): void {
  if (faults.lose === undefined || description.kind === "memory") return;
  if (description.kind === "overlay") return;
  const { direct, async } = description;
  if (direct !== true && async !== true) return;
  throw new BackendError(
    `${description.path}: lose= needs a disk without ,${direct === true ? "direct" : "async"}`,
  );
}

/**
 * Joins the switch on a path, or becomes it when nobody listens: see `switch/client.ts`.
 * Throws BackendError.
 */
export async function openSwitch(path: string, options?: SwitchLinkOptions): Promise<SwitchLink> {
  return (await import("./switch/client.js")).openSwitch(path, options);
}

/** What this machine can do for disks in a directory: tried out there, or where temporary files are. */
export async function diskSupport(directory: string): Promise<DiskSupport> {
  return (await import("./block/support.js")).diskSupport(directory);
}

/** What this machine and this user can do with tap interfaces. */
export async function tapSupport(): Promise<TapSupport> {
  return (await import("./tap/support.js")).tapSupport();
}

/** Runs a switch on a path and nothing else: see `switch/open.ts`. Throws BackendError. */
export async function runSwitch(
  path: string,
  options?: SwitchServerOptions,
): Promise<SwitchServer> {
  return (await import("./switch/open.js")).runSwitch(path, options);
}
