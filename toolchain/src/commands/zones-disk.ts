/** The disks that the commands of `phantasm zones` work on. */
import { resolve } from "node:path";
import { FileDevice } from "@phantasm/kv-format";
import {
  CompiledError,
  CompiledZones,
  readContent,
  readHeaders,
  ZoneDiskError,
  type DiskHeader,
} from "@phantasm/zone-format";
import { UserError } from "./errors.js";
import { shown } from "./files.js";

export interface ZonesDisk {
  readonly device: FileDevice;
  /** As the user would write it. */
  readonly name: string;
  readonly path: string;
  readonly created: boolean;
}

/**
 * Runs `work` with the disk, which servers may read meanwhile.
 *
 * @param bytes makes the file when it is absent, or insists on its size
 */
export async function withZonesDisk<T>(
  file: string,
  { readonly, bytes }: { readonly readonly: boolean; readonly bytes?: number | undefined },
  work: (disk: ZonesDisk) => T,
): Promise<T> {
  const { openLockedDisk } = await import("@phantasm/host/disk");
  const path = resolve(file);
  const name = shown(path);
  const open = await openLockedDisk(name, {
    readonly,
    besideReaders: true,
    ...(bytes === undefined ? {} : { bytes }),
  });
  try {
    const device = new FileDevice(open.fd, open.bytes);
    return work({ device, name, path, created: open.created });
  } catch (error) {
    const known =
      error instanceof ZoneDiskError ||
      error instanceof CompiledError ||
      (error instanceof Error && error.name === "ShortReadError");
    throw known ? new UserError(`${name}: ${error.message}`) : error;
  } finally {
    open.close();
  }
}

export interface FoundZones {
  readonly header: DiskHeader;
  readonly zones: CompiledZones;
  /** Newer ones, which are not good, and why; and headers that are none. */
  readonly problems: readonly string[];
}

/** The zones that a server would take. @throws ZoneDiskError when there are none */
export function findZones({ device }: ZonesDisk): FoundZones {
  const { good, bad } = readHeaders(device);
  const problems = bad.filter((problem) => !problem.endsWith("it is empty"));
  for (const header of good)
    try {
      return { header, zones: new CompiledZones(readContent(device, header)), problems };
    } catch (error) {
      if (error instanceof ZoneDiskError) problems.push(error.message);
      else if (error instanceof CompiledError)
        problems.push(`generation ${header.generation}: ${error.message}`);
      else throw error;
    }
  throw new ZoneDiskError(problems.length === 0 ? "it has no zones" : problems.join("; "));
}
