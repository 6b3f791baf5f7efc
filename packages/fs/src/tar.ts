/** Files of a tar archive on a disk. */
import { checkOptions, device, type Device } from "phantasm";

export interface TarOptions {
  /** Files and directories, at most: 1 to 65536. Default 4096. */
  readonly entriesMax?: number;
  /** Bytes of all paths and links, at most: to 16 MiB. Default 256 KiB. */
  readonly namesBytesMax?: number;
  /** Files open at once, at most: 1 to 4096. Default 64. */
  readonly filesMax?: number;
  /** Reads under way at once, at most: 1 to 256. Default 16. */
  readonly readsMax?: number;
}

const OPTIONS = [
  "entriesMax",
  "namesBytesMax",
  "filesMax",
  "readsMax",
] as const satisfies (keyof TarOptions)[];

/**
 * Files that lie in a tar archive, read-only: the disk is the archive.
 *
 * @example devices: { pages: tar(block("site")) }
 */
export function tar(disk: Device<"Block">, options: TarOptions = {}): Device<"Files"> {
  checkOptions("tar", options, OPTIONS);
  const { entriesMax = 4096, namesBytesMax = 262_144, filesMax = 64, readsMax = 16 } = options;
  return device({
    module: "@phantasm/fs",
    class: "TarFiles",
    provides: "Files",
    parameters: [
      { name: "disk", device: disk, needs: "Block" },
      { name: "entriesMax", value: entriesMax, minimum: 1, maximum: 65_536 },
      { name: "namesBytesMax", value: namesBytesMax, minimum: 4096, maximum: 16_777_216 },
      { name: "filesMax", value: filesMax, minimum: 1, maximum: 4096 },
      { name: "readsMax", value: readsMax, minimum: 1, maximum: 256 },
    ],
  });
}
