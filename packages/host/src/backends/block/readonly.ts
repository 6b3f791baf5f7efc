/** Any disk, write-protected. */
import type { BlockBackend } from "../types.js";
import { Completions } from "./completions.js";

/** Wraps a disk so that it says read-only; a write that comes all the same answers "io". Takes over the disk. */
export function readonlyDisk(disk: BlockBackend): BlockBackend {
  const refused = new Completions();
  return {
    sectors: disk.sectors,
    sectorBytes: disk.sectorBytes,
    readonly: true,
    discards: false,
    depth: disk.depth,
    attach(wake) {
      refused.attach(wake);
      disk.attach(wake);
    },
    submit(request) {
      if (request.operation === "read" || request.operation === "flush")
        return disk.submit(request);
      return refused.now(request, "io");
    },
    complete: (memory) => disk.complete(memory) ?? refused.take(),
    close() {
      refused.detach();
      return disk.close();
    },
  };
}
