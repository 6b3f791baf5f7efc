/** The disks that the commands of `phantasm kv` work on: locked, as a host locks them. */
import { resolve } from "node:path";
import type { OpenDisk } from "@phantasm/host/disk";
import { FileDevice } from "@phantasm/kv-format";
import { UserError } from "./errors.js";
import { shown } from "./files.js";

export interface KvDisk {
  readonly device: FileDevice;
  /** As the user would write it. */
  readonly name: string;
  readonly path: string;
  readonly created: boolean;
}

/**
 * Runs `work` with the disk, which nobody else changes meanwhile: any number of readers, or one writer.
 *
 * @param bytes makes the file when it is absent, or insists on its size
 */
export async function withDisk<T>(
  file: string,
  { readonly, bytes }: { readonly readonly: boolean; readonly bytes?: number | undefined },
  work: (disk: KvDisk) => Promise<T>,
): Promise<T> {
  const { openLockedDisk } = await import("@phantasm/host/disk");
  const path = resolve(file);
  const name = shown(path);
  const open: OpenDisk = await openLockedDisk(name, {
    readonly,
    ...(bytes === undefined ? {} : { bytes }),
  });
  try {
    const device = new FileDevice(open.fd, open.bytes);
    return await work({ device, name, path, created: open.created });
  } catch (error) {
    throw forUser(error, name);
  } finally {
    open.close();
  }
}

/** What is wrong with the store or the disk, as words for the user; others pass. */
function forUser(error: unknown, name: string): unknown {
  if (!(error instanceof Error)) return error;
  switch (error.name) {
    case "NoStoreError":
      return new UserError(`${name}: ${error.message}`);
    case "Damage":
      return new UserError(`${name}: ${error.message}`, {
        hint: "The store is damaged: kv check tells all that is wrong with it.",
      });
    case "ShortReadError":
      return new UserError(`${name}: ${error.message}, while it was read`);
    default:
      return error;
  }
}
